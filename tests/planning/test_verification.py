"""The check: the MLLM looks at what was painted, and what failed is painted once more."""

from __future__ import annotations

import json

import pytest

from tests.support.fakes import FakeMLLM, FakePainter, scene
from wegen_core.copilot import Copilot
from wegen_core.mllm import Capabilities
from wegen_core.planning.verification import CheckResult, emphasise_failures, verify
from wegen_core.records.conversation import Conversation
from wegen_core.records.hooks import NO_HOOKS, Hooks, Stopped
from wegen_core.records.plan import Plan
from wegen_core.rewriting import find_constraints

WISH = 'three red boats and a sign "OPEN" by the sea in the early morning'


class Eyes(FakeMLLM):
    """Plans as the fake does, with the user's constraints; answers as it is told to."""

    capabilities = Capabilities()

    def __init__(self, *replies) -> None:
        super().__init__()
        self.replies = [r if isinstance(r, str) else json.dumps({"answers": r}) for r in replies]
        self.asked: list[Conversation] = []

    def chat(self, conversation, *, hooks=NO_HOOKS, **_):
        hooks.check_stop()
        self.asked.append(conversation)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def plan(self, conversation, **options):
        plan = super().plan(conversation, **options)
        said = conversation.turns[-1].text
        changes = (said,) if plan.intent == "refine" else ()
        return Plan(plan.intent, plan.prompt, plan.text, changes,
                    constraints=tuple(find_constraints(said)))  # fmt: skip


def demanded() -> list[str]:
    return [c.text for c in find_constraints(WISH) if c.kind != "language"]


PLAN = Plan("generate", prompt=WISH, constraints=tuple(find_constraints(WISH)))


def test_every_constraint_is_asked_about_and_answered():
    assert len(demanded()) >= 3
    answers = ["yes", "no", "cannot tell", *["Yes."] * (len(demanded()) - 3)]
    eyes = Eyes(answers)
    found = verify(eyes, scene(), PLAN)
    assert [f.words for f in found] == demanded()
    assert [f.holds for f in found[:3]] == [True, False, None] and found[-1].holds is not False
    assert [str(f).split(":")[0] for f in found[:3]] == ["yes", "no", "cannot tell"]
    question = eyes.asked[0].turns[-1]
    assert len(question.images) == 1 and '"OPEN" is written' in question.text


@pytest.mark.parametrize("reply", ["It is a lovely picture!", '{"answers": ["no"]}', "{}", "[no]"])
def test_what_a_chatty_model_leaves_open_cannot_be_told(reply):
    assert {f.holds for f in verify(Eyes(reply), scene(), PLAN)} == {None}


def test_a_refinement_is_asked_about_its_changes():
    plan = Plan("refine", prompt="x", changes=("the boat is red", "the sky is dark"))
    found = verify(
        Eyes("<think>no</think>```json\n{'answers': ['yes', 'no',]}\n```"), scene(), plan
    )
    assert found == [CheckResult("the boat is red", True), CheckResult("the sky is dark", False)]
    again = emphasise_failures(plan, [c for c in found if c.holds is False])
    assert "the sky is dark" in again.prompt and "the boat is red" not in again.prompt
    assert again.changes[-1] == "make sure of this: the sky is dark"


def test_a_refinement_is_also_asked_about_what_no_change_states():
    asked = 'make the boat red and write "OPEN", keep the sky'
    constraints = tuple(find_constraints(asked))
    assert {c.kind for c in constraints} >= {"colour", "quote", "keep"}
    plan = Plan("refine", prompt="x", changes=("the boat is red",), constraints=constraints)
    found = verify(Eyes('{"answers": ["yes", "no"]}'), scene(), plan)
    assert found == [CheckResult("the boat is red", True), CheckResult("OPEN", False)]


def test_nothing_to_check_asks_nothing():
    eyes = Eyes("never")
    assert verify(eyes, scene(), Plan("generate", prompt="a boat")) == [] and not eyes.asked


def drawing(check: str, *replies) -> tuple:
    copilot = Copilot(Eyes(*replies), FakePainter(), check=check)
    return copilot.pipeline.generate(WISH, seed=3)[0], copilot


def test_the_report_shows_the_list():
    answers = ["no"] * len(demanded())
    drawn, copilot = drawing("report", answers)
    assert f"checked by fake-mllm: no: {demanded()[0]}" in str(drawn.report)
    assert drawn.report.data["check"] == [{"words": w, "holds": False} for w in demanded()]
    assert copilot.painter.batches == [1]
    json.dumps(drawn.report.data)


@pytest.mark.parametrize(
    ("second", "better"), [("yes", True), ("no", False), ("cannot tell", False)]
)
def test_what_failed_is_painted_once_more_and_the_better_one_is_kept(second, better):
    count = len(demanded())
    first, _ = drawing("report", ["no"] * count)
    drawn, copilot = drawing("repaint", ["no"] * count, [second] * count)
    assert copilot.painter.batches == [1, 1] and len(copilot.mllm.asked) == 2
    assert (drawn.image.tobytes() != first.image.tobytes()) == better
    assert ("Make sure of this" in drawn.plan.prompt) == better
    assert {f["holds"] for f in drawn.report.data["check"]} == {better}
    assert [f["words"] for f in drawn.report.data["check"]] == demanded()


def test_a_good_picture_is_painted_once():
    assert drawing("repaint", ["yes"] * len(demanded()))[1].painter.batches == [1]


def test_refinements_are_checked_too():
    copilot = Copilot(Eyes(["no"], ["yes"]), FakePainter(), check="repaint")
    done = copilot.refine(scene((96, 80)), "make the boat red")
    assert copilot.painter.batches == [1, 1]
    assert done.report.data["check"] == [{"words": "make the boat red", "holds": True}]
    assert "preservation" in done.report.data and "make sure of this" in done.plan.changes[-1]


def test_without_eyes_the_check_is_said_to_be_skipped():
    drawn = Copilot(FakeMLLM(), FakePainter(), check="repaint").pipeline.generate(WISH)[0]
    assert "check skipped: fake-mllm does not see images" in str(drawn.report)
    assert drawn.report.data["check"] == "skipped"
    off = Copilot(FakeMLLM(), FakePainter()).pipeline.generate(WISH)[0]
    assert "check" not in off.report.data and "check" not in str(off.report)
    with pytest.raises(ValueError, match="check is 'always'; use one of off, report, repaint"):
        Copilot(FakeMLLM(), FakePainter(), check="always")


def test_stop_is_heard_while_looking():
    calls = []

    def stop() -> bool:
        calls.append(1)
        return len(calls) > 5

    with pytest.raises(Stopped):
        Copilot(Eyes(["no"]), FakePainter(), check="report").pipeline.generate(
            WISH, hooks=Hooks(should_stop=stop)
        )
    assert len(calls) == 6
