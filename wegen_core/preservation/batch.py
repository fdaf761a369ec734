"""preserve for several pictures, and for the frames of a video."""

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
    **settings: Any,
) -> list[Preserved]:
    """`preserve` for each pair of two batches; one source or one mask serves every edit.

    source, edited: lists of pictures, or arrays or tensors [N,H,W,C]; from a batch, every result
        has the form [1,H,W,C]. mask: None, one mask, a list, or [N,H,W].
    shared_registration: the first registration found serves all, as for frames of a video that
        one edit moved in one way.
    hooks: `on_progress` is called after each picture, in stage "preserve"; see also `preserve`.
    settings: as in `preserve`.
    Raises ValueError where the numbers of pictures do not match, and as `preserve` does.
    """
    sources, edits = _pictures(source, "source"), _pictures(edited, "edited")
    masks = [None] if mask is None else _masks(mask)
    for name, found in (("source", sources), ("mask", masks)):
        if len(found) not in (1, len(edits)):
            raise ValueError(
                f"{name} holds {len(found)} but edited holds {len(edits)} pictures; "
                "give as many, or one for all"
            )
    results: list[Preserved] = []
    for i, picture in enumerate(edits):
        if shared_registration:
            # An equal pair has none.
            known = (r.registration for r in results if r.registration is not None)
            settings["registration"] = next(known, None)
        base = sources[i if len(sources) > 1 else 0]
        results.append(
            preserve(base, picture, masks[i if len(masks) > 1 else 0], hooks=hooks, **settings)
        )
        if hooks.on_progress is not None:
            hooks.on_progress("preserve", i + 1, len(edits), None)
    return results


def _pictures(value: Any, name: str) -> list[Any]:
    pictures = list(value) if isinstance(value, (list, tuple)) else _split(value, 4)
    if not pictures:
        raise ValueError(f"{name} holds no picture; give at least one")
    return pictures


def _masks(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else _split(value, 3)


def _split(value: Any, axes: int) -> list[Any]:
    """A batch of `axes` axes -> its members, each still with the batch axis; else [value]."""
    shape: tuple[int, ...] = tuple(getattr(value, "shape", ()))
    return [value[i : i + 1] for i in range(shape[0])] if len(shape) == axes else [value]
