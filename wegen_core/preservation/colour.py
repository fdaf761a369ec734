"""The editor's colour shift, fitted on what agrees and taken back.

Three steps, each only as rich as the evidence allows: gain and bias per channel by iteratively
reweighted least squares; a quadratic curve with mixed channels on the inliers of the first step; a
smooth offset field of a few levels. A rich fit in one step would absorb a local recolouring.

References
----------
Holland, P. W., Welsch, R. E. (1977). Robust regression using iteratively reweighted least-squares.
Communications in Statistics 6(9), 813-827. doi:10.1080/03610927708827533
Beaton, A. E., Tukey, J. W. (1974). The fitting of power series, meaning polynomials, illustrated on
band-spectroscopic data. Technometrics 16(2), 147-185. doi:10.1080/00401706.1974.10489171
Knutsson, H., Westin, C.-F. (1993). Normalized and differential convolution. CVPR 1993, 515-523.
doi:10.1109/CVPR.1993.341081
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import array_backend as backend
from .array_backend import Box
from .settings import ColourSettings


@dataclass(frozen=True, eq=False)
class ColourTransfer:
    """Takes a registered edited image to the source's colours, and how well the two agree there.

    Parameters
    ----------
    coefficients
        float32 [7,3] for (r, g, b, r^2/255, g^2/255, b^2/255, 1), intensities in levels.
    whitening
        float32 [3,4]: takes a colour to the space where the fitted colours have mean 0 and
        covariance 1; the fourth column is added.
    offset_field
        float32 [fh,fw,3] in levels, coarse, over the source's frame; added after the curve.
    size
        (height, width) of that frame.
    source_small, edited_small
        float32 [h,w,3] in levels: what was fitted.
    inlier_weight
        float32 [h,w] in 0..1: Tukey's weight of the residual, 0 where nothing is valid.
    local_ncc
        float32 [h,w] in 0..1: correlation of the surroundings.
    texture
        float32 [h,w]: deviation of the source from its surroundings, levels.
    median_residual
        Of what is near, levels.
    inlier_share
        Share of the valid pixels that are inliers, 0..1.
    settings
        Thresholds.
    """

    coefficients: np.ndarray
    whitening: np.ndarray
    offset_field: np.ndarray
    size: tuple[int, int]
    source_small: np.ndarray
    edited_small: np.ndarray
    inlier_weight: np.ndarray
    local_ncc: np.ndarray
    texture: np.ndarray
    median_residual: float
    inlier_share: float
    settings: ColourSettings

    def apply(self, rgb: np.ndarray, box: Box) -> np.ndarray:
        """float32 [h,w,3] in levels, a box of the frame -> the same in the source's colours.

        Towards the ends of the intensity range, where the editor may have clipped, and for colours
        unlike the fitted ones, the curve becomes the identity.
        """
        out = self.match(rgb)
        out += backend.upsample_box(self.offset_field, self.size, box)
        width = self.settings.end_width
        for end in (np.maximum(1 - rgb / width, 0), np.maximum(1 - (255 - rgb) / width, 0)):
            out += end * end * (rgb - out)
        return np.clip(out, 0, 255, out=out)

    def match(self, rgb: np.ndarray) -> np.ndarray:
        """float32 [h,w,3] in levels through the curve where it holds: no offset field."""
        return self._where_it_holds(self.apply_curve(rgb), rgb)

    def _where_it_holds(self, matched: np.ndarray, rgb: np.ndarray) -> np.ndarray:
        """Return `matched`, which the curve made of `rgb`, and `rgb` where it does not hold."""
        near, far = self.settings.fitted_distance
        out = rgb - matched
        out *= np.clip((self._distance(rgb) - near) / (far - near), 0, 1)
        out += matched
        return out

    def _distance(self, rgb: np.ndarray) -> np.ndarray:
        """Mahalanobis distance of float32 [h,w,3] from the fitted colours: [h,w,1]."""
        white = backend.mix_channels(rgb, self.whitening)
        white *= white
        return np.sqrt(backend.mix_channels(white, np.ones((1, 3), np.float32)))

    def apply_curve(self, rgb: np.ndarray) -> np.ndarray:
        """float32 [h,w,3] in levels through the curve alone: no offset field, no clipping."""
        return _apply_curve(rgb, self.coefficients)

    def residual(
        self, source: np.ndarray, registered: np.ndarray, top: int, left: int
    ) -> np.ndarray:
        """Source minus colour-matched registered image, float32 [h,w,3] in levels.

        0 where the editor clipped and the source lies beyond.

        Parameters
        ----------
        source, registered
            uint8 [h,w,3]: a part of the frame.
        top, left
            Where the part begins.
        """
        box = top, left, top + registered.shape[0], left + registered.shape[1]
        rgb = registered.astype(np.float32)
        matched = self.apply_curve(rgb)
        offset = backend.upsample_box(self.offset_field, self.size, box)
        residual = source - np.clip(matched + offset, 0, 255)
        # Of colours that the fit knows nothing about: the curve or none, whichever is nearer.
        unknown = np.flatnonzero(self._distance(rgb) > self.settings.fitted_distance[0])
        if len(unknown):
            old, new, rgb, offset = (
                values.reshape(1, -1, 3)[:, unknown] for values in (source, matched, rgb, offset)
            )
            new, other = (
                np.clip(values + offset, 0, 255) for values in (new, self._where_it_holds(new, rgb))
            )
            nearest = np.clip(old, np.minimum(new, other), np.maximum(new, other))
            residual.reshape(1, -1, 3)[:, unknown] = old - nearest
        flat = residual.reshape(-1)
        level = self.settings.clipped_level
        white, black = registered >= level, registered <= 255 - level
        for bound, clipped in ((np.minimum, white), (np.maximum, black)):
            where = np.flatnonzero(clipped)
            flat[where] = bound(flat[where], 0)
        return residual


def fit_colour(
    source: np.ndarray,
    registered: np.ndarray,
    valid: np.ndarray,
    match: bool,
    settings: ColourSettings,
) -> ColourTransfer:
    """Fit the colour transfer from `registered` to `source`.

    Parameters
    ----------
    source, registered
        uint8 [H,W,3] in one frame.
    valid
        bool [H,W]: which pixels are used.
    match
        False leaves colours as they are, and only measures how well they agree.
    settings
        Thresholds.
    """
    longest = max(source.shape[:2])
    k = min(1.0, min(settings.long_side, max(settings.min_long_side, longest / 2)) / longest)
    size = backend.scaled_size(source.shape, k)
    a, b = (_reduce(image, size) for image in (source, registered))
    valid = backend.resize(valid.astype(np.float32), size) > 0.99
    local_ncc, texture = _local_ncc(a, b, settings.max_texture)
    coefficients = np.eye(7, 3, dtype=np.float32)
    offset_field = np.zeros((1, 1, 3), np.float32)
    inlier_weight = np.zeros(size, np.float32)
    whitening = np.zeros((3, 4), np.float32)
    median_residual = inlier_share = 0.0
    if valid.sum() >= settings.min_pixels:
        trust = ((settings.flat_weight + local_ncc**4) * valid).reshape(-1)
        step = max(1, trust.size // settings.samples)
        trust = trust[::step]
        sa, sb = (np.ascontiguousarray(image.reshape(-1, 3)[::step].T) for image in (a, b))
        if match:
            start = _fit_gain_and_bias(sa, sb, trust, settings)
            coefficients, reach, median_residual = _fit_quadratic(sa, sb, trust, start, settings)
            error = np.abs(sa - _apply_curve(sb.T[None], coefficients)[0].T).max(axis=0)
            whitening = _whitening(sb, trust * _tukey_weight(error, reach), settings)
        else:
            error = np.abs(sa - sb).max(axis=0)
            reach, median_residual = _inlier_reach(error, trust, settings)
        residual = a - _apply_curve(b, coefficients)
        inlier_weight = _tukey_weight(backend.channel_max(np.abs(residual)), reach) * valid
        if match:
            offset_field = _fit_offset_field(residual, inlier_weight, settings)
        inlier_share = float((inlier_weight > settings.inlier_weight).sum() / valid.sum())
    return ColourTransfer(
        coefficients=coefficients,
        whitening=whitening,
        offset_field=offset_field,
        size=source.shape[:2],
        source_small=a,
        edited_small=b,
        inlier_weight=inlier_weight,
        local_ncc=local_ncc,
        texture=texture,
        median_residual=median_residual,
        inlier_share=inlier_share,
        settings=settings,
    )


def _reduce(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """uint8 [H,W,3] -> float32 [h,w,3]; halved in uint8 first, which is faster."""
    while rgb.shape[0] >= 2 * size[0] and rgb.shape[1] >= 2 * size[1]:
        rgb = backend.resize(rgb, (rgb.shape[0] // 2, rgb.shape[1] // 2))
    return backend.resize(rgb.astype(np.float32), size)


def _apply_curve(rgb: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """float32 [h,w,3] through the curve of seven terms."""
    matrix = coefficients[[0, 1, 2, 6]].T
    out = backend.mix_channels(rgb, matrix)
    if np.any(coefficients[3:6]):
        squares = np.zeros_like(matrix)
        squares[:, :3] = coefficients[3:6].T / 255
        out += backend.mix_channels(rgb * rgb, squares)
    return out


def _local_ncc(a: np.ndarray, b: np.ndarray, max_texture: float) -> tuple[np.ndarray, np.ndarray]:
    """NCC of 7x7 windows, 0..1, 0 where both are flat; texture of `a`, levels: [h,w] each."""
    ya, yb = backend.luma(a), backend.luma(b)
    ca, cb = ya - backend.box_mean(ya, 3), yb - backend.box_mean(yb, 3)
    va, vb = backend.box_mean(ca * ca, 3), backend.box_mean(cb * cb, 3)
    # 6 levels squared: the noise of flat areas must not correlate.
    ncc = backend.box_mean(ca * cb, 3) / (np.sqrt(np.maximum(va * vb, 0)) + 6.0)
    return np.clip(ncc, 0, 1), np.minimum(np.sqrt(np.maximum(va, 0)), max_texture)


def _fit_gain_and_bias(
    a: np.ndarray, b: np.ndarray, trust: np.ndarray, settings: ColourSettings
) -> np.ndarray:
    """Gain and bias per channel of [3,n], robustly: float32 [7,3]."""
    gain = np.ones((3, 1), np.float32)
    bias = np.array([[_weighted_median(plane, trust)] for plane in a - b], np.float32)
    scale = 20.0  # levels; narrows step by step, so that the fit does not lock onto a wrong shift
    for _ in range(12):
        error = np.abs(a - (b * gain + bias)).max(axis=0)
        weight = trust / (1 + (error / scale) ** 2) ** 2
        total = weight.sum() + 1e-9
        mean_b, mean_a = ((p @ weight)[:, None] / total for p in (b, a))
        centred = b - mean_b
        variance, covariance = ((centred * q) @ weight / total for q in (centred, a - mean_a))
        prior = settings.gain_prior
        gain = np.clip((covariance + prior) / (variance + prior), *settings.gain_range)[:, None]
        bias = mean_a - gain * mean_b
        median = _weighted_median(error, weight)
        scale = max(3.0, 0.7 * scale, 2.5 * median) if scale > 3 else 3.0
    out = np.zeros((7, 3), np.float32)
    out[[0, 1, 2], [0, 1, 2]] = gain[:, 0]
    out[6] = bias[:, 0]
    return out


def _fit_quadratic(
    a: np.ndarray, b: np.ndarray, trust: np.ndarray, start: np.ndarray, settings: ColourSettings
) -> tuple[np.ndarray, float, float]:
    """Fit the seven terms to [3,n] around `start`; also return the last `_inlier_reach`."""
    unit = b / 255
    terms = np.concatenate([unit, unit * unit, np.ones((1, b.shape[1]), np.float32)])
    units = np.array([255.0] * 6 + [1.0])[:, None]  # coefficients of 0..1 instead of levels
    fit = start * units
    for _ in range(6):
        residual = a - fit.T.astype(np.float32) @ terms
        error = np.abs(residual).max(axis=0)
        reach, median = _inlier_reach(error, trust, settings)
        weight = trust * _tukey_weight(error, reach)
        weighted = terms * weight
        # The ridge keeps a flat image, which determines no curve, at its start.
        normal = weighted @ terms.T + np.eye(7) * (2e-3 * weight.sum() + 1e-6)
        fit += np.linalg.solve(normal, weighted @ residual.T)
    return (fit / units).astype(np.float32), reach, median


def _whitening(b: np.ndarray, weight: np.ndarray, settings: ColourSettings) -> np.ndarray:
    """See `ColourTransfer.whitening`; of colours [3,n]."""
    total = weight.sum() + 1e-9
    mean = b @ weight / total
    centred = b - mean[:, None]
    # A sphere of `colour_spread` levels keeps the variance of nearly grey images above 0.
    covariance = (centred * weight) @ centred.T / total + np.eye(3) * settings.colour_spread**2
    matrix = np.linalg.inv(np.linalg.cholesky(covariance))
    return np.column_stack([matrix, -matrix @ mean]).astype(np.float32)


def _inlier_reach(
    error: np.ndarray, trust: np.ndarray, settings: ColourSettings
) -> tuple[float, float]:
    """Return the residual from which the inlier weight is 0, and the median residual near by."""
    near = error < settings.max_residual
    median = _weighted_median(error[near], trust[near]) if near.any() else 0.0
    return settings.inlier_spread * median + settings.inlier_offset, median


def _tukey_weight(error: np.ndarray, reach: float) -> np.ndarray:
    """Tukey's biweight: 1 where nothing differs, 0 from `reach` on."""
    return np.clip(1 - (error / reach) ** 2, 0, 1) ** 2


def _fit_offset_field(
    residual: np.ndarray, inlier_weight: np.ndarray, settings: ColourSettings
) -> np.ndarray:
    """Fit a smooth offset over [h,w,3] to what the curve leaves, float32 [fh,fw,3].

    Normalised convolution (Knutsson and Westin 1993): the inliers' mean under a wide Gaussian.
    """
    size = inlier_weight.shape
    grid = backend.scaled_size(size, min(1.0, settings.offset_grid / max(size)))
    weight = backend.resize(inlier_weight, grid)[..., None]
    # Clipped at 12 levels, so that a few large residuals do not carry the mean.
    weighted = np.clip(residual, -12, 12) * inlier_weight[..., None]
    total = backend.resize(weighted, grid).astype(np.float32)
    sigma = settings.offset_grid / 8
    mean = backend.blur(total, sigma) / (backend.blur(weight[..., 0], sigma)[..., None] + 0.1)
    return np.clip(mean, -settings.offset_limit, settings.offset_limit).astype(np.float32)


def _weighted_median(values: np.ndarray, weight: np.ndarray) -> float:
    order = np.argsort(values)
    total = np.cumsum(weight[order])
    return float(values[order[np.searchsorted(total, total[-1] / 2)]])
