"""The processor of a vision-language model folder: words and pictures -> what the network takes.

ComfyUI has torchvision; a plain Python environment may not. transformers then refuses the processor
of every model that also reads videos, although pictures need no torchvision at all.
"""

from __future__ import annotations

import inspect
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def load_processor(folder: Path, config: Any) -> Any:
    """The processor, or for text-only models the tokenizer, of a local folder.

    config: the model's. Raises what transformers raises for a folder without tokenizer or picture
    settings.
    """
    from transformers import AutoProcessor

    try:
        return AutoProcessor.from_pretrained(folder, local_files_only=True)
    except (ImportError, ValueError):
        if find_spec("torchvision") is not None:
            raise
        return _for_pictures_only(folder, config)


def _for_pictures_only(folder: Path, config: Any) -> Any:
    """The model's own processor class, put together without its video part."""
    from transformers import AutoImageProcessor, AutoTokenizer, __version__
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING

    family = PROCESSOR_MAPPING[type(config)]

    class PicturesOnly(family):  # type: ignore[misc, valid-type]
        def check_argument_for_proper_class(self, name: str, argument: Any) -> Any:
            if name == "video_processor":
                return type(None)
            return super().check_argument_for_proper_class(name, argument)

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    backend = {"use_fast": False} if __version__.startswith("4.") else {"backend": "pil"}
    pictures = AutoImageProcessor.from_pretrained(folder, local_files_only=True, **backend)
    parts = {
        "image_processor": pictures,
        "tokenizer": tokenizer,
        "video_processor": None,
        "chat_template": tokenizer.chat_template,
    }
    settings, _ = family.get_processor_dict(folder, local_files_only=True)
    own = inspect.signature(family.__init__).parameters.keys() & settings.keys()
    return PicturesOnly(**{**{name: settings[name] for name in own}, **parts})
