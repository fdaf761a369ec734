"""Saved conversations: what the chat sidebar lists, adds, compares, exports and imports."""

from __future__ import annotations

import base64
import io
import json
import random
import shutil
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from wegen_core.records.conversation import Conversation

RED = Image.new("RGB", (40, 30), "red")


@pytest.fixture
def module(pack) -> Any:
    return pack.module("nodes.backend.conversations")


@pytest.fixture
def archives(pack) -> Any:
    return pack.module("nodes.backend.conversation_archive")


@pytest.fixture
def shelf(module, tmp_path: Path) -> Any:
    return module.Conversations(tmp_path / "conversations")


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def say(shelf: Any, *arguments: Any) -> str:
    """Add a user's turn; its id."""
    return shelf.add_turn(*arguments)["turn"]


def reply(shelf: Any, conversation_id: str, image: Image.Image, **record: Any) -> str:
    """The assistant's turn after the last one, as a run saves it."""
    conversation = shelf.load(conversation_id)
    turn = conversation.add("assistant", "Here it is.", image, record=record)
    shelf.save(conversation_id, conversation)
    return turn.id


def test_turns_are_listed_with_their_branches(shelf) -> None:
    one = shelf.create()
    first = say(shelf, one, None, "draw a red square")
    answer = reply(shelf, one, RED)
    shelf.add_turn(one, answer, "make it blue")
    again = say(shelf, one, None, "draw a circle")
    described = shelf.describe(one)
    turns = {turn["id"]: turn for turn in described["turns"]}
    assert turns[first]["siblings"] == turns[again]["siblings"] == [first, again]
    assert described["head"] == again
    assert described["title"] == "draw a red square"
    (summary,) = shelf.summaries()
    assert (summary["turns"], summary["images"]) == (4, 1)
    assert [part.get("width") for part in turns[answer]["parts"]] == [None, 40]


def test_a_list_is_searched_and_deletion_can_be_undone(shelf) -> None:
    boat, cat = shelf.create("boats"), shelf.create("cats")
    shelf.add_turn(cat, None, "a Kitten by the sea")
    assert [s["id"] for s in shelf.summaries("kitten")] == [cat]
    shelf.update(boat, {"deleted": True})
    assert [s["id"] for s in shelf.summaries()] == [cat]
    assert [s["id"] for s in shelf.summaries(deleted=True)] == [boat]
    with pytest.raises(ValueError, match="delete the conversation first"):
        shelf.remove(cat)
    shelf.update(boat, {"deleted": False})
    assert {s["id"] for s in shelf.summaries()} == {boat, cat}


def test_a_hidden_turn_takes_along_what_follows_and_comes_back(shelf) -> None:
    one = shelf.create()
    first = say(shelf, one, None, "draw")
    answer = reply(shelf, one, RED)
    later = say(shelf, one, answer, "change it")
    shelf.update(one, {"hidden": [answer]})
    described = shelf.describe(one)
    assert [turn["id"] for turn in described["turns"]] == [first]
    assert described["head"] == first
    shelf.update(one, {"hidden": []})
    assert shelf.describe(one)["head"] == later


def test_the_share_of_identical_pixels_is_counted(shelf) -> None:
    one = shelf.create()
    shelf.add_turn(one, None, "draw")
    reply(shelf, one, RED)
    shelf.add_turn(one, shelf.describe(one)["head"], "a blue corner")
    changed = RED.copy()
    changed.paste("blue", (0, 0, 20, 15))
    second = reply(shelf, one, changed)
    change = shelf.change(one, second)
    assert change["identical"] == 0.75
    mask = np.asarray(Image.open(io.BytesIO(base64.b64decode(change["mask"]))))
    assert mask[:15, :20].all()
    assert mask.sum() == 300
    assert shelf.change(one, second, "first")["identical"] == 0.75


def test_images_and_masks_of_a_message_are_kept(shelf, module) -> None:
    one = shelf.create()
    picture = shelf.add_image(one, png(RED))
    mask = Image.new("L", (40, 30))
    mask.paste(255, (5, 5, 10, 10))
    drawn = shelf.add_image(one, png(mask))
    references = [{"picture": 1, "role": "style"}]
    shelf.add_turn(one, None, "like this", [picture["name"]], references, drawn["name"])
    (turn,) = shelf.load(one).turns
    assert np.asarray(turn.images[0].image).tolist() == np.asarray(RED).tolist()
    assert turn.references[0].role == "style"
    assert np.asarray(module.turn_mask(turn)).tolist() == np.asarray(mask).tolist()


def test_a_reply_leaves_those_alone_who_went_on_elsewhere(shelf) -> None:
    one = shelf.create()
    asked = say(shelf, one, None, "draw")
    first, second = (shelf.load(one, asked) for _ in range(2))
    shown = first.add("assistant", "one").id
    shelf.save(one, first, follow=True)
    assert shelf.describe(one)["head"] == shown
    second.add("assistant", "two")
    shelf.save(one, second, follow=True)
    assert shelf.describe(one)["head"] == shown
    assert len(shelf.describe(one)["turns"]) == 3


def test_a_plan_is_kept_for_the_reply(shelf, module) -> None:
    one = shelf.create()
    asked = say(shelf, one, None, "draw a boat")
    shelf.set_plan(one, asked, {"intent": "generate", "prompt": "a red boat"})
    assert module.turn_plan(shelf.load(one).turns[-1]).prompt == "a red boat"
    with pytest.raises(ValueError, match="intent"):
        shelf.set_plan(one, asked, {"intent": "dance", "prompt": "x"})
    with pytest.raises(ValueError, match="user's turn"):
        shelf.set_plan(one, reply(shelf, one, RED), {"intent": "generate", "prompt": "x"})


def test_a_run_opens_the_conversations_of_its_user(pack, tmp_path: Path, monkeypatch) -> None:
    import folder_paths
    from server import PromptServer

    monkeypatch.setattr(folder_paths, "get_user_directory", lambda: str(tmp_path))
    users = pack.module("nodes.backend.user_conversations")
    states = set()
    for user in ("ann", "bob"):
        users.conversations_of(user).create("boats")
        running = [(0, "job", {}, {"wegen_user": user}, [])]
        monkeypatch.setattr(PromptServer.instance.prompt_queue, "running", running)
        assert users.conversations_of_run().root.is_relative_to(tmp_path / user)
        states.add(pack.nodes["WeGenConversation"].fingerprint_inputs("boats", ""))
    assert len(states) == 2
    for stranger in ("", "..", "__system", "ann/../bob", "/"):
        with pytest.raises(ValueError, match="not a user"):
            users.conversations_of(stranger)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "not an image"), (b"GIF89a" + b"\0" * 99, "not an image"), (b"x" * 100, "not an image")],
)
def test_what_is_not_an_image_is_refused(shelf, content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        shelf.add_image(shelf.create(), content)


def test_a_conversation_survives_export_and_import(shelf, archives) -> None:
    one = shelf.create("boats")
    shelf.add_turn(one, None, "draw")
    reply(shelf, one, RED)
    other = archives.import_zip(shelf, archives.export_zip(shelf, one))
    before, after = shelf.describe(one), shelf.describe(other)
    assert other != one
    assert after["title"] == "boats"
    assert before["turns"] == after["turns"]


def archive(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return buffer.getvalue()


def test_hostile_zip_files_write_nothing(shelf, archives, tmp_path: Path) -> None:
    empty = json.dumps({"version": 1, "head": None, "turns": []}).encode()
    lost = {"id": "a", "parent": None, "role": "user", "record": {}}
    lost["parts"] = [{"picture": "0123456789abcdef.png"}]
    cases = [
        b"no zip",
        archive(**{"../evil.txt": b"x"}),
        archive(**{"conversation.json": b"{}"}),
        archive(
            **{
                "conversation.json": json.dumps(
                    {"version": 1, "head": "a", "turns": [lost]}
                ).encode()
            }
        ),
        archive(**{f"{k}.txt": b"" for k in range(10_001)}, **{"conversation.json": empty}),
    ]
    for content in cases:
        with pytest.raises(ValueError, match=r"\w"):
            archives.import_zip(shelf, content)
    archives.import_zip(shelf, archive(**{"conversation.json": empty, "../../evil.txt": b"x"}))
    assert not list(tmp_path.rglob("evil.txt"))
    assert len(shelf.summaries()) == 1


def test_ids_and_names_never_become_paths(shelf) -> None:
    one = shelf.create()
    rng = random.Random(0)
    pieces = ["..", "/", "\\", "a", "0", ".png", "%2e", "\0", one, "0123456789abcdef.png", ""]
    for _ in range(300):
        text = "".join(rng.choice(pieces) for _ in range(rng.randrange(5)))
        if text == one:
            continue
        with pytest.raises(KeyError):
            shelf.folder(text)
        with pytest.raises(KeyError):
            shelf.image_path(one, text)


def test_two_writers_lose_no_turn(shelf) -> None:
    one = shelf.create()

    def write(who: str) -> None:
        for k in range(12):
            shelf.add_turn(one, None, f"{who} {k}")

    threads = [threading.Thread(target=write, args=(who,)) for who in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    texts = {turn["parts"][0]["text"] for turn in shelf.describe(one)["turns"]}
    assert texts == {f"{who} {k}" for who in "ab" for k in range(12)}


@pytest.mark.parametrize(
    ("message", "count", "request_text"),
    [
        ("four variants of a red boat", 4, "a red boat"),
        ("make the boat red, 3 different versions please", 3, "make the boat red"),
        ("a cat. Show me two options!", 2, "a cat"),
        ("show me three versions", 3, ""),
        ("4 variants of this", 4, ""),
        ("来四个方案", 4, ""),
        ("画一只猫，来三个不同的版本", 3, "画一只猫"),
        ("两种方案：海边的小船", 2, "海边的小船"),
        ("two boats by the sea", 1, "two boats by the sea"),
        ("a poster with two versions of the logo", 1, "a poster with two versions of the logo"),
        ("画四只猫", 1, "画四只猫"),
    ],
)
def test_words_ask_for_several_variants(pack, message: str, count: int, request_text: str) -> None:
    split = pack.module("nodes.backend.variants").split_variants
    assert split(message) == (count, request_text)


def test_the_copilot_gets_the_wish_without_the_number_of_variants(shelf) -> None:
    one = shelf.create()
    added = shelf.add_turn(one, None, "four variants of a red boat")
    assert added["variants"] == 4
    assert shelf.load(one).turns[-1].text == "a red boat"
    (turn,) = shelf.describe(one)["turns"]
    assert turn["record"]["words"] == "four variants of a red boat"
    answer = reply(shelf, one, RED)
    assert shelf.add_turn(one, answer, "show me three more versions") == {**added, "variants": 3}
    assert shelf.describe(one)["head"] == added["turn"]
    assert len(shelf.describe(one)["turns"]) == 2


def test_a_list_counts_what_the_command_line_has_written(shelf) -> None:
    one = shelf.create()
    say(shelf, one, None, "draw")
    conversation = shelf.load(one)
    conversation.add("assistant", RED)
    conversation.save(shelf.folder(one))
    (summary,) = shelf.summaries()
    assert (summary["turns"], summary["images"]) == (2, 1)


def test_a_folder_that_was_left_while_it_was_created_is_passed_over(shelf) -> None:
    one = shelf.create()
    (shelf.root / "0123456789ab").mkdir()
    assert [summary["id"] for summary in shelf.summaries()] == [one]
    assert shelf.find("0123456789ab") is None
    with pytest.raises(KeyError):
        shelf.describe("0123456789ab")


def test_only_the_images_of_a_branch_are_read(shelf) -> None:
    one = shelf.create()
    first = say(shelf, one, None, "draw")
    other = reply(shelf, one, RED)
    image = shelf.describe(one)["turns"][1]["parts"][1]["image"]
    content = shelf.image_path(one, image).read_bytes()
    shelf.image_path(one, image).write_bytes(b"")
    branch = shelf.load(one, first)
    with pytest.raises(ValueError, match="cannot be read"):
        shelf.load(one, other)
    with pytest.raises(ValueError, match=r"^the conversation has no turn 'lost'"):
        shelf.load(one, "lost")
    shelf.image_path(one, image).write_bytes(content)
    added = branch.add("assistant", "again").id
    shelf.save(one, branch)
    assert [t["id"] for t in shelf.describe(one)["turns"]] == [first, other, added]


def test_a_hundred_turns_open_quickly(shelf) -> None:
    one = shelf.create()
    conversation = Conversation()
    for k in range(50):
        conversation.add("user", f"make it {k}")
        conversation.add("assistant", "done", Image.new("RGB", (640, 480), (k, 0, 0)))
    shelf.save(one, conversation)
    seconds = []
    for _ in range(3):
        start = time.process_time()
        assert len(shelf.describe(one)["turns"]) == 100
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.3


def test_two_hundred_conversations_are_listed_quickly(shelf) -> None:
    conversation = Conversation()
    for k in range(100):
        conversation.add("user", f"turn {k}")
    one = shelf.create()
    shelf.save(one, conversation)
    for k in range(199):
        shutil.copytree(shelf.folder(one), shelf.root / f"{k:012x}")
    seconds = []
    for _ in range(3):
        start = time.process_time()
        assert len(shelf.summaries()) == 200
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.1


def test_a_key_in_the_copilot_s_nodes_is_not_saved(shelf) -> None:
    one = shelf.create()
    url = "https://example.com/v1?api_key=hunter2hunter2"
    node = {"class_type": "WeGenMLLMEndpoint", "inputs": {"url": url, "model": "m"}}
    shelf.update(one, {"copilot": {"nodes": {"1": node}, "output": ["1", 0]}})
    assert "hunter2" not in (shelf.folder(one) / "sidebar.json").read_text("utf-8")
    saved = shelf.describe(one)["copilot"]["nodes"]["1"]["inputs"]
    assert saved["url"].startswith("https://example.com/v1") and saved["model"] == "m"
