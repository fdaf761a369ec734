"""The processor of a model folder: turns text and images into the model's inputs.

ComfyUI has torchvision; a plain Python environment may not. transformers then refuses the processor
of every model that also reads videos, although images do not need torchvision.
"""

from __future__ import annotations

import inspect
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def load_processor(folder: Path, config: Any) -> Any:
    """The processor of a local folder; for text-only models the tokenizer.

    Parameters
    ----------
    folder
        A transformers folder.
    config
        The model's configuration.

    Raises
    ------
    OSError, ValueError
        transformers finds no tokenizer or no image settings in the folder.
    """
    from transformers import AutoProcessor

    try:
        return AutoProcessor.from_pretrained(folder, local_files_only=True)
    except (ImportError, ValueError):
        if find_spec("torchvision") is not None:
            raise
        return _processor_without_video(folder, config)


def _processor_without_video(folder: Path, config: Any) -> Any:
    """The model's own processor class, built without its video part."""
    from transformers import AutoImageProcessor, AutoTokenizer, __version__
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING

    family = PROCESSOR_MAPPING[type(config)]

    class ImagesOnly(family):  # type: ignore[misc, valid-type]
        def check_argument_for_proper_class(self, name: str, argument: Any) -> Any:
            if name == "video_processor":
                return type(None)
            return super().check_argument_for_proper_class(name, argument)

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    backend = {"use_fast": False} if __version__.startswith("4.") else {"backend": "pil"}
    image_processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True, **backend)
    parts = {
        "image_processor": image_processor,
        "tokenizer": tokenizer,
        "video_processor": None,
        "chat_template": tokenizer.chat_template,
    }
    settings, _ = family.get_processor_dict(folder, local_files_only=True)
    names = inspect.signature(family.__init__).parameters.keys() & settings.keys()
    return ImagesOnly(**{**{name: settings[name] for name in names}, **parts})
