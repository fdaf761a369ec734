"""Runs `workflows/*.json` and writes the thumbnails beside them from the pictures they make.

    python tests/comfyui/make_thumbnails.py 127.0.0.1:8188

needs a running ComfyUI that has this pack.
"""

from __future__ import annotations

import sys
from typing import Any

from comfy_server import PACK, ComfyClient, Outcome
from graphs import from_workflow
from PIL import Image, ImageDraw, ImageFont

SIZE, CAPTION = 512, 30
WORDS = ("prompt", "instruction", "message")


def tiles(
    client: ComfyClient, graph: dict[str, Any], outcome: Outcome
) -> list[tuple[Image.Image, str]]:
    """The pictures shown, each with the words that made it."""
    found = []
    for name, node in graph.items():
        if node["class_type"] in ("PreviewImage", "SaveImage"):
            maker = graph[node["inputs"]["images"][0]]["inputs"]
            said = next(maker[w] for w in WORDS if w in maker)
            said = said if isinstance(said, str) else graph[said[0]]["inputs"]["prompt"]
            found += [(picture, said) for picture in client.pictures(outcome, [name])]
    return found


def sheet(shown: list[tuple[Image.Image, str]]) -> Image.Image:
    """Up to four captioned pictures on one square."""
    canvas = Image.new("RGB", (SIZE, SIZE), "#202020")
    draw = ImageDraw.Draw(canvas)
    columns = 1 if len(shown) == 1 else 2
    cell = SIZE // columns
    rows = -(-len(shown) // columns)
    for i, (picture, said) in enumerate(shown):
        row = i // columns
        in_row = min(columns, len(shown) - row * columns)
        left = (SIZE - in_row * cell) // 2 + (i % columns) * cell
        top = (SIZE - rows * cell) // 2 + row * cell
        side = cell - CAPTION
        large = picture.convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
        canvas.paste(large, (left + CAPTION // 2, top))
        middle = (left + cell // 2, top + side + CAPTION // 2)
        draw.text(middle, said, "white", _font(draw, said, cell - 8), anchor="mm")
    return canvas


def _font(draw: ImageDraw.ImageDraw, said: str, width: int) -> Any:
    sizes = (ImageFont.load_default(size) for size in range(18, 5, -1))
    return next(f for f in sizes if draw.textlength(said, f) <= width or f.size <= 6)


def main(address: str) -> None:
    client = ComfyClient(address)
    object_info = client.get("object_info").json()
    for path in sorted((PACK / "workflows").glob("*.json")):
        graph = from_workflow(path, object_info)
        outcome = client.run(graph)
        if outcome.end != "execution_success":
            raise SystemExit(f"{path.name}: {outcome.end} {outcome.message}")
        sheet(tiles(client, graph, outcome)).save(path.with_suffix(".jpg"), quality=88)
        print(path.stem)


if __name__ == "__main__":
    main(sys.argv[1])
