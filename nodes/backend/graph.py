"""One image to paint -> ComfyUI's own nodes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from .recipe import AUTO, TEXT, Node
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
        for patch in self.recipe.clip_patches:
            self.clip = graph.node(patch.type, patch.type, clip=self.clip, **patch.inputs).out(0)
        self.images = [
            self._opaque_image(f"picture {i}", image) for i, image in enumerate(request.images, 1)
        ]
        instructs = self.recipe.family.edits == "instruction"
        self.visible = self.images if instructs else []  # what the model itself reads
        self.overpaints = request.base is not None and not instructs

    def image(self, seed: int, settings: PaintSettings) -> Link:
        """The link to the painted IMAGE.

        `settings` come before the painter's, and these before the recipe's.
        """
        painter, recipe = self.painter, self.recipe
        steps = settings.steps or painter.steps or recipe.steps
        cfg = painter.cfg or recipe.cfg
        guidance = settings.guidance or painter.guidance or recipe.guidance
        if recipe.guidance is None:
            cfg, guidance = settings.guidance or cfg, None
        positive, negative, latent = self._conditions(cfg, guidance)
        if recipe.edit == "fill":
            positive, negative, latent = self._fill(positive, negative)
        elif latent is None or self.overpaints:
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

    def _node(self, node_id: str, node: Node, **inputs: Any) -> Any:
        """A node of the recipe with what it reads, its images and its fixed values."""
        width, height = self.request.size
        readable = {"clip": self.clip, "vae": self.vae, "width": width, "height": height}
        inputs |= {name: readable[name] for name in node.reads if name not in inputs}
        if node.images:
            for i, image in enumerate(self.visible):
                inputs[node.images.format(n=i + 1, i=i)] = image
        return self.graph.node(node.type, node_id, **node.inputs, **inputs)

    def _conditions(self, cfg: float, guidance: float | None) -> tuple[Link, Link, Link | None]:
        """Positive, negative, and a latent of the size that is painted if their node makes one."""
        encoder, references = self.recipe.encoder, self.recipe.references
        prompt, negative_prompt = self.request.prompt, self.painter.negative
        latent = None
        if encoder.negative:
            texts = {encoder.text: prompt, encoder.negative: negative_prompt}
            encoded = self._node("encode", encoder, **texts)
            positive, negative = encoded.out(0), encoded.out(1)
            if encoder.latent and (self.visible or "width" in encoder.reads):
                latent = encoded.out(2)  # of the size that is painted
        else:
            positive = self._condition("positive", prompt)
            if guidance is not None:
                positive = self._add(
                    "guidance", "FluxGuidance", conditioning=positive, guidance=guidance
                )
            if cfg == 1:  # the sampler does not read the negative condition then
                negative = self._add("negative", "ConditioningZeroOut", conditioning=positive)
            else:
                negative = self._condition("negative", negative_prompt)
        if references and self.visible:
            added = self._node("references", references, positive=positive, negative=negative)
            positive, negative = added.out(0), added.out(1)
            latent = added.out(2) if references.latent else None
        return positive, negative, latent

    def _condition(self, node_id: str, text: str, references: bool = True) -> Link:
        """`text` as conditioning, with the images where the recipe's encoder reads them."""
        recipe, images = self.recipe, self.visible
        encoder = recipe.encoder if images or not recipe.encoder.images else TEXT
        conditioning = self._node(node_id, encoder, **{encoder.text: text}).out(0)
        # Qwen's encoders could add reference latents too, but they rescale the images first, and
        # what is painted would shift against its source.
        if recipe.edit == "latents" and references:
            for i in range(1, len(images) + 1):
                conditioning = self._add(
                    f"{node_id} reference {i}",
                    "ReferenceLatent",
                    conditioning=conditioning,
                    latent=self._encode(i),
                )
            if recipe.method and images:
                conditioning = self._add(
                    f"{node_id} method",
                    "FluxKontextMultiReferenceLatentMethod",
                    conditioning=conditioning,
                    reference_latents_method=recipe.method,
                )
        return conditioning

    def _encode(self, number: int) -> Link:
        """Image `number` as a latent."""
        return self._add(
            f"encode {number}", "VAEEncode", pixels=self.images[number - 1], vae=self.vae
        )

    def _latent(self) -> Link:
        """Where sampling starts: an empty latent, or the image and where it is painted over."""
        if not self.overpaints:
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
        recipe, painter = self.recipe, self.painter
        model = self._patched_model()
        scheduler = recipe.scheduler if painter.scheduler == AUTO else painter.scheduler
        sampler: str | Node = recipe.sampler
        if painter.sampler_name != AUTO:
            sampler = painter.sampler_name
        schedule = recipe.sigmas if painter.scheduler == AUTO else None
        if schedule and "steps" not in schedule.reads and steps != recipe.steps:
            schedule = None  # a list of as many steps as the recipe's
        plain_cfg = recipe.image_cfg is None and not recipe.basic_guider
        if plain_cfg and schedule is None and isinstance(sampler, str):
            return self._add(
                "sample",
                "KSampler",
                model=model,
                seed=seed,
                steps=steps,
                sampler_name=sampler,
                scheduler=scheduler,
                latent_image=latent,
                denoise=self.request.strength,
                **guided,
            )
        if schedule is None:
            values = {"scheduler": scheduler, "steps": steps, "denoise": self.request.strength}
            sigmas = self._add("sigmas", "BasicScheduler", model=model, **values)
        else:
            timed = {"steps": steps} if "steps" in schedule.reads else {}
            sigmas = self._node("sigmas", schedule, **timed).out(0)
        if isinstance(sampler, str):
            sampling = self._add("sampler", "KSamplerSelect", sampler_name=sampler)
        else:
            sampling = self._node("sampler", sampler).out(0)
        return self._add(
            "sample",
            "SamplerCustomAdvanced",
            noise=self._add("noise", "RandomNoise", noise_seed=seed),
            guider=self._guider(model, guided),
            sampler=sampling,
            sigmas=sigmas,
            latent_image=latent,
        )

    def _guider(self, model: Link, guided: dict[str, Any]) -> Link:
        """How the sampler weighs the text, the images and the negative text."""
        recipe = self.recipe
        if recipe.basic_guider:
            positive = guided["positive"]
            return self._add("guider", "BasicGuider", model=model, conditioning=positive)
        if recipe.image_cfg is None:
            return self._add("guider", "CFGGuider", model=model, **guided)
        return self._add(
            "guider",
            "DualCFGGuider",
            model=model,
            cond1=guided["positive"],
            cond2=guided["negative"],
            negative=self._condition("without images", self.painter.negative, references=False),
            cfg_conds=guided["cfg"],
            cfg_cond2_negative=recipe.image_cfg,
            style="regular",
        )

    def _patched_model(self) -> Link:
        """The model as the recipe samples it; a schedule that the user has set stays."""
        model, recipe = self.model, self.recipe
        patches = recipe.patches
        if recipe.shift is not None:
            shift = Node("ModelSamplingAuraFlow", inputs={"shift": recipe.shift})
            patches = (shift, *patches)
        for patch in patches:
            is_schedule = patch.type.startswith("ModelSampling")
            if not (is_schedule and "model_sampling" in self.painter.model.object_patches):
                model = self._node(patch.type, patch, model=model).out(0)
        return model
