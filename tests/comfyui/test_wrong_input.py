"""Wrong input in a real ComfyUI: an error that names input and remedy, and the server lives on."""

from __future__ import annotations

import pytest
from graphs import Graph, blank, compose, drawing, generate, load, refine, show, tell

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
    given = {"source": blank(graph, batch=2), "edited": blank(graph, batch=3)}
    return show(graph, graph.add("WeGenPreserve", **given))


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
    return show(graph, graph.add("WeGenPreserve", source=blank(graph), edited=broken))


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
        (too_many_references, "give fewer pictures"),
        (missing_model, "model 'not there' is not there; choose 'mini'"),
        (too_many_masks, "mask holds 3 masks for 2 pictures; give"),
        (too_many_sources, "source holds 2 pictures and edited 3; give"),
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
