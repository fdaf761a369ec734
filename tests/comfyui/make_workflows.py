"""Writes `workflows/*.json` as ComfyUI's own frontend serialises them.

    python -m tests.comfyui.make_workflows http://127.0.0.1:8188

needs a running ComfyUI that has this pack, and `pip install playwright` with a Chromium (variable
CHROMIUM, else Playwright's own). Graphs, layout and notes of the examples are the data below.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

WORKFLOWS = Path(__file__).parents[2] / "workflows"
LAYOUT = Path(__file__).with_name("layout.mjs")
HEIGHT = 490  # of nodes that show their picture: they grow to that when they run
BELOW = HEIGHT + 50  # where the next row starts
LOWER = 2 * BELOW + 360  # where the second half of a tall graph starts
WIDTH = 340


@dataclass(frozen=True)
class Node:
    """A node in API form, and where it stands: column and row in pixels, width, height."""

    id: int
    type: str
    place: tuple[int, int, int, int]
    inputs: dict[str, Any]
    title: str = ""


@dataclass(frozen=True)
class Example:
    """name: the file's. note: two lines for the user. groups: title -> the node ids it frames."""

    name: str
    note: str
    nodes: tuple[Node, ...]
    groups: dict[str, tuple[int, ...]]


def loader() -> Node:
    return Node(1, "WeGenLoadModel", (0, 220, 300, 110), {"model": "mini", "precision": "auto"})


def painting(id: int, type: str, at: tuple[int, int], title: str = "", **inputs: Any) -> Node:
    """A node that paints: with a copilot, a seed, and room for its preview."""
    given = {"copilot": [1, 0], "seed": 1, **inputs}
    return Node(id, type, (*at, WIDTH, HEIGHT), given, title)


def generate(id: int, at: tuple[int, int], prompt: Any, title: str = "", seed: int = 1) -> Node:
    own = {"n": 1, "steps": 0, "guidance": 0.0, "seed": seed}
    return painting(id, "WeGenGenerate", at, title, prompt=prompt, **own)


def refine(id: int, at: tuple[int, int], source: int, instruction: str, title: str) -> Node:
    inputs = {"image": [source, 0], "instruction": instruction}
    return painting(id, "WeGenRefine", at, title, **inputs)


def chat(
    id: int, at: tuple[int, int], message: str, before: int | None, title: str, copilot: int = 1
) -> Node:
    talk = {} if before is None else {"conversation": [before, 2]}
    given = {"copilot": [copilot, 0], "message": message, **talk}
    return painting(id, "WeGenChat", at, title, **given)


def picture(
    id: int,
    at: tuple[int, int],
    source: int,
    slot: int = 0,
    height: int = 250,
    title: str = "",
) -> Node:
    """With a title, it is a picture of the thumbnail, which shows no others then."""
    return Node(id, "PreviewImage", (*at, WIDTH, height), {"images": [source, slot]}, title)


def mask(id: int, at: tuple[int, int], source: int) -> Node:
    return Node(id, "MaskPreview", (*at, WIDTH, 250), {"mask": [source, 1]})


def words(id: int, at: tuple[int, int], source: int, slot: int = 0, width: int = WIDTH) -> Node:
    return Node(id, "PreviewAny", (*at, width, 170), {"source": [source, slot]})


def blur(id: int, at: tuple[int, int], source: int, sigma: float) -> Node:
    inputs = {"image": [source, 0], "blur_radius": 1, "sigma": sigma}
    return Node(id, "ImageBlur", (*at, WIDTH, 110), inputs)


def preserve(id: int, at: tuple[int, int], source: int, edited: int) -> Node:
    return Node(
        id,
        "WeGenPreserve",
        (*at, WIDTH, 320),
        {
            "source": [source, 0],
            "edited": [edited, 0],
            "mask_mode": "limit",
            "scope": "auto",
            "align": "warp",
            "shared_registration": False,
        },
    )


FIVE = (
    "make the boat yellow",
    "remove the tree",
    "add an orange cat on the right",
    "make the cat purple",
    "make the boat red",
)


def turns() -> tuple[Node, ...]:
    """The edits of `FIVE`, each with its editor's blur: 10 to 13, 20 to 23, ... with an anchor,
    and from the second one on, as the first is the same, 24 and 25, ... without."""
    nodes: list[Node] = []
    anchored, alone = 2, 11
    for i, sentence in enumerate(FIVE):
        x, first = 720 + i * 380, 10 * (i + 1)
        nodes += [
            refine(first, (x, 0), anchored, sentence, f"Edit {i + 1}"),
            blur(first + 1, (x, BELOW), first, 0.5),
            preserve(first + 2, (x, BELOW + 160), anchored, first + 1),
        ]
        anchored = first + 2
        title = "five edits, one anchor" if i + 1 == len(FIVE) else ""
        nodes.append(picture(first + 3, (x, BELOW + 520), anchored, title=title))
        if i > 0:
            title = f"Edit {i + 1}, no anchor"
            nodes.append(refine(first + 4, (x, LOWER), alone, sentence, title))
            nodes.append(blur(first + 5, (x, LOWER + BELOW), first + 4, 0.5))
            alone = first + 5
    title = "five edits, no anchor"
    return *nodes, picture(60, (x, LOWER + BELOW + 160), alone, title=title)


EXAMPLES = (
    Example(
        "1 first picture",
        "Type what you want to see, and run. The built-in model draws scenes of 64x64 pixels: "
        "cars, boats, houses, trees, cats, fish, balls, stars; on grass, at the sea, in the desert "
        "or at night.",
        (
            loader(),
            generate(
                2, (340, 0), "a red boat on the left and a yellow star on the right, by the sea"
            ),
            Node(
                3,
                "SaveImage",
                (720, 0, WIDTH, HEIGHT),
                {"images": [2, 0], "filename_prefix": "WeGen/first picture"},
            ),
        ),
        {"Request -> image": (2, 3)},
    ),
    Example(
        "2 a vague wish, four pictures",
        "A short request becomes four different full prompts, and each prompt becomes an image.\n"
        "Without a copilot, the rewriter's prompts suit any image model.",
        (
            loader(),
            Node(
                2,
                "WeGenRewritePrompt",
                (340, 0, WIDTH, 270),
                {"prompt": "a boat", "n": 4, "creativity": 0.7, "seed": 1, "copilot": [1, 0]},
            ),
            words(3, (340, 320), 2, 1),
            generate(4, (720, 0), [2, 0]),
            Node(5, "PreviewImage", (1100, 0, 460, HEIGHT), {"images": [4, 0]}),
        ),
        {"One request, four prompts": (2, 3), "Four images": (4, 5)},
    ),
    Example(
        "3 refine in three steps",
        "Each sentence changes one thing; the rest of the image stays the same.\n"
        "The masks are white where the image changed.",
        (
            loader(),
            generate(
                2, (340, 0), "a blue boat on the left and a green tree on the right, by the sea"
            ),
            picture(3, (340, BELOW), 2),
            refine(4, (720, 0), 2, "remove the tree", "Step 1"),
            picture(5, (720, BELOW), 4),
            mask(6, (720, BELOW + 300), 4),
            refine(7, (1100, 0), 4, "make the boat yellow", "Step 2"),
            picture(8, (1100, BELOW), 7),
            mask(9, (1100, BELOW + 300), 7),
            refine(10, (1480, 0), 7, "add an orange cat on the right", "Step 3"),
            picture(11, (1480, BELOW), 10),
            mask(12, (1480, BELOW + 300), 10),
        ),
        {"First image": (2, 3), "Three sentences": (4, 5, 6, 7, 8, 9, 10, 11, 12)},
    ),
    Example(
        "4 compose from two pictures",
        "The two images are drawn here, so that no file is needed. Use Load Image for your own.\n"
        "Say what to take from which image; images are numbered in the order of the sockets.",
        (
            loader(),
            generate(2, (340, 0), "an orange cat on the left, on grass", "Picture 1"),
            picture(3, (720, 0), 2, height=HEIGHT),
            generate(4, (340, BELOW), "a blue house on the right, in the desert", "Picture 2"),
            picture(5, (720, BELOW), 4, height=HEIGHT),
            painting(
                6,
                "WeGenCompose",
                (1100, 0),
                image_1=[2, 0],
                image_2=[4, 0],
                instruction="put the cat from picture 1 into picture 2",
            ),
            picture(7, (1480, 0), 6, height=HEIGHT),
            words(8, (1100, BELOW), 6, 1, width=720),
        ),
        {"Two references": (2, 3, 4, 5), "One image of both": (6, 7, 8)},
    ),
    Example(
        "5 chat",
        "Each WeGen Chat is one turn; its conversation output leads to the next turn.\n"
        "The copilot decides by itself whether you want a new image, a change or an answer.",
        (
            loader(),
            chat(2, (340, 0), "draw a green tree on the left, on grass", None, "You: draw"),
            words(3, (340, BELOW), 2, 0),
            picture(4, (340, BELOW + 220), 2, 1),
            chat(5, (720, 0), "make the tree orange", 2, "You: change"),
            words(6, (720, BELOW), 5, 0),
            picture(7, (720, BELOW + 220), 5, 1),
            chat(8, (1100, 0), "what colour is the tree?", 5, "You: ask"),
            words(9, (1100, BELOW), 8, 0),
        ),
        {"Draw": (2, 3, 4), "Change": (5, 6, 7), "Ask": (8, 9)},
    ),
    Example(
        "6 preserve after any edit",
        "Put your own editor into the middle group, and your image (Load Image) in front of it.\n"
        "Here the editor draws the whole scene again, crops and stretches it to 80x64, and blurs "
        "it. WeGen Preserve keeps the edit and undoes the rest.",
        (
            loader(),
            generate(
                2,
                (340, 0),
                "a blue house in the middle and a green tree on the left, in the desert",
                "Your image",
            ),
            picture(3, (340, BELOW), 2, title="before"),
            generate(
                4,
                (720, 0),
                "a red house in the middle and a green tree on the left, in the desert",
                "An editor that draws everything again",
                seed=2,
            ),
            Node(
                5,
                "ImageScale",
                (1100, 0, WIDTH, 150),
                {
                    "image": [4, 0],
                    "upscale_method": "bicubic",
                    "width": 80,
                    "height": 64,
                    "crop": "center",
                },
            ),
            blur(6, (1100, 200), 5, 0.6),
            picture(7, (1100, BELOW), 6, title="edited"),
            preserve(8, (1480, 0), 2, 6),
            mask(9, (1860, 0), 8),
            picture(10, (1480, BELOW), 8, title="preserved"),
            picture(11, (1860, BELOW), 8, 3, title="where the editor strayed"),
        ),
        {
            "Your image": (2, 3),
            "Any editor": (4, 5, 6, 7),
            "The edit, and nothing else": (8, 9, 10, 11),
        },
    ),
    Example(
        "7 five edits, one anchor",
        "Every editor also blurs a little; here the Blur nodes do that.\n"
        "Above, each WeGen Preserve places the edit on the image before it, which still equals the "
        "first image wherever nothing was changed. Below, the blur adds up.",
        (
            loader(),
            generate(
                2, (340, 0), "a blue boat on the left and a green tree on the right, by the sea"
            ),
            picture(3, (340, BELOW), 2, title="before"),
            *turns(),
        ),
        {
            "Your image": (2, 3),
            "One anchor": tuple(10 * i + j for i in range(1, 6) for j in range(4)),
            "No anchor": (*(10 * i + j for i in range(2, 6) for j in (4, 5)), 60),
        },
    ),
)


def api_form(example: Example) -> dict[str, Any]:
    """`example` as ComfyUI queues it."""
    return {
        str(node.id): {
            "class_type": node.type,
            "inputs": {
                name: [str(value[0]), value[1]] if isinstance(value, list) else value
                for name, value in node.inputs.items()
            },
        }
        for node in example.nodes
    }


def main(address: str) -> None:
    from tests.comfyui.model_workflows import EXAMPLES as MORE

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.goto(address)
        page.wait_for_function("window.app?.graph && window.app.extensionManager", timeout=120_000)
        for example in (*EXAMPLES, *MORE):
            layout = {
                "note": example.note,
                "nodes": [[n.id, n.title, *n.place] for n in example.nodes],
                "groups": [[title, list(ids)] for title, ids in example.groups.items()],
            }
            workflow = page.evaluate(LAYOUT.read_text(), [example.name, api_form(example), layout])
            (WORKFLOWS / f"{example.name}.json").write_text(workflow + "\n", encoding="utf-8")
            print(example.name)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
