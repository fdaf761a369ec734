"""Model selection: the simplest transform that explains the images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .mixed_model import wald_statistics
from .pyramid import PyramidLevel
from .transform import Registration


def select_model(
    level: PyramidLevel,
    registration: Registration,
    warp_rms: float,
    resizes: Sequence[np.ndarray],
) -> Registration:
    """Replace a fitted transform by a resize between the sizes where the images allow it.

    1. If the fitted affine map does not differ significantly from a candidate resize, that resize
       takes its place: Wald's statistic against the penalty of Schwarz's criterion for six numbers.
    2. If the result matches hardly better than the plain resize, or hardly at all, or stretches
       the image as no editor does, the plain resize alone is returned.

    Parameters
    ----------
    level
        The finest pyramid level.
    registration
        The fitted transform.
    warp_rms
        Length of its warp, root mean square in px of the level.
    resizes
        3x3 candidates between the sizes, the plain resize first.

    References
    ----------
    Schwarz, G. (1978). Estimating the dimension of a model. The Annals of Statistics 6(2), 461-464.
    doi:10.1214/aos/1176344136
    """
    settings = level.settings
    equations, ncc = level.assess(registration)
    back = np.linalg.inv(level.to_local(registration).matrix)
    maps = [back @ level.to_local(replace(registration, matrix=m)).matrix for m in resizes]
    statistics = wald_statistics(equations, warp_rms, maps, settings.warp)
    for matrix, statistic in zip(resizes, statistics, strict=True):
        if statistic < 6 * np.log(equations.effective_samples):
            registration = registration.with_matrix(matrix)
            break
    residual = level.median_misfit(equations)
    plain = Registration(resizes[0], registration.size, residual=residual)
    required_ncc = max(
        level.mean_ncc(plain) + settings.min_ncc_gain, settings.min_ncc_share * level.best_ncc
    )
    beyond_resizes = np.linalg.inv(resizes) @ registration.matrix
    # The ratio of the largest to the smallest scale factor; 1 for a pure zoom.
    stretch = np.linalg.cond(beyond_resizes[:, :2, :2]).min()
    if ncc <= required_ncc or stretch > settings.max_stretch:
        return plain
    return replace(registration, residual=residual)
