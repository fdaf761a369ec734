"""How runs go in a real ComfyUI: progress, Stop, caching, the queue, memory."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.comfy_server import free_all
from tests.support.graphs import Graph, blank, drawing, generate, load, preserve, show

pytestmark = pytest.mark.comfyui


def test_progress_previews_and_text_arrive_and_a_second_run_is_cached(server):
    first = server.run(drawing(seed=11))
    assert first.end == "execution_success", first.message
    assert first.progress > 5 and first.previews > 0 and first.streamed > 0
    second = server.run(drawing(seed=11))
    assert {"1", "2"} <= set(second.cached)


def test_another_seed_does_not_load_again(server):
    assert server.run(drawing(seed=21, steps=1)).end == "execution_success"
    outcome = server.run(drawing(seed=22, steps=1))
    assert "1" in outcome.cached and "2" not in outcome.cached


def test_stop_ends_the_run_at_once(server):
    spent = []

    def stop(count: int) -> None:
        if count in (10, 70):
            spent.append(server.get("wegen_test/cpu_seconds").json())
        if count == 70:
            server.post("interrupt")

    outcome = server.run(drawing(n=16, steps=200, seed=12), on_progress=stop)
    assert outcome.end == "execution_interrupted"
    a_step = (spent[1] - spent[0]) / 60
    # The other 130 steps would take 130 times as long.
    assert server.get("wegen_test/cpu_seconds").json() - spent[1] < 30 * a_step
    assert server.run(drawing(seed=13, steps=1)).end == "execution_success"


def test_stop_while_loading(server):
    free_all(server)

    def stop(node: str) -> None:
        if node == "1":
            server.post("interrupt")

    outcome = server.run(drawing(seed=16, steps=200), on_node=stop)
    assert outcome.end == "execution_interrupted"
    assert outcome.progress == 0
    assert server.run(drawing(seed=16, steps=1)).end == "execution_success"


def test_preserve_tells_its_progress_and_stops_within_a_picture(server):
    def preserving(side: int) -> Graph:
        graph = Graph()
        source = graph.add("TestImage", width=side, height=side, value="0.9")
        return show(graph, preserve(graph, source, blank(graph, side, side, batch=2)))

    assert server.run(preserving(64)).progress >= 2
    stopped = []

    def stop(node: str) -> None:
        if node == "3":
            time.sleep(0.5)
            server.post("interrupt")
            stopped.append(server.get("wegen_test/cpu_seconds").json())

    outcome = server.run(preserving(4000), on_node=stop)
    assert outcome.end == "execution_interrupted" and outcome.progress == 0
    assert server.get("wegen_test/cpu_seconds").json() - stopped[0] < 3
    assert server.run(preserving(65)).end == "execution_success"


def test_two_users_at_once_both_get_their_pictures(server):
    with ThreadPoolExecutor() as users:
        outcomes = list(users.map(server.run, [drawing(seed=k, steps=1) for k in (31, 32)]))
    assert [o.end for o in outcomes] == ["execution_success"] * 2
    first, second = (server.pictures(o)[0].tobytes() for o in outcomes)
    assert first != second


def test_two_loaders_of_one_model_share_its_network(server):
    free_all(server)
    graph = Graph()
    for seed in (1, 2):
        show(graph, generate(graph, load(graph), seed=seed, steps=1))
    assert server.run(graph).end == "execution_success"
    assert server.get("wegen_test/networks").json() == 1


def test_unload_and_free_release_the_network(server):
    free_all(server)
    assert server.run(drawing(seed=14, steps=1)).end == "execution_success"
    server.post("free", {"unload_models": True})
    assert server.run(drawing(seed=15, steps=1)).end == "execution_success"
    assert server.get("wegen_test/networks").json() == 1
    free_all(server)
    assert server.run(drawing(seed=14, steps=1)).end == "execution_success"
