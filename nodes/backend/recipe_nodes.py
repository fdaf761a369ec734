"""ComfyUI's nodes as recipes use them, one row each: inputs and fixed values."""

from __future__ import annotations

from .recipe import Node

# Nodes that read text and images.
QWEN_EDIT = Node("TextEncodeQwenImageEdit", ("clip",), text="prompt", images="image")
QWEN_EDIT_PLUS = Node("TextEncodeQwenImageEditPlus", ("clip",), text="prompt", images="image{n}")
QWEN_21 = Node(
    "TextEncodeQwenImage21",
    ("clip", "vae"),
    text="prompt",
    negative="negative_prompt",
    images="images.image_{n}",
    latent=True,
    inputs={"resolution": 0},  # as large as they come
)
MAGE_FLOW = Node(
    "TextEncodeMageFlowEdit",
    ("clip", "vae", "width", "height"),
    text="prompt",
    negative="negative_prompt",
    images="images.image_{n}",
    latent=True,
    inputs={"batch_size": 1},
)
FIBO_2 = Node(
    "TextEncodeFibo2",
    ("clip", "vae", "width", "height"),
    text="prompt",
    negative="negative_prompt",
    images="images.image_{n}",
    latent=True,
    inputs={"batch_size": 1},
)
BOOGU = Node(
    "TextEncodeBooguEdit",
    ("clip", "vae"),
    text="prompt",
    negative="negative_prompt",
    images="images.image_{n}",
)
JOYAI = Node("TextEncodeJoyImageEdit", ("clip", "vae"), text="prompt", images="images.image{i}")
MING = Node("TextEncodeMingImageEdit", ("clip", "vae"), text="prompt", images="images.image_{n}")
MOSS = Node(
    "TextEncodeMOSSImageEdit",
    ("clip", "vae"),
    text="prompt",
    images="images.image_{i}",
    inputs={"edit_format": "Moss-Image-Edit", "image_strength": 1.0},
)
Z_IMAGE_OMNI = Node(
    "TextEncodeZImageOmni",
    ("clip", "vae"),
    text="prompt",
    images="image{n}",
    inputs={"auto_resize_images": False},
)
LUMINA_2 = Node(
    "CLIPTextEncodeLumina2", ("clip",), text="user_prompt", inputs={"system_prompt": "superior"}
)
# Nodes that add images to both conditions.
MULTI = Node(
    "ReferenceMultiLatent",
    ("vae",),
    images="images.image{i}",
    latent=True,
    inputs={"resolution": "keep resolution"},
)
HIDREAM_O1 = Node("HiDreamO1ReferenceImages", images="images.image_{n}")
PIX2PIX = Node("InstructPixToPixConditioning", ("vae",), images="pixels", latent=True)
# What models and text encoders go through, and schedules.
CFG_NORM = Node("CFGNorm", inputs={"strength": 1.0})
# The same before guidance, where it may also amplify.
CFG_NORM_FIRST = Node("CFGNorm", inputs={"strength": 1.0, "pre_cfg": True})
QWEN_21_CACHE = Node("QwenImage21Cache", inputs={"device": "auto", "dtype": "default"})
FLUX2_SIGMAS = Node("Flux2Scheduler", ("steps", "width", "height"))
QWEN_21_TURBO_SIGMAS = Node(
    "ManualSigmas",
    inputs={"sigmas": "1.0, 0.978453, 0.95418, 0.926626, 0.89508, 0.845148, 0.704534, 0.414568, 0"},
)
SEAMS = Node(
    "HiDreamO1PatchSeamSmoothing",
    inputs={"start_percent": 0.8, "end_percent": 1.0, "pattern": "single_shift",
            "passes": "ramp_2_4", "blend": "median", "strength": 1.0},
)  # fmt: skip
MOSS_SKIP = Node(
    "SkipLayerGuidanceDiTSimple",
    inputs={"double_layers": "", "single_layers": "22", "start_percent": 0.0, "end_percent": 1.0},
)
MING_SHIFT = Node(
    "ModelSamplingFlux", ("width", "height"), inputs={"max_shift": 1.15, "base_shift": 0.5}
)
CHROMA_T5 = Node("T5TokenizerOptions", inputs={"min_padding": 0, "min_length": 0})


def noise_scale(scale: float) -> Node:
    """How much noise a model of pixels was trained with."""
    return Node("ModelNoiseScale", inputs={"noise_scale": scale})


def sd3_shift(shift: float) -> tuple[Node]:
    """The shift of the noise schedule of models with the time steps of SD 3."""
    return (Node("ModelSamplingSD3", inputs={"shift": shift}),)


def lcm(s_noise: float, noise_clip_std: float) -> Node:
    """The sampler of distilled models that add noise at every step."""
    values = {"s_noise": s_noise, "s_noise_end": 1.0, "noise_clip_std": noise_clip_std}
    return Node("SamplerLCM", inputs=values)
