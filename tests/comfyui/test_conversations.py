"""The chat sidebar's routes and nodes on a running server."""

from __future__ import annotations

import contextlib
import io
import os
import random
import threading
import time
import uuid
from pathlib import Path

import numpy as np
import pytest
import requests
import websocket
from PIL import Image

from tests.support.comfy_server import PACK, ComfyServer, free_all

pytestmark = pytest.mark.comfyui
SHELF = "wegen/conversations"
KILLS = int(os.environ.get("WEGEN_KILLS", "2"))  # `make soak`: 200


def call(server: ComfyServer, method: str, path: str, **options) -> requests.Response:
    return requests.request(method, f"http://{server.address}/{path}", timeout=120, **options)


def new(server: ComfyServer, title: str = "") -> str:
    return call(server, "POST", SHELF, json={"title": title}).json()["id"]


def say(server: ComfyServer, conversation: str, text: str, parent: str | None = None) -> str:
    body = {"parent": parent, "text": text}
    return call(server, "POST", f"{SHELF}/{conversation}/turns", json=body).json()["turn"]


def graph(conversation: str, turn: str, seed: int = 1) -> dict:
    """What the sidebar queues for a message that it has saved."""
    return {
        "1": {"class_type": "WeGenLoadModel", "inputs": {"model": "mini", "precision": "auto"}},
        "2": {"class_type": "WeGenConversation", "inputs": {"name": conversation, "turn": turn}},
        "3": {
            "class_type": "WeGenChat",
            "inputs": {
                "copilot": ["1", 0],
                "message": "",
                "seed": seed,
                "conversation": ["2", 0],
            },
        },
        "4": {
            "class_type": "WeGenSaveConversation",
            "inputs": {"conversation": ["3", 2], "name": conversation},
        },
    }


def describe(server: ComfyServer, conversation: str) -> dict:
    return server.get(f"{SHELF}/{conversation}").json()


def picture(server: ComfyServer, conversation: str, turn: dict) -> np.ndarray:
    name = next(part["image"] for part in turn["parts"] if "image" in part)
    return np.asarray(
        Image.open(io.BytesIO(server.get(f"{SHELF}/{conversation}/images/{name}").content))
    )


def test_a_conversation_is_drawn_changed_and_repeated_as_a_graph(server: ComfyServer) -> None:
    one = new(server)
    head = None
    for text in ("a red boat by the sea on the left", "make the boat blue"):
        turn = say(server, one, text, head)
        outcome = server.run(graph(one, turn, seed=3))
        assert outcome.end == "execution_success", outcome.message
        head = describe(server, one)["head"]
    turns = describe(server, one)["turns"]
    assert [turn["role"] for turn in turns] == ["user", "assistant"] * 2
    change = server.get(f"{SHELF}/{one}/turns/{head}/change").json()
    assert 0.5 < change["identical"] < 1
    again = server.get(f"{SHELF}/{one}/graph").json()["prompt"]
    outcome = server.run({**again})
    assert outcome.end == "execution_success", outcome.message
    last = sorted(node for node in outcome.outputs if "images" in outcome.outputs[node])[-1]
    shown = Image.open(io.BytesIO(server.get("view", **outcome.outputs[last]["images"][0]).content))
    assert (np.asarray(shown) == picture(server, one, turns[-1])).all()


BRANCHES = [
    ["a red boat by the sea on the left"],
    ["a red boat by the sea on the left", "make the boat blue", "make it night"],
    ["a yellow star at night in the middle", "add a green tree on the right"],
    ["海边左侧的一只红色小船", "把小船变成蓝色"],
    ["a green tree on grass", "what colour is the tree?", "make the tree red"],
    ["four variants of a blue house on grass", "make the house yellow"],
    ["a red boat by the sea", "make the boat blue", "undo that", "make the boat green"],
    ["image", "make it night"],
    ["mask", "make the tree blue", "make the tree red"],
    ["two images", "a red boat by the sea"],
]


def message(server: ComfyServer, conversation: str, text: str, head: str | None) -> str:
    """Say `text`; "image", "mask" and "two images" stand for what cannot be typed. The turn."""
    body: dict = {"parent": head, "text": text}
    if text in ("image", "mask", "two images"):
        names = []
        for colour in ("white", "green", "blue"):
            buffer = io.BytesIO()
            Image.new("RGB", (64, 64), colour).save(buffer, "PNG")
            files = {"image": ("a.png", buffer.getvalue())}
            answer = call(server, "POST", f"{SHELF}/{conversation}/images", files=files)
            names.append(answer.json()["name"])
        body |= {
            "image": {"text": "add a red boat", "images": names[1:2]},
            "mask": {"text": "add a green tree", "images": names[1:2], "mask": names[0]},
            "two images": {
                "text": "put the colours of image 2 into image 1",
                "images": names[1:],
                "references": [{"picture": 1, "role": "base"}, {"picture": 2, "role": "style"}],
            },
        }[text]
    return call(server, "POST", f"{SHELF}/{conversation}/turns", json=body).json()["turn"]


@pytest.mark.slow
@pytest.mark.parametrize("texts", BRANCHES, ids=lambda texts: texts[0])
def test_a_branch_opened_as_a_graph_gives_equal_images(server: ComfyServer, texts) -> None:
    one, head = new(server), None
    for seed, text in enumerate(texts, 11):
        turn = message(server, one, text, head)
        outcome = server.run(graph(one, turn, seed))
        assert outcome.end == "execution_success", outcome.message
        head = describe(server, one)["head"]
    expected = images_of_branch(server, one)
    free_all(server)  # else ComfyUI takes the images from its cache
    again = server.get(f"{SHELF}/{one}/graph").json()["prompt"]
    outcome = server.run(again)
    assert outcome.end == "execution_success", outcome.message
    previews = sorted(node for node in again if node.startswith("wegen_preview"))
    assert previews
    for node, image in zip(reversed(previews), reversed(expected), strict=False):
        (file,) = outcome.outputs[node]["images"]
        shown = Image.open(io.BytesIO(server.get("view", **file).content))
        assert (np.asarray(shown) == image).all(), node


def images_of_branch(server: ComfyServer, conversation: str) -> list[np.ndarray]:
    """The image that is current after each reply of the branch."""
    described = describe(server, conversation)
    turns = {turn["id"]: turn for turn in described["turns"]}
    path, step = [], described["head"]
    while step is not None:
        path.insert(0, turns[step])
        step = turns[step]["parent"]
    images, current = [], None
    for turn in path:
        if any("image" in part for part in turn["parts"]):
            current = picture(server, conversation, turn)
        if turn["role"] == "assistant":
            images.append(current)
    return images


def test_a_run_that_fails_keeps_the_message(server: ComfyServer) -> None:
    one = new(server)
    turn = say(server, one, "draw a boat")
    broken = graph(one, turn)
    broken["3"]["inputs"]["conversation"] = ["1", 0]
    assert server.run(broken).end != "execution_success"
    assert [t["id"] for t in describe(server, one)["turns"]] == [turn]


def test_uploads_thumbnails_export_and_import(server: ComfyServer) -> None:
    one = new(server, "mine")
    buffer = io.BytesIO()
    Image.new("RGB", (500, 300), "green").save(buffer, "PNG")
    files = {"image": ("a.png", buffer.getvalue())}
    name = call(server, "POST", f"{SHELF}/{one}/images", files=files).json()["name"]
    small = server.get(f"{SHELF}/{one}/images/{name}", size=100)
    assert Image.open(io.BytesIO(small.content)).size == (100, 60)
    body = {"parent": None, "text": "like this", "images": [name]}
    assert call(server, "POST", f"{SHELF}/{one}/turns", json=body).status_code == 200
    zipped = server.get(f"{SHELF}/{one}/export").content
    other = call(server, "POST", "wegen/import", files={"file": ("a.zip", zipped)}).json()["id"]
    assert describe(server, other)["turns"] == describe(server, one)["turns"]
    names = [c["title"] for c in server.get(SHELF).json()["conversations"]]
    assert names.count("mine") == 2


def test_hostile_requests_get_an_error_and_never_a_500(server: ComfyServer) -> None:
    one = new(server)
    rng = random.Random(1)
    ids = [
        one,
        "..",
        "%2e%2e",
        "a" * 12,
        "0" * 12,
        "../" * 3,
        "x" * 500,
        "\u00e9",
        uuid.uuid4().hex,
    ]
    ends = ["", "/turns", "/images", "/images/..", "/images/0123456789abcdef.png", "/graph"]
    ends += [
        "/export",
        "/turns/x/plan",
        "/turns/x/change",
        "/images/a.png?size=x",
        "/turns/%00/change?against=y",
    ]
    bodies = [None, b"{", b"[]", b"{}", b'{"parent": 5}', b'{"text": 7}', b'{"images": ["../a"]}']
    bodies += [b'{"hidden": "x"}', b'{"title": []}', b'{"head": "nope"}', b'{"references": [3]}']
    for _ in range(1000):
        method = rng.choice(["GET", "POST", "PUT", "PATCH", "DELETE"])
        path = f"{SHELF}/{rng.choice(ids)}{rng.choice(ends)}"
        answer = call(server, method, path, data=rng.choice(bodies))
        assert answer.status_code < 500, (method, path, answer.text)
    assert describe(server, one)["id"] == one


@pytest.mark.slow
def test_every_user_of_a_server_has_conversations_of_their_own(server, tmp_path: Path) -> None:
    second = ComfyServer(server.folder, server.python, tmp_path)
    second.start({"ComfyUI-WeGen": PACK}, "--multi-user")
    try:
        users = {
            n: call(second, "POST", "users", json={"username": n}).json() for n in ("ann", "bob")
        }
        for name, user in users.items():
            header = {"Comfy-User": user}
            nodes = graph(f"boats of {name}", "")
            nodes["3"]["inputs"]["message"] = "a red boat"
            # An id in the body, as older pages sent it, opens nobody else's folder.
            body = {"prompt": nodes, "extra_data": {"wegen_user": "../.."}}
            job = call(second, "POST", "prompt", json=body, headers=header).json()["prompt_id"]
            give_up = time.monotonic() + 120
            while job not in second.get(f"history/{job}").json():
                assert time.monotonic() < give_up
                time.sleep(0.1)
            listed = call(second, "GET", SHELF, headers=header).json()["conversations"]
            assert [entry["title"] for entry in listed] == [f"boats of {name}"]
        for header in ({}, {"Comfy-User": "nobody"}):
            assert call(second, "GET", SHELF, headers=header).status_code == 404
        nodes = graph("boats of nobody", "")
        nodes["3"]["inputs"]["message"] = "a red boat"
        assert second.run(nodes).end == "execution_success"
        saved = tmp_path / "user" / "default" / "wegen" / "conversations"
        assert len(list(saved.iterdir())) == 1
    finally:
        second.stop()


@pytest.mark.slow
def test_killing_the_server_loses_no_confirmed_turn(server: ComfyServer, tmp_path: Path) -> None:
    second = ComfyServer(server.folder, server.python, tmp_path)
    second.start({"ComfyUI-WeGen": PACK})
    rng = random.Random(0)
    one, head, confirmed = new(second), None, []
    broken = (requests.RequestException, websocket.WebSocketException, OSError)
    try:
        for _ in range(KILLS):
            threading.Timer(rng.uniform(0.5, 6), second.process.kill).start()
            with contextlib.suppress(*broken):
                while True:
                    confirmed.append(say(second, one, "a red boat by the sea", head))
                    second.run(graph(one, confirmed[-1]))
                    head = describe(second, one)["head"]
                    confirmed.append(head)
            second.process.wait()
            second.launch()
            described = describe(second, one)
            assert {*confirmed} <= {turn["id"] for turn in described["turns"]}
            for turn in described["turns"]:
                if any("image" in part for part in turn["parts"]):
                    assert picture(second, one, turn).shape == (64, 64, 3)
    finally:
        second.stop()
    assert len(confirmed) >= KILLS
