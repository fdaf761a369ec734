"""A real ComfyUI server for the tests: start it, queue a graph, listen, look at what came out."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from typing import Any

import requests
import websocket
from PIL import Image

PACK = Path(__file__).parents[2]
ENDS = ("execution_success", "execution_error", "execution_interrupted")


def installations() -> list[Path]:
    """COMFYUI_PATH: one folder, or several separated as in PATH; else comfy-cli's place.

    ValueError if COMFYUI_PATH names a folder without a ComfyUI.
    """
    named = os.environ.get("COMFYUI_PATH")
    places = named.split(os.pathsep) if named else ["~/comfy/ComfyUI"]
    found = [Path(p).expanduser() for p in places if p]
    missing = [str(p) for p in found if not (p / "main.py").is_file()]
    if named and missing:
        raise ValueError(f"COMFYUI_PATH names {', '.join(missing)}, where no ComfyUI is")
    return [p for p in found if str(p) not in missing]


def interpreter(folder: Path) -> str:
    """COMFYUI_PYTHON; else a virtual environment in or beside `folder`; else this Python."""
    if "COMFYUI_PYTHON" in os.environ:
        return os.environ["COMFYUI_PYTHON"]
    inside = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    places = [folder / ".venv", folder / "venv", folder.parent / ".venv", folder.parent / "venv"]
    return next((str(p / inside) for p in places if (p / inside).exists()), sys.executable)


def is_explicit() -> bool:
    """Whether the user has named a ComfyUI, so that one that cannot start is an error."""
    return bool(os.environ.get("COMFYUI_PATH"))


@dataclass
class Outcome:
    """How a graph ended (one of ENDS or "rejected"), what was sent meanwhile, what nodes show.

    cached, begun: nodes that did not and that did run; the latter also of expanded graphs.
    """

    end: str
    message: str = ""
    node: str = ""
    seconds: float = 0.0
    cached: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    progress: int = 0
    previews: int = 0
    streamed: int = 0
    outputs: dict[str, Any] = field(default_factory=dict)


class ComfyClient:
    """A ComfyUI that answers at `address` (host:port)."""

    def __init__(self, address: str) -> None:
        self.address = address

    def get(self, path: str, **query: Any) -> requests.Response:
        return requests.get(f"http://{self.address}/{path}", params=query, timeout=120)

    def post(self, path: str, body: dict[str, Any] | None = None) -> requests.Response:
        return requests.post(f"http://{self.address}/{path}", json=body or {}, timeout=120)

    def run(
        self,
        graph: dict[str, Any],
        on_progress: Callable[[int], None] | None = None,
        on_node: Callable[[str], None] | None = None,
        limit: float = 300,
    ) -> Outcome:
        """Queue `graph` (API format) and wait for its end.

        on_progress hears the count of progress messages, on_node the node that begins.
        """
        client = uuid.uuid4().hex
        listening = websocket.create_connection(
            f"ws://{self.address}/ws?clientId={client}", timeout=limit
        )
        try:
            start = time.monotonic()
            answer = self.post("prompt", {"prompt": graph, "client_id": client})
            record = answer.json()
            if answer.status_code != 200 or record.get("node_errors"):
                return Outcome("rejected", json.dumps(record))
            outcome = self._listen(listening, record["prompt_id"], on_progress, on_node)
        finally:
            listening.close()
        outcome.seconds = time.monotonic() - start
        if outcome.end == "execution_success":
            outcome.outputs = self._history(record["prompt_id"])["outputs"]
        return outcome

    def pictures(self, outcome: Outcome, nodes: list[str] | None = None) -> list[Image.Image]:
        """The pictures that the run (or only `nodes` of it) shows, in the order of the node ids."""
        shown = [n for n in sorted(outcome.outputs, key=int) if nodes is None or n in nodes]
        files = [f for n in shown for f in outcome.outputs[n].get("images", ())]
        return [Image.open(io.BytesIO(self.get("view", **f).content)) for f in files]

    def texts(self, outcome: Outcome) -> list[str]:
        """The texts that Preview as Text nodes of the run show."""
        nodes = [outcome.outputs[k] for k in sorted(outcome.outputs, key=int)]
        return [str(t) for node in nodes for t in node.get("text", ())]

    def upload(self, image: Image.Image, name: str) -> str:
        """Put `image` into the input folder, for Load Image."""
        held = io.BytesIO()
        image.save(held, "PNG")
        answer = requests.post(
            f"http://{self.address}/upload/image",
            files={"image": (name, held.getvalue())},
            data={"overwrite": "true"},
            timeout=120,
        )
        return answer.json()["name"]

    def _listen(self, listening, prompt_id: str, on_progress, on_node) -> Outcome:
        outcome = Outcome("")
        while not outcome.end:
            message = listening.recv()
            if isinstance(message, bytes):
                outcome.streamed += message[:4] == b"\0\0\0\3"
                outcome.previews += message[:4] in (b"\0\0\0\1", b"\0\0\0\4")
                continue
            record = json.loads(message)
            data = record["data"]
            if record["type"] == "progress":
                outcome.progress += 1
                if on_progress:
                    on_progress(outcome.progress)
            elif data.get("prompt_id") != prompt_id:
                continue
            elif record["type"] == "executing" and data["node"]:
                outcome.begun.append(data["node"])
                if on_node:
                    on_node(data["node"])
            elif record["type"] == "execution_cached":
                outcome.cached = data["nodes"]
            elif record["type"] in ENDS:
                outcome.end = record["type"]
                outcome.node = data.get("node_type", "")
                outcome.message = data.get("exception_message", "")
        return outcome

    def _history(self, prompt_id: str) -> dict[str, Any]:
        while True:  # the entry is written just after the end is announced
            history = self.get(f"history/{prompt_id}").json()
            if prompt_id in history:
                return history[prompt_id]
            time.sleep(0.02)


class ComfyServer(ComfyClient):
    """ComfyUI at `folder`, run by `python` on the CPU, with an own empty base directory."""

    def __init__(self, folder: Path, python: str, base: Path) -> None:
        self.folder, self.python, self.base = folder, python, base
        self.modules_at_start: list[str] = []
        self.import_seconds = 0.0
        with socket() as free:
            free.bind(("127.0.0.1", 0))
            super().__init__(f"127.0.0.1:{free.getsockname()[1]}")

    def start(self, packs: dict[str, Path], *options: str) -> None:
        """Start with `packs` (name -> folder or file) as custom nodes; RuntimeError with log."""
        home = self.base / "custom_nodes"
        home.mkdir(parents=True)
        for name, target in packs.items():
            (home / name).symlink_to(target)
        self.launch(*options)

    def launch(self, *options: str) -> None:
        """Start again, with the same custom nodes."""
        command = [self.python, "main.py", "--cpu", "--port", self.address.split(":")[1]]
        command += ["--base-directory", str(self.base), "--database-url", "sqlite:///:memory:"]
        self.log = self.base / "server.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, "--disable-api-nodes", *options],
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"},
            )
        give_up = time.monotonic() + 300
        while time.monotonic() < give_up and self.process.poll() is None:
            try:
                return self.get("system_stats").raise_for_status()
            except requests.ConnectionError:
                time.sleep(0.2)
        self.stop()
        raise RuntimeError(f"{self.folder} did not start:\n{self.log.read_text()[-800:]}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def free_all(server: ComfyServer) -> None:
    """What "Free model and node cache" does, until the networks are gone."""
    server.get("wegen_test/networks")
    server.post("free", {"unload_models": True, "free_memory": True})
    give_up = time.monotonic() + 30
    while server.get("wegen_test/alive").json():
        assert time.monotonic() < give_up, "a network is still in memory"
        time.sleep(0.1)
