"""What real editors do beside the edit, found on pairs of theirs, simulated on drawings.

They redraw the edges beside a change, render textures in another phase, clip lights, paint things
that agree with the old ones here and there, remove things whose outlines are soft, extend the
canvas, and cut things out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from tests.support.simulated_editor import simulate_editor
from wegen_core.playground.samples import draw, edits, sample


@dataclass(frozen=True)
class Case:
    """An edit by an editor with these habits, and the truth about it.

    Parameters
    ----------
    source, edited, target
        uint8; `target` [H,W,3] is the edit without the editor's drift, in the source's frame.
    matrix
        3x3, source pixel -> edited pixel.
    expected
        The right decision: "lock" or "pass".
    """

    source: np.ndarray
    edited: np.ndarray
    target: np.ndarray
    matrix: np.ndarray
    expected: str

    @property
    def difference(self) -> np.ndarray:
        """What was asked for, levels: int [H,W]."""
        return np.abs(self.source.astype(int) - self.target).max(axis=2)


def case(
    rng: np.random.Generator, size: int, strength: float = 1.0, visibility: float = 1.0
) -> Case:
    """A random case; four in five are local edits.

    strength: how strong the habits are; 1 is usual. visibility: what share of the difference that
    was asked for is painted.
    """
    source, target = _scene(rng, size)
    kind = rng.choice(["local", "extended", "cut out"], p=[0.8, 0.1, 0.1])
    if kind == "extended":
        margin = int(size * rng.uniform(0.06, 0.12))
        inside = (slice(margin, size - margin),) * 2
        edited, matrix = simulate_editor(_rendered(source, rng, strength), rng, 0)
        matrix = matrix @ np.array([[1, 0, margin], [0, 1, margin], [0, 0, 1]])
        return Case(source[inside], edited, source[inside], matrix, "pass")
    if kind == "cut out":
        thing = ndimage.binary_dilation((source != target).any(axis=2), iterations=2)
        edited, matrix = simulate_editor(source, rng, 0)
        edited = np.dstack([edited, np.where(thing, 255, 0).astype(np.uint8)])
        return Case(source, edited, source, matrix, "pass")
    changed = (source != target).any(axis=2)
    source, target = _soft_outlines(source, target, changed, rng, strength)
    target = _agreeing(source, target, changed, rng, strength)
    target = _bytes(source + visibility * (target.astype(np.float32) - source))
    painted = _edges_redrawn(target, changed, rng, strength)
    painted = _rendered(painted, rng, strength)
    # Editors shift colours by up to about 10 levels; this clips the lights.
    painted = np.clip(painted * rng.uniform(1.0, 1 + 0.1 * min(strength, 1.5)), 0, 255)
    edited, matrix = simulate_editor(_bytes(painted), rng, float(rng.integers(0, 2)))
    return Case(source, edited, target, matrix, "lock")


def _scene(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A drawing with smooth edges before and after one edit; two in three have texture."""
    while True:
        scene = sample(rng)
        after = edits(scene, rng, "any")[1]
        if after.background == scene.background:
            break
    a, b = (
        np.asarray(draw(s, 2 * size), np.float32).reshape(size, 2, size, 2, 3).mean(axis=(1, 3))
        for s in (scene, after)
    )
    if rng.random() < 2 / 3:
        old, new = (1 + 0.2 * _noise(rng, (size, size), 1.5)[..., None] for _ in range(2))
        changed = (a != b).any(axis=2, keepdims=True)
        a, b = a * old, np.where(changed, b * new, a * old)
    return _bytes(a), _bytes(b)


def _soft_outlines(
    source: np.ndarray,
    target: np.ndarray,
    changed: np.ndarray,
    rng: np.random.Generator,
    strength: float,
) -> tuple[np.ndarray, np.ndarray]:
    """The old thing casts a soft shadow that goes with it."""
    reach = strength * rng.uniform(0.5, 3)
    shadow = ndimage.gaussian_filter(changed.astype(np.float32), reach)[..., None]
    return _bytes(source * (1 - 0.3 * shadow * ~changed[..., None])), target


def _agreeing(
    source: np.ndarray,
    target: np.ndarray,
    changed: np.ndarray,
    rng: np.random.Generator,
    strength: float,
) -> np.ndarray:
    """In a few small spots of the change, the new thing looks nearly like the old one."""
    spots = (_noise(rng, changed.shape, 2.5) > 2.2 / max(strength, 0.1)) & changed
    mixed = 0.85 * source.astype(np.float32) + 0.15 * target
    return np.where(spots[..., None], _bytes(mixed), target)


def _edges_redrawn(
    image: np.ndarray, changed: np.ndarray, rng: np.random.Generator, strength: float
) -> np.ndarray:
    """Within a few pixels of the change, lines run up to about a pixel aside."""
    near = np.exp(-((ndimage.distance_transform_edt(~changed) / 8) ** 2))
    return _moved(
        image, near * strength * 0.7 * np.stack([_noise(rng, near.shape, 6) for _ in "yx"])
    )


def _rendered(image: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Fine texture in another phase: float [H,W,3]."""
    smooth = ndimage.gaussian_filter(image.astype(np.float32), (1.2, 1.2, 0))
    flow = np.stack([_noise(rng, image.shape[:2], 4) for _ in "yx"])
    return smooth + _moved(image - smooth, 0.4 * strength * rng.random() * flow)


def _moved(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """[H,W,3] sampled beside each pixel by [2,H,W] px."""
    points = np.indices(image.shape[:2]) + flow
    planes = np.moveaxis(image.astype(np.float32), 2, 0)
    return np.stack(
        [ndimage.map_coordinates(p, points, order=1, mode="nearest") for p in planes], 2
    )


def _noise(rng: np.random.Generator, size: tuple[int, ...], sigma: float) -> np.ndarray:
    """Smooth noise of deviation 1."""
    noise = ndimage.gaussian_filter(rng.normal(size=size), sigma)
    return noise / noise.std()


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
