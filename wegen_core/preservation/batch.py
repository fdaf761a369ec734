"""preserve for several images, and for the frames of a video."""

from __future__ import annotations

from typing import Any

from ..records.hooks import NO_HOOKS, Hooks
from .preserve import Preserved, preserve


def preserve_batch(
    source: Any,
    edited: Any,
    mask: Any = None,
    *,
    shared_registration: bool = False,
    hooks: Hooks = NO_HOOKS,
    **options: Any,
) -> list[Preserved]:
    """Call `preserve` for each pair of two batches.

    Parameters
    ----------
    source, edited
        Lists of images, or arrays or tensors [N,H,W,C]; one source serves every edit. From a batch,
        every result has the form [1,H,W,C].
    mask
        None, one mask for all, a list, or [N,H,W].
    shared_registration
        The first registration serves all, as for the frames of a video that one edit moved in one
        way.
    hooks
        `on_progress` is called after each image, in stage "preserve".
    options
        As in `preserve`.

    Returns
    -------
    One result per edited image.

    Raises
    ------
    ValueError
        If the numbers of images do not match, and as `preserve` does.
    Stopped
        As `preserve` does.
    """
    sources, edits = _members(source, 4), _members(edited, 4)
    masks = [None] if mask is None else _members(mask, 3)
    for name, members in (("source", sources), ("edited", edits)):
        if not members:
            raise ValueError(f"{name} holds no image; give at least one")
    for name, members in (("source", sources), ("mask", masks)):
        if len(members) not in (1, len(edits)):
            raise ValueError(
                f"{name} holds {len(members)} but edited holds {len(edits)} images; "
                "give as many, or one for all"
            )
    results: list[Preserved] = []
    for i, edit in enumerate(edits):
        if shared_registration:
            # A pair of equal images has none.
            known = (r.registration for r in results if r.registration is not None)
            options["registration"] = next(known, None)
        original = sources[i if len(sources) > 1 else 0]
        limit = masks[i if len(masks) > 1 else 0]
        results.append(preserve(original, edit, limit, hooks=hooks, **options))
        if hooks.on_progress is not None:
            hooks.on_progress("preserve", i + 1, len(edits), None)
    return results


def _members(value: Any, axes: int) -> list[Any]:
    """Split a list or a batch of `axes` axes, whose members keep the batch axis; else [value]."""
    if isinstance(value, (list, tuple)):
        return list(value)
    shape: tuple[int, ...] = tuple(getattr(value, "shape", ()))
    return [value[i : i + 1] for i in range(shape[0])] if len(shape) == axes else [value]
