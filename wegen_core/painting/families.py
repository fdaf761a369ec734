"""What is known of each family of painters: one row of data per family, and the sizes it paints.

A diffusers pipeline (`painting.diffusers.PIPELINES`) and a ComfyUI recipe (`nodes.backend.recipes`)
refer to a row and add only how the model is called there. `rewriting` reads the wording.

A new family is a new row here, and one row in either table for every way to run it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Family:
    """One family of painters.

    Parameters
    ----------
    edits
        How it changes an image. "instruction": it reads the image and a sentence. "noise": it reads
        a description of the result and paints over the image with noise (image-to-image, inpaint).
    keep, keep_zh
        What follows an English and a Chinese instruction to say what stays, with a field {keep};
        "" for painters that read descriptions.
    instruction
        The whole text of an edit. {change}: what changes and what stays. {base}: the name of the
        image to change. {result}: a description of the result.
    reference
        The name of an image in an instruction, with a field {n}, its number from 1, or {i}, from 0.
        "": as users and plans call it, "picture 2".
    base_first
        Whether the image to change comes before the others, because the result has the size of
        the first. False: images come in the order in which users number them.
    boxes
        Whether it reads a table of boxes after the text; see `request.layout_rows`.
    max_words
        An instruction of more English words names no single things that stay. None: the guide gives
        no limit.
    guide
        Address of the maker's text from which the wording comes; "": no guide read.
    keywords
        Whether details are added as keywords instead of phrases: its text encoder is CLIP alone.
    area
        Number of pixels of its training images; it paints as many.
    multiple
        Width and height are multiples of this number of pixels.
    max_images
        How many images it reads at most.
    min_side
        Both sides of an image that it reads have at least this number of pixels.
    """

    edits: Literal["instruction", "noise"]
    keep: str = ""
    keep_zh: str = ""
    instruction: str = "{change}"
    reference: str = ""
    base_first: bool = False
    boxes: bool = False
    max_words: int | None = None
    guide: str = ""
    keywords: bool = False
    area: int = 1024 * 1024
    multiple: int = 16
    max_images: int = 1
    min_side: int = 1


_PLAIN = Family("instruction", ". Keep {keep} unchanged.", "。保持{keep}不变。")
_QWEN = Family(
    "instruction",
    ", keep {keep} unchanged.",
    "，保持{keep}不变。",
    guide="https://github.com/QwenLM/Qwen-Image/blob/main/src/examples/tools/prompt_utils.py",
    multiple=32,
    max_images=3,
)
_FLUX2 = Family(
    "instruction",
    ", keep {keep} exactly the same.",
    "，{keep}完全不变。",
    max_words=80,  # the system prompt of its prompt upsampler
    guide="https://github.com/black-forest-labs/flux2/blob/main/src/flux2/system_messages.py",
    max_images=10,
    min_side=64,
)

FAMILIES: dict[str, Family] = {
    # For a painter of an unknown family.
    "plain": _PLAIN,
    "sd": Family("noise", keywords=True, area=512 * 512, multiple=8),
    "sdxl": Family("noise", keywords=True, multiple=8),
    "sd3": Family("noise"),
    "flux": Family("noise"),
    "chroma": Family("noise"),
    "lumina2": Family("noise"),
    "z-image": Family(
        "noise", guide="https://huggingface.co/Tongyi-MAI/Z-Image-Turbo/discussions/8"
    ),
    "hidream": Family("noise"),
    "kontext": Family(
        "instruction",
        " while keeping {keep} unchanged.",
        "，同时保持{keep}不变。",
        max_images=3,
    ),
    "flux2": _FLUX2,
    "flux2-klein": replace(
        _FLUX2,
        reference="image {n}",
        guide="https://docs.bfl.ai/guides/prompting_editing_overview",
        max_images=4,
    ),
    "flux3": Family(
        "instruction",
        ". Keep {keep} completely unchanged.",
        "。保持{keep}完全不变。",
        instruction="In {base}, {change}",
        reference="<ref_image_{i}>",
        base_first=True,
        boxes=True,
        guide="https://docs.bfl.ai/flux_3/flux3_image_bounding_boxes",
        max_images=10,
        min_side=256,
    ),
    "qwen": _QWEN,
    "qwen-image": Family("noise", multiple=32),
    "qwen-2.1": replace(
        _QWEN,
        reference="<image{n}>",
        base_first=True,
        guide="https://github.com/QwenLM/Qwen-Image-2.1",
        max_images=10,
    ),
    "firered": replace(
        _QWEN,
        reference="image {n}",
        max_words=512,
        guide="https://github.com/FireRedTeam/FireRed-Image-Edit",
    ),
    "joyai": replace(_PLAIN, guide="https://github.com/jd-opensource/JoyAI-Image"),
    "mage-flow": replace(
        _PLAIN,
        reference="image {n}",
        base_first=True,
        guide="https://github.com/microsoft/Mage/blob/main/mage_flow/README.md",
        max_images=16,
    ),
    "longcat": replace(
        _QWEN, guide="https://github.com/meituan-longcat/LongCat-Image", multiple=16, max_images=1
    ),
    "hidream-e1": replace(_PLAIN, guide="https://github.com/HiDream-ai/HiDream-E1"),
    "hidream-e1-full": replace(
        _PLAIN,
        instruction="Editing Instruction: {change} Target Image Description: {result}",
        guide="https://github.com/HiDream-ai/HiDream-E1",
        area=768 * 768,
    ),
    "hidream-o1": replace(
        _PLAIN,
        reference="image {n}",
        base_first=True,
        guide="https://github.com/HiDream-ai/HiDream-O1-Image",
        area=2048 * 2048,
        multiple=32,
        max_images=10,
    ),
    "omnigen2": replace(
        _PLAIN,
        reference="image {n}",
        guide="https://github.com/VectorSpaceLab/OmniGen2#-usage-tips",
        max_images=3,
        min_side=512,
    ),
    "z-image-omni": replace(_PLAIN, max_images=3),
    "fibo2": replace(_PLAIN, reference="<image_{n}>", base_first=True, max_images=16),
    "moss": replace(_PLAIN, reference="Picture {n}", max_images=9),
    "boogu": replace(
        _PLAIN,
        guide="https://github.com/boogu-project/Boogu-Image/blob/main/boogu/pipelines/boogu/"
        "instruct_reasoner_static_skills.py",
    ),
    "ming": replace(_PLAIN, reference="image {n}", base_first=True, max_images=8),
}
"""The families by name. The names are also the styles that `rewriting.rewrite` takes."""


def paint_size(
    width: int, height: int, family: Family, area: int, *, rescales: bool = False
) -> tuple[int, int]:
    """The size to paint an image of the shape `width` x `height` at.

    Parameters
    ----------
    width, height
        Size of the result in pixels; only its aspect ratio matters.
    family
        Whose multiple both sides must be of.
    area
        Number of pixels to paint at most.
    rescales
        The painter itself resizes every image to `area` pixels, as Qwen-Image-Edit's pipelines do.
        The size is then one that it leaves as it is, and its area is only near `area`.

    Returns
    -------
    (width, height) in pixels: the aspect ratio first, then as many pixels as `area` allows. A shape
    so long that no size of `area` pixels has it gets the smallest square.
    """
    if rescales:
        size = _qwen_size(width / height, area)
        for _ in range(8):  # until its rounding changes nothing more
            size = _qwen_size(size[0] / size[1], area)
        return size
    step, log_ratio = family.multiple, math.log(width / height)
    ideal_width = math.sqrt(area * width / height)
    widths, heights = (
        [max(step, int(side / step + k) * step) for k in (-1, 0, 1)]
        for side in (ideal_width, area / ideal_width)
    )
    sizes = [(w, h) for w in widths for h in heights if w * h <= area]
    if not sizes:
        return step, step
    return min(
        sizes, key=lambda s: 10 * abs(math.log(s[0] / s[1]) - log_ratio) - s[0] * s[1] / area
    )


def _qwen_size(ratio: float, area: int) -> tuple[int, int]:
    """The size that Qwen-Image-Edit's pipelines resize an image of this aspect ratio to."""
    width = math.sqrt(area * ratio)
    return max(32, round(width / 32) * 32), max(32, round(width / ratio / 32) * 32)
