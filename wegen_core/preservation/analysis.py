"""What `preserve` measures of two images at working size, and what the report takes from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from . import array_backend as backend
from .colour import ColourTransfer
from .registration.transform import Registration, resize_matrix


def working_size(size: tuple[int, int], max_pixels: int) -> tuple[int, int]:
    """Return the size at which an image of `size` (height, width) is analysed."""
    return backend.scaled_size(size, min(1.0, math.sqrt(max_pixels / (size[0] * size[1]))))


def psnr(mean_squared_error: float, white: float) -> float:
    """Peak signal-to-noise ratio, dB; infinite for an error of 0."""
    return 10 * math.log10(white**2 / mean_squared_error) if mean_squared_error else math.inf


@dataclass(frozen=True, eq=False)
class Analysis:
    """Both images at working size [h,w], and what the steps measured.

    Parameters
    ----------
    source
        uint8 [h,w,3].
    edited
        uint8 [h2,w2,3], the edited image before registration.
    registered
        uint8 [h,w,3], the edited image in the source's frame, its colours unchanged.
    valid
        bool [h,w]: what the edited image covers, without what is hidden by alpha.
    mask
        bool [h,w]: what counts as changed, once a mask of the caller is applied.
    noise_floor
        Standard deviation of the editor's noise in flat areas, levels.
    matched_share
        Share of the texture of what counts as unchanged that matches, 0..1.
    colour
        From `registered` to `source`.
    registration
        For the full sizes.
    full_edited_size
        (height, width) of the edited image as it came.
    """

    source: np.ndarray
    edited: np.ndarray
    registered: np.ndarray
    valid: np.ndarray
    mask: np.ndarray
    noise_floor: float
    matched_share: float
    colour: ColourTransfer
    registration: Registration
    full_edited_size: tuple[int, int]

    @property
    def motion(self) -> np.ndarray:
        """3x3 in source pixels: how the editor moved the image, beyond the resize of the sizes."""
        resize = resize_matrix(self.registration.size, self.full_edited_size)
        return np.linalg.inv(resize) @ self.registration.matrix

    @property
    def zoom(self) -> float:
        """How much larger the editor drew the image, beyond the resize of the sizes."""
        return math.sqrt(abs(float(np.linalg.det(self.motion[:2, :2]))))

    @property
    def shift(self) -> float:
        """How far the editor moved the middle of the image, as a share of its longer side."""
        height, width = self.registration.size
        middle = np.array([width / 2, height / 2, 1.0])
        x, y, w = self.motion @ middle
        return math.hypot(x / w - middle[0], y / w - middle[1]) / max(height, width)

    @property
    def scales(self) -> tuple[float, float]:
        """How much larger the editor drew the image across and down, beyond that resize."""
        across, down = np.linalg.norm(self.motion[:2, :2], axis=0)
        return float(across), float(down)

    @property
    def keeps_pixel_scale(self) -> bool:
        """Whether a pixel of the source became a pixel of the edited image, within a percent."""
        scales = np.linalg.norm(self.registration.matrix[:2, :2], axis=0)
        return bool((np.abs(scales - 1) < 0.01).all())

    @property
    def drift(self) -> np.ndarray:
        """uint8 [h,w]: how far the registered image is off the source, levels."""
        a, b = self.source, self.registered
        return backend.channel_max(np.maximum(a, b) - np.minimum(a, b))

    @property
    def grey_shift(self) -> tuple[float, float, float]:
        """What the editor did to middle grey, levels (R, G, B)."""
        grey = np.full((1, 1, 3), 128.0, np.float32)
        red, green, blue = (grey - self.colour.apply_curve(grey))[0, 0]
        return float(red), float(green), float(blue)

    @property
    def psnr_before(self) -> float | None:
        """PSNR in dB of the plainly resized edited image where nothing changed; None: nowhere."""
        unchanged = self.valid & ~self.mask
        if not unchanged.any():
            return None
        resized = backend.resize(self.edited, unchanged.shape)
        total = backend.squared_error(self.source, resized, unchanged)
        return psnr(total / (3 * np.count_nonzero(unchanged)), 255)
