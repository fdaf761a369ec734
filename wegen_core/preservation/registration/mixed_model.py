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
from scipy.linalg import cho_solve

from .. import array_backend as backend
from ..settings import WarpSettings
from .transform import Size


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

    def project(self, basis: Basis, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Form the normal equations of a displacement's coefficients in a basis on this grid.

        Parameters
        ----------
        basis
            k functions.
        current
            [gh,gw,2]: the displacement from which the residual was measured, in long sides.

        Returns
        -------
        The matrix [2k,2k] and the right-hand side [2k] of the coefficients [2,k], in long sides.
        """
        unit = max(self.size)
        scale = self.effective_samples / current[..., 0].size / self.noise
        xx, xy, yy = np.moveaxis(self.tensor.astype(np.float64) * (scale * unit**2), -1, 0)
        x, y = np.moveaxis(self.vector.astype(np.float64) * (scale * unit), -1, 0)
        u, v = np.moveaxis(current, -1, 0)
        right = [basis.moments(x + xx * u + xy * v), basis.moments(y + xy * u + yy * v)]
        xx, xy, yy = (basis.gram(weight) for weight in (xx, xy, yy))
        return np.concatenate([np.hstack([xx, xy]), np.hstack([xy, yy])]), np.concatenate(right)


@dataclass(frozen=True, eq=False)
class Basis:
    """Functions on a grid's cells, each the product of one down and one across the grid.

    Matrix products are small ones: for larger ones BLAS starts threads, which cost more CPU time
    than they save.

    Parameters
    ----------
    down, across
        float64 [m,gh] and [n,gw].
    row, column
        int [k]: function i is the product of `down[row[i]]` and `across[column[i]]`. First x and y
        (from the centre, in long sides) and 1, then cosine modes of mean square 1.
    variance
        Prior variances of the modes [k - 3], which add up to 1.
    """

    down: np.ndarray
    across: np.ndarray
    row: np.ndarray
    column: np.ndarray
    variance: np.ndarray

    def gram(self, weight: np.ndarray) -> np.ndarray:
        """Weighted products of all pairs of functions, summed over the cells: [k,k]."""
        (m, _), (n, _) = self.down.shape, self.across.shape
        across = self.across[:, None] * self.across
        down = self.down[:, None] * self.down
        products = (down @ weight) @ across.reshape(n * n, -1).T
        products = products.reshape(m, m, n, n)
        return products[self.row[:, None], self.row, self.column[:, None], self.column]

    def moments(self, values: np.ndarray) -> np.ndarray:
        """Products of the functions with `values` [gh,gw], summed over the cells: [k]."""
        return (self.down @ values @ self.across.T)[self.row, self.column]

    def field(self, coefficients: np.ndarray) -> np.ndarray:
        """Sum of the functions: [c,k] -> [gh,gw,c]."""
        sums = np.zeros((len(self.down), len(self.across), len(coefficients)))
        np.add.at(sums, (self.row, self.column), coefficients.T)
        return np.moveaxis(self.down.T @ np.moveaxis(sums, -1, 0) @ self.across, 0, -1)


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
    basis = make_basis(equations.tensor.shape[:2], equations.size)
    normal, right = equations.project(basis, np.zeros(equations.vector.shape))
    # Levenberg damping: directions about which the image says nothing do not move.
    normal += np.eye(6) * (1e-4 * np.trace(normal) / 6 + 1e-9)
    return _pixel_matrix(np.linalg.solve(normal, right).reshape(2, 3), equations.size)


def fit_displacement(
    equations: NormalEquations,
    current: np.ndarray,
    settings: WarpSettings,
    amplitude: float | None = None,
    affine_free: bool = True,
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
    affine_free
        False: the affine part is the identity, so that the warp fades to nothing where no texture
        holds it.
    """
    size, grid, unit = equations.size, current.shape[:2], max(equations.size)
    basis = make_basis(grid, size, settings)
    start = current.astype(np.float64) / unit
    normal, right = equations.resized(grid).project(basis, start)
    amplitudes = (amplitude,) if amplitude else settings.amplitudes
    coefficients = _most_likely(normal, right, basis.variance, amplitudes, affine_free)
    step = unit * (basis.field(coefficients) - start)
    step *= min(1.0, settings.max_step_px / (np.abs(step).max() + 1e-9))
    return DisplacementField(
        current + step.astype(np.float32),
        _pixel_matrix(coefficients[:, :3], size),
        unit * float(np.sqrt(np.sum(coefficients[:, 3:] ** 2) / 2)),
        float(np.sqrt(np.mean(step**2))),
    )


def _most_likely(
    normal: np.ndarray,
    right: np.ndarray,
    variance: np.ndarray,
    amplitudes: tuple[float, ...],
    affine_free: bool,
) -> np.ndarray:
    """Solve for the coefficients [2,3 + m] at the amplitude of highest restricted likelihood.

    `amplitudes` grow; the search ends where the likelihood falls.
    """
    best, coefficients = -np.inf, right
    # The ridge of a free affine part only keeps the matrix from being singular.
    ridge = np.full(3, (1e-9 if affine_free else 1e6) * np.trace(normal) + 1e-6)
    for amplitude in amplitudes:
        prior = np.tile(np.concatenate([ridge, 1 / (amplitude**2 * variance)]), 2)
        factor = _cholesky(normal + np.diag(prior))
        solution = cho_solve((factor, True), right, check_finite=False)
        log_determinants = 2 * len(variance) * np.log(amplitude) + np.log(np.diag(factor)).sum()
        likelihood = right @ solution / 2 - log_determinants
        if likelihood < best:
            break
        best, coefficients = likelihood, solution
    return coefficients.reshape(2, -1)


def _cholesky(matrix: np.ndarray, block: int = 32) -> np.ndarray:
    """Lower Cholesky factor, block by block; LAPACK's starts threads (see `Basis`)."""
    factor = np.tril(matrix)
    for i in range(0, len(factor), block):
        j = i + block
        corner = factor[i:j, i:j] = np.linalg.cholesky(factor[i:j, i:j])
        panel = factor[j:, i:j] = factor[j:, i:j] @ np.linalg.inv(corner).T
        for k in range(0, len(panel), block):
            rows = panel[k : k + block]
            factor[j + k : j + k + block, j : j + k + len(rows)] -= rows @ panel[: k + len(rows)].T
    return factor


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
    basis = make_basis(grid, size, settings if warp_rms else None)
    precision, _ = equations.resized(grid).project(basis, np.zeros((*grid, 2)))
    if warp_rms:
        # The affine part's precision is the Schur complement once the warp is integrated out.
        is_affine = np.tile(np.arange(len(basis.row)) < 3, 2)
        inner = precision[~is_affine][:, ~is_affine]
        inner += np.diag(np.tile(1 / ((warp_rms / unit) ** 2 * basis.variance), 2))
        across = precision[~is_affine][:, is_affine]
        factor = _cholesky(inner), True
        solutions = [cho_solve(factor, column, check_finite=False) for column in across.T]
        precision = precision[is_affine][:, is_affine] - across.T @ np.stack(solutions, axis=1)
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
def make_basis(grid: tuple[int, int], size: Size, settings: WarpSettings | None = None) -> Basis:
    """Make the affine functions on a grid over an image of `size` and, with settings, the modes."""
    waves = np.arange(settings.half_waves + 1 if settings else 1)
    height, width = np.array(size) / max(size)
    lines: list[np.ndarray] = []
    for g, side in zip(grid, (height, width), strict=True):
        cells = (np.arange(g) + 0.5) / g
        cosines = np.cos(np.pi * np.outer(waves, cells))
        cosines[1:] *= np.sqrt(2)
        lines.append(np.vstack([cosines, side * (cells - 0.5)]))
    down, across = lines
    row, column = np.array([[0, -1, 0], [-1, 0, 0]])
    if settings is None:
        return Basis(down, across, row, column, np.zeros(0))
    frequency = np.hypot(waves[:, None] / height, waves / width)
    low = frequency <= settings.half_waves
    # Spectral density of the Matern covariance in two dimensions.
    squared = (np.pi * settings.correlation_length * frequency[low]) ** 2
    variance = (1 + squared / (2 * settings.smoothness)) ** -(settings.smoothness + 1)
    row, column = (np.append(a, b) for a, b in zip((row, column), np.nonzero(low), strict=True))
    return Basis(down, across, row, column, variance / variance.sum())
