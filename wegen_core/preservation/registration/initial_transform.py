"""Where registration starts: a resize between the two sizes, or a search over scale and shift."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import fft

from .. import array_backend as backend
from ..settings import SearchSettings
from .gauss_newton import fit_affine
from .pyramid import PyramidLevel, finest_size
from .transform import Registration, Size, resize_matrix

_Peak = tuple[float, np.ndarray]  # height of a correlation peak, 3x3 between the reduced images


def candidate_resizes(source: Size, edited: Size) -> list[np.ndarray]:
    """3x3 matrices between two sizes (height, width) that an editor is likely to apply.

    The plain resize; where the aspect ratios differ, also crop and pad around the centre.
    """
    (height, width), (new_height, new_width) = source, edited
    matrices = [resize_matrix((height, width), (new_height, new_width))]
    scales = new_width / width, new_height / height
    if abs(np.log(scales[0] / scales[1])) < 0.01:
        return matrices
    for s in (max(scales), min(scales)):
        x = (new_width - 1) / 2 - s * (width - 1) / 2
        y = (new_height - 1) / 2 - s * (height - 1) / 2
        matrices.append(np.array([[s, 0, x], [0, s, y], [0, 0, 1.0]]))
    return matrices


@dataclass(frozen=True, eq=False)
class Pair:
    """Two images to register.

    Parameters
    ----------
    source, edited
        float32 luma [H,W] and [h,w].
    resizes
        3x3 candidates between the two, the plain resize first.
    search
        How their scale and shift are searched.
    """

    source: np.ndarray
    edited: np.ndarray
    resizes: list[np.ndarray]
    search: SearchSettings

    @cached_property
    def scale_and_shift(self) -> tuple[list[np.ndarray], np.ndarray]:
        """See `search_scale_and_shift`; computed once, however often the pair is registered."""
        return search_scale_and_shift(self.source, self.edited, self.search)

    def reduced(self, long_side: int, cell: int) -> Pair:
        """Reduce both to the pixel density of a source whose finest level has that long side."""
        a = backend.resize(self.source, finest_size(self.source.shape, long_side, cell))
        density = min(1.0, np.sqrt(a.size / self.edited.size))
        b = backend.resize(self.edited, backend.scaled_size(self.edited.shape, density))
        if a is self.source and b is self.edited:
            return self
        down = resize_matrix(self.edited.shape, b.shape)
        up = resize_matrix(a.shape, self.source.shape)
        return replace(self, source=a, edited=b, resizes=[down @ m @ up for m in self.resizes])

    def to_larger(self, registration: Registration, size: Size, edited: Size) -> Registration:
        """Convert a registration of this pair to one of the sizes before it was reduced."""
        residual = registration.residual * size[1] / self.source.shape[1]
        larger = registration.rescaled(size, self.edited.shape, edited)
        return replace(larger, residual=residual)


def initialise(pair: Pair, coarse: PyramidLevel) -> Registration:
    """Choose the start: the plain resize, unless another one matches clearly better.

    Parameters
    ----------
    pair
        At the finest level's density.
    coarse
        The coarsest pyramid level.
    """
    settings = coarse.settings
    search = settings.search
    size = pair.source.shape
    plain = Registration(pair.resizes[0], size)
    best, best_ncc = plain, coarse.mean_ncc(plain)
    required_ncc = best_ncc + settings.min_ncc_gain
    for matrix in pair.resizes:
        start = Registration(matrix, size)
        candidate = fit_affine(coarse, start, settings.solver.candidate_steps)
        ncc = coarse.mean_ncc(candidate)
        if ncc > required_ncc:
            best, best_ncc, required_ncc = candidate, ncc, ncc
    if best_ncc > min(search.scale_search_ncc, settings.certain_ncc_share * coarse.best_ncc):
        return best

    steps = settings.solver.affine_steps
    near, far = pair.scale_and_shift
    candidates = [Registration(matrix, size) for matrix in near]
    shifted = fit_affine(coarse, Registration(far, size), steps)
    if coarse.matched_share(shifted) > search.far_matched_share:
        candidates.append(shifted)
    candidate = fit_affine(coarse, max(candidates, key=coarse.mean_ncc), steps)
    gain = coarse.mean_ncc(candidate) - best_ncc
    if gain <= search.doubtful_gain:
        return best
    if gain >= search.certain_gain:
        return candidate
    # What agrees by chance at the coarsest level disagrees at the next.
    finer = PyramidLevel.build(pair.source, pair.edited, settings.levels[1], settings)
    best, candidate = (fit_affine(finer, rival, steps) for rival in (best, candidate))
    required_ncc = search.gain_factor * finer.mean_ncc(best) + settings.min_ncc_gain
    return candidate if finer.mean_ncc(candidate) > required_ncc else best


def search_scale_and_shift(
    source: np.ndarray, edited: np.ndarray, settings: SearchSettings
) -> tuple[list[np.ndarray], np.ndarray]:
    """Search over scales and stretches; the shift of each by phase correlation.

    Works on reduced images and costs the same for every image.

    Parameters
    ----------
    source, edited
        float32 luma [H,W] and [h,w].
    settings
        Scales, stretches and what counts as a far shift.

    Returns
    -------
    near
        The best 3x3 matrices with a small shift, best first.
    far
        The best one with a far shift.

    References
    ----------
    Kuglin, C. D., Hines, D. C. (1975). The phase correlation image alignment method. Proceedings of
    the IEEE International Conference on Cybernetics and Society, 163-165.
    """
    k = min(1.0, settings.long_side / max(source.shape))
    # Sizes without large prime factors make the Fourier transform fast.
    size = tuple(fft.next_fast_len(max(8, round(n * k)), real=True) for n in source.shape)
    a, b = backend.resize(source, size), backend.resize(edited, size)
    window = np.outer(np.hanning(size[0] + 2)[1:-1], np.hanning(size[1] + 2)[1:-1])
    window = window.astype(np.float32)
    spectrum = fft.rfft2(_band_pass(a) * window)
    centre = (np.array([size[1], size[0]]) - 1) / 2
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    down, across = (np.abs(fft.fftfreq(n)) > settings.far_shift for n in size)
    is_far = down[:, None] | across

    def correlate(scale: float, stretch: float) -> tuple[_Peak, _Peak]:
        """Find the highest peaks with a near and with a far shift."""
        sx, sy = scale * np.sqrt(stretch), scale / np.sqrt(stretch)
        u = sx * (x - centre[0]) + centre[0]
        v = sy * (y - centre[1]) + centre[1]
        scaled = backend.remap(b, u.astype(np.float32), v.astype(np.float32), cubic=False)
        cross = spectrum * np.conj(fft.rfft2(_band_pass(scaled) * window))
        magnitude = np.abs(cross)
        # Whitened, but for frequencies that hardly occur and so would be noise alone.
        cross /= magnitude + (1e-3 * magnitude.max() + 1e-9)
        surface = fft.irfft2(cross, size)
        return highest(sx, sy, surface * ~is_far), highest(sx, sy, surface * is_far)

    def highest(sx: float, sy: float, surface: np.ndarray) -> _Peak:
        peak = np.unravel_index(np.argmax(surface), surface.shape)
        dy, dx = ((p + n // 2) % n - n // 2 for p, n in zip(peak, size, strict=True))
        matrix = np.diag([sx, sy, 1.0])
        matrix[:2, 2] = centre - matrix[:2, :2] @ centre - matrix[:2, :2] @ [dx, dy]
        return float(surface[peak]), matrix

    def best(peaks: list[_Peak]) -> list[_Peak]:
        return sorted(peaks, key=lambda peak: -peak[0])[: settings.candidates]

    lowest, highest_scale = np.log(settings.scales[0]), np.log(settings.scales[1])
    scales = np.exp(np.linspace(lowest, highest_scale, settings.scale_count))
    near, far = (list(peaks) for peaks in zip(*(correlate(s, 1.0) for s in scales), strict=True))
    for _, matrix in best(near):
        near += [correlate(matrix[0, 0], stretch)[0] for stretch in settings.stretches]
    up, down = resize_matrix(source.shape, size), resize_matrix(size, edited.shape)
    return [down @ matrix @ up for _, matrix in best(near)], down @ best(far)[0][1] @ up


def _band_pass(image: np.ndarray) -> np.ndarray:
    """Without the finest noise and without slow gradients."""
    return backend.blur(image, 0.7) - backend.blur(image, 4.0)
