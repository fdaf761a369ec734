"""Weight files: read one tensor at a time, written one shard at a time.

Loading needs memory for one copy of the weights plus a few per cent, whatever the dtypes.
Converting needs memory for one shard. Files are memory-mapped and every tensor is copied out. The
map is closed and opened again now and then: pages that were read count as memory of the process
until then.
"""

from __future__ import annotations

import json
import math
import pickle
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

MAX_SHARD = 1_000_000_000
"""Bytes of weights in one file of our format; more go into further files."""

_MIN_BYTES_PER_MAP = 8_000_000
_MAPS_PER_FILE = 32
_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


class Weight(Protocol):
    """One tensor of a model, wherever it is."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""

    @property
    def dtype(self) -> torch.dtype:
        """As stored."""

    def read(self, device: torch.device | str, dtype: torch.dtype | None) -> Tensor:
        """Copy the tensor; integers, and all where `dtype` is None, keep their dtype."""


@dataclass(frozen=True)
class StoredTensor:
    """A tensor in a file."""

    file: WeightFile
    name: str

    @property
    def shape(self) -> tuple[int, ...]:
        """See `Weight`."""
        return self.file.specs[self.name][0]

    @property
    def dtype(self) -> torch.dtype:
        """See `Weight`."""
        return self.file.specs[self.name][1]

    def read(self, device: torch.device | str, dtype: torch.dtype | None) -> Tensor:
        """See `Weight`."""
        return self.file.read(self.name, device, target_dtype(self, dtype))


@dataclass(frozen=True)
class InMemoryTensor:
    """A tensor of a network in memory."""

    tensor: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """See `Weight`."""
        return tuple(self.tensor.shape)

    @property
    def dtype(self) -> torch.dtype:
        """See `Weight`."""
        return self.tensor.dtype

    def read(self, device: torch.device | str, dtype: torch.dtype | None) -> Tensor:
        """See `Weight`."""
        copied = self.tensor.detach().to(device, target_dtype(self, dtype), copy=True)
        return copied.contiguous()  # `fused_linear` lays weights out by column


def target_dtype(weight: Weight, dtype: torch.dtype | None) -> torch.dtype:
    """The dtype of `weight` once converted to `dtype`; integers keep theirs."""
    return weight.dtype if dtype is None or not weight.dtype.is_floating_point else dtype


def byte_size(weight: Weight, dtype: torch.dtype | None = None) -> int:
    """Bytes of `weight` once converted to `dtype`."""
    return math.prod(weight.shape) * target_dtype(weight, dtype).itemsize


class WeightFile:
    """A .safetensors file, or a .bin / .pt file with one plain state dict.

    `specs` maps names to (shape, dtype).

    Raises
    ------
    ValueError
        The file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._is_safetensors = path.suffix == ".safetensors"
        # Files of torch before 1.6 are not zip archives and cannot be mapped.
        self._is_mapped = self._is_safetensors or zipfile.is_zipfile(path)
        self._bytes_per_map = max(_MIN_BYTES_PER_MAP, path.stat().st_size // _MAPS_PER_FILE)
        self._handle: Any = None
        self._bytes_read = 0
        self.specs = self._read_specs()
        self._unread = set(self.specs)

    def read(self, name: str, device: torch.device | str, dtype: torch.dtype) -> Tensor:
        """Copy one tensor out of the file."""
        handle = self._open()
        mapped = handle.get_tensor(name) if self._is_safetensors else handle[name]
        tensor = mapped.detach().to(device, dtype, copy=True).contiguous()
        self._bytes_read += mapped.nbytes
        self._unread.discard(name)
        # Pages that were read count as memory until the file is unmapped.
        if self._is_mapped and (self._bytes_read > self._bytes_per_map or not self._unread):
            self._handle, self._bytes_read = None, 0
        return tensor

    def _open(self) -> Any:
        if self._handle is not None:
            return self._handle
        try:
            if self._is_safetensors:
                self._handle = safe_open(str(self.path), framework="pt", device="cpu")
            else:
                self._handle = torch.load(
                    self.path, map_location="cpu", mmap=self._is_mapped, weights_only=True
                )
        except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
            raise ValueError(
                f"{self.path} ({self.path.stat().st_size} bytes) cannot be read as weights: "
                f"{error}. Is it a git-lfs pointer or a broken download?"
            ) from error
        return self._handle

    def _read_specs(self) -> dict[str, tuple[tuple[int, ...], torch.dtype]]:
        handle = self._open()
        if self._is_safetensors:
            slices = {name: handle.get_slice(name) for name in handle.keys()}  # noqa: SIM118  # not a dict
            return {n: (tuple(s.get_shape()), self._dtype(s)) for n, s in slices.items()}
        if not isinstance(handle, dict):
            raise ValueError(f"{self.path} holds a {type(handle).__name__}, not a state dict")
        tensors = {n: t for n, t in handle.items() if isinstance(t, Tensor)}
        nested = [n for n, part in handle.items() if isinstance(part, dict) and part]
        if not tensors and nested:
            raise ValueError(
                f"{self.path} holds a training checkpoint ({', '.join(map(str, nested))}) instead "
                f"of a plain state dict; save the part with the weights alone"
            )
        return {name: (tuple(t.shape), t.dtype) for name, t in tensors.items()}

    def _dtype(self, stored: Any) -> torch.dtype:
        name = stored.get_dtype()
        if name not in _DTYPES:
            raise ValueError(
                f"{self.path} holds {name} weights, which cannot be read; "
                "save them as F32, BF16 or F16"
            )
        return _DTYPES[name]


def find_weights(
    folder: Path, stems: Iterable[str], variants: Iterable[str] = ("",)
) -> dict[str, StoredTensor] | None:
    """Find the tensors of the first of `stems` (x `variants`, such as ".bf16") in `folder`.

    A file may be whole or in shards with an index; .safetensors comes before .bin.

    Returns
    -------
    dict or None
        The tensors by their stored names; None if there is no such file.

    Raises
    ------
    FileNotFoundError
        A shard is missing.
    ValueError
        An index or a file cannot be read.
    """
    for stem in stems:
        for variant in variants:
            for suffix in ("safetensors", "bin"):
                single = folder / f"{stem}{variant}.{suffix}"
                if single.is_file():
                    return open_weights([single])
                index = folder / f"{stem}.{suffix}.index{variant}.json"
                if index.is_file():
                    return open_weights([folder / name for name in _files_of_index(index)])
    return None


def _files_of_index(index: Path) -> list[str]:
    try:
        files = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{index} has no weight_map, which names the weight files; download it again"
        ) from error
    return [str(name) for name in dict.fromkeys(files)]


def open_weights(paths: Sequence[Path]) -> dict[str, StoredTensor]:
    """All tensors of `paths`, by their stored names."""
    tensors: dict[str, StoredTensor] = {}
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"the weight file {path} is missing; download it again")
        file = WeightFile(path)
        check_names(path, file.specs)
        tensors |= {name: StoredTensor(file, name) for name in file.specs}
    return tensors


def check_names(path: Path, names: Iterable[str]) -> None:
    """ValueError if the names of weights are those of a module in a wrapper."""
    names = list(names)
    for prefix in ("module.", "_orig_mod."):  # DataParallel, torch.compile
        if names and all(name.startswith(prefix) for name in names):
            raise ValueError(
                f"the weights in {path} were saved from a wrapped model: each name begins with "
                f"{prefix!r}; save them again without it"
            )


def write_weights(
    folder: Path,
    weights: Mapping[str, Weight],
    dtype: torch.dtype | None = None,
    max_shard: int = MAX_SHARD,
    on_written: Callable[[int], Any] | None = None,
) -> None:
    """Write `model.safetensors`, or numbered shards and an index where it would be too large.

    Parameters
    ----------
    dtype
        Of the floating-point tensors; None keeps each tensor's.
    max_shard
        Bytes of one file, and of the memory needed; a larger tensor gets a file to itself.
    on_written
        Called with the bytes of each file once it is written.
    """
    shards: list[list[str]] = []
    sizes: list[int] = []
    for name, weight in weights.items():
        size = byte_size(weight, dtype)
        if not shards or sizes[-1] + size > max_shard:
            shards.append([])
            sizes.append(0)
        shards[-1].append(name)
        sizes[-1] += size
    files: dict[str, str] = {}
    for number, (names, size) in enumerate(zip(shards, sizes, strict=True), 1):
        file = "model.safetensors"
        if len(shards) > 1:
            file = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        tensors = {name: weights[name].read("cpu", dtype) for name in names}
        save_file(tensors, folder / file, metadata={"format": "pt"})
        if on_written is not None:
            on_written(size)
        files |= dict.fromkeys(names, file)
    if len(shards) > 1:
        index = {"metadata": {"total_size": sum(sizes)}, "weight_map": files}
        text = json.dumps(index, indent=1)
        (folder / "model.safetensors.index.json").write_text(text, encoding="utf-8")
