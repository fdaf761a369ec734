"""Conversations: a tree of turns that survives saving, bit for bit."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from wegen_core.records.conversation import Conversation, ImagePart, TextPart
from wegen_core.records.conversation_files import content_name

sizes = st.integers(1, 7)
images = st.one_of(
    st.builds(
        lambda mode, w, h, data: Image.frombytes(
            mode, (w, h), (data * (w * h * 4))[: w * h * len(mode)]
        ),
        st.sampled_from(["RGB", "RGBA"]),
        sizes,
        sizes,
        st.binary(min_size=1, max_size=32),
    )
)
records = st.dictionaries(
    st.text(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(), x, max_size=3),
        max_leaves=5,
    ),
    max_size=3,
)  # fmt: skip
any_text = st.text(st.characters())  # lone surrogates too
turns = st.lists(
    st.tuples(
        st.sampled_from(["user", "assistant"]),
        st.lists(any_text | images, min_size=1, max_size=3),
        records,
        st.integers(0, 20),
    ),
    max_size=6,
)


def build(items) -> Conversation:
    talk = Conversation()
    for role, parts, record, at in items:
        known = [None, *talk.tree]
        talk.head = known[at % len(known)]
        talk.add(role, *parts, record=record)
    return talk


def facts(talk: Conversation):
    """Everything a conversation says, comparable."""

    def part(p):
        return (
            p.text if isinstance(p, TextPart) else (p.image.mode, p.image.size, p.image.tobytes())
        )

    turns = [(t.id, t.parent, t.role, [*map(part, t.parts)], t.record) for t in talk.tree.values()]
    return talk.head, turns


@settings(max_examples=60, deadline=None)
@given(turns)
def test_what_is_saved_is_what_is_loaded(tmp_path_factory, items):
    talk = build(items)
    folder = tmp_path_factory.mktemp("talk")
    talk.save(folder)
    assert facts(Conversation.load(folder)) == facts(talk)


@given(turns)
def test_turns_lead_from_the_first_to_the_head(items):
    talk = build(items)
    path = talk.turns
    assert [t.parent for t in path] == [None, *[t.id for t in path[:-1]]][: len(path)]
    assert (path[-1].id if path else None) == talk.head
    assert len(talk.tree) == len(items)


def test_parts_become_text_and_pictures():
    talk = Conversation()
    turn = talk.add(
        "user", Image.new("L", (3, 2), 7), "a boat", ImagePart(Image.new("P", (1, 1)), 5)
    )
    assert turn.text == "a boat"
    assert [p.image.mode for p in turn.images] == ["RGB", "RGB"]
    assert turn.images[1].features == 5
    assert talk.images == turn.images
    assert repr(talk) == "Conversation(1 turns, 2 images)"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("system", "x"), "turn role is 'system'"),
        (("user",), "at least one part"),
        (("user", 3), "part 1 is a int; give text or a PIL image"),
    ],
)
def test_wrong_turns_are_refused(args, words):
    with pytest.raises(ValueError, match=words):
        Conversation().add(*args)


def test_a_record_must_be_json_and_reads_back_as_added():
    talk = Conversation()
    assert talk.add("user", "x", record={"size": (1, 2)}).record == {"size": [1, 2]}
    with pytest.raises(ValueError, match="record cannot be written as JSON"):
        talk.add("user", "x", record={"net": object()})
    assert len(talk.tree) == 1


def test_branches_share_the_past_and_not_the_future():
    talk = Conversation()
    first = talk.add("user", "a boat")
    talk.add("assistant", "here it is")
    other = talk.branch(first.id)
    again = other.add("assistant", "another one")
    assert [t.text for t in talk.turns] == ["a boat", "here it is"]
    assert [t.text for t in other.turns] == ["a boat", "another one"]
    assert again.id not in talk.tree
    assert [t.text for t in other.branches(first.id)] == ["here it is", "another one"]
    assert other.branches(None) == [first]
    talk.adopt(other)
    assert facts(talk) == facts(other)
    with pytest.raises(ValueError, match="no turn 'nowhere'"):
        talk.branch("nowhere")
    with pytest.raises(ValueError, match="no turn 'nowhere'"):
        talk.branches("nowhere")


def test_pictures_are_written_once(tmp_path):
    talk = Conversation()
    image = Image.new("RGB", (5, 3), "red")
    talk.add("user", image, image.copy())
    talk.save(tmp_path)
    (png,) = tmp_path.glob("*.png")
    assert png.name == content_name(image)
    before = png.stat().st_mtime_ns
    talk.add("assistant", "nice")
    talk.save(tmp_path)
    assert png.stat().st_mtime_ns == before
    assert {p.suffix for p in tmp_path.iterdir()} == {".png", ".json"}


def test_palette_transparency_survives(tmp_path):
    image = Image.new("RGB", (4, 4), (1, 2, 3))
    image.info["transparency"] = (1, 2, 3)
    talk = Conversation()
    talk.add("user", image)
    talk.save(tmp_path)
    assert facts(Conversation.load(tmp_path)) == facts(talk)


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_an_interrupted_save_leaves_the_old_conversation(tmp_path, monkeypatch, fails_at):
    talk = Conversation()
    talk.add("user", "one", Image.new("RGB", (2, 2)))
    talk.save(tmp_path)
    old = facts(talk)
    talk.add("user", Image.new("RGB", (3, 3)), Image.new("RGB", (4, 4)))
    calls = []

    def replace(source, target, real=os.replace):
        calls.append(target)
        if len(calls) == fails_at:
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        talk.save(tmp_path)
    monkeypatch.undo()
    assert facts(Conversation.load(tmp_path)) == old
    assert not list(tmp_path.glob("*.tmp")) and not list(tmp_path.glob(".*"))
    talk.save(tmp_path)
    assert facts(Conversation.load(tmp_path)) == facts(talk)


def saved(folder) -> dict:
    talk = Conversation()
    talk.add("user", "a boat", Image.new("RGB", (2, 2)))
    talk.add("assistant", "here")
    talk.save(folder)
    return json.loads((folder / "conversation.json").read_text())


def test_no_conversation_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"conversation\.json is missing"):
        Conversation.load(tmp_path / "nowhere")


def test_a_missing_or_broken_picture_is_named(tmp_path):
    saved(tmp_path)
    (png,) = tmp_path.glob("*.png")
    png.write_bytes(b"no picture")
    with pytest.raises(ValueError, match=f"image {png.name} cannot be read"):
        Conversation.load(tmp_path)
    png.unlink()
    with pytest.raises(FileNotFoundError, match=f"image {png.name} .* is missing"):
        Conversation.load(tmp_path)


def spoil(data, how):
    first, second = data["turns"]
    match how:
        case "version":
            data["version"] = 99
        case "unknown parent":
            second["parent"] = "zzz"
        case "cycle":
            first["parent"] = second["id"]
        case "self":
            first["parent"] = first["id"]
        case "twice":
            second["id"] = first["id"]
        case "head":
            data["head"] = "zzz"
        case "role":
            first["role"] = "system"
        case "path":
            first["parts"][1]["picture"] = "../secret.png"
        case "parts":
            first["parts"] = []
        case "no parts":
            del first["parts"]
        case "no turns":
            del data["turns"]
        case "list":
            return [data]
        case "id":
            first["id"] = 3
        case "record":
            first["record"] = 3
    return data


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("version", "its version is 99; this WeGen reads 1"),
        ("unknown parent", "follows unknown turn 'zzz'"),
        ("cycle", "follows itself"),
        ("self", "follows itself"),
        ("twice", "occurs twice"),
        ("head", "no turn 'zzz'"),
        ("role", "turn role is 'system'"),
        ("path", "neither text nor an image"),
        ("parts", "it has no parts"),
        ("no parts", "field 'parts' is missing"),
        ("no turns", "field 'turns' is missing"),
        ("list", "not a JSON object"),
        ("id", "a turn has no id"),
        ("record", "turn"),
    ],
)
def test_a_damaged_file_is_explained(tmp_path, how, words):
    data = spoil(saved(tmp_path), how)
    (tmp_path / "conversation.json").write_text(json.dumps(data))
    with pytest.raises(ValueError, match=words) as caught:
        Conversation.load(tmp_path)
    assert "conversation.json is not a conversation" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"null"])
def test_broken_json_is_explained(tmp_path, content):
    (tmp_path / "conversation.json").write_bytes(content)
    with pytest.raises(ValueError, match="is not a conversation"):
        Conversation.load(tmp_path)


def test_a_save_keeps_the_turns_that_another_process_has_added(tmp_path):
    talk = Conversation()
    talk.add("user", "one")
    talk.save(tmp_path)
    others = Conversation.load(tmp_path)
    others.add("user", "theirs", Image.new("RGB", (2, 2)))
    others.save(tmp_path)
    own = talk.add("user", "ours")
    talk.save(tmp_path)
    loaded = Conversation.load(tmp_path)
    assert [turn.text for turn in loaded.turns] == ["one", "ours"]
    assert [turn.text for turn in loaded.branches(own.parent)] == ["theirs", "ours"]
    (tmp_path / "conversation.json").write_text("{")
    with pytest.raises(ValueError, match=r"conversation\.json is not a conversation"):
        talk.save(tmp_path)  # what is not understood is not overwritten


def test_a_byte_order_mark_is_skipped(tmp_path):
    talk = Conversation()
    talk.add("user", "one")
    talk.save(tmp_path)
    path = tmp_path / "conversation.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert facts(Conversation.load(tmp_path)) == facts(talk)
