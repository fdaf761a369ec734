"""The clause that tells a painter what an edit must not change, in its family's wording."""

from __future__ import annotations

from ..constraints.edit_scope import edit_scope
from ..constraints.parser import parse
from ..constraints.requests import read_request
from ..painting.families import Family
from ..records.plan import Scope
from .facets import hash_to_unit

# Scope of the plan -> what stays, in English and Chinese; all rows of a scope mean the same.
_STAYS: dict[Scope, tuple[tuple[str, str], ...]] = {
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
}
# The same where something of one image is put into another.
_STAYS_COMPOSED = (
    (
        "the look of what is taken over and the rest of the picture",
        "取用物体的外观和画面的其余部分",
    ),
    ("its appearance and everything else in the picture", "它的外观和画面中的其他一切"),
    ("its shape and colours, and the rest of the scene", "它的形状、颜色和场景的其余部分"),
)


def keep_clause(instruction: str, k: int, seed: int, family: Family, zh: bool) -> str:
    """Return what variant `k` adds to the instruction about what stays.

    "" if the family takes no such clause or the instruction has one itself.
    """
    template = family.keep_zh if zh else family.keep
    parsed = parse(instruction)
    if not template or parsed.kept_words:
        return ""
    images = {number for numbers in parsed.values("picture") for number in numbers}
    scope = edit_scope(read_request(instruction).changes) or "local"
    rows = _STAYS_COMPOSED if len(images) > 1 else _STAYS[scope]
    order = sorted(range(len(rows)), key=lambda row: hash_to_unit(seed, "stays", row))
    words = rows[order[k % len(rows)]][1 if zh else 0]
    return template.format(keep=words)
