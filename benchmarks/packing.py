"""Useful tokens per second of packed sequences, against batches padded to their longest.

    python -m wegen_core diic run playground:60 --out DATA
    python -m benchmarks.packing --data DATA

Both learn the same rows of stage 3 in the same random order with the same network: forward and
backward pass of language model and projectors. Useful tokens are those of the rows; padding is not.
Whole steps also encode and paint images, which packing neither helps nor hurts.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from wegen_core.training.data import conversation_batch, read_data, sizes
from wegen_core.training.networks import new_network
from wegen_core.training.packing import pack
from wegen_core.training.settings import stage_settings
from wegen_core.training.stage_modules import stage_module


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--size", type=int, default=4)
    parser.add_argument("--tokens", type=int, nargs="+", default=[1024, 2048])
    parser.add_argument("--rows", type=int, default=48)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--bf16", action="store_true")
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net = new_network("mini", options.size, seed=0).to(device)
    settings = stage_settings(
        "instruct", "mini", diffusion=False, max_tokens=max(options.tokens), max_images=64
    )
    module = stage_module(net, settings).train()
    data = read_data({options.data: 1.0}, settings, net.tokenizer, net.context_length).train
    order = np.random.default_rng(0).permutation(len(data))[: options.rows].tolist()
    measures = sizes(data, settings)
    useful = sum(measures[i][0] for i in order)
    ways: dict[str, list[list[list[int]]]] = {}
    for tokens in options.tokens:
        packs = pack(measures, order, tokens, settings.max_images)
        ways[f"packed, {tokens} tokens"] = [[p] for p in packs]
        # As many rows in a batch as have that many tokens on average.
        count = max(1, round(tokens / (useful / len(order))))
        batches = [order[i : i + count] for i in range(0, len(order), count)]
        ways[f"padded, {count} rows"] = [[[i] for i in batch] for batch in batches]
    batches_of = {
        name: [
            conversation_batch([[data[i] for i in row] for row in batch], net, settings)
            for batch in batches
        ]
        for name, batches in ways.items()
    }
    with torch.no_grad():  # images are encoded once, outside the clock
        for batches in batches_of.values():
            for batch in batches:
                batch.pop("images_aug")
                if len(batch["input_ids"]) > 1:  # padded: as a batch of single sequences
                    batch.pop("position_ids")
                batch["image_features"] = net.encode_images(batch.pop("images"))
    seconds = {name: [] for name in ways}
    for _ in range(options.repeats):
        for name, batches in batches_of.items():
            start = time.process_time() if device == "cpu" else time.perf_counter()
            for batch in batches:
                moved = {k: v.to(device) for k, v in batch.items()}
                with torch.autocast(device, torch.bfloat16, enabled=options.bf16):
                    module(moved)["total_loss"].backward()
            if device == "cuda":
                torch.cuda.synchronize()
            now = time.process_time() if device == "cpu" else time.perf_counter()
            seconds[name].append(now - start)
    print("| way | share of useful tokens | useful tokens per second |\n|---|---|---|")
    for name, batches in batches_of.items():
        total = sum(batch["input_ids"].numel() for batch in batches)
        print(f"| {name} | {useful / total:.1%} | {useful / min(seconds[name]):.0f} |")


if __name__ == "__main__":
    main()
