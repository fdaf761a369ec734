"""Stand-in for `comfy_api.latest.ui`: what nodes show."""

from __future__ import annotations

from typing import Any


class PreviewImage:
    """Images below a node."""

    def __init__(self, image: Any, animated: bool = False, cls: Any = None) -> None:
        self.image, self.animated, self.cls = image, animated, cls
