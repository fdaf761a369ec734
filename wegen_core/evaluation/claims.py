"""The claims of the paper, measured on the moving playground.

    python -m wegen_core.evaluation.claims --model FOLDER

Every case calls the copilot as a user would, on scenes with a colour of a kind that training never
shows. A probe, trained on drawn scenes only, reads what the images show.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from ..copilot import Copilot
from ..images.atomic_write import write_atomically
from ..loading import load
from ..painting.painter import image_seeds
from ..painting.step import paint_step
from ..planning.requests import generate_request
from ..playground import chats, clips, world
from ..playground.questions import question
from ..playground.scenes import pick
from ..playground.wishes import LOOSE
from ..playground.words import instruction, phrase
from ..records.plan import Intent
from .benchmarks import cases as benchmarks
from .benchmarks.metrics import unit, vendi
from .benchmarks.painting import AS_PAINTED, PRESERVED, edit
from .scene_probe import SceneProbe, differences, scene_labels, to_scene

Rng = np.random.Generator
Figures = dict[str, float]
Case = Callable[["Judged", Rng, int], Figures]

CASES, QUICK_SECONDS = 300, 180.0
VARIANTS = 8
TURNS = 5
UNSTATED = ("build",)
"""Looks that no words name."""

IDENTITY = ("kind", "colour", "pattern", "accessory", "accent", "build")


@dataclass(frozen=True)
class Judged:
    """A copilot, and the probe that judges it."""

    copilot: Copilot
    probe: SceneProbe

    def wrong(
        self, image: Image.Image, scene: world.Scene, ignored: Sequence[str] = ()
    ) -> set[str]:
        """What an image shows otherwise than the scene, see `differences`."""
        return set(differences(self.probe.read([image])[0], scene, ignored))


def follows(things: int) -> Case:
    """Draw a full description of so many things: every look that it states is right."""

    def case(judged: Judged, rng: Rng, seed: int) -> Figures:
        scene = world.sample(rng, things, held_out=True)
        image = judged.copilot.generate(phrase(scene, rng), seed=seed)[0]
        return {f"follows_{things}": not judged.wrong(image, scene, UNSTATED)}

    return case


def diverse(judged: Judged, rng: Rng, seed: int) -> Figures:
    """Draw a vague wish eight times, each rewritten, and eight times as one and the same prompt."""
    prompt, holds = pick(rng, LOOSE)
    pipeline = judged.copilot.pipeline
    rewritten = judged.copilot.generate(prompt, VARIANTS, seed)
    request = generate_request(prompt)
    plan = pipeline.plan(request, "generate", seed)
    steps = [paint_step(plan, request, image_seed) for image_seed in image_seeds(seed, VARIANTS)]
    same = [image.part.image for image in pipeline.run(steps)]
    scores = [vendi(unit(judged.probe.embed(images))) for images in (rewritten, same)]
    scenes = [to_scene(read) for read in judged.probe.read(rewritten)]
    fulfilled = [scene is not None and holds(scene) for scene in scenes]
    return {"psr_vendi_ratio": scores[0] / scores[1], "psr_kept": float(np.mean(fulfilled))}


def consistent(judged: Judged, rng: Rng, seed: int) -> Figures:
    """Make one change, before preservation: what was asked is right, all else as it was."""
    before = world.sample(rng, held_out=True)
    after = _change(before, rng)
    images = _edit(judged, "refine", [before], [instruction(before, after, rng)], seed)
    wrong = judged.wrong(images[AS_PAINTED][0], after)
    changes = set(differences(scene_labels(before), after))
    return {"change_right": not wrong & changes, "unasked_kept": not wrong - changes}


def chat(judged: Judged, rng: Rng, seed: int) -> Figures:
    """Five changes in one conversation: after each, everything is right."""
    scenes = [world.sample(rng, held_out=True)]
    for _ in range(TURNS):
        scenes.append(_change(scenes[-1], rng))
    requests = [instruction(a, b, rng) for a, b in pairwise(scenes)]
    images = _edit(judged, "refine", scenes[:1], requests, seed)
    return {
        name: not any(judged.wrong(*turn) for turn in zip(images[variant], scenes[1:], strict=True))
        for name, variant in (("chat5", AS_PAINTED), ("chat5_preserved", PRESERVED))
    }


def composes(judged: Judged, rng: Rng, seed: int) -> Figures:
    """Bring a thing of one image into another: it is that very thing, and the scene stays."""
    while True:
        pair = world.sample(rng, held_out=True), world.sample(rng, held_out=True)
        composition = chats.compose(*pair, rng, held_out=True)
        new = composition and _carried(composition)
        if composition and new:
            break
    first, second, exchange, result = composition
    images = _edit(judged, "compose", [first, second], [exchange.request], seed)
    wrong = judged.wrong(images[AS_PAINTED][0], result)
    identity = {f"{new.place} {look}" for look in IDENTITY}
    others = {text for text in wrong if not text.startswith(new.place)}
    return {"compose_identity": not wrong & identity, "compose_scene": not others}


def asks(judged: Judged, rng: Rng, seed: int) -> Figures:
    """Ask about a drawing: the answer is exact."""
    scene = world.sample(rng, held_out=True)
    text, answer, _ = question(scene, rng)
    return {"ask": judged.copilot.ask([clips.draw(scene)], text, seed=seed) == answer}


CLAIMS: dict[str, Case] = {
    **{f"follows {n}": follows(n) for n in (1, 2, 3)},
    "diverse": diverse,
    "consistent": consistent,
    "chat": chat,
    "composes": composes,
    "asks": asks,
}


def _change(scene: world.Scene, rng: Rng) -> world.Scene:
    """The scene after one random event that leaves another one."""
    while True:
        event = clips.sample_event(scene, rng)
        if event is not None and event.after != scene:
            return event.after


def _carried(composition: chats.Composition) -> world.Thing | None:
    """The thing that is brought in; None where the setting is."""
    result = composition.result
    for taker in composition.first, composition.second:
        rest = set(result.things) - set(taker.things)
        if taker.setting == result.setting and len(taker.things) == len(result.things) - 1:
            return rest.pop() if len(rest) == 1 else None
    return None


def _edit(
    judged: Judged, intent: Intent, scenes: Sequence[world.Scene], requests: list[str], seed: int
) -> dict[str, list[Image.Image]]:
    """The result of each request, as painted and preserved."""
    images = [clips.draw(scene) for scene in scenes]
    case = benchmarks.Case("", "", tuple(requests), intent, lambda: images)
    return edit(judged.copilot.pipeline, case, seed)


def evaluate(
    copilot: Copilot,
    claims: Sequence[str] = tuple(CLAIMS),
    *,
    count: int = CASES,
    seconds: float | None = None,
    seed: int = 0,
    progress: bool = True,
) -> dict[str, tuple[float, float, int]]:
    """Measure a copilot.

    Parameters
    ----------
    claims
        Names of `CLAIMS`.
    count
        Cases of each claim.
    seconds
        All claims together stop at about this time, each after at least one case; None: never.
    seed
        The same seed gives the same cases.

    Returns
    -------
    dict
        Figure -> mean (shares, and the ratio of two Vendi scores), half of its 95 % interval,
        number of cases.
    """
    if count < 1:
        raise ValueError(f"count is {count}; give a whole number of at least 1")
    judged = Judged(copilot, SceneProbe.load())
    results: dict[str, tuple[float, float, int]] = {}
    for name in claims:
        rows: list[Figures] = []
        start = time.monotonic()
        for case in tqdm(range(count), desc=name, disable=not progress):
            if seconds is not None and rows and time.monotonic() - start > seconds / len(claims):
                break
            rng = np.random.default_rng((seed, case, list(CLAIMS).index(name)))
            rows.append(CLAIMS[name](judged, rng, case))
        for figure in rows[0]:
            values = np.array([float(row[figure]) for row in rows])
            half = 1.96 * float(values.std()) / len(rows) ** 0.5
            results[figure] = float(values.mean()), half, len(rows)
    return results


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--claims", nargs="+", choices=list(CLAIMS), default=list(CLAIMS))
    parser.add_argument("--count", type=int, default=CASES, help="cases of each claim")
    parser.add_argument("--quick", action="store_true", help="as many cases as fit 3 minutes")
    parser.add_argument("--seed", type=int, default=0, help="another one gives other cases")
    parser.add_argument("--json", type=Path, help="write the means to this file")
    options = parser.parse_args(arguments)
    seconds = QUICK_SECONDS if options.quick else None
    results = evaluate(
        load(options.model), options.claims, count=options.count, seconds=seconds, seed=options.seed
    )
    for name, (mean, half, cases) in results.items():
        print(f"{name:<18}{mean:7.3f} ± {half:.3f}   ({cases} cases)")
    if options.json:
        means = {name: mean for name, (mean, _, _) in results.items()}
        write_atomically(options.json, json.dumps(means, indent=1).encode())


if __name__ == "__main__":
    main()
