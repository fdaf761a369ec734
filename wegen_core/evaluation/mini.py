"""How well a copilot works in the playground: `python -m wegen_core eval mini`.

Every task calls the copilot as a user would. The probe, which was trained on drawn scenes only,
judges the images. Scenes are held out from training.
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


def is_right(probe: Probe, image: Image.Image, scene: world.Scene) -> bool:
    """Whether the image shows every attribute of `scene`, and nothing more."""
    return matches(probe.read([image])[0], scene)


def generate(
    copilot: Copilot, probe: Probe, rng: np.random.Generator, seed: int, phrase: bool = True
) -> Figures:
    """Draw a full description in free wording, or in the canonical one."""
    scene = world.sample(rng, "held_out")
    text = world.phrase(scene, rng) if phrase else world.describe(scene)
    result = copilot.pipeline.generate(text, seed=seed)[0]
    return {
        "plan right": result.plan.prompt == world.describe(scene),
        "picture right": is_right(probe, result.image, scene),
    }


def refine(copilot: Copilot, probe: Probe, rng: np.random.Generator, seed: int) -> Figures:
    """Make one change; the rest of the source must stay as it was."""
    scene = world.sample(rng, "held_out")
    instruction, expected = world.edits(scene, rng, "any")
    source = world.draw(scene)
    result = copilot.refine(source, instruction, seed=seed)
    before, target, after = (
        np.asarray(image) for image in (source, world.draw(expected), result.image)
    )
    is_unchanged = (before == target).all(-1)
    is_exact = (before == after).all(-1)
    return {
        "plan right": result.plan.prompt == world.describe(expected),
        "picture right": is_right(probe, result.image, expected),
        "unchanged pixels bit-exact": float(is_exact[is_unchanged].mean())
        if is_unchanged.any()
        else 1.0,
    }


def compose(copilot: Copilot, probe: Probe, rng: np.random.Generator, seed: int) -> Figures:
    """Combine two images."""
    first, second, instruction, expected, _ = world.compositions(rng, "held_out")
    result = copilot.compose([world.draw(first), world.draw(second)], instruction, seed=seed)
    return {
        "plan right": result.plan.prompt == world.describe(expected),
        "picture right": is_right(probe, result.image, expected),
    }


def ask(copilot: Copilot, _probe: Probe, rng: np.random.Generator, seed: int) -> Figures:
    """Ask a question about an image; the answer must be exact."""
    scene = world.sample(rng, "held_out")
    question, answer, _ = world.questions(scene, rng)
    return {"answer right": copilot.ask([world.draw(scene)], question, seed=seed) == answer}


def rewrite(copilot: Copilot, _probe: Probe, rng: np.random.Generator, seed: int) -> Figures:
    """Rewrite a vague prompt into four full descriptions, and count how many differ."""
    prompts = [r.prompt for r in copilot.rewrite(world.wish(world.sample(rng), rng), 4, seed)]
    return {
        "full description": float(np.mean([world.parse(p) is not None for p in prompts])),
        "different of 4": len(set(prompts)),
    }


def chat(copilot: Copilot, probe: Probe, rng: np.random.Generator, seed: int) -> Figures:
    """Draw, then make three changes, in one conversation."""
    scene = world.sample(rng, "held_out")
    conversation, figures = Conversation(), Figures()
    reply = copilot.chat(conversation, world.phrase(scene, rng), seed=seed)
    figures["picture drawn"] = is_right(probe, reply.images[-1], scene) if reply.images else 0.0
    for turn in (1, 2, 3):
        instruction, scene = world.edits(scene, rng, "any")
        reply = copilot.chat(conversation, instruction, seed=seed)
        image = reply.images[-1] if reply.images else conversation.images[-1].image
        figures[f"right after change {turn}"] = is_right(probe, image, scene)
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
    """Measure a copilot.

    Parameters
    ----------
    copilot
        The one to measure.
    tasks
        Names of `TASKS`.
    count
        Cases per task; None: each task's own number.
    seed
        The same seed gives the same cases.
    progress
        Whether progress bars are shown.

    Returns
    -------
    dict
        Task -> figure -> mean over the cases, and "cases".

    Raises
    ------
    ValueError
        The count is below 1.
    """
    if count is not None and count < 1:
        raise ValueError(f"count is {count}; give a whole number of at least 1")
    probe = Probe.load()
    results: dict[str, Figures] = {}
    for name in tasks:
        task, default_count = TASKS[name]
        cases = range(count or default_count)
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
                cell = f"{value:.2f}" if key == "different of 4" else f"{100 * value:.1f} %"
                rows.append(f"{task:<10}{key:<30}{cell:>9}   ({cases} cases)")
    return "\n".join(rows)
