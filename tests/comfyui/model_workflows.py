"""Examples for models that users have and the tests have not: they name the files as published.

`make_workflows` writes them; `test_model_workflows` runs them with tiny models in their places.
"""

from __future__ import annotations

from typing import Any

from tests.comfyui.make_workflows import (
    BELOW,
    HEIGHT,
    WIDTH,
    Example,
    Node,
    chat,
    mask,
    picture,
    words,
)

UNDER = BELOW + 120  # where there is room under a painter
PAINTER = {
    "recipe": "auto",
    "steps": 0,
    "cfg": 0.0,
    "sampler_name": "auto",
    "scheduler": "auto",
    "negative": "",
    "guidance": 0.0,
    "strength": 0.6,
    "width": 0,
    "height": 0,
}
QWEN = (
    "qwen_image_edit_2509_fp8_e4m3fn.safetensors",
    ("qwen_2.5_vl_7b_fp8_scaled.safetensors", "qwen_image"),
    "qwen_image_vae.safetensors",
)
FLUX2 = (
    "flux2_dev_fp8mixed.safetensors",
    ("mistral_3_small_flux2_bf16.safetensors", "flux2"),
    "flux2-vae.safetensors",
)
SDXL = "sd_xl_base_1.0.safetensors"
OLLAMA = (
    "The language model comes from Ollama (`ollama pull qwen2.5vl`). Enter another address and "
    "name for another server."
)


def mllm(id: int, at: tuple[int, int]) -> Node:
    address = {"url": "http://localhost:11434/v1", "model": "qwen2.5vl"}
    return Node(
        id, "WeGenMLLMEndpoint", (*at, 300, 150), {**address, "pictures": 9, "timeout": 300}
    )


def parts(ids: tuple[int, int, int], files: tuple[str, tuple[str, str], str]) -> tuple[Node, ...]:
    """Loaders of a model in three files, in a column."""
    unet, (clip, kind), vae = files
    inputs: tuple[tuple[str, dict[str, Any]], ...] = (
        ("UNETLoader", {"unet_name": unet, "weight_dtype": "default"}),
        ("CLIPLoader", {"clip_name": clip, "type": kind, "device": "default"}),
        ("VAELoader", {"vae_name": vae}),
    )
    rows = (220, 380, 550)
    return tuple(
        Node(id, type, (0, row, 300, 110), given)
        for id, row, (type, given) in zip(ids, rows, inputs, strict=True)
    )


def copilot(ids: tuple[int, int], llm: int, made: tuple[Any, Any, Any]) -> tuple[Node, ...]:
    """WeGen Painter of a model, a clip and a vae, and the copilot of both."""
    model, clip, vae = made
    given = {"model": model, "clip": clip, "vae": vae, **PAINTER}
    joined = {"mllm": [llm, 0], "painter": [ids[0], 0], "check": "report"}
    return (
        Node(ids[0], "WeGenPainter", (340, 220, WIDTH, 250), given),
        Node(ids[1], "WeGenCopilot", (340, 0, WIDTH, 110), joined),
    )


def load_image(id: int, at: tuple[int, int], title: str = "") -> Node:
    return Node(id, "LoadImage", (*at, WIDTH, HEIGHT), {"image": "example.png"}, title)


def refining(name: str, files: tuple[str, tuple[str, str], str], note: str) -> Example:
    given = {"copilot": [6, 0], "image": [7, 0], "instruction": "make the boat red", "seed": 1}
    return Example(
        name,
        f"{note}\n{OLLAMA}",
        (
            mllm(1, (0, 720)),
            *parts((2, 3, 4), files),
            *copilot((5, 6), 1, ([2, 0], [3, 0], [4, 0])),
            load_image(7, (340, UNDER)),
            Node(8, "WeGenRefine", (720, 0, WIDTH, HEIGHT), given),
            picture(9, (1100, 0), 8, height=HEIGHT),
            mask(10, (1100, BELOW), 8),
            words(11, (720, BELOW), 8, 2),
        ),
        {
            "Models": (1, 2, 3, 4),
            "Copilot": (5, 6),
            "Your image": (7,),
            "Only what you ask for": (8, 9, 10, 11),
        },
    )


EXAMPLES = (
    Example(
        "prompts for SDXL",
        "A short request becomes four different full prompts, and a plain SDXL graph draws each.\n"
        f"models/checkpoints: {SDXL}. The rewriter needs no model of its own.",
        (
            Node(
                1,
                "WeGenRewritePrompt",
                (0, 220, 300, 270),
                {"prompt": "a lighthouse", "n": 4, "creativity": 0.7, "seed": 1},
            ),
            words(2, (0, BELOW), 1, 1, width=300),
            Node(3, "CheckpointLoaderSimple", (340, 0, WIDTH, 110), {"ckpt_name": SDXL}),
            Node(4, "CLIPTextEncode", (340, 160, WIDTH, 110), {"clip": [3, 1], "text": [1, 0]}),
            Node(
                5,
                "CLIPTextEncode",
                (340, 320, WIDTH, 110),
                {"clip": [3, 1], "text": "blurry, low quality, watermark"},
                "Not wanted",
            ),
            Node(
                6,
                "EmptyLatentImage",
                (340, BELOW, WIDTH, 110),
                {"width": 1024, "height": 1024, "batch_size": 1},
            ),
            Node(
                7,
                "KSampler",
                (720, 0, WIDTH, HEIGHT),
                {
                    "model": [3, 0],
                    "positive": [4, 0],
                    "negative": [5, 0],
                    "latent_image": [6, 0],
                    "seed": 1,
                    "steps": 25,
                    "cfg": 7.0,
                    "sampler_name": "dpmpp_2m",
                    "scheduler": "karras",
                    "denoise": 1.0,
                },
            ),
            Node(8, "VAEDecode", (720, BELOW, WIDTH, 60), {"samples": [7, 0], "vae": [3, 2]}),
            Node(
                9,
                "SaveImage",
                (1100, 0, 460, HEIGHT),
                {"images": [8, 0], "filename_prefix": "WeGen/prompts for SDXL"},
            ),
        ),
        {"One request, four prompts": (1, 2), "SDXL as always": (3, 4, 5, 6, 7, 8), "Images": (9,)},
    ),
    refining(
        "refine with Qwen-Image-Edit",
        QWEN,
        f"models/diffusion_models: {QWEN[0]}, text_encoders: {QWEN[1][0]}, vae: {QWEN[2]}.",
    ),
    refining(
        "refine with FLUX 2",
        FLUX2,
        f"models/diffusion_models: {FLUX2[0]}, text_encoders: {FLUX2[1][0]}, vae: {FLUX2[2]}.",
    ),
    Example(
        "compose with Qwen-Image-Edit-Plus",
        f"models/diffusion_models: {QWEN[0]}, text_encoders: {QWEN[1][0]}, vae: {QWEN[2]}. Up to "
        f"three images.\n{OLLAMA}",
        (
            mllm(1, (0, 720)),
            *parts((2, 3, 4), QWEN),
            *copilot((5, 6), 1, ([2, 0], [3, 0], [4, 0])),
            load_image(7, (340, UNDER), "Picture 1"),
            load_image(8, (720, UNDER), "Picture 2"),
            Node(
                9,
                "WeGenCompose",
                (720, 0, WIDTH, HEIGHT),
                {
                    "copilot": [6, 0],
                    "image_1": [7, 0],
                    "image_2": [8, 0],
                    "instruction": "put the cat from picture 1 into picture 2",
                    "seed": 1,
                },
            ),
            picture(10, (1100, 0), 9, height=HEIGHT),
            words(11, (1480, 0), 9, 1),
        ),
        {
            "Models": (1, 2, 3, 4),
            "Copilot": (5, 6),
            "Two references": (7, 8),
            "One image of both": (9, 10, 11),
        },
    ),
    Example(
        "chat with Ollama and SDXL",
        f"models/checkpoints: {SDXL}.\n{OLLAMA}",
        (
            mllm(1, (0, 380)),
            Node(2, "CheckpointLoaderSimple", (0, 220, 300, 110), {"ckpt_name": SDXL}),
            *copilot((3, 4), 1, ([2, 0], [2, 1], [2, 2])),
            chat(5, (720, 0), "draw a fishing boat at sunrise", None, "You: draw", copilot=4),
            words(6, (720, BELOW), 5, 0),
            picture(7, (720, BELOW + 220), 5, 1),
            chat(8, (1100, 0), "make the boat red", 5, "You: change", copilot=4),
            words(9, (1100, BELOW), 8, 0),
            picture(10, (1100, BELOW + 220), 8, 1),
            chat(11, (1480, 0), "what else could be in the picture?", 8, "You: ask", copilot=4),
            words(12, (1480, BELOW), 11, 0),
        ),
        {
            "Models": (1, 2),
            "Copilot": (3, 4),
            "Draw": (5, 6, 7),
            "Change": (8, 9, 10),
            "Ask": (11, 12),
        },
    ),
)
