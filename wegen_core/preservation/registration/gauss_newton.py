"""Gauss-Newton steps of a registration at one pyramid level: an affine map, or a warp beside it.

Each step solves the normal equations of the linearised residual (Lucas and Kanade 1981); the
source's gradient stands for that of the registered image, so it is computed once (the inverse
compositional algorithm, Baker and Matthews 2004).

References
----------
Lucas, B. D., Kanade, T. (1981). An iterative image registration technique with an application to
stereo vision. IJCAI 1981, 674-679.
Baker, S., Matthews, I. (2004). Lucas-Kanade 20 years on: a unifying framework. International
Journal of Computer Vision 56(3), 221-255. doi:10.1023/B:VISI.0000011205.11775.fd
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .mixed_model import DisplacementField, affine_step, control_grid, fit_displacement
from .pyramid import PyramidLevel
from .transform import Registration


def fit_affine(level: PyramidLevel, registration: Registration, steps: int) -> Registration:
    """Refine the six numbers of the affine map by at most `steps` steps."""
    solver = level.settings.solver
    local = level.to_local(registration)
    corners = np.array([[0, level.source.shape[1]], [0, level.source.shape[0]], [1, 1]])
    last_step, stride = np.zeros((2, 2)), 1.0
    for _ in range(steps):
        update = affine_step(level.normal_equations(local)) - np.eye(3)
        step = update[:2] @ corners
        # With little texture, many small steps go the same way: make them longer. Only at the
        # finest level, because the optimum of a coarse one is biased.
        cosine_bound = solver.over_relaxation_cosine * np.linalg.norm(step)
        same_direction = np.vdot(step, last_step) > cosine_bound * np.linalg.norm(last_step)
        stride = 2 * stride if same_direction and level.is_finest else 1.0
        local = replace(local, matrix=local.matrix @ (np.eye(3) + stride * update))
        if np.hypot(*step).sum() < solver.converged_px:
            break
        last_step = step
    return level.to_full(local)


def fit_warp(
    level: PyramidLevel,
    registration: Registration,
    steps: int,
    amplitude: float | None = None,
    affine_free: bool = True,
) -> tuple[Registration, float]:
    """Refine the affine map and a smooth warp beside it by at most `steps` steps.

    Parameters
    ----------
    level
        Where the images are compared.
    registration
        The start.
    steps
        Most steps.
    amplitude
        See `fit_displacement`. If it is estimated, the iteration also ends where the warp is
        certainly not negligible: its amplitude need not be known better.
    affine_free
        False: the affine map stays what it is.

    Returns
    -------
    The registration, and the root mean square length of the warp in pixels of this level.
    """
    settings = level.settings
    local = level.to_local(registration)
    for _ in range(steps):
        field = _displacement(level, local, amplitude, affine_free)
        local = replace(local, flow=field.flow)
        is_certain = amplitude is None and field.warp_rms > 2 * settings.warp.min_rms_px
        if field.step_rms < settings.solver.converged_px or is_certain:
            break
    return level.to_full(local.with_matrix(local.matrix @ field.affine)), field.warp_rms


def split_affine(level: PyramidLevel, registration: Registration) -> tuple[Registration, float]:
    """Move what is affine in a registration into its matrix.

    Affine part and warp are separated at the most likely amplitude of the warp.

    Returns
    -------
    The registration, and the root mean square length of the warp in pixels of this level.
    """
    local = level.to_local(registration)
    field = _displacement(level, local, None)
    return level.to_full(local.with_matrix(local.matrix @ field.affine)), field.warp_rms


def _displacement(
    level: PyramidLevel,
    local: Registration,
    amplitude: float | None,
    affine_free: bool = True,
) -> DisplacementField:
    flow, settings = local.flow, level.settings.warp
    if flow is None:
        flow = np.zeros((*control_grid(level.full_sizes[0], settings), 2), np.float32)
    return fit_displacement(level.normal_equations(local), flow, settings, amplitude, affine_free)
