"""Kill -9 in the middle of turns: what the sidebar's routes and nodes write is there, and whole.

`make soak` kills 200 times. `tests/comfyui/test_conversations.py` kills a real server.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import multiprocessing
import os
import random
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("WEGEN_KILLS", "20"))
SIZE = (96, 64)


def conversations(root: Path) -> Any:
    """The backend's conversations, imported without ComfyUI."""
    package = ModuleType("killed_pack")
    package.__path__ = [str(ROOT)]
    sys.modules.setdefault(package.__name__, package)
    module = importlib.import_module("killed_pack.nodes.backend.conversations")
    return module.Conversations(root)


# Processes that begin with what is imported here, so that a start costs milliseconds.
PROCESSES = multiprocessing.get_context("spawn" if os.name == "nt" else "forkserver")
PROCESSES.set_forkserver_preload([__name__])
conversations(ROOT)


def image_of(kill: int, turn: int) -> Image.Image:
    return Image.new("RGB", SIZE, (kill % 256, turn // 256, turn % 256))


def talk(root: Path, one: str, kill: int, confirmed: Any) -> None:
    """Turn after turn as the routes and WeGen Save Conversation write them, with an upload."""
    saved = conversations(root)
    head = None
    for turn in range(1000):
        buffer = io.BytesIO()
        image_of(kill, turn).save(buffer, "PNG")
        upload = saved.add_image(one, buffer.getvalue())
        asked = saved.add_turn(one, head, f"{kill} {turn}", [upload["name"]])["turn"]
        confirmed.send((asked, kill, turn))
        conversation = saved.load(one, asked)
        head = conversation.add("assistant", "Here it is.", image_of(kill, turn)).id
        saved.save(one, conversation, follow=True)
        saved.thumbnail(one, upload["name"], 64)
        confirmed.send((head, kill, turn))
        saved.create()


@pytest.mark.skipif(os.name == "nt", reason="processes start too slowly to be killed so often")
def test_killed_at_any_instant(tmp_path: Path) -> None:
    saved, moments = conversations(tmp_path), random.Random(0)
    one, confirmed = saved.create(), []
    for kill in range(KILLS):
        receiver, sender = PROCESSES.Pipe(duplex=False)
        process = PROCESSES.Process(target=talk, args=(tmp_path, one, kill, sender))
        process.start()
        sender.close()
        if receiver.poll(20):
            process.join(moments.random() * 0.25)
        process.kill()
        process.join()
        with contextlib.suppress(EOFError):
            while True:
                confirmed.append(receiver.recv())
    assert len(confirmed) >= KILLS
    turns = {turn["id"]: turn for turn in saved.describe(one)["turns"]}
    assert {turn_id for turn_id, _, _ in confirmed} <= set(turns)
    for turn_id, kill, turn in confirmed:
        (name,) = [part["image"] for part in turns[turn_id]["parts"] if "image" in part]
        with Image.open(saved.image_path(one, name)) as image:
            assert image.tobytes() == image_of(kill, turn).tobytes()
    for turn in turns.values():  # also those that nobody has confirmed
        for part in turn["parts"]:
            if "image" in part:
                Image.open(io.BytesIO(saved.thumbnail(one, part["image"], 64))).load()
    (listed,) = [entry for entry in saved.summaries() if entry["id"] == one]
    assert listed["turns"] == len(turns)
