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
from ..pictures import flatten, region_mask
from ..progress import check
from .families import family_of, instruction, paint_size, shown_size

if TYPE_CHECKING:
    from ..plan import Plan
    from ..progress import Progress, ShouldStop

Offload = Literal["model", "sequential"]
STRENGTH, INPAINT_STRENGTH = 0.6, 0.99
"""How much noise an editor without instructions lays over the picture, and over a region of it."""


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
        self.name = name or type(pipeline).__name__
        self.area = area or self.family.area
        self._offload, self._device = offload, device
        self._others: dict[str, Any] = {}
        self._prepare(pipeline)

    def paint(
        self,
        plans: Sequence[Plan],
        pictures: Sequence[Image.Image],
        *,
        seeds: Sequence[int],
        size: tuple[int, int] | None = None,
        steps: int | None = None,
        guidance: float | None = None,
        on_progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> list[Image.Image]:
        """See `Painter.paint`; one picture after the other. There are no previews."""
        if len(seeds) != len(plans):
            raise ValueError(f"{len(seeds)} seeds for {len(plans)} plans; give one seed each")
        painted = []
        for plan, seed in zip(plans, seeds, strict=True):
            check(should_stop)
            pipeline, asked, final = self._ask(plan, pictures, size)
            asked |= {
                "generator": torch.Generator().manual_seed(seed),
                "callback_on_step_end": _Steps(on_progress, should_stop),
            }
            if steps is not None:
                asked["num_inference_steps"] = steps
            if guidance is not None:
                asked[self.family.guidance] = guidance
            known = inspect.signature(pipeline.__call__).parameters
            image = pipeline(**{k: v for k, v in asked.items() if k in known}).images[0]
            image = image.convert("RGB")
            same = image.size == final
            painted.append(image if same else image.resize(final, Image.Resampling.LANCZOS))
        return painted

    def _ask(
        self, plan: Plan, pictures: Sequence[Image.Image], size: tuple[int, int] | None
    ) -> tuple[Any, dict[str, Any], tuple[int, int]]:
        """The pipeline for a plan, what to call it with, and the size its picture must have."""
        shown = self._shown(plan, len(pictures))
        base = flatten(pictures[shown[0] - 1]) if shown else None
        square = round(self.area**0.5)
        final = size or (base.size if base else paint_size(square, square, self.family, self.area))
        if base is None and size is not None:  # as large as asked, not as large as it likes
            step = self.family.multiple
            width, height = (max(step, round(side / step) * step) for side in size)
        else:
            width, height = paint_size(*final, self.family, self.area)
        asked = {
            **self.family.extra,
            "prompt": plan.prompt,
            "width": width,
            "height": height,
            "max_area": width * height,  # FLUX Kontext would make it its own again
        }
        if base is None:
            if self.family.edits == "instruction" and "Edit" in type(self.pipeline).__name__:
                asked["image"] = Image.new("RGB", (width, height), "white")  # it needs a picture
            return self.pipeline, asked, final
        fitted = base.resize((width, height), Image.Resampling.LANCZOS)
        if self.family.edits == "noise":
            region = None if plan.region is None else region_mask(plan.region, fitted.size)
            more = {"image": fitted, "strength": STRENGTH}
            if region is not None:
                more |= {"mask_image": region, "strength": INPAINT_STRENGTH}
            return self._other("image" if region is None else "inpaint"), asked | more, final
        asked["prompt"] = instruction(plan, self.family, shown)
        others = [flatten(pictures[n - 1]) for n in shown[1:]]
        seen = [fitted, *(i.resize(shown_size(*i.size, self.family)) for i in others)]
        asked["image"] = seen if self.family.pictures > 1 else fitted
        return self.pipeline, asked, final

    def _shown(self, plan: Plan, count: int) -> list[int]:
        """Numbers of the pictures to show, the one to be changed first."""
        if plan.intent not in ("refine", "compose") or self.family.edits == "none":
            return []
        numbers = [r.picture for r in plan.references if r.strength > 0 and r.picture <= count]
        base = next((r.picture for r in plan.references if r.role == "base"), None)
        if base is None and (plan.intent == "refine" or not numbers):
            base = count
        first = [base] if base and base <= count else []
        return list(dict.fromkeys([*first, *numbers]))[: self.family.pictures]

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

    def __init__(self, on_progress: Progress | None, should_stop: ShouldStop | None) -> None:
        self._on_progress, self._should_stop = on_progress, should_stop

    def __call__(self, pipeline: Any, step: int, time: Any, tensors: dict) -> dict:
        check(self._should_stop)
        if self._on_progress is not None:
            self._on_progress("paint", step + 1, pipeline.num_timesteps, None)
        return tensors
