"""Writes the published checkpoint layout, with the tiny weights of tests/golden."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

GOLDEN = Path(__file__).parents[1] / "golden"
SDXL = "pretrained/stable-diffusion-xl-base-1.0"
UNET = "stage1_final/unet"
VISION = "pretrained/EVA-CLIP"
TOKENIZER = "pretrained/SEED-X/cvlm_llama2_tokenizer_100img_and_224loc_addpatch"


def write_official(
    folder: Path, *, painter_in_agent: bool = True, sharded: bool = False, legacy: bool = False
) -> Path:
    """painter_in_agent: U-Net and VAE in the agent file, else in their diffusers folders.
    sharded: the agent in two files with an index. legacy: torch files that cannot be mapped."""
    config = json.loads((GOLDEN / "config.json").read_text(encoding="utf-8"))
    agent = load_file(GOLDEN / "agent.safetensors")
    _write_json(folder / VISION / "config.json", config["vision"])
    _write_json(folder / "pretrained/meta-llama/Llama-2-7b-chat-hf/config.json", config["llm"])
    shutil.copytree(GOLDEN / "tokenizer", folder / TOKENIZER)
    shutil.copytree(GOLDEN / "unet", folder / UNET)
    shutil.copytree(GOLDEN / "vae", folder / SDXL / "vae")
    shutil.copytree(GOLDEN / "scheduler", folder / SDXL / "scheduler")
    visual = load_file(GOLDEN / "visual.safetensors")
    _save(visual, folder / VISION / "visual.pt", legacy)
    if not painter_in_agent:
        vae = _take(agent, "adapter.vae.")
        _save(vae, folder / SDXL / "vae" / "diffusion_pytorch_model.bin", legacy)
        _take(agent, "adapter.unet.")  # stage1_final/unet has them, in bfloat16
    if not sharded:
        _save(agent, folder / "pytorch_model.bin", legacy)
        return folder
    names = list(agent)
    places = {name: f"pytorch_model-0000{1 + i % 2}-of-00002.bin" for i, name in enumerate(names)}
    for file in set(places.values()):
        _save({n: agent[n] for n in names if places[n] == file}, folder / file, legacy)
    _write_json(folder / "pytorch_model.bin.index.json", {"weight_map": places})
    return folder


def _take(weights: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    names = [name for name in weights if name.startswith(prefix)]
    return {name.removeprefix(prefix): weights.pop(name) for name in names}


def _save(weights: dict[str, Tensor], path: Path, legacy: bool) -> None:
    torch.save(weights, path, _use_new_zipfile_serialization=not legacy)


def _write_json(path: Path, record: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record), encoding="utf-8")
