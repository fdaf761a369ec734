"""preserve: what the edit did not ask to change comes back, bit for bit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from . import filters
from .change import change
from .composite import composite, feather
from .level import Level, level
from .pixels import Pixels, read, read_mask
from .registration import Registration, local_correlation, plain_resize, register, sample
from .report import Report

_ANALYSIS_PIXELS = 1_000_000


@dataclass(frozen=True, eq=False)
class Preserved:
    """image: the source's kind and size (on "pass": the edited picture, its own size).
    change_mask: 0..1, source size; where it is 0 `image` is the source, bit for bit.
    transform: float64 3x3, source pixel -> edited pixel, pixel centres at whole numbers."""

    image: Any
    change_mask: Any
    transform: np.ndarray
    report: Report


def preserve(
    source: Any,
    edited: Any,
    mask: Any = None,
    *,
    mask_mode: Literal["limit", "replace"] = "limit",
    scope: Literal["auto", "local", "global"] = "auto",
    align: bool = True,
) -> Preserved:
    """Lays the changes of `edited` on the pixels of `source`.

    source, edited: PIL images, arrays or tensors [H,W], [H,W,C] or [1,H,W,C], C = 1, 3 or 4;
        uint8, uint16 or float in 0..1; of any two sizes. The result has the source's kind.
    mask: where changes are accepted, in the source's frame (above half = may change); with
        mask_mode "replace" it is the change mask itself.
    scope: "auto" decides whether the edit is local; "local" always composites; "global" always
        passes the edited picture through.
    align: find and undo shift, zoom and rotation; False trusts the plain resize.
    Raises ValueError naming the input for anything that is not such a picture.
    """
    if mask_mode not in ("limit", "replace"):
        raise ValueError(f"mask_mode is {mask_mode!r}; give 'limit' or 'replace'")
    if scope not in ("auto", "local", "global"):
        raise ValueError(f"scope is {scope!r}; give 'auto', 'local' or 'global'")
    a, b = read(source, "source"), read(edited, "edited")
    limit = None if mask is None else read_mask(mask, a.size)
    plain = plain_resize(a.size, b.size)
    if scope == "global":
        return _pass(a, b, edited, plain, "asked to pass the edit through")
    if b.size == a.size and np.array_equal(b.like(a), a.values):
        report = Report("lock", "nothing changed", psnr_before=math.inf, psnr_after=math.inf)
        return _result(a, a.values.copy(), np.zeros(a.size, np.float32), plain, report)
    return _lock(a, b, edited, limit, mask_mode, scope, align)


def _lock(
    a: Pixels,
    b: Pixels,
    edited: Any,
    limit: np.ndarray | None,
    mask_mode: str,
    scope: str,
    align: bool,
) -> Preserved:
    k = min(1.0, math.sqrt(_ANALYSIS_PIXELS / (a.size[0] * a.size[1])))
    size = (max(1, round(a.size[0] * k)), max(1, round(a.size[1] * k)))
    kb = min(1.0, math.sqrt(_ANALYSIS_PIXELS / (b.size[0] * b.size[1])))
    size_b = (max(1, round(b.size[0] * kb)), max(1, round(b.size[1] * kb)))
    small, other = a.rgb(size), b.rgb(size_b)
    found = register(filters.luma(small), filters.luma(other), align)
    seen, inside = sample(other, found.matrix, size)
    tone = level(
        small, seen, inside & (local_correlation(filters.luma(small), filters.luma(seen)) > 0.5)
    )
    levelled = tone.apply(seen)
    changed = change(small, levelled, inside)
    if limit is not None:
        changed = _limited(changed, limit, size, mask_mode)
    matrix = np.linalg.inv(plain_resize(b.size, size_b)) @ found.matrix @ plain_resize(a.size, size)
    report = _report(a, b, found, matrix, tone, small, levelled, changed, inside)
    if scope == "auto" and limit is None and (report.changed > 0.6):
        return _pass(a, b, edited, matrix, f"the edit changes {report.changed:.0%} of the picture")
    full = filters.resize(changed.astype(np.float32), a.size) > 0.5
    alpha = feather(full, max(1.0, 2.0 / k), limit)
    return _result(a, _laid(a, b, matrix, tone, alpha), alpha, matrix, report)


def _limited(changed: np.ndarray, limit: np.ndarray, size, mask_mode: str) -> np.ndarray:
    small = filters.resize(limit.astype(np.float32), size) > 0.5
    return small if mask_mode == "replace" else changed & small


def _laid(a: Pixels, b: Pixels, matrix: np.ndarray, tone: Level, alpha: np.ndarray) -> np.ndarray:
    values = b.like(a)
    seen, _ = sample(values.astype(np.float32), matrix, a.size)
    colour = seen[..., : a.colours] * (255 / a.white)
    if a.colours == 3:
        colour = tone.apply(colour)
    seen[..., : a.colours] = colour * (a.white / 255)
    return composite(a.values, seen, alpha, a.white)


def _pass(a: Pixels, b: Pixels, edited: Any, matrix: np.ndarray, reason: str) -> Preserved:
    same = b.form.kind == a.form.kind
    image = edited if same else a.rebuild(b.values)
    mask = a.rebuild_mask(np.ones(a.size, np.float32))
    return Preserved(image, mask, matrix, Report("pass", reason, changed=1.0))


def _result(a: Pixels, values: np.ndarray, alpha: np.ndarray, matrix, report) -> Preserved:
    return Preserved(a.rebuild(values), a.rebuild_mask(alpha), matrix, report)


def _report(
    a: Pixels,
    b: Pixels,
    found: Registration,
    matrix: np.ndarray,
    tone: Level,
    small: np.ndarray,
    levelled: np.ndarray,
    changed: np.ndarray,
    inside: np.ndarray,
) -> Report:
    drift = np.linalg.inv(plain_resize(a.size, b.size)) @ matrix
    centre = np.array([(a.size[1] - 1) / 2, (a.size[0] - 1) / 2, 1.0])
    shift = (drift @ centre - centre)[:2]
    scale = (math.hypot(drift[0, 0], drift[1, 0]), math.hypot(drift[0, 1], drift[1, 1]))
    rest = inside & ~changed
    before = None
    if rest.any():
        error = float(np.mean((small[rest] - levelled[rest]) ** 2))
        before = math.inf if error < 1e-9 else 10 * math.log10(255**2 / error)
    mid = tone.apply(np.full(3, 128.0, np.float32)) - 128
    return Report(
        "lock",
        "a local edit" if changed.any() else "nothing changed but the editor's own noise",
        scale=scale,
        shift=(float(shift[0]), float(shift[1])),
        rotation=math.degrees(math.atan2(drift[1, 0], drift[0, 0])),
        residual=found.residual,
        colour_shift=tuple(float(-c) for c in mid),
        changed=float(changed.mean()),
        confidence=float(np.clip(found.correlation, 0, 1)),
        psnr_before=before,
        psnr_after=math.inf,
    )
