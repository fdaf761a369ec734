"""The processor of a model folder: turns text and images into the model's inputs.

ComfyUI has torchvision; a plain Python environment may not. transformers then refuses the processor
of every model that also reads videos, although images do not need torchvision.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

OFFLINE: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
"""Of every `from_pretrained`: nothing is downloaded, and no code of the folder is run."""


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
        return AutoProcessor.from_pretrained(folder, **OFFLINE)
    except (ImportError, ValueError) as error:
        if find_spec("torchvision") is not None or _needs_own_code(error):
            raise
        return _processor_without_video(folder, config)


@contextmanager
def own_code_refused(folder: Path) -> Iterator[None]:
    """Reword transformers' refusal to run Python code of a folder, which it says to allow."""
    try:
        yield
    except ValueError as error:
        if not _needs_own_code(error):
            raise
        raise ValueError(
            f"{folder} needs Python code of its own (auto_map in its JSON files), and the code of "
            "model folders is never run here; use a model whose class transformers itself has, or "
            "serve this one as an endpoint"
        ) from error


def _needs_own_code(error: Exception) -> bool:
    return "trust_remote_code" in str(error)


def _processor_without_video(folder: Path, config: Any) -> Any:
    """The model's own processor class, built without its video part."""
    from transformers import AutoImageProcessor, AutoTokenizer, __version__
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING

    tokenizer = AutoTokenizer.from_pretrained(folder, **OFFLINE)
    family = PROCESSOR_MAPPING[type(config)]

    class ImagesOnly(family):  # type: ignore[misc, valid-type]
        def check_argument_for_proper_class(self, name: str, argument: Any) -> Any:
            if name == "video_processor":
                return type(None)
            return super().check_argument_for_proper_class(name, argument)

    backend = {"use_fast": False} if __version__.startswith("4.") else {"backend": "pil"}
    image_processor = AutoImageProcessor.from_pretrained(folder, **OFFLINE, **backend)
    parts = {
        "image_processor": image_processor,
        "tokenizer": tokenizer,
        "video_processor": None,
        "chat_template": tokenizer.chat_template,
    }
    settings, _ = family.get_processor_dict(folder, local_files_only=True)
    names = inspect.signature(family.__init__).parameters.keys() & settings.keys()
    return ImagesOnly(**{**{name: settings[name] for name in names}, **parts})
