"""Runs the workflows that need no model, and writes the thumbnails from the pictures they make.

    COMFYUI_PATH=/path/to/ComfyUI python -m tests.comfyui.make_thumbnails

starts that ComfyUI with this pack (see `comfy_server` for COMFYUI_PATH and COMFYUI_PYTHON).
"""

from __future__ import annotations

import tempfile
import textwrap
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

from tests.support.comfy_server import (
    PACK,
    ComfyClient,
    ComfyServer,
    Outcome,
    installations,
    interpreter,
)
from tests.support.graphs import at_its_own_size, from_workflow

SIZE, CAPTION = 512, 44
WORDS = ("prompt", "instruction", "message")
IDEAS = {
    "wegen-08-prompts-for-sdxl": ("wegen-02-four-pictures-of-a-vague-wish", slice(4)),
    "wegen-09-refine-with-qwen-image-edit": ("wegen-03-refine-in-three-steps", slice(2)),
    "wegen-10-refine-with-flux-2": ("wegen-03-refine-in-three-steps", slice(2, 4)),
    "wegen-11-compose-with-qwen-image-edit-plus": (
        "wegen-04-compose-from-two-pictures",
        slice(3),
    ),
    "wegen-12-chat-with-ollama-and-sdxl": ("wegen-05-chat", slice(2)),
    "wegen-14-refine-with-qwen-image-2-1": ("wegen-03-refine-in-three-steps", slice(2)),
    "wegen-15-refine-with-flux-3-klein": ("wegen-03-refine-in-three-steps", slice(2, 4)),
}
"""Examples that need the user's models -> the one, and its pictures, that show the same idea."""
IDEA, STRIP = "the idea, drawn by the built-in model", 30


def tiles(
    client: ComfyClient, graph: dict[str, Any], outcome: Outcome
) -> list[tuple[Image.Image, str]]:
    """The pictures under a title, if any has one; else all, each with the words that made it."""
    shown = {n: v for n, v in graph.items() if v["class_type"] in ("PreviewImage", "SaveImage")}
    titled = {n: v["_meta"]["title"] for n, v in shown.items() if "_meta" in v}
    captions = titled or {n: _words(graph, v) for n, v in shown.items()}
    return [(p, said) for n, said in captions.items() for p in client.pictures(outcome, [n])]


def _words(graph: dict[str, Any], node: dict[str, Any]) -> str:
    maker = graph[node["inputs"]["images"][0]]["inputs"]
    said = next(maker[w] for w in WORDS if w in maker)
    return said if isinstance(said, str) else graph[said[0]]["inputs"]["prompt"]


def sheet(shown: list[tuple[Image.Image, str]], note: str = "") -> Image.Image:
    """Up to four captioned pictures on one square; note: a line under all of them."""
    canvas = Image.new("RGB", (SIZE, SIZE), "#202020")
    draw = ImageDraw.Draw(canvas)
    columns = 1 if len(shown) == 1 else 2
    height = SIZE - STRIP if note else SIZE
    cell = height // columns
    rows = -(-len(shown) // columns)
    for i, (picture, said) in enumerate(shown):
        row = i // columns
        in_row = min(columns, len(shown) - row * columns)
        left = (SIZE - in_row * cell) // 2 + (i % columns) * cell
        top = (height - rows * cell) // 2 + row * cell
        side = cell - CAPTION
        large = ImageOps.pad(picture.convert("RGB"), (side, side), color="#202020")
        canvas.paste(large, (left + CAPTION // 2, top))
        middle = (left + cell // 2, top + side + CAPTION // 2)
        font, lines = _caption(draw, said, cell - 8)
        draw.multiline_text(middle, lines, "white", font, anchor="mm", align="center")
    place = (SIZE // 2, SIZE - STRIP // 2)
    draw.text(place, note, "#a0a0a0", ImageFont.load_default(15), anchor="mm")
    return canvas


def _caption(draw: ImageDraw.ImageDraw, said: str, width: int) -> tuple[Any, str]:
    """The largest font in which `said` fits into two lines, and these."""
    for size in range(17, 9, -1):
        font = ImageFont.load_default(size)
        letters = int(len(said) * width / draw.textlength(said, font))
        lines = textwrap.wrap(said, letters)
        if len(lines) <= 2 and all(draw.textlength(line, font) <= width for line in lines):
            break
    return font, "\n".join(lines[:2])


def draw_all(client: ComfyClient) -> None:
    object_info = client.get("object_info").json()
    shown = {}
    paths = (PACK / "workflows").glob("wegen-*.json")
    for path in sorted(path for path in paths if path.stem not in IDEAS):
        graph = at_its_own_size(from_workflow(path, object_info))
        outcome = client.run(graph)
        if outcome.end != "execution_success":
            raise SystemExit(f"{path.name}: {outcome.end} {outcome.message}")
        shown[path.stem] = tiles(client, graph, outcome)
        sheet(shown[path.stem]).save(path.with_suffix(".jpg"), quality=88)
        print(path.stem)
    for name, (same, some) in IDEAS.items():
        sheet(shown[same][some], IDEA).save(PACK / "workflows" / f"{name}.jpg", quality=88)


def main() -> None:
    found = installations()
    if not found:
        raise SystemExit("no ComfyUI found: set COMFYUI_PATH to its folder")
    with tempfile.TemporaryDirectory() as base:
        server = ComfyServer(found[0], interpreter(found[0]), Path(base))
        server.start({"ComfyUI-WeGen": PACK})
        try:
            draw_all(server)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
