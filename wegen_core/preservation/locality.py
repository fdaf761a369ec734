"""Local or global: whether an edit leaves something to preserve."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from . import array_backend as backend
from .analysis import Analysis
from .colour import ColourTransfer
from .settings import LocalitySettings

_Sign = tuple[float, str]  # strength, 1 at the threshold; and what it says, in words


@dataclass(frozen=True)
class EditLocality:
    """Whether an edit is local.

    Parameters
    ----------
    is_local
        The decision.
    reason
        For the decision, in words.
    confidence
        About how likely the decision and what follows from it are right, 0..1.
    check
        What to look at where that is not likely; else empty.
    """

    is_local: bool
    reason: str
    confidence: float
    check: str = ""


def judge_locality(analysis: Analysis, is_hinted: bool, settings: LocalitySettings) -> EditLocality:
    """Decide whether an edit is local.

    Every sign of a global edit has a strength, a measure divided by its threshold. The first sign
    above 1 gives the reason.

    Parameters
    ----------
    analysis
        What was measured of the two images.
    is_hinted
        Whether a hint says that the edit is local.
    settings
        Thresholds.
    """
    valid, mask = analysis.valid, analysis.mask
    if valid.sum() < settings.min_pixels:
        return EditLocality(False, "too few pixels to compare", 1.0)
    changed = float((mask & valid).sum() / valid.sum())
    signs = [
        *_framing_signs(analysis, changed, settings),
        *_colour_signs(analysis.colour, settings),
        *_texture_signs(analysis, changed, settings),
    ]
    if is_hinted:
        signs = [(strength * settings.hinted_factor, reason) for strength, reason in signs]
    strength, nearest = max(signs)
    # Near a threshold, the measures say little either way.
    is_global = bool(strength > 1)
    nearness = 1 / strength if is_global else strength
    exponent = settings.doubt_exponents[is_global]
    confidence = 1 - settings.doubtful_error_rates[is_global] * nearness**exponent
    if not is_global:  # in a large change, more can be wrong
        confidence -= settings.change_error_rate * changed
    is_doubtful = confidence < settings.min_confidence
    for strength, reason in signs:
        if strength > 1:
            check = "the edit may be local; compare with scope='local'" if is_doubtful else ""
            return EditLocality(False, reason, confidence, check)
    if confidence < settings.cautious_confidence:
        reason = f"doubtful, so nothing is taken back: nearly {nearest}"
        return EditLocality(False, reason, confidence, "compare with scope='local'")
    reason = "nothing changed except for the editor's noise"
    if mask.any():
        reason = f"a local edit: {mask.mean():.1%} of the image changed"
        across, down = analysis.scales
        if max(across / down, down / across) > settings.max_extension:
            reason += "; its new framing is not kept"
    check = f"nearly: {nearest}; compare with scope='global'" if is_doubtful else ""
    return EditLocality(True, reason, confidence, check)


def _framing_signs(analysis: Analysis, changed: float, settings: LocalitySettings) -> list[_Sign]:
    zoom = analysis.zoom
    signs = [
        (abs(math.log(zoom)) / math.log(settings.max_zoom), f"a new framing: zoomed by {zoom:.2f}")
    ]
    if changed > settings.max_framed_change:
        return signs  # the edit is what changed; at the borders, the editor drifted
    across, down = analysis.scales
    wider, narrower = 1 / min(across, down), max(across, down)
    stretch = max(across / down, down / across)
    # A canvas that grew on all sides keeps its pixels; an editor's drift does not.
    grew = wider if analysis.keeps_pixel_scale and narrower < 1 else 1.0
    limit, crop_limit = math.log(settings.max_extension), math.log(settings.max_crop)
    extension = max(math.log(grew), min(math.log(wider), math.log(stretch))) / limit
    crop = min(math.log(narrower), math.log(stretch)) / crop_limit
    return [
        *signs,
        (extension, "a new framing: the image was extended beyond its frame"),
        (crop, "a new framing: the image was cropped along one side"),
    ]


def _colour_signs(colour: ColourTransfer, settings: LocalitySettings) -> list[_Sign]:
    before, after = colour.source_small, colour.edited_small
    shift = np.abs(colour.apply_curve(after) - after).mean(axis=2)
    mean_shift = _weighted_mean(shift, colour.inlier_weight)
    some = after[::2, ::2].reshape(-1, 3)
    highlight = np.percentile(some, 98, axis=0).astype(np.float32)[None, None]
    highlight_shift = float(np.abs(colour.apply_curve(highlight) - highlight).max())

    old, new = _colourfulness(before), _colourfulness(after)
    # Colourful places count most: a photograph of the night sky is mostly black.
    weight = colour.local_ncc * old
    kept_share = _weighted_mean(new, weight) / (_weighted_mean(old, weight) + 1e-6)
    has_colour = (old > settings.colourful).mean() > settings.min_colour_area
    lost = settings.min_colour_share / (kept_share + 1e-6) if has_colour else 0.0
    # A tint of the whole image is in the curve. Who colours in keeps lines and shades.
    gained = _colourfulness(colour.match(after)) > settings.colourful
    lines_ncc = _weighted_mean(colour.local_ncc, gained * colour.texture)
    is_drawing = old.mean() < settings.colourless and lines_ncc > settings.min_lines_ncc
    return [
        (
            mean_shift / settings.max_colour_shift,
            f"the colours of the whole image changed by {mean_shift:.0f} levels",
        ),
        (
            highlight_shift / settings.max_highlight_shift,
            "the tones of the whole image changed",
        ),
        (lost, "the whole image lost its colours"),
        (is_drawing * gained.mean() / settings.coloured_area, "the whole image was coloured in"),
    ]


def _texture_signs(analysis: Analysis, changed: float, settings: LocalitySettings) -> list[_Sign]:
    """Say whether the texture of what counts as unchanged is the same."""
    colour = analysis.colour
    unchanged = (analysis.valid & ~analysis.mask).astype(np.float32)
    unchanged = backend.resize(unchanged, colour.texture.shape) * (0.05 + colour.inlier_weight)
    texture = settings.residual_per_texture * _weighted_mean(colour.texture, unchanged)
    residual, share = colour.median_residual, colour.inlier_share
    noisy = min(analysis.noise_floor / settings.max_flat_noise, share / settings.noisy_inlier_share)
    redrawn = max(
        residual / (settings.max_residual + texture),
        min(residual / (settings.noisy_residual + texture), noisy),
    )
    # Drawings have little texture that could match; one that stands as it did needs less of it.
    has_moved = analysis.shift > settings.unsure_shift
    other = settings.min_matched_shares[has_moved] / (analysis.matched_share + 1e-6)
    lost = settings.min_inlier_share / (min(share, 1 - changed) + 1e-6)
    return [
        (redrawn, f"the whole image was redrawn (misfit {residual:.1f} levels)"),
        (lost, f"nothing recognisable is left: {changed:.0%} changed"),
        (other, f"another image: {analysis.matched_share:.0%} of the details match"),
    ]


def _colourfulness(rgb: np.ndarray) -> np.ndarray:
    """Mean distance of the channels from the luma, levels: [h,w]."""
    return np.abs(rgb - backend.luma(rgb)[..., None]).mean(axis=2)


def _weighted_mean(values: np.ndarray, weight: np.ndarray) -> float:
    return float((values * weight).sum() / (weight.sum() + 1e-6))
