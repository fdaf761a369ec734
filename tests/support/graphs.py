"""Graphs for the server: workflow files (UI format) -> API format, and small ones by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

WIDGETS = ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO")
SHOWN_ONLY = ("Note", "MarkdownNote", "ImageCompare")  # old versions have no ImageCompare
ENLARGE = "ImageScaleBy"
PROMPT = "a red boat on the left and a yellow star on the right, by the sea"


def from_workflow(path: Path, object_info: dict[str, Any]) -> dict[str, Any]:
    """The API form of a workflow file without subgraphs, as the frontend would queue it."""
    workflow = json.loads(path.read_text(encoding="utf-8"))
    sources = {link[0]: [str(link[1]), link[2]] for link in workflow["links"]}
    graph = {}
    for node in workflow["nodes"]:
        if node["type"] in SHOWN_ONLY:
            continue
        inputs = _widget_values(node, object_info[node["type"]])
        for socket in node.get("inputs", ()):
            if socket.get("link") is not None:
                inputs[socket["name"]] = sources[socket["link"]]
        graph[str(node["id"])] = {"class_type": node["type"], "inputs": inputs}
        if "title" in node:
            graph[str(node["id"])]["_meta"] = {"title": node["title"]}
    return graph


def at_its_own_size(graph: dict[str, Any]) -> dict[str, Any]:
    """An example's graph with its images as they are drawn, not enlarged to look at."""
    enlarging = {n: v["inputs"]["image"] for n, v in graph.items() if v["class_type"] == ENLARGE}
    for node in graph.values():
        for name, value in node["inputs"].items():
            if isinstance(value, list) and value[0] in enlarging:
                node["inputs"][name] = enlarging[value[0]]
    return {name: node for name, node in graph.items() if name not in enlarging}


def widgets(info: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Name and options of the inputs that have a widget, in the order of `widgets_values`."""
    groups = (info["input"].get("required", {}), info["input"].get("optional", {}))
    inputs = [
        (name, spec[0], spec[1] if len(spec) > 1 else {})
        for g in groups
        for name, spec in g.items()
    ]
    return [
        (name, options)
        for name, kind, options in inputs
        if (isinstance(kind, list) or kind in WIDGETS) and not options.get("forceInput")
    ]


def _widget_values(node: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
    values = iter(node.get("widgets_values") or ())
    found = {}
    for name, options in widgets(info):
        found[name] = next(values)
        if options.get("control_after_generate"):
            next(values)  # "fixed", "randomize", ...: the browser's business
    return found


class Graph(dict):
    """A graph under construction: `add` returns a function that gives the node's outputs."""

    def add(self, class_type: str, **inputs: Any) -> list[Any]:
        """Add a node; its first output, to be used as another node's input."""
        name = str(len(self) + 1)
        self[name] = {"class_type": class_type, "inputs": inputs}
        return [name, 0]


def output(node: list[Any], index: int) -> list[Any]:
    """Another output of a node that `Graph.add` made."""
    return [node[0], index]


def load(graph: Graph, model: str = "mini") -> list[Any]:
    return graph.add("WeGenLoadModel", model=model, precision="auto")


def generate(graph: Graph, copilot: list[Any], prompt: str = PROMPT, **more: Any) -> list[Any]:
    inputs = {"copilot": copilot, "prompt": prompt, "n": 1, "seed": 1, "steps": 0, "guidance": 0.0}
    return graph.add("WeGenGenerate", **{**inputs, **more})


def refine(graph: Graph, image: list[Any], instruction: str = "make it night", **more: Any) -> Any:
    inputs = {"copilot": load(graph), "image": image, "instruction": instruction, "seed": 1}
    return graph.add("WeGenRefine", **inputs, **more)


def compose(graph: Graph, words: str = "put the cat from picture 1 into picture 2", **images: Any):
    inputs = {"copilot": load(graph), "instruction": words, "seed": 1}
    return graph.add("WeGenCompose", **inputs, **images)


def blank(graph: Graph, width: int = 64, height: int = 64, batch: int = 1) -> list[Any]:
    return graph.add("EmptyImage", width=width, height=height, batch_size=batch, color=0x88AA66)


def preserve(graph: Graph, source: list[Any], edited: list[Any], **more: Any) -> list[Any]:
    return graph.add("WeGenPreserve", source=source, edited=edited, **more)


def show(graph: Graph, image: list[Any]) -> Graph:
    graph.add("PreviewImage", images=image)
    return graph


def tell(graph: Graph, text: list[Any]) -> Graph:
    graph.add("PreviewAny", source=text)
    return graph


def equal(graph: Graph, first: list[Any], second: list[Any]) -> Graph:
    """Show the share of pixels that are the very same numbers in both."""
    return tell(graph, graph.add("TestEqual", first=first, second=second))


def drawing(**more: Any) -> Graph:
    """One picture, from loading to showing."""
    graph = Graph()
    return show(graph, generate(graph, load(graph), **more))
