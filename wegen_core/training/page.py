"""One HTML page about a run: curves, held-out losses, and what the network paints now."""

from __future__ import annotations

import base64
import io
import json
from collections import defaultdict
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..images.atomic_write import write_atomically
from ..model.network import Network
from .data import Item, conversation_batch, painter_batch, to_device
from .settings import PainterSettings, StageSettings

PICTURES = 8
"""How many images the page shows."""

_STEPS = 20  # of the sampler: enough to see what is learned
_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;
color:#222;background:#fff}table{border-collapse:collapse;margin:1rem 0}
td,th{padding:.25rem .8rem;border-bottom:1px solid #ddd;text-align:left}
td{font-variant-numeric:tabular-nums}.charts{display:flex;flex-wrap:wrap;gap:1rem}
figure{margin:0}svg{width:20rem;height:8rem;background:#f4f4f4}
polyline{fill:none;stroke:#36c;stroke-width:1.5}
.grid{display:grid;grid-template-columns:repeat(auto-fill,9rem);gap:1rem}.grid img{width:9rem}
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}svg{background:#222}}"""


def write_page(
    path: Path,
    log: Path,
    net: Network,
    settings: StageSettings,
    items: Sequence[Item],
    step: int,
    pictures: bool,
) -> None:
    """Write the page.

    Parameters
    ----------
    log
        The JSON lines of the run.
    items
        Rows whose first images are shown beside what the network paints.
    step
        How many steps are done.
    pictures
        False leaves the images out: painting takes time.
    """
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    parts = [f"<h1>{escape(net.config.name)}, step {step} of {settings.steps}</h1>"]
    parts += ["<h2>Losses</h2>", _charts(lines), "<h2>Held-out rows</h2>", _table(lines)]
    if pictures:
        pairs = _painted(net, settings, items)
        parts += ["<h2>Images</h2>", _caption(settings), '<div class="grid">']
        parts += [f"<div>{_img(image)}{_img(painted)}</div>" for image, painted in pairs]
        parts.append("</div>")
    body = "\n".join(parts)
    html = f"<!doctype html><meta charset=utf-8><title>WeGen</title><style>{_STYLE}</style>{body}"
    write_atomically(path, html.encode())


def _charts(lines: Sequence[dict[str, float]]) -> str:
    series: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for line in lines:
        for name, value in line.items():
            if name not in ("step", "seconds") and np.isfinite(value):
                series[name].append((line["step"], value))
    return '<div class="charts">' + "".join(_chart(n, p) for n, p in series.items()) + "</div>"


def _chart(name: str, points: Sequence[tuple[float, float]]) -> str:
    steps, values = np.asarray(points).T
    x = 200 * (steps - steps[0]) / max(float(np.ptp(steps)), 1e-12)
    y = 78 - 76 * (values - values.min()) / max(float(np.ptp(values)), 1e-12)
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return (
        f"<figure><figcaption>{escape(name)}: {values[-1]:.4g} "
        f"(from {values.min():.4g} to {values.max():.4g})</figcaption>"
        f'<svg viewBox="0 0 200 80" preserveAspectRatio="none"><polyline points="{line}"/></svg>'
        "</figure>"
    )


def _table(lines: Sequence[dict[str, float]]) -> str:
    rows = [line for line in lines if "held_out_loss" in line]
    if not rows:
        return "<p>No rows are held out.</p>"
    names = list(rows[-1])
    head = "".join(f"<th>{escape(n.removeprefix('held_out_'))}</th>" for n in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{row.get(n, float('nan')):.5g}</td>" for n in names) + "</tr>"
        for row in rows[-20:]
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _caption(settings: StageSettings) -> str:
    if isinstance(settings, PainterSettings):
        return "<p>An image, and what is painted from its own visual tokens.</p>"
    return (
        "<p>The image that a reply should hold, and what is painted from the visual tokens that "
        "the language model predicts, each after the true ones before it.</p>"
    )


def _painted(
    net: Network, settings: StageSettings, items: Sequence[Item]
) -> list[tuple[Image.Image, Image.Image]]:
    """Images of rows, and what the network paints for them."""
    images: list[Image.Image] = []
    tokens: list[Tensor] = []
    for item in items:
        if len(images) >= PICTURES:
            break
        if isinstance(settings, PainterSettings):
            batch = to_device(painter_batch([item], net, settings), net.device)
            images += item.images()
            tokens += net.pool(net.encode_images(batch["images"])).unbind()
        else:
            batch = to_device(conversation_batch([[item]], net, settings), net.device)
            flags = item.sequence.generated
            images += [i for i, flag in zip(item.images(), flags, strict=True) if flag]
            tokens += net.predict_tokens(batch).unbind()
    if not images:
        return []
    condition = torch.stack(tokens[:PICTURES]).to(net.dtype)
    steps = min(_STEPS, net.config.paint.steps)
    pixels = net.paint(condition, seed=range(len(condition)), steps=steps).cpu().float().numpy()
    painted = [Image.fromarray((p * 255 + 0.5).astype(np.uint8)) for p in pixels]
    return list(zip(images[:PICTURES], painted, strict=True))


def _img(image: Image.Image) -> str:
    small = image.copy()
    small.thumbnail((256, 256))
    buffer = io.BytesIO()
    small.convert("RGB").save(buffer, "jpeg", quality=88)
    return f'<img src="data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}">'
