"""Several runs at once, and runs that are killed: nothing that was confirmed is lost.

`make soak` kills 200 times.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from wegen_core.cli import provenance
from wegen_core.images import atomic_write
from wegen_core.images.atomic_write import long_path, write_atomically
from wegen_core.images.files import free_path
from wegen_core.records.conversation import Conversation

KILLS = int(os.environ.get("WEGEN_KILLS", "20"))
# Processes that begin with what is imported here, so that a start costs milliseconds.
PROCESSES = multiprocessing.get_context("spawn" if os.name == "nt" else "forkserver")
PROCESSES.set_forkserver_preload([__name__])


def colour(worker: int, turn: int) -> tuple[int, int, int]:
    return (worker, turn // 256, turn % 256)


def run(folder: Path, worker: int, turns: int, confirmed) -> None:
    """What `wegen chat --talk` does: a picture, a turn, and then the user sees both."""
    for turn in range(turns):
        image = Image.new("RGB", (9, 7), colour(worker, turn))
        path = free_path(folder / "out")
        provenance.save(image, path, {"colour": colour(worker, turn)})
        talk = folder / "talk"
        exists = (talk / "conversation.json").exists()
        conversation = Conversation.load(talk) if exists else Conversation()
        added = conversation.add("user", f"{worker} {turn}", image)
        conversation.save(talk)
        confirmed.send((path.name, colour(worker, turn), added.id))


def start(folder: Path, worker: int, turns: int):
    receiver, sender = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=run, args=(folder, worker, turns, sender))
    process.start()
    sender.close()
    return process, receiver


def received(receiver) -> list[tuple]:
    confirmed = []
    with contextlib.suppress(EOFError):
        while True:
            confirmed.append(receiver.recv())
    return confirmed


def check(folder: Path, confirmed: list[tuple]) -> None:
    assert len({name for name, _, _ in confirmed}) == len(confirmed)
    for name, expected, _ in confirmed:
        assert Image.open(folder / "out" / name).getpixel((0, 0)) == expected, name
    for record in (folder / "out").glob("*.json"):
        painted = record.with_suffix(".png")
        if painted.exists():
            expected = tuple(json.loads(record.read_text())["colour"])
            assert Image.open(painted).getpixel((0, 0)) == expected
    tree = Conversation.load(folder / "talk").tree
    assert {turn_id for _, _, turn_id in confirmed} <= set(tree)


def test_two_runs_lose_neither_pictures_nor_turns(tmp_path):
    runs = [start(tmp_path, worker, 20) for worker in (1, 2)]
    confirmed = [item for _, receiver in runs for item in received(receiver)]
    for process, _ in runs:
        process.join()
    assert len(confirmed) == 40
    check(tmp_path, confirmed)
    files = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert files == sorted(f"picture-{n}.{e}" for n in range(1, 41) for e in ("json", "png"))
    tree = Conversation.load(tmp_path / "talk").tree.values()
    parents = [turn.parent for turn in tree]
    assert len(parents) == 40 and len(set(parents)) < 40  # some became branches


@pytest.mark.skipif(os.name == "nt", reason="processes start too slowly to be killed so often")
def test_killed_at_any_instant(tmp_path):
    confirmed, moments = [], random.Random(0)
    for kill in range(KILLS):
        process, receiver = start(tmp_path, kill, 1000)
        if receiver.poll(10):
            process.join(moments.random() * 0.03)
        process.kill()
        process.join()
        confirmed += received(receiver)
    assert len(confirmed) >= KILLS
    check(tmp_path, confirmed)


def test_a_rename_is_tried_again_while_another_program_holds_the_file(tmp_path, monkeypatch):
    path, calls = tmp_path / "file", []

    def replace(source, target, real=os.replace):
        calls.append(source)
        if len(calls) < 4:
            raise PermissionError(13, "the file is used by another process")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new" and len(calls) == 4 and len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(atomic_write, "REPLACE_ATTEMPTS", 2)
    calls[:] = []
    with pytest.raises(PermissionError):
        write_atomically(path, b"newer")
    assert path.read_bytes() == b"new" and len(list(tmp_path.iterdir())) == 1


def test_long_paths_get_a_prefix_on_windows_only(monkeypatch):
    path = Path("/" + "/".join(["folder"] * 50))
    assert long_path(path) == path
    monkeypatch.setattr(atomic_write, "os", SimpleNamespace(name="nt"))
    monkeypatch.setattr(atomic_write, "Path", str)
    assert str(long_path(path)) == "\\\\?\\" + str(path)
    assert long_path(Path("short")) == Path("short")
