"""The check: experts and the MLLM look at what was painted; what failed is painted once more."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.support.fakes import FakeMLLM, FakePainter, scene
from wegen_core.copilot import Copilot
from wegen_core.mllm import Capabilities, EmptyReplyError
from wegen_core.planning.requests import compose_request, generate_request
from wegen_core.planning.verification import (
    Answer,
    CheckResult,
    MLLMExpert,
    emphasise_failures,
    find_atoms,
    verify,
)
from wegen_core.records.conversation import Conversation
from wegen_core.records.hooks import NO_HOOKS, Hooks, Stopped
from wegen_core.records.plan import Plan, Reference
from wegen_core.rewriting import find_constraints

WISH = 'three red boats and a sign "OPEN" by the sea'
WISHED = ["three red boats", "red boats", 'sign "OPEN" by the sea', "OPEN"]


class Eyes(FakeMLLM):
    """Plans as the fake does; replies what it is told to, one reply a question."""

    capabilities = Capabilities()

    def __init__(self, *replies: str) -> None:
        super().__init__()
        self.replies = list(replies)
        self.questions: list[Conversation] = []

    def chat(self, conversation, *, hooks=NO_HOOKS, **_):
        hooks.check_stop()
        self.questions.append(conversation)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def plan(self, conversation, **options):
        plan = super().plan(conversation, **options)
        words = conversation.turns[-1].text
        return replace(plan, changes=(words,) if plan.intent == "refine" else ())


class SoftEyes(Eyes):
    """Replies "maybe" with these probabilities of the first token, one set a question."""

    def __init__(self, *probabilities: dict[str, float]) -> None:
        super().__init__("maybe")
        self.probabilities = list(probabilities)

    def chat_with_first_token(self, conversation, **options):
        reply = self.chat(conversation)
        return reply, self.probabilities[(len(self.questions) - 1) % len(self.probabilities)]


class Sure:
    """An expert that answers about one kind of atom; None: it cannot tell."""

    name = "sure"

    def __init__(self, kind: str, score: float | None) -> None:
        self.kind, self.score = kind, score

    def covers(self, atom):
        return atom.kind == self.kind

    def answer(self, image, atoms, *, hooks=NO_HOOKS):
        return [Answer(self.score, "a box")] * len(atoms)


def atoms(words: str, intent: str = "generate", **fields):
    return find_atoms(Plan(intent, prompt="x", **fields), generate_request(words))


def checked(words: str, *experts, intent: str = "generate", **fields):
    return verify(scene(), atoms(words, intent, **fields), experts)


def test_a_wish_is_split_into_atoms():
    wished = atoms(WISH)
    assert [a.words for a in wished] == WISHED
    assert [a.kind for a in wished] == ["count", "colour", "relation", "quote"]
    assert wished[0].value == (3, "boat") and wished[1].value == ("red", "boat")
    assert wished[1].number == 3  # all of the three are red
    assert [(a.kind, a.value) for a in atoms("a cat")] == [("thing", "cat")]
    assert [a.value for a in atoms("画三只红色的猫，没有人")] == [
        (3, "cat"),
        ("red", "cat"),
        frozenset({"person"}),
    ]


def test_what_a_rewritten_prompt_adds_is_not_demanded():
    plan = Plan("generate", prompt="x", constraints=tuple(find_constraints("two green dogs")))
    assert [a.words for a in find_atoms(plan, generate_request("a cat"))] == ["cat"]


@pytest.mark.parametrize(
    ("change", "demanded"),
    [
        ("make the boat red", ["boat red"]),
        ("make the red car blue", ["red car blue"]),
        ("replace the red boat with a blue car", ["blue car"]),
        ("remove the red boat", []),
        ("add two dogs on the left", ["two dogs on the left"]),
        ("put a hat on the cat, keep the sky", ["hat on the cat"]),
    ],
)
def test_of_a_change_only_the_result_is_demanded(change, demanded):
    wished = atoms(change, "refine", changes=(change,))
    assert [a.words for a in wished] == [change, *demanded]
    assert all(a.in_change for a in wished[1:])
    assert (wished[0].value == {"boat"}) == change.startswith("remove")


def test_a_reference_is_an_atom_with_its_image():
    conversation = compose_request([scene(), scene()], "put the cat from picture 1 into picture 2")
    references = (Reference(2, "base"), Reference(1, "subject", "the cat"))
    (atom,) = find_atoms(Plan("compose", prompt="x", references=references), conversation)
    assert atom.words == "the cat from picture 1"
    assert atom.reference is conversation.images[0]


def test_every_atom_is_one_question_with_the_image_first():
    eyes = Eyes("yes", "No.", "I cannot tell", "**Yes**, it is")
    results = checked(WISH, MLLMExpert(eyes))
    assert [r.words for r in results] == WISHED
    assert [r.holds for r in results] == [True, False, None, True]
    assert [r.score for r in results] == [1.0, 0.0, None, 1.0]
    assert str(results[0]) == "yes: three red boats (fake-mllm 1.00)"
    assert str(results[2]) == 'cannot tell: sign "OPEN" by the sea (fake-mllm: replied ' + (
        '"I cannot tell")'
    )
    for question in eyes.questions:
        assert len(question.turns[-1].images) == 1
        assert question.turns[-1].text.endswith("Answer with one word: yes or no.")
    assert '"OPEN" written' in eyes.questions[3].turns[-1].text


def test_scores_are_the_probability_of_yes_among_yes_and_no():
    eyes = SoftEyes({"Yes": 0.5, " yes": 0.1, "No": 0.2, "It": 0.1}, {"No": 0.9, "yes": 0.05})
    first, second, *_ = checked(WISH, MLLMExpert(eyes))
    assert first.score == pytest.approx(0.75) and first.holds
    assert second.score == pytest.approx(0.05 / 0.95) and second.holds is False


def test_where_the_first_token_is_neither_the_words_count():
    (result,) = checked("a cat", MLLMExpert(SoftEyes({"<think>": 0.9, "yes": 0.1})))
    assert result.holds is None and "maybe" in result.evidence
    (result,) = checked("a cat", MLLMExpert(SoftEyes({})))
    assert result.holds is None


def test_a_model_that_writes_nothing_cannot_tell():
    class Silent(Eyes):
        def chat(self, conversation, **_):
            raise EmptyReplyError("it only thinks")

    (result,) = checked("a cat", MLLMExpert(Silent("")))
    assert (result.holds, result.evidence) == (None, "it only thinks")


def test_a_chat_model_gets_what_the_experts_leave_open():
    eyes = Eyes("yes")
    results = checked(WISH, Sure("count", 0.2), Sure("colour", None), MLLMExpert(eyes))
    assert [r.expert for r in results] == ["sure", "fake-mllm", "fake-mllm", "fake-mllm"]
    assert results[0].holds is False and str(results[0]).endswith("(sure 0.20: a box)")
    assert len(eyes.questions) == 3


def test_what_no_expert_covers_cannot_be_told_and_says_so():
    results = checked(WISH, Sure("count", 0.9), Sure("colour", None))
    assert [r.holds for r in results] == [True, None, None, None]
    assert str(results[1]) == "cannot tell: red boats (sure: a box)"
    assert str(results[3]) == "cannot tell: OPEN (no expert covers it)"


def test_a_constraint_in_a_change_is_reported_only_if_an_expert_answers():
    change = "make the boat red"
    eyes = Eyes("yes")
    results = checked(change, MLLMExpert(eyes), intent="refine", changes=(change,))
    assert [r.words for r in results] == [change] and len(eyes.questions) == 1
    results = checked(change, Sure("colour", 0.9), intent="refine", changes=(change,))
    assert [(r.words, r.holds) for r in results] == [(change, None), ("boat red", True)]


def test_a_model_of_one_image_is_not_asked_about_references():
    eyes = Eyes("yes")
    eyes.capabilities = Capabilities(max_images=1)
    conversation = compose_request([scene(), scene()], "put the cat from picture 1 into picture 2")
    plan = Plan("compose", prompt="x", references=(Reference(1, "subject", "the cat"),))
    expert, wished = MLLMExpert(eyes), find_atoms(plan, conversation)
    assert [expert.covers(atom) for atom in wished] == [False]
    eyes.capabilities = Capabilities(max_images=2)
    assert [r.holds for r in verify(scene(), wished, [expert])] == [True]
    assert len(eyes.questions[0].turns[-1].images) == 2


def test_emphasis_names_what_failed():
    plan = Plan("refine", prompt="x", changes=("the boat is red", "the sky is dark"))
    again = emphasise_failures(plan, [CheckResult("the sky is dark", False)])
    assert "the sky is dark" in again.prompt and "the boat is red" not in again.prompt
    assert again.changes[-1] == "make sure of this: the sky is dark"


def drawing(check: str, *replies: str) -> tuple:
    copilot = Copilot(Eyes(*replies), FakePainter(), check=check)
    return copilot.pipeline.generate(WISH, seed=3)[0], copilot


def test_the_report_shows_the_list():
    drawn, copilot = drawing("report", "no")
    assert "checked: no: three red boats (fake-mllm 0.00); no: red boats" in str(drawn.report)
    check = drawn.report.data["check"]
    assert [(c["words"], c["holds"], c["score"]) for c in check] == [
        (w, False, 0.0) for w in WISHED
    ]
    assert copilot.painter.batches == [1]
    json.dumps(drawn.report.data)


@pytest.mark.parametrize(
    ("second", "better"), [("yes", True), ("no", False), ("cannot tell", False), ("", False)]
)
def test_what_failed_is_painted_once_more_and_the_better_one_is_kept(second, better):
    first, _ = drawing("report", "no")
    drawn, copilot = drawing("repaint", *["no"] * 4, second)
    assert copilot.painter.batches == [1, 1] and len(copilot.mllm.questions) == 8
    assert (drawn.image.tobytes() != first.image.tobytes()) == better
    assert ("Make sure of this" in drawn.plan.prompt) == better
    assert {c["holds"] for c in drawn.report.data["check"]} == {better}
    assert [c["words"] for c in drawn.report.data["check"]] == WISHED


@pytest.mark.parametrize(("second", "better"), [(0.45, True), (0.35, False)])
def test_the_soft_score_decides_between_two_failures(second, better):
    eyes = SoftEyes(*[{"yes": 0.4, "no": 0.6}] * 4, *[{"yes": second, "no": 1 - second}] * 4)
    drawn = Copilot(eyes, FakePainter(), check="repaint").pipeline.generate(WISH, seed=3)[0]
    assert ("Make sure of this" in drawn.plan.prompt) == better


def test_a_second_image_that_cannot_be_read_is_not_better():
    """It has no "no", but nothing holds in it either."""
    replies = ["yes", "no", "no", "no", *["hm"] * 4]
    drawn, _ = drawing("repaint", *replies)
    assert [c["holds"] for c in drawn.report.data["check"]] == [True, False, False, False]


def test_a_good_image_is_painted_once():
    assert drawing("repaint", "yes")[1].painter.batches == [1]


def test_refinements_are_checked_too():
    copilot = Copilot(Eyes("no", "yes"), FakePainter(), check="repaint")
    done = copilot.refine(scene((96, 80)), "make the boat red")
    assert copilot.painter.batches == [1, 1]
    assert [(c["words"], c["holds"]) for c in done.report.data["check"]] == [
        ("make the boat red", True)
    ]
    assert "preservation" in done.report.data and "make sure of this" in done.plan.changes[-1]


@pytest.mark.parametrize("mllm", [None, FakeMLLM()])
def test_experts_check_without_a_model_that_sees(mllm):
    copilot = Copilot(mllm, FakePainter(), check="repaint", experts=[Sure("count", 0.1)])
    drawn = copilot.pipeline.generate(WISH)[0]
    assert copilot.painter.batches == [1, 1]
    assert [c["holds"] for c in drawn.report.data["check"]] == [False, None, None, None]
    assert "cannot tell: OPEN (no expert covers it)" in str(drawn.report)


def test_without_a_model_that_sees_and_experts_the_check_is_skipped():
    drawn = Copilot(FakeMLLM(), FakePainter(), check="repaint").pipeline.generate(WISH)[0]
    assert "check skipped: fake-mllm does not see images, and there is no expert" in str(
        drawn.report
    )
    assert drawn.report.data["check"] == "skipped"
    off = Copilot(FakeMLLM(), FakePainter()).pipeline.generate(WISH)[0]
    assert "check" not in off.report.data and "check" not in str(off.report)
    with pytest.raises(ValueError, match="check is 'always'; use one of off, report, repaint"):
        Copilot(FakeMLLM(), FakePainter(), check="always")


@pytest.mark.parametrize("after", [5, 6, 7])
def test_stop_takes_effect_between_questions(after):
    calls = []

    def stop() -> bool:
        calls.append(1)
        return len(calls) > after

    with pytest.raises(Stopped):
        Copilot(Eyes("no"), FakePainter(), check="report").pipeline.generate(
            WISH, hooks=Hooks(should_stop=stop)
        )
    assert len(calls) == after + 1
