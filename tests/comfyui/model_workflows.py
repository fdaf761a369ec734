"""Examples for models that users have and the tests have not: they name the files as published.

`make_workflows` writes them; `test_model_workflows` runs them with tiny models in their places.
"""

from __future__ import annotations

from typing import Any

from tests.comfyui.make_workflows import (
    LEFT,
    NEEDS_COMPARE,
    PICTURES,
    UNDER_NOTE,
    WIDTH,
    Example,
    Node,
    chat,
    column,
    compare,
    picture,
    words,
)

LARGE = (440, 400)
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
QWEN_21 = (
    "qwen_image_2.1_int8_convrot.safetensors",
    ("qwen3vl_8b_int8_convrot.safetensors", "qwen_image"),
    "qwen_image_2.1_vae_bf16.safetensors",
)
FLUX3 = (
    "flux3-image-klein-int8-convrot.safetensors",
    ("qwen3vl_4b_int8_convrot.safetensors", "flux3"),
    "flux2-vae.safetensors",
)
SDXL = "sd_xl_base_1.0.safetensors"
OLLAMA = (
    "The language model comes from Ollama: **ollama pull qwen2.5vl**. Enter another address and "
    "name for another server.",
    "语言模型来自 Ollama：**ollama pull qwen2.5vl**。其他服务器请填它的地址和模型名。",
)


def files(names: tuple[str, tuple[str, str], str]) -> str:
    unet, (clip, _), vae = names
    return (
        f"**models/diffusion_models:** {unet}\n\n"
        f"**models/text_encoders:** {clip}\n\n"
        f"**models/vae:** {vae}"
    )


def mllm(id: int, at: tuple[int, int]) -> Node:
    address = {"url": "http://localhost:11434/v1", "model": "qwen2.5vl"}
    inputs = {**address, "pictures": 9, "timeout": 300}
    return Node(id, "WeGenMLLMEndpoint", (*at, LEFT, 150), inputs)


def parts(ids: tuple[int, int, int], files: tuple[str, tuple[str, str], str]) -> tuple[Node, ...]:
    """Loaders of a model in three files, in a column."""
    unet, (clip, kind), vae = files
    inputs: tuple[tuple[str, dict[str, Any]], ...] = (
        ("UNETLoader", {"unet_name": unet, "weight_dtype": "default"}),
        ("CLIPLoader", {"clip_name": clip, "type": kind, "device": "default"}),
        ("VAELoader", {"vae_name": vae}),
    )
    rows = (UNDER_NOTE, UNDER_NOTE + 145, UNDER_NOTE + 320)
    return tuple(
        Node(id, type, (0, row, LEFT, 60), given)
        for id, row, (type, given) in zip(ids, rows, inputs, strict=True)
    )


def copilot(ids: tuple[int, int], llm: int, made: tuple[Any, Any, Any]) -> tuple[Node, ...]:
    """The copilot of an MLLM and WeGen Painter, which stands under it."""
    model, clip, vae = made
    given = {"model": model, "clip": clip, "vae": vae, **PAINTER}
    joined = {"mllm": [llm, 0], "painter": [ids[0], 0], "check": "report"}
    return (
        Node(ids[0], "WeGenPainter", (column(1), 190, WIDTH, 330), given),
        Node(ids[1], "WeGenCopilot", (column(1), 0, WIDTH, 150), joined),
    )


def load_image(id: int, at: tuple[int, int], title: str = "") -> Node:
    return Node(id, "LoadImage", (*at, WIDTH, 330), {"image": "example.png"}, title)


def refining(
    name: str, names: tuple[str, tuple[str, str], str], needs: tuple[str, str] = ("", "")
) -> Example:
    """needs: what else the note says, in English and in Chinese."""
    given = {"copilot": [6, 0], "image": [7, 0], "instruction": "make the boat red", "seed": 1}
    return Example(
        name,
        f"{needs[0]}{files(names)}\n\n{OLLAMA[0]}\n\n{NEEDS_COMPARE[0]}",
        f"{needs[1]}{OLLAMA[1]}\n\n{NEEDS_COMPARE[1]}",
        (
            mllm(1, (0, UNDER_NOTE + 440)),
            *parts((2, 3, 4), names),
            *copilot((5, 6), 1, ([2, 0], [3, 0], [4, 0])),
            load_image(7, (column(1), 570), "Your image"),
            Node(8, "WeGenRefine", (column(2), 0, WIDTH, 270), given),
            words(9, (column(2), PICTURES), 8, 2, height=300),
            picture(10, (column(3), 0), 8, size=LARGE),
            compare(11, (column(3), 460), 7, 8, LARGE),
        ),
        {
            "Copilot": (5, 6),
            "Only what you ask for": (8, 9, 10, 11),
        },
    )


EXAMPLES = (
    Example(
        "wegen-08-prompts-for-sdxl",
        "A short request becomes four full prompts, and a plain SDXL graph draws each of them.\n\n"
        f"**models/checkpoints:** {SDXL}\n\nThe rewriter needs no model of its own.",
        "一句简短的话变成四条完整的提示词，再由普通的 SDXL 流程各画一张。\n\n"
        "改写节点自己不需要模型。",
        (
            Node(
                1,
                "WeGenRewritePrompt",
                (0, UNDER_NOTE, LEFT, 290),
                {"prompt": "a lighthouse", "n": 4, "creativity": 0.7, "seed": 1},
            ),
            words(2, (column(1), 600), 1, 1, height=240),
            Node(3, "CheckpointLoaderSimple", (column(1), 0, WIDTH, 110), {"ckpt_name": SDXL}),
            Node(
                4, "CLIPTextEncode", (column(1), 160, WIDTH, 90), {"clip": [3, 1], "text": [1, 0]}
            ),
            Node(
                5,
                "CLIPTextEncode",
                (column(1), 300, WIDTH, 90),
                {"clip": [3, 1], "text": "blurry, low quality, watermark"},
                "Not wanted",
            ),
            Node(
                6,
                "EmptyLatentImage",
                (column(1), 440, WIDTH, 110),
                {"width": 1024, "height": 1024, "batch_size": 1},
            ),
            Node(
                7,
                "KSampler",
                (column(2), 0, WIDTH, 270),
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
            Node(
                8, "VAEDecode", (column(2), PICTURES, WIDTH, 60), {"samples": [7, 0], "vae": [3, 2]}
            ),
            Node(
                9,
                "SaveImage",
                (column(3), 0, 560, 600),
                {"images": [8, 0], "filename_prefix": "WeGen/prompts for SDXL"},
            ),
        ),
        {"SDXL as always": (3, 4, 5, 6, 7, 8), "Four images": (9,)},
    ),
    refining("wegen-09-refine-with-qwen-image-edit", QWEN),
    refining("wegen-10-refine-with-flux-2", FLUX2),
    Example(
        "wegen-11-compose-with-qwen-image-edit-plus",
        f"{files(QWEN)}\n\nUp to three pictures. {OLLAMA[0]}",
        f"最多三张图。{OLLAMA[1]}",
        (
            mllm(1, (0, UNDER_NOTE + 440)),
            *parts((2, 3, 4), QWEN),
            *copilot((5, 6), 1, ([2, 0], [3, 0], [4, 0])),
            load_image(7, (column(1), 570), "Picture 1"),
            load_image(8, (column(2), 570), "Picture 2"),
            Node(
                9,
                "WeGenCompose",
                (column(2), 0, WIDTH, 290),
                {
                    "copilot": [6, 0],
                    "image_1": [7, 0],
                    "image_2": [8, 0],
                    "instruction": "put the cat from picture 1 into picture 2",
                    "seed": 1,
                },
            ),
            picture(10, (column(3), 0), 9, size=(560, 600)),
            words(11, (column(3), 660), 9, 1, height=200),
        ),
        {
            "Copilot": (5, 6),
            "Two pictures": (7, 8),
            "One image of both": (9, 10, 11),
        },
    ),
    Example(
        "wegen-12-chat-with-ollama-and-sdxl",
        f"**models/checkpoints:** {SDXL}\n\n{OLLAMA[0]}",
        OLLAMA[1],
        (
            mllm(1, (0, UNDER_NOTE + 160)),
            Node(2, "CheckpointLoaderSimple", (0, UNDER_NOTE, LEFT, 100), {"ckpt_name": SDXL}),
            *copilot((3, 4), 1, ([2, 0], [2, 1], [2, 2])),
            chat(5, (column(2), 0), "draw a fishing boat at sunrise", None, "You: draw", copilot=4),
            picture(7, (column(2), PICTURES), 5, 1),
            words(6, (column(2), 730), 5, 0),
            chat(8, (column(3), 0), "make the boat red", 5, "You: change", copilot=4),
            picture(10, (column(3), PICTURES), 8, 1),
            words(9, (column(3), 730), 8, 0),
            chat(
                11, (column(4), 0), "what else could be in the picture?", 8, "You: ask", copilot=4
            ),
            words(12, (column(4), PICTURES), 11, 0),
        ),
        {
            "Copilot": (3, 4),
            "Draw": (5, 6, 7),
            "Change": (8, 9, 10),
            "Ask": (11, 12),
        },
    ),
    refining(
        "wegen-14-refine-with-qwen-image-2-1",
        QWEN_21,
        ("Needs ComfyUI 0.37. ", "需要 ComfyUI 0.37 以上。"),
    ),
    refining(
        "wegen-15-refine-with-flux-3-klein",
        FLUX3,
        ("Needs ComfyUI 0.41. ", "需要 ComfyUI 0.41 以上。"),
    ),
)
