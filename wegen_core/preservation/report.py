"""What `preserve` did and how sure it is, as a record, as text and as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from PIL import Image

from . import array_backend as filters
from .image_forms import mask_array


@dataclass(frozen=True)
class Report:
    """decision: "lock" (changes laid on the original pixels) or "pass" (edited returned as it is).

    scale, shift, rotation: how the editor moved the picture, beyond the resize between the two
    sizes: factors (x, y), source pixels (x, y), degrees. residual: remaining misfit, source
    pixels. colour_shift: of middle grey per channel (R, G, B), in 8-bit levels. noise: what the
    editor added to flat areas, standard deviation in levels. changed: share of the picture,
    0..1. confidence: how well the kept part fits the source, 0..1. psnr_before, psnr_after: of
    the unchanged part against the source, dB (infinite when bit-exact, None when there is no
    such part), of the plainly resized edited picture and of the result.
    """

    decision: Literal["lock", "pass"]
    reason: str
    scale: tuple[float, float] = (1.0, 1.0)
    shift: tuple[float, float] = (0.0, 0.0)
    rotation: float = 0.0
    residual: float = 0.0
    colour_shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    noise: float = 0.0
    changed: float = 0.0
    confidence: float = 1.0
    psnr_before: float | None = None
    psnr_after: float | None = None

    def to_json(self) -> str:
        """One JSON object; an infinite PSNR is the string "inf", so that every reader takes it."""
        record: dict[str, Any] = {
            key: "inf" if isinstance(value, float) and math.isinf(value) else value
            for key, value in asdict(self).items()
        }
        return json.dumps(record)

    def __str__(self) -> str:
        lines = [f"{self.decision}: {self.reason}"]
        if self.decision == "lock":
            lines.append(
                f"changed {self.changed:.1%} of the picture; "
                f"unchanged part {_db(self.psnr_before)} before, {_db(self.psnr_after)} after"
            )
        moved = (
            f"the picture by {self.shift[0]:+.2f}, {self.shift[1]:+.2f} px, "
            f"scale {self.scale[0]:.4f} x {self.scale[1]:.4f}, rotation {self.rotation:+.2f} deg"
        )
        far = (*self.shift, self.rotation, *(100 * (scale - 1) for scale in self.scale))
        if max(map(abs, far)) < 0.005:
            moved = "nothing"
        lines.append(f"the editor moved {moved} (residual {self.residual:.2f} px)")
        shift = ", ".join(f"{c:+.1f}" for c in self.colour_shift)
        lines.append(
            f"colour shift (R, G, B) {shift} levels, noise {self.noise:.1f}; "
            f"confidence {self.confidence:.0%}"
        )
        return "\n".join(lines)


def drift_image(drift: np.ndarray, change_mask: Any) -> Image.Image:
    """`Preserved.drift` as a heat map, black to yellow, the edge of `Preserved.change_mask` drawn
    in cyan: an RGB picture of the size of `drift`."""
    mask = filters.resize(mask_array(change_mask), drift.shape) > 0.5
    # A drift of 32 levels is already plain to see.
    heat = np.clip(drift.astype(np.float32) / 32, 0, 1)[..., None]
    rgb = np.clip(heat * [3.0, 1.5, 0.5] - [0.0, 0.5, 0.25], 0, 1) * 255
    edge = filters.grow(mask, 1) & ~filters.shrink(mask, 1)
    rgb[edge] = (0, 255, 255)
    return Image.fromarray(rgb.astype(np.uint8))


def opencv_hint() -> list[str]:
    """One line that says what to install where OpenCV is missing; none where it is there."""
    if filters.cv2 is not None:
        return []
    return [
        "OpenCV is not installed; this is several times faster with it: "
        "pip install opencv-python-headless"
    ]


def _db(value: float | None) -> str:
    if value is None:
        return "-"
    return "bit-exact" if math.isinf(value) else f"{value:.1f} dB"
