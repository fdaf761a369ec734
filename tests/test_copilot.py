"""The copilot's flow, plan -> paint -> preserve, with fakes at the model's boundary only."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.support.fakes import SIZE, SQUARE, FakeMLLM, FakePainter, scene
from wegen_core.copilot import Copilot
from wegen_core.mllm import ChatModel
from wegen_core.painting import Painter
from wegen_core.painting.painter import image_seeds
from wegen_core.planning.planner import Planner
from wegen_core.records.conversation import Conversation
from wegen_core.records.hooks import Hooks, Stopped
from wegen_core.rewriting import rewrite


def same(a: Image.Image, b: Image.Image) -> bool:
    return (a.mode, a.size, a.tobytes()) == (b.mode, b.size, b.tobytes())


def outside_is_exact(source, image, mask) -> bool:
    untouched = np.asarray(mask) == 0
    return bool((np.asarray(source)[untouched] == np.asarray(image)[untouched]).all())


def test_the_fakes_follow_the_protocols():
    assert isinstance(FakeMLLM(), ChatModel) and isinstance(FakeMLLM(), Planner)
    assert isinstance(FakePainter(), Painter)


def test_a_model_that_is_not_a_chat_model_is_refused():
    class OnlyChats:
        name = "m"

        def chat(self, conversation, **_):
            return "a boat"

    for call in (
        lambda: Copilot(OnlyChats(), FakePainter()),
        lambda: rewrite("a boat", mllm=object()),
    ):
        with pytest.raises(TypeError, match=r"mllm is a \w+.* it needs name, capabilities"):
            call()
    assert rewrite("a boat", mllm=OnlyChats())[0].prompt  # `chat` is all that a rewrite needs


def test_without_a_language_model_the_words_are_the_plan():
    copilot = Copilot(None, FakePainter(), check="report")
    talk = Conversation()
    drawn = copilot.chat(talk, "a blue boat by the sea, in the evening light", seed=3)
    assert drawn.plan.intent == "generate"
    answer = copilot.chat(talk, "what is it?")
    assert answer.images == [] and "needs a language model" in answer.text
    refined = copilot.chat(talk, "make the boat red but leave the sea alone", seed=4)
    assert refined.plan.prompt == "a red boat by the sea, in the evening light"
    assert refined.plan.keep == ("the sea",) and refined.change_mask is not None
    assert "check skipped: it needs an MLLM" in str(refined.report)
    assert copilot.refine(scene(), "brighten the sky").plan.changes == ("brighten the sky",)
    composed = copilot.compose([scene(), scene()], "put the boat from picture 1 into picture 2")
    assert composed.plan.base == 2
    assert len(copilot.rewrite("a boat", n=3)) == 3 and len(copilot.generate("a boat", n=2)) == 2
    with pytest.raises(ValueError, match="answering needs a language model"):
        copilot.ask([scene()], "what is it?")


def test_chat_answers_draws_refines_and_composes(copilot):
    talk = Conversation()
    drawn = copilot.chat(talk, "a boat", seed=3)
    assert drawn.plan.intent == "generate" and drawn.text == "here is a boat"
    assert len(drawn.images) == 1 and drawn.change_mask is None

    refined = copilot.chat(talk, "make it bigger", seed=4)
    assert refined.plan.intent == "refine"
    assert refined.change_mask.mode == "L" and refined.change_mask.size == SIZE
    assert outside_is_exact(drawn.images[0], refined.images[0], refined.change_mask)
    assert "refine: here is make it bigger" in str(refined.report)

    answer = copilot.chat(talk, "what is it?")
    assert answer.images == [] and answer.text == "answer to 'what is it?'"

    composed = copilot.chat(talk, "put it into picture 1", [scene()])
    assert composed.plan.intent == "compose" and composed.change_mask is not None
    assert outside_is_exact(scene(), composed.images[0], composed.change_mask)

    assert [t.role for t in talk.turns] == ["user", "assistant"] * 4
    assert len(talk.images) == 4

    back = copilot.chat(talk, "no, undo that")
    assert back.images == [refined.images[0]] and len(talk.turns) == 6


def test_a_turn_records_how_it_was_made(copilot, tmp_path):
    talk = Conversation()
    reply = copilot.chat(talk, "a boat", seed=3)
    turn = talk.turns[-1]
    assert turn.record == reply.report.data
    assert turn.record["seed"] == 3
    assert turn.record["plan"] == reply.plan.to_dict()
    assert (turn.record["model"], turn.record["painter"]) == ("fake-mllm", "fake-painter")
    assert turn.images[0].features == reply.plan.draft
    refined = copilot.chat(talk, "make it bigger")
    assert refined.report.data["preservation"]["decision"] in ("lock", "pass")
    talk.save(tmp_path)
    again = Conversation.load(tmp_path)
    assert again.turns[-1].record == refined.report.data
    assert same(again.images[-1].image, refined.images[0])


def test_every_branch_goes_its_own_way(copilot):
    talk = Conversation()
    copilot.chat(talk, "a boat")
    start = talk.head
    first = copilot.chat(talk, "make it red", seed=1)
    side = talk.branch(start)
    second = copilot.chat(side, "make it red", seed=2)
    assert not same(first.images[0], second.images[0])
    assert copilot.mllm.seen[-1][:2] == (["a boat", "here is a boat", "make it red"], 1)
    replay = copilot.chat(talk.branch(start), "make it red", seed=1)
    assert same(replay.images[0], first.images[0])
    assert len(talk.tree) == 4 and len(side.tree) == 6


class FailingPainter(FakePainter):
    def paint(self, *args, **kwargs):
        raise RuntimeError("out of memory")


@pytest.mark.parametrize("message", ["a boat", "make it red"])
def test_a_failure_leaves_the_conversation_as_it_was(copilot, message):
    talk = Conversation()
    copilot.chat(talk, "a house")
    before = (dict(talk.tree), talk.head)
    with pytest.raises(RuntimeError, match="out of memory"):
        Copilot(FakeMLLM(), FailingPainter()).chat(talk, message, [scene()])
    with pytest.raises(ValueError, match="at most 5000"):
        copilot.chat(talk, "a" * 100_000)
    with pytest.raises(ValueError, match="image 1 is a int"):
        copilot.chat(talk, "a boat", [7])
    assert (talk.tree, talk.head) == before


@pytest.mark.parametrize("calls", range(1, 6))
def test_stop_is_heard_at_every_step(copilot, calls):
    talk = Conversation()
    asked = []

    def stop():
        asked.append(1)
        return len(asked) == calls

    with pytest.raises(Stopped):
        copilot.chat(talk, "a boat", hooks=Hooks(should_stop=stop))
    assert len(asked) == calls and not talk.tree and talk.head is None


def test_callbacks_reach_both_models(copilot):
    stages, words = [], []
    copilot.chat(
        Conversation(),
        "a boat",
        hooks=Hooks(
            on_text=words.append,
            on_progress=lambda stage, step, total, preview: stages.append((stage, step, total)),
        ),
    )
    assert words == ["here is a boat"]
    assert stages == [*(("tokens", k, 3) for k in (1, 2, 3)), ("paint", 1, 2), ("paint", 2, 2)]


def test_texts_of_several_pictures_stand_on_lines_of_their_own(copilot):
    words = []
    copilot.generate(
        "a boat on the wide and quiet sea at night", n=2, hooks=Hooks(on_text=words.append)
    )
    assert len("".join(words).splitlines()) == 2


def test_generate_is_one_batch_and_does_not_depend_on_n(copilot):
    four = copilot.generate("a boat", n=4, seed=9)
    assert copilot.painter.batches == [4]
    assert len({i.tobytes() for i in four}) == 4
    assert all(same(a, b) for a, b in zip(four, copilot.generate("a boat", 2, 9), strict=False))
    assert not same(four[0], copilot.generate("a boat", seed=10)[0])
    assert copilot.generate("a boat", size=(8, 6))[0].size == (8, 6)


def test_a_full_prompt_is_drawn_as_said(copilot):
    prompt = "a red car on the left and a blue house on the right, on grass"
    drawn = copilot.pipeline.generate(prompt, n=3, seed=5)
    assert {d.plan.text for d in drawn} == {f"here is {prompt}"}
    assert [d.report.data["seed"] for d in drawn] == image_seeds(5, 3)
    assert len({d.image.tobytes() for d in drawn}) == 3
    json.dumps([d.report.data for d in drawn])


def test_image_seeds():
    assert image_seeds(7, 3) == image_seeds(7, 5)[:3]
    assert image_seeds(7, 1) == [7]
    assert len(set(image_seeds(0, 50) + image_seeds(1, 50))) == 100
    assert all(0 <= s < 2**53 for s in image_seeds(0, 50))


def test_refine_keeps_what_it_was_not_asked_to_change(copilot):
    source = scene((96, 80))
    done = copilot.refine(source, "make it red", seed=1)
    assert done.image.size == source.size and done.plan.intent == "refine"
    assert outside_is_exact(source, done.image, done.change_mask)
    x0, y0, x1, y1 = SQUARE
    assert np.asarray(done.change_mask)[y0 : y1 + 1, x0 : x1 + 1].mean() > 200
    assert same(done.image, copilot.refine(np.asarray(source), "make it red", seed=1).image)


def test_refine_stays_inside_the_mask_or_the_planned_region(copilot):
    source = scene((96, 80))
    half = copilot.refine(source, "make the left half red")
    assert not np.asarray(half.change_mask)[:, 48:].any()
    right = Image.new("L", source.size)
    right.paste(255, (48, 0, 96, 80))
    kept = copilot.refine(source, "make the left half red", mask=right)
    assert same(kept.image, source)
    assert kept.plan.region == (0.5, 0, 1, 1), "painters are told to paint there"


@pytest.mark.parametrize("level", [0, 100])
def test_a_mask_that_allows_nothing_counts_as_none_and_the_report_says_so(copilot, level):
    source = scene((96, 80))
    anywhere = copilot.refine(source, "make it red")
    done = copilot.refine(source, "make it red", mask=Image.new("L", source.size, level))
    assert same(done.image, anywhere.image) and not same(done.image, source)
    assert "the mask is empty (nowhere above half)" in str(done.report)
    assert "mask is empty" not in str(anywhere.report)


@pytest.mark.parametrize("form", ["PIL", "float"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_small_change_of_a_large_image_is_painted_as_a_crop(copilot, monkeypatch, form, mode):
    monkeypatch.setattr(copilot.painter, "area", 64 * 64)
    seen = []
    paint = copilot.painter.paint

    def record(plans, images, **more):
        seen.extend((plans[0].region, image.size) for image in images)
        return paint(plans, images, **more)

    monkeypatch.setattr(copilot.painter, "paint", record)
    source = scene((401, 299), mode)
    mask = Image.new("L", source.size)
    mask.paste(255, (8, 8, 28, 28))
    image = source if form == "PIL" else np.asarray(source, np.float32) / 255.5
    done = copilot.refine(image, "make it red", mask=mask)
    ((region, size),) = seen
    assert size == (64, 64) and region == pytest.approx((1 / 8, 1 / 8, 7 / 16, 7 / 16))
    changed = np.asarray(done.change_mask) > 0
    assert changed.any() and not changed[~(np.asarray(mask) > 0)].any()
    after = np.asarray(done.part.exact).squeeze()
    assert np.array_equal(after[~changed], np.asarray(image)[~changed])
    assert "painted only a crop, 64x64 at (0, 0) of 401x299" in str(done.report)
    whole = copilot.refine(image, "make it red")  # it may change anywhere
    assert seen[1] == (None, source.size) and "crop" not in str(whole.report)


def test_a_global_change_is_not_put_back_unless_it_has_a_place(copilot, monkeypatch):
    planned = copilot.mllm.plan

    def plan(talk, **options):
        return replace(planned(talk, **options), scope="global")

    monkeypatch.setattr(copilot.mllm, "plan", plan)
    source = scene((96, 80))
    done = copilot.refine(source, "make it brighter")
    assert done.change_mask.getextrema() == (255, 255)
    assert done.report.data["preservation"]["decision"] == "pass"
    right = Image.new("L", source.size)
    right.paste(255, (48, 0, 96, 80))
    for words, mask in (("make the left half brighter", None), ("make it brighter", right)):
        done = copilot.refine(source, words, mask=mask)
        assert outside_is_exact(source, done.image, done.change_mask)
        assert done.change_mask.getextrema()[0] == 0


def test_a_mask_of_another_shape_is_refused_before_painting(copilot):
    with pytest.raises(ValueError, match="mask is 40x80 but the source is 96x80; give a mask"):
        copilot.refine(scene((96, 80)), "make it red", mask=Image.new("L", (40, 80)))
    assert copilot.painter.batches == []


def test_refine_keeps_alpha(copilot):
    source = scene((96, 80), "RGBA")
    source.putalpha(Image.linear_gradient("L").resize(source.size))
    done = copilot.refine(source, "make it red")
    assert done.image.mode == "RGBA"
    assert outside_is_exact(source, done.image, done.change_mask)
    assert np.asarray(done.change_mask)[40:].max() == 0


def test_compose_preserves_the_picture_it_puts_things_into(copilot):
    a, b = scene((64, 64)), scene((96, 80)).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    done = copilot.compose([a, b], "put the cat from picture 1 into picture 2")
    assert done.image.size == b.size and "preservation" in done.report.data
    planned = copilot.compose([a, b], "put it as told")
    assert planned.image.size == a.size and "preservation" in planned.report.data
    free = copilot.compose([a, b], "put both together")
    assert "preservation" not in free.report.data
    with pytest.raises(ValueError, match="names picture 3; there are 2"):
        copilot.compose([a, b], "put the cat into picture 3")
    for said in ("put the cat from picture 3 into picture 2", "第三张图的猫放到图2里"):
        with pytest.raises(ValueError, match="names picture 3; there are 2"):
            copilot.compose([a, b], said)
    with pytest.raises(ValueError, match="there are no images"):
        copilot.compose([], "put the cat into picture 1")


def test_people_count_the_pictures_they_have_just_shown(copilot):
    talk = Conversation()
    copilot.chat(talk, "a boat")
    wide = scene((96, 40))
    done = copilot.chat(talk, "put the cat from picture 1 into picture 2", [scene(), wide])
    assert done.images[0].size == wide.size


def test_refine_without_a_picture_just_draws(copilot):
    reply = copilot.chat(Conversation(), "make a boat")
    assert len(reply.images) == 1 and reply.change_mask is None


def test_ask_takes_one_picture_several_or_none(copilot):
    assert copilot.ask(scene(), "what is it?") == "answer to 'what is it?'"
    copilot.ask([scene(), np.zeros((4, 4, 3), np.uint8)], "which is bigger?")
    assert copilot.mllm.seen[-1] == (["which is bigger?"], 2, "answer")
    assert copilot.ask([], "a boat")  # asked, so answered, whatever it says


def test_rewrite_goes_through_the_model(copilot):
    prompts = copilot.rewrite("a cat", n=3, seed=1)
    assert len(prompts) == 3
    assert [r.prompt for r in prompts] == [r.prompt for r in copilot.rewrite("a cat", 3, 1)]


def test_rewriting_can_be_stopped(copilot):
    with pytest.raises(Stopped):
        copilot.rewrite("a cat", hooks=Hooks(should_stop=lambda: True))
    with pytest.raises(Stopped):
        copilot.generate("a cat", hooks=Hooks(should_stop=lambda: True))
    assert copilot.mllm.seen == []


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "2"])
def test_n_must_be_a_count(copilot, n):
    for call in (copilot.generate, copilot.rewrite):
        with pytest.raises(ValueError, match=r"n is .*at least 1"):
            call("a cat", n=n)


@pytest.mark.parametrize("empty", ["", " \n\t"])
def test_empty_words_are_refused(copilot, empty):
    with pytest.raises(ValueError, match="prompt is empty; say what to draw"):
        copilot.generate(empty)
    with pytest.raises(ValueError, match="prompt is empty; say what to draw"):
        copilot.rewrite(empty)
    with pytest.raises(ValueError, match="message is empty; say something"):
        copilot.chat(Conversation(), empty)
    with pytest.raises(ValueError, match="instruction is empty; say what to change"):
        copilot.refine(scene(), empty)
    with pytest.raises(ValueError, match="instruction is empty; say which picture"):
        copilot.compose([scene()], empty)
    with pytest.raises(ValueError, match="question is empty; ask something"):
        copilot.ask(scene(), empty)
    with pytest.raises(ValueError, match="prompt is a NoneType; give text"):
        copilot.generate(None)
    with pytest.raises(ValueError, match="image is a str"):
        copilot.refine("picture.png", "make it red")


def test_a_model_that_plans_something_else_is_named(copilot, monkeypatch):
    plan = copilot.mllm.plan
    monkeypatch.setattr(copilot.mllm, "plan", lambda talk, intent, **k: plan(talk, **k))
    with pytest.raises(RuntimeError, match="fake-mllm planned 'answer' where 'refine'"):
        copilot.refine(scene(), "what is it?")


def test_a_missing_model_folder_is_named(tmp_path):
    import wegen_core

    with pytest.raises(FileNotFoundError, match="nowhere does not exist; give 'mini'"):
        wegen_core.load(tmp_path / "nowhere")


def test_a_change_that_left_no_trace_is_said_to_be_none(copilot, monkeypatch):
    talk = Conversation()
    talk.add("user", scene(), "my picture")
    talk.add("assistant", "seen")
    monkeypatch.setattr(copilot.painter, "paint", lambda plans, images, **_: [images[-1]])
    reply = copilot.chat(talk, "make it nicer")
    assert reply.text == "here is make it nicer\nNothing in the image has changed."
    assert talk.turns[-1].text == "here is make it nicer"
