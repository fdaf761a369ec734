"""Stand-in for `comfy_execution.graph_utils`."""

from __future__ import annotations

import itertools
from typing import Any


class Node:
    """A node of a graph under construction."""

    def __init__(self, id: str, class_type: str, inputs: dict[str, Any]) -> None:
        self.id, self.class_type, self.inputs = id, class_type, inputs

    def out(self, index: int) -> list[Any]:
        """A link to an output."""
        return [self.id, index]


class GraphBuilder:
    """Collects nodes; each graph gives its nodes ids with a prefix of their own."""

    _numbers = itertools.count()

    def __init__(self, prefix: str | None = None) -> None:
        self.prefix = f"expanded.{next(self._numbers)}." if prefix is None else prefix
        self.nodes: dict[str, Node] = {}

    def node(self, class_type: str, id: str | None = None, **kwargs: Any) -> Node:
        """Add a node; one that was added under the same `id` comes back as it is."""
        name = self.prefix + (str(len(self.nodes) + 1) if id is None else id)
        return self.nodes.setdefault(name, Node(name, class_type, kwargs))

    def finalize(self) -> dict[str, Any]:
        """The nodes in API form."""
        return {n.id: {"class_type": n.class_type, "inputs": n.inputs} for n in self.nodes.values()}
