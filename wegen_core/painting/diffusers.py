"""Any diffusers pipeline in a local folder as the painter."""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from PIL import Image

from ..device import usable_device
from ..images.convert import to_pil
from ..mllm.local.download import hub_name
from ..mllm.local.processor import OFFLINE
from ..records.hooks import NO_HOOKS, Hooks
from . import pipeline_folder
from .families import FAMILIES, Family
from .painter import DEFAULT_SETTINGS, PaintSettings
from .request import PaintRequest, paint_request

if TYPE_CHECKING:
    from ..records.plan import Plan

Offload = Literal["model", "sequential"]


@dataclass(frozen=True)
class PipelineSpec:
    """How to call the pipelines whose class names begin with `prefix`.

    Parameters
    ----------
    prefix
        Of the class names.
    family
        What they run: a row of `FAMILIES`.
    text_only
        They only paint new images, whatever the family can do.
    max_images
        How many images a call takes, where these are fewer than the family reads.
    rescales
        They resize every image themselves; see `paint_size`.
    needs_image
        They paint no new image without one to start from.
    guidance
        Name of the argument for the guidance scale.
    arguments
        Further arguments of every call.
    """

    prefix: str
    family: Family
    text_only: bool = False
    max_images: int | None = None
    rescales: bool = False
    needs_image: bool = False
    guidance: str = "guidance_scale"
    arguments: dict[str, Any] = field(default_factory=dict)


_QWEN: dict[str, Any] = {
    "guidance": "true_cfg_scale",
    "arguments": {"negative_prompt": " "},  # without one there is no guidance
}
_QWEN_EDIT: dict[str, Any] = {**_QWEN, "rescales": True, "needs_image": True}
PIPELINES = (
    PipelineSpec("QwenImageEditPlus", FAMILIES["qwen"], **_QWEN_EDIT),
    PipelineSpec("QwenImageEdit", FAMILIES["qwen"], max_images=1, **_QWEN_EDIT),
    PipelineSpec("QwenImage", FAMILIES["qwen-image"], text_only=True, **_QWEN),
    # With _auto_resize it takes the nearest of its own 17 sizes, and the image shifts.
    PipelineSpec(
        "FluxKontext", FAMILIES["kontext"], max_images=1, arguments={"_auto_resize": False}
    ),
    PipelineSpec("Flux2", FAMILIES["flux2"]),
    PipelineSpec("FluxPipeline", FAMILIES["flux"]),
    PipelineSpec("StableDiffusionXL", FAMILIES["sdxl"]),
    PipelineSpec("StableDiffusion", FAMILIES["sd"]),
    PipelineSpec("", FAMILIES["plain"], text_only=True),
)
"""The first row that fits a class name is used; the last one fits all."""


def spec_of(pipeline: object) -> PipelineSpec:
    """The row of `PIPELINES` for `pipeline`."""
    name = type(pipeline).__name__
    return next(spec for spec in PIPELINES if name.startswith(spec.prefix))


def load(
    folder: str | os.PathLike[str],
    *,
    device: Any = None,
    dtype: torch.dtype | None = None,
    offload: Offload | None = None,
) -> DiffusersPainter:
    """A painter with the pipeline in `folder`.

    Nothing is downloaded and no code of the folder is run.

    Parameters
    ----------
    folder
        A folder that `DiffusionPipeline.save_pretrained` wrote, or a downloaded one of that layout.
    device
        Where to run; None: the accelerator if there is one, else the CPU.
    dtype
        Of the weights; None: float32 on the CPU, else bfloat16.
    offload
        What stays on the accelerator: "model" keeps the model that is running, "sequential" only
        its current layer, which is slow. None keeps everything there.

    Raises
    ------
    FileNotFoundError
        `folder` is not a pipeline folder, or lacks a part of it.
    ValueError
        The folder needs code that is not here, or its files cannot be read; `offload` needs an
        accelerator and the package accelerate.
    """
    from diffusers import DiffusionPipeline, __version__

    path = Path(folder)
    folder = pipeline_folder.find(path)
    device = usable_device(device)
    if offload is not None and (device.type == "cpu" or find_spec("accelerate") is None):
        raise ValueError(
            f"offload {offload!r} needs an accelerator and the package accelerate; use offload=None"
        )
    if dtype is None:
        dtype = torch.float32 if device.type == "cpu" else torch.bfloat16
    options = pipeline_folder.read_options(folder)
    options["torch_dtype" if __version__.startswith("0.") else "dtype"] = dtype  # renamed in 1.0
    try:
        pipeline = DiffusionPipeline.from_pretrained(folder, **OFFLINE, **options)
    except Exception as error:  # of whatever type, for files that do not fit
        reason = " ".join(str(error).split())[:300]
        raise ValueError(f"{folder} cannot be loaded as a diffusers pipeline: {reason}") from error
    if offload is None:
        pipeline.to(device)
    return DiffusersPainter(pipeline, hub_name(path), offload=offload, device=device)


class DiffusersPainter:
    """Implements `Painter` with a diffusers pipeline.

    Pipelines that read instructions (FLUX Kontext, FLUX.2, Qwen-Image-Edit) get the image and the
    change. Those that read descriptions (Stable Diffusion, FLUX) get the whole prompt and paint
    over the image, or over the plan's region of it. Images are painted at a size that the pipeline
    does not rescale.

    Parameters
    ----------
    pipeline
        Of any class; see `PIPELINES`.
    name
        For reports; "": the class name.
    area
        Number of pixels to paint; None: as many as the family's training images have.
    offload
        See `load`.
    device
        Where an offloaded pipeline runs.
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
        self.pipeline, self.spec = pipeline, spec_of(pipeline)
        self.name = name or type(pipeline).__name__
        self.area = area or self.spec.family.area
        self._offload, self._device = offload, device
        self._variants: dict[str, Any] = {}
        self._prepare(pipeline)

    @property
    def aligned(self) -> bool:
        """See `Painter`: painting with noise keeps every pixel in its place, editors shift some."""
        return self.spec.family.edits == "noise"

    def paint(
        self,
        plans: Sequence[Plan],
        images: Sequence[Image.Image],
        *,
        seeds: Sequence[int],
        settings: PaintSettings = DEFAULT_SETTINGS,
        hooks: Hooks = NO_HOOKS,
    ) -> list[Image.Image]:
        """See `Painter.paint`. Images are painted one by one, without previews."""
        if len(seeds) != len(plans):
            raise ValueError(f"{len(seeds)} seeds for {len(plans)} plans; give one seed each")
        painted = []
        for plan, seed in zip(plans, seeds, strict=True):
            hooks.check_stop()
            request = paint_request(
                plan,
                [] if self.spec.text_only else images,
                self.spec.family,
                area=self.area,
                size=settings.size,
                max_images=self.spec.max_images,
                rescales=self.spec.rescales,
            )
            pipeline, arguments = self._call(request)
            arguments |= {
                "generator": torch.Generator().manual_seed(seed),
                "output_type": "np",  # as 8-bit values, NaN would be black
                "callback_on_step_end": _StepCallback(hooks),
            }
            if settings.steps is not None:
                arguments["num_inference_steps"] = settings.steps
            if settings.guidance is not None:
                arguments[self.spec.guidance] = settings.guidance
            accepted = inspect.signature(pipeline.__call__).parameters
            output = pipeline(**{k: v for k, v in arguments.items() if k in accepted})
            image = self._checked_image(output)
            # A changed image stays as it was painted: the pipeline lays it on its source.
            if plan.base is None and image.size != request.result_size:
                image = image.resize(request.result_size, Image.Resampling.LANCZOS)
            painted.append(image)
        return painted

    def _checked_image(self, output: Any) -> Image.Image:
        """The one image of a pipeline's output; ValueError for those that it blackens."""
        if any(output.get("nsfw_content_detected") or ()):
            raise ValueError(
                f"the safety checker of {self.name} blackened the image; change the prompt or the "
                "seed, or remove the folder safety_checker from the pipeline's folder"
            )
        pixels = output.images[0]
        if not np.isfinite(pixels).all():
            raise ValueError(
                f"{self.name} painted values that are not numbers (NaN), as some models do in half "
                "precision; load it with dtype=torch.float32, or with a VAE made for float16"
            )
        return to_pil(pixels)[0].convert("RGB")

    def _call(self, request: PaintRequest) -> tuple[Any, dict[str, Any]]:
        """The pipeline that paints `request`, and its arguments."""
        width, height = request.size
        arguments = {
            **self.spec.arguments,
            "prompt": request.prompt,
            "width": width,
            "height": height,
            "max_area": width * height,  # FLUX Kontext rescales to its own area otherwise
        }
        if request.base is None:
            if self.spec.needs_image:
                arguments["image"] = Image.new("RGB", request.size, "white")
            return self.pipeline, arguments
        if self.spec.family.edits == "instruction":
            takes_list = (self.spec.max_images or self.spec.family.max_images) > 1
            arguments["image"] = list(request.images) if takes_list else request.base
            return self.pipeline, arguments
        arguments |= {
            "image": request.base,
            "strength": request.strength,
            "mask_image": request.region,
        }
        return self._variant("image" if request.region is None else "inpaint"), arguments

    def _variant(self, task: Literal["image", "inpaint"]) -> Any:
        """The image-to-image or inpaint pipeline with the same models, built at the first use."""
        if task not in self._variants:
            from diffusers import AutoPipelineForImage2Image, AutoPipelineForInpainting

            auto = AutoPipelineForImage2Image if task == "image" else AutoPipelineForInpainting
            self._variants[task] = auto.from_pipe(self.pipeline)
            self._prepare(self._variants[task])
        return self._variants[task]

    def _prepare(self, pipeline: Any) -> None:
        """Turn off the progress bar, and offload."""
        pipeline.set_progress_bar_config(disable=True)
        if self._offload == "model":
            pipeline.enable_model_cpu_offload(device=self._device)
        elif self._offload == "sequential":
            pipeline.enable_sequential_cpu_offload(device=self._device)


class _StepCallback:
    """Reports every step of a pipeline and stops it on request."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    def __call__(self, pipeline: Any, step: int, _timestep: Any, tensors: dict) -> dict:
        self._hooks.check_stop()
        if self._hooks.on_progress is not None:
            self._hooks.on_progress("paint", step + 1, pipeline.num_timesteps, None)
        return tensors
