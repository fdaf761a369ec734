"""Any diffusers pipeline in a local folder as the painter."""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from PIL import Image

from ..device import accelerator
from ..records.hooks import NO_HOOKS, Hooks
from .families import family_of
from .painter import DEFAULT_SETTINGS, PaintSettings
from .request import PaintRequest, paint_request

if TYPE_CHECKING:
    from ..records.plan import Plan

Offload = Literal["model", "sequential"]


def load(
    folder: str | os.PathLike[str],
    *,
    device: Any = None,
    dtype: torch.dtype | None = None,
    offload: Offload | None = None,
) -> DiffusersPainter:
    """The pipeline in `folder`; nothing is downloaded and no code of the folder is run.

    device None: the accelerator if there is one. dtype None: float32 on the CPU, else bfloat16.
    offload: keep on the accelerator only the model at work ("model"), or only the layer
    ("sequential", slow). Raises FileNotFoundError if there is no such folder, ValueError for
    `offload` where it cannot work.
    """
    from diffusers import DiffusionPipeline, __version__

    folder = Path(folder)
    if not (folder / "model_index.json").is_file():
        raise FileNotFoundError(f"{folder} is no pipeline folder: model_index.json is missing")
    device = torch.device(device or accelerator())
    if offload is not None and (device.type == "cpu" or find_spec("accelerate") is None):
        raise ValueError(
            f"offload {offload!r} needs an accelerator and the package accelerate; use offload=None"
        )
    if dtype is None:
        dtype = torch.float32 if device.type == "cpu" else torch.bfloat16
    name = "torch_dtype" if __version__.startswith("0.") else "dtype"  # renamed in 1.0
    pipeline = DiffusionPipeline.from_pretrained(folder, local_files_only=True, **{name: dtype})
    if offload is None:
        pipeline.to(device)
    return DiffusersPainter(pipeline, folder.name, offload=offload, device=device)


class DiffusersPainter:
    """Implements `Painter` with a diffusers pipeline.

    Pipelines that read instructions (FLUX Kontext, FLUX.2, Qwen-Image-Edit) get the picture and the
    change; those that read descriptions (Stable Diffusion) get the whole prompt and paint over the
    picture, or over the plan's region of it. Pictures are painted at a size that the pipeline does
    not rescale, and come back in the size of their source. area: pixels to paint; None: what the
    family was trained at.
    """

    def __init__(
        self,
        pipeline: Any,
        name: str = "",
        *,
        area: int | None = None,
        offload: Offload | None = None,
        device: Any = None,
    ) -> None:
        self.pipeline, self.family = pipeline, family_of(pipeline)
        self.aligned = False
        self.name = name or type(pipeline).__name__
        self.area = area or self.family.area
        self._offload, self._device = offload, device
        self._others: dict[str, Any] = {}
        self._prepare(pipeline)

    def paint(
        self,
        plans: Sequence[Plan],
        images: Sequence[Image.Image],
        *,
        seeds: Sequence[int],
        settings: PaintSettings = DEFAULT_SETTINGS,
        hooks: Hooks = NO_HOOKS,
    ) -> list[Image.Image]:
        """See `Painter.paint`; one picture after the other. There are no previews."""
        if len(seeds) != len(plans):
            raise ValueError(f"{len(seeds)} seeds for {len(plans)} plans; give one seed each")
        painted = []
        for plan, seed in zip(plans, seeds, strict=True):
            hooks.check_stop()
            request = paint_request(plan, images, self.family, area=self.area, size=settings.size)
            pipeline, arguments = self._call(request)
            arguments |= {
                "generator": torch.Generator().manual_seed(seed),
                "callback_on_step_end": _Steps(hooks),
            }
            if settings.steps is not None:
                arguments["num_inference_steps"] = settings.steps
            if settings.guidance is not None:
                arguments[self.family.guidance] = settings.guidance
            known = inspect.signature(pipeline.__call__).parameters
            image = pipeline(**{k: v for k, v in arguments.items() if k in known}).images[0]
            image = image.convert("RGB")
            same = image.size == request.final
            painted.append(image if same else image.resize(request.final, Image.Resampling.LANCZOS))
        return painted

    def _call(self, request: PaintRequest) -> tuple[Any, dict[str, Any]]:
        """The pipeline for a brief, and what to call it with."""
        width, height = request.size
        arguments = {
            **self.family.extra,
            "prompt": request.prompt,
            "width": width,
            "height": height,
            "max_area": width * height,  # FLUX Kontext would make it its own again
        }
        if request.base is None:
            if self.family.edits == "instruction" and "Edit" in type(self.pipeline).__name__:
                arguments["image"] = Image.new("RGB", request.size, "white")  # it needs a picture
            return self.pipeline, arguments
        if self.family.edits == "noise":
            more = {
                "image": request.base,
                "strength": request.strength,
                "mask_image": request.region,
            }
            return self._other("image" if request.region is None else "inpaint"), arguments | more
        arguments["image"] = list(request.images) if self.family.pictures > 1 else request.base
        return self.pipeline, arguments

    def _other(self, kind: str) -> Any:
        """The pipeline of the same models that starts from a picture; made once."""
        if kind not in self._others:
            from diffusers import AutoPipelineForImage2Image, AutoPipelineForInpainting

            make = AutoPipelineForImage2Image if kind == "image" else AutoPipelineForInpainting
            self._others[kind] = make.from_pipe(self.pipeline)
            self._prepare(self._others[kind])
        return self._others[kind]

    def _prepare(self, pipeline: Any) -> None:
        pipeline.set_progress_bar_config(disable=True)
        if self._offload == "model":
            pipeline.enable_model_cpu_offload(device=self._device)
        elif self._offload == "sequential":
            pipeline.enable_sequential_cpu_offload(device=self._device)


class _Steps:
    """Called by the pipeline after every step: reports it, and hears Stop."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    def __call__(self, pipeline: Any, step: int, time: Any, tensors: dict) -> dict:
        self._hooks.check_stop()
        if self._hooks.on_progress is not None:
            self._hooks.on_progress("paint", step + 1, pipeline.num_timesteps, None)
        return tensors
