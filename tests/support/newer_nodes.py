"""A custom node file for the test server: nodes that newer versions of ComfyUI have.

Inputs and outputs are those that `comfyui-embedded-docs` gives. What the nodes do is the least that
lets tiny models paint.
"""

import node_helpers
import torch
from comfy_api.latest import ComfyExtension, io

import nodes

IMAGES = "Reference images."


def numbered(prefix: str, start: int, count: int):
    """An input for images that grows."""
    names = [f"{prefix}{i}" for i in range(start, start + count)]
    template = io.Autogrow.TemplateNames(io.Image.Input("image"), names=names, min=0)
    return io.Autogrow.Input("images", template=template, tooltip=IMAGES)


def texts(negative: bool = True):
    names = ["prompt", "negative_prompt"] if negative else ["prompt"]
    return [io.String.Input(name, multiline=True, dynamic_prompts=True) for name in names]


def pair():
    return [io.Conditioning.Output(display_name=n) for n in ("positive", "negative")]


def sized():
    sides = [io.Int.Input(n, default=0, min=0, max=16384, step=16) for n in ("width", "height")]
    return [*sides, io.Int.Input("batch_size", default=1, min=1, max=4096)]


def encode(clip, text, images, vae):
    images = [image[..., :3] for image in (images or {}).values() if image is not None]
    conditioning = clip.encode_from_tokens_scheduled(clip.tokenize(text, images=images))
    return with_latents(conditioning, images, vae)


def with_latents(conditioning, images, vae):
    if vae is None or not images:
        return conditioning
    latents = {"reference_latents": [vae.encode(image) for image in images]}
    return node_helpers.conditioning_set_values(conditioning, latents, append=True)


def empty_like(vae, images, size=1024):
    image = next(iter((images or {}).values()), torch.zeros(1, size, size, 3))
    return {"samples": torch.zeros_like(vae.encode(image[..., :3]))}


class TextEncodeQwenImage21(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        size = io.Int.Input("resolution", default=1024, min=0, max=4096, step=32)
        return io.Schema(
            node_id="TextEncodeQwenImage21",
            inputs=[io.Clip.Input("clip"), *texts(), io.Vae.Input("vae", optional=True), size,
                    numbered("image_", 1, 16)],
            outputs=[*pair(), io.Latent.Output(display_name="latent")],
        )  # fmt: skip

    @classmethod
    def execute(cls, clip, prompt, negative_prompt, resolution, vae=None, images=None):
        if resolution or any(side % 32 for i in (images or {}).values() for side in i.shape[1:3]):
            raise ValueError("what is painted would shift")
        encoded = (encode(clip, text, images, vae) for text in (prompt, negative_prompt))
        return io.NodeOutput(*encoded, empty_like(vae, images))


class QwenImage21Cache(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        places = io.Combo.Input("device", options=["auto", "gpu", "cpu", "off"])
        kinds = io.Combo.Input("dtype", options=["default", "int8", "int4"])
        return io.Schema(
            node_id="QwenImage21Cache",
            inputs=[io.Model.Input("model"), places, kinds],
            outputs=[io.Model.Output()],
        )

    @classmethod
    def execute(cls, model, device, dtype):
        return io.NodeOutput(model)


class ReferenceMultiLatent(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        pixels = io.Float.Input("megapixels", default=1.0, min=0.01, max=16.0)
        options = [io.DynamicCombo.Option("keep resolution", [])]
        options += [io.DynamicCombo.Option("resize", [pixels])]
        return io.Schema(
            node_id="ReferenceMultiLatent",
            inputs=[
                io.Conditioning.Input("positive"),
                io.Conditioning.Input("negative", optional=True),
                io.Vae.Input("vae", optional=True),
                io.DynamicCombo.Input("resolution", options=options),
                numbered("image", 0, 100),
            ],
            outputs=[*pair(), io.Latent.Output(display_name="empty_latent")],
        )

    @classmethod
    def execute(cls, positive, resolution, negative=None, vae=None, images=None):
        listed = list((images or {}).values())
        both = (with_latents(c, listed, vae) for c in (positive, negative or positive))
        return io.NodeOutput(*both, empty_like(vae, images))


class TextEncodeFibo2(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="TextEncodeFibo2",
            inputs=[io.Clip.Input("clip"), *texts(), io.Vae.Input("vae", optional=True),
                    numbered("image_", 1, 16), *sized()],
            outputs=[*pair(), io.Latent.Output(display_name="latent")],
        )  # fmt: skip

    @classmethod
    def execute(
        cls, clip, prompt, negative_prompt, width, height, batch_size, vae=None, images=None
    ):
        encoded = (encode(clip, text, images, vae) for text in (prompt, negative_prompt))
        blank = {"images": torch.zeros(1, height, width, 3)}
        return io.NodeOutput(*encoded, empty_like(vae, blank))


class TextEncodeMOSSImageEdit(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        formats = ["ai-toolkit", "ai-toolkit (kv_cache off)", "Moss-Image-Edit"]
        return io.Schema(
            node_id="TextEncodeMOSSImageEdit",
            inputs=[
                io.Clip.Input("clip"),
                *texts(False),
                io.Vae.Input("vae", optional=True),
                io.Combo.Input("edit_format", options=formats),
                numbered("image_", 0, 16),
                io.Float.Input("image_strength", default=1.0, min=0.0, max=100.0, step=0.05),
            ],
            outputs=[io.Conditioning.Output(display_name="conditioning")],
        )

    @classmethod
    def execute(cls, clip, prompt, edit_format, image_strength, vae=None, images=None):
        return io.NodeOutput(encode(clip, prompt, images, vae))


class TextEncodeMingImageEdit(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="TextEncodeMingImageEdit",
            inputs=[io.Clip.Input("clip"), io.Vae.Input("vae", optional=True), *texts(False),
                    numbered("image_", 1, 8)],
            outputs=[io.Conditioning.Output()],
        )  # fmt: skip

    @classmethod
    def execute(cls, clip, prompt, vae=None, images=None):
        return io.NodeOutput(encode(clip, prompt, images, vae))


class NewerNodes(ComfyExtension):
    async def get_node_list(self):
        ours = [TextEncodeQwenImage21, QwenImage21Cache, ReferenceMultiLatent, TextEncodeFibo2,
                TextEncodeMOSSImageEdit, TextEncodeMingImageEdit]  # fmt: skip
        known = nodes.NODE_CLASS_MAPPINGS
        grows = hasattr(io, "Autogrow") and hasattr(io, "DynamicCombo")
        return [c for c in ours if c.__name__ not in known] if grows else []


async def comfy_entrypoint():
    return NewerNodes()
