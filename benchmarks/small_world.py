"""Does the embedded network know its own world? `python -m benchmarks.small_world FILES`.

Prints the reconstruction error of its VAE on drawn scenes (as drawn, resized, compressed, squeezed,
refined), on images that are not scenes, and on the photographs, and the share of each set that is
taken for the wrong kind at the threshold in its `config.json`.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from wegen_core.images.files import open_image
from wegen_core.loading import load_network
from wegen_core.playground import samples as world

SIDE = 64


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    """`image` after JPEG compression."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def scenes(count: int, rng: np.random.Generator) -> dict[str, list[Image.Image]]:
    """Drawn scenes, as users pass them on."""
    drawn = [world.draw(world.sample(rng)) for _ in range(count)]
    return {
        "drawn": drawn,
        "drawn, 512 pixels": [image.resize((512, 512)) for image in drawn],
        "drawn, 32 pixels": [image.resize((32, 32)) for image in drawn],
        "drawn, 16:9": [image.resize((160, 90)) for image in drawn],
        "drawn, JPEG 75": [jpeg(image, 75) for image in drawn],
        "drawn, JPEG 40": [jpeg(image, 40) for image in drawn],
    }


def others(count: int, rng: np.random.Generator) -> dict[str, list[Image.Image]]:
    """Simple images that are not scenes."""

    def colour() -> tuple[int, ...]:
        return tuple(map(int, rng.integers(0, 256, 3)))

    def gradient() -> Image.Image:
        ends = rng.integers(0, 256, (2, 3))
        ramp = np.linspace(0, 1, SIDE)[:, None, None]
        values = ends[0] * (1 - ramp) + ends[1] * ramp + np.zeros((SIDE, SIDE, 3))
        return Image.fromarray(values.astype(np.uint8))

    def discs() -> Image.Image:
        image = Image.new("RGB", (SIDE, SIDE), colour())
        pen = ImageDraw.Draw(image)
        for _ in range(4):
            x, y, size = map(int, rng.integers((0, 0, 8), (50, 50, 30)))
            pen.ellipse((x, y, x + size, y + size), fill=colour())
        return image

    noise = rng.integers(0, 256, (count, SIDE, SIDE, 3), np.uint8)
    return {
        "one colour": [Image.new("RGB", (SIDE, SIDE), colour()) for _ in range(count)],
        "a gradient": [gradient() for _ in range(count)],
        "four discs": [discs() for _ in range(count)],
        "noise": [Image.fromarray(values) for values in noise],
    }


def main() -> None:
    """Print a line for each set of images."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photographs", type=Path, nargs="*", help="image files")
    parser.add_argument("--count", type=int, default=200, help="images of each drawn set")
    options = parser.parse_args()
    net, rng = load_network(), np.random.default_rng(1)
    limit = net.config.max_vae_error
    if limit is None:
        parser.error("this network has no threshold")
    photographs = {}
    if options.photographs:
        images = [open_image(path).convert("RGB") for path in options.photographs]
        blurred = [image.resize((24, 24)).resize((SIDE, SIDE)) for image in images]
        photographs = {"photographs": images, "photographs, blurred": blurred}
    print(f"threshold {limit}")
    print(f"{'set':<22}{'images':>7}{'least':>9}{'median':>9}{'largest':>9}{'wrong':>9}")
    inside = scenes(options.count, rng)
    for name, images in {**inside, **others(options.count, rng), **photographs}.items():
        errors = np.array([float(net.vae_error([image])[0]) for image in images])
        wrong = ((errors <= limit) != (name in inside)).mean()
        figures = f"{errors.min():9.4f}{np.median(errors):9.4f}{errors.max():9.4f}{wrong:9.1%}"
        print(f"{name:<22}{len(images):7}{figures}")


if __name__ == "__main__":
    main()
