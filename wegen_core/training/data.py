"""The rows of `wegen diic` as training batches: what a stage learns from, and in which form."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ..diic.rows import RowHead, list_rows, read_row
from ..model.network import Network
from ..model.preprocess import encoder_pixels, painter_images
from ..model.prompt import IGNORED
from ..model.tokenizer import Tokenizer
from ..records.conversation import ImagePart
from .sequences import TokenSequence, encode_turns
from .settings import PainterSettings, StageSettings


@dataclass(frozen=True)
class Item:
    """One row: where it is, its tokens, and how often it counts in an epoch."""

    head: RowHead
    sequence: TokenSequence
    weight: float

    def images(self) -> list[Image.Image]:
        """Its images, in order."""
        turns = read_row(self.head).conversation.turns
        return [p.image for turn in turns for p in turn.parts if isinstance(p, ImagePart)]


@dataclass(frozen=True)
class TrainingData:
    """Rows to learn from, rows of other videos to measure with, and how many were left out why."""

    train: list[Item]
    held_out: list[Item]
    left_out: dict[str, int]


def read_data(
    sources: Mapping[Path, float], settings: StageSettings, tokenizer: Tokenizer, context: int
) -> TrainingData:
    """List the rows that a stage learns from; no image is read.

    Parameters
    ----------
    sources
        Folder of rows -> how often its rows count.
    context
        Tokens that the language model takes.

    Raises
    ------
    FileNotFoundError, ValueError
        There are no rows, none fits the stage, or a field is wrong; the text names it.
    """
    is_painter = isinstance(settings, PainterSettings)
    longest = min(settings.max_tokens, context)
    kinds: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    train: list[Item] = []
    held_out: list[Item] = []
    for source, source_weight in sources.items():
        for head in list_rows(source):
            kinds[head.kind] += 1
            weight = source_weight * settings.mix.get(head.kind, 0.0)
            if not weight:
                continue
            try:
                sequence = encode_turns(head.turns, tokenizer)
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"row {head.id!r} in {head.file}: {error}") from error
            images = len(sequence.generated)
            if images > settings.max_images:
                left_out[f"more than {settings.max_images} images (max_images)"] += 1
            elif is_painter and not images:
                left_out["no image"] += 1
            elif not is_painter and len(sequence.ids) > longest:
                left_out[f"more than {longest} tokens (max_tokens, or the context)"] += 1
            elif not is_painter and not sequence.targets:
                left_out["no part with learn = true"] += 1
            else:
                chosen = held_out if _is_held_out(head, settings.held_out) else train
                chosen.append(Item(head, sequence, weight))
    if not train and len(held_out) > 1:  # of very few videos
        train, held_out = held_out, []
    if not train:
        chosen_kinds = ", ".join(kind for kind, weight in settings.mix.items() if weight)
        raise ValueError(
            f"{', '.join(map(str, sources))}: no row can be learned from. There are {dict(kinds)}; "
            f"this stage takes the kinds {chosen_kinds} (mix). Left out: {dict(left_out)}"
        )
    return TrainingData(train, held_out, dict(left_out))


def _is_held_out(head: RowHead, share: float) -> bool:
    """All rows of a video are on the same side."""
    video = str(head.sources.get("video", head.id))
    number = int.from_bytes(hashlib.sha256(video.encode()).digest()[:4], "big")
    return number < share * 2**32


def sizes(items: Sequence[Item], settings: StageSettings) -> list[tuple[int, int]]:
    """(tokens, images) of each item, as `Schedule` takes them; the painter reads no tokens."""
    is_painter = isinstance(settings, PainterSettings)
    return [(0 if is_painter else len(i.sequence.ids), len(i.sequence.generated)) for i in items]


def painter_batch(
    items: Sequence[Item], net: Network, settings: StageSettings
) -> dict[str, Tensor]:
    """All images of the items: `images` and `images_aug`, cut to squares as in stage 1."""
    images = [image for item in items for image in item.images()]
    return _image_tensors(images, net, settings, crop=True)


class EncodedImages:
    """Visual tokens and latents of all images of rows, each computed once and kept as float16."""

    def __init__(self, net: Network) -> None:
        self.net = net
        self._kept: dict[tuple[Path, int, int], tuple[Tensor, Tensor]] = {}

    def batch(self, items: Sequence[Item], settings: StageSettings) -> dict[str, Tensor]:
        """As `painter_batch`, but `tokens` [n,64,W] and `moments` [n,2C,h,w] in place of images.

        Moments are mean and log variance of the VAE's posterior.
        """
        encoded = [self._encode(item, settings) for item in items]
        tokens, moments = (
            torch.cat([part.float() for part in parts]) for parts in zip(*encoded, strict=True)
        )
        return {"tokens": tokens, "moments": moments} | _size_tensors(
            len(tokens), self.net, settings
        )

    @torch.no_grad()
    def _encode(self, item: Item, settings: StageSettings) -> tuple[Tensor, Tensor]:
        key = (item.head.file, item.head.group, item.head.row)
        if key not in self._kept:
            net = self.net
            batch = to_device(painter_batch([item], net, settings), net.device)
            # Autocast holds in the thread that entered it, and another one reads ahead.
            with torch.autocast(net.device.type, torch.bfloat16, enabled=settings.bf16):
                tokens = net.pool(net.encode_images(batch["images"]))
            moments = net.vae.encode(batch["images_aug"].to(net.vae.dtype)).latent_dist.parameters
            self._kept[key] = tokens.half().cpu(), moments.half().cpu()
        return self._kept[key]


def conversation_batch(
    rows: Sequence[Sequence[Item]], net: Network, settings: StageSettings
) -> dict[str, Tensor]:
    """The batch of `Network.forward`.

    Parameters
    ----------
    rows
        Each row of the batch is a pack of sequences. Rows are padded on the right to the longest.
    """
    packs = [[item.sequence for item in row] for row in rows]
    longest = max(sum(len(s.ids) for s in pack) for pack in packs)
    ids = torch.full((len(packs), longest), net.tokenizer.eos_id)
    labels = torch.full_like(ids, IGNORED)
    attention, positions = torch.zeros_like(ids), torch.ones_like(ids)
    for row, pack in enumerate(packs):
        start = 0
        for sequence in pack:
            end = start + len(sequence.ids)
            ids[row, start:end] = torch.tensor(sequence.ids)
            labels[row, start:end] = torch.tensor(sequence.labels)
            positions[row, start:end] = torch.arange(end - start)
            attention[row, start:end] = 1
            start = end
    flags = [g for pack in packs for sequence in pack for g in sequence.generated]
    generated = torch.tensor(flags, dtype=torch.bool)
    visual = torch.isin(ids, torch.tensor(net.tokenizer.image_ids))
    # Row-major order of the image positions is the order of the images: 64 positions each.
    is_generated = torch.zeros_like(visual)
    is_generated[visual] = generated.repeat_interleave(net.config.image_tokens)
    batch = {
        "input_ids": ids,
        "labels": labels,
        "attention_mask": attention,
        "position_ids": positions,
        "ids_cmp_mask": visual & ~is_generated,
        "ids_gen_mask": is_generated,
        "embeds_cmp_mask": ~generated,
        "embeds_gen_mask": generated,
    }
    images = [image for row in rows for item in row for image in item.images()]
    return batch | _image_tensors(images, net, settings, crop=False)


def _image_tensors(
    images: Sequence[Image.Image], net: Network, settings: StageSettings, crop: bool
) -> dict[str, Tensor]:
    side = net.config.paint.width
    return {
        "images": encoder_pixels(images, net.config.vision.image_size, crop=crop),
        "images_aug": painter_images(images, side, crop=crop),
    } | _size_tensors(len(images), net, settings)


def _size_tensors(count: int, net: Network, settings: StageSettings) -> dict[str, Tensor]:
    if not settings.sizes:
        return {}
    side = net.config.paint.width
    size = torch.tensor([[side, side, 0, 0, side, side]], dtype=torch.float32)
    return {"time_ids": size.expand(count, -1)}


def to_device(batch: Mapping[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    """The batch on a device."""
    return {name: tensor.to(device, non_blocking=True) for name, tensor in batch.items()}


def held_out_packs(
    items: Sequence[Item], settings: StageSettings, limit: int
) -> Iterator[list[Item]]:
    """Up to `limit` packs to measure with, the same in every run."""
    from .packing import pack

    order = range(len(items))
    packs = pack(sizes(items, settings), order, settings.max_tokens, settings.max_images)
    for indices in packs[:limit]:
        yield [items[i] for i in indices]
