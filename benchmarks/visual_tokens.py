"""What an image's 64 visual tokens cost, beside a plain loop that feeds the history again.

    python -m benchmarks.visual_tokens

Random weights of LLM hidden 512, 8 layers, 8 heads, MLP 1376, vocabulary 32330; a prompt of 300
tokens with two images; float32, one thread, CPU seconds. The plain loop is the published one:
transformers' own causal forward with its KV cache inside a call, logits of all that is fed, the
unguided branch by itself, and every turn's history fed again. With `--last` it computes the logits
of a prompt's last token only, as transformers' `generate` does today. It has a network of its own,
whose weights are not laid out for decoding. Each of `--runs` measures both, one after the other;
printed are medians, and the range of the ratios.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from transformers import DynamicCache

from wegen_core.loading import MINI
from wegen_core.model import ConversationCache, Tokenizer, VisionConfig, WeGen, WeGenConfig
from wegen_core.model.tokenizer import ADDED_FILE, MODEL_FILE

PROMPT, NEW_TEXT, TURNS = 300, 40, 6
VOCABULARY, WIDTH = 32330, 1792


def build() -> WeGen:
    """Make the network to measure; image encoder and painter are tiny, as they take no part."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / MODEL_FILE).write_bytes((MINI / "tokenizer" / MODEL_FILE).read_bytes())
        names = [f"<img_{k:05d}>" for k in range(100)] + ["<img>", "</img>"]
        ids = {name: 32000 + i for i, name in enumerate(names)}
        (path / ADDED_FILE).write_text(json.dumps(ids))
        tokenizer = Tokenizer(path)
    llm = {
        "vocab_size": VOCABULARY,
        "hidden_size": 512,
        "num_hidden_layers": 8,
        "num_attention_heads": 8,
        "intermediate_size": 1376,
        "max_position_embeddings": 4096,
    }
    unet = {
        "cross_attention_dim": WIDTH,
        "addition_embed_type": "text_time",
        "projection_class_embeddings_input_dim": WIDTH + 6 * 8,
        "addition_time_embed_dim": 8,
        "block_out_channels": (8,),
        "norm_num_groups": 8,
        "down_block_types": ("DownBlock2D",),
        "up_block_types": ("UpBlock2D",),
        "layers_per_block": 1,
    }
    vae = {"block_out_channels": (8,), "norm_num_groups": 8}
    vision = VisionConfig(image_size=64, patch_size=8, width=WIDTH, layers=0)
    torch.manual_seed(0)
    config = WeGenConfig(vision=vision, llm=llm, unet=unet, vae=vae)
    return WeGen(config, tokenizer).eval()


def prompt(net: WeGen) -> tuple[Tensor, Tensor]:
    """300 ids with two image blocks, ending in `<img>`, and the two images' visual tokens."""
    block = torch.tensor(net.tokenizer.image_block())
    text = torch.randint(3, 32000, (PROMPT - 2 * len(block) - 1,))
    start = torch.tensor([net.tokenizer.image_start_id])
    ids = torch.cat([text[:20], block, text[20:60], block, text[60:], start])
    return ids, torch.randn(2, 64, WIDTH)


def ours(net: WeGen, turns: int, guidance: float, variants: int = 1) -> None:
    """Draw `turns` images in one conversation, with its KV cache."""
    ids, features = prompt(net)
    cache = ConversationCache()
    for _ in range(turns):
        if variants > 1:
            net.generate([ids] * variants, features.repeat(variants, 1, 1), max_new_tokens=64)
            return
        result = net.generate(ids, features, guidance=guidance, max_new_tokens=65, cache=cache)
        ids, features = _next(net, ids, result.ids, features, result.features)


def plain(net: WeGen, turns: int, guidance: float, logits: int = 0) -> None:
    """Do the same in the published way; `logits`: of how many tokens of a prompt, 0: of all."""
    ids, features = prompt(net)
    for _ in range(turns):
        new_ids, new_features = _plain_call(net, ids, features, guidance, logits)
        ids, features = _next(net, ids, new_ids, features, new_features)


@torch.inference_mode()
def _plain_call(
    net: WeGen, ids: Tensor, features: Tensor, guidance: float, logits: int
) -> tuple[Tensor, Tensor]:
    (_, embeds), *_ = net.embed_prompts([ids], features)
    states = [(embeds[None], DynamicCache())]
    if guidance != 1:
        states.append((embeds[None, -1:], DynamicCache()))
    drawn: list[Tensor] = []
    for token in (*net.tokenizer.image_ids, net.tokenizer.image_end_id):
        hidden = []
        for x, cache in states:
            out = net.llm(
                inputs_embeds=x,
                past_key_values=cache,
                use_cache=True,
                output_hidden_states=True,
                logits_to_keep=logits,
            )
            hidden.append(out.hidden_states[-1][:, -1])
        if token == net.tokenizer.image_end_id:
            break
        h = hidden[0] if len(hidden) == 1 else hidden[1] + guidance * (hidden[0] - hidden[1])
        drawn.append(net.output_projector(h))
        x = net.input_projector(drawn[-1])[None]
        states = [(x, cache) for _, cache in states]
    new = torch.tensor([*net.tokenizer.image_ids, net.tokenizer.image_end_id])
    return new, torch.stack(drawn, dim=1)


def _next(
    net: WeGen, ids: Tensor, new_ids: Tensor, features: Tensor, new_features: Tensor
) -> tuple[Tensor, Tensor]:
    """The next turn's prompt: the history, 39 words and `<img>`."""
    words = torch.randint(3, 32000, (NEW_TEXT - 1,))
    start = torch.tensor([net.tokenizer.image_start_id])
    return torch.cat([ids, new_ids, words, start]), torch.cat([features, new_features])


def seconds(*works: Callable[[], object], runs: int) -> list[list[float]]:
    """CPU seconds of each run of each function, in turn, with the same random prompts."""
    all_times: list[list[float]] = [[] for _ in works]
    for _ in range(runs + 1):
        for work, times in zip(works, all_times, strict=True):
            torch.manual_seed(1)
            start = time.process_time()
            work()
            times.append(time.process_time() - start)
    return [times[1:] for times in all_times]  # the first run warms up


def ratios(slow: list[float], fast: list[float]) -> str:
    """Median and range of the paired ratios."""
    pairs = [a / b for a, b in zip(slow, fast, strict=True)]
    return f"{statistics.median(pairs):.2f}x ({min(pairs):.2f} to {max(pairs):.2f})"


def decoding_share(net: WeGen, runs: int) -> tuple[float, float]:
    """Median seconds per visual token, and per byte that is read.

    The latter in a matrix-vector product larger than any cache, in the same runs.
    """
    ids, features = prompt(net)
    matrix, vector = torch.randn(8192, 8192), torch.randn(8192)
    first, all_tokens, product = seconds(
        lambda: net.generate(ids, features, max_new_tokens=1),
        lambda: net.generate(ids, features, max_new_tokens=64),
        lambda: torch.mv(matrix, vector),
        runs=runs,
    )
    each = statistics.median(b - a for a, b in zip(first, all_tokens, strict=True)) / 63
    return each, statistics.median(product) / matrix.nbytes


def bytes_read(net: WeGen, length: int) -> int:
    """Bytes that one visual token reads: the weights, and `length` slots of the KV cache."""
    modules = (net.llm.model.layers, net.input_projector, net.output_projector)
    weights = sum(p.nbytes for module in modules for p in module.parameters())
    config = net.llm.config
    return weights + length * 2 * 4 * config.hidden_size * config.num_hidden_layers


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--last", action="store_true", help="plain loop: only the last logits")
    options = parser.parse_args()
    runs = options.runs
    torch.set_num_threads(1)
    net, plain_net = build(), build()
    print(
        f"{platform.processor() or platform.machine()}, torch {torch.__version__}, {date.today()}"
    )
    print(f"{'CPU seconds':<22}{'plain loop':>12}{'WeGen':>8}   faster")
    for name, turns, guidance in (
        ("one call, guidance 1", 1, 1.0),
        ("one call, guidance 3", 1, 3.0),
        (f"{TURNS} turns, guidance 1", TURNS, 1.0),
    ):
        slow, fast = seconds(
            partial(plain, plain_net, turns, guidance, int(options.last)),
            partial(ours, net, turns, guidance),
            runs=runs,
        )
        medians = f"{statistics.median(slow):>12.2f}{statistics.median(fast):>8.2f}"
        print(f"{name:<22}{medians}   {ratios(slow, fast)}")
    eight, one = seconds(
        partial(ours, net, 1, 1.0, variants=8), partial(ours, net, 1, 1.0), runs=runs
    )
    print(f"8 variants of one prompt in a batch cost {ratios(eight, one)} one")
    each, per_byte = decoding_share(net, 2 * runs)
    weights, all_read = (per_byte * bytes_read(net, slots) / each for slots in (0, PROMPT + 32))
    print(
        f"{1000 * each:.1f} ms per visual token; from memory, at {1e-9 / per_byte:.1f} GB/s, the "
        f"weights take {100 * weights:.0f} % of it, with the KV cache {100 * all_read:.0f} %\n"
        "(above 100 %: the processor's cache holds a part of them)"
    )


if __name__ == "__main__":
    main()
