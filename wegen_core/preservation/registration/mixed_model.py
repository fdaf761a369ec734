"""An affine map and a smooth warp, estimated together as a linear mixed model.

The displacement is an affine map (fixed effects) plus a Gaussian process over the image (random
effects), written in cosine modes (Ashburner and Friston 1999) with a Matern covariance. It is known
where there is texture and continued from there. The strength of the warp is estimated from the
images by restricted maximum likelihood (Patterson and Thompson 1971): neighbouring places, which a
warp moves together, do not count twice for the affine map; where there is no warp, they all count.

References
----------
Ashburner, J., Friston, K. (1999). Nonlinear spatial normalization using basis functions. Human
Brain Mapping 7(4), 254-266. doi:10.1002/(SICI)1097-0193(1999)7:4<254::AID-HBM4>3.0.CO;2-G
Patterson, H. D., Thompson, R. (1971). Recovery of inter-block information when block sizes are
unequal. Biometrika 58(3), 545-554. doi:10.1093/biomet/58.3.545
Rasmussen, C. E., Williams, C. K. I. (2006). Gaussian processes for machine learning, section 4.2.
MIT Press. doi:10.7551/mitpress/3206.001.0001
Wald, A. (1943). Tests of statistical hypotheses concerning several parameters when the number of
observations is large. Transactions of the AMS 54, 426-482. doi:10.1090/S0002-9947-1943-0012401-3
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve

from .. import array_backend as backend
from ..settings import WarpSettings
from .transform import Size, cell_centres


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """Local normal equations of a displacement, averaged over the cells of a grid.

    Parameters
    ----------
    tensor
        [gh,gw,3]: weighted mean products of the gradient, xx, xy, yy (the structure tensor).
    vector
        [gh,gw,2]: weighted mean of the gradient times the residual.
    noise
        Variance of the residual.
    size
        (height, width) of the image, px.
    effective_samples
        Number of independent pixels.
    """

    tensor: np.ndarray
    vector: np.ndarray
    noise: float
    size: Size
    effective_samples: float

    def resized(self, grid: tuple[int, int]) -> NormalEquations:
        """Resample to the cells of another grid (rows, columns)."""
        tensor, vector = (backend.resize(part, grid) for part in (self.tensor, self.vector))
        return replace(self, tensor=tensor, vector=vector)

    def project(self, design: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Form the normal equations of a displacement's coefficients in some basis.

        Parameters
        ----------
        design
            [n,k]: k basis functions at the n cells.
        current
            [n,2]: the displacement from which the residual was measured, in long sides.

        Returns
        -------
        The matrix [2k,2k] and the right-hand side [2k] of the coefficients [2,k], in long sides.
        """
        unit = max(self.size)
        scale = self.effective_samples / len(design) / self.noise
        xx, xy, yy = self.tensor.reshape(-1, 3).T.astype(np.float64) * (scale * unit**2)
        x, y = self.vector.reshape(-1, 2).T * (scale * unit)
        x, y = (
            x + xx * current[:, 0] + xy * current[:, 1],
            y + xy * current[:, 0] + yy * current[:, 1],
        )
        xx, xy, yy = ((design * weight[:, None]).T @ design for weight in (xx, xy, yy))
        normal = np.concatenate([np.hstack([xx, xy]), np.hstack([xy, yy])])
        return normal, np.concatenate([design.T @ x, design.T @ y])


@dataclass(frozen=True, eq=False)
class DisplacementField:
    """A fitted displacement.

    Parameters
    ----------
    flow
        float32 [gh,gw,2]: affine part and warp at the nodes, px.
    affine
        3x3: the affine part, px.
    warp_rms
        Root mean square length of the warp, px.
    step_rms
        Root mean square change against the displacement before, px.
    """

    flow: np.ndarray
    affine: np.ndarray
    warp_rms: float
    step_rms: float


def control_grid(size: Size, settings: WarpSettings) -> tuple[int, int]:
    """Return the grid (rows, columns) that describes the warp of an image of `size`."""
    k = settings.grid / max(size)
    return max(2, round(size[0] * k)), max(2, round(size[1] * k))


def affine_step(equations: NormalEquations) -> np.ndarray:
    """Solve the normal equations for an affine map, 3x3 in pixels."""
    design = _affine_basis(equations.tensor.shape[:2], equations.size)
    normal, right = equations.project(design, np.zeros((len(design), 2)))
    # Levenberg damping: directions about which the image says nothing do not move.
    normal += np.eye(6) * (1e-4 * np.trace(normal) / 6 + 1e-9)
    return _pixel_matrix(np.linalg.solve(normal, right).reshape(2, 3), equations.size)


def fit_displacement(
    equations: NormalEquations,
    current: np.ndarray,
    settings: WarpSettings,
    amplitude: float | None = None,
) -> DisplacementField:
    """Find the most likely displacement: best linear unbiased prediction of map and warp.

    Parameters
    ----------
    equations
        Measured at `current`.
    current
        float32 [gh,gw,2], px.
    settings
        Basis, covariance and amplitudes.
    amplitude
        Standard deviation of the warp, share of the long side; None: the most likely one of
        `settings.amplitudes`.
    """
    size, grid, unit = equations.size, current.shape[:2], max(equations.size)
    design, variance = _basis(grid, size, settings)
    start = current.reshape(-1, 2) / unit
    normal, right = equations.resized(grid).project(design, start)
    amplitudes = (amplitude,) if amplitude else settings.amplitudes
    coefficients = _most_likely(normal, right, variance, amplitudes)
    step = unit * (design @ coefficients.T - start)
    step *= min(1.0, settings.max_step_px / (np.abs(step).max() + 1e-9))
    return DisplacementField(
        current + step.reshape(current.shape).astype(np.float32),
        _pixel_matrix(coefficients[:, :3], size),
        unit * float(np.sqrt(np.sum(coefficients[:, 3:] ** 2) / 2)),
        float(np.sqrt(np.mean(step**2))),
    )


def _most_likely(
    normal: np.ndarray, right: np.ndarray, variance: np.ndarray, amplitudes: tuple[float, ...]
) -> np.ndarray:
    """Solve for the coefficients [2,3 + m] at the amplitude of highest restricted likelihood.

    `amplitudes` grow; the search ends where the likelihood falls.
    """
    best, coefficients = -np.inf, right
    # The affine part is free. Its ridge only keeps the matrix from being singular.
    ridge = np.full(3, 1e-9 * np.trace(normal) + 1e-6)
    for amplitude in amplitudes:
        prior = np.tile(np.concatenate([ridge, 1 / (amplitude**2 * variance)]), 2)
        factor = cho_factor(normal + np.diag(prior), check_finite=False)
        solution = cho_solve(factor, right, check_finite=False)
        log_determinants = 2 * len(variance) * np.log(amplitude) + np.log(np.diag(factor[0])).sum()
        likelihood = right @ solution / 2 - log_determinants
        if likelihood < best:
            break
        best, coefficients = likelihood, solution
    return coefficients.reshape(2, -1)


def wald_statistics(
    equations: NormalEquations, warp_rms: float, maps: list[np.ndarray], settings: WarpSettings
) -> list[float]:
    """Wald's statistic of each of some affine maps against the identity, beside a warp.

    Parameters
    ----------
    equations
        Measured at the fitted transform.
    warp_rms
        Length of the warp beside it, root mean square in px.
    maps
        3x3 in pixels, each relative to the fitted transform.
    settings
        Basis and covariance.

    Returns
    -------
    One number per map, chi squared with 6 degrees of freedom if that map were true.
    """
    size, unit = equations.size, max(equations.size)
    grid = control_grid(size, settings)
    design, variance = _basis(grid, size, settings)
    normal, _ = equations.resized(grid).project(design, np.zeros((len(design), 2)))
    is_affine = np.tile(np.arange(design.shape[1]) < 3, 2)
    amplitude = max(warp_rms / unit, settings.amplitudes[0])
    # The affine part's precision is the Schur complement once the warp is integrated out.
    inner = normal[~is_affine][:, ~is_affine] + np.diag(np.tile(1 / (amplitude**2 * variance), 2))
    across = normal[~is_affine][:, is_affine]
    precision = normal[is_affine][:, is_affine] - across.T @ solve(inner, across, assume_a="pos")
    statistics = []
    for matrix in maps:
        linear = matrix[:2, :2] - np.eye(2)
        shift = (matrix[:2, 2] + linear @ _centre(size)) / unit
        difference = np.column_stack([linear, shift]).ravel()
        statistics.append(float(difference @ precision @ difference))
    return statistics


def _pixel_matrix(coefficients: np.ndarray, size: Size) -> np.ndarray:
    """Coefficients [2,3] of `_affine_basis` -> 3x3 in pixels."""
    out = np.eye(3)
    out[:2, :2] += coefficients[:, :2]
    out[:2, 2] = max(size) * coefficients[:, 2] - coefficients[:, :2] @ _centre(size)
    return out


def _centre(size: Size) -> np.ndarray:
    return np.array([(size[1] - 1) / 2, (size[0] - 1) / 2])


@lru_cache(maxsize=8)
def _affine_basis(grid: tuple[int, int], size: Size) -> np.ndarray:
    """x, y (from the centre, in long sides) and 1 at the centres of a grid's cells: [n,3]."""
    points = (cell_centres(grid, size) - _centre(size)).reshape(-1, 2) / max(size)
    return np.column_stack([points, np.ones(len(points))])


@lru_cache(maxsize=8)
def _basis(
    grid: tuple[int, int], size: Size, settings: WarpSettings
) -> tuple[np.ndarray, np.ndarray]:
    """`_affine_basis` and the cosine modes, of mean square 1: [n,3 + m].

    And the prior variances of the modes [m], which add up to 1.
    """
    waves = np.arange(settings.half_waves + 1)
    down, across = (np.cos(np.pi * np.outer(waves, np.arange(g) + 0.5) / g) for g in grid)
    for part in (down, across):
        part[1:] *= np.sqrt(2)
    height, width = np.array(size) / max(size)
    frequency = np.hypot(waves[:, None] / height, waves / width)
    low = frequency <= settings.half_waves
    modes = np.einsum("jy,ix->jiyx", down, across)[low].reshape(np.count_nonzero(low), -1).T
    # Spectral density of the Matern covariance in two dimensions.
    squared = (np.pi * settings.correlation_length * frequency[low]) ** 2
    variance = (1 + squared / (2 * settings.smoothness)) ** -(settings.smoothness + 1)
    return np.concatenate([_affine_basis(grid, size), modes], axis=1), variance / variance.sum()
