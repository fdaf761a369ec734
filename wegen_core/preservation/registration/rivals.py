"""Which of several registrations of the same two images is the most likely one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .. import array_backend as backend
from ..settings import RivalSettings
from .pyramid import finest_size
from .transform import Registration, Size, resize_matrix


@dataclass(frozen=True, eq=False)
class Pair:
    """Two images to register.

    Parameters
    ----------
    source, edited
        float32 luma [H,W] and [h,w].
    resizes
        3x3 candidates between the two, the plain resize first.
    """

    source: np.ndarray
    edited: np.ndarray
    resizes: list[np.ndarray]

    def reduced(self, long_side: int, cell: int) -> Pair:
        """Reduce both to the pixel density of a source whose finest level has that long side."""
        a = backend.resize(self.source, finest_size(self.source.shape, long_side, cell))
        density = min(1.0, np.sqrt(a.size / self.edited.size))
        b = backend.resize(self.edited, backend.scaled_size(self.edited.shape, density))
        down = resize_matrix(self.edited.shape, b.shape)
        up = resize_matrix(a.shape, self.source.shape)
        return Pair(a, b, [down @ matrix @ up for matrix in self.resizes])

    def to_larger(self, registration: Registration, size: Size, edited: Size) -> Registration:
        """Convert a registration of this pair to one of the sizes before it was reduced."""
        residual = registration.residual * size[1] / self.source.shape[1]
        larger = registration.rescaled(size, self.edited.shape, edited)
        return replace(larger, residual=residual)


def log_likelihoods(
    pair: Pair, registrations: Sequence[Registration], settings: RivalSettings
) -> np.ndarray:
    """Mean log-likelihood per pixel of each of some registrations of a pair.

    Of the residual after a gain, without its slow part, where all of them cover the source. The
    noise is Cauchy's, so that an edit counts for little; its scale is that of the best fit.
    """
    resampled = [registration.resample(pair.edited) for registration in registrations]
    valid = np.logical_and.reduce([covered for _, covered in resampled])
    if not valid.any():
        return np.zeros(len(registrations))
    radius, step = settings.high_pass_radius, max(1, np.count_nonzero(valid) // settings.samples)
    y = (pair.source - backend.box_mean(pair.source, radius))[valid][::step]
    residuals, variances = [], []
    for registered, _ in resampled:
        x = (registered - backend.box_mean(registered, radius))[valid][::step]
        weight = np.ones_like(x)
        for _ in range(settings.gain_steps):
            gain = np.vdot(weight * x, y) / (np.vdot(weight * x, x) + 1e-6)
            residual = y - np.clip(gain, *settings.gain_range) * x
            # From the median deviation of normal noise to its variance.
            variance = max(2.2 * np.median(np.abs(residual)) ** 2, settings.min_noise)
            weight = 1 / (1 + residual * residual / (4 * variance))
        residuals.append(residual)
        variances.append(variance)
    scale = 4 * min(variances)
    return np.array([-2 * np.log1p(r * r / scale).mean() for r in residuals])
