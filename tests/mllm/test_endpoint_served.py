"""The endpoint adapter against a real server: `transformers serve` with tiny random models.

Needs `pip install transformers[serving]`; skipped without.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.conversations import user_says
from tests.support.fakes import FakePainter, scene
from tests.support.tiny_vlms import make
from wegen_core.copilot import Copilot
from wegen_core.mllm.endpoint import EndpointError, EndpointMLLM
from wegen_core.planning import chat_planner
from wegen_core.records.conversation import Conversation
from wegen_core.records.hooks import Hooks, Sampling, Stopped

for package in ("fastapi", "uvicorn", "openai", "accelerate"):
    pytest.importorskip(package, reason="pip install transformers[serving]")


@pytest.fixture(scope="module", params=["gemma3", "text_only"])
def mllm(request, tmp_path_factory):
    """The endpoint of a server of its own."""
    root = tmp_path_factory.mktemp("served")
    folder = make(request.param, root / request.param)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = Path(sys.executable).with_name("transformers")
    command = [
        serve,
        "serve",
        folder,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--device",
        "cpu",
    ]
    with open(root / "log", "w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    endpoint = EndpointMLLM(
        f"http://127.0.0.1:{port}/v1",
        str(folder),
        max_images=0 if request.param == "text_only" else None,
        timeout=60,
    )
    try:
        wait_for(endpoint, server, root / "log")
        yield endpoint
    finally:
        server.terminate()
        server.wait(30)


def wait_for(mllm: EndpointMLLM, server: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 180
    while True:
        try:
            mllm.models()
            return
        except EndpointError:
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.5)


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
    assert drawn.plan.prompt == "a red boat by the sea" and "your own words" in str(drawn.report)
    assert copilot.chat(conversation, "make the boat blue").plan.intent == "refine"


def test_the_error_for_an_unknown_model_names_it(mllm):
    other = EndpointMLLM(mllm.address.url, "no/such-model", timeout=60)
    with pytest.raises((EndpointError, ValueError), match="no/such-model"):
        other.chat(user_says("hello"), sampling=Sampling(max_new_tokens=5))
