"""The one training loop: cosine schedule, optional averaged weights, resumable checkpoints.

Everything random in a step derives from (seed, step), never from what ran before. A run that was
stopped and resumed therefore ends with the same weights as one that was not (on the same machine),
and one process computes the same losses as several that share the work.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from ..images.atomic_write import write_atomically
from .muon import make_optimiser
from .precision import float32_attention
from .sharding import gather, scatter, whole

if TYPE_CHECKING:
    from accelerate import Accelerator

Step = Callable[[int, np.random.Generator], Iterable[tuple[Tensor, dict[str, float]]]]
"""(step, random generator of this step) -> parts of the step, computed one after the other: (loss
to minimise, figures to log). Losses and figures of the parts are added up, also over processes."""

Evaluation = Callable[[], dict[str, float]]
"""Figures of held-out data, of which "loss" says how good the weights are."""


def train(
    stage: str,
    module: nn.Module,
    step_fn: Step,
    *,
    steps: int,
    lr: float,
    folder: str | os.PathLike[str],
    betas: tuple[float, float] = (0.9, 0.99),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
    muon: float = 0.0,
    warmup: int = 100,
    clip: float = 1.0,
    ema_decay: float | None = None,
    save_every: int = 500,
    log_every: int = 50,
    bf16: bool = False,
    seed: int = 0,
    min_lr: float = 0.05,
    keep: int = 0,
    evaluate: Evaluation | None = None,
    on_saved: Callable[[int], None] | None = None,
    on_log: Callable[[int, dict[str, float]], None] | None = None,
    accelerator: Accelerator | None = None,
) -> None:
    """Train the parameters of a module that require gradients, with AdamW, some with Muon.

    Parameters
    ----------
    stage
        Names the files of `folder`: `<stage>.pt`, the newest checkpoint, from which training is
        resumed, `<stage>-<step>.pt`, the last `keep`, `<stage>-best.pt`, and `<stage>.jsonl`, the
        log.
    module
        What is trained; several modules in an `nn.ModuleDict`.
    step_fn
        Computes the loss of a step.
    steps, warmup
        The learning rate rises linearly over `warmup` of the steps.
    lr, min_lr
        It then falls on a cosine from `lr` to `min_lr` times `lr`.
    betas, eps, weight_decay, muon
        Of `muon.make_optimiser`.
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
    keep
        How many of the last checkpoints stay besides the newest.
    evaluate
        Called before a checkpoint is saved, with the weights that would be the result; the
        checkpoint with the lowest "loss" is kept as the best.
    on_saved
        Called with the number of steps after a checkpoint was saved, likewise.
    on_log
        Called with the number of steps and the figures of each line of the log.
    accelerator
        Of the processes that share the work; None: this process alone. `step_fn` computes the part
        of its process with a module that the accelerator prepared.

    Raises
    ------
    ValueError
        Nothing is trainable, or the checkpoint belongs to another run.
    FloatingPointError
        The loss is not finite.
    OSError
        The disk is too small for a checkpoint; those before it are complete.
    """
    is_main = accelerator is None or accelerator.is_main_process
    processes = 1 if accelerator is None else accelerator.num_processes
    names = [name for name, p in module.named_parameters() if p.requires_grad]
    if not names:
        raise ValueError(f"stage {stage!r}: no parameter requires a gradient; unfreeze some")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path, log_path = folder / f"{stage}.pt", folder / f"{stage}.jsonl"
    parameters = dict(module.named_parameters())
    trained = [parameters[name] for name in names]
    optimiser = make_optimiser(
        {name: parameters[name] for name in names}, lr, betas, eps, weight_decay, muon
    )
    average = {n: parameters[n].detach().clone() for n in names} if ema_decay is not None else None
    first, best = _resume(path, stage, seed, module, optimiser, average)
    if is_main:
        _check_space(folder, trained, average, copies=1 + keep + (evaluate is not None), step=first)
    log = _Log(log_path, first, log_every, on_log) if is_main else None
    device = trained[0].device
    module.train()
    gpus = [device] if device.type == "cuda" else []
    with (
        torch.random.fork_rng(devices=gpus),
        tqdm(total=steps, initial=first, desc=stage, mininterval=2.0, disable=not is_main) as bar,
        float32_attention(device, bf16),
    ):
        for step in range(first, steps):
            rate = lr * schedule(step, steps, warmup, min_lr)
            for group in optimiser.param_groups:
                group["lr"] = rate
            rng = np.random.default_rng((seed, step))
            torch.manual_seed(int(rng.integers(2**62)))
            optimiser.zero_grad(set_to_none=True)
            sums: dict[str, float] = defaultdict(float)
            parts = iter(step_fn(step, rng))
            while True:
                with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                    part = next(parts, None)
                if part is None:
                    break
                loss, figures = part
                for name, value in ({"loss": float(loss.detach())} | figures).items():
                    sums[name] += value
                # Processes average their gradients; the parts of a step are added up.
                (loss * processes).backward()
            if accelerator is not None and processes > 1:
                totals = torch.tensor(list(sums.values()), dtype=torch.float64, device=device)
                totals = accelerator.reduce(totals, "sum")
                sums = dict(zip(sums, totals.tolist(), strict=True))
            if not math.isfinite(sums["loss"]):
                raise FloatingPointError(
                    f"stage {stage!r}: loss is {sums['loss']} at step {step}; lower lr ({lr}) and "
                    "resume"
                )
            norm = whole(nn.utils.clip_grad_norm_(trained, clip))
            optimiser.step()
            if average is not None and ema_decay is not None:
                _update_average(average, parameters, min(ema_decay, (1 + step) / (10 + step)))
            if log is not None:
                log.add(step + 1, {**sums, "grad_norm": float(norm)}, rate)
                bar.set_postfix(loss=f"{log.latest:.4f}", refresh=False)
            bar.update()
            if (step + 1) % save_every and step + 1 != steps:
                continue
            autocast = torch.autocast(device.type, torch.bfloat16, enabled=bf16)
            with _averaged(module, parameters, average), autocast:
                held_out = evaluate() if evaluate is not None else {}
            is_best = "loss" in held_out and held_out["loss"] < best
            best = min(best, held_out.get("loss", best))
            state = gather(
                _state(step + 1, seed, module, names, optimiser, average, best), keep=is_main
            )
            if log is not None:
                log.write(step + 1, {f"held_out_{k}": v for k, v in held_out.items()})
                _save(path, state, keep, is_best)
                if on_saved is not None:
                    with _averaged(module, parameters, average), autocast:
                        on_saved(step + 1)
            if accelerator is not None:
                accelerator.wait_for_everyone()
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


@torch.no_grad()
def _update_average(
    average: dict[str, Tensor], parameters: dict[str, nn.Parameter], decay: float
) -> None:
    targets = list(average.values())
    torch._foreach_lerp_(targets, [parameters[n].detach() for n in average], 1 - decay)


@contextmanager
def _averaged(
    module: nn.Module, parameters: dict[str, nn.Parameter], average: dict[str, Tensor] | None
) -> Iterator[None]:
    """Evaluation mode, with the averaged weights where there are some; afterwards as before."""
    module.eval()
    current = {n: parameters[n].detach().clone() for n in average or {}}
    module.load_state_dict(average or {}, strict=False)
    try:
        with torch.no_grad(), torch.random.fork_rng():
            yield
    finally:
        module.load_state_dict(current, strict=False)
        module.train()


def _check_space(
    folder: Path,
    trained: list[nn.Parameter],
    average: dict[str, Tensor] | None,
    copies: int,
    step: int,
) -> None:
    """OSError where `copies` checkpoints more do not fit on the disk."""
    size = sum(p.nbytes for p in trained) * (3 if average is None else 4) * copies
    free = shutil.disk_usage(folder).free
    if size > free:
        raise OSError(
            f"{copies} checkpoints take {size / 1e9:.2f} GB, but {folder} has {free / 1e9:.2f} GB "
            f"free; free some space or choose another folder. Everything up to step {step} is safe"
        )


def _state(
    step: int,
    seed: int,
    module: nn.Module,
    names: list[str],
    optimiser: torch.optim.Optimizer,
    average: dict[str, Tensor] | None,
    best: float,
) -> dict[str, Any]:
    """What a checkpoint holds."""
    parameters, buffers = dict(module.named_parameters()), dict(module.named_buffers())
    return {
        "step": step,
        "seed": seed,
        "weights": {n: parameters[n].detach() for n in names} | buffers,
        "optimiser": optimiser.state_dict(),
        "average": average,
        "best": best,
    }


def _save(path: Path, state: dict[str, Any], keep: int, is_best: bool) -> None:
    """Write to a temporary name and rename, so that a crash never leaves half a checkpoint."""
    step, weights = state["step"], list(state["weights"].values())
    _check_space(path.parent, weights, state["average"], 1, step - 1)
    temporary = path.with_suffix(".pt.tmp")
    try:
        with temporary.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        if is_best:
            _link(temporary, path.with_name(f"{path.stem}-best.pt"))
        if keep:
            _link(temporary, path.with_name(f"{path.stem}-{step:08d}.pt"))
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    numbered = sorted(path.parent.glob(f"{path.stem}-{'[0-9]' * 8}.pt"))
    for old in numbered[: len(numbered) - keep]:
        old.unlink()


def _link(file: Path, name: Path) -> None:
    """Give a file a second name, which takes no space; a copy where the disk has no links."""
    temporary = name.with_suffix(".pt.link")
    temporary.unlink(missing_ok=True)
    try:
        os.link(file, temporary)
    except OSError:
        shutil.copy2(file, temporary)
    os.replace(temporary, name)


def _resume(
    path: Path,
    stage: str,
    seed: int,
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: dict[str, Tensor] | None,
) -> tuple[int, float]:
    """Restore the checkpoint into the arguments, in place; steps done and best held-out loss."""
    if not path.exists():
        return 0, math.inf
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
    parameters = dict(module.named_parameters())
    weights = {
        name: scatter(saved, parameters[name]) if name in parameters else saved
        for name, saved in state["weights"].items()
    }
    module.load_state_dict(weights, strict=False)
    trained = [p for group in optimiser.param_groups for p in group["params"]]
    for number, moments in state["optimiser"]["state"].items():
        for name in ("exp_avg", "exp_avg_sq"):  # all processes in the same order
            if name in moments:
                moments[name] = scatter(moments[name], trained[number])
    optimiser.load_state_dict(state["optimiser"])
    if average is not None:
        for name, saved in state["average"].items():
            average[name].copy_(scatter(saved, average[name]))
    return int(state["step"]), float(state.get("best", math.inf))


class _Log:
    """JSON lines of means. Lines after the checkpoint that a run resumes from are dropped."""

    def __init__(
        self,
        path: Path,
        first: int,
        every: int,
        on_log: Callable[[int, dict[str, float]], None] | None,
    ) -> None:
        self.path, self.every, self.on_log = path, every, on_log
        self.latest = math.nan
        self._sums: dict[str, list[float]] = defaultdict(list)
        self._since = time.perf_counter()
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        complete = [line for line in lines if line.endswith("\n")]  # a crash may cut the last one
        valid = [line for line in complete if json.loads(line)["step"] <= first]
        write_atomically(path, "".join(valid).encode())

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
        self.write(step, {**means, "lr": float(f"{rate:.6g}"), "seconds": round(seconds, 4)})
        self.latest, self._since = means["loss"], now
        self._sums.clear()

    def write(self, step: int, figures: dict[str, float]) -> None:
        """Append a line, unless there is nothing to say."""
        if not figures:
            return
        with self.path.open("a") as file:
            file.write(json.dumps({"step": step, **figures}) + "\n")
        if self.on_log is not None:
            self.on_log(step, figures)
