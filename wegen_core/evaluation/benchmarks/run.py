"""Running a benchmark: paint every case, judge every case, write the table and a page.

Every finished case is a file in the output folder, so that a run that was killed goes on where it
was: `painted/`, `images/`, `judged/`, `run.json`; at the end `results.json` and `index.html`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from tqdm import tqdm

from ...constraints.check import holds
from ...images.atomic_write import write_atomically
from ...images.files import open_image, write_image
from ...painting.painter import DEFAULT_SETTINGS, PaintSettings
from ...rewriting import rewrite
from . import page
from .cases import Case
from .judges import Judges, mean_of
from .painting import AS_PAINTED, PLAIN, PRESERVED, REWRITTEN, draw, edit
from .table import Benchmark

if TYPE_CHECKING:
    from ...copilot import Copilot

Record = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """How a benchmark is run.

    Parameters
    ----------
    limit
        How many cases, evenly spread; None: all.
    images
        Per prompt; None: the benchmark's own number.
    seed
        Of the first image of each case.
    settings
        Of new images.
    painting, judging
        Names of models and settings: what the images and the scores depend on, as plain JSON. A
        folder is continued only with the same.
    about
        What else the results say, such as versions.
    progress
        Whether progress bars are shown.
    """

    limit: int | None = None
    images: int | None = None
    seed: int = 0
    settings: PaintSettings = DEFAULT_SETTINGS
    painting: Mapping[str, Any] = field(default_factory=dict)
    judging: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    progress: bool = True


def run(
    benchmark: Benchmark,
    data: Path,
    out: Path,
    copilot: Callable[[], Copilot],
    judges: Callable[[], Judges],
    options: Options,
) -> Record:
    """Run what is not done yet, and return what `results.json` holds.

    Parameters
    ----------
    data
        The user's download, in its published form.
    out
        Where everything is written.
    copilot
        Loads what paints; without a painter, rewriting alone is measured. Not called if
        everything is painted.
    judges
        Loads what judges, once the painter is gone.

    Raises
    ------
    FileNotFoundError
        The data is not there; the text says where it comes from.
    ValueError
        `out` holds a run with other settings, two cases have the same name, there are none, or
        `limit` or `images` is below 1.
    """
    for name, number in (("limit", options.limit), ("images", options.images)):
        if number is not None and number < 1:
            raise ValueError(f"{name} is {number}; give a whole number of at least 1")
    cases = _select(list(benchmark.load(data)), data, options.limit)
    _begin(out, options)
    _paint(benchmark, cases, out, copilot, options)
    painted = [_read(out / "painted", case) for case in cases]
    judged: list[Record] = []
    table: dict[str, Record] = {}
    if any(record["images"] for record in painted):
        chosen = judges()
        _judge(benchmark, cases, painted, out, chosen, options.progress)
        judged = [_read(out / "judged", case) for case in cases]
        table = _table(benchmark, cases, judged)
        if benchmark.whole is not None:
            for variant, row in table.items():
                paths = [
                    out / "images" / n for record in painted for n in record["images"][variant]
                ]
                row["total"] |= benchmark.whole(cases, paths, chosen)
    results: Record = {
        "benchmark": benchmark.title,
        "cases": len(cases),
        **options.painting,
        **options.judging,
        **options.about,
        "wording": sorted({case.facts["wording"] for case in cases if "wording" in case.facts}),
        "rewriting": _kept(painted),
        "failed": sum(bool(record["failed"]) for record in painted),
        "table": table,
    }
    _write(out / "results.json", results)
    html = page.html(results, cases, painted, judged)
    write_atomically(out / "index.html", html.encode())
    return results


def as_text(results: Record) -> str:
    """The table in words: a line for each variant, group and score."""
    lines = [f"{results['benchmark']}, {results['cases']} cases, {results['failed']} failed"]
    if atoms := results["rewriting"]:
        lines.append(
            f"rewriting keeps {atoms['kept']:.1%} of {atoms['readable']} readable atoms "
            f"({atoms['atoms']} in all)"
        )
    for variant, row in results["table"].items():
        lines.append(f"{variant}: {row['unreadable']} replies of the judge could not be read")
        for group, scores in {**row["groups"], "total": row["total"]}.items():
            figures = "  ".join(f"{name} {value:.4g}" for name, value in scores.items())
            lines.append(f"  {group:<28}{figures}")
    return "\n".join(lines)


def _select(cases: list[Case], data: Path, limit: int | None) -> list[Case]:
    if not cases:
        raise ValueError(f"{data} holds no cases; is the download complete?")
    names = set()
    for case in cases:
        if case.file_name in names:
            raise ValueError(f"{data} holds two cases named {case.file_name}; remove one")
        names.add(case.file_name)
    if limit is None or limit >= len(cases):
        return cases
    return [cases[k * len(cases) // limit] for k in range(limit)]


def _begin(out: Path, options: Options) -> None:
    """Create the folders; ValueError if they hold a run with other settings."""
    path = out / "run.json"
    now = {"painted": dict(options.painting), "judged": dict(options.judging)}
    before = json.loads(path.read_text("utf-8")) if path.is_file() else now
    for name, settings in now.items():
        (out / name).mkdir(parents=True, exist_ok=True)
        changed = [key for key, value in settings.items() if before[name].get(key) != value]
        if changed and any((out / name).iterdir()):
            key = changed[0]
            raise ValueError(
                f"{out / name} was made with {key} {before[name].get(key)!r}, not "
                f"{settings[key]!r}; give another --out, or delete {out / name}"
            )
    (out / "images").mkdir(exist_ok=True)
    _write(path, now)


def _paint(
    benchmark: Benchmark,
    cases: Sequence[Case],
    out: Path,
    load: Callable[[], Copilot],
    options: Options,
) -> None:
    copilot = None
    for case in _todo(out / "painted", cases, f"{benchmark.title}: paint", options.progress):
        copilot = copilot or load()
        if case.intent != "generate":
            if copilot.painter is None:
                raise ValueError(f"{benchmark.title} needs a painter; give --painter")
            record: Record = {"prompts": dict.fromkeys((AS_PAINTED, PRESERVED), case.prompts)}
        else:
            record = _rewritten(benchmark, case, copilot, options)
        images: dict[str, list[Image.Image]] = {variant: [] for variant in record["prompts"]}
        record["failed"] = ""
        try:
            if case.intent != "generate":
                images = edit(copilot.pipeline, case, options.seed)
            elif copilot.painter is None:
                images = {}
            else:
                images = {
                    variant: draw(copilot.pipeline, prompts, options.seed, options.settings)
                    for variant, prompts in record["prompts"].items()
                }
        except ValueError as error:  # such as more references than can be given
            record["failed"] = str(error)
        record["given"] = _save(case, "given", case.images(), out)
        record["images"] = {
            variant: _save(case, variant, painted, out) for variant, painted in images.items()
        }
        _write(_path(out / "painted", case), record)


def _save(case: Case, variant: str, images: Sequence[Image.Image], out: Path) -> list[str]:
    """Write the images of one variant; returns their names."""
    stem = f"{case.file_name}-{variant.replace(' ', '-')}"
    names = [f"{stem}-{k}.png" for k in range(len(images))]
    for name, image in zip(names, images, strict=True):
        write_image(image, out / "images" / name)
    return names


def _rewritten(benchmark: Benchmark, case: Case, copilot: Copilot, options: Options) -> Record:
    """The prompts of each variant, and how many atoms the rewritten ones keep on average."""
    prompt, count = case.prompts[0], options.images or benchmark.images
    record: Record = {"prompts": {PLAIN: [prompt] * count}}
    if benchmark.rewrites:
        rewrites = rewrite(prompt, count, options.seed, mllm=copilot.mllm, edit=False)
        record["prompts"][REWRITTEN] = texts = [r.prompt for r in rewrites]
        atoms = benchmark.atoms(case)
        readable = [atom for atom in atoms if holds(atom, prompt)]
        held = sum(holds(atom, text) for atom in readable for text in texts)
        record["atoms"] = {"atoms": len(atoms), "readable": len(readable), "kept": held / count}
    return record


def _judge(
    benchmark: Benchmark,
    cases: Sequence[Case],
    painted: Sequence[Record],
    out: Path,
    judges: Judges,
    progress: bool,
) -> None:
    records = {case.id: record for case, record in zip(cases, painted, strict=True)}
    for case in _todo(out / "judged", cases, f"{benchmark.title}: judge", progress):
        images = {
            variant: [open_image(out / "images" / name) for name in names]
            for variant, names in records[case.id]["images"].items()
        }
        judged: Record = {}
        for variant, pictures in images.items():
            equal = next((v for v in judged if images[v] == pictures), None)
            judged[variant] = (
                judged[equal] if equal else asdict(benchmark.score(case, pictures, judges))
            )
        _write(_path(out / "judged", case), judged)


def _table(
    benchmark: Benchmark, cases: Sequence[Case], judged: Sequence[Record]
) -> dict[str, Record]:
    """For each variant the means of the scores, and how many replies could not be read."""
    table: dict[str, Record] = {}
    for variant in judged[0]:
        groups: dict[str, list[dict[str, float]]] = {}
        for case, record in zip(cases, judged, strict=True):
            groups.setdefault(case.group, []).append(record[variant]["scores"])
        means = {group: mean_of(rows) for group, rows in groups.items()}
        rows = [row for group in groups.values() for row in group]
        table[variant] = {
            "total": mean_of(list(means.values()) if benchmark.average == "groups" else rows),
            "groups": means,
            "unreadable": sum(record[variant]["unreadable"] for record in judged),
        }
    return table


def _kept(painted: Sequence[Record]) -> Record:
    """How many atoms there are, how many can be checked, and the share of these that is kept."""
    atoms = [record["atoms"] for record in painted if "atoms" in record]
    sums = {name: sum(a[name] for a in atoms) for name in ("atoms", "readable", "kept")}
    if not sums["readable"]:
        return {}
    return {**sums, "kept": sums["kept"] / sums["readable"]}


def _todo(folder: Path, cases: Sequence[Case], title: str, progress: bool) -> Iterator[Case]:
    todo = [case for case in cases if not _path(folder, case).is_file()]
    done, disable = len(cases) - len(todo), None if progress else True
    with tqdm(todo, title, len(cases), initial=done, disable=disable) as bar:
        yield from bar


def _path(folder: Path, case: Case) -> Path:
    return folder / f"{case.file_name}.json"


def _read(folder: Path, case: Case) -> Record:
    record: Record = json.loads(_path(folder, case).read_text("utf-8"))
    return record


def _write(path: Path, record: Record) -> None:
    write_atomically(path, json.dumps(record, indent=1, ensure_ascii=False).encode())
