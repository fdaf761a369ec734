"""An editor that is simulated, so that the truth is known to the pixel, and random image pairs."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image
from scipy import ndimage

from wegen_core.playground.samples import Scene, Thing, draw, sample
from wegen_core.preservation import preserve

GLOBAL_EDITS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "black and white": lambda a: np.repeat(a.mean(axis=2, keepdims=True), 3, axis=2),
    "night": lambda a: a * [0.3, 0.35, 0.55],
    "posterised": lambda a: np.rint(a / 85) * 85,
    "negative": lambda a: 255 - a,
    "zoomed": lambda a: ndimage.zoom(a, (1.7, 1.7, 1), order=1)[: a.shape[0], : a.shape[1]],
}


def simulate_editor(
    image: np.ndarray, rng: np.random.Generator, drift: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """uint8 [H,W,3] as an editor would return it, and the true 3x3 from source to edited pixel.

    drift: 0 leaves the geometry alone, 1 moves it by up to a few percent.
    """
    height, width = image.shape[:2]
    zoom = 1 + drift * rng.uniform(-0.04, 0.04)
    angle = np.deg2rad(drift * rng.uniform(-0.5, 0.5))
    matrix = np.eye(3)
    matrix[:2, :2] = zoom * np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    )
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    shift = drift * rng.uniform(-0.025, 0.025, 2) * [width, height]
    matrix[:2, 2] = centre - matrix[:2, :2] @ centre + shift
    back = np.linalg.inv(matrix)
    y, x = np.mgrid[:height, :width]
    points = (
        back[1, 0] * x + back[1, 1] * y + back[1, 2],
        back[0, 0] * x + back[0, 1] * y + back[0, 2],
    )
    moved = np.stack(
        [
            ndimage.map_coordinates(
                image[..., c].astype(np.float32), points, order=3, mode="mirror"
            )
            for c in range(3)
        ],
        axis=2,
    )
    value = np.clip(moved / 255, 0, 1) ** (1 + rng.uniform(-0.05, 0.05, 3))
    value = value * (1 + rng.uniform(-0.04, 0.04, 3)) * 255 + rng.uniform(-4, 4, 3)
    value = ndimage.gaussian_filter(value, (rng.uniform(0.3, 0.7),) * 2 + (0,))
    value += rng.normal(0, rng.uniform(0.5, 1.5), value.shape)
    file = io.BytesIO()
    to_image(value).save(file, "JPEG", quality=int(rng.integers(75, 93)))
    return np.asarray(Image.open(file).convert("RGB")), matrix


def to_image(values: np.ndarray) -> Image.Image:
    """[H,W,3] in 0..255 -> an RGB image."""
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def corner_error(transform: np.ndarray, truth: np.ndarray, size: tuple[int, int]) -> float:
    """Mean distance, in edited pixels, of the corners of an image of `size` (height, width)."""
    bottom, right = size[0] - 1, size[1] - 1
    corners = np.array([[0, 0, 1], [right, 0, 1], [0, bottom, 1], [right, bottom, 1]]).T
    return float(np.hypot(*((transform @ corners)[:2] - (truth @ corners)[:2])).mean())


def drawing(
    size: int = 96, colour: str = "red", background: str = "grass", second: str = "house"
) -> np.ndarray:
    """A car on the left and a second thing on the right: uint8 [size,size,3], writable."""
    things = (Thing("car", colour, "left"), Thing(second, "blue", "right"))
    return np.array(draw(Scene(background, things), size))


def texture(size: tuple[int, int], sigma: float = 1.5, seed: int = 0) -> np.ndarray:
    """Coloured noise of mean 128 and deviation 50, blurred by `sigma` px: uint8 [H,W,3]."""
    noise = np.random.default_rng(seed).normal(size=(*size, 3))
    noise = ndimage.gaussian_filter(noise, (sigma, sigma, 0))
    return np.clip(128 + 50 * noise / noise.std(), 0, 255).astype(np.uint8)


def random_image(rng: np.random.Generator) -> np.ndarray:
    """A drawing, noise, one colour, a gradient or a line, 1 to 300 pixels a side, any type."""
    height, width = (int(2 ** rng.uniform(0, 8.2)) for _ in range(2))
    shape = height, width, int(rng.choice([1, 3, 4]))
    kind = rng.choice(["drawing", "noise", "colour", "gradient", "line"])
    if kind == "drawing":
        drawn = draw(sample(rng), max(16, height, width)).convert("RGBA")
        values = np.asarray(drawn)[:height, :width, : shape[2]] / 255
    elif kind == "noise":
        values = rng.random(shape)
    elif kind == "gradient":
        values = np.broadcast_to(np.linspace(0, 1, width)[:, None], shape)
    else:
        values = np.full(shape, rng.random())
        if kind == "line":
            values[height // 2] = rng.random()
    white_of = {np.uint8: 255, np.uint16: 65535, np.float32: 1, np.float64: 1}
    dtype = list(white_of)[rng.integers(len(white_of))]
    return (values * white_of[dtype]).astype(dtype)


def check_random_pair(rng: np.random.Generator) -> None:
    """Preserve a random pair of images, sometimes alike, sometimes with a mask.

    AssertionError if the result is not an image, or differs from the source where the change mask
    is 0.
    """
    source = random_image(rng)
    edited = source[::-1] if rng.random() < 0.2 else random_image(rng)
    if rng.random() < 0.3:
        edited = source.copy()
        edited[: 1 + len(edited) // 3, : 1 + edited.shape[1] // 4] = source.max()
    mask = rng.random(source.shape[:2]) < 0.5 if rng.random() < 0.2 else None
    result = preserve(source, edited, mask, scope=rng.choice(["auto", "local"]))
    assert np.isfinite(result.image.astype(float)).all() and result.image.size > 0
    if result.report.decision == "lock":
        unchanged = result.change_mask == 0
        assert result.image.shape == source.shape and result.image.dtype == source.dtype
        assert np.array_equal(result.image[unchanged], source[unchanged])
        assert mask is None or unchanged[~mask].all()
