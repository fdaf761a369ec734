"""This pack on a stand-in for ComfyUI: loaded as ComfyUI does it, its graphs run node by node."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.fake_comfy_nodes import fake_node

ROOT = Path(__file__).parents[2]
STAND_IN = Path(__file__).with_name("comfy_stand_in")
NAME = "pack_under_test"  # ComfyUI names a pack by its folder; any name must do


class Pack:
    """The loaded pack.

    nodes: node id -> class. shown: node id -> the texts that the node has shown. progress: (value,
    total, preview) of every step of a progress bar.
    """

    def __init__(self, nodes: dict[str, Any], server: Any) -> None:
        self.nodes, self.server = nodes, server
        self.progress: list[tuple[int, int, Any]] = []

    def module(self, name: str) -> Any:
        """A module of the pack, such as "nodes.backend.sockets"."""
        return importlib.import_module(f"{NAME}.{name}")

    @property
    def object_info(self) -> dict[str, Any]:
        """What ComfyUI's route of that name says about the nodes."""
        return {name: _info(node.GET_SCHEMA()) for name, node in self.nodes.items()}

    def run(self, graph: dict[str, Any]) -> GraphRun:
        """A run of a graph in API form, which may still grow."""
        return GraphRun(self, graph)


class GraphRun:
    """Runs each node of a graph once, when its outputs are asked for.

    Nodes that others expand into are added to the graph. Nodes of other packs are `fake_node`s.
    """

    def __init__(self, pack: Pack, graph: dict[str, Any]) -> None:
        self.pack, self.graph = pack, graph
        self.done: dict[str, tuple[Any, ...]] = {}

    def value(self, link: list[Any]) -> Any:
        """What a link gives."""
        return self.outputs(link)[link[1]]

    def outputs(self, link: list[Any]) -> tuple[Any, ...]:
        """All outputs of the node that a link comes from."""
        name = link[0]
        if name not in self.done:
            node = self.graph[name]
            inputs = {key: self._input(value) for key, value in node["inputs"].items()}
            if node["class_type"] in self.pack.nodes:
                self.done[name] = self._ours(node["class_type"], inputs, name)
            else:
                self.done[name] = fake_node(node["class_type"], inputs)
        return self.done[name]

    def _input(self, value: Any) -> Any:
        return self.value(value) if is_link(value) else value

    def _ours(self, kind: str, inputs: dict[str, Any], name: str) -> tuple[Any, ...]:
        node = self.pack.nodes[kind]
        schema = node.GET_SCHEMA()
        if schema.is_input_list:
            inputs = {key: [value] for key, value in inputs.items()}
        from comfy_api.latest.io import HiddenHolder
        from comfy_execution.graph import DynamicPrompt

        running = type(node.__name__, (node,), {})
        running.hidden = HiddenHolder(name, self.graph, None, DynamicPrompt(self.graph))
        with torch.inference_mode():  # as in ComfyUI
            output = running.execute(**inputs)
        if output.expand is not None:
            assert schema.enable_expand, f"{kind} may not expand"
            self.graph.update(output.expand)
        return tuple(self._input(value) for value in output.args)


def is_link(value: Any) -> bool:
    """Whether an input in API form is a link to another node's output."""
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)


@contextmanager
def loaded_pack(models: Path) -> Iterator[Pack]:
    """The pack, and a stand-in for ComfyUI with `models` as its folder of models."""
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(STAND_IN))
        import comfy.utils
        import folder_paths
        from server import PromptServer

        patch.setattr(folder_paths, "models_dir", str(models))
        folder_paths.add_model_folder_path("text_encoders", str(models / "text_encoders"))
        patch.setattr(PromptServer, "instance", PromptServer())
        location = {"submodule_search_locations": [str(ROOT)]}
        spec = importlib.util.spec_from_file_location(NAME, ROOT / "__init__.py", **location)
        assert spec is not None and spec.loader is not None
        door = importlib.util.module_from_spec(spec)
        sys.modules[NAME] = door
        spec.loader.exec_module(door)

        async def nodes() -> list[Any]:
            return await (await door.comfy_entrypoint()).get_node_list()

        classes = asyncio.run(nodes())
        pack = Pack({node.GET_SCHEMA().node_id: node for node in classes}, PromptServer.instance)

        def note(value: int, total: int, preview: Any = None, **_: Any) -> None:
            pack.progress.append((value, total, preview))

        comfy.utils.set_progress_bar_global_hook(note)
        yield pack
    tops = {NAME, *(p.stem for p in STAND_IN.iterdir())}
    for name in set(sys.modules) - before:
        if name.split(".")[0] in tops:
            del sys.modules[name]


def _info(schema: Any) -> dict[str, Any]:
    groups: dict[str, dict[str, Any]] = {"required": {}, "optional": {}}
    for part in schema.inputs:
        options = {k: v for k, v in vars(part).items() if k not in ("id", "extra_dict")}
        options |= {**part.extra_dict, "forceInput": options.pop("force_input", None)}
        groups["optional" if part.optional else "required"][part.id] = [part.io_type, options]
    return {
        "display_name": schema.display_name,
        "description": schema.description,
        "input": {name: group for name, group in groups.items() if group},
        "output": [part.io_type for part in schema.outputs],
        "output_name": [part.display_name or part.io_type for part in schema.outputs],
        "output_tooltips": [part.tooltip for part in schema.outputs],
        "deprecated": schema.is_deprecated,
    }
