"""Wrong input in a real ComfyUI: an error that names input and remedy, and the server lives on."""

from __future__ import annotations

import pytest

from tests.support.graphs import (
    Graph,
    blank,
    compose,
    drawing,
    generate,
    load,
    output,
    preserve,
    refine,
    show,
    tell,
)

pytestmark = pytest.mark.comfyui


def empty_prompt() -> Graph:
    return drawing(prompt="  \n")


def empty_wish() -> Graph:
    graph = Graph()
    return tell(graph, graph.add("WeGenRewritePrompt", prompt="", n=2, creativity=0.5, seed=1))


def empty_instruction() -> Graph:
    graph = Graph()
    return show(graph, refine(graph, blank(graph), " "))


def empty_question() -> Graph:
    graph = Graph()
    given = {"copilot": load(graph), "image": blank(graph)}
    return tell(graph, graph.add("WeGenAsk", question="", **given))


def empty_message() -> Graph:
    graph = Graph()
    return tell(graph, graph.add("WeGenChat", copilot=load(graph), message="\n", seed=1))


def endless_prompt() -> Graph:
    return drawing(prompt="a red car " * 10_000)


def endless_instruction() -> Graph:
    graph = Graph()
    return show(graph, refine(graph, blank(graph), "make it night " * 8_000))


def too_many_references() -> Graph:
    graph = Graph()
    return show(graph, compose(graph, image_1=blank(graph, batch=64)))


def missing_model() -> Graph:
    graph = Graph()
    return show(graph, generate(graph, load(graph, "not there")))


def too_many_masks() -> Graph:
    graph = Graph()
    three = graph.add("ImageToMask", image=blank(graph, batch=3), channel="red")
    return show(graph, refine(graph, blank(graph, batch=2), mask=three))


def too_many_sources() -> Graph:
    graph = Graph()
    return show(graph, preserve(graph, blank(graph, batch=2), blank(graph, batch=3)))


def mask_of_another_shape() -> Graph:
    graph = Graph()
    mask = graph.add("SolidMask", value=1.0, width=64, height=32)
    return show(graph, preserve(graph, blank(graph), blank(graph), mask=mask))


def refining_mask_of_another_shape() -> Graph:
    graph = Graph()
    mask = graph.add("SolidMask", value=1.0, width=64, height=32)
    return show(graph, refine(graph, blank(graph), mask=mask))


def region_of_another_shape() -> Graph:
    graph = Graph()
    mask = graph.add("SolidMask", value=1.0, width=64, height=32)
    given = {"image": blank(graph), "role": "subject", "what": "", "strength": 1.0}
    cat = graph.add("WeGenReference", region=mask, **given)
    words = "put the cat from picture 2 into picture 1"
    return show(graph, compose(graph, words, image_1=blank(graph), references=cat))


def nothing_to_replace_by() -> Graph:
    graph = Graph()
    mask = graph.add("SolidMask", value=0.0, width=64, height=64)
    given = {"mask": mask, "mask_mode": "replace"}
    return show(graph, preserve(graph, blank(graph), blank(graph), **given))


def picture_that_is_not_given() -> Graph:
    graph = Graph()
    words = "put the cat from picture 1 into picture 7"
    return show(graph, compose(graph, words, image_1=blank(graph)))


def picture_that_is_not_a_number() -> Graph:
    graph = Graph()
    broken = graph.add("TestImage", width=64, height=64, value="nan")
    return show(graph, refine(graph, broken))


def picture_without_bounds() -> Graph:
    graph = Graph()
    broken = graph.add("TestImage", width=64, height=64, value="inf")
    return show(graph, preserve(graph, blank(graph), broken))


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (empty_prompt, "prompt is empty; say"),
        (empty_wish, "prompt is empty; say"),
        (empty_instruction, "instruction is empty; say"),
        (empty_question, "question is empty; ask"),
        (empty_message, "message is empty; say"),
        (endless_prompt, "Shorten the text"),
        (endless_instruction, "Shorten the text"),
        (too_many_references, "give at most 9"),
        (missing_model, "model 'not there' does not exist; choose 'mini'"),
        (too_many_masks, "mask holds 3 masks for 2 images; give"),
        (too_many_sources, "source holds 2 but edited holds 3 images; give"),
        (mask_of_another_shape, "mask is 64x32 but the source is 64x64; give"),
        (region_of_another_shape, "the region of image 2 is 64x32 but the scene is 64x64; give"),
        (refining_mask_of_another_shape, "mask is 64x32 but the image is 64x64; give"),
        (nothing_to_replace_by, "there is no mask; give one"),
        (picture_that_is_not_given, "picture 7"),
        (picture_that_is_not_a_number, "image holds values that are not finite"),
        (picture_without_bounds, "edited holds values that are not finite"),
    ],
)
def test_wrong_input_is_explained_and_the_server_lives_on(server, graph, words):
    outcome = server.run(graph())
    assert outcome.end in ("execution_error", "rejected")
    assert words in outcome.message
    assert server.get("system_stats").status_code == 200


def refine_nothing(graph: Graph, none: list) -> list:
    return refine(graph, none)


def refine_without_masks(graph: Graph, none: list) -> list:
    return refine(graph, blank(graph), mask=output(none, 1))


def compose_nothing(graph: Graph, none: list) -> list:
    return compose(graph, image_1=none)


def compose_with_nothing(graph: Graph, none: list) -> list:
    return compose(graph, image_1=blank(graph), image_2=none)


def ask_about_nothing(graph: Graph, none: list) -> list:
    return graph.add("WeGenAsk", copilot=load(graph), image=none, question="what is it?")


def chat_about_nothing(graph: Graph, none: list) -> list:
    return graph.add("WeGenChat", copilot=load(graph), message="hello", seed=1, images=none)


def preserve_nothing(graph: Graph, none: list) -> list:
    return preserve(graph, none, blank(graph))


def preserve_from_nothing(graph: Graph, none: list) -> list:
    return preserve(graph, blank(graph), none)


def preserve_without_masks(graph: Graph, none: list) -> list:
    return preserve(graph, blank(graph), blank(graph), mask=output(none, 1))


@pytest.mark.parametrize(
    ("node", "name"),
    [
        (refine_nothing, "image"),
        (refine_without_masks, "mask"),
        (compose_nothing, "image_1"),
        (compose_with_nothing, "image_2"),
        (ask_about_nothing, "image"),
        (chat_about_nothing, "images"),
        (preserve_nothing, "source"),
        (preserve_from_nothing, "edited"),
        (preserve_without_masks, "mask"),
    ],
)
def test_a_batch_of_no_pictures_is_explained(server, node, name):
    graph = Graph()
    outcome = server.run(tell(graph, node(graph, graph.add("TestEmptyBatch"))))
    assert outcome.end == "execution_error"
    assert f"{name} is an empty batch; connect at least one image" in outcome.message
