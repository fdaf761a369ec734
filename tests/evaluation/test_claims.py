"""The claims table: a painter that is always right gets 1, and one that is wrong is caught."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from wegen_core.copilot import Copilot
from wegen_core.evaluation import claims, scene_probe
from wegen_core.mllm import Capabilities
from wegen_core.playground import clips, world
from wegen_core.playground.looks import UNSEEN, whole_labels
from wegen_core.records.hooks import GREEDY, NO_HOOKS, OWN_SAMPLING
from wegen_core.records.plan import Plan


class Truth:
    """Plans, paints and reads by what was drawn and asked; `spoil` changes what is painted."""

    name, aligned, area = "truth", False, None
    capabilities = Capabilities(max_images=9)

    def __init__(self, monkeypatch, spoil=lambda scene: scene) -> None:
        self.meant: dict[str, world.Scene] = {}
        self.answers: dict[str, str] = {}
        self.scopes: dict[str, str] = {}
        self.drawn: list[tuple[np.ndarray, world.Scene]] = []
        self.spoil = spoil
        draw = clips.draw

        def register(scene, size=128):
            image = draw(scene, size)
            self.drawn.append((np.asarray(image, np.int16), scene))
            return image

        def question(scene, rng, ask=claims.question):
            result = ask(scene, rng)
            self.answers[result.text] = result.answer
            return result

        def compose(*args, compose=claims.chats.compose, **options):
            result = compose(*args, **options)
            if result is not None:
                self.meant[result.exchange.request] = result.result
            return result

        monkeypatch.setattr(claims.clips, "draw", register)
        monkeypatch.setattr(claims, "question", question)
        monkeypatch.setattr(claims.chats, "compose", compose)
        for words in ("phrase", "instruction"):
            monkeypatch.setattr(claims, words, self._remember(getattr(claims, words)))
        monkeypatch.setattr(claims.SceneProbe, "load", lambda: self)

    def _remember(self, words):
        def wrapped(*args):
            text = words(*args)
            self.meant[text] = args[-2]
            if whole_labels(args[0]) != whole_labels(args[-2]):  # place, light or camera
                self.scopes[text] = "global"
            return text

        return wrapped

    def chat(self, conversation, *, schema=None, sampling=GREEDY, hooks=NO_HOOKS):
        return conversation.turns[-1].text

    def plan(self, conversation, *, intent=None, sampling=OWN_SAMPLING, hooks=NO_HOOKS):
        text = conversation.turns[-1].text
        answer = self.answers.get(text, "") if intent == "answer" else ""
        scope = self.scopes.get(text, "local")
        return Plan(intent, prompt=text, text=answer, scope=scope, draft=sampling.seed)

    def paint(self, plans, images, *, seeds, settings=None, hooks=NO_HOOKS):
        scenes = []
        for plan in plans:
            seed = plan.draft  # another one for each rewriting
            scene = self.meant.get(plan.prompt) or world.sample(np.random.default_rng(seed))
            scenes.append(self.spoil(scene))
        return [clips.draw(scene) for scene in scenes]

    def read(self, images):
        """The scene of the drawing that is nearest to each image."""
        scenes = []
        for image in images:
            pixels = np.asarray(image.convert("RGB"), np.int16)
            errors = [np.abs(pixels - drawn).mean() for drawn, _ in self.drawn]
            scenes.append(self.drawn[int(np.argmin(errors))][1])
        labels = np.stack([scene_probe.scene_labels(scene) for scene in scenes])
        return np.where(labels == UNSEEN, 0, labels)

    def embed(self, images):
        return np.stack([np.asarray(i.resize((4, 4)), np.float32).ravel() for i in images])


def test_a_painter_that_is_right_gets_every_point(monkeypatch):
    truth = Truth(monkeypatch)
    results = claims.evaluate(Copilot(truth, truth), count=3, progress=False)
    means = {name: mean for name, (mean, _, cases) in results.items() if cases == 3}
    assert means.pop("psr_vendi_ratio") > 1
    kept = means.pop("psr_kept")  # random scenes fulfil some wishes
    assert 0 <= kept < 1
    assert means == dict.fromkeys(
        [f"follows_{n}" for n in (1, 2, 3)]
        + ["change_right", "unasked_kept", "chat5", "chat5_preserved"]
        + ["compose_identity", "compose_scene", "ask"],
        1.0,
    )


def _repaint_left(scene):
    """Another colour for the thing farthest to the left."""
    thing = scene.things[0]
    colours = (c for c in ("red", "blue", "green") if c not in vars(thing.instance).values())
    other = replace(thing.instance, colour=next(colours))
    return world.with_thing(scene, thing, replace(thing, instance=other))


def test_a_wrong_colour_is_caught(monkeypatch):
    truth = Truth(monkeypatch, _repaint_left)
    chosen = ["follows 2", "consistent", "chat", "composes"]
    results = claims.evaluate(Copilot(truth, truth), chosen, count=4, progress=False)
    means = {name: mean for name, (mean, *_) in results.items()}
    assert means["follows_2"] == means["chat5"] == 0
    assert means["unasked_kept"] < 0.5 and means["change_right"] > 0.5
    assert means["compose_scene"] + means["compose_identity"] <= 1


def test_a_time_limit_leaves_a_case_each(monkeypatch):
    truth = Truth(monkeypatch)
    results = claims.evaluate(
        Copilot(truth, truth), ["asks", "follows 1"], count=50, seconds=0.0, progress=False
    )
    assert [cases for _, _, cases in results.values()] == [1, 1]


def test_no_case_is_refused():
    with pytest.raises(ValueError, match="count is 0"):
        claims.evaluate(Copilot(None, None), count=0)


def test_differences_name_what_is_wrong():
    scene = world.sample(np.random.default_rng(4), 2)
    labels = scene_probe.scene_labels(scene)
    read = np.where(labels == UNSEEN, 0, labels)
    assert scene_probe.differences(read, scene) == []
    assert scene_probe.scene_labels(scene_probe.to_scene(read)).tolist() == labels.tolist()
    for index in np.flatnonzero(labels != UNSEEN):
        wrong = read.copy()
        wrong[index] = 1 if wrong[index] == 0 else 0
        place, name = scene_probe.FIELDS[index]
        assert scene_probe.differences(wrong, scene) == [f"{place} {name}".strip()]
        assert scene_probe.differences(wrong, scene, (name,)) == []


def test_the_probe_reads_images_of_any_size():
    probe = scene_probe.SceneProbe().eval()
    reads = probe.read([Image.new("L", (1, 7)), Image.new("RGBA", (300, 40))])
    assert reads.shape == (2, len(scene_probe.FIELDS))
    assert probe.embed([Image.new("RGB", (9, 9))]).ndim == 2
