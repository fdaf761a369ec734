"""How well a copilot works in the playground: `python -m wegen_core eval mini`.

Every task runs through the façade as a user would run it; pictures are judged by the probe, which
has seen drawn scenes only. Scenes are held out from training.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from ..copilot import Copilot
from ..loading import load
from ..playground import samples as world
from ..records.conversation import Conversation
from .probe import Probe, matches

Figures = dict[str, float]
Task = Callable[[Copilot, Probe, np.random.Generator, int], Figures]


def right(probe: Probe, image: Image.Image, scene: world.Scene) -> bool:
    """Whether every attribute of `scene` is in the picture, and nothing more."""
    return matches(probe.read([image])[0], scene)


def generate(
    copilot: Copilot, probe: Probe, rng: np.random.Generator, seed: int, phrase: bool = True
) -> Figures:
    """A full description in free wording -> a picture with everything right."""
    scene = world.sample(rng, "held_out")
    text = world.phrase(scene, rng) if phrase else world.describe(scene)
    drawn = copilot.pipeline.generate(text, seed=seed)[0]
    return {
        "plan right": drawn.plan.prompt == world.describe(scene),
        "picture right": right(probe, drawn.image, scene),
    }


def refine(copilot: Copilot, probe: Probe, rng: np.random.Generator, seed: int) -> Figures:
    """One change -> the changed picture, with the rest of the source as it was."""
    scene = world.sample(rng, "held_out")
    instruction, wanted = world.edits(scene, rng, "any")
    source = world.draw(scene)
    done = copilot.refine(source, instruction, seed=seed)
    before, target, after = (np.asarray(i) for i in (source, world.draw(wanted), done.image))
    untouched = (before == target).all(-1)
    same = (before == after).all(-1)
    return {
        "plan right": done.plan.prompt == world.describe(wanted),
        "picture right": right(probe, done.image, wanted),
        "unchanged pixels bit-exact": float(same[untouched].mean()) if untouched.any() else 1.0,
    }


def compose(copilot: Copilot, probe: Probe, rng: np.random.Generator, seed: int) -> Figures:
    """Two pictures -> one with what was asked for."""
    first, second, instruction, wanted, _ = world.compositions(rng, "held_out")
    done = copilot.compose([world.draw(first), world.draw(second)], instruction, seed=seed)
    return {
        "plan right": done.plan.prompt == world.describe(wanted),
        "picture right": right(probe, done.image, wanted),
    }


def ask(copilot: Copilot, probe: Probe, rng: np.random.Generator, seed: int) -> Figures:
    """A question about a picture -> the exact answer."""
    scene = world.sample(rng, "held_out")
    question, answer, _ = world.questions(scene, rng)
    return {"answer right": copilot.ask([world.draw(scene)], question, seed=seed) == answer}


def rewrite(copilot: Copilot, probe: Probe, rng: np.random.Generator, seed: int) -> Figures:
    """A vague wish -> four full descriptions, and how many of them differ."""
    prompts = [r.prompt for r in copilot.rewrite(world.wish(world.sample(rng), rng), 4, seed)]
    return {
        "full description": float(np.mean([world.parse(p) is not None for p in prompts])),
        "different of 4": len(set(prompts)),
    }


def chat(copilot: Copilot, probe: Probe, rng: np.random.Generator, seed: int) -> Figures:
    """Draw, then change three times by a sentence, in one conversation."""
    scene = world.sample(rng, "held_out")
    talk, figures = Conversation(), Figures()
    reply = copilot.chat(talk, world.phrase(scene, rng), seed=seed)
    figures["picture drawn"] = right(probe, reply.images[-1], scene) if reply.images else 0.0
    for turn in (1, 2, 3):
        instruction, scene = world.edits(scene, rng, "any")
        reply = copilot.chat(talk, instruction, seed=seed)
        shown = reply.images[-1] if reply.images else talk.images[-1].image
        figures[f"right after change {turn}"] = right(probe, shown, scene)
    return figures


TASKS: dict[str, tuple[Task, int]] = {
    "generate": (generate, 200),
    "refine": (refine, 100),
    "compose": (compose, 100),
    "ask": (ask, 200),
    "rewrite": (rewrite, 50),
    "chat": (chat, 50),
}
"""Task and how many times it is run by default."""


def evaluate(
    copilot: Copilot,
    tasks: Sequence[str] = tuple(TASKS),
    *,
    count: int | None = None,
    seed: int = 0,
    progress: bool = True,
) -> dict[str, Figures]:
    """Mean figures per task; `count` cases each (None: each task's own number).

    Raises ValueError for a count below 1."""
    if count is not None and count < 1:
        raise ValueError(f"count is {count}; give a whole number of at least 1")
    probe = Probe.load()
    results: dict[str, Figures] = {}
    for name in tasks:
        task, usual = TASKS[name]
        cases = range(count or usual)
        rows = []
        for case in tqdm(cases, desc=name, disable=not progress):
            rng = np.random.default_rng((seed, case, list(TASKS).index(name)))
            rows.append(task(copilot, probe, rng, case))
        results[name] = {"cases": len(rows)} | {
            key: float(np.mean([row[key] for row in rows])) for key in rows[0]
        }
    return results


def main(arguments: Sequence[str] | None = None) -> None:
    """`python -m wegen_core eval mini`."""
    parser = argparse.ArgumentParser(prog="python -m wegen_core eval mini", description=__doc__)
    parser.add_argument("--model", default="mini", help="model folder")
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--count", type=int, help="cases per task")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    results = evaluate(load(options.model), options.tasks, count=options.count, seed=options.seed)
    print(json.dumps(results, indent=1) if options.json else _table(results))


def _table(results: dict[str, Any]) -> str:
    rows = []
    for task, figures in results.items():
        cases = int(figures["cases"])
        for key, value in figures.items():
            if key != "cases":
                shown = f"{value:.2f}" if key == "different of 4" else f"{100 * value:.1f} %"
                rows.append(f"{task:<10}{key:<30}{shown:>9}   ({cases} cases)")
    return "\n".join(rows)
