"""One picture to paint -> ComfyUI's own nodes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from .recipes import AUTO
from .sockets import to_image, to_mask

if TYPE_CHECKING:
    from comfy_execution.graph_utils import GraphBuilder
    from PIL.Image import Image

    from ...wegen_core.painting.painter import PaintSettings
    from ...wegen_core.painting.request import PaintRequest
    from .comfy_painter import ComfyPainter

Link = list  # [node id, output index], as in the API form of a graph
MODEL, CLIP, VAE, COPILOT = range(4)
"""Outputs of WeGenUnpack."""


class OpaqueInput(str):
    """Any value as an input of an expanded graph; equal values must get equal names.

    ComfyUI compares inputs to decide what it has cached. It compares this by its name, a string,
    and never looks at the value.
    """

    value: Any

    def __new__(cls, name: str, value: Any) -> OpaqueInput:
        opaque = super().__new__(cls, name)
        opaque.value = value
        return opaque


class PaintingGraph:
    """The nodes of one picture, added to `graph`; their ids say what each is for.

    parts: a WeGenUnpack of the painter's copilot.
    """

    def __init__(
        self, graph: GraphBuilder, painter: ComfyPainter, request: PaintRequest, parts: Any
    ) -> None:
        self.graph, self.painter, self.recipe = graph, painter, painter.recipe
        self.request = request
        self.model, self.clip, self.vae = (parts.out(i) for i in (MODEL, CLIP, VAE))
        self.images = [
            self._opaque_image(f"picture {i}", p) for i, p in enumerate(request.images, 1)
        ]

    def image(self, seed: int, settings: PaintSettings) -> Link:
        """The painted IMAGE. What `settings` leaves open is the painter's or the recipe's."""
        painter, recipe = self.painter, self.recipe
        steps = settings.steps or painter.steps or recipe.steps
        guidance = settings.guidance
        cfg = painter.cfg or recipe.cfg
        if recipe.guidance is None:
            cfg = guidance or cfg
        positive = self._condition("positive", self.request.prompt)
        if recipe.guidance is not None:
            firmly = guidance or painter.guidance or recipe.guidance
            given = {"conditioning": positive, "guidance": firmly}
            positive = self._add("guidance", "FluxGuidance", **given)
        if cfg == 1:  # the sampler never looks at it
            negative = self._add("negative", "ConditioningZeroOut", conditioning=positive)
        else:
            negative = self._condition("negative", painter.negative)
        if recipe.edit == "fill":
            positive, negative, latent = self._fill(positive, negative)
        else:
            latent = self._latent()
        given = {"positive": positive, "negative": negative, "cfg": cfg}
        sampled = self._sample(seed, steps, latent, given)
        return self._add("decode", "VAEDecode", samples=sampled, vae=self.vae)

    def _add(self, id: str, type: str, **inputs: Any) -> Link:
        """The first output of a node; of the one that is there, if it was added before."""
        return self.graph.node(type, id, **inputs).out(0)

    def _opaque_image(self, id: str, image: Image) -> Link:
        turned = to_mask([image]) if image.mode == "L" else to_image([image])
        digest = hashlib.blake2b(image.tobytes(), digest_size=16).hexdigest()
        return self._add(id, "WeGenHeld", held=OpaqueInput(f"{digest} {image.size}", turned))

    def _condition(self, id: str, words: str) -> Link:
        """The words, and the pictures with them where the family is shown any."""
        given = {"clip": self.clip}
        if self.recipe.edit == "qwen plus" and self.images:
            given |= {f"image{i}": p for i, p in enumerate(self.images, 1)}
            told = self._add(id, "TextEncodeQwenImageEditPlus", prompt=words, **given)
        elif self.recipe.edit == "qwen" and self.images:
            given["image"] = self.images[0]
            told = self._add(id, "TextEncodeQwenImageEdit", prompt=words, **given)
        else:
            told = self._add(id, "CLIPTextEncode", text=words, **given)
        # Qwen's encoders could add these too, but would scale the pictures first: they would shift.
        if self.recipe.sees:
            for i in range(1, len(self.images) + 1):
                given = {"conditioning": told, "latent": self._encoded(i)}
                told = self._add(f"{id} reference {i}", "ReferenceLatent", **given)
        return told

    def _encoded(self, number: int) -> Link:
        given = {"pixels": self.images[number - 1], "vae": self.vae}
        return self._add(f"encode {number}", "VAEEncode", **given)

    def _latent(self) -> Link:
        """Where sampling starts: noise, or the picture and where it is painted over."""
        if self.recipe.edit != "noise" or self.request.base is None:
            width, height = self.request.size
            size = {"width": width, "height": height, "batch_size": 1}
            return self._add("latent", self.recipe.latent, **size)
        if self.request.region is None:
            return self._encoded(1)
        mask = self._opaque_image("region", self.request.region)
        return self._add("mask", "SetLatentNoiseMask", samples=self._encoded(1), mask=mask)

    def _fill(self, positive: Link, negative: Link) -> tuple[Link, Link, Link]:
        """Conditions and latent of a model that was made for inpainting."""
        width, height = self.request.size
        size = {"width": width, "height": height}
        if self.request.base is None or self.request.region is None:
            grey = self._add("grey", "EmptyImage", batch_size=1, color=0x808080, **size)
            given = {"pixels": grey, "mask": self._add("all", "SolidMask", value=1.0, **size)}
        else:
            mask = self._opaque_image("region", self.request.region)
            given = {"pixels": self.images[0], "mask": mask}
        given |= {"positive": positive, "negative": negative, "vae": self.vae}
        filled = self.graph.node("InpaintModelConditioning", "fill", noise_mask=True, **given)
        return filled.out(0), filled.out(1), filled.out(2)

    def _sample(self, seed: int, steps: int, latent: Link, given: dict[str, Any]) -> Link:
        model, recipe, painter = self.model, self.recipe, self.painter
        if recipe.shift is not None and "model_sampling" not in painter.model.object_patches:
            model = self._add("shift", "ModelSamplingAuraFlow", model=model, shift=recipe.shift)
        sampler = recipe.sampler if painter.sampler_name == AUTO else painter.sampler_name
        if recipe.sigmas is None or painter.scheduler != AUTO:
            scheduler = recipe.scheduler if painter.scheduler == AUTO else painter.scheduler
            given |= {"steps": steps, "sampler_name": sampler, "scheduler": scheduler}
            given |= {"model": model, "seed": seed, "latent_image": latent}
            return self._add("sample", "KSampler", denoise=self.request.strength, **given)
        width, height = self.request.size
        size = {"width": width, "height": height}
        return self._add(
            "sample",
            "SamplerCustomAdvanced",
            noise=self._add("noise", "RandomNoise", noise_seed=seed),
            guider=self._add("guider", "CFGGuider", model=model, **given),
            sampler=self._add("sampler", "KSamplerSelect", sampler_name=sampler),
            sigmas=self._add("sigmas", recipe.sigmas, steps=steps, **size),
            latent_image=latent,
        )
