"""What WeGen nodes cost on top of ComfyUI's own, where a model loaded in ComfyUI paints.

    COMFYUI_PATH=/path/to/ComfyUI python -m benchmarks.expansion [--size 1024] [--runs 5]

starts that ComfyUI with this pack (see tests/support/comfy_server.py) and changes half of a picture
with a tiny random Stable Diffusion, painting 512x512 pixels in one step. The MLLM is a stand-in
that answers at once. CPU milliseconds of every node: medians over the runs, each with a new seed;
the first run, which also plans, is listed apart.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
from datetime import date
from pathlib import Path

from tests.support.comfy_server import PACK, ComfyServer, installations, interpreter
from tests.support.graphs import Graph
from tests.support.hostile_server import HostileServer, serving
from tests.support.painting_graphs import add_image, add_refine, photo, plan_reply


def times(server: ComfyServer, host: HostileServer, size: int, seed: int) -> dict[str, float]:
    """CPU milliseconds of each node of one run, by what it is for."""
    graph = Graph()
    picture = add_image(server, graph, photo((size, size)), "large.png")
    add_refine(graph, host, picture, seed, width=512, height=512, steps=1)
    outcome = server.run(graph)
    if outcome.end != "execution_success":
        raise SystemExit(f"{outcome.end} {outcome.message}")
    names = {i: node["class_type"] for i, node in graph.items()}
    spent = server.get("wegen_test/node_times").json()
    return {names.get(node, node.rsplit(".", 1)[-1]): ms for node, ms in spent.items()}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    folder = next(iter(installations()), None)
    if folder is None:
        raise SystemExit("no ComfyUI found: set COMFYUI_PATH to its folder")
    with tempfile.TemporaryDirectory() as base, serving(plan_reply()) as host:
        server = ComfyServer(folder, interpreter(folder), Path(base))
        tiny = PACK / "tests" / "support" / "tiny_models.py"
        files = {"tiny_models.py": tiny, "node_times.py": Path(__file__).with_name("node_times.py")}
        server.start({"ComfyUI-WeGen": PACK, **files})
        try:
            first, *others = (times(server, host, options.size, k) for k in range(options.runs + 1))
        finally:
            server.stop()
    print(f"{date.today()}, {platform.machine()}, {options.size}x{options.size} px, ms")
    print("| node | first run | another seed |\n|---|---|---|")
    for name, spent in first.items():
        again = [run[name] for run in others if name in run]
        print(f"| {name} | {spent:.1f} | {statistics.median(again) if again else 0:.1f} |")


if __name__ == "__main__":
    main()
