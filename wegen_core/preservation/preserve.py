"""preserve: restore, bit for bit, what an edit changed by accident."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from ..records.hooks import NO_HOOKS, Hooks
from . import array_backend as backend
from .analysis import Analysis, psnr, working_size
from .change import find_change
from .colour import fit_colour
from .compositing.alpha import change_alpha, changed_boxes, extrapolate_alpha, feather_inward
from .compositing.composite import composite
from .compositing.seam import seam_offset
from .image_forms import Pixels, read
from .locality import judge_locality
from .masks import read_mask
from .registration.pyramid import matched_texture
from .registration.register import register
from .registration.transform import Registration, resize_matrix, to_source_frame
from .report import OUTSIDE_MASK, Fidelity, Report, build_report
from .settings import DEFAULTS, Settings
from .transparency import compare_alpha, is_cut_out


@dataclass(frozen=True, eq=False)
class Preserved:
    """The result of `preserve`.

    Parameters
    ----------
    image
        The source's form and size. If the edit is passed through: the edited image in its own size.
    change_mask
        0..1, the source's size: a PIL "L" image for PIL, float [H,W] for arrays, float [1,H,W] for
        tensors. Where it is 0, `image` is the source, bit for bit.
    transform
        float64 3x3, source pixel -> edited pixel, pixel centres at whole numbers.
    report
        What was done and measured.
    drift
        uint8 [h,w], at most 1 MP: how far the registered edited image is off the source, in levels.
    registration
        For `preserve(..., registration=...)` on images of the same two sizes; None where the images
        were not compared.
    """

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
    hint: Any = None,
    scope: Literal["auto", "local", "global"] = "auto",
    align: Literal["warp", "affine", "none"] = "warp",
    colour: Literal["match", "keep"] = "match",
    registration: Registration | None = None,
    settings: Settings = DEFAULTS,
    hooks: Hooks = NO_HOOKS,
) -> Preserved:
    """Lay the changes of an edited image on the pixels of its source.

    1. Read the inputs. Equal images, and edits that are passed through on request, end here.
    2. Register: find where each source pixel lies in the edited image.
    3. Fit the colour transfer that takes back the editor's colour shift.
    4. Find the change: what differs by more than this editor's noise.
    5. Decide whether the edit is local. A global one is passed through.
    6. Composite the changed part at full size. Steps 2 to 5 work at 1 megapixel or less.
    7. Report.

    Parameters
    ----------
    source, edited
        PIL images, arrays or tensors [H,W], [H,W,C] or [1,H,W,C], C = 1, 3 or 4; uint8, uint16, or
        float in 0..1. Forms, dtypes, channels and sizes of the two may differ. The result has the
        source's form and channels. It has the source's alpha channel where nothing changed, and
        everywhere if `edited` has none.
    mask
        Where changes are accepted, in the source's frame, in any form that `masks.mask_values`
        reads; None: anywhere.
    mask_mode
        "limit": the change is searched inside the mask. "replace": the mask is the change mask.
    hint
        Where a change is expected, in the forms of `mask`. It needs less evidence there, but may be
        anywhere; None: no expectation.
    scope
        "auto" decides whether the edit is local; with a mask it is. "local" always composites,
        "global" always passes the edited image through.
    align
        What the editor may have moved: "warp" (shift, zoom, rotation, smooth warp), "affine", or
        "none" (only the sizes differ).
    colour
        "match" takes back what the editor did to the colours of the whole image; "keep" is for an
        editor that does nothing to them.
    registration
        Of an earlier result for images of the same two sizes, used instead of registering again, as
        for the frames of a video.
    settings
        All thresholds.
    hooks
        `should_stop` is polled between the steps.

    Returns
    -------
    Preserved
        The image, its change mask, the transform and the report.

    Raises
    ------
    ValueError
        Naming the input, for anything that is not such an image, mask or option.
    Stopped
        Once `hooks.should_stop` returns True.

    Examples
    --------
    >>> source = np.zeros((32, 32, 3), np.uint8)
    >>> edited = source.copy()
    >>> edited[8:24, 8:24] = 200
    >>> result = preserve(source, edited)
    >>> result.report.decision, bool((result.image[result.change_mask == 0] == 0).all())
    ('lock', True)
    """
    _check_option("mask_mode", mask_mode, ("limit", "replace"))
    _check_option("scope", scope, ("auto", "local", "global"))
    _check_option("align", align, ("warp", "affine", "none"))
    _check_option("colour", colour, ("match", "keep"))

    # 1. Read the inputs.
    source_pixels = read(source, "source")
    hooks.check_stop()
    edited_pixels = read(edited, "edited")
    hooks.check_stop()
    full_size, size = source_pixels.size, working_size(source_pixels.size, settings.working_pixels)
    edited_size = working_size(edited_pixels.size, settings.working_pixels)
    allowed = None if mask is None else read_mask(mask, full_size)
    expected = None if hint is None else read_mask(hint, full_size, "hint")
    if mask_mode == "replace" and allowed is None:
        raise ValueError("mask_mode is 'replace' but there is no mask; give one, or use 'limit'")
    if registration is not None and registration.size != full_size:
        raise ValueError(
            f"registration is for a source of {registration.size[1]}x{registration.size[0]}, "
            f"this one is {full_size[1]}x{full_size[0]}; leave it out for images of another size"
        )
    if scope == "global":
        report = Report("pass", "passed through on request")
        return _passed_through(source_pixels, edited_pixels, edited, report, size)
    may_pass = scope == "auto" and allowed is None
    if may_pass and is_cut_out(source_pixels, edited_pixels, settings.transparency):
        report = Report("pass", "the edit cuts out a part of the image by its alpha channel")
        return _passed_through(source_pixels, edited_pixels, edited, report, size)
    is_equal = full_size == edited_pixels.size and np.array_equal(
        edited_pixels.like(source_pixels), source_pixels.values
    )
    hooks.check_stop()
    if is_equal:
        return _unchanged(source_pixels, size)

    # 2. Register.
    source_rgb = source_pixels.rgb(size, hooks)
    hooks.check_stop()
    edited_rgb = edited_pixels.rgb(edited_size, hooks)
    hooks.check_stop()
    if registration is None:
        working_registration = register(source_rgb, edited_rgb, align, settings.registration, hooks)
    else:
        working_registration = registration.rescaled(size, edited_pixels.size, edited_size)
    registration = working_registration.rescaled(full_size, edited_size, edited_pixels.size)
    hooks.check_stop()
    max_density = settings.compositing.max_density
    registered, covered = to_source_frame(edited_rgb, working_registration, max_density)
    valid, recut = covered, None
    if not source_pixels.opaque:
        hidden, recut = compare_alpha(
            source_pixels,
            edited_pixels,
            working_registration,
            edited_size,
            max_density,
            settings.transparency,
            hooks,
        )
        valid = covered & ~hidden

    # 3. Fit the colour transfer. With a mask or a hint: on what lies outside, if that is enough.
    announced, trusted = None, valid
    for area in (expected, allowed):
        if area is not None:
            announced = backend.resize(area.astype(np.float32), size) > 0.01
    if announced is not None:
        outside = valid & ~announced
        trusted = outside if outside.mean() >= settings.colour.min_trusted_share else valid
    transfer = fit_colour(source_rgb, registered, trusted, colour == "match", settings.colour)
    hooks.check_stop()

    # 4. Find the change.
    change = find_change(
        source_rgb,
        registered,
        valid,
        transfer,
        announced,
        working_registration.residual,
        settings.change,
        hooks,
    )
    hooks.check_stop()
    if recut is not None:
        change = replace(change, mask=change.mask | (recut & covered))
    changed = change.mask
    if allowed is not None and announced is not None:
        changed = announced if mask_mode == "replace" else change.mask & announced
    matched_share = matched_texture(source_rgb, registered, valid & ~changed, settings.registration)
    analysis = Analysis(
        source_rgb,
        edited_rgb,
        registered,
        valid,
        changed,
        change.noise_floor,
        matched_share,
        transfer,
        registration,
        edited_pixels.size,
    )

    # 5. Decide whether the edit is local. With a mask, or on request, it is.
    locality = judge_locality(analysis, expected is not None, settings.locality)
    if allowed is not None:
        locality = replace(
            locality, reason=_reason_of_mask(change.mask, changed, allowed), check=""
        )
    elif scope == "local" and not locality.is_local:
        reason = f"composited on request, although {locality.reason}"
        locality = replace(locality, reason=reason, confidence=1 - locality.confidence, check="")
    elif not locality.is_local:
        report = build_report(analysis, "pass", locality)
        return _passed_through(source_pixels, edited_pixels, edited, report, size, analysis)

    # 6. Composite the changed part at full size.
    compositing = settings.compositing
    if mask_mode == "replace" and allowed is not None:
        full_mask = allowed
        alpha = feather_inward(allowed, compositing.feather * full_size[1] / size[1])
    else:
        beyond = extrapolate_alpha(changed, covered, working_registration, edited_size, compositing)
        alpha, full_mask = change_alpha(changed, beyond, allowed, full_size, compositing, hooks)
    offset = seam_offset(source_rgb, registered, transfer, changed, valid, compositing)
    transfer = replace(transfer, size=full_size)
    values, squared_error = composite(
        source_pixels,
        edited_pixels,
        registration,
        transfer,
        offset,
        alpha,
        full_mask,
        max_density,
        hooks,
    )

    # 7. Report.
    hooks.check_stop()
    count = full_mask.size - int(np.count_nonzero(full_mask))
    psnr_after = fidelity_after = None
    if count:
        squared_error /= count * source_pixels.values.shape[2]
        psnr_after = psnr(squared_error, source_pixels.white)
        differences = [np.zeros(0, np.float32)]
        for top, left, bottom, right in changed_boxes(alpha):
            hooks.check_stop()
            box = slice(top, bottom), slice(left, right)
            edge = (alpha[box] > 0) & ~full_mask[box]
            differences.append(_difference(source_pixels, values, box, edge))
        fidelity_after = Fidelity.of(np.concatenate(differences), count)
    hooks.check_stop()
    image = source_pixels.rebuild(values)
    hooks.check_stop()
    return Preserved(
        image,
        source_pixels.rebuild_mask(alpha),
        registration.matrix,
        build_report(analysis, "lock", locality, psnr_after, fidelity_after),
        analysis.drift,
        registration,
    )


def _reason_of_mask(detected: np.ndarray, changed: np.ndarray, allowed: np.ndarray) -> str:
    """What a mask leaves of the change that was found, in words."""
    if not allowed.any():
        return "the mask is empty, so nothing may change"
    if detected.any() and changed.sum() <= 0.01 * detected.sum():
        return OUTSIDE_MASK
    return "within the given mask"


def _difference(
    source_pixels: Pixels, values: Any, box: tuple[slice, slice], where: np.ndarray
) -> np.ndarray:
    """Largest difference of a channel, levels, of a box of a result at `where`: float [n]."""
    after = values[box]
    after = (after if isinstance(after, np.ndarray) else after.cpu().numpy())[where]
    difference = np.abs(after.astype(np.float32) - source_pixels.values[box][where])
    return difference.max(axis=1, initial=0) * np.float32(255 / source_pixels.white)


def _check_option(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}; give one of {', '.join(map(repr, allowed))}")


def _passed_through(
    source_pixels: Pixels,
    edited_pixels: Pixels,
    edited: Any,
    report: Report,
    size: tuple[int, int],
    analysis: Analysis | None = None,
) -> Preserved:
    """Return the edited image in the source's form; `analysis` is None without a comparison."""
    image = edited
    same_kind = edited_pixels.form.kind == source_pixels.form.kind
    if not same_kind or edited_pixels.values.dtype != source_pixels.values.dtype:
        image = source_pixels.rebuild(edited_pixels.with_dtype_of(source_pixels))
    mask = source_pixels.rebuild_mask(np.ones(source_pixels.size, np.float32))
    if analysis is None:
        transform = resize_matrix(source_pixels.size, edited_pixels.size)
        return Preserved(image, mask, transform, report, np.zeros(size, np.uint8))
    registration = analysis.registration
    return Preserved(image, mask, registration.matrix, report, analysis.drift, registration)


def _unchanged(source_pixels: Pixels, size: tuple[int, int]) -> Preserved:
    """Return the source, for an edited image that is equal to it."""
    exact = Fidelity(1.0, 1.0, 1.0, 0.0)
    report = Report(
        "lock",
        "nothing changed",
        psnr_before=np.inf,
        psnr_after=np.inf,
        fidelity_before=exact,
        fidelity_after=exact,
    )
    return Preserved(
        source_pixels.rebuild(source_pixels.values.copy()),
        source_pixels.rebuild_mask(np.zeros(source_pixels.size, np.float32)),
        resize_matrix(source_pixels.size, source_pixels.size),
        report,
        np.zeros(size, np.uint8),
    )
