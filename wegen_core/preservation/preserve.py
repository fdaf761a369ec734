"""preserve: what the edit did not ask to change comes back, bit for bit."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ..records.hooks import NO_HOOKS, Hooks
from . import array_backend as filters
from .analysis import Analysis, analyse, reduced
from .compositing.composite import composite, feather
from .image_forms import Pixels, read, read_mask
from .locality import scope as scope_of
from .registration.initial_transform import plain_resize
from .registration.register import Registration
from .report import Report

_FAINT = 0.02  # what resizing and blurring leave beside a change
_FEATHER = 1.0  # pixels of the analysed picture: the changes' own edges are soft already


@dataclass(frozen=True, eq=False)
class Preserved:
    """image: the source's kind and size (on "pass": the edited picture, its own size).
    change_mask: 0..1, the source's size: a PIL "L" picture for PIL, float [H,W] for arrays,
    float [1,H,W] for tensors; where it is 0 `image` is the source, bit for bit.
    transform: float64 3x3, source pixel -> edited pixel, pixel centres at whole numbers.
    drift: uint8 [h,w], at most 1 MP: how far the registered picture was off, in levels."""

    image: Any
    change_mask: Any
    transform: np.ndarray
    report: Report
    drift: np.ndarray = field(repr=False)
    registration: Registration | None = field(default=None, repr=False)


def preserve(
    source: Any,
    edited: Any,
    mask: Any = None,
    *,
    mask_mode: Literal["limit", "replace"] = "limit",
    scope: Literal["auto", "local", "global"] = "auto",
    align: Literal["warp", "affine", "none"] = "warp",
    colour: Literal["match", "keep"] = "match",
    registration: Registration | None = None,
    hooks: Hooks = NO_HOOKS,
) -> Preserved:
    """Lays the changes of `edited` on the pixels of `source`.

    source, edited: PIL images, arrays or tensors [H,W], [H,W,C] or [1,H,W,C], C = 1, 3 or 4;
        uint8, uint16 or float in 0..1; of any two sizes. The result has the source's kind and
        channels, its alpha where nothing changed, and everywhere if `edited` has none.
    mask: where changes are accepted, in the source's frame (above half = may change); with
        mask_mode "replace" it is the change mask itself.
    scope: "auto" decides whether the edit is local; "local" always composites; "global" always
        passes the edited picture through. With a mask, "auto" is "local".
    align: what the editor may have moved: "warp" (shift, zoom, rotation, smooth warp), "affine",
        or "none" (only the sizes differ).
    colour: "match" takes back what the editor did to the colours of the whole picture; "keep" is
        for one that does nothing to them.
    registration: of an earlier result for pictures of the same two sizes, used instead of
        registering again, as for the frames of a video.
    hooks: `should_stop` is polled between the steps; `Stopped` is raised once it returns True.
    Raises ValueError naming the input for anything that is not such a picture or setting.
    """
    _check("mask_mode", mask_mode, ("limit", "replace"))
    _check("scope", scope, ("auto", "local", "global"))
    _check("align", align, ("warp", "affine", "none"))
    _check("colour", colour, ("match", "keep"))
    a, b = read(source, "source"), read(edited, "edited")
    limit = None if mask is None else read_mask(mask, a.size)
    if mask_mode == "replace" and limit is None:
        raise ValueError("mask_mode is 'replace' but there is no mask; give one, or use 'limit'")
    if registration is not None and registration.size != a.size:
        raise ValueError(
            f"registration is for a source of {registration.size[1]}x{registration.size[0]}, "
            f"this one is {a.size[1]}x{a.size[0]}; leave it out for pictures of another size"
        )
    if scope == "global":
        return _passed(a, b, edited, Report("pass", "asked to pass the edit through"))
    if a.size == b.size and np.array_equal(b.like(a), a.values):
        return _unchanged(a, b)
    view = analyse(a, b, limit, mask_mode == "replace", align, colour, registration, hooks)
    reason = "within the given mask"
    if limit is None:
        kind = scope_of(view.inside, view.zoom, view.tone, view.change)
        reason = kind.reason
        if scope == "auto" and not kind.local:
            return _passed(a, b, edited, _report(view, "pass", reason), view)
    return _locked(a, b, view, limit, mask_mode, reason, hooks)


def _check(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}; give one of {', '.join(map(repr, allowed))}")


def _locked(
    a: Pixels,
    b: Pixels,
    view: Analysis,
    limit: np.ndarray | None,
    mode: str,
    reason: str,
    hooks: Hooks,
) -> Preserved:
    mask = view.mask
    if view.size != a.size:
        mask = filters.resize(mask.astype(np.float32), a.size) > 0.5
    if mode == "replace" and limit is not None:
        mask = limit
    scale = a.size[1] / view.size[1]
    alpha = feather(mask, _FEATHER * scale, inward=mode == "replace")
    if view.beyond is not None:
        rest = np.clip(filters.resize(view.beyond, a.size), 0, 1)
        mask = mask | (rest > _FAINT)
        np.maximum(alpha, rest, out=alpha, where=rest > _FAINT)
    if limit is not None:
        alpha[~limit] = 0
    values, error = composite(a, b, view.found, view.tone, view.offset, alpha, mask, hooks)
    count = (mask.size - int(np.count_nonzero(mask))) * a.values.shape[2]
    after = _psnr(error / count, a.white) if count else None
    report = _report(view, "lock", reason, after)
    return Preserved(
        a.rebuild(values),
        a.rebuild_mask(alpha),
        view.found.matrix,
        report,
        _drift(view),
        view.found,
    )


def _psnr(error: float, white: float) -> float:
    """A mean squared error, dB."""
    return 10 * math.log10(white**2 / error) if error else math.inf


def _passed(
    a: Pixels, b: Pixels, edited: Any, report: Report, view: Analysis | None = None
) -> Preserved:
    image = edited if b.form.kind == a.form.kind else a.rebuild(b.levels_of(a))
    mask = a.rebuild_mask(np.ones(a.size, np.float32))
    if view is None:
        plain = plain_resize(a.size, b.size)
        return Preserved(image, mask, plain, report, np.zeros(reduced(a.size), np.uint8))
    return Preserved(image, mask, view.found.matrix, report, _drift(view), view.found)


def _unchanged(a: Pixels, b: Pixels) -> Preserved:
    report = Report("lock", "nothing changed", psnr_before=math.inf, psnr_after=math.inf)
    return Preserved(
        a.rebuild(a.values.copy()),
        a.rebuild_mask(np.zeros(a.size, np.float32)),
        plain_resize(a.size, b.size),
        report,
        np.zeros(reduced(a.size), np.uint8),
    )


def _drift(view: Analysis) -> np.ndarray:
    a, b = view.source, view.seen
    return filters.strongest(np.maximum(a, b) - np.minimum(a, b))


def _report(
    view: Analysis, decision: Literal["lock", "pass"], reason: str, after: float | None = None
) -> Report:
    drift, size = view.drift, view.found.size
    centre = np.array([(size[1] - 1) / 2, (size[0] - 1) / 2, 1.0])
    shift = (drift @ centre - centre)[:2]
    grey = np.full((1, 1, 3), 128.0, np.float32)
    colour = (grey - view.tone.curve(grey))[0, 0]
    before = None if view.raw is None else _psnr(view.raw, 255)
    return Report(
        decision,
        reason,
        scale=(math.hypot(drift[0, 0], drift[1, 0]), math.hypot(drift[0, 1], drift[1, 1])),
        shift=(float(shift[0]), float(shift[1])),
        rotation=math.degrees(math.atan2(drift[1, 0], drift[0, 0])),
        residual=view.found.residual,
        colour_shift=(float(colour[0]), float(colour[1]), float(colour[2])),
        noise=view.change.flat,
        changed=float(view.mask.mean()) if decision == "lock" else 1.0,
        confidence=view.confidence(),
        psnr_before=before,
        psnr_after=after if decision == "lock" else before,
    )
