"""README's images, made by the embedded network: `python -m benchmarks.pictures`."""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import wegen_core as wegen

TILE, GAP, LINE = 192, 12, 22
INK, GROUND = "#333a4a", "#ffffff"
Row = list[tuple[str, Image.Image]]


def strip(row: Row) -> Image.Image:
    """Captioned images side by side, scaled up without smoothing."""
    sheet = Image.new("RGB", (len(row) * (TILE + GAP) - GAP, TILE + LINE), GROUND)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=13)
    for i, (caption, image) in enumerate(row):
        left = i * (TILE + GAP)
        sheet.paste(image.resize((TILE, TILE), Image.Resampling.NEAREST), (left, 0))
        pen.text((left + 2, TILE + 4), caption, INK, font)
    return sheet


def variants(copilot: wegen.Copilot, seed: int) -> Row:
    """Four different images of one vague prompt."""
    prompt = "a boat"
    images = copilot.generate(prompt, n=4, seed=seed)
    return [(f"“{prompt}”, variant {k}", image) for k, image in enumerate(images, 1)]


def refinements(copilot: wegen.Copilot, seed: int) -> Row:
    """One image, changed by three sentences."""
    prompt = "a blue boat on the left and a green tree on the right, by the sea"
    image = copilot.generate(prompt, seed=seed)[0]
    row = [("drawn from one sentence", image)]
    for instruction in ("remove the tree", "make the boat red", "move the boat to the middle"):
        image = copilot.refine(image, instruction, seed=seed).image
        row.append((f"“{instruction}”", image))
    return row


def composition(copilot: wegen.Copilot, seed: int) -> Row:
    """A thing from one image in another."""
    first = copilot.generate("an orange cat on the left and a star on the right, at night")[0]
    second = copilot.generate("a red house on the right, on grass, in the sunshine")[0]
    instruction = "put the cat from picture 1 into picture 2"
    composed = copilot.compose([first, second], instruction, seed=seed).image
    return [("picture 1", first), ("picture 2", second), ("“put the cat from 1 into 2”", composed)]


def main() -> None:
    """Draw and write the images."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs"))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    copilot = wegen.load()
    for make in (variants, refinements, composition):
        path = options.out / f"{make.__name__}.png"
        strip(make(copilot, options.seed)).save(path, optimize=True)
        print(path)


if __name__ == "__main__":
    main()
