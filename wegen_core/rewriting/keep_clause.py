"""Edit instructions: what changes AND what stays, in the form the chosen painter likes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..constraints.parser import read
from .facets import unit


@dataclass(frozen=True)
class Family:
    """How one painter family likes its words: how an edit and what stays are joined.

    keep: template with {keep}, said after an English instruction; "" for painters that take a
    description of the target only. keep_zh: the same for Chinese.
    """

    keep: str
    keep_zh: str


FAMILIES: dict[str, Family] = {
    "plain": Family(". Keep {keep} unchanged.", "。保持{keep}不变。"),
    "kontext": Family(" while keeping {keep} unchanged.", "，同时保持{keep}不变。"),
    "flux2": Family(", keep {keep} exactly the same.", "，{keep}完全不变。"),
    "qwen": Family(", keep {keep} unchanged.", "，保持{keep}不变。"),
    "sdxl": Family("", ""),
}

# scope -> what stays, in English and Chinese; every row says the same thing in other words.
_STAYS: dict[str, tuple[tuple[str, str], ...]] = {
    "local": (
        ("everything else", "其他部分"),
        ("the rest of the picture", "画面的其余部分"),
        ("everything else, the composition and the lighting", "其他部分、构图和光线"),
        ("all other objects, the background and the light", "其他物体、背景和光线"),
        ("every other detail and the camera view", "其他细节和视角"),
        ("the background, the framing and all other things", "背景、取景和其他一切"),
    ),
    "background": (
        ("the subject in the foreground", "前景主体"),
        ("the subject, its pose and its size", "主体及其姿势和大小"),
        ("everything in the foreground and the framing", "前景的一切和取景"),
        ("the subject, its place in the frame and its details", "主体、其位置和细节"),
    ),
    "global": (
        ("the composition and what is shown", "构图和画面内容"),
        ("every object and its place", "每个物体及其位置"),
        ("the subjects, their shapes and the framing", "主体、形状和取景"),
        ("the layout and all things in it", "布局和其中的一切"),
    ),
    "compose": (
        (
            "the look of what is taken over and the rest of the picture",
            "取用物体的外观和画面的其余部分",
        ),
        ("its appearance and everything else in the picture", "它的外观和画面中的其他一切"),
        ("its shape and colours, and the rest of the scene", "它的形状、颜色和场景的其余部分"),
    ),
}
_GLOBAL = re.compile(
    r"(?:make|turn|convert|transform|render|style|change|paint|set|darken|brighten|blur|sharpen) "
    r"(?:it|this|that|everything|(?:the |this )?(?:whole )?(?:picture|image|photo|scene|"
    r"painting|style"
    r"|weather|season|time|lighting|light|mood))\b|风格|整张|整个画面|全图|天气|季节|光线",
    re.IGNORECASE,
)
_BACKGROUND = re.compile(r"\bback(?:ground|drop)\b|背景", re.IGNORECASE)


def scope(instruction: str) -> str:
    """What an instruction reaches: "local", "background", "global" or "compose"."""
    reading = read(instruction)
    pictures = {n for numbers in reading.values("picture") for n in numbers}
    if len(pictures) > 1:
        return "compose"
    if _BACKGROUND.search(instruction):
        return "background"
    return "global" if _GLOBAL.search(instruction) or reading.values("style") else "local"


def what_stays(instruction: str, k: int, seed: int, family: Family, zh: bool) -> str:
    """What variant `k` says after the instruction about what stays; "" where it says so itself."""
    template = family.keep_zh if zh else family.keep
    if not template or read(instruction).kept:
        return ""
    rows = _STAYS[scope(instruction)]
    order = sorted(range(len(rows)), key=lambda row: unit(seed, "stays", row))
    words = rows[order[k % len(rows)]][1 if zh else 0]
    return template.format(keep=words)
