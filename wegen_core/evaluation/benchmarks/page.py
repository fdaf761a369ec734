"""One HTML page about a run: the table, and the images of its cases with their scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from .cases import Case

MOST_CASES = 300
"""How many cases the page shows, evenly spread."""

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;
color:#222;background:#fff}table{border-collapse:collapse;margin:1rem 0}
td,th{padding:.25rem .8rem;border-bottom:1px solid #ddd;text-align:left}
td{font-variant-numeric:tabular-nums}section{border-top:1px solid #ccc;padding:.6rem 0}
figure{display:inline-block;margin:.3rem;vertical-align:top;width:13rem}
figure img{width:100%;border-radius:4px}figcaption,small{font-size:.8rem;color:#666}
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}td,th{border-color:#444}}"""


def html(
    results: Mapping[str, Any],
    cases: Sequence[Case],
    painted: Sequence[Mapping[str, Any]],
    judged: Sequence[Mapping[str, Any]],
) -> str:
    """The page, which shows the files in `images/` beside it.

    results: as in `results.json`. painted, judged: the records of the cases; judged is empty if
    nothing was painted.
    """
    facts = {k: v for k, v in results.items() if k not in ("table", "benchmark") and v}
    parts = [f"<h1>{escape(results['benchmark'])}</h1>"]
    parts.append(_table([[name, _words(value)] for name, value in facts.items()]))
    for variant, row in results["table"].items():
        parts.append(f"<h2>{escape(variant)}</h2>")
        names = list(row["total"])
        rows = [["", *names]]
        for group, scores in {**row["groups"], "total": row["total"]}.items():
            rows.append([group, *(f"{scores[n]:.4g}" if n in scores else "" for n in names)])
        parts.append(_table(rows))
        parts.append(f"<p>{row['unreadable']} replies of the judge could not be read.</p>")
    for k in range(min(len(cases), MOST_CASES)):
        number = k * len(cases) // min(len(cases), MOST_CASES)
        scores = judged[number] if judged else {}
        parts.append(_case(cases[number], painted[number], scores))
    body = "\n".join(parts)
    title = escape(results["benchmark"])
    return f"<!doctype html><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>{body}"


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _table(rows: Sequence[Sequence[str]]) -> str:
    cells = ("".join(f"<td>{escape(cell)}" for cell in row) for row in rows)
    return "<table>" + "".join(f"<tr>{row}" for row in cells) + "</table>"


def _case(case: Case, painted: Mapping[str, Any], judged: Mapping[str, Any]) -> str:
    parts = [f"<section><b>{escape(' / '.join(case.prompts))}</b>"]
    parts.append(f"<small> {escape(case.id)}, {escape(case.group)}</small>")
    if painted["failed"]:
        parts.append(f"<p>failed: {escape(painted['failed'])}</p>")
    parts += [_figure(name, "given") for name in painted["given"]]
    for variant, prompts in painted["prompts"].items():
        scores = judged.get(variant, {}).get("scores", {})
        figures = ", ".join(f"{name} {value:.3g}" for name, value in scores.items())
        parts.append(f"<p>{escape(variant)} <small>{escape(figures)}</small><br>")
        names = painted["images"].get(variant, ())
        parts += [_figure(name, prompt) for name, prompt in zip(names, prompts, strict=False)]
        if not names:
            parts += [f"<small>{escape(prompt)}</small><br>" for prompt in dict.fromkeys(prompts)]
    return "".join(parts)


def _figure(name: str, caption: str) -> str:
    image = f'<img loading=lazy src="images/{escape(name)}">'
    return f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>"
