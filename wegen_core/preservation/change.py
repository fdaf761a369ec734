"""Change detection: what was changed on purpose, and what is only the editor's noise.

1. The residual between the source and the colour-matched registered image loses what the editor's
   blur explains.
2. It is searched in a pyramid, fine to coarse. Each level leaves out what finer ones detected,
   because masks would grow by the blur of the coarse levels.
3. At each level the expected squared residual is a + b * gradient^2, learnt per colour plane on the
   inliers: an editor redraws texture but leaves flat areas alone. The gradient is that of the
   plane, so that a few coloured edges in a grey image may err as much as the grey ones.
4. Components are found by hysteresis. Around a strong residual only what exceeds a share of it
   counts, because an editor also blurs the edges of what it added.
5. What no displacement and no blur explains is a change, too, whatever the noise. Beside changes,
   what is left of the source to the soft ends of its edges belongs to them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..records.hooks import NO_HOOKS, Hooks
from . import array_backend as backend
from .colour import ColourTransfer
from .settings import ChangeLevelSettings, ChangeSettings

_SAMPLED_STRIPS = 6  # one of so many strips is computed for a noise fit, ...
_SAMPLED_ROWS = 16  # ... of so many rows each: thin ones are spread better over the image
_UNIT = 1 / 32  # levels: the residual is stored as int16 in multiples of this
# Luma and two colour differences (ITU-T T.871, the YCbCr of JPEG): editors err differently in each.
_OPPONENT = np.array(
    [[0.299, 0.587, 0.114], [-0.169, -0.331, 0.5], [0.5, -0.419, -0.081]], np.float32
)


@dataclass(frozen=True, eq=False)
class Change:
    """What changed on purpose.

    Parameters
    ----------
    mask
        bool [H,W].
    noise_floor
        Standard deviation of the editor's noise in flat areas, levels.
    """

    mask: np.ndarray
    noise_floor: float


def find_change(
    source: np.ndarray,
    registered: np.ndarray,
    valid: np.ndarray,
    colour: ColourTransfer,
    announced: np.ndarray | None,
    residual_px: float,
    settings: ChangeSettings,
    hooks: Hooks = NO_HOOKS,
) -> Change:
    """Find where `source` was changed on purpose.

    Parameters
    ----------
    source, registered
        uint8 [H,W,3] in one frame.
    valid
        bool [H,W]: what the edited image covers; the rest never counts as changed.
    colour
        From `registered` to `source`.
    announced
        bool [H,W]: where a mask announces a change, so that less evidence is required; or None.
    residual_px
        Median misfit of the registration, px. Bounds what misalignment explains.
    settings
        Thresholds.
    hooks
        `check_stop` is called between the parts, and raises `Stopped`.
    """
    size = valid.shape
    threshold_scale = np.ones((1, 1), np.float32)
    if announced is not None:
        threshold_scale = np.where(announced, settings.announced_factor, 1).astype(np.float32)
    max_jitter = settings.min_jitter + settings.jitter_per_residual * residual_px
    level, leftover, contradiction = _finest_level(
        source, registered, valid, colour, threshold_scale, settings, hooks
    )
    hooks.check_stop()
    contradictory = _contradictory_components(contradiction, settings)
    del contradiction
    noise = level.fit_noise(max_jitter)
    noise_floor = float(np.sqrt(noise[0, 0]))
    mask, edges, scores = level.detect(settings.levels[0], noise)
    hooks.check_stop()
    explained, detected = mask | edges | ~valid, mask
    for thresholds in settings.levels[1:]:
        level = level.halved(detected | edges)
        detected, edges, level_scores = level.detect(thresholds, level.fit_noise(max_jitter))
        if not detected.any():
            continue
        new, new_edges = (
            backend.resize(m.astype(np.float32), size) > 0.5 for m in (detected, edges)
        )
        mask |= new & ~explained
        explained |= new | new_edges
        np.maximum(scores, backend.resize(level_scores, size), out=scores)
    scores /= threshold_scale**2
    mask = _drop_weak_components(mask & valid, scores, settings.min_evidence)
    # Beyond the border of the edited image nothing is known that could explain a displacement.
    mask |= contradictory & backend.erode(valid, settings.displacement + 1)
    # What is left beside the mask of what was there before belongs to it, to the soft ends of its
    # edges. What the editor added has soft edges too, but there the source shows nothing.
    for limit, reach in settings.leftovers:
        mask |= (leftover > limit) & backend.dilate(mask, reach)
    return Change(_close_gaps(mask & valid, settings) & valid, noise_floor)


@dataclass(frozen=True, eq=False)
class _ResidualLevel:
    """One level of the residual pyramid.

    Parameters
    ----------
    residual
        int16 [3,h,w] in multiples of `_UNIT`, planes of `_OPPONENT`.
    gradient
        uint8 [3,h,w]: length of the source's gradient in each plane, levels.
    weight
        [h,w]: share of a pixel whose residual is not explained by a finer level, 0..1.
    quiet
        [h,w]: from 0.99 on, noise is learnt there.
    threshold_scale
        [h,w] or [1,1]: factor on the required scores.
    chroma_reach
        px of this level.
    settings
        Thresholds.
    """

    residual: np.ndarray
    gradient: np.ndarray
    weight: np.ndarray
    quiet: np.ndarray
    threshold_scale: np.ndarray
    chroma_reach: float
    settings: ChangeSettings

    def halved(self, explained: np.ndarray) -> _ResidualLevel:
        """Return the next level, without what bool `explained` [h,w] marks."""
        size = backend.half_size(explained.shape)
        unexplained = ~explained
        scale = self.threshold_scale
        # What needs most memory to compute comes first: that keeps the peak low.
        return _ResidualLevel(
            quiet=backend.resize(self.quiet.astype(np.float32), size),
            weight=backend.resize((self.weight * unexplained).astype(np.float32), size),
            gradient=np.stack([backend.resize(plane, size) for plane in self.gradient]),
            residual=np.stack(
                [backend.resize(plane * unexplained, size) for plane in self.residual]
            ),
            threshold_scale=backend.resize(scale, size) if scale.size > 1 else scale,
            chroma_reach=self.chroma_reach / 2,
            settings=self.settings,
        )

    def fit_noise(self, max_jitter: float) -> np.ndarray:
        """Fit a and b of the expected squared residual of each plane, [3,2]."""
        settings = self.settings
        learn = (self.quiet > 0.99) & (self.weight > 0.99)
        samples = _sample_rows(learn, self._smooth, settings)
        if samples.shape[1] < settings.min_noise_samples:
            return np.tile(np.array(settings.initial_noise, np.float32), (3, 1))
        noise = np.array(
            [
                _fit_noise(plane, gradient, max_jitter, settings)
                for plane, gradient in zip(samples[:3], samples[3:], strict=True)
            ],
            np.float32,
        )
        # What is drawn aside is so in all planes; a grey image shows it in luma alone.
        noise[:, 1] = np.maximum(noise[:, 1], noise[0, 1])
        return noise

    def detect(
        self, thresholds: ChangeLevelSettings, noise: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Find changes at this level, the blurred edges around them, bool [h,w], and scores."""
        score = np.empty(self.weight.shape, np.float32)
        weak, near_peak = np.empty((2, *score.shape), bool)
        for rows, with_halo, inner in backend.row_strips(len(score), self.settings.halo):
            parts = self._smooth(with_halo)
            squared_score, difference = np.zeros((2, *parts[0].shape), np.float32)
            for plane, gradient, (a, b) in zip(parts[:3], parts[3:], noise, strict=True):
                squared_score += plane * plane / (a + b * gradient)
                np.maximum(difference, np.abs(plane), out=difference)
            score[rows] = np.sqrt(squared_score[inner])
            peak = backend.max_filter(difference, 2)
            near_peak[rows] = (difference > thresholds.peak_share * peak)[inner]
            weak[rows] = (difference > thresholds.min_difference)[inner]
        weak &= (score > self.settings.weak_score) & (self.weight > 0.5)
        strong = weak & (score > thresholds.strong_score * self.threshold_scale)
        component = backend.hysteresis(strong, weak)
        detected = component & near_peak
        score[~detected] = 0
        return detected, component & ~detected, score

    def _smooth(self, rows: slice) -> list[np.ndarray]:
        """Blur the three planes, in levels, then their squared gradients, of some rows."""
        sigma = self.settings.sigma
        # Normalised convolution: explained pixels do not pull their neighbours to 0.
        total = backend.blur(self.weight[rows].astype(np.float32), sigma)
        total = _UNIT / np.maximum(total, 0.15)
        planes = [backend.blur(p[rows].astype(np.float32), sigma) * total for p in self.residual]
        reach = max(sigma, self.chroma_reach)
        squares = (np.square(p[rows], dtype=np.float32) for p in self.gradient)
        return [*planes, *(backend.blur(square, reach) for square in squares)]


def _finest_level(
    source: np.ndarray,
    registered: np.ndarray,
    valid: np.ndarray,
    colour: ColourTransfer,
    threshold_scale: np.ndarray,
    settings: ChangeSettings,
    hooks: Hooks,
) -> tuple[_ResidualLevel, np.ndarray, np.ndarray]:
    """Build the finest level, whose residual lacks the detail that the editor blurred away."""
    quiet = backend.resize(colour.inlier_weight, valid.shape) > settings.quiet_weight
    quiet &= valid

    def compute(rows: slice) -> tuple[np.ndarray, ...]:
        """Residual, two bands of detail, and source, float32 [h,w,3] in opponent colours."""
        residual = colour.residual(source[rows], registered[rows], rows.start, 0)
        residual = backend.mix_channels(residual, _OPPONENT)
        image = backend.mix_channels(source[rows].astype(np.float32), _OPPONENT)
        soft = backend.blur(image, 1.0)
        return residual, image - soft, soft - backend.blur(image, 2.0), image

    shares = np.zeros((3, 2), np.float32)
    samples = _sample_rows(quiet, lambda rows: compute(rows)[:3], settings)
    if samples.shape[1] >= settings.min_noise_samples:
        shares = np.stack([_blur_shares(samples[3 + c :: 3].T, samples[c]) for c in range(3)])
    fine_share, coarse_share = (np.diag(s) / np.float32(_UNIT) for s in shares.T)
    stored = np.empty((3, *quiet.shape), np.int16)
    gradient = np.empty((3, *quiet.shape), np.uint8)
    leftover, contradiction = np.empty((2, *quiet.shape), np.uint8)
    for rows, with_halo, inner in backend.row_strips(len(quiet), settings.halo):
        hooks.check_stop()
        residual, fine, coarse, image = compute(with_halo)
        residual *= 1 / _UNIT
        residual -= backend.mix_channels(fine, fine_share)
        residual -= backend.mix_channels(coarse, coarse_share)
        stored[:, rows] = np.rint(residual[inner], out=residual[inner]).transpose(2, 0, 1)
        gradient[:, rows] = _gradient(image, settings)[inner].transpose(2, 0, 1)
        parts = _contradiction(image, image - residual * _UNIT, settings)
        leftover[rows], contradiction[rows] = (part[inner] for part in parts)
    stored *= valid
    level = _ResidualLevel(
        stored, gradient, valid, quiet, threshold_scale, settings.chroma_reach, settings
    )
    return level, leftover, contradiction


def _contradiction(
    image: np.ndarray, matched: np.ndarray, settings: ChangeSettings
) -> tuple[np.ndarray, np.ndarray]:
    """How far two images [h,w,3] differ beyond any small displacement, levels: [h,w] each.

    The distance of `image` from the range of the values of `matched` near by, or a share of the
    distance from the range within 1 px: what is left of what was there before. And the larger
    distance of the two images from each other's range, without the share of the local contrast that
    a blur may take.
    """
    radius = settings.displacement
    leftover, unblurred = np.zeros((2, *image.shape[:2]), np.float32)
    for channel, weight in enumerate((1.0, 1.5, 1.5)):
        a, b = (np.ascontiguousarray(v[..., channel]) for v in (image, matched))
        high_a, high_b = (backend.max_filter(v, radius) for v in (a, b))
        low_a, low_b = (-backend.max_filter(-v, radius) for v in (a, b))
        left = np.maximum(a - high_b, low_b - a)
        beyond = functools.reduce(np.maximum, (left, b - high_a, low_a - b))
        contrast = np.maximum(high_a - low_a, high_b - low_b)
        left -= settings.detail_share * (high_b - low_b)
        high_b, low_b = backend.max_filter(b, 1), -backend.max_filter(-b, 1)
        beside = np.maximum(a - high_b, low_b - a) - settings.detail_share * (high_b - low_b)
        np.maximum(left, settings.beside_share * beside, out=left)
        np.maximum(leftover, weight * left, out=leftover)
        np.maximum(unblurred, weight * (beyond - settings.blur_share * contrast), out=unblurred)
    return np.minimum(leftover, 255), np.minimum(unblurred, 255)


def _blur_shares(bands: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Fit the shares of two bands of detail [n,2] in the residual [n], robustly: float32 [2]."""
    design, goal = bands.astype(np.float64), residual.astype(np.float64)
    weight: np.ndarray = np.ones(len(goal))
    shares: np.ndarray = np.zeros(2)
    for _ in range(4):
        weighted = design * weight[:, None]
        # The ridge leaves detail that hardly occurs (mean square below 0.02) alone.
        normal = weighted.T @ design + np.eye(2) * 0.02 * len(goal)
        shares = np.linalg.solve(normal, weighted.T @ goal)
        error = np.abs(goal - design @ shares)
        weight = 1 / (1 + (error / (2 * np.median(error) + 0.5)) ** 2)  # Cauchy
    return shares.astype(np.float32)


def _gradient(image: np.ndarray, settings: ChangeSettings) -> np.ndarray:
    """Length of the gradient of [H,W,3] per channel, rounded, with a share of the others'."""
    smooth = backend.blur(image, 0.6)
    square = np.zeros_like(smooth)
    square[:, 1:-1] = (smooth[:, 2:] - smooth[:, :-2]) ** 2
    square[1:-1] += (smooth[2:] - smooth[:-2]) ** 2
    shares = np.eye(3, dtype=np.float32) + np.float32(settings.shared_gradient)
    return np.rint(np.sqrt(backend.mix_channels(square, shares / 4)))


def _sample_rows(
    mask: np.ndarray, compute: Callable[[slice], Sequence[np.ndarray]], settings: ChangeSettings
) -> np.ndarray:
    """Values of `compute` at some pixels of bool `mask`: float32 [channels, n].

    `compute` gives arrays [h,W] or [h,W,C] for some rows. It is called for strips spread over the
    image until they hold enough pixels.
    """
    count = settings.noise_samples
    strips = list(backend.row_strips(len(mask), settings.halo, _SAMPLED_ROWS))
    step = max(1, np.count_nonzero(mask) // (_SAMPLED_STRIPS * count))
    samples, total = [], 0
    # Multiples of the golden ratio: every beginning of this order is spread evenly.
    for i in sorted(range(len(strips)), key=lambda i: i * 0.618 % 1):
        rows, with_halo, inner = strips[i]
        chosen = np.flatnonzero(mask[rows])[::step]
        if total > count or not len(chosen):
            continue
        parts = [part[inner].reshape(mask[rows].size, -1)[chosen] for part in compute(with_halo)]
        samples.append(np.concatenate(parts, axis=1).T)
        total += len(chosen)
    return np.concatenate(samples, axis=1) if samples else np.zeros((0, 0), np.float32)


def _fit_noise(
    residual: np.ndarray, gradient: np.ndarray, max_jitter: float, settings: ChangeSettings
) -> tuple[float, float]:
    """Fit a and b of the expected squared residual a + b * gradient, robustly."""
    a, b = settings.initial_noise
    min_a, min_b = settings.min_noise
    square, gradient = residual.astype(np.float64) ** 2, gradient.astype(np.float64)
    for _ in range(6):
        expected = a + b * gradient
        # Squares are clipped at 3 sigma, which leaves 0.995 of a normal distribution's variance.
        clipped = np.minimum(square, 9 * expected) / 0.995
        # Weighted linear regression; the variance of a square is proportional to its square.
        weight = 1 / expected**2
        sloped = weight * gradient
        s0, s1, s2 = weight.sum(), sloped.sum(), sloped @ gradient
        t0, t1 = weight @ clipped, sloped @ clipped
        determinant = s0 * s2 - s1 * s1
        if determinant > 1e-9 * s0 * s2:
            a, b = (s2 * t0 - s1 * t1) / determinant, (s0 * t1 - s1 * t0) / determinant
        a, b = max(a, min_a), min(max(b, min_b), max_jitter**2)
    return a, b


def _drop_weak_components(mask: np.ndarray, score: np.ndarray, min_evidence: float) -> np.ndarray:
    """Without the components that are too small for how weak they are."""
    labels, count = backend.connected_components(backend.dilate(mask, 3))
    if count == 0:
        return mask
    label = labels[mask]
    area = np.bincount(label, minlength=count + 1)
    peak = np.zeros(count + 1, np.float32)
    np.maximum.at(peak, label, score[mask])
    out = np.zeros_like(mask)
    out[mask] = (peak * np.sqrt(area) > min_evidence)[label]
    return out


def _contradictory_components(contradiction: np.ndarray, settings: ChangeSettings) -> np.ndarray:
    """Find what no displacement, blur or noise explains, bool [h,w]."""
    out = contradiction > settings.min_contradiction / 2
    labels, count = backend.connected_components(out)
    area = np.bincount(labels[contradiction > settings.min_contradiction], minlength=count + 1)
    out[out] = (area >= settings.min_contradicting)[labels[out]]
    return out


def _close_gaps(mask: np.ndarray, settings: ChangeSettings) -> np.ndarray:
    """With the narrow gaps and the small holes."""
    radius = settings.max_gap / 2
    mask = backend.erode(backend.dilate(mask, radius), radius)
    labels, count = backend.connected_components(~mask)
    if count < 2:
        return mask
    max_area = max(settings.min_hole, settings.hole_share * np.count_nonzero(mask))
    is_hole = np.bincount(labels.reshape(-1)) < max_area
    is_hole[0] = False
    return mask | is_hole.take(labels)
