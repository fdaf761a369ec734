"""One picture to paint -> ComfyUI's own nodes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from .recipes import AUTO
from .sockets import to_image, to_mask

if TYPE_CHECKING:
    from comfy_execution.graph_utils import GraphBuilder
    from PIL.Image import Image

    from ...wegen_core.painting.request import Brief
    from ..painter import ComfyPainter

Link = list  # [node id, output index], as in the API form of a graph
MODEL, CLIP, VAE, COPILOT = range(4)
"""Outputs of WeGenUnpack."""


class Held(str):
    """A value under a name that tells it from others: an input in an expanded graph.

    ComfyUI compares inputs to know what it has cached, and it can compare names, but not pictures.
    """

    value: Any

    def __new__(cls, name: str, value: Any) -> Held:
        held = super().__new__(cls, name)
        held.value = value
        return held


class PaintingGraph:
    """The nodes of one picture, added to `graph`; their ids say what each is for.

    parts: a WeGenUnpack of the painter's copilot.
    """

    def __init__(self, graph: GraphBuilder, painter: ComfyPainter, told: Brief, parts: Any) -> None:
        self.graph, self.painter, self.recipe, self.told = graph, painter, painter.recipe, told
        self.model, self.clip, self.vae = (parts.out(i) for i in (MODEL, CLIP, VAE))
        self.pictures = [
            self._held_picture(f"picture {i}", p) for i, p in enumerate(told.pictures, 1)
        ]

    def image(self, seed: int, steps: int = 0, guidance: float = 0.0) -> Link:
        """The IMAGE that is painted. steps, guidance: 0 for the painter's or the recipe's."""
        painter, recipe = self.painter, self.recipe
        steps = steps or painter.steps or recipe.steps
        cfg = painter.cfg or recipe.cfg
        if recipe.guidance is None:
            cfg = guidance or cfg
        positive = self._condition("positive", self.told.prompt)
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

    def _held_picture(self, id: str, picture: Image) -> Link:
        turned = to_mask([picture]) if picture.mode == "L" else to_image([picture])
        digest = hashlib.blake2b(picture.tobytes(), digest_size=16).hexdigest()
        return self._add(id, "WeGenHeld", held=Held(f"{digest} {picture.size}", turned))

    def _condition(self, id: str, words: str) -> Link:
        """The words, and the pictures with them where the family is shown any."""
        given = {"clip": self.clip}
        if self.recipe.edit == "qwen plus" and self.pictures:
            given |= {f"image{i}": p for i, p in enumerate(self.pictures, 1)}
            told = self._add(id, "TextEncodeQwenImageEditPlus", prompt=words, **given)
        elif self.recipe.edit == "qwen" and self.pictures:
            given["image"] = self.pictures[0]
            told = self._add(id, "TextEncodeQwenImageEdit", prompt=words, **given)
        else:
            told = self._add(id, "CLIPTextEncode", text=words, **given)
        # Qwen's encoders could add these too, but would scale the pictures first: they would shift.
        if self.recipe.sees:
            for i in range(1, len(self.pictures) + 1):
                given = {"conditioning": told, "latent": self._encoded(i)}
                told = self._add(f"{id} reference {i}", "ReferenceLatent", **given)
        return told

    def _encoded(self, number: int) -> Link:
        given = {"pixels": self.pictures[number - 1], "vae": self.vae}
        return self._add(f"encode {number}", "VAEEncode", **given)

    def _latent(self) -> Link:
        """Where sampling starts: noise, or the picture and where it is painted over."""
        if self.recipe.edit != "noise" or self.told.base is None:
            width, height = self.told.size
            size = {"width": width, "height": height, "batch_size": 1}
            return self._add("latent", self.recipe.latent, **size)
        if self.told.region is None:
            return self._encoded(1)
        mask = self._held_picture("region", self.told.region)
        return self._add("mask", "SetLatentNoiseMask", samples=self._encoded(1), mask=mask)

    def _fill(self, positive: Link, negative: Link) -> tuple[Link, Link, Link]:
        """Conditions and latent of a model that was made for inpainting."""
        width, height = self.told.size
        size = {"width": width, "height": height}
        if self.told.base is None or self.told.region is None:
            grey = self._add("grey", "EmptyImage", batch_size=1, color=0x808080, **size)
            given = {"pixels": grey, "mask": self._add("all", "SolidMask", value=1.0, **size)}
        else:
            mask = self._held_picture("region", self.told.region)
            given = {"pixels": self.pictures[0], "mask": mask}
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
            return self._add("sample", "KSampler", denoise=self.told.strength, **given)
        width, height = self.told.size
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
