"""What `preserve` did and how sure it is: as a record, as text, as JSON and as an image."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from PIL import Image

from . import array_backend as backend
from .analysis import Analysis
from .image_forms import mask_to_array
from .locality import EditLocality


@dataclass(frozen=True)
class Fidelity:
    """How close pixels are to those of the source.

    Parameters
    ----------
    identical
        Share of pixels that are the source's, bit for bit, 0..1.
    within_2, within_8
        Share of pixels of which no channel differs by more than that many 8-bit levels, 0..1.
    mean
        Mean, over the pixels, of the largest difference of a channel, levels.
    """

    identical: float
    within_2: float
    within_8: float
    mean: float

    @classmethod
    def of(cls, difference: np.ndarray, count: int | None = None) -> Fidelity:
        """Summarise the largest differences of pixels, in levels.

        count: how many pixels there are in all, those beyond `difference` being identical; None:
        no more. At least one.
        """
        count = difference.size if count is None else count
        exact, near, far = ((difference > limit).sum() / count for limit in (0, 2, 8))
        mean = difference.sum(dtype=np.float64) / count
        return cls(float(1 - exact), float(1 - near), float(1 - far), float(mean))

    def __str__(self) -> str:
        """Shares and mean, in the order of the fields."""
        shares = (_percent(s) for s in (self.identical, self.within_2, self.within_8))
        return f"{' / '.join(shares)} (mean {self.mean:.2f})"


OUTSIDE_MASK = "what changed lies outside the mask"
"""The reason where a mask leaves nothing of a change."""


@dataclass(frozen=True)
class Report:
    """What `preserve` did, and what it measured.

    Parameters
    ----------
    decision
        "lock": composited, the changes were laid on the original pixels. "pass": passed through,
        the edited image was returned as it is.
    reason
        For the decision, in words.
    scale
        Factors (x, y) by which the editor enlarged the image, beyond the resize of the sizes.
    shift
        Source pixels (x, y) by which it moved the image's centre.
    rotation
        Degrees by which it turned the image.
    residual
        Median misfit that registration leaves, source pixels.
    colour_shift
        What the editor did to middle grey (R, G, B), 8-bit levels.
    noise
        Standard deviation of what it added to flat areas, levels.
    changed
        Share of the image that changed, 0..1.
    enlargement
        Source pixels per edited pixel, along a side. Above 1, the change is less sharp than the
        source around it.
    confidence
        About how likely this result is right, 0..1.
    check
        What to look at where the confidence is low; else empty.
    psnr_before, psnr_after
        Of the unchanged part against the source, dB: of the plainly resized edited image and of the
        result. The soft edge of the change counts as unchanged; beyond it the result is bit-exact.
        Infinite where bit-exact, None where there is no such part.
    fidelity_before, fidelity_after
        Of the unchanged part, as `psnr_before` and `psnr_after`. Before: at the size at which the
        images were compared, at most a megapixel. None for an edit that is passed through.
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
    enlargement: float = 1.0
    confidence: float = 1.0
    check: str = ""
    psnr_before: float | None = None
    psnr_after: float | None = None
    fidelity_before: Fidelity | None = None
    fidelity_after: Fidelity | None = None

    def to_json(self) -> str:
        """One JSON object. An infinite PSNR is the string "inf", which every JSON reader takes."""
        record: dict[str, Any] = {
            key: "inf" if isinstance(value, float) and math.isinf(value) else value
            for key, value in asdict(self).items()
        }
        return json.dumps(record)

    def __str__(self) -> str:
        """A few lines for people."""
        lines = [f"{self.decision}: {self.reason}"]
        if self.decision == "lock":
            after = _decibels(self.psnr_after)
            if self.psnr_after is not None and math.isfinite(self.psnr_after):
                after += " with the soft edge of the change, bit-exact beyond it"
            lines.append(
                f"changed {self.changed:.1%} of the image; "
                f"unchanged part {_decibels(self.psnr_before)} before; after: {after}"
            )
        if self.fidelity_before is not None and self.fidelity_after is not None:
            lines.append(
                "of its pixels identical / within 2 / within 8 levels: "
                f"{self.fidelity_before} before, {self.fidelity_after} after"
            )
        if self.decision == "lock" and self.changed and self.enlargement > 1.1:
            lines.append(
                f"the change was enlarged {self.enlargement:.1f} times, so it is less sharp than "
                "the image; edit a crop of the image to keep it sharp"
            )
        moved = (
            f"the image by {self.shift[0]:+.2f}, {self.shift[1]:+.2f} px, "
            f"scale {self.scale[0]:.4f} x {self.scale[1]:.4f}, rotation {self.rotation:+.2f} deg"
        )
        motion = (*self.shift, self.rotation, *(100 * (scale - 1) for scale in self.scale))
        if max(map(abs, motion)) < 0.005:  # all of it would be printed as 0
            moved = "nothing"
        lines.append(f"the editor moved {moved} (residual {self.residual:.2f} px)")
        shift = ", ".join(f"{c:+.1f}" for c in self.colour_shift)
        lines.append(
            f"colour shift (R, G, B) {shift} levels, noise {self.noise:.1f}; "
            f"confidence {self.confidence:.0%}"
        )
        if self.check:
            lines.append(f"look at this result: {self.check}")
        return "\n".join(lines)


def build_report(
    analysis: Analysis,
    decision: Literal["lock", "pass"],
    locality: EditLocality,
    psnr_after: float | None = None,
    fidelity_after: Fidelity | None = None,
) -> Report:
    """Make the report on an analysed pair; the last two are those of a composited result."""
    motion, (height, width) = analysis.motion, analysis.registration.size
    centre = np.array([(width - 1) / 2, (height - 1) / 2, 1.0])
    shift = (motion @ centre - centre)[:2]
    matrix, psnr_before = analysis.registration.matrix, analysis.psnr_before
    return Report(
        decision,
        locality.reason,
        scale=(math.hypot(motion[0, 0], motion[1, 0]), math.hypot(motion[0, 1], motion[1, 1])),
        shift=(float(shift[0]), float(shift[1])),
        rotation=math.degrees(math.atan2(motion[1, 0], motion[0, 0])),
        residual=analysis.registration.residual,
        colour_shift=analysis.grey_shift,
        noise=analysis.noise_floor,
        changed=float(analysis.mask.mean()) if decision == "lock" else 1.0,
        enlargement=1 / math.sqrt(abs(float(np.linalg.det(matrix[:2, :2])))),
        confidence=locality.confidence,
        check=locality.check,
        psnr_before=psnr_before,
        psnr_after=psnr_after if decision == "lock" else psnr_before,
        fidelity_before=_fidelity_before(analysis) if decision == "lock" else None,
        fidelity_after=fidelity_after,
    )


def _fidelity_before(analysis: Analysis) -> Fidelity | None:
    """Fidelity of the plainly resized edited image where nothing changed; None: nowhere."""
    unchanged = analysis.valid & ~analysis.mask
    if not unchanged.any():
        return None
    a, b = analysis.source, backend.resize(analysis.edited, unchanged.shape)
    difference = backend.channel_max(np.maximum(a, b) - np.minimum(a, b))
    return Fidelity.of(difference[unchanged])


def drift_image(drift: np.ndarray, change_mask: Any) -> Image.Image:
    """Show where the editor drifted, and what was taken from it.

    Parameters
    ----------
    drift
        uint8 [h,w] in levels: `Preserved.drift`.
    change_mask
        `Preserved.change_mask`, in any of its forms.

    Returns
    -------
    An RGB image of the size of `drift`: a heat map from black to yellow, and the edge of the change
    mask in cyan.
    """
    mask = backend.resize(mask_to_array(change_mask), drift.shape) > 0.5
    # A drift of 32 levels is plain to see: it has the brightest colour.
    heat = np.clip(drift.astype(np.float32) / 32, 0, 1)[..., None]
    rgb = np.clip(heat * [3.0, 1.5, 0.5] - [0.0, 0.5, 0.25], 0, 1) * 255
    edge = backend.dilate(mask, 1) & ~backend.erode(mask, 1)
    rgb[edge] = (0, 255, 255)
    return Image.fromarray(rgb.astype(np.uint8))


def opencv_hint() -> list[str]:
    """One line that says what to install where OpenCV is missing, else an empty list."""
    if backend.cv2 is not None:
        return []
    return [
        "OpenCV is not installed; this is several times faster with it: "
        "pip install opencv-python-headless"
    ]


def _percent(share: float) -> str:
    """In percent with two decimals; rounding never makes it 100."""
    return "100 %" if share == 1 else f"{min(100 * share, 99.99):.2f} %"


def _decibels(value: float | None) -> str:
    if value is None:
        return "-"
    return "bit-exact" if math.isinf(value) else f"{value:.1f} dB"
