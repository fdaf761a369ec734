"""The endpoint adapter against real servers with tiny random models, each in its own environment.

WEGEN_LLAMA_PYTHON is a Python with llama-cpp-python[server] and gguf, WEGEN_TRANSFORMERS_PYTHON one
with transformers[serving]. Without them these tests are skipped.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import tiny_gguf
from tests.support.conversations import user_says
from tests.support.fakes import FakePainter, scene
from tests.support.tiny_vlms import make
from wegen_core.copilot import Copilot
from wegen_core.mllm.endpoint import EndpointError, EndpointMLLM
from wegen_core.planning import chat_planner
from wegen_core.records.conversation import Conversation
from wegen_core.records.hooks import Hooks, Sampling, Stopped

SCHEMA = {
    "type": "object",
    "properties": {"colour": {"type": "string", "enum": ["red", "blue"]}},
    "required": ["colour"],
}


def python_of(variable: str) -> str:
    python = os.environ.get(variable)
    if not python:
        pytest.skip(f"set {variable} to the Python of an environment with that server")
    return python


@contextmanager
def served(command: list[str], port: int, model: str, max_images: int | None, log: Path):
    with open(log, "w") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    endpoint = EndpointMLLM(f"http://127.0.0.1:{port}", model, max_images=max_images, timeout=60)
    try:
        wait_for(endpoint, server, log)
        yield endpoint
    finally:
        server.terminate()
        server.wait(30)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module", params=["llama-cpp-python", "gemma3", "text_only"])
def mllm(request, tmp_path_factory) -> Iterator[EndpointMLLM]:
    """The endpoint of a server of its own."""
    root, port = tmp_path_factory.mktemp("served"), free_port()
    address = ["--host", "127.0.0.1", "--port", str(port)]
    if request.param == "llama-cpp-python":
        python, model = python_of("WEGEN_LLAMA_PYTHON"), str(root / "tiny.gguf")
        subprocess.run([python, tiny_gguf.__file__, model], check=True)
        command = [python, "-m", "llama_cpp.server", "--model", model, *address]
        options = ["--n_ctx", "4096", "--n_threads", "1", "--chat_format", "chatml"]
        max_images: int | None = 0
    else:
        python = python_of("WEGEN_TRANSFORMERS_PYTHON")
        model = str(make(request.param, root / request.param))
        command = [str(Path(python).with_name("transformers")), "serve", model, *address]
        options = ["--device", "cpu"]
        max_images = 0 if request.param == "text_only" else None
    with served([*command, *options], port, model, max_images, root / "log") as endpoint:
        yield endpoint


def wait_for(mllm: EndpointMLLM, server: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 180
    while True:
        try:
            mllm.models()
            return
        except EndpointError:
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.5)


def is_llama(mllm: EndpointMLLM) -> bool:
    return mllm.address.model.endswith(".gguf")


def question(mllm: EndpointMLLM) -> Conversation:
    """With an image where the model takes one."""
    return user_says(*([scene((60, 40))] if mllm.capabilities.sees else []), "what is it?")


def test_it_streams_a_reply(mllm):
    passed_on = []
    reply = mllm.chat(
        question(mllm),
        sampling=Sampling(max_new_tokens=20),
        hooks=Hooks(on_text=passed_on.append),
    )
    assert reply and "".join(passed_on).strip() == reply and len(passed_on) > 1


def test_stopping_takes_effect_at_once(mllm):
    passed_on = []
    with pytest.raises(Stopped):
        mllm.chat(
            question(mllm),
            sampling=Sampling(max_new_tokens=4000),
            hooks=Hooks(on_text=passed_on.append, should_stop=lambda: len(passed_on) >= 2),
        )
    assert len(passed_on) <= 3


def test_the_copilot_works_through_it(mllm, monkeypatch):
    monkeypatch.setattr(chat_planner, "SAMPLING", replace(chat_planner.SAMPLING, max_new_tokens=20))
    monkeypatch.setattr(chat_planner, "ANSWER_TOKENS", 20)
    copilot, conversation = Copilot(mllm, FakePainter()), Conversation()
    drawn = copilot.chat(conversation, "a red boat by the sea")
    assert drawn.plan.prompt == "a red boat by the sea"
    assert dict(drawn.plan.sources)["prompt"] == "words" and "from the words" in str(drawn.report)
    assert copilot.chat(conversation, "make the boat blue").plan.intent == "refine"


def test_the_error_for_an_unknown_model_names_it(mllm):
    if is_llama(mllm):
        pytest.skip("llama-cpp-python serves one model, whatever its name")
    other = EndpointMLLM(mllm.address.url, "no/such-model", timeout=60)
    with pytest.raises((EndpointError, ValueError), match="no/such-model"):
        other.chat(user_says("hello"), sampling=Sampling(max_new_tokens=5))


def test_the_form_of_a_schema_is_found_and_kept(mllm):
    sampling = Sampling(temperature=0.7, max_new_tokens=30)
    for seed in range(2):
        reply = mllm.chat(user_says("which?"), schema=SCHEMA, sampling=replace(sampling, seed=seed))
        if is_llama(mllm):  # its grammar leaves nothing else
            assert json.loads(reply)["colour"] in ("red", "blue")
    form = mllm._accepted.form
    assert form > 0 if is_llama(mllm) else form == 0


def test_too_long_a_conversation_is_called_so(mllm):
    if not is_llama(mllm):
        pytest.skip("transformers serve does not refuse it")
    with pytest.raises(ValueError, match="the conversation is too long"):
        mllm.chat(user_says("a red boat " * 3000), sampling=Sampling(max_new_tokens=5))
