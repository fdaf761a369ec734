"""The golden vectors of the published code, and a network with the golden weights."""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor, nn

from tests.support.published_layout import GOLDEN, write_official
from wegen_core.model import WeGen


@functools.cache
def golden_net() -> WeGen:
    """Shared by the tests: copy it before changing it."""
    with tempfile.TemporaryDirectory() as folder:
        return WeGen.from_pretrained(write_official(Path(folder)))


@functools.cache
def tensors(name: str) -> dict[str, Tensor]:
    return load_file(GOLDEN / f"{name}.safetensors")


@functools.cache
def record(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


def part(name: str, prefix: str) -> dict[str, Tensor]:
    """The tensors of one file whose names start with `prefix`, without it."""
    found = tensors(name).items()
    return {n.removeprefix(prefix): t for n, t in found if n.startswith(prefix)}


def assert_near(found: Tensor, expected: Tensor, tolerance: float = 1e-5) -> None:
    """Largest difference, relative to the largest value."""
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    worst = float((found - expected).detach().abs().max())
    assert worst <= tolerance * float(expected.abs().max()), worst


@contextmanager
def calls_of(module: nn.Module) -> Iterator[list[tuple[tuple, dict, Any]]]:
    """Every call of `module` meanwhile: arguments, keyword arguments, output."""
    calls: list[tuple[tuple, dict, Any]] = []

    def note(_: nn.Module, arguments: tuple, keywords: dict, output: Any) -> None:
        calls.append((arguments, keywords, output))

    handle = module.register_forward_hook(note, with_kwargs=True)
    try:
        yield calls
    finally:
        handle.remove()
