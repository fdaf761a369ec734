"""Local or global: whether an edit leaves something to preserve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import array_backend as backend
from .change import Change
from .colour import ColourTransfer
from .settings import LocalitySettings


@dataclass(frozen=True)
class EditLocality:
    """Whether an edit is local, and why, in words."""

    is_local: bool
    reason: str


def judge_locality(
    valid: np.ndarray,
    zoom: float,
    stretch: float,
    colour: ColourTransfer,
    change: Change,
    settings: LocalitySettings,
) -> EditLocality:
    """Decide whether an edit is local, from what was measured of the two images.

    Parameters
    ----------
    valid
        bool [H,W]: what the edited image covers.
    zoom
        How much larger the editor drew the image, beyond the resize between the sizes.
    stretch
        How much more along one side than along the other.
    colour
        The fitted colour transfer.
    change
        The detected change.
    settings
        Thresholds.
    """
    if not 1 / settings.max_zoom < zoom < settings.max_zoom:
        return EditLocality(False, f"a new framing: zoomed by {zoom:.2f}")
    if valid.sum() < settings.min_pixels:
        return EditLocality(False, "too few pixels to compare")

    before, after = colour.source_small, colour.edited_small
    shift = np.abs(colour.apply_curve(after) - after).mean(axis=2)
    mean_shift = _weighted_mean(shift, colour.inlier_weight)
    if mean_shift > settings.max_colour_shift:
        reason = f"the colours of the whole image changed by {mean_shift:.0f} levels"
        return EditLocality(False, reason)
    some = after[::2, ::2].reshape(-1, 3)
    highlight = np.percentile(some, 98, axis=0).astype(np.float32)[None, None]
    if np.abs(colour.apply_curve(highlight) - highlight).max() > settings.max_highlight_shift:
        return EditLocality(False, "the tones of the whole image changed")
    matched = colour.match(after)
    reason = _colours_lost_or_gained(before, after, matched, colour, settings)
    if reason:
        return EditLocality(False, reason)

    # The texture of what counts as unchanged: is it the same?
    unchanged = backend.resize((valid & ~change.mask).astype(np.float32), colour.texture.shape)
    unchanged = unchanged * (0.05 + colour.inlier_weight)
    texture = _weighted_mean(colour.texture, unchanged)
    texture_ncc = _weighted_mean(colour.local_ncc, unchanged * colour.texture)
    residual = colour.median_residual
    is_noisy = (
        change.noise_floor > settings.max_flat_noise
        and colour.inlier_share > settings.noisy_inlier_share
    )
    by_chance = texture_ncc < settings.min_inlier_ncc
    textured = settings.residual_per_texture * texture
    if (
        residual > settings.max_residual + textured
        or (residual > settings.noisy_residual + textured and is_noisy)
        or (residual > settings.doubtful_residual and by_chance)
    ):
        reason = f"the whole image was redrawn (misfit {residual:.1f} levels)"
        return EditLocality(False, reason)

    changed = float((change.mask & valid).sum() / max(1, valid.sum()))
    least = settings.min_inlier_share
    if colour.inlier_share < least or changed > 1 - least:
        return EditLocality(False, f"nothing recognisable is left: {changed:.0%} changed")
    if changed > settings.chance_changed_share and by_chance:
        reason = f"another image: {changed:.0%} changed, the rest agrees by chance"
        return EditLocality(False, reason)
    if change.mask.any():
        reason = f"a local edit: {change.mask.mean():.1%} of the image changed"
        if stretch > settings.max_stretch:
            reason += "; its new framing is not kept"
        return EditLocality(True, reason)
    if stretch > settings.max_stretch:
        return EditLocality(False, "a new framing: the image was widened or cropped along one side")
    return EditLocality(True, "nothing changed except for the editor's noise")


def _colours_lost_or_gained(
    before: np.ndarray,
    after: np.ndarray,
    matched: np.ndarray,
    colour: ColourTransfer,
    settings: LocalitySettings,
) -> str:
    """Name a change of the whole image between colour and grey; empty if there is none."""
    old, new = _colourfulness(before), _colourfulness(after)
    if (old > settings.colourful).mean() > settings.min_colour_area:
        # Colourful places count most: a photograph of the night sky is mostly black.
        weight = colour.local_ncc * old
        if _weighted_mean(new, weight) < settings.min_colour_share * _weighted_mean(old, weight):
            return "the whole image lost its colours"
    # A tint of the whole image is in the curve; `matched` is without it. Lines and shades are kept.
    gained = _colourfulness(matched) > settings.colourful
    kept_ncc = _weighted_mean(colour.local_ncc, gained * colour.texture)
    if (
        old.mean() < settings.colourless
        and gained.mean() > settings.coloured_area
        and kept_ncc > settings.min_inlier_ncc
    ):
        return "the whole image was coloured in"
    return ""


def _colourfulness(rgb: np.ndarray) -> np.ndarray:
    """Mean distance of the channels from the luma, levels: [h,w]."""
    return np.abs(rgb - backend.luma(rgb)[..., None]).mean(axis=2)


def _weighted_mean(values: np.ndarray, weight: np.ndarray) -> float:
    return float((values * weight).sum() / (weight.sum() + 1e-6))
