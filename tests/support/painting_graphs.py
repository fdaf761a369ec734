"""Graphs in which tiny random models, loaded in ComfyUI, paint what an endpoint plans."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from tests.support.graphs import Graph, output
from tests.support.hostile_server import HostileServer, serving, speak

PLAN = {
    "intent": "refine",
    "text": "The boat is red now.",
    "prompt": "a red boat by the sea",
    "changes": ["the boat is red"],
    "keep": [],
    "region": [0.0, 0.0, 0.5, 1.0],
    "references": [],
}


def add_painter(
    graph: Graph, maker: str = "TestStableDiffusion", parts: dict | None = None, **more
):
    """A WeGen Painter of a tiny model that paints 64x64 pixels in two steps."""
    made = graph.add(maker, **(parts or {}))
    given = {"model": made, "clip": output(made, 1), "vae": output(made, 2), "recipe": "auto"}
    given |= {"steps": 2, "cfg": 0.0, "sampler_name": "auto", "scheduler": "auto"}
    given |= {"negative": "", "guidance": 0.0, "strength": 0.6, "width": 64, "height": 64}
    return graph.add("WeGenPainter", **{**given, **more})


def add_copilot(graph: Graph, host: HostileServer, check: str = "off", pictures: int = 9, **more):
    inputs = {
        "url": f"http://{host.host}/v1",
        "model": "small",
        "pictures": pictures,
        "timeout": 20,
    }
    mllm = graph.add("WeGenMLLMEndpoint", **inputs)
    return graph.add("WeGenCopilot", mllm=mllm, check=check, painter=add_painter(graph, **more))


def add_refine(graph: Graph, host: HostileServer, image, seed: int = 1, mask=None, **more):
    words = {"instruction": "make the boat red", "seed": seed}
    if mask is not None:
        words["mask"] = mask
    refined = graph.add(
        "WeGenRefine", copilot=add_copilot(graph, host, **more), image=image, **words
    )
    graph.add("PreviewImage", images=refined)
    graph.add("MaskPreview", mask=output(refined, 1))
    graph.add("PreviewAny", source=output(refined, 2))
    return refined


def plan_reply(**more) -> object:
    return speak(json.dumps({**PLAN, **more}))


def photo(size: tuple[int, int] = (90, 70)) -> Image.Image:
    """A picture with something in every pixel."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    bands = np.stack([x * 2, y * 3, (x + y) % 64 * 4], -1)
    return Image.fromarray(bands.clip(0, 255).astype(np.uint8))


def add_image(server, graph: Graph, image: Image.Image, name: str = "painted.png"):
    return graph.add("LoadImage", image=server.upload(image, name))


def add_left_half(server, graph: Graph, size: tuple[int, int] = (90, 70)):
    """A mask that allows changes in the left half: a plan's region does not limit them."""
    left = Image.new("RGB", size)
    left.paste("white", (0, 0, size[0] // 2, size[1]))
    image = add_image(server, graph, left, f"left_half_{size[0]}x{size[1]}.png")
    return graph.add("ImageToMask", image=image, channel="red")


def run_to_success(server, graph: Graph, **more):
    outcome = server.run(graph, **more)
    assert outcome.end == "execution_success", outcome.message
    return outcome


def compose_from_colours(server, **painter) -> list[np.ndarray]:
    """What a painter composes from two black images, and from the first or the second in white."""
    references = [{"picture": n, "role": "subject", "what": "", "strength": 1} for n in (1, 2)]
    words = {"instruction": "the boat of picture 1 beside that of picture 2", "seed": 1}
    images = []
    with serving(plan_reply(intent="compose", region=None, references=references)) as host:
        for colours in (("black", "black"), ("white", "black"), ("black", "white")):
            graph = Graph()
            inputs = {
                f"image_{i}": add_image(server, graph, Image.new("RGB", (80, 64), c), f"{c}.png")
                for i, c in enumerate(colours, 1)
            }
            copilot = add_copilot(graph, host, **painter)
            composed = graph.add("WeGenCompose", copilot=copilot, **words, **inputs)
            graph.add("PreviewImage", images=composed)
            images.append(np.asarray(server.pictures(run_to_success(server, graph))[0]))
    return images


def skip_unless_known(server, maker: str = "TestStableDiffusion", **_) -> None:
    if not server.get(f"object_info/{maker}").json():
        pytest.skip("this ComfyUI does not know the family yet")
