"""Weight files: read one tensor at a time, written one tensor at a time.

Loading and converting stay within one copy of the weights plus a few per cent, whatever the dtypes:
files are memory-mapped, every tensor is copied out, and the map is renewed now and then, because
the pages that were read otherwise count as ours until the file is closed.
"""

from __future__ import annotations

import json
import math
import pickle
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

MAX_SHARD = 4_000_000_000
"""Bytes of weights in one file of our format; more go into further files."""

_RENEWED_AT_LEAST = 8_000_000
_RENEWALS = 32
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
_DTYPE_NAMES = {dtype: name for name, dtype in _DTYPES.items()}


class Weight(Protocol):
    """One tensor that is still to be read."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> torch.dtype: ...

    def read(self, device: torch.device | str, dtype: torch.dtype | None) -> Tensor:
        """A tensor with memory of its own; `dtype` None or an integer tensor: as stored."""


@dataclass(frozen=True)
class Stored:
    """A tensor in a file."""

    file: WeightFile
    name: str

    @property
    def shape(self) -> tuple[int, ...]:
        return self.file.specs[self.name][0]

    @property
    def dtype(self) -> torch.dtype:
        return self.file.specs[self.name][1]

    def read(self, device: torch.device | str, dtype: torch.dtype | None) -> Tensor:
        return self.file.read(self.name, device, target_dtype(self, dtype))


@dataclass(frozen=True)
class Live:
    """A tensor of a network in memory."""

    tensor: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.tensor.shape)

    @property
    def dtype(self) -> torch.dtype:
        return self.tensor.dtype

    def read(self, device: torch.device | str, dtype: torch.dtype | None) -> Tensor:
        copied = self.tensor.detach().to(device, target_dtype(self, dtype), copy=True)
        return copied.contiguous()  # decoding may have laid it out differently


def target_dtype(weight: Weight, dtype: torch.dtype | None) -> torch.dtype:
    """What `weight` becomes when `dtype` is asked for; integers stay as they are."""
    return weight.dtype if dtype is None or not weight.dtype.is_floating_point else dtype


def byte_size(weight: Weight, dtype: torch.dtype | None = None) -> int:
    return math.prod(weight.shape) * target_dtype(weight, dtype).itemsize


class WeightFile:
    """A .safetensors file, or a .bin / .pt file with one plain state dict.

    `specs`: name -> (shape, dtype). Raises ValueError if the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._is_safetensors = path.suffix == ".safetensors"
        # torch files of before 1.6 are no archives and cannot be mapped.
        self._is_mapped = self._is_safetensors or zipfile.is_zipfile(path)
        self._budget = max(_RENEWED_AT_LEAST, path.stat().st_size // _RENEWALS)
        self._handle: Any = None
        self._touched = 0
        self.specs = self._read_specs()

    def read(self, name: str, device: torch.device | str, dtype: torch.dtype) -> Tensor:
        handle = self._open()
        mapped = handle.get_tensor(name) if self._is_safetensors else handle[name]
        tensor = mapped.detach().to(device, dtype, copy=True).contiguous()
        self._touched += mapped.nbytes
        if self._is_mapped and self._touched > self._budget:
            self._handle, self._touched = None, 0
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
            slices = {name: handle.get_slice(name) for name in handle.keys()}
            return {n: (tuple(s.get_shape()), self._dtype(s)) for n, s in slices.items()}
        if not isinstance(handle, dict):
            raise ValueError(f"{self.path} holds a {type(handle).__name__}, not a state dict")
        tensors = {n: t for n, t in handle.items() if isinstance(t, Tensor)}
        return {name: (tuple(t.shape), t.dtype) for name, t in tensors.items()}

    def _dtype(self, stored: Any) -> torch.dtype:
        name = stored.get_dtype()
        if name not in _DTYPES:
            raise ValueError(f"{self.path} holds {name} weights; give them as F32, BF16 or F16")
        return _DTYPES[name]


def find_weights(
    folder: Path, stems: Iterable[str], variants: Iterable[str] = ("",)
) -> dict[str, Stored] | None:
    """All tensors of the first of `stems` (x `variants`, such as ".bf16") that `folder` holds.

    Single or sharded (with an index), .safetensors before .bin. None if there is no such file;
    FileNotFoundError if a shard is missing.
    """
    for stem in stems:
        for variant in variants:
            for suffix in ("safetensors", "bin"):
                single = folder / f"{stem}{variant}.{suffix}"
                if single.is_file():
                    return open_weights([single])
                index = folder / f"{stem}.{suffix}.index{variant}.json"
                if index.is_file():
                    places = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
                    return open_weights([folder / name for name in dict.fromkeys(places.values())])
    return None


def open_weights(paths: Sequence[Path]) -> dict[str, Stored]:
    """All tensors of `paths`, by their stored names."""
    found: dict[str, Stored] = {}
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"the weight file {path} is missing; download it again")
        file = WeightFile(path)
        found |= {name: Stored(file, name) for name in file.specs}
    return found


def write_weights(
    folder: Path,
    weights: Mapping[str, Weight],
    dtype: torch.dtype | None = None,
    max_shard: int = MAX_SHARD,
    on_written: Callable[[int], Any] = lambda size: None,
) -> None:
    """Write `model.safetensors`, or numbered shards and an index where it would be too large.

    dtype: of the floating-point tensors, None: as they are. on_written: gets the bytes of each
    tensor once it is written.
    """
    shards: list[dict[str, Weight]] = [{}]
    room = max_shard
    for name, weight in weights.items():
        size = byte_size(weight, dtype)
        if size > room and shards[-1]:
            shards.append({})
            room = max_shard
        room -= size
        shards[-1][name] = weight
    if len(shards) == 1:
        _write_file(folder / "model.safetensors", shards[0], dtype, on_written)
        return
    places: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        file = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        _write_file(folder / file, shard, dtype, on_written)
        places |= dict.fromkeys(shard, file)
    total = sum(byte_size(weight, dtype) for weight in weights.values())
    index = {"metadata": {"total_size": total}, "weight_map": places}
    text = json.dumps(index, indent=1)
    (folder / "model.safetensors.index.json").write_text(text, encoding="utf-8")


def _write_file(
    path: Path,
    weights: Mapping[str, Weight],
    dtype: torch.dtype | None,
    on_written: Callable[[int], Any],
) -> None:
    """One .safetensors file; the library's own writer wants all tensors in memory at once."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, weight in weights.items():
        end = offset + byte_size(weight, dtype)
        header[name] = {
            "dtype": _DTYPE_NAMES[target_dtype(weight, dtype)],
            "shape": list(weight.shape),
            "data_offsets": [offset, end],
        }
        offset = end
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    with path.open("wb") as stream:
        stream.write(len(encoded).to_bytes(8, "little") + encoded)
        for weight in weights.values():
            on_written(_write_tensor(stream, weight.read("cpu", dtype)))


def _write_tensor(stream: IO[bytes], tensor: Tensor) -> int:
    return stream.write(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
