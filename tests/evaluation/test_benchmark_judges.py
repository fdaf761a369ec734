"""Replies on each published scale, the rules of detectors and turns, and the figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pytest
import torch
from PIL import Image

from tests.support import benchmark_files
from tests.support.conversations import ScriptedModel
from wegen_core.evaluation.benchmarks import judges, metrics, replies
from wegen_core.evaluation.benchmarks.cases import Case, Question
from wegen_core.evaluation.benchmarks.judges import Judgement, Judges
from wegen_core.evaluation.benchmarks.lpips import NETWORKS, Lpips
from wegen_core.evaluation.benchmarks.table import BENCHMARKS
from wegen_core.mllm import Capabilities
from wegen_core.mllm.chat_model import EmptyReplyError
from wegen_core.records.hooks import GREEDY, NO_HOOKS
from wegen_core.vision.detector import Detection

IMAGE = Image.new("RGB", (60, 40), "red")
SEES = Capabilities()
REFUSALS = ["", "I'm sorry, I can't help with that.", "{}", "score: eleven"]


@pytest.mark.parametrize(
    ("reply", "numbers"),
    [
        ('{"score": [8, 7], "reasoning": "fine"}', [8, 7]),
        ('||V^=^V||\n{"score": [8.5, 0], "reasoning": "a \\"b\\""}\n||V^=^V||', [8.5, 0]),
        ('```json\n{"score" : [3, 10],\n"reasoning" : "x",}\n```', [3, 10]),
        ("[6, 0]", [6, 0]),
        ('first {"score": [1, 1]} no: {"score": [2, 2]}', [2, 2]),
        ('{"score": [11, 2]}', None),
        ('{"score": [5]}', None),
        ('{"score": 5}', None),
        *((reply, None) for reply in REFUSALS),
    ],
)
def test_pairs_from_0_to_10(reply, numbers):
    assert replies.scores(2)(reply) == numbers


@pytest.mark.parametrize(
    ("reply", "number"),
    [('{"score": 7, "reasoning": ""}', 7), ('{"score": [7]}', 7), ("9", 9), ("9 of 10", None)],
)
def test_one_score_from_0_to_10(reply, number):
    assert replies.scores(1)(reply) == (None if number is None else [number])


@pytest.mark.parametrize(
    ("reply", "numbers"),
    [
        ('{"reason": "...", "prompt_following": 9, "consistency": 10}', [9, 10]),
        ("prompt_following: 9\nconsistency: 3", [9, 3]),
        ('{"reasoning": **Compared**, [x]\n"prompt_following": 4, "consistency": 2', [4, 2]),
        ('{"prompt_following": 9}', None),
        ('{"prompt_following": 9, "consistency": 12}', None),
        ('{"prompt_following": "good", "consistency": "bad"}', None),
        *((reply, None) for reply in REFUSALS),
    ],
)
def test_named_scores(reply, numbers):
    assert replies.fields(("prompt_following", "consistency"), 0, 10)(reply) == numbers


@pytest.mark.parametrize(
    ("reply", "numbers"),
    [
        ("Brief reasoning: ok.\nPrompt Compliance: 1\nSeamlessness: 4\nFidelity: 5", [1, 4, 5]),
        ("**Prompt Compliance:** 3/5\n**Seamlessness**: 4.\nFidelity: 5 ", [3, 4, 5]),
        ("Prompt Compliance: 1\nSeamlessness: 4", None),
        ("Prompt Compliance: 0\nSeamlessness: 4\nFidelity: 5", None),
        *((reply, None) for reply in REFUSALS),
    ],
)
def test_lines_from_1_to_5(reply, numbers):
    assert replies.lines(3, 1, 5)(reply) == numbers


@pytest.mark.parametrize(
    ("expected", "reply", "numbers"),
    [
        ("Yes", "Yes.", [1]),
        ("Yes", " **yes**, it does", [1]),
        ("Yes", "No, there is not", [0]),
        ("No", "no", [1]),
        ("Yes", "是的", [1]),
        ("Yes", "Not sure", None),
        ("five", "Five", [1]),
        ("five", "5", [1]),
        ("five", "4", [0]),
        ("five", "many", None),
        ("Yes", "", None),
    ],
)
def test_answers_in_one_word(expected, reply, numbers):
    assert replies.answer(expected)(reply) == numbers


def test_a_refusal_counts_as_the_worst_score():
    question = Question("Rate it", replies.scores(2), (0, 0))
    case = Case("1", "all", ("x",), questions=(question,))
    score = judges.by_questions(lambda _, numbers: {"least": min(numbers[0])})
    model = ScriptedModel("I can't judge people.", capabilities=SEES)
    judgement = score(case, [IMAGE], Judges(model))
    assert judgement.scores == {"least": 0} and judgement.unreadable == 1
    assert judgement.replies == ["I can't judge people."] * judges.TRIES
    assert len({request.sampling.seed for request in model.requests}) == judges.TRIES
    better = score(case, [IMAGE], Judges(ScriptedModel("?", {"score": [8, 7]}, capabilities=SEES)))
    assert better.scores == {"least": 7} and better.unreadable == 0


def test_an_empty_reply_is_a_refusal_and_a_lost_server_is_not():
    question = Question("Rate it", replies.scores(1), (0,))

    class Silent(ScriptedModel):
        error: Exception = EmptyReplyError("refused")

        def chat(self, *args, **options):
            raise self.error

    judgement = Judgement()
    assert judgement.ask(Judges(Silent()), question, []) == [0] and judgement.unreadable == 1
    lost = Silent()
    lost.error = ConnectionError("gone")
    with pytest.raises(ConnectionError):
        Judgement().ask(Judges(lost), question, [])


def test_probabilities_of_the_first_token_count_where_they_are_known(tmp_path):
    class Sure(ScriptedModel):
        tokens: Mapping[str, float] | None = MappingProxyType({})

        def chat_with_first_token(self, conversation, *, sampling=GREEDY, hooks=NO_HOOKS):
            if self.tokens is None:
                raise EmptyReplyError("refused")
            return "Two", self.tokens

    folder = benchmark_files.write("geneval2", tmp_path / "data")
    (case,) = BENCHMARKS["geneval2"].load(folder)
    model = Sure("two", capabilities=SEES)
    assert Judgement().ask(Judges(model), case.questions[0], [IMAGE]) == [0]  # as a word
    model.tokens = {"One": 0.25, " 1": 0.125, "Two": 0.5}
    judgement = Judgement()
    assert judgement.ask(Judges(model), case.questions[0], [IMAGE]) == [0.375]
    assert judgement.replies == ["Two"]
    model.tokens = None
    assert judgement.ask(Judges(model), case.questions[0], [IMAGE]) == [0]
    assert judgement.unreadable == 1


def test_a_judge_that_takes_too_few_images_is_refused():
    question = Question("Rate it", replies.scores(1), (0,))
    with pytest.raises(ValueError, match="takes 0 images"):
        Judgement().ask(Judges(ScriptedModel("8")), question, [IMAGE])
    with pytest.raises(ValueError, match="--judge"):
        Judgement().ask(Judges(), question, [IMAGE])


def test_combinations():
    case = Case("1", "all", ("x",), facts={"parents": [[], [0], [1]], "scores": ["a", "b"]})
    assert judges.soft_tifa(case, [[1], [0.5], [0.5]]) == {
        "atoms": pytest.approx(2 / 3),
        "prompt": pytest.approx(0.25 ** (1 / 3)),
    }
    assert judges.soft_tifa(case, [[1], [0]])["prompt"] == 0
    # A "no" makes those that depend on it fail, but not those that depend on these alone.
    assert judges.dependent_questions(case, [[0], [1], [1]]) == {"DPG": pytest.approx(1 / 3)}
    assert judges.all_hold(case, [[1], [0]]) == {"holds": 0}
    assert judges.viescore(case, [[8, 6], [9, 10]])["G_O"] == pytest.approx(math.sqrt(54))
    assert judges.omnicontext(case, [[4], [9]])["overall"] == 6
    assert judges.kris(case, [[1], [4]]) == {"a": 0, "b": 75}


def test_turns_after_a_failed_one_fail():
    questions = tuple(Question(str(k), replies.fields("ab", 0, 10), (0, 0)) for k in range(3))
    case = Case("1", "all", ("x",) * 3, "refine", lambda: [IMAGE], questions)
    model = ScriptedModel({"a": 7, "b": 9}, {"a": 9, "b": 6}, capabilities=SEES)
    judgement = judges.turns(case, [IMAGE] * 3, Judges(model))
    assert [judgement.scores[f"turn {n}"] for n in (1, 2, 3)] == [1, 0, 0]
    assert [len(r.conversation.images) for r in model.requests] == [2, 3]
    assert judges.turns(case, [], Judges(model)).scores["turn 1"] == 0


class FixedDetector:
    """A `Detector` that always sees the same."""

    name = "fixed"
    labels = ("cat", "car")

    def __init__(self, *detections: Detection) -> None:
        self.detections = list(detections)

    def detect(self, image: Image.Image) -> list[Detection]:
        return self.detections


LEFT, RIGHT = (0, 0, 20, 40), (40, 0, 60, 40)


@pytest.mark.parametrize(
    ("tag", "detections", "correct"),
    [
        ("position", [("cat", LEFT, 0.5), ("car", RIGHT, 0.5)], 1),
        ("position", [("cat", RIGHT, 0.5), ("car", LEFT, 0.5)], 0),
        ("position", [("cat", LEFT, 0.5)], 0),
        ("position", [("cat", LEFT, 0.2), ("car", RIGHT, 0.5)], 0),
        ("counting", [("cat", LEFT, 0.95), ("cat", RIGHT, 0.95)], 1),
        ("counting", [("cat", LEFT, 0.95), ("cat", RIGHT, 0.8)], 0),
        ("counting", [("cat", LEFT, 0.95)] * 3, 0),
    ],
)
def test_geneval_rules(tag, detections, correct, tmp_path):
    folder = benchmark_files.write("geneval", tmp_path / "data")
    case = next(c for c in BENCHMARKS["geneval"].load(folder) if c.group == tag)
    chosen = Judges(detector=FixedDetector(*(Detection(*d) for d in detections)))
    assert judges.geneval(case, [IMAGE], chosen).scores == {"correct": correct}


def test_geneval_colours_by_clip(tmp_path):
    class RedClip:
        """Knows the colour of the middle pixel."""

        def images(self, images):
            return np.eye(10)[[0 if i.getpixel((1, 1)) == (255, 0, 0) else 1 for i in images]]

        def texts(self, texts):
            return np.eye(10)[[next(k for k, c in enumerate(judges.COLOURS) if c in t.replace(
                "-colored", "")) for t in texts]]  # fmt: skip

    folder = benchmark_files.write("geneval", tmp_path / "data")
    case = next(c for c in BENCHMARKS["geneval"].load(folder) if c.group == "colors")
    chosen = Judges(detector=FixedDetector(Detection("cat", LEFT, 0.5)), clip=RedClip())
    assert judges.geneval(case, [IMAGE], chosen).scores == {"correct": 1}
    blue = Image.new("RGB", IMAGE.size, "blue")
    assert judges.geneval(case, [IMAGE, blue], chosen).scores == {"correct": 0.5}


def test_relative_position_ignores_small_offsets():
    assert judges.relative_position((0, 0, 10, 10), (20, 0, 30, 10)) == {"left of"}
    assert judges.relative_position((0, 20, 10, 30), (0, 0, 10, 10)) == {"below"}
    assert judges.relative_position((0, 0, 10, 10), (1, 1, 11, 11)) == set()
    assert judges.relative_position((0, 0, 10, 10), (20, 20, 30, 30)) == {"left of", "above"}


def test_psnr_and_ssim():
    rng = np.random.default_rng(0)
    image = rng.random((40, 50, 3)).astype(np.float32)
    noisy = np.clip(image + rng.normal(0, 0.1, image.shape), 0, 1).astype(np.float32)
    assert metrics.psnr(image, image) == 100 and metrics.ssim(image, image) == pytest.approx(1)
    assert metrics.psnr(image, np.clip(image + 0.1, 0, 2)) == pytest.approx(20, abs=1e-3)
    assert 0.5 < metrics.ssim(image, noisy) < 0.99
    assert metrics.ssim(image, 1 - image) < 0


def test_vendi_score_counts_different_images():
    assert metrics.vendi(np.eye(8)) == pytest.approx(8)
    assert metrics.vendi(np.ones((8, 1))) == pytest.approx(1)
    assert metrics.vendi(np.repeat(np.eye(2), 4, axis=0)) == pytest.approx(2)
    assert metrics.mean_distance(np.eye(8)) == 1
    assert metrics.mean_distance(np.ones((3, 1))) == 0


def test_frechet_distance_of_shifted_gaussians():
    features = np.random.default_rng(0).normal(size=(500, 4))
    assert metrics.frechet_distance(features, features) == pytest.approx(0, abs=1e-6)
    assert metrics.frechet_distance(features, features + 2) == pytest.approx(16)


@pytest.mark.parametrize("name", NETWORKS)
def test_lpips(name, tmp_path):
    """Random weights: equal images have no distance, and more noise a larger one."""
    torch.manual_seed(0)
    build, pattern, compared = NETWORKS[name]
    layers = build()
    state = {f"features.{k}": v for k, v in layers.state_dict().items()}
    torch.save(state | {"classifier.1.weight": torch.zeros(1)}, tmp_path / pattern.replace("*", ""))
    x, widths = torch.zeros(1, 3, 64, 64), []
    for number, layer in enumerate(layers):
        x = layer(x)
        if number in compared:
            widths.append(x.shape[1])
    heads = {f"lin{k}.model.1.weight": torch.rand(1, w, 1, 1) for k, w in enumerate(widths)}
    torch.save(heads, tmp_path / f"{name}.pth")
    lpips = Lpips(tmp_path)
    assert lpips.name == f"LPIPS {name}"
    rng = np.random.default_rng(0)
    image, noise = rng.random((64, 64, 3)), rng.normal(size=(64, 64, 3))
    near, far = (lpips.distance(image, np.clip(image + s * noise, 0, 1)) for s in (0.02, 0.3))
    assert lpips.distance(image, image) == 0 < near < far


def test_lpips_names_the_files_that_it_needs(tmp_path):
    with pytest.raises(ValueError, match=r"alexnet\*\.pth and alex\.pth"):
        Lpips(tmp_path)
