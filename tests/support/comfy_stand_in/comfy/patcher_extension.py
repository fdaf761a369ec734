"""Stand-in for `comfy.patcher_extension`."""

from __future__ import annotations


class CallbacksMP:
    """Events of a model patcher."""

    ON_DETACH = "on_detach_after"
