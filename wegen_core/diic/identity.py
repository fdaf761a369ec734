"""Whether two crops show the same thing: cosine similarity of embeddings of masked crops.

Only the instance is compared, on a plain ground: encoders are fooled by a shared background
(NearID, arXiv 2604.01973).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from PIL import Image

from ..vision.encoder import unit_vectors
from .records import Sighting

GROUND = 128  # grey level around a masked crop


class IdentityModel(Protocol):
    """Turns crops into embeddings whose cosine says how alike they are."""

    name: str
    bounds: tuple[float, float]
    """Similarity of the same thing in another pose: below it is another, above it a copy."""

    def embed(self, crops: Sequence[Image.Image]) -> np.ndarray:
        """float32 [crops, width], each of length 1."""
        ...


class ColourIdentity:
    """Colours and edge directions of a crop; needs no weights, and tells similar things badly."""

    name = "colours and edges"
    bounds = (0.7, 0.995)

    def embed(self, crops: Sequence[Image.Image]) -> np.ndarray:
        """float32 [crops, width], each of length 1."""
        return np.stack([_describe(crop) for crop in crops])


def masked_crop(frame: np.ndarray, sighting: Sighting, margin: float = 0.06) -> Image.Image:
    """A square crop of one instance on grey: RGB."""
    left, top, right, bottom = sighting.box
    side = max(8, round(max(right - left, bottom - top) * (1 + 2 * margin)))
    canvas = np.full((side, side, 3), GROUND, np.uint8)
    part = frame[top:bottom, left:right]
    mask = sighting.mask[top:bottom, left:right]
    y, x = (side - part.shape[0]) // 2, (side - part.shape[1]) // 2
    canvas[y : y + part.shape[0], x : x + part.shape[1]][mask] = part[mask]
    return Image.fromarray(canvas)


def background_crop(frame: np.ndarray, sightings: Sequence[Sighting]) -> Image.Image:
    """The frame with its instances greyed out: RGB."""
    covered = frame.copy()
    for sighting in sightings:
        covered[sighting.mask] = GROUND
    return Image.fromarray(covered)


def _describe(crop: Image.Image) -> np.ndarray:
    small = np.asarray(crop.convert("RGB").resize((48, 48), Image.Resampling.BILINEAR), np.float32)
    weight = (np.abs(small - GROUND).max(2) > 6).astype(np.float32)
    bins = np.clip(small / 256 * 4, 0, 3).astype(int)
    colours = np.bincount(
        (bins[..., 0] * 16 + bins[..., 1] * 4 + bins[..., 2]).ravel(), weight.ravel(), 64
    )
    grey = small.mean(2)
    dy, dx = np.gradient(grey)
    angle = np.floor((np.arctan2(dy, dx) % np.pi) / np.pi * 8).clip(0, 7).astype(int)
    edges = np.bincount(angle.ravel(), (np.hypot(dx, dy) * weight).ravel(), 8)
    parts = [np.sqrt(v / max(1e-6, v.sum())) for v in (colours, edges)]
    return unit_vectors(np.concatenate([parts[0], 0.5 * parts[1]])[None])[0]
