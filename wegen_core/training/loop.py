"""The one training loop: AdamW, cosine schedule, optional averaged weights, resumable checkpoints.

Everything random in a step derives from (seed, step), never from what ran before. A run that was
stopped and resumed therefore ends with the same weights as one that was not (on the same machine).
"""

from __future__ import annotations

import json
import math
import os
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

Step = Callable[[int, np.random.Generator], tuple[Tensor, dict[str, float]]]
"""(step, random generator of this step) -> (loss to minimise, figures to log)."""


def train(
    stage: str,
    module: nn.Module,
    step_fn: Step,
    *,
    steps: int,
    lr: float,
    folder: str | os.PathLike[str],
    betas: tuple[float, float] = (0.9, 0.99),
    weight_decay: float = 0.01,
    warmup: int = 100,
    clip: float = 1.0,
    ema_decay: float | None = None,
    save_every: int = 500,
    log_every: int = 50,
    bf16: bool = False,
    seed: int = 0,
    min_lr: float = 0.05,
) -> None:
    """Train the parameters of a module that require gradients, with AdamW.

    Parameters
    ----------
    stage
        Names the files of `folder`: `<stage>.pt`, the newest checkpoint, from which training is
        resumed, and `<stage>.jsonl`, the log.
    module
        What is trained; several modules in an `nn.ModuleDict`.
    step_fn
        Computes the loss of a step.
    steps, warmup
        The learning rate rises linearly over `warmup` of the steps.
    lr, min_lr
        It then falls on a cosine from `lr` to `min_lr` times `lr`.
    betas, weight_decay
        Of AdamW; matrices decay, vectors do not.
    clip
        Maximum norm of the gradient.
    ema_decay
        With it the module is left with the exponential average of its weights.
    save_every, log_every
        In steps; a line of the log holds means since the last one.
    bf16
        Whether `step_fn` runs under bfloat16 autocast.
    seed
        Everything random derives from (seed, step).

    Raises
    ------
    ValueError
        Nothing is trainable, or the checkpoint belongs to another run.
    FloatingPointError
        The loss is not finite.
    """
    names = [name for name, p in module.named_parameters() if p.requires_grad]
    if not names:
        raise ValueError(f"stage {stage!r}: no parameter requires a gradient; unfreeze some")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path, log_path = folder / f"{stage}.pt", folder / f"{stage}.jsonl"
    parameters = dict(module.named_parameters())
    trained = [parameters[name] for name in names]
    optimiser = _adamw(trained, lr, betas, weight_decay)
    average = {n: parameters[n].detach().clone() for n in names} if ema_decay is not None else None
    first = _resume(path, stage, seed, module, optimiser, average)
    log = _Log(log_path, first, log_every)
    device = trained[0].device
    module.train()
    gpus = [device] if device.type == "cuda" else []
    with (
        torch.random.fork_rng(devices=gpus),
        tqdm(total=steps, initial=first, desc=stage, mininterval=2.0) as bar,
    ):
        for step in range(first, steps):
            rate = lr * schedule(step, steps, warmup, min_lr)
            for group in optimiser.param_groups:
                group["lr"] = rate
            rng = np.random.default_rng((seed, step))
            torch.manual_seed(int(rng.integers(2**62)))
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                loss, figures = step_fn(step, rng)
            value = float(loss.detach())
            if not math.isfinite(value):
                raise FloatingPointError(
                    f"stage {stage!r}: loss is {value} at step {step}; lower lr ({lr}) and resume"
                )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(trained, clip)
            optimiser.step()
            if average is not None and ema_decay is not None:
                _update_average(average, parameters, min(ema_decay, (1 + step) / (10 + step)))
            log.add(step + 1, {"loss": value, "grad_norm": float(norm), **figures}, rate)
            bar.set_postfix(loss=f"{log.latest:.4f}", refresh=False)
            bar.update()
            if (step + 1) % save_every == 0 or step + 1 == steps:
                _save(path, step + 1, seed, module, names, optimiser, average)
    if average is not None:
        module.load_state_dict(average, strict=False)


def schedule(step: int, steps: int, warmup: int, min_lr: float) -> float:
    """Compute the published factor on the learning rate: linear warm-up, then a cosine.

    It is 0 at step 0 and `min_lr` at `steps`.
    """
    if step < warmup:
        return step / warmup
    progress = (step - warmup) / max(1, steps - warmup)
    return min_lr + (1 - min_lr) * 0.5 * (1 + math.cos(math.pi * progress))


def _adamw(
    parameters: list[nn.Parameter], lr: float, betas: tuple[float, float], weight_decay: float
) -> torch.optim.AdamW:
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=lr, betas=betas)


@torch.no_grad()
def _update_average(
    average: dict[str, Tensor], parameters: dict[str, nn.Parameter], decay: float
) -> None:
    targets = list(average.values())
    torch._foreach_lerp_(targets, [parameters[n].detach() for n in average], 1 - decay)


def _save(
    path: Path,
    step: int,
    seed: int,
    module: nn.Module,
    names: list[str],
    optimiser: torch.optim.Optimizer,
    average: dict[str, Tensor] | None,
) -> None:
    """Write to a temporary name and rename, so that a crash never leaves half a checkpoint."""
    parameters, buffers = dict(module.named_parameters()), dict(module.named_buffers())
    state: dict[str, Any] = {
        "step": step,
        "seed": seed,
        "weights": {n: parameters[n].detach() for n in names} | buffers,
        "optimiser": optimiser.state_dict(),
        "average": average,
    }
    temporary = path.with_suffix(".pt.tmp")
    torch.save(state, temporary)
    os.replace(temporary, path)


def _resume(
    path: Path,
    stage: str,
    seed: int,
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: dict[str, Tensor] | None,
) -> int:
    """Restore the checkpoint into the arguments, in place; the number of steps already done."""
    if not path.exists():
        return 0
    device = next(module.parameters()).device
    state = torch.load(path, map_location=device, weights_only=True)
    if state["seed"] != seed:
        raise ValueError(
            f"{path} was trained with seed {state['seed']}, not {seed}; use that seed or remove it"
        )
    names = {n for n, p in module.named_parameters() if p.requires_grad}
    names |= {n for n, _ in module.named_buffers()}
    if set(state["weights"]) != names or (average is None) != (state["average"] is None):
        raise ValueError(f"{path} does not fit the {stage!r} network; remove it to start again")
    module.load_state_dict(state["weights"], strict=False)
    optimiser.load_state_dict(state["optimiser"])
    if average is not None:
        for name, saved in state["average"].items():
            average[name].copy_(saved)
    return int(state["step"])


class _Log:
    """JSON lines of means. Lines after the checkpoint that a run resumes from are dropped."""

    def __init__(self, path: Path, first: int, every: int) -> None:
        self.path, self.every = path, every
        self.latest = math.nan
        self._sums: dict[str, list[float]] = defaultdict(list)
        self._since = time.perf_counter()
        lines = path.read_text().splitlines() if path.exists() else []
        valid = [line for line in lines if json.loads(line)["step"] <= first]
        path.write_text("".join(line + "\n" for line in valid))

    def add(self, step: int, figures: dict[str, float], rate: float) -> None:
        for name, value in figures.items():
            self._sums[name].append(value)
        if not math.isfinite(self.latest):
            self.latest = figures["loss"]
        if step % self.every:
            return
        means = {name: float(f"{np.mean(v):.6g}") for name, v in self._sums.items()}
        now = time.perf_counter()
        seconds = (now - self._since) / len(self._sums["loss"])
        line = {"step": step, **means, "lr": float(f"{rate:.6g}"), "seconds": round(seconds, 4)}
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        self.latest, self._since = means["loss"], now
        self._sums.clear()
