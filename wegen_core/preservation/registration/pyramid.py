"""Both images at one size of a Gaussian-like pyramid, and how well they match there.

Images are normalised to local mean 0 and deviation about 1, so that gain and bias do not matter.
A pixel weighs as much as its surroundings correlate: neither a colour shift nor the edit itself
pulls the registration.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .. import array_backend as backend
from ..settings import MatchingSettings, RegistrationSettings
from .mixed_model import NormalEquations
from .transform import Registration, Size


def finest_size(source: Size, long_side: int, cell: int) -> Size:
    """Return the size of the finest level for a source of that size.

    Multiples of two cells, so that every level has whole cells, which is faster.
    """
    k = long_side / max(source)
    if k >= 1:
        return source
    height, width = (max(1, round(n * k / (2 * cell))) * 2 * cell for n in source)
    return height, width


@dataclass(frozen=True, eq=False)
class PyramidLevel:
    """Source and edited image at one size, normalised, and what does not change between steps.

    Registrations that come in and go out are for the full sizes; `local` ones are for this level's.

    Parameters
    ----------
    source, edited
        float32 [h,w], normalised.
    full_sizes
        (height, width) of source and edited image before they were reduced.
    long_side
        Long side of the source at this level, px, unless the full size is smaller.
    contrast
        Local standard deviation of the source before it was normalised, capped; [h,w].
    energy
        Local mean square of `source`; [h,w].
    settings
        Of the whole registration.
    """

    source: np.ndarray
    edited: np.ndarray
    full_sizes: tuple[Size, Size]
    long_side: int
    contrast: np.ndarray
    energy: np.ndarray
    settings: RegistrationSettings

    @classmethod
    def build(
        cls, source: np.ndarray, edited: np.ndarray, long_side: int, settings: RegistrationSettings
    ) -> PyramidLevel:
        """Reduce float32 luma images so that the source's long side is `long_side`, at most."""
        matching = settings.matching
        k = min(1.0, long_side / max(source.shape))
        small = backend.resize(source, backend.scaled_size(source.shape, k))
        other = backend.resize(edited, backend.scaled_size(edited.shape, k))
        small, variance = _normalise(small, matching)
        other, _ = _normalise(other, matching)
        return cls(
            source=small,
            edited=other,
            full_sizes=(source.shape, edited.shape),
            long_side=long_side,
            contrast=np.minimum(np.sqrt(variance), matching.max_contrast),
            energy=backend.box_mean(small * small, matching.ncc_radius),
            settings=settings,
        )

    @cached_property
    def gradient_products(self) -> tuple[np.ndarray, ...]:
        """Of the source's gradient: xx, xy, yy, x, y; each [h,w]."""
        gy, gx = np.gradient(self.source)
        return gx * gx, gx * gy, gy * gy, gx, gy

    @property
    def is_finest(self) -> bool:
        """Whether this level has the full size."""
        return self.source.shape == self.full_sizes[0]

    def to_local(self, registration: Registration) -> Registration:
        """Convert a registration of the full sizes to this level's."""
        return registration.rescaled(self.source.shape, self.full_sizes[1], self.edited.shape)

    def to_full(self, local: Registration) -> Registration:
        """Convert a registration of this level's sizes to the full ones."""
        return local.rescaled(self.full_sizes[0], self.edited.shape, self.full_sizes[1])

    def residual_and_ncc(self, local: Registration) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Source minus registered image, local NCC, and what is covered: [h,w] each."""
        registered, valid = local.resample(self.edited, cubic=self.is_finest)
        residual = self.source - registered
        matching = self.settings.matching
        energies = backend.box_mean(registered * registered, matching.ncc_radius)
        energies += self.energy
        product = np.multiply(self.source, registered, out=registered)
        ncc = backend.box_mean(product, matching.ncc_radius)
        # 2 ab / (a^2 + b^2) instead of ab / sqrt(a^2 b^2): textures of different contrast do not
        # match.
        ncc /= np.add(energies, 2 * matching.min_energy, out=energies)
        ncc *= 2
        return residual, ncc, valid

    def mean_ncc(self, registration: Registration) -> float:
        """Mean local NCC over the source's texture; what left the frame counts as 0.

        0 for unrelated images, 0.38 (drawings) to 0.67 (noise) for equal ones: `min_energy` and
        `flat_variance` keep it below 1.
        """
        _, ncc, valid = self.residual_and_ncc(self.to_local(registration))
        return self.mean_of(ncc, valid)

    @property
    def own_ncc(self) -> np.ndarray:
        """Local NCC of the source with itself: [h,w]."""
        return self.energy / (self.energy + self.settings.matching.min_energy)

    @property
    def best_ncc(self) -> float:
        """Mean NCC of the source with itself."""
        return self.mean_of(self.own_ncc, np.ones(self.source.shape, bool))

    def matched_share(self, registration: Registration) -> float:
        """Share of the image whose texture matches, 0..1."""
        _, ncc, valid = self.residual_and_ncc(self.to_local(registration))
        return float(np.mean((ncc > self.settings.matching.matched_ncc) & valid))

    def normal_equations(self, local: Registration) -> NormalEquations:
        """Measure the normal equations of a displacement on top of `local`."""
        return self._normal_equations(*self.residual_and_ncc(local))

    def assess(self, registration: Registration) -> tuple[NormalEquations, float]:
        """Measure normal equations and mean NCC at a registration."""
        residual, ncc, valid = self.residual_and_ncc(self.to_local(registration))
        mean_ncc = self.mean_of(ncc, valid)
        return self._normal_equations(residual, ncc, valid), mean_ncc

    def median_misfit(self, equations: NormalEquations) -> float:
        """Median length of one more Gauss-Newton step of textured cells, in full source pixels."""
        trace = equations.tensor[..., 0] + equations.tensor[..., 2]
        textured = trace > np.median(trace)
        if not textured.any():
            return 0.0
        length = np.hypot(*equations.vector[textured].T) / trace[textured]
        return float(np.median(length)) * self.full_sizes[0][1] / self.source.shape[1]

    def mean_of(self, ncc: np.ndarray, weight: np.ndarray) -> float:
        """Mean over the source's texture of a local NCC [h,w], with a weight in 0..1 [h,w]."""
        # Without this threshold large unrelated texture would outvote a small unchanged part.
        chance = self.settings.matching.chance_ncc
        above_chance = np.clip(ncc - chance, 0, 1 - chance)
        above_chance *= weight
        total = (1 - chance) * self.contrast.sum() + 1e-6
        return float(np.vdot(above_chance, self.contrast) / total)

    def _normal_equations(
        self, residual: np.ndarray, ncc: np.ndarray, valid: np.ndarray
    ) -> NormalEquations:
        """From `residual_and_ncc`; overwrites `residual` and `ncc` to save memory."""
        weight = np.clip(ncc, 0, 1, out=ncc)
        weight *= weight * weight  # only well-matched surroundings count
        weight *= valid
        weight /= 1 + residual * residual  # Cauchy weight; images have a deviation of about 1
        pull = weight * residual
        noise = float(np.vdot(pull, residual) / (weight.sum() + 1e-6)) + 0.01
        factors = [weight] * 3 + [pull] * 2
        # Small levels take smaller cells, or the grid would be too coarse for a warp.
        cell = self.settings.matching.cell
        cell = cell if max(self.source.shape) > 160 else cell // 2
        grid = max(1, self.source.shape[0] // cell), max(1, self.source.shape[1] // cell)
        product = residual
        maps = [
            backend.resize(np.multiply(gradient, factor, out=product), grid)
            for gradient, factor in zip(self.gradient_products, factors, strict=True)
        ]
        size: Size = self.source.shape
        return NormalEquations(
            tensor=np.stack(maps[:3], axis=-1),
            vector=np.stack(maps[3:], axis=-1),
            noise=noise,
            size=size,
            effective_samples=size[0] * size[1] / self.settings.warp.pixels_per_sample,
        )


def matched_texture(
    source: np.ndarray, registered: np.ndarray, where: np.ndarray, settings: RegistrationSettings
) -> float:
    """Share of the source's texture that matches in a part, 0..1; 1 for flat and narrow images.

    Parameters
    ----------
    source, registered
        uint8 [H,W,3] in one frame.
    where
        bool [H,W].
    settings
        Its finest level is compared.
    """
    long_side = settings.levels[-1]
    size = backend.scaled_size(where.shape, min(1.0, long_side / max(where.shape)))
    if min(size) < settings.min_coarse_side:
        return 1.0
    images = backend.luma(source), backend.luma(registered)
    level = PyramidLevel.build(*images, long_side, settings)
    _, ncc, _ = level.residual_and_ncc(Registration(np.eye(3), level.source.shape))
    weight = backend.resize(where.astype(np.float32), ncc.shape)
    return (level.mean_of(ncc, weight) + 1e-3) / (level.mean_of(level.own_ncc, weight) + 1e-3)


def _normalise(image: np.ndarray, settings: MatchingSettings) -> tuple[np.ndarray, np.ndarray]:
    """Local mean 0 and deviation about 1, 0 in flat areas; and the local variance: [h,w] each."""
    mean = backend.box_mean(image, settings.ncc_radius)
    variance = backend.box_mean(image * image, settings.ncc_radius)
    out = image - mean
    variance -= np.multiply(mean, mean, out=mean)
    np.maximum(variance, 0, out=variance)
    out /= np.sqrt(np.add(variance, settings.flat_variance, out=mean), out=mean)
    return out, variance
