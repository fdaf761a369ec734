"""What a run would take: parameters, memory, steps and time, printed without training."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from ..model.network import Network
from .data import TrainingData
from .muon import make_optimiser
from .networks import published_network
from .precision import float32_attention
from .settings import StageSettings
from .stage import Work, prepare_stage

if TYPE_CHECKING:
    from accelerate import Accelerator

TRIAL_STEPS = 4
"""Real steps of a trial; the first, which warms up, is not timed."""


def print_published(stage: str, settings: StageSettings, lora: int | None) -> None:
    """Print what a stage at the published sizes takes; the network is on the meta device."""
    net = published_network()
    module = prepare_stage(net, settings, lora, seed=0)
    print(*_sizes(stage, module), sep="\n")
    states = _state_bytes(module, settings)
    print(f"states with one copy per device         {states / 1e9:.0f} GB a device")
    shared = _state_bytes(module, settings, devices=8)
    print(f"states shared by 8 devices (--shard)    {shared / 1e9:.0f} GB a device")
    print("activations come on top; only steps with real weights (--init) show them and the time")
    tokens = settings.batch * settings.max_tokens
    print(f"{settings.steps} steps of up to {tokens} tokens, {settings.batch} packed sequences")


def print_trial(
    stage: str,
    net: Network,
    settings: StageSettings,
    data: TrainingData,
    accelerator: Accelerator,
    lora: int | None,
) -> None:
    """Print what a run takes, from a few real steps that change nothing on disk."""
    module = prepare_stage(net, settings, lora, seed=0).to(accelerator.device)
    model = accelerator.prepare(module) if accelerator.num_processes > 1 else module
    work = Work(model, net, settings, data, accelerator, seed=0)
    trained = {name: p for name, p in module.named_parameters() if p.requires_grad}
    optimiser = make_optimiser(
        trained, 0.0, settings.betas, settings.eps, settings.weight_decay, settings.muon
    )
    device = accelerator.device
    seconds = []
    module.train()
    for step in range(TRIAL_STEPS):
        start = time.perf_counter()
        autocast = torch.autocast(device.type, torch.bfloat16, enabled=settings.bf16)
        with float32_attention(device, settings.bf16), autocast:
            for loss, _ in work.step(step, np.random.default_rng((0, step))):
                loss.backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    mean = float(np.mean(seconds[1:]))
    sizes = [work.schedule.sizes[i] for pack in work.schedule.packs(1) for i in pack]
    tokens, images = map(sum, zip(*sizes, strict=True))
    accelerator.print(*_sizes(stage, module), sep="\n")
    states = _state_bytes(module, settings)
    accelerator.print(f"weights, gradients, optimiser, average  {states / 1e6:.0f} MB a device")
    accelerator.print(f"peak memory of these steps              {_peak(device) / 1e6:.0f} MB")
    epochs = work.schedule.epoch(settings.steps)
    accelerator.print(f"steps                                   {settings.steps}, {epochs} epochs")
    accelerator.print(
        f"one step                                {mean:.2f} s, {tokens} tokens, {images} images"
    )
    accelerator.print(
        f"all steps                               {mean * settings.steps / 3600:.2f} h"
    )


def _sizes(stage: str, module: nn.Module) -> Iterator[str]:
    trained = sum(p.numel() for p in module.parameters() if p.requires_grad)
    total = sum(p.numel() for p in module.parameters())
    yield f"stage                                   {stage}"
    yield f"trained parameters                      {trained / 1e6:.1f} million"
    yield f"frozen parameters                       {(total - trained) / 1e6:.1f} million"


def _state_bytes(module: nn.Module, settings: StageSettings, devices: int = 1) -> int:
    """Bytes of weights, gradients, Adam's moments (Muon has one) and averages on each device."""
    copies = 4 + (settings.ema is not None)
    return sum(
        p.nbytes * copies // devices if p.requires_grad else p.nbytes for p in module.parameters()
    )


def _peak(device: torch.device) -> int:
    """Bytes of memory: of a GPU what torch held at most, else of the whole process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return 0
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024
