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

import torch
from torch import Tensor

from ..records.hooks import NO_HOOKS, Hooks
from . import published_checkpoint
from .config import WeGenConfig
from .network import Network
from .tokenizer import Tokenizer
from .weights import MAX_SHARD, InMemoryTensor, Weight, byte_size, find_weights, write_weights

_MAX_NAMES = 8
"""How many names an error message lists."""


class WeGen(Network):
    """The published model (arXiv 2503.01115) of any size, with its weights; see `Network`."""

    @classmethod
    def from_pretrained(
        cls,
        folder: str | Path,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
        hooks: Hooks = NO_HOOKS,
    ) -> WeGen:
        """Load a model, in evaluation mode.

        Peak memory is that of the loaded weights plus a few per cent. Weights that the network does
        not have are ignored.

        Parameters
        ----------
        folder
            The official checkpoint, or our own format.
        device
            Where the weights go.
        dtype
            float32, bfloat16 or float16. With float16 the VAE stays in float32 where its config
            says `force_upcast` (SDXL's overflows).
        hooks
            should_stop is polled before every tensor.

        Raises
        ------
        FileNotFoundError, ValueError
            Something is missing or does not fit; the text names it.
        Stopped
            `hooks.should_stop` returned True.
        """
        checkpoint = _open(Path(folder))
        with torch.device("meta"):
            net = cls(checkpoint.config, checkpoint.tokenizer)
        vae_dtype = dtype
        if dtype == torch.float16 and net.vae.config.force_upcast:
            vae_dtype = torch.float32
        tensors = {}
        for name in _matching(_parameters(net), checkpoint.weights, folder):
            hooks.check_stop()
            part_dtype = vae_dtype if name.startswith("vae.") else dtype
            tensors[name] = checkpoint.weights[name].read(device, part_dtype)
        net.load_state_dict(tensors, strict=False, assign=True)
        if net.llm.config.tie_word_embeddings:
            net.llm.lm_head.weight = net.llm.model.embed_tokens.weight
        # The rotary tables are in no file: they are computed, always in float32.
        rotary = type(net.llm.model.rotary_emb)(config=net.llm.config)
        net.llm.model.rotary_emb = rotary.to(device)
        return net.eval()


@dataclass(frozen=True)
class _Checkpoint:
    """What a folder holds; weights are read one by one."""

    config: WeGenConfig
    tokenizer: Tokenizer
    weights: Mapping[str, Weight]


def is_official(folder: str | Path) -> bool:
    """Whether `folder` has the layout of the published checkpoint (else: ours, or neither)."""
    return published_checkpoint.is_official(Path(folder))


def read_config(folder: str | Path) -> WeGenConfig:
    """Read the sizes of the model in `folder`. FileNotFoundError if there is none."""
    folder = Path(folder)
    if published_checkpoint.is_official(folder):
        return published_checkpoint.read(folder)[0]
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(
            f"{folder} holds no WeGen model: neither config.json with model.safetensors nor the "
            "published layout with pytorch_model.bin"
        )
    return WeGenConfig.load(folder / "config.json")


def save_network(
    net: Network,
    folder: str | Path,
    dtype: torch.dtype | None = None,
    *,
    overwrite: bool = False,
    max_shard: int = MAX_SHARD,
) -> None:
    """Write a network in our format; `folder` appears only when it is complete.

    Parameters
    ----------
    dtype
        Of the floating-point weights; None keeps each tensor's.
    overwrite
        Whether a model that is at `folder` may be replaced.
    max_shard
        Bytes per file.

    Raises
    ------
    FileExistsError
        There is something at `folder` that may not be replaced.
    OSError
        The disk is too small.
    """
    weights = {name: InMemoryTensor(tensor) for name, tensor in _parameters(net).items()}
    with _replacing(Path(folder), overwrite) as new:
        _write(new, _Checkpoint(net.config, net.tokenizer, weights), dtype, max_shard, False)


def convert(
    source: str | Path,
    out: str | Path,
    dtype: torch.dtype | None = None,
    *,
    overwrite: bool = False,
    max_shard: int = MAX_SHARD,
    progress: bool = True,
) -> None:
    """Write the model in `source` (either format) to `out` in our format, shard by shard.

    Parameters
    ----------
    dtype
        Of the floating-point weights; None keeps what is stored.
    overwrite
        Whether a model that is at `out` may be replaced.
    max_shard
        Bytes per file, and of the memory needed.
    progress
        Whether a progress bar is shown.

    Raises
    ------
    FileExistsError
        There is something at `out` that may not be replaced.
    FileNotFoundError, ValueError
        Files or weights of `source` are missing or do not fit.
    OSError
        The disk is too small.
    """
    checkpoint = _open(Path(source))
    with torch.device("meta"):
        net = Network(checkpoint.config, checkpoint.tokenizer)
    names = _matching(_parameters(net), checkpoint.weights, source)
    weights = {name: checkpoint.weights[name] for name in names}
    with _replacing(Path(out), overwrite) as new:
        matched = _Checkpoint(checkpoint.config, checkpoint.tokenizer, weights)
        _write(new, matched, dtype, max_shard, progress)


def _open(folder: Path) -> _Checkpoint:
    weights: Mapping[str, Weight] | None
    if published_checkpoint.is_official(folder):
        config, weights = published_checkpoint.read(folder)
        tokenizer_folder = folder / published_checkpoint.TOKENIZER
    else:
        config = read_config(folder)
        weights = find_weights(folder, ("model",))
        tokenizer_folder = folder / "tokenizer"
        if weights is None:
            raise FileNotFoundError(
                f"{folder} has a config.json but no model.safetensors "
                "(or model.safetensors.index.json)"
            )
    tokenizer = Tokenizer(tokenizer_folder, config.image_tokens)
    rows = config.llm.get("vocab_size", 0)
    if len(tokenizer) > rows:
        raise ValueError(
            f"the tokenizer in {tokenizer_folder} has {len(tokenizer)} tokens, but the language "
            f"model has only {rows} embeddings; the two do not belong together"
        )
    return _Checkpoint(config, tokenizer, weights)


def _parameters(net: Network) -> dict[str, Tensor]:
    """The network's tensors by name; a tied output layer is the embedding and not listed."""
    tensors = net.state_dict()
    if net.llm.config.tie_word_embeddings:
        tensors.pop("llm.lm_head.weight", None)
    return tensors


def _matching(
    parameters: Mapping[str, Tensor], weights: Mapping[str, Weight], folder: str | Path
) -> list[str]:
    """The parameters' names in the files' order. ValueError if some are missing or do not fit."""
    missing = [name for name in parameters if name not in weights]
    if missing:
        raise ValueError(
            f"{folder}: {len(missing)} of {len(parameters)} weights are missing: {_some(missing)}"
        )
    names = [name for name in weights if name in parameters]
    wrong = [
        f"{name} is {list(weights[name].shape)}, not {list(parameters[name].shape)}"
        for name in names
        if weights[name].shape != tuple(parameters[name].shape)
    ]
    if wrong:
        raise ValueError(
            f"{folder}: {len(wrong)} weights do not have the sizes of the configuration: "
            f"{_some(wrong)}. Correct the config.json (of the image encoder: beside visual.pt)"
        )
    return names


def _some(names: list[str]) -> str:
    return ", ".join(names[:_MAX_NAMES]) + (", ..." if len(names) > _MAX_NAMES else "")


def _write(
    folder: Path,
    checkpoint: _Checkpoint,
    dtype: torch.dtype | None,
    max_shard: int,
    progress: bool,
) -> None:
    from tqdm import tqdm

    total = sum(byte_size(weight, dtype) for weight in checkpoint.weights.values())
    free = shutil.disk_usage(folder).free
    if total > free:
        raise OSError(
            f"the model takes {total / 1e9:.1f} GB; {folder.parent} has {free / 1e9:.1f} GB free"
        )
    text = json.dumps(checkpoint.config.to_json(), indent=1)
    (folder / "config.json").write_text(text + "\n", encoding="utf-8")
    checkpoint.tokenizer.save(folder / "tokenizer")
    with tqdm(total=total, unit="B", unit_scale=True, disable=not progress) as bar:
        write_weights(folder, checkpoint.weights, dtype, max_shard, bar.update)


@contextmanager
def _replacing(out: Path, overwrite: bool) -> Iterator[Path]:
    """A new folder beside `out` that replaces it if all goes well and is removed otherwise."""
    out = out.absolute()
    if out.exists() and not overwrite:
        raise FileExistsError(f"{out} exists already; allow overwriting or choose another folder")
    is_model = (out / "config.json").is_file()
    if out.is_file() or (out.is_dir() and not is_model and any(out.iterdir())):
        raise FileExistsError(f"{out} is not a WeGen model, so it is not overwritten")
    new = out.with_name(f".{out.name}.{os.getpid()}.new")
    old = out.with_name(f".{out.name}.{os.getpid()}.old")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
        if out.exists():
            out.rename(old)
        new.rename(out)
    finally:
        if old.exists() and not out.exists():
            old.rename(out)
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
