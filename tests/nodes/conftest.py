"""The pack on a stand-in for ComfyUI."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.pack import Pack, loaded_pack


@pytest.fixture(scope="module")
def pack(tmp_path_factory) -> Iterator[Pack]:
    """The pack, freshly loaded; its folder of models is empty."""
    with loaded_pack(tmp_path_factory.mktemp("models")) as pack:
        yield pack
