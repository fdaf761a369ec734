"""The published checkpoint folder: which file holds what, and under which names.

pytorch_model.bin                 language model, projectors, sometimes U-Net and VAE
stage1_final/unet/                U-Net, a diffusers folder
pretrained/EVA-CLIP/visual.pt     image encoder
pretrained/SEED-X/...             tokenizer
pretrained/meta-llama/...         the language model's config.json
pretrained/stable-diffusion-xl-base-1.0/   VAE, scheduler
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .config import PaintDefaults, WeGenConfig
from .weights import StoredTensor, Weight, find_weights, open_weights

TOKENIZER = Path("pretrained/SEED-X/cvlm_llama2_tokenizer_100img_and_224loc_addpatch")
LLM_CONFIG = Path("pretrained/meta-llama/Llama-2-7b-chat-hf/config.json")
VISION = Path("pretrained/EVA-CLIP/visual.pt")
UNET = Path("stage1_final/unet")
SDXL = Path("pretrained/stable-diffusion-xl-base-1.0")
AGENT = ("pytorch_model", "model")

_DIFFUSERS = "diffusion_pytorch_model"
_EMBEDDING = "llm.model.embed_tokens.weight"
_NAMES = {
    "input_resampler.proj.weight": "input_projector.weight",
    "output_resampler.proj.weight": "output_projector.weight",
}
_PREFIXES = {"llm.": "llm.", "adapter.unet.": "unet.", "adapter.vae.": "vae."}
_OLD_VAE_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
_LLM_KEYS = (
    "hidden_size intermediate_size num_hidden_layers num_attention_heads num_key_value_heads "
    "head_dim hidden_act max_position_embeddings rms_norm_eps rope_theta rope_scaling "
    "rope_parameters attention_bias mlp_bias tie_word_embeddings initializer_range "
    "bos_token_id eos_token_id pad_token_id"
).split()
_SDXL_SCHEDULER = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "timestep_spacing": "leading",
    "steps_offset": 1,
}


@dataclass(frozen=True)
class _QkvBias:
    """EVA's training code stores no key bias; its attention adds zeros there."""

    query: StoredTensor
    value: StoredTensor

    @property
    def shape(self) -> tuple[int, ...]:
        return (3 * self.query.shape[0],)

    @property
    def dtype(self) -> torch.dtype:
        return self.query.dtype

    def read(self, device: torch.device | str, dtype: torch.dtype | None) -> Tensor:
        query, value = self.query.read(device, dtype), self.value.read(device, dtype)
        return torch.cat([query, torch.zeros_like(query), value])


def is_official(folder: Path) -> bool:
    """Whether `folder` has the layout of the published checkpoint, complete or not."""
    agent = any((folder / f"pytorch_model.bin{end}").is_file() for end in ("", ".index.json"))
    return agent or (folder / "pretrained").is_dir()


def read(folder: Path) -> tuple[WeGenConfig, dict[str, Weight]]:
    """Read the sizes, and find every known weight; nothing large is read yet.

    Returns
    -------
    WeGenConfig
    dict
        The weights under our network's names.

    Raises
    ------
    FileNotFoundError
        A file is missing.
    ValueError
        A file cannot be read.
    """
    agent = find_weights(folder, AGENT)
    if agent is None:
        raise FileNotFoundError(
            f"{folder} has no pytorch_model.bin (or pytorch_model.bin.index.json); "
            "it holds the language model and the projectors"
        )
    weights = _rename_agent(agent)
    if _EMBEDDING not in weights:
        raise ValueError(f"the agent file in {folder} has no {_EMBEDDING}; is it WeGen's?")
    _add_diffusers(weights, "unet.", folder / UNET, (".bf16", "", ".fp16"))
    _add_diffusers(weights, "vae.", folder / SDXL / "vae", ("", ".bf16", ".fp16"))
    weights |= _read_vision(folder / VISION)
    return _read_config(folder, weights[_EMBEDDING].shape[0]), weights


def _rename_agent(agent: Mapping[str, StoredTensor]) -> dict[str, Weight]:
    """Rename the weights of the agent file to our network's names.

    Left out is what our network does not have: the unused `scale` of the pooling, a second copy of
    the image encoder, rotary tables of old transformers.
    """
    weights: dict[str, Weight] = {}
    for name, stored in agent.items():
        if name in _NAMES:
            weights[_NAMES[name]] = stored
            continue
        for prefix, ours in _PREFIXES.items():
            if name.startswith(prefix) and not name.endswith("rotary_emb.inv_freq"):
                weights[_current_name(ours + name.removeprefix(prefix))] = stored
    return weights


def _add_diffusers(
    weights: dict[str, Weight], prefix: str, folder: Path, variants: tuple[str, ...]
) -> None:
    """Add the weights of a diffusers folder that the agent file, trained later, does not have."""
    stored = find_weights(folder, (_DIFFUSERS,), variants)
    if stored is None and not any(name.startswith(prefix) for name in weights):
        raise FileNotFoundError(
            f"{folder} holds no {_DIFFUSERS}.safetensors (or its .bf16 variant), and the agent "
            f"file has no adapter.{prefix}* weights either"
        )
    for name, weight in (stored or {}).items():
        weights.setdefault(_current_name(prefix + name), weight)


def _current_name(name: str) -> str:
    """Rename the VAE's attention of old diffusers files: query -> to_q, ..."""
    if not name.startswith("vae."):
        return name
    return re.sub(
        r"(attentions\.\d+)\.(query|key|value|proj_attn)\.",
        lambda m: f"{m[1]}.{_OLD_VAE_ATTENTION[m[2]]}.",
        name,
    )


def _read_vision(path: Path) -> dict[str, Weight]:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; it holds the image encoder")
    stored = open_weights([path])
    weights: dict[str, Weight] = {f"vision.{name}": weight for name, weight in stored.items()}
    for name in stored:
        block = name.removesuffix(".q_bias")
        if block != name and f"{block}.v_bias" in stored:
            bias = _QkvBias(stored[name], stored[f"{block}.v_bias"])
            weights.setdefault(f"vision.{block}.qkv.bias", bias)
    return weights


def _read_config(folder: Path, vocabulary: int) -> WeGenConfig:
    from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel

    llm = _json(folder / LLM_CONFIG, "the language model's sizes")
    unet = _json(folder / UNET / "config.json", "the U-Net's sizes")
    vae = _json(folder / SDXL / "vae" / "config.json", "the VAE's sizes")
    vision_path = (folder / VISION).with_name("config.json")
    vision = _json(vision_path, "") if vision_path.is_file() else {}
    scheduler_path = folder / SDXL / "scheduler" / "scheduler_config.json"
    scheduler = _json(scheduler_path, "") if scheduler_path.is_file() else _SDXL_SCHEDULER
    llm_sizes = {k: llm[k] for k in _LLM_KEYS if llm.get(k) is not None}
    return WeGenConfig.from_json(
        {
            "vision": vision.get("vision", vision),
            "llm": llm_sizes | {"vocab_size": vocabulary},
            "unet": _arguments(UNet2DConditionModel, unet),
            "vae": _arguments(AutoencoderKL, vae),
            "scheduler": _arguments(EulerDiscreteScheduler, scheduler),
            "paint": _paint_size(unet, vae),
        }
    )


def _arguments(cls: type, record: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the entries of a diffusers config that `cls` takes, as diffusers itself does."""
    accepted = inspect.signature(cls).parameters
    return {name: value for name, value in record.items() if name in accepted}


def _paint_size(unet: Mapping[str, Any], vae: Mapping[str, Any]) -> dict[str, int]:
    """The image size that the U-Net was trained for: its latents times the VAE's factor."""
    side = unet.get("sample_size")
    if not isinstance(side, int) or "block_out_channels" not in vae:
        return {"width": PaintDefaults.width, "height": PaintDefaults.height}
    side *= 2 ** (len(vae["block_out_channels"]) - 1)
    return {"width": side, "height": side}


def _json(path: Path, content: str) -> dict[str, Any]:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; it holds {content}")
    return json.loads(path.read_text(encoding="utf-8"))
