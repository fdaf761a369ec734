"""A smooth offset that closes the step along the seam between source and laid-in change.

An approximation of the membrane of Poisson image editing: the differences along the seam are spread
to both sides, but they are clipped and fade out, so that neither the edit nor the source far from
the seam changes.

References
----------
Perez, P., Gangnet, M., Blake, A. (2003). Poisson image editing. ACM Transactions on Graphics 22(3),
313-318. doi:10.1145/882262.882269
Farbman, Z., Hoffer, G., Lipman, Y., Cohen-Or, D., Lischinski, D. (2009). Coordinates for instant
image cloning. ACM Transactions on Graphics 28(3), 67. doi:10.1145/1531326.1531373
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from .. import array_backend as backend
from ..colour import ColourTransfer
from ..settings import CompositingSettings


def seam_offset(
    source: np.ndarray,
    registered: np.ndarray,
    colour: ColourTransfer,
    mask: np.ndarray,
    valid: np.ndarray,
    settings: CompositingSettings,
) -> np.ndarray:
    """Compute what to add to the colour-matched image so that it meets the source at the seam.

    Parameters
    ----------
    source, registered
        uint8 [H,W,3] in one frame.
    colour
        From `registered` to `source`.
    mask, valid
        bool [H,W]: what changed, and what the edited image covers.
    settings
        Reach and limit.

    Returns
    -------
    float32 [H/2,W/2,3] in levels, fading out away from the seam; [1,1,3] zeros if nothing changed.
    """
    if not mask.any():
        return np.zeros((1, 1, 3), np.float32)
    reach, limit = settings.seam_reach, settings.seam_limit
    out = np.zeros((*backend.half_size(mask.shape), 3), np.float32)
    # Only the mask's surroundings are computed, at half resolution.
    rows, columns = (_surroundings(np.any(mask, axis=axis), reach) for axis in (1, 0))
    size = backend.half_size(mask[rows, columns].shape)
    source, registered = (
        backend.resize(image[rows, columns], size) for image in (source, registered)
    )
    mask, valid = (
        backend.resize(m[rows, columns].astype(np.float32), size) > 0.5 for m in (mask, valid)
    )
    distance = backend.distance_to_false(~mask)
    ring = ((distance > 1) & (distance <= reach) & valid)[..., None].astype(np.float32)
    top, left = rows.start // 2, columns.start // 2
    half_colour = replace(colour, size=out.shape[:2])
    residual = half_colour.residual(source, registered, top, left) * ring
    total = backend.blur(np.clip(residual, -limit, limit), reach / 2)
    weight = backend.blur(ring[..., 0], reach / 2)[..., None] + 0.1  # fades where the ring is far
    out[top : top + size[0], left : left + size[1]] = total / weight
    return out


def _surroundings(line: np.ndarray, reach: float) -> slice:
    """Return the True part of bool `line` and what an offset reaches around it.

    It begins at an even pixel, so that half of it is a whole one.
    """
    inside = np.flatnonzero(line)
    margin = 2 * math.ceil(2.5 * reach)
    return slice(max(0, inside[0] - margin) // 2 * 2, min(len(line), inside[-1] + margin))
