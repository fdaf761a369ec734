"""One stage of training on rows, from a network to a folder that `wegen.load` opens."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..images.atomic_write import write_atomically
from ..model.checkpoint import save_network
from ..model.network import Network
from .data import (
    EncodedImages,
    Item,
    TrainingData,
    conversation_batch,
    held_out_packs,
    painter_batch,
    sizes,
    to_device,
)
from .loop import train
from .packing import Schedule
from .page import write_page
from .settings import PainterSettings, StageSettings
from .sharding import shard_stage, unshard_stage
from .stage_modules import stage_module

if TYPE_CHECKING:
    from accelerate import Accelerator

MEASURED_PACKS = 8
"""Packs of held-out rows that are measured at each checkpoint."""


def train_stage(
    stage: str,
    net: Network,
    settings: StageSettings,
    data: TrainingData,
    out: Path,
    accelerator: Accelerator,
    *,
    seed: int = 0,
    save_every: int = 500,
    log_every: int = 10,
    keep: int = 2,
    lora: int | None = None,
    shard: bool = False,
    pictures: bool = True,
) -> Path:
    """Train a stage, or resume what `out` holds.

    Parameters
    ----------
    stage
        "painter", "align" or "instruct".
    net
        The network to begin with; it is changed.
    out
        Keeps checkpoints (`stages/`), the log, TensorBoard's files, the page `report.html`, and in
        the end the network (`model/`).
    save_every, log_every
        In steps.
    keep
        How many of the last checkpoints stay, besides the best.
    lora
        Rank of the low-rank adapters that are trained instead of the language model's matrices,
        and merged into them in the end; None: the matrices themselves.
    shard
        Whether the processes share out what is trained (FSDP2), instead of each holding all of it.
    pictures
        Whether the page shows what the network paints.

    Returns
    -------
    Path
        The folder with the network.

    Raises
    ------
    ValueError
        A setting does not fit, or `out` belongs to another run.
    FloatingPointError
        A loss is not finite; the text names the rows.
    OSError
        The disk is too small.
    """
    if settings.batch % accelerator.num_processes:
        raise ValueError(
            f"batch is {settings.batch}; it must be a multiple of the number of processes, "
            f"{accelerator.num_processes}"
        )
    if shard and (lora is not None or accelerator.num_processes == 1):
        raise ValueError(
            "--shard shares the trained weights between several processes: launch it with "
            "accelerate or torchrun, and without --lora, whose weights fit each device"
        )
    if shard and settings.muon:
        raise ValueError("--shard splits matrices, which Muon needs whole: set muon to 0")
    is_main = accelerator.is_main_process
    out.mkdir(parents=True, exist_ok=True)
    if is_main:
        _check_run(out / "run.json", _record(stage, net, settings, data, seed, lora))
    module = model = prepare_stage(net, settings, lora, seed)
    if shard:
        shard_stage(module, accelerator.device)
        pictures = False  # one process alone cannot paint
    else:
        module.to(accelerator.device)
        model = accelerator.prepare(module) if accelerator.num_processes > 1 else module
    work = Work(model, net, settings, data, accelerator, seed)
    writer = _tensorboard(out / "tensorboard") if is_main else None
    run = out / "stages"

    items = data.held_out or data.train

    def write_report(step: int) -> None:
        write_page(
            out / "report.html", run / f"{stage}.jsonl", net, settings, items, step, pictures
        )

    train(
        stage,
        module,
        work.step,
        steps=settings.steps,
        lr=settings.lr,
        folder=run,
        betas=settings.betas,
        eps=settings.eps,
        weight_decay=settings.weight_decay,
        muon=settings.muon,
        warmup=settings.warmup,
        clip=settings.clip,
        ema_decay=settings.ema,
        save_every=save_every,
        log_every=log_every,
        bf16=settings.bf16,
        seed=seed,
        min_lr=settings.min_lr,
        keep=keep,
        evaluate=work.evaluate if data.held_out else None,
        on_saved=write_report,
        on_log=None if writer is None else writer,
        accelerator=accelerator,
    )
    module.eval()
    if shard:
        unshard_stage(module)
    if lora is not None:
        _merge_adapters(net)
    if is_main:
        save_network(net, out / "model", torch.bfloat16 if settings.bf16 else None, overwrite=True)
    accelerator.wait_for_everyone()
    return out / "model"


def prepare_stage(
    net: Network, settings: StageSettings, lora: int | None, seed: int
) -> torch.nn.Module:
    """The module of a stage, with what it does not train frozen, and with LoRA where asked for."""
    if lora is not None and isinstance(settings, PainterSettings):
        raise ValueError("--lora is for the language model; the painter trains its U-Net")
    module = stage_module(net, settings)
    if lora is not None:
        from peft import LoraConfig, inject_adapter_in_model

        names = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
        config = LoraConfig(r=lora, lora_alpha=2 * lora, target_modules=names, lora_dropout=0.0)
        net.llm.requires_grad_(False)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            inject_adapter_in_model(config, net.llm)
    if settings.bf16:
        # Frozen weights are only read: half the bytes. The projectors say what `Network.dtype` is.
        unchanged = ["input_projector.", "output_projector."]
        if net.vae.config.force_upcast:
            unchanged.append("vae.")
        for name, parameter in net.named_parameters():
            if not parameter.requires_grad and not name.startswith(tuple(unchanged)):
                parameter.data = parameter.data.to(torch.bfloat16)
    return module


class Work:
    """The part of every step that this process computes."""

    def __init__(
        self,
        model: torch.nn.Module,
        net: Network,
        settings: StageSettings,
        data: TrainingData,
        accelerator: Accelerator,
        seed: int,
    ) -> None:
        self.model, self.net, self.settings, self.data = model, net, settings, data
        self.accelerator = accelerator
        self.is_painter = isinstance(settings, PainterSettings)
        encode_once = isinstance(settings, PainterSettings) and settings.encode_once
        self.encoded = EncodedImages(net) if encode_once else None
        self.schedule = Schedule(
            sizes(data.train, settings),
            [item.weight for item in data.train],
            settings.batch,
            settings.max_tokens,
            settings.max_images,
            seed,
        )
        self._pool = ThreadPoolExecutor(1)  # reads the images of the next pack meanwhile
        self._ahead: dict[tuple[int, int], Future[dict[str, Tensor]]] = {}

    def step(
        self, step: int, rng: np.random.Generator
    ) -> Iterator[tuple[Tensor, dict[str, float]]]:
        """Losses of this process's packs; all packs of the step together give the means."""
        packs = self._packs(step)
        # Each pack has a seed of its own: whichever process computes it draws the same noise.
        seeds = rng.integers(2**62, size=len(packs))
        words = sum(item.sequence.targets for items in packs for item in items)
        images = sum(self._images(items) for items in packs)
        mine = self._mine()
        for k in mine:
            items = packs[k]
            batch = to_device(self._batch(step, k), self.accelerator.device)
            torch.manual_seed(int(seeds[k]))
            # Gradients are shared between the processes once, after the last pack.
            waits = self.accelerator.num_processes > 1 and k != mine[-1]
            with self.accelerator.no_sync(self.model) if waits else nullcontext():
                losses = self.model(batch)
                word_share = sum(item.sequence.targets for item in items) / max(words, 1)
                shares = {
                    name: word_share if name == "lm_loss" else self._images(items) / max(images, 1)
                    for name in losses
                    if name not in ("total_loss", "rec_loss")
                }
                loss = torch.stack([share * losses[name] for name, share in shares.items()]).sum()
                if not bool(torch.isfinite(loss)):
                    rows = ", ".join(repr(item.head.id) for item in items)
                    raise FloatingPointError(
                        f"loss is {float(loss)} at step {step}, in the rows {rows}; look at them, "
                        f"or lower lr ({self.settings.lr}) and resume"
                    )
                yield loss, {n: float(losses[n].detach()) * share for n, share in shares.items()}

    def evaluate(self) -> dict[str, float]:
        """Mean losses of held-out rows, with the same noise in every run."""
        means: dict[str, list[float]] = {}
        module = self.accelerator.unwrap_model(self.model)
        for number, items in enumerate(
            held_out_packs(self.data.held_out, self.settings, MEASURED_PACKS)
        ):
            torch.manual_seed(number)
            batch = to_device(self._make(items), self.accelerator.device)
            for name, value in module(batch).items():
                means.setdefault(name, []).append(float(value))
        averages = {name: float(np.mean(values)) for name, values in means.items()}
        return {"loss": averages.pop("total_loss"), **averages}

    def _mine(self) -> range:
        accelerator = self.accelerator
        return range(accelerator.process_index, self.settings.batch, accelerator.num_processes)

    def _packs(self, step: int) -> list[list[Item]]:
        return [[self.data.train[i] for i in pack] for pack in self.schedule.packs(step)]

    def _images(self, items: Sequence[Item]) -> int:
        """How many images have a loss."""
        flags = [flag for item in items for flag in item.sequence.generated]
        return len(flags) if self.is_painter else sum(flags)

    def _make(self, items: Sequence[Item]) -> dict[str, Tensor]:
        if self.encoded is not None:
            return self.encoded.batch(items, self.settings)
        if self.is_painter:
            return painter_batch(items, self.net, self.settings)
        return conversation_batch([items], self.net, self.settings)

    def _batch(self, step: int, k: int) -> dict[str, Tensor]:
        """Pack k of a step, while the one after it is being read."""
        mine = self._mine()
        following = (step, k + mine.step) if k != mine[-1] else (step + 1, mine[0])
        for key in ((step, k), following):
            if key not in self._ahead:
                items = self._packs(key[0])[key[1]]
                self._ahead[key] = self._pool.submit(self._make, items)
        return self._ahead.pop((step, k)).result()


def _record(
    stage: str,
    net: Network,
    settings: StageSettings,
    data: TrainingData,
    seed: int,
    lora: int | None,
) -> dict[str, Any]:
    """What a run is made of; a run that is resumed must have the same."""
    rows = "\n".join(f"{i.head.id} {len(i.sequence.ids)} {i.weight}" for i in data.train)
    return {
        "stage": stage,
        "seed": seed,
        "lora": lora,
        "network": hashlib.sha256(json.dumps(net.config.to_json()).encode()).hexdigest()[:16],
        "rows": len(data.train),
        "rows_digest": hashlib.sha256(rows.encode()).hexdigest()[:16],
        "settings": json.loads(json.dumps(asdict(settings))),
    }


def _check_run(path: Path, record: dict[str, Any]) -> None:
    if path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        before["settings"].setdefault("muon", 0.0)  # older runs do not have it
        old, new = ({**r["settings"], **r, "settings": None} for r in (before, record))
        changed = [name for name, value in new.items() if old.get(name) != value]
        if changed:
            differences = "; ".join(f"{n} was {old.get(n)} and is {new[n]}" for n in changed)
            raise ValueError(
                f"{path.parent} holds another run ({differences}). Resume it with what it was "
                "begun with, or choose another folder"
            )
        return
    write_atomically(path, json.dumps(record, indent=1).encode())


def _merge_adapters(net: Network) -> None:
    """Add the low-rank products to the matrices, and leave plain layers in their place."""
    from peft.tuners.lora import LoraLayer

    for parent in list(net.llm.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, LoraLayer):
                layer.merge()
                setattr(parent, name, layer.get_base_layer())


def _tensorboard(folder: Path) -> Any:
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(folder))

    def write(step: int, figures: dict[str, float]) -> None:
        for name, value in figures.items():
            if math.isfinite(value):
                writer.add_scalar(name, value, step)
        writer.flush()

    return write
