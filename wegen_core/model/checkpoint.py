"""Loading WeGen from its published folder or from our own format, saving, and converting.

Our format is one folder: `config.json` (`WeGenConfig.to_json`), `model.safetensors` (or shards with
`model.safetensors.index.json`) under the network's own names, and `tokenizer/`.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..records.hooks import ShouldStop, check
from . import published_checkpoint as official
from .config import WeGenConfig
from .tokenizer import Tokenizer
from .weights import MAX_SHARD, Live, Weight, byte_size, find_weights, write_weights

if TYPE_CHECKING:
    from .network import WeGen

_LISTED = 8
"""How many names an error message lists."""


@dataclass(frozen=True)
class _Checkpoint:
    """What a folder holds; weights are read one by one."""

    config: WeGenConfig
    tokenizer: Tokenizer
    weights: Mapping[str, Weight]


def is_official(folder: str | Path) -> bool:
    """Whether `folder` has the layout of the published checkpoint (else: ours, or neither)."""
    return official.is_official(Path(folder))


def read_config(folder: str | Path) -> WeGenConfig:
    """Sizes of the model in `folder`. FileNotFoundError if there is none."""
    folder = Path(folder)
    if official.is_official(folder):
        return official.read(folder)[0]
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(
            f"{folder} holds no WeGen model: neither config.json with model.safetensors nor the "
            "published layout with pytorch_model.bin"
        )
    return WeGenConfig.load(folder / "config.json")


def load(
    folder: str | Path,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
    should_stop: ShouldStop | None = None,
) -> WeGen:
    """The model in `folder` (either format), in evaluation mode.

    Peak memory is that of the loaded weights plus a few per cent. With float16 the VAE stays in
    float32 where its config says `force_upcast` (SDXL's overflows). should_stop: asked before every
    tensor; `Stopped` is raised where it says True. Raises FileNotFoundError or ValueError that name
    what is missing or does not fit; extra weights are ignored.
    """
    found = _open(Path(folder))
    net = _empty(found)
    _fill(net, found.weights, device, dtype, folder, should_stop)
    return net.eval()


def load_into(
    net: WeGen,
    folder: str | Path,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
) -> None:
    """Give `net`, which may be on the meta device, the weights of `folder`; see `load`."""
    _fill(net, _open(Path(folder)).weights, device, dtype, folder)


def save(
    net: WeGen,
    folder: str | Path,
    dtype: torch.dtype | None = None,
    *,
    overwrite: bool = False,
    max_shard: int = MAX_SHARD,
) -> None:
    """Write `net` in our format; all or nothing. dtype: None keeps each tensor's own.

    max_shard: bytes per file. Raises FileExistsError if there is something at `folder` and
    `overwrite` is False.
    """
    weights = {name: Live(tensor) for name, tensor in _expected(net).items()}
    with _replacing(Path(folder), overwrite) as place:
        _write(place, _Checkpoint(net.config, net.tokenizer, weights), dtype, max_shard, False)


def convert(
    source: str | Path,
    out: str | Path,
    dtype: torch.dtype | None = None,
    *,
    overwrite: bool = False,
    max_shard: int = MAX_SHARD,
    progress: bool = True,
) -> None:
    """Write the model in `source` (either format) to `out` in our format, tensor by tensor.

    dtype: of the floating-point weights, None keeps what is stored. max_shard: bytes per file.
    `out` appears only when it is complete. Raises FileExistsError if there is something at `out`
    and `overwrite` is False, ValueError if weights are missing, OSError if the disk is too small.
    """
    found = _open(Path(source))
    expected = _expected(_empty(found))
    weights = {name: found.weights[name] for name in _matched(expected, found.weights, source)}
    with _replacing(Path(out), overwrite) as place:
        kept = _Checkpoint(found.config, found.tokenizer, weights)
        _write(place, kept, dtype, max_shard, progress)


def _open(folder: Path) -> _Checkpoint:
    weights: Mapping[str, Weight] | None
    if official.is_official(folder):
        config, weights = official.read(folder)
        place = folder / official.TOKENIZER
    else:
        config = read_config(folder)
        weights = find_weights(folder, ("model",))
        place = folder / "tokenizer"
        if weights is None:
            raise FileNotFoundError(
                f"{folder} has a config.json but no model.safetensors "
                "(or model.safetensors.index.json)"
            )
    tokenizer = Tokenizer(place, config.image_tokens)
    rows = config.llm.get("vocab_size", 0)
    if len(tokenizer) > rows:
        raise ValueError(
            f"the tokenizer in {place} has {len(tokenizer)} tokens, but the language model has "
            f"only {rows} embeddings; the two do not belong together"
        )
    return _Checkpoint(config, tokenizer, weights)


def _empty(found: _Checkpoint) -> WeGen:
    """The network without memory."""
    from .network import WeGen

    with torch.device("meta"):
        return WeGen(found.config, found.tokenizer)


def _expected(net: WeGen) -> dict[str, Tensor]:
    """The network's tensors by name; a tied output layer is the embedding and not listed."""
    tensors = net.state_dict()
    if net.llm.config.tie_word_embeddings:
        tensors.pop("llm.lm_head.weight", None)
    return tensors


def _matched(
    expected: Mapping[str, Tensor], weights: Mapping[str, Weight], folder: str | Path
) -> list[str]:
    """The expected names in the files' order. ValueError if some are missing or do not fit."""
    missing = [name for name in expected if name not in weights]
    if missing:
        raise ValueError(
            f"{folder}: {len(missing)} of {len(expected)} weights are missing: {_some(missing)}"
        )
    names = [name for name in weights if name in expected]
    wrong = [
        f"{name} is {list(weights[name].shape)}, not {list(expected[name].shape)}"
        for name in names
        if weights[name].shape != tuple(expected[name].shape)
    ]
    if wrong:
        raise ValueError(
            f"{folder}: {len(wrong)} weights do not have the sizes of the configuration: "
            f"{_some(wrong)}. Correct the config.json (of the image encoder: beside visual.pt)"
        )
    return names


def _some(names: list[str]) -> str:
    return ", ".join(names[:_LISTED]) + (", ..." if len(names) > _LISTED else "")


def _fill(
    net: WeGen,
    weights: Mapping[str, Weight],
    device: str | torch.device,
    dtype: torch.dtype,
    folder: str | Path,
    should_stop: ShouldStop | None = None,
) -> None:
    vae_dtype = dtype
    if dtype == torch.float16 and net.vae.config.force_upcast:
        vae_dtype = torch.float32
    tensors = {}
    for name in _matched(_expected(net), weights, folder):
        check(should_stop)
        wanted = vae_dtype if name.startswith("vae.") else dtype
        tensors[name] = weights[name].read(device, wanted)
    net.load_state_dict(tensors, strict=False, assign=True)
    if net.llm.config.tie_word_embeddings:
        net.llm.lm_head.weight = net.llm.model.embed_tokens.weight
    # The rotary tables are in no file: they are computed, always in float32.
    rotary = type(net.llm.model.rotary_emb)(config=net.llm.config)
    net.llm.model.rotary_emb = rotary.to(device)


def _write(
    folder: Path, found: _Checkpoint, dtype: torch.dtype | None, max_shard: int, progress: bool
) -> None:
    from tqdm import tqdm

    total = sum(byte_size(weight, dtype) for weight in found.weights.values())
    free = shutil.disk_usage(folder).free
    if total > free:
        raise OSError(
            f"the model takes {total / 1e9:.1f} GB; {folder.parent} has {free / 1e9:.1f} GB free"
        )
    text = json.dumps(found.config.to_json(), indent=1)
    (folder / "config.json").write_text(text + "\n", encoding="utf-8")
    found.tokenizer.save(folder / "tokenizer")
    with tqdm(total=total, unit="B", unit_scale=True, disable=not progress) as bar:
        write_weights(folder, found.weights, dtype, max_shard, bar.update)


@contextmanager
def _replacing(out: Path, overwrite: bool) -> Iterator[Path]:
    """A new folder beside `out` that takes its place if all goes well and vanishes otherwise."""
    out = out.absolute()
    if out.exists() and not overwrite:
        raise FileExistsError(f"{out} exists already; allow overwriting or choose another folder")
    if out.is_file() or out.is_dir() and not (out / "config.json").is_file() and any(out.iterdir()):
        raise FileExistsError(f"{out} is no WeGen model of ours, so it is not overwritten")
    place = out.with_name(f".{out.name}.{os.getpid()}.new")
    aside = out.with_name(f".{out.name}.{os.getpid()}.old")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    try:
        yield place
        if out.exists():
            out.rename(aside)
        place.rename(out)
    finally:
        if aside.exists() and not out.exists():
            aside.rename(out)
        shutil.rmtree(place, ignore_errors=True)
        shutil.rmtree(aside, ignore_errors=True)
