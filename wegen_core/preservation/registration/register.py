"""Registration of two images, coarse to fine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...records.hooks import NO_HOOKS, Hooks
from .. import array_backend as backend
from ..settings import RegistrationSettings
from .gauss_newton import fit_affine, fit_warp, split_affine
from .initial_transform import Pair, candidate_resizes, initialise
from .pyramid import PyramidLevel
from .rivals import log_likelihoods
from .select_model import select_model
from .transform import Registration, resize_matrix


def register(
    source: np.ndarray,
    edited: np.ndarray,
    align: str,
    settings: RegistrationSettings,
    hooks: Hooks = NO_HOOKS,
) -> Registration:
    """Find where each source pixel lies in the edited image, from what did not change.

    Parameters
    ----------
    source, edited
        uint8 [H,W,3] and [h,w,3].
    align
        "warp" (an affine map and a smooth warp), "affine", or "none" (the plain resize is taken).
    settings
        Pyramid, search, solver and warp.
    hooks
        Polled before each level of the pyramid.

    Returns
    -------
    Registration
        For these sizes. The plain resize if the images are too small or too long to be registered.
    """
    size, edited_size = source.shape[:2], edited.shape[:2]
    coarse_size = backend.scaled_size(size, min(1.0, settings.levels[0] / max(size)))
    too_small = min(*size, *edited_size) < settings.min_side
    if align == "none" or too_small or min(coarse_size) < settings.min_coarse_side:
        return Registration(resize_matrix(size, edited_size), size)

    # Both images as luma at the finest level's pixel density, whatever their sizes were.
    pair = Pair(
        backend.luma(source),
        backend.luma(edited),
        candidate_resizes(size, edited_size),
        settings.search,
    ).reduced(settings.levels[-1], settings.matching.cell)
    use_warp = align == "warp" and min(size) >= settings.warp.min_side
    registration = _coarse_to_fine(pair, use_warp, settings, hooks)
    registration = _compare_rivals(pair, registration, settings, hooks)
    return pair.to_larger(registration, size, edited_size)


def _compare_rivals(
    pair: Pair,
    registration: Registration,
    settings: RegistrationSettings,
    hooks: Hooks,
) -> Registration:
    """Register a pair by affine maps in other ways too, and return the most likely result.

    One way starts from a coarser level, where a repetitive pattern fits in fewer places. The other,
    for faint images, takes the same levels. Both count weaker signals as texture. Neither is tried
    where the plain resize was found and matches well.
    """
    rival, radius = settings.rival, settings.matching.ncc_radius
    small = pair.reduced(rival.levels[-1], settings.matching.cell)
    if np.array_equal(registration.matrix, pair.resizes[0]):
        level = PyramidLevel.build(small.source, small.edited, rival.levels[-1], settings)
        ncc = level.mean_ncc(Registration(small.resizes[0], small.source.shape))
        if ncc > settings.certain_ncc_share * level.best_ncc:
            return registration
    sensitive = replace(
        settings, matching=replace(settings.matching, flat_variance=rival.flat_variance)
    )
    coarse = _coarse_to_fine(small, False, replace(sensitive, levels=rival.levels), hooks)
    rivals = [registration, small.to_larger(coarse, pair.source.shape, pair.edited.shape)]
    mean = backend.box_mean(pair.source, radius)
    variance = backend.box_mean(pair.source * pair.source, radius) - mean * mean
    if np.mean(variance > settings.matching.flat_variance) < rival.max_textured_share:
        rivals.append(_coarse_to_fine(pair, False, sensitive, hooks))
    sizes = small.source.shape, pair.edited.shape, small.edited.shape
    likelihoods = log_likelihoods(small, [r.rescaled(*sizes) for r in rivals], rival)
    required = np.array([0, rival.min_coarse_gain, rival.min_gain])
    return rivals[int(np.argmax(likelihoods - required[: len(rivals)]))]


def _coarse_to_fine(
    pair: Pair, use_warp: bool, settings: RegistrationSettings, hooks: Hooks
) -> Registration:
    """Register a pair, whose size is the finest level's, from the coarsest level on."""
    a, b, resizes = pair.source, pair.edited, pair.resizes
    solver, warp = settings.solver, settings.warp
    level = PyramidLevel.build(a, b, settings.levels[0], settings)
    registration = initialise(pair, level)
    registration = fit_affine(level, registration, solver.affine_steps)
    warp_rms = 0.0
    for long_side in settings.levels[1:]:
        if max(a.shape) <= level.long_side:  # the level before had the full size
            break
        hooks.check_stop()
        level = PyramidLevel.build(a, b, long_side, settings)
        if not use_warp:
            registration = fit_affine(level, registration, solver.affine_steps)
            continue
        if not level.is_finest:  # what is not aligned yet says little about the amplitude
            registration, _ = fit_warp(
                level, registration, solver.initial_warp_steps, warp.initial_amplitude
            )
        registration, warp_rms = fit_warp(level, registration, solver.warp_steps)
    hooks.check_stop()
    if warp_rms > warp.min_rms_px:
        # The estimated amplitude is a stiff prior that would damp the warp: end with a loose one.
        registration, _ = fit_warp(
            level, registration, solver.final_warp_steps, warp.final_amplitude
        )
        registration, warp_rms = split_affine(level, registration)
    if registration.flow is not None and warp_rms <= warp.min_rms_px:
        registration = replace(registration, flow=None)
        registration = fit_affine(level, registration, solver.final_affine_steps)
        warp_rms = 0.0
    registration = select_model(level, registration, warp_rms, resizes)
    if _still_share(level, registration, resizes[0]) > warp.anchor_share:
        # What lies between moved things need not have moved: where a good part of the texture
        # stayed in place, the warp is measured from there and fades to it in flat areas.
        registration, _ = fit_warp(
            level,
            registration.with_matrix(resizes[0]),
            solver.final_warp_steps,
            warp.final_amplitude,
            affine_free=False,
        )
        registration = replace(registration, matrix=resizes[0])  # without rounding errors
    return registration


def _still_share(level: PyramidLevel, registration: Registration, plain: np.ndarray) -> float:
    """Share of the texture that a registration with a warp leaves where the plain resize has it."""
    if registration.flow is None:
        return 0.0
    box = (0, 0, *registration.size)
    x, y = registration.edited_points(box)
    plain_x, plain_y = Registration(plain, registration.size).edited_points(box)
    is_still = np.hypot(x - plain_x, y - plain_y) < level.settings.warp.still_px
    return float(level.contrast[is_still].sum() / (level.contrast.sum() + 1e-6))
