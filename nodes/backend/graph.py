"""One image to paint -> ComfyUI's own nodes."""

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

    ComfyUI compares inputs to decide what it has cached. It compares this one by its name, a
    string, and never looks at the value: the same name means "cached".
    """

    value: Any

    def __new__(cls, name: str, value: Any) -> OpaqueInput:
        opaque = super().__new__(cls, name)
        opaque.value = value
        return opaque


class PaintingGraph:
    """The nodes that paint one image, added to a graph; their ids say what each is for.

    Parameters
    ----------
    graph
        ComfyUI's builder of expanded graphs.
    painter
        Its recipe decides which nodes are used.
    request
        What to paint.
    parts
        A WeGenUnpack node for the painter's copilot.
    """

    def __init__(
        self, graph: GraphBuilder, painter: ComfyPainter, request: PaintRequest, parts: Any
    ) -> None:
        self.graph, self.painter, self.recipe = graph, painter, painter.recipe
        self.request = request
        self.model, self.clip, self.vae = (parts.out(i) for i in (MODEL, CLIP, VAE))
        self.images = [
            self._opaque_image(f"picture {i}", image) for i, image in enumerate(request.images, 1)
        ]

    def image(self, seed: int, settings: PaintSettings) -> Link:
        """The link to the painted IMAGE.

        `settings` come before the painter's, and these before the recipe's.
        """
        painter, recipe = self.painter, self.recipe
        steps = settings.steps or painter.steps or recipe.steps
        cfg = painter.cfg or recipe.cfg
        positive = self._condition("positive", self.request.prompt)
        if recipe.guidance is None:
            cfg = settings.guidance or cfg
        else:
            guidance = settings.guidance or painter.guidance or recipe.guidance
            positive = self._add(
                "guidance", "FluxGuidance", conditioning=positive, guidance=guidance
            )
        if cfg == 1:  # the sampler does not read the negative condition then
            negative = self._add("negative", "ConditioningZeroOut", conditioning=positive)
        else:
            negative = self._condition("negative", painter.negative)
        if recipe.edit == "fill":
            positive, negative, latent = self._fill(positive, negative)
        else:
            latent = self._latent()
        guided = {"positive": positive, "negative": negative, "cfg": cfg}
        samples = self._sample(seed, steps, latent, guided)
        return self._add("decode", "VAEDecode", samples=samples, vae=self.vae)

    def _add(self, node_id: str, node_type: str, **inputs: Any) -> Link:
        """The first output of a node. A node of that id that exists already is used again."""
        return self.graph.node(node_type, node_id, **inputs).out(0)

    def _opaque_image(self, node_id: str, image: Image) -> Link:
        tensor = to_mask([image]) if image.mode == "L" else to_image([image])
        digest = hashlib.blake2b(image.tobytes(), digest_size=16).hexdigest()
        return self._add(node_id, "WeGenHeld", held=OpaqueInput(f"{digest} {image.size}", tensor))

    def _condition(self, node_id: str, text: str) -> Link:
        """`text` as conditioning, with the images where the recipe shows them."""
        recipe, images = self.recipe, self.images
        if recipe.edit == "qwen plus" and images:
            numbered = {f"image{i}": image for i, image in enumerate(images, 1)}
            conditioning = self._add(
                node_id, "TextEncodeQwenImageEditPlus", clip=self.clip, prompt=text, **numbered
            )
        elif recipe.edit == "qwen" and images:
            conditioning = self._add(
                node_id, "TextEncodeQwenImageEdit", clip=self.clip, prompt=text, image=images[0]
            )
        else:
            conditioning = self._add(node_id, "CLIPTextEncode", clip=self.clip, text=text)
        # Qwen's encoders could add reference latents too, but they rescale the images first, and
        # what is painted would shift against its source.
        if recipe.family.edits == "instruction":
            for i in range(1, len(images) + 1):
                conditioning = self._add(
                    f"{node_id} reference {i}",
                    "ReferenceLatent",
                    conditioning=conditioning,
                    latent=self._encode(i),
                )
        return conditioning

    def _encode(self, number: int) -> Link:
        """Image `number` as a latent."""
        return self._add(
            f"encode {number}", "VAEEncode", pixels=self.images[number - 1], vae=self.vae
        )

    def _latent(self) -> Link:
        """Where sampling starts: an empty latent, or the image and where it is painted over."""
        if self.recipe.edit != "noise" or self.request.base is None:
            width, height = self.request.size
            return self._add("latent", self.recipe.latent, width=width, height=height, batch_size=1)
        if self.request.region is None:
            return self._encode(1)
        mask = self._opaque_image("region", self.request.region)
        return self._add("mask", "SetLatentNoiseMask", samples=self._encode(1), mask=mask)

    def _fill(self, positive: Link, negative: Link) -> tuple[Link, Link, Link]:
        """Conditions and latent of a model trained for inpainting. A new image fills all of it."""
        width, height = self.request.size
        if self.request.base is None or self.request.region is None:
            size = {"width": width, "height": height}
            pixels = self._add("grey", "EmptyImage", batch_size=1, color=0x808080, **size)
            mask = self._add("all", "SolidMask", value=1.0, **size)
        else:
            pixels = self.images[0]
            mask = self._opaque_image("region", self.request.region)
        filled = self.graph.node(
            "InpaintModelConditioning",
            "fill",
            positive=positive,
            negative=negative,
            vae=self.vae,
            pixels=pixels,
            mask=mask,
            noise_mask=True,
        )
        return filled.out(0), filled.out(1), filled.out(2)

    def _sample(self, seed: int, steps: int, latent: Link, guided: dict[str, Any]) -> Link:
        """The sampled latent. guided: the conditions and their cfg."""
        model, recipe, painter = self.model, self.recipe, self.painter
        if recipe.shift is not None and "model_sampling" not in painter.model.object_patches:
            model = self._add("shift", "ModelSamplingAuraFlow", model=model, shift=recipe.shift)
        sampler = recipe.sampler if painter.sampler_name == AUTO else painter.sampler_name
        if recipe.sigmas is None or painter.scheduler != AUTO:
            return self._add(
                "sample",
                "KSampler",
                model=model,
                seed=seed,
                steps=steps,
                sampler_name=sampler,
                scheduler=recipe.scheduler if painter.scheduler == AUTO else painter.scheduler,
                latent_image=latent,
                denoise=self.request.strength,
                **guided,
            )
        width, height = self.request.size
        return self._add(
            "sample",
            "SamplerCustomAdvanced",
            noise=self._add("noise", "RandomNoise", noise_seed=seed),
            guider=self._add("guider", "CFGGuider", model=model, **guided),
            sampler=self._add("sampler", "KSamplerSelect", sampler_name=sampler),
            sigmas=self._add("sigmas", recipe.sigmas, steps=steps, width=width, height=height),
            latent_image=latent,
        )
