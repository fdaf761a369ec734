"""The pack in a real ComfyUI: what it registers, what its nodes do, Stop, free, wrong input."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from comfy_server import PACK, ComfyServer
from graphs import Graph, from_workflow, output, widgets
from PIL import Image

from wegen_core.data.playground import parse
from wegen_core.evaluation.probe import Probe, matches

pytestmark = pytest.mark.comfyui
HERE = Path(__file__).parent
CONTRACT = json.loads((HERE / "node_contract.json").read_text())
WORKFLOWS = sorted((PACK / "workflows").glob("*.json"))

FIRST = "a red boat on the left and a yellow star on the right, by the sea"
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
SCENES = {"1": (FIRST,), "3": REFINED, "4": COMPOSED, "5": CHATTED}


@pytest.fixture(scope="session")
def probe() -> Probe:
    return Probe.load()


@pytest.fixture(scope="session")
def object_info(server: ComfyServer) -> dict:
    return server.get("object_info").json()


def test_starting_is_cheap_and_imports_no_model_library(server):
    assert server.get("wegen_test/import_seconds").json() < 0.15
    assert "diffusers" not in server.get("wegen_test/modules").json()


def test_nodes_keep_their_ids_inputs_widgets_and_outputs(object_info):
    found = {
        name: {
            "inputs": [
                i for group in ("required", "optional") for i in info["input"].get(group, ())
            ],
            "widgets": [name for name, _ in widgets(info)],
            "outputs": [
                f"{n}: {t}" for n, t in zip(info["output_name"], info["output"], strict=True)
            ],
        }
        for name, info in object_info.items()
        if name.startswith("WeGen")
    }
    assert found == CONTRACT


def test_everything_is_explained_and_texts_agree(object_info):
    texts = json.loads((PACK / "locales" / "en" / "nodeDefs.json").read_text())
    for name, text in texts.items():
        info = object_info[name]
        assert (info["display_name"], info["description"]) == (
            text["display_name"],
            text["description"],
        )
        given = {**info["input"].get("required", {}), **info["input"].get("optional", {})}
        assert {n: spec[1]["tooltip"] for n, spec in given.items()} == {
            n: t["tooltip"] for n, t in text["inputs"].items()
        }
        assert info["output_tooltips"] == [t["tooltip"] for t in text["outputs"].values()]
        visible = [n for n, options in widgets(info) if not options.get("advanced")]
        assert len(visible) <= 8


def test_help_texts_and_templates_are_served(server):
    for name in CONTRACT:
        for language in ("en", "zh"):
            page = server.get(f"extensions/ComfyUI-WeGen/docs/{name}/{language}.md")
            assert page.status_code == 200 and page.text.startswith("# ")
    translations = server.get("i18n").json()
    assert set(CONTRACT) <= set(translations["zh"]["nodeDefs"])
    templates = server.get("workflow_templates").json()["ComfyUI-WeGen"]
    assert sorted(templates) == [p.stem for p in WORKFLOWS]
    for workflow in WORKFLOWS:
        picture = server.get(f"api/workflow_templates/ComfyUI-WeGen/{workflow.stem}.jpg")
        assert picture.status_code == 200


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.stem)
def test_workflow_runs_and_its_pictures_are_right(server, object_info, probe, path):
    graph = from_workflow(path, object_info)
    outcome = server.run(graph)
    assert outcome.end == "execution_success", outcome.message
    shown = [i for i, n in graph.items() if n["class_type"] in ("PreviewImage", "SaveImage")]
    readings = probe.read(server.pictures(outcome, shown))
    number = path.name[0]
    if number == "2":
        assert len(readings) == 4
        assert all(any(t.kind == "boat" for t in r.things) for r in readings)
        assert len({str(r) for r in readings}) > 1
        return
    scenes = [parse(text) for text in SCENES[number]]
    wrong = [(s, r) for s, r in zip(scenes, readings, strict=True) if not matches(r, s)]
    assert not wrong
    if number == "5":
        assert "orange" in server.texts(outcome)[-1]


def load(graph: Graph, model: str = "mini") -> list:
    return graph.add("WeGenLoadModel", model=model, precision="auto")


def generate(graph: Graph, copilot: list, prompt: str = FIRST, **more) -> list:
    inputs = {"copilot": copilot, "prompt": prompt, "n": 1, "seed": 1, "steps": 0, "guidance": 0.0}
    return graph.add("WeGenGenerate", **{**inputs, **more})


def show(graph: Graph, image: list) -> Graph:
    graph.add("PreviewImage", images=image)
    return graph


def drawing(**more) -> Graph:
    graph = Graph()
    return show(graph, generate(graph, load(graph), **more))


def blank(graph: Graph, width: int = 64, height: int = 64, batch: int = 1) -> list:
    return graph.add("EmptyImage", width=width, height=height, batch_size=batch, color=0x88AA66)


def test_progress_previews_and_text_arrive_and_a_second_run_is_cached(server):
    first = server.run(drawing(seed=11))
    assert first.end == "execution_success", first.message
    assert first.progress > 5 and first.previews > 0 and first.streamed > 0
    second = server.run(drawing(seed=11))
    assert {"1", "2"} <= set(second.cached)


def test_stop_ends_the_run_within_a_second(server):
    stopped = []

    def stop(count: int) -> None:
        if count == 5:
            stopped.append(time.monotonic())
            server.post("interrupt")

    outcome = server.run(drawing(n=16, steps=200, seed=12), on_progress=stop)
    assert outcome.end == "execution_interrupted"
    assert time.monotonic() - stopped[0] < 1.5
    assert server.run(drawing(seed=13)).end == "execution_success"


def test_unload_and_free_release_the_network(server):
    free_all(server)
    assert server.run(drawing(seed=14, steps=1)).end == "execution_success"
    server.post("free", {"unload_models": True})
    assert server.run(drawing(seed=15, steps=1)).end == "execution_success"
    assert server.get("wegen_test/networks").json() == 1
    free_all(server)
    assert server.run(drawing(seed=14, steps=1)).end == "execution_success"


def free_all(server: ComfyServer) -> None:
    """What "Free model and node cache" does, until the networks are gone."""
    server.get("wegen_test/networks")
    server.post("free", {"unload_models": True, "free_memory": True})
    give_up = time.monotonic() + 30
    while server.get("wegen_test/alive").json():
        assert time.monotonic() < give_up, "a network is still in memory"
        time.sleep(0.1)


def test_model_folders_are_found_by_default_and_through_yaml(server, object_info):
    assert object_info["WeGenLoadModel"]["input"]["required"]["model"][1]["options"] == [
        "mini",
        "by_default",
        "by_yaml",
    ]
    graph = Graph()
    outcome = server.run(show(graph, generate(graph, load(graph, "by_yaml"))))
    assert outcome.end == "execution_success", outcome.message


def refine(graph: Graph, image: list, instruction: str = "make it night", **more) -> list:
    inputs = {"copilot": load(graph), "image": image, "instruction": instruction, "seed": 1}
    return graph.add("WeGenRefine", **inputs, **more)


def test_each_picture_of_a_batch_is_refined_inside_its_mask(server):
    graph = Graph()
    mask = graph.add("SolidMask", value=1.0, width=32, height=32)
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
    composed = graph.add(
        "WeGenCompose",
        copilot=load(graph),
        image_1=joined,
        image_2=blank(graph, 33, 90, batch=2),
        image_4=blank(graph, 200, 20),
        instruction="put the star from picture 1 into picture 2",
        seed=1,
    )
    answer = graph.add("WeGenAsk", copilot=load(graph), image=joined, question="what is there?")
    graph.add("PreviewAny", source=answer)
    graph.add("PreviewImage", images=refine(graph, joined))
    outcome = server.run(show(graph, composed))
    assert outcome.end == "execution_success", outcome.message
    assert server.texts(outcome)[0]


def test_a_chat_that_only_answers_still_gives_a_picture(server):
    graph = Graph()
    asked = graph.add("WeGenChat", copilot=load(graph), message="hello, who are you?", seed=1)
    graph.add("PreviewAny", source=asked)
    outcome = server.run(show(graph, output(asked, 1)))
    assert outcome.end == "execution_success", outcome.message
    assert server.pictures(outcome)[0].size == (64, 64)


def test_rewriting_needs_no_model(server):
    graph = Graph()
    rewritten = graph.add("WeGenRewritePrompt", prompt="a red car", n=3, creativity=0.7, seed=1)
    graph.add("PreviewAny", source=rewritten)
    outcome = server.run(graph)
    assert outcome.end == "execution_success", outcome.message
    assert len(server.texts(outcome)) == 3 and all("red" in t for t in server.texts(outcome))


def test_preserve_brings_back_what_an_edit_changed_by_accident(server):
    graph = Graph()
    source = generate(graph, load(graph))
    edited = graph.add("ImageScale", image=source, upscale_method="bicubic", width=72, height=72,
                       crop="disabled")  # fmt: skip
    kept = graph.add("WeGenPreserve", source=source, edited=edited)
    graph.add("PreviewAny", source=output(kept, 2))
    outcome = server.run(show(graph, kept))
    assert outcome.end == "execution_success", outcome.message
    assert server.pictures(outcome)[0].size == (64, 64)


def empty_prompt() -> Graph:
    return drawing(prompt="  \n")


def empty_wish() -> Graph:
    graph = Graph()
    wish = graph.add("WeGenRewritePrompt", prompt="", n=2, creativity=0.5, seed=1)
    graph.add("PreviewAny", source=wish)
    return graph


def endless_prompt() -> Graph:
    return drawing(prompt="a red car " * 10_000)


def missing_model() -> Graph:
    graph = Graph()
    return show(graph, generate(graph, load(graph, "not there")))


def too_many_masks() -> Graph:
    graph = Graph()
    three = graph.add("ImageToMask", image=blank(graph, batch=3), channel="red")
    return show(graph, refine(graph, blank(graph, batch=2), mask=three))


def picture_that_is_not_given() -> Graph:
    graph = Graph()
    inputs = {"copilot": load(graph), "image_1": blank(graph), "seed": 1}
    words = "put the cat from picture 1 into picture 7"
    return show(graph, graph.add("WeGenCompose", instruction=words, **inputs))


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (empty_prompt, "prompt is empty; say"),
        (empty_wish, "prompt is empty; say"),
        (endless_prompt, "Shorten the text"),
        (missing_model, "model 'not there' is not there; choose 'mini'"),
        (too_many_masks, "mask holds 3 masks for 2 pictures; give"),
        (picture_that_is_not_given, "picture 7"),
    ],
)
def test_wrong_input_is_explained_and_the_server_lives_on(server, graph, words):
    outcome = server.run(graph())
    assert outcome.end in ("execution_error", "rejected")
    assert words in outcome.message
    assert server.get("system_stats").status_code == 200


def test_a_picture_of_one_pixel_does_no_harm(server):
    graph = Graph()
    outcome = server.run(show(graph, refine(graph, blank(graph, 1, 1))))
    if outcome.end == "execution_error":
        assert re.search("image.*1x1", outcome.message)
    else:
        assert server.pictures(outcome)[0].size == (1, 1)
    assert server.get("system_stats").status_code == 200
