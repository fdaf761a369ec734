"""The benchmarks: one row each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image

from ...images.files import open_image
from ...records.plan import Constraint
from . import drawing, editing, judges, metrics
from .cases import Case
from .judges import Judges, Score


@dataclass(frozen=True)
class Benchmark:
    """One benchmark.

    Parameters
    ----------
    title
        What it is called.
    load
        Reads the cases from the user's download.
    score
        Judges the images of one case.
    needs
        The options without which it cannot be judged: "judge", "detector", "encoder", "clip".
    images
        How many images are painted for a prompt, as published.
    average
        Over what the total is the mean: all cases, or the means of the groups.
    rewrites
        Whether prompts are painted both as they are and rewritten.
    atoms
        What a rewritten prompt must keep.
    whole
        Figures of all images of a run together.
    """

    title: str
    load: Callable[[Path], Iterable[Case]]
    score: Score
    needs: tuple[str, ...] = ("judge",)
    images: int = 1
    average: Literal["cases", "groups"] = "cases"
    rewrites: bool = True
    atoms: Callable[[Case], list[Constraint]] = drawing.prompt_atoms
    whole: Callable[[Sequence[Case], Sequence[Path], Judges], dict[str, float]] | None = None


def clip_fid(cases: Sequence[Case], images: Sequence[Path], chosen: Judges) -> dict[str, float]:
    """Fréchet distance of CLIP features to all photographs, as WeGen's authors measure FID.

    Their `coco_evaluator.py` takes the middle square of each image at 256 pixels, and features of
    CLIP ViT-B/32 in place of Inception's.
    """
    clip = chosen.clip
    photographs = sorted(Path(cases[0].facts["photographs"]).glob("*.jpg"))
    if clip is None or min(len(images), len(photographs)) < 2:
        return {}

    def square(path: Path) -> Image.Image:
        image = open_image(path).convert("RGB")
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        box = (left, top, left + side, top + side)
        return image.resize((256, 256), Image.Resampling.LANCZOS, box)

    painted, real = (clip.images(map(square, paths)) for paths in (images, photographs))
    return {"CLIP-FID": metrics.frechet_distance(painted, real)}


BENCHMARKS = {
    "geneval": Benchmark(
        "GenEval",
        drawing.geneval,
        judges.geneval,
        ("detector", "clip"),
        4,
        "groups",
        atoms=drawing.geneval_atoms,
    ),
    "geneval2": Benchmark(
        "GenEval 2",
        drawing.geneval2,
        judges.by_questions(judges.soft_tifa),
        atoms=drawing.geneval2_atoms,
    ),
    "dpg": Benchmark(
        "DPG-Bench", drawing.dpg, judges.by_questions(judges.dependent_questions), images=4
    ),
    "compbench": Benchmark(
        "T2I-CompBench", drawing.compbench, judges.by_questions(judges.all_hold), images=10
    ),
    "parti": Benchmark("PartiPrompts", drawing.parti, judges.by_questions(judges.all_hold)),
    "diversity": Benchmark(
        "Diversity of short prompts",
        drawing.short_prompts,
        judges.diversity,
        ("encoder",),
        8,
    ),
    "coco": Benchmark(
        "COCO captions", drawing.coco, judges.clip_t, ("clip",), rewrites=False, whole=clip_fid
    ),
    "imgedit": Benchmark(
        "ImgEdit", editing.imgedit, judges.by_questions(judges.mean_scores), average="groups"
    ),
    "gedit": Benchmark(
        "GEdit-Bench", editing.gedit, judges.by_questions(judges.viescore), average="groups"
    ),
    "kris": Benchmark(
        "KRIS-Bench", editing.kris, judges.by_questions(judges.kris), average="groups"
    ),
    "mse": Benchmark("MSE-Bench", editing.mse, judges.turns),
    "pie": Benchmark("PIE-Bench", editing.pie, judges.preserved_background, ()),
    "dreambench": Benchmark("DreamBench", editing.dreambench, judges.identity, ("encoder",), 4),
    "omnicontext": Benchmark(
        "OmniContext",
        editing.omnicontext,
        judges.by_questions(judges.omnicontext),
        average="groups",
    ),
}
