"""One HTML page about a data set: what was dropped and why, scores, speed, sampled rows."""

from __future__ import annotations

import base64
import io
import json
from collections import Counter, defaultdict
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..images.atomic_write import write_atomically
from ..records.conversation import ImagePart
from .pipeline import Funnel
from .records import ImageRecord, Sample
from .rows import load_rows
from .run import RUN_FILE

_UNITS = ("frames", "tokens")
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;
color:#222;background:#fff}table{border-collapse:collapse;margin:1rem 0}
td,th{padding:.25rem .8rem;text-align:left;
border-bottom:1px solid #ddd}
td.n{text-align:right;font-variant-numeric:tabular-nums}
.row{border:1px solid #ddd;border-radius:8px;padding:.7rem;margin:.8rem 0}
.row img{height:140px;border-radius:4px;margin:.2rem;vertical-align:middle}
.row>div{display:inline}.u{color:#06c}.a{color:#070}small{color:#666;display:block}
.bars{display:flex;align-items:end;gap:1px;height:60px}.bars i{flex:1;background:#69c}
.charts{display:flex;flex-wrap:wrap;gap:1.5rem}.charts div.c{width:15rem}
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}.row,td,th{border-color:#444}}
"""


def write_report(data: Path, path: Path, samples: int = 40) -> None:
    """Write the page.

    Parameters
    ----------
    data
        A folder written by `wegen diic run`.
    path
        The HTML file.
    samples
        How many rows are shown, spread evenly over the data.

    Raises
    ------
    FileNotFoundError
        `data` holds no rows and no record of a run.
    """
    records = [
        json.loads(file.read_text("utf-8"))
        for file in sorted(data.glob("*.json"))
        if file.name != RUN_FILE
    ]
    if not records:
        raise FileNotFoundError(f"{data} holds no finished run; start with `wegen diic run`")
    funnel = Funnel()
    for record in records:
        funnel.add(record["funnel"])
    examples = {(stage, reason): source for r in records for stage, reason, source in r["rejected"]}
    total = sum(record["rows"] for record in records)
    stride = max(1, total // max(1, samples))
    scores: dict[str, list[float]] = defaultdict(list)
    kinds: Counter[str] = Counter()
    rows: list[str] = []
    for n, sample in enumerate(load_rows(data, unique=False) if total else ()):
        kinds[sample.kind] += 1
        for name, value in sample.scores.items():
            scores[name].append(value)
        if n % stride == 0 and len(rows) < samples:
            rows.append(_row(sample))
    seconds = sum(record["seconds"] for record in records)
    page = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>DIIC</title>",
        f"<style>{_STYLE}</style><h1>{total} rows from {len(records)} videos</h1>",
        f"<p>{seconds:.1f} s of work. ",
        ", ".join(f"{count} {escape(kind)}" for kind, count in kinds.most_common()),
        "</p><h2>From stage to stage</h2>",
        _funnel_table(funnel),
        "<h2>Dropped</h2>",
        _table(
            ("stage", "reason", "count", "for example"),
            [
                (stage, reason, count, examples[stage, reason])
                for (stage, reason), count in funnel.rejected.most_common()
            ],
        ),
        "<h2>Scores</h2><div class=charts>",
        *[_histogram(name, values) for name, values in sorted(scores.items())],
        "</div><h2>Rows</h2>",
        *rows,
    ]
    write_atomically(path, "\n".join(page).encode())


def _funnel_table(funnel: Funnel) -> str:
    rows = []
    for stage, taken in funnel.taken.items():
        passed, seconds = funnel.passed[stage], funnel.seconds[stage]
        work = funnel.work[stage]
        speeds = [f"{work[unit] / seconds:.1f}" if work[unit] else "" for unit in _UNITS]
        rows.append((stage, taken, passed, f"{seconds:.2f}", *speeds))
    return _table(("stage", "in", "out", "seconds", *(f"{unit}/s" for unit in _UNITS)), rows)


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    if not rows:
        return "<p>Nothing.</p>"
    first = "".join(f"<th>{escape(cell)}" for cell in head)
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{'' if isinstance(cell, str) and not cell[:1].isdigit() else ' class=n'}>"
            f"{escape(str(cell))}"
            for cell in row
        )
        for row in rows
    )
    return f"<table><tr>{first}{body}</table>"


def _histogram(name: str, values: list[float]) -> str:
    counts, edges = np.histogram(values, bins=20)
    bars = "".join(f"<i style='height:{100 * c / max(1, counts.max()):.0f}%'></i>" for c in counts)
    return (
        f"<div class=c><b>{escape(name)}</b><div class=bars>{bars}</div>"
        f"<small>{edges[0]:.2f} to {edges[-1]:.2f}, median {np.median(values):.2f}</small></div>"
    )


def _row(sample: Sample) -> str:
    records = iter(sample.images)
    lines = []
    for turn in sample.conversation.turns:
        parts = [
            _image(part.image, next(records)) if isinstance(part, ImagePart) else escape(part.text)
            for part in turn.parts
        ]
        lines.append(f"<div class={turn.role[0]}>{' '.join(parts)}</div>")
    scores = " ".join(f"{name} {value:.2f}" for name, value in sample.scores.items())
    head = f"<small>{escape(sample.id)} &middot; {sample.kind} &middot; {escape(scores)}</small>"
    return f"<div class=row>{head}{''.join(lines)}</div>"


def _image(image: Image.Image, record: ImageRecord) -> str:
    """An image with the outline of its mask as data in the page."""
    picture = image.convert("RGB")
    if record.mask is not None and record.mask.shape == (image.height, image.width):
        mask = record.mask
        inner = mask.copy()
        inner[1:-1, 1:-1] &= mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
        pixels = np.asarray(picture).copy()
        pixels[mask & ~inner] = (255, 60, 60)
        picture = Image.fromarray(pixels)
    picture.thumbnail((320, 280))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f"<img alt='' src='data:image/jpeg;base64,{data}'>"
