"""Other language models in a real ComfyUI: an endpoint that behaves and misbehaves, a local one."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time

import pytest

from tests.support.comfy_server import PACK, ComfyServer
from tests.support.graphs import Graph, output, tell
from tests.support.hostile_server import reply, serving, silent, speak

pytestmark = pytest.mark.comfyui
PLAN = {
    "intent": "generate",
    "text": "A red boat for you.",
    "prompt": "a red boat on the left, by the sea",
    "changes": [],
    "keep": [],
    "region": None,
    "references": [],
}

LOADING = {"precision": "auto", "quantisation": "off", "attention": "sdpa", "repository": ""}


def endpoint(graph: Graph, host: str, check: str = "off") -> list:
    inputs = {"url": f"http://{host}/v1", "model": "small", "pictures": 9, "timeout": 20}
    return graph.add("WeGenCopilot", mllm=graph.add("WeGenMLLMEndpoint", **inputs), check=check)


def chatting(host: str, message: str = "a red boat by the sea", seed: int = 1) -> Graph:
    graph = Graph()
    turn = graph.add("WeGenChat", copilot=endpoint(graph, host), message=message, seed=seed)
    graph.add("PreviewAny", source=turn)
    graph.add("PreviewImage", images=output(turn, 1))
    return graph


def test_a_copilot_without_an_mllm_reads_the_words(server: ComfyServer):
    graph = Graph()
    copilot = graph.add("WeGenCopilot", check="report")
    image = graph.add("EmptyImage", width=64, height=64, batch_size=1, color=0x88AA66)
    words = "make the boat red but leave the sky alone"
    refined = graph.add("WeGenRefine", copilot=copilot, image=image, instruction=words, seed=1)
    graph.add("PreviewImage", images=refined)
    graph.add("PreviewAny", source=output(refined, 2))
    outcome = server.run(graph)
    assert outcome.end == "execution_success", outcome.message
    report = server.texts(outcome)[-1]
    assert words in report and "check skipped: it needs an MLLM" in report

    graph.add(
        "PreviewAny", source=graph.add("WeGenAsk", copilot=copilot, image=image, question="?")
    )
    outcome = server.run(graph)
    assert (
        outcome.end == "execution_error" and "answering needs a language model" in outcome.message
    )


def test_an_endpoint_plans_and_the_built_in_network_draws(server: ComfyServer):
    with serving(speak("Sure!\n```json\n", json.dumps(PLAN), "\n```")) as host:
        outcome = server.run(chatting(host.host))
    assert outcome.end == "execution_success", outcome.message
    assert server.texts(outcome)[0] == PLAN["text"]
    assert server.pictures(outcome)[0].size == (64, 64)
    assert outcome.progress > 5 and outcome.streamed > 0


def test_rewriting_through_an_endpoint_keeps_what_was_said(server):
    with serving(speak("a red car on a wet street at night")) as host:
        graph = Graph()
        copilot = endpoint(graph, host.host)
        wish = graph.add(
            "WeGenRewritePrompt", prompt="a red car", n=2, creativity=0.7, seed=1, copilot=copilot
        )
        graph.add("PreviewAny", source=wish)
        graph.add("PreviewAny", source=output(wish, 1))
        outcome = server.run(graph)
    assert outcome.end == "execution_success", outcome.message
    assert "a red car on a wet street at night" in server.texts(outcome)
    assert any("kept: colour red car" in text for text in server.texts(outcome))


def test_the_check_is_in_the_report_and_paints_again(server):
    refine = {**PLAN, "intent": "refine", "changes": ["the boat is blue"]}
    acts = [speak(json.dumps(refine)), speak("no"), speak("yes")]
    with serving(*acts) as host:
        graph = Graph()
        copilot = endpoint(graph, host.host, "repaint")
        image = graph.add("EmptyImage", width=64, height=64, batch_size=1, color=0x88AA66)
        refined = graph.add(
            "WeGenRefine", copilot=copilot, image=image, instruction="make the boat blue", seed=1
        )
        graph.add("PreviewAny", source=output(refined, 2))
        graph.add("PreviewImage", images=refined)
        outcome = server.run(graph)
        assert len(host.asked) == 3
    assert outcome.end == "execution_success", outcome.message
    assert "yes: the boat is blue" in server.texts(outcome)[0]


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (reply({"error": {"message": "no"}}, 401), "set the environment variable WEGEN_API_KEYS"),
        (reply({"error": "model not found"}, 404), "it offers small, large"),
        (reply("<html>", 200, "text/html"), "give the base address of an OpenAI-compatible"),
    ],
)
def test_what_goes_wrong_at_an_endpoint_is_explained(server, act, words):
    with serving(act) as host:
        outcome = server.run(chatting(host.host))
    assert outcome.end == "execution_error" and words in outcome.message
    assert outcome.node == "WeGenChat"


def test_stop_ends_the_wait_for_a_silent_endpoint(server):
    def stop() -> None:
        while not host.asked:
            time.sleep(0.02)
        server.post("interrupt")

    with serving(silent) as host:
        threading.Thread(target=stop).start()
        outcome = server.run(chatting(host.host))
    assert outcome.end == "execution_interrupted"  # without Stop: an error, after the timeout


def make_model(server: ComfyServer, name: str, kind: str, **sizes: int) -> None:
    # By the server's own transformers: older ones cannot read what newer ones write.
    place = str(server.base / "models" / "LLM" / name)
    code = f"import pathlib, tiny_vlms as t; t.make({kind!r}, pathlib.Path({place!r}), **{sizes})"
    subprocess.run([server.python, "-c", code], cwd=PACK / "tests" / "support", check=True)


def test_quantisation_works_or_names_what_it_needs(server):
    make_model(server, "wide", "text_only", hidden_size=64, intermediate_size=128, head_dim=16)
    graph = Graph()
    mllm = graph.add("WeGenLoadMLLM", model="LLM/wide", **{**LOADING, "quantisation": "8 bit"})
    image = graph.add("EmptyImage", width=64, height=64, batch_size=1, color=0x88AA66)
    asked = {"mllm": mllm, "image": image, "question": "what is it?"}
    graph.add("PreviewAny", source=graph.add("WeGenAsk", **asked))
    outcome = server.run(graph)
    if outcome.end == "execution_error":
        assert "8 bits need the package " in outcome.message
    else:
        assert outcome.end == "execution_success" and server.texts(outcome)[0]


def test_language_models_are_found_wherever_they_lie_and_once(server):
    places = {
        "LLM/a": "models/LLM/a",
        "text_encoders/b": "models/text_encoders/b",
        "wegen/c": "models/wegen/c",
        "LLM/by_yaml": "language/by_yaml",
    }
    for place in places.values():
        (server.base / place).mkdir(parents=True)
        (server.base / place / "config.json").write_text('{"model_type": "llama"}')
        (server.base / place / "tokenizer_config.json").write_text("{}")
    again = server.base / "models" / "text_encoders" / "a"
    again.symlink_to(server.base / "models" / "LLM" / "a")
    offered = str(server.get("object_info/WeGenLoadMLLM").json()["WeGenLoadMLLM"]["input"])
    for name, place in places.items():
        shutil.rmtree(server.base / place)
        assert f"'{name}'" in offered
    assert "text_encoders/a" not in offered


def test_a_local_model_answers_and_is_released(server):
    make_model(server, "tiny", "gemma3")
    graph = Graph()
    mllm = graph.add("WeGenLoadMLLM", model="LLM/tiny", **LOADING)
    image = graph.add("EmptyImage", width=64, height=64, batch_size=1, color=0x88AA66)
    answer = graph.add(
        "WeGenAsk",
        copilot=graph.add("WeGenCopilot", mllm=mllm, check="off"),
        image=image,
        question="what is it?",
    )
    graph.add("PreviewAny", source=answer)
    outcome = server.run(graph)
    assert outcome.end == "execution_success", outcome.message
    assert server.texts(outcome)[0]
    assert server.get("wegen_test/networks").json() >= 2
    server.post("free", {"unload_models": True, "free_memory": True})
    give_up = time.monotonic() + 30
    while server.get("wegen_test/alive").json():
        assert time.monotonic() < give_up, "a network is still in memory"
        time.sleep(0.1)


def test_stop_is_heard_while_a_local_model_loads(server):
    make_model(server, "slow", "text_only")

    def stop(node: str) -> None:
        if node == "1":
            server.post("interrupt")

    def asking() -> Graph:
        graph = Graph()
        mllm = graph.add("WeGenLoadMLLM", model="LLM/slow", **LOADING)
        image = graph.add("EmptyImage", width=64, height=64, batch_size=1, color=0x88AA66)
        asked = {"mllm": mllm, "image": image, "question": "what is it?"}
        graph.add("PreviewAny", source=graph.add("WeGenAsk", **asked))
        return graph

    outcome = server.run(asking(), on_node=stop)
    assert outcome.end == "execution_interrupted" and "3" not in outcome.begun
    assert server.run(asking()).end == "execution_success"


def test_nothing_is_downloaded_unless_the_user_has_said_so(server):
    graph = Graph()
    named = {**LOADING, "repository": "Some-One/Tiny-VL"}
    mllm = graph.add("WeGenLoadMLLM", model="(none)", **named)
    copilot = graph.add("WeGenCopilot", mllm=mllm, check="off")
    graph.add("PreviewAny", source=graph.add("WeGenChat", copilot=copilot, message="hello", seed=1))
    outcome = server.run(graph)
    assert outcome.end == "execution_error" and outcome.node == "WeGenLoadMLLM"
    assert "downloads are off; start with the environment variable" in outcome.message


def test_a_missing_local_model_is_named(server):
    graph = Graph()
    mllm = graph.add("WeGenLoadMLLM", model="LLM/not there", **LOADING)
    copilot = graph.add("WeGenCopilot", mllm=mllm, check="off")
    graph.add("PreviewAny", source=graph.add("WeGenChat", copilot=copilot, message="hello", seed=1))
    outcome = server.run(graph)
    assert outcome.end == "rejected" and "language model 'LLM/not there' is not" in outcome.message


def asking_clip(kind: str, color: int = 0x88AA66, tireless: bool = False) -> Graph:
    graph = Graph()
    clip = graph.add("TestCLIP", kind=kind, tireless=tireless)
    mllm = graph.add("WeGenMLLMFromCLIP", clip=clip)
    image = graph.add("EmptyImage", width=96, height=64, batch_size=1, color=color)
    asked = {"mllm": mllm, "image": image, "question": "what is it?"}
    graph.add("PreviewAny", source=graph.add("WeGenAsk", **asked))
    return graph


def writes(object_info) -> bool:
    """Whether this ComfyUI's text encoders can write; its own node for that says so."""
    return "TextGenerate" in object_info


def test_a_text_encoder_answers(server, object_info):
    if not writes(object_info):
        outcome = server.run(asking_clip("clip_l", tireless=True))
        assert outcome.end == "execution_error" and outcome.node == "WeGenMLLMFromCLIP"
        assert "whose text encoders cannot write; update it to 0.15 or newer" in outcome.message
        return
    for kind in ("qwen3_4b", "qwen3_8b", "qwen3vl_4b", "gemma4"):
        said = []
        for color in (0x88AA66, 0x88AA66, 0x1020F0):
            outcome = server.run(asking_clip(kind, color=color))
            assert outcome.end == "execution_success", outcome.message
            said += server.texts(outcome)
            assert said[-1] and "<|im_" not in said[-1]
        assert said[0] == said[1]
        assert (said[1] != said[2]) == (kind in ("qwen3vl_4b", "gemma4"))  # these have eyes


@pytest.mark.parametrize(
    ("maker", "options", "words"),
    [
        ("TestCLIP", {"kind": "clip_l"}, "SD1ClipModel is not a language model"),
        ("TestCLIP", {"kind": "qwen3_8b", "headless": True}, "its file holds no output layer"),
        ("TestQwenImage", {}, "Qwen25_7BVLI cannot write: ComfyUI"),
        ("TestNoEncoder", {}, "clip is empty; connect Load CLIP"),
    ],
)
def test_a_text_encoder_that_cannot_write_is_refused(server, object_info, maker, options, words):
    graph = Graph()
    clip = output(graph.add(maker, **options), 0 if maker == "TestCLIP" else 1)
    mllm = graph.add("WeGenMLLMFromCLIP", clip=clip)
    wish = {"prompt": "a boat", "n": 1, "creativity": 0.5, "seed": 1, "mllm": mllm}
    outcome = server.run(tell(graph, graph.add("WeGenRewritePrompt", **wish)))
    assert outcome.end == "execution_error" and outcome.node == "WeGenMLLMFromCLIP"
    if writes(object_info) or maker == "TestNoEncoder":
        assert words in outcome.message


def test_stop_is_heard_by_a_text_encoder(server, object_info):
    if not writes(object_info):
        pytest.skip("this ComfyUI's text encoders cannot write")

    def stop(count: int) -> None:
        if count == 3:
            server.post("interrupt")

    outcome = server.run(asking_clip("qwen3_4b", tireless=True), on_progress=stop)
    assert outcome.end == "execution_interrupted" and outcome.progress < 200


def test_an_mllm_alone_answers_and_rewrites(server):
    with serving(speak("a red car on a wet street at night")) as host:
        graph = Graph()
        inputs = {"url": f"http://{host.host}/v1", "model": "m", "pictures": 9, "timeout": 20}
        mllm = graph.add("WeGenMLLMEndpoint", **inputs)
        image = graph.add("EmptyImage", width=64, height=64, batch_size=1, color=0x88AA66)
        asked = {"mllm": mllm, "image": image, "question": "what is it?"}
        graph.add("PreviewAny", source=graph.add("WeGenAsk", **asked))
        wish = {"prompt": "a red car", "n": 1, "creativity": 0.7, "seed": 1, "mllm": mllm}
        graph.add("PreviewAny", source=graph.add("WeGenRewritePrompt", **wish))
        outcome = server.run(graph)
    assert outcome.end == "execution_success", outcome.message
    assert server.texts(outcome) == ["a red car on a wet street at night"] * 2


def test_a_key_that_was_typed_into_a_url_is_kept_nowhere(server):
    graph = Graph()
    inputs = {"url": "http://me:secret-key@127.0.0.1:1/v1", "model": "m", "pictures": 9}
    mllm = graph.add("WeGenMLLMEndpoint", **inputs, timeout=20)
    graph.add("PreviewAny", source=mllm)
    image = graph.add("EmptyImage", width=64, height=64, batch_size=1, color=0)
    graph.add("SaveImage", images=image, filename_prefix="key")
    outcome = server.run(graph)
    assert outcome.end == "execution_error" and "url holds a key or password" in outcome.message
    places = [server.log, *server.base.glob("output/key*")]
    assert len(places) == 2 and not any(b"secret-key" in p.read_bytes() for p in places)
    assert "secret-key" not in server.get("history").text


def test_the_wrong_number_of_models_is_explained(server):
    graph = Graph()
    image = graph.add("EmptyImage", width=64, height=64, batch_size=1, color=0x88AA66)
    graph.add("PreviewAny", source=graph.add("WeGenAsk", image=image, question="what is it?"))
    outcome = server.run(graph)
    assert outcome.end == "execution_error"
    assert "neither copilot nor mllm is connected" in outcome.message
    graph = Graph()
    inputs = {"url": "http://127.0.0.1:1/v1", "model": "m", "pictures": 9, "timeout": 20}
    mllm = graph.add("WeGenMLLMEndpoint", **inputs)
    copilot = graph.add("WeGenCopilot", mllm=mllm, check="off")
    wish = {"prompt": "a red car", "n": 1, "creativity": 0.7, "seed": 1}
    graph.add(
        "PreviewAny", source=graph.add("WeGenRewritePrompt", **wish, mllm=mllm, copilot=copilot)
    )
    outcome = server.run(graph)
    assert outcome.end == "execution_error" and "disconnect one of them" in outcome.message
