"""A model folder -> a copilot."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .copilot import Copilot
from .device import usable_device
from .records.hooks import NO_HOOKS, Hooks

if TYPE_CHECKING:
    from .mllm import ChatModel
    from .mllm.native import NativeMLLM
    from .model import WeGen
    from .painting import Painter
    from .painting.native import NativePainter
    from .pipeline import Check
    from .planning.verification import Expert

MINI = Path(__file__).parent / "pretrained" / "mini"


def model_folder(model: str | os.PathLike[str] = "mini") -> Path:
    """The folder of "mini", or `model` itself; FileNotFoundError if it does not exist."""
    folder = MINI if str(model) == "mini" else Path(model)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"model folder {folder} does not exist; give 'mini', the official checkpoint's folder, "
            "or one written by `python -m wegen_core convert`"
        )
    return folder


def load(
    model: str | os.PathLike[str] = "mini",
    *,
    device: Any = None,
    dtype: Any = None,
    check: Check = "off",
    experts: Sequence[str] = (),
    hooks: Hooks = NO_HOOKS,
) -> Copilot:
    """The copilot of a WeGen network.

    Parameters
    ----------
    model
        "mini" (embedded), or a folder: written by `convert`, or the official checkpoint.
    device
        None: the accelerator if there is one.
    dtype
        None: float32 on the CPU and for mini, else bfloat16.
    check, experts
        How images are checked, see `Copilot`; the experts as `load_expert` names them.
    hooks
        should_stop is polled before every tensor.

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    ValueError
        An expert cannot be loaded.
    Stopped
        `hooks.should_stop` returned True.
    """
    # The network has no name here: importing torch creates a reference cycle through this frame,
    # which would keep the network alive until the garbage collector runs.
    return Copilot(
        *native_models(load_network(model, device=device, dtype=dtype, hooks=hooks)),
        check=check,
        experts=[load_expert(name, device) for name in experts],
    )


def load_network(
    model: str | os.PathLike[str] = "mini",
    *,
    device: Any = None,
    dtype: Any = None,
    hooks: Hooks = NO_HOOKS,
) -> WeGen:
    """The network of `load` by itself."""
    folder = model_folder(model)

    import torch

    from .model import WeGen

    device = usable_device(device)
    if dtype is None:
        dtype = torch.float32 if device.type == "cpu" or folder == MINI else torch.bfloat16
    return WeGen.from_pretrained(folder, device=device, dtype=dtype, hooks=hooks)


def native_models(net: WeGen) -> tuple[NativeMLLM, NativePainter]:
    """What understands and what paints with one WeGen network."""
    from .mllm.native import NativeMLLM
    from .painting.native import NativePainter

    return NativeMLLM(net), NativePainter(net)


def load_models(
    mllm: str,
    painter: str,
    *,
    device: Any = None,
    check: Check = "off",
    experts: Sequence[str] = (),
) -> Copilot:
    """A copilot of two models, as the command line names them.

    Parameters
    ----------
    mllm
        "mini", the folder of a WeGen network or of a transformers model, "URL#MODEL" for a model of
        a server, or "none": the user's words are read without a model.
    painter
        "mini", the folder of a WeGen network or of a diffusers pipeline, or "none".
    device
        Of local models; None: the accelerator if there is one.
    check, experts
        How images are checked, see `Copilot`; the experts as `load_expert` names them.

    Raises
    ------
    FileNotFoundError, ValueError
        A model cannot be loaded in this way; the text names it.
    """
    if mllm == painter and _is_network(mllm):
        return load(mllm, device=device, check=check, experts=experts)
    return Copilot(
        load_mllm(mllm, device),
        _load_painter(painter, device),
        check=check,
        experts=[load_expert(name, device) for name in experts],
    )


def _load_painter(name: str, device: Any) -> Painter | None:
    if name == "none":
        return None
    if _is_network(name):
        return native_models(load_network(name, device=device))[1]
    from .painting import diffusers

    return diffusers.load(name, device=device)


def load_mllm(name: str, device: Any = None) -> ChatModel | None:
    """The language model that "mini", a folder or "URL#MODEL" names; None for "none".

    device: of local models; None: the accelerator if there is one. Raises FileNotFoundError or
    ValueError for what cannot be loaded; the text names it.
    """
    if name == "none":
        return None
    if _is_network(name):
        return native_models(load_network(name, device=device))[0]
    if Path(name).is_dir():
        from .mllm import local

        return local.load(name, device=device)
    from .mllm.endpoint import EndpointMLLM
    from .mllm.endpoint.address import without_keys

    url, _, model = name.partition("#")
    if not model:
        raise ValueError(
            f"mllm {without_keys(name)!r} is neither mini, none, a folder nor URL#MODEL; "
            "give one of these"
        )
    return EndpointMLLM(url, model)


def load_expert(name: str, device: Any = None) -> Expert:
    """What checks images: "ocr" (the package rapidocr), or a transformers folder.

    The folder holds an object detector or a vision encoder. device: None: the accelerator if there
    is one. Raises FileNotFoundError or ValueError for what cannot be loaded; the text names it.
    """
    from .planning.verification import ObjectExpert, ReferenceExpert, TextExpert

    if name == "ocr":
        return TextExpert()
    if not (Path(name) / "config.json").is_file():
        raise FileNotFoundError(
            f"expert {name!r} is neither ocr nor a folder with a config.json; give the folder of "
            "an object detector (DETR, RT-DETR, YOLOS) or of a vision encoder (DINOv2, CLIP)"
        )
    from .vision.detector import ObjectDetector, is_detector
    from .vision.encoder import VisionEncoder

    where = str(usable_device(device))
    if is_detector(name):
        return ObjectExpert(ObjectDetector(name, where))
    return ReferenceExpert(VisionEncoder(name, where))


def _is_network(name: str) -> bool:
    """Whether it names a WeGen network rather than a model of transformers or diffusers."""
    from .model.checkpoint import is_official

    folder = Path(name)
    if name == "mini" or (folder / "pretrained").is_dir():
        return True
    if not folder.is_dir() or (folder / "model_index.json").is_file():
        return False
    config = folder / "config.json"
    if not config.is_file():
        return is_official(folder)
    return '"model_type"' not in config.read_text("utf-8")
