"""Local or global: whether there is anything to preserve in an edit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import array_backend as filters
from .change import Change
from .colour import LEAST, Level

_ZOOM = 1.35  # a larger zoom is a new framing; editors drift by up to a fifth
_TONE = 15.0  # mean colour shift, levels; editors shift by up to about 10
_FADED = 0.45  # share of the source's colourfulness that must be left
_COLOURFUL = 6.0  # levels of the colourful places below which there is no colour to lose
_BRIGHT = 45.0  # shift of the bright tones, levels: a night sky is mostly black
_NOISE = 4.6  # misfit of what agrees, levels, ...
_REDRAWN = 0.2  # ... and per level of the picture's texture, which editors draw anew
_DOUBT = 4.0  # misfit, levels, from which the texture has to agree as well, ...
_GRAIN = 2.5  # ... and flat areas may not be noisier than this, levels (editors leave about 1), ...
_MOST = 0.5  # ... where so much of the picture agrees that the noise is not an edit's
_KEPT = 0.05  # share of the picture that must agree for anything to be preserved
_STRUCTURE = 0.45  # correlation of the texture of what seems kept, below which it is chance
_CHANGED = 0.3  # share changed above which chance agreement is a danger


@dataclass(frozen=True)
class Scope:
    """local: whether the edit leaves something to preserve; reason: in words."""

    local: bool
    reason: str


def scope(inside: np.ndarray, zoom: float, tone: Level, change: Change) -> Scope:
    """The decision for a pair of pictures, by what was found out about them.

    inside: bool [H,W], what the edited picture covers. zoom: how much larger the editor drew the
    picture, beyond the resize of the sizes.
    """
    if not 1 / _ZOOM < zoom < _ZOOM:
        return Scope(False, f"a new framing: zoomed by {zoom:.2f}")
    if inside.sum() < LEAST:
        return Scope(False, "too few pixels to tell what changed")
    before, after = tone.before, tone.after
    shift = _mean(np.abs(tone.curve(after) - after).mean(axis=2), tone.agree)
    if shift > _TONE:
        return Scope(False, f"the colours of the whole picture changed by {shift:.0f} levels")
    some = after[::2, ::2].reshape(-1, 3)
    bright = np.percentile(some, 98, axis=0).astype(np.float32)[None, None]
    if np.abs(tone.curve(bright) - bright).max() > _BRIGHT:
        return Scope(False, "the tones of the whole picture changed")
    if _faded(before, after, tone.similar):
        return Scope(False, "the whole picture lost its colours")
    grainy = change.flat > _GRAIN and tone.explained > _MOST
    loose = tone.spread > _DOUBT and (grainy or tone.structure < _STRUCTURE)
    if tone.spread > _NOISE + _REDRAWN * tone.texture or loose:
        return Scope(False, f"the whole picture was drawn anew (misfit {tone.spread:.1f} levels)")
    changed = float((change.mask & inside).sum() / max(1, inside.sum()))
    if tone.explained < _KEPT or changed > 1 - _KEPT:
        return Scope(False, f"nothing recognisable stayed: {changed:.0%} changed")
    if changed > _CHANGED and tone.structure < _STRUCTURE:
        return Scope(False, f"another picture: {changed:.0%} changed, the rest agrees by chance")
    if change.mask.any():
        return Scope(True, f"a local edit: {change.mask.mean():.1%} of the picture changed")
    return Scope(True, "nothing changed but the editor's own noise")


def _faded(before: np.ndarray, after: np.ndarray, similar: np.ndarray) -> bool:
    """Whether what is still there by its texture was colourful and is no longer. Colourful
    places count most: a photograph of the night sky is mostly black."""
    old, new = _colourfulness(before), _colourfulness(after)
    weight = similar * old
    return _mean(old, weight) > _COLOURFUL and _mean(new, weight) < _FADED * _mean(old, weight)


def _colourfulness(rgb: np.ndarray) -> np.ndarray:
    """Mean distance of the channels from the luma, levels: [h,w]."""
    return np.abs(rgb - filters.luma(rgb)[..., None]).mean(axis=2)


def _mean(values: np.ndarray, weight: np.ndarray) -> float:
    return float((values * weight).sum() / (weight.sum() + 1e-6))
