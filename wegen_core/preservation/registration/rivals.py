"""Which of several registrations of the same two images is the most likely one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import array_backend as backend
from ..settings import RivalSettings
from .initial_transform import Pair
from .transform import Registration


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
