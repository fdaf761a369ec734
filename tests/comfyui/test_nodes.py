"""What the nodes do in a real ComfyUI, and its example workflows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.comfy_server import PACK
from tests.support.graphs import (
    PROMPT,
    Graph,
    at_its_own_size,
    blank,
    compose,
    equal,
    from_workflow,
    generate,
    load,
    output,
    preserve,
    refine,
    show,
    tell,
)
from wegen_core.evaluation.probe import Probe, matches
from wegen_core.playground.samples import parse

pytestmark = pytest.mark.comfyui
WORKFLOWS = sorted(
    path
    for numbers in ("0[1-7]", "13")
    for path in (PACK / "workflows").glob(f"wegen-{numbers}*.json")
)

REFINED = (
    "a blue boat on the left and a green tree on the right, by the sea",
    "a blue boat on the left, by the sea",
    "a yellow boat on the left, by the sea",
    "a yellow boat on the left and an orange cat on the right, by the sea",
)
COMPOSED = (
    "an orange cat on the left, on grass",
    "a blue house on the right, in the desert",
    "an orange cat on the left and a blue house on the right, in the desert",
)
CHATTED = ("a green tree on the left, on grass", "an orange tree on the left, on grass")
TALKED = ("a red boat on the left, by the sea",)
SCENES = {"01": (PROMPT,), "03": REFINED, "04": COMPOSED, "05": CHATTED, "13": TALKED}
PRESERVED = {
    "06": ("preserved", "a green tree on the left and a red house in the middle, in the desert"),
    "07": (
        "five edits, one anchor",
        "a red boat on the left and a purple cat on the right, by the sea",
    ),
}


def number_of(path: Path) -> str:
    return path.stem.split("-")[1]


@pytest.fixture(scope="session")
def probe() -> Probe:
    return Probe.load()


@pytest.mark.parametrize(
    "path", [p for p in WORKFLOWS if number_of(p) not in PRESERVED], ids=lambda p: p.stem
)
def test_workflow_runs_and_its_pictures_are_right(server, object_info, probe, path):
    graph = at_its_own_size(from_workflow(path, object_info))
    outcome = server.run(graph)
    assert outcome.end == "execution_success", outcome.message
    shown = [i for i, n in graph.items() if n["class_type"] in ("PreviewImage", "SaveImage")]
    readings = probe.read(server.pictures(outcome, shown))
    number = number_of(path)
    if number == "02":
        assert len(readings) == 4
        assert all(any(t.kind == "boat" for t in r.things) for r in readings)
        assert len({str(r) for r in readings}) > 1
        return
    scenes = [parse(text) for text in SCENES[number]]
    wrong = [(s, r) for s, r in zip(scenes, readings, strict=True) if not matches(r, s)]
    assert not wrong
    if number == "05":
        assert "orange" in server.texts(outcome)[-1]


@pytest.mark.parametrize("number", PRESERVED)
def test_a_workflow_preserves_what_no_edit_was_meant_to_change(server, object_info, probe, number):
    (path,) = (p for p in WORKFLOWS if number_of(p) == number)
    graph = Graph(at_its_own_size(from_workflow(path, object_info)))
    titles = {node["_meta"]["title"]: name for name, node in graph.items() if "_meta" in node}
    masks = []
    for name in [n for n, node in graph.items() if node["class_type"] == "WeGenPreserve"]:
        masks.append(f"9{name}")
        graph[masks[-1]] = {"class_type": "MaskPreview", "inputs": {"mask": [name, 1]}}
    outcome = server.run(graph)
    assert outcome.end == "execution_success", outcome.message
    title, scene = PRESERVED[number]
    before, after = (server.pictures(outcome, [titles[t]])[0] for t in ("before", title))
    meant = np.max([np.asarray(p.convert("L")) for p in server.pictures(outcome, masks)], axis=0)
    assert 0.05 < (meant > 0).mean() < 0.3
    assert np.array_equal(np.asarray(after)[meant == 0], np.asarray(before)[meant == 0])
    assert matches(probe.read([after])[0], parse(scene))


def test_model_folders_are_found_by_default_and_through_yaml(server, object_info):
    assert object_info["WeGenLoadModel"]["input"]["required"]["model"][1]["options"] == [
        "mini",
        "by_default",
        "by_yaml",
    ]
    graph = Graph()
    outcome = server.run(show(graph, generate(graph, load(graph, "by_yaml"))))
    assert outcome.end == "execution_success", outcome.message


def test_each_picture_of_a_batch_is_refined_inside_its_mask(server):
    graph = Graph()
    mask = graph.add("SolidMask", value=1.0, width=40, height=24)
    refined = refine(graph, blank(graph, 80, 48, batch=2), mask=mask)
    graph.add("MaskPreview", mask=output(refined, 1))
    outcome = server.run(show(graph, refined))
    assert outcome.end == "execution_success", outcome.message
    assert [p.size for p in server.pictures(outcome)] == [(80, 48)] * 4


def test_alpha_and_different_sizes_are_fine_as_references(server):
    graph = Graph()
    name = server.upload(Image.new("RGBA", (50, 70), (255, 0, 0, 90)), "alpha.png")
    loaded = graph.add("LoadImage", image=name)
    joined = graph.add("JoinImageWithAlpha", image=loaded, alpha=output(loaded, 1))
    others = {"image_2": blank(graph, 33, 90, batch=2), "image_4": blank(graph, 200, 20)}
    composed = compose(graph, image_1=joined, **others)
    answer = graph.add("WeGenAsk", copilot=load(graph), image=joined, question="what is there?")
    tell(graph, answer)
    graph.add("PreviewImage", images=refine(graph, joined))
    outcome = server.run(show(graph, composed))
    assert outcome.end == "execution_success", outcome.message
    assert server.texts(outcome)[0]


def test_references_say_what_they_give_and_where_it_goes(server):
    graph = Graph()
    zero, one = (
        graph.add("SolidMask", value=value, width=width, height=64)
        for value, width in ((0.0, 64), (1.0, 32))
    )
    pasted = {"destination": zero, "source": one, "x": 0, "y": 0, "operation": "add"}
    left = graph.add("MaskComposite", **pasted)
    scene = graph.add("TestImage", width=64, height=64, value="0.5")  # no number of 8 bits
    shown = graph.add("TestImage", width=64, height=64, value="0.9")
    given = {"what": "the cat", "strength": 1.0, "image": shown}
    cat = graph.add("WeGenReference", role="subject", region=left, **given)
    given |= {"image": scene, "what": ""}
    both = graph.add("WeGenReference", role="base", previous=cat, **given)
    composed = compose(graph, "put the cat into the scene", references=both)
    equal(graph, scene, composed)
    outcome = server.run(show(graph, composed))
    assert outcome.end == "execution_success", outcome.message
    (made,) = server.pictures(outcome)
    assert made.crop((32, 0, 64, 64)).getcolors() == [(32 * 64, (127, 127, 127))]
    assert float(server.texts(outcome)[0]) >= 0.5


def test_a_chat_that_only_answers_still_gives_a_picture(server):
    graph = Graph()
    asked = graph.add("WeGenChat", copilot=load(graph), message="hello, who are you?", seed=1)
    tell(graph, asked)
    outcome = server.run(show(graph, output(asked, 1)))
    assert outcome.end == "execution_success", outcome.message
    assert server.pictures(outcome)[0].size == (64, 64)


def test_a_chat_takes_back_its_last_picture(server):
    graph, talk, turns = Graph(), {}, []
    for said in ("a red car on grass", "make the car blue", "hmm, undo that pls"):
        turns.append(graph.add("WeGenChat", copilot=load(graph), message=said, seed=1, **talk))
        talk = {"conversation": output(turns[-1], 2)}
    tell(graph, turns[-1])
    equal(graph, output(turns[0], 1), output(turns[-1], 1))
    outcome = server.run(graph)
    assert outcome.end == "execution_success", outcome.message
    assert "Taken back: make the car blue" in server.texts(outcome)
    assert "1.0" in server.texts(outcome)


def test_rewriting_needs_no_model(server):
    graph = Graph()
    rewritten = graph.add("WeGenRewritePrompt", prompt="a red car", n=3, creativity=0.7, seed=1)
    tell(graph, rewritten)
    outcome = server.run(graph)
    assert outcome.end == "execution_success", outcome.message
    assert len(server.texts(outcome)) == 3 and all("red" in t for t in server.texts(outcome))


def test_preserve_brings_back_what_an_edit_changed_by_accident(server):
    graph = Graph()
    source = generate(graph, load(graph))
    edited = graph.add("ImageScale", image=source, upscale_method="bicubic", width=72, height=72,
                       crop="disabled")  # fmt: skip
    kept = preserve(graph, source, edited)
    tell(graph, output(kept, 2))
    for image in (source, kept, output(kept, 3)):
        show(graph, image)
    outcome = server.run(graph)
    assert outcome.end == "execution_success", outcome.message
    before, after, drift = server.pictures(outcome)
    assert after.tobytes() == before.tobytes() and drift.size == (64, 64)
    assert "lock: " in server.texts(outcome)[0]


def test_preserve_takes_a_mask_as_the_change_and_passes_what_it_is_told_to(server):
    graph = Graph()
    source = generate(graph, load(graph))
    edited = blank(graph, 80, 80)
    mask = graph.add("TestImage", width=64, height=64, value="1.0")
    mask = graph.add("ImageToMask", image=mask, channel="red")
    replaced = preserve(graph, source, edited, mask=mask, mask_mode="replace", align="none")
    for image in (source, replaced, preserve(graph, source, edited, scope="global")):
        show(graph, image)
    outcome = server.run(graph)
    assert outcome.end == "execution_success", outcome.message
    before, after, passed = server.pictures(outcome)
    box = (16, 16, 33, 33)  # of TestImage
    assert after.crop(box).tobytes() != before.crop(box).tobytes()
    for picture in (before, after):
        picture.paste(0, box)
    assert after.tobytes() == before.tobytes()
    assert passed.size == (80, 80) and len(passed.getcolors()) == 1


def test_preserve_gives_one_batch_of_what_is_kept_and_what_passes(server):
    graph = Graph()
    source, other = generate(graph, load(graph)), blank(graph, 64, 64)
    both = graph.add("ImageBatch", image1=source, image2=other)
    black = graph.add("EmptyImage", width=64, height=64, batch_size=1, color=0)
    clear = graph.add("ImageBatch", image1=black, image2=blank(graph, 64, 64))  # half of the second
    alpha = graph.add("ImageToMask", image=clear, channel="red")
    edited = graph.add("JoinImageWithAlpha", image=both, alpha=alpha)
    for image in (source, preserve(graph, source, edited)):
        show(graph, image)
    outcome = server.run(graph)
    assert outcome.end == "execution_success", outcome.message
    before, kept, passed = server.pictures(outcome)
    assert (kept.mode, passed.mode) == ("RGBA", "RGBA")
    assert kept.tobytes() == before.convert("RGBA").tobytes()
    assert passed.getchannel("A").getextrema()[1] < 255


def test_wide_pictures_keep_their_size(server):
    graph = Graph()
    wide = graph.add("TestImage", width=8192, height=64, value="0.9")
    refined = refine(graph, wide)
    show(graph, preserve(graph, wide, refined))
    outcome = server.run(show(graph, refined))
    assert outcome.end == "execution_success", outcome.message
    assert [p.size for p in server.pictures(outcome)] == [(8192, 64)] * 2


def test_a_picture_of_one_pixel_does_no_harm(server):
    graph = Graph()
    one = blank(graph, 1, 1)
    show(graph, compose(graph, image_1=one, image_2=one))
    show(graph, preserve(graph, one, blank(graph, 90, 60)))
    outcome = server.run(show(graph, refine(graph, one)))
    assert outcome.end == "execution_success", outcome.message
    # Nothing in common: the edit passes as it is.
    assert [p.size for p in server.pictures(outcome)] == [(1, 1), (90, 60), (1, 1)]


def test_saved_pictures_hold_their_graph_and_no_paths(server):
    graph = Graph()
    image = generate(graph, load(graph, "by_default"), steps=1)
    graph.add("SaveImage", images=image, filename_prefix="saved")
    outcome = server.run(graph)
    (saved,) = server.pictures(outcome)
    held = json.loads(saved.info["prompt"])
    assert {n: node["inputs"] for n, node in held.items()} == {n: graph[n]["inputs"] for n in graph}
    assert str(server.base) not in str(saved.info) and "safetensors" not in str(saved.info)
