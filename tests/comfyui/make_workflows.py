"""Writes `workflows/*.json` as ComfyUI's own frontend serialises them.

    python -m tests.comfyui.make_workflows http://127.0.0.1:8188

needs a running ComfyUI that has this pack, and `pip install playwright` with a Chromium (variable
CHROMIUM, else Playwright's own). Graphs, layout and notes of the examples are the data below.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

WORKFLOWS = Path(__file__).parents[2] / "workflows"
LAYOUT = Path(__file__).with_name("layout.mjs")
LEFT = 280  # width of the first column, which holds the note and the loaders
WIDTH = 300  # of nodes in the other columns
STEP = WIDTH + 20  # from one column to the next
UNDER_NOTE = 350  # where the first loader stands
PICTURES = 350  # where the row of pictures under a row of nodes that paint starts
NEEDS_COMPARE = (
    "*Compare Images* needs ComfyUI 0.9 with Nodes 2.0; delete it in an older version.",
    "“Compare Images” 需要 ComfyUI 0.9 以上并启用 Nodes 2.0；旧版本请删除它。",
)


@dataclass(frozen=True)
class Node:
    """A node in API form, and where it stands: column and row in pixels, width, height.

    collapsed: only its title is shown, because it does nothing that one has to see.
    """

    id: int
    type: str
    place: tuple[int, int, int, int]
    inputs: dict[str, Any]
    title: str = ""
    collapsed: bool = False


@dataclass(frozen=True)
class Example:
    """name: the file's. english, chinese: the note. groups: title -> the node ids it frames."""

    name: str
    english: str
    chinese: str
    nodes: tuple[Node, ...]
    groups: dict[str, tuple[int, ...]]

    @property
    def note(self) -> str:
        return f"{self.english}\n\n---\n\n{self.chinese}"


def column(number: int) -> int:
    """Where a column starts; 0 is the one with the note."""
    return 0 if number == 0 else LEFT + 20 + (number - 1) * STEP


def loader() -> Node:
    inputs = {"model": "mini", "precision": "auto"}
    return Node(1, "WeGenLoadModel", (0, UNDER_NOTE, LEFT, 110), inputs)


def painting(id: int, type: str, at: tuple[int, int], title: str = "", **inputs: Any) -> Node:
    """A node that paints: with a copilot and a seed."""
    given = {"copilot": [1, 0], "seed": 1, **inputs}
    return Node(id, type, (*at, WIDTH, 270), given, title)


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


def enlarge(id: int, at: tuple[int, int], source: int, slot: int = 0) -> Node:
    """The built-in model's small image, large enough to look at."""
    inputs = {"image": [source, slot], "upscale_method": "lanczos", "scale_by": 8.0}
    return Node(id, "ImageScaleBy", (*at, WIDTH, 82), inputs, "Enlarge to look at", collapsed=True)


def picture(
    id: int,
    at: tuple[int, int],
    source: int,
    slot: int = 0,
    size: tuple[int, int] = (WIDTH, 330),
    title: str = "",
) -> Node:
    """With a title, it is a picture of the thumbnail, which shows no others then."""
    return Node(id, "PreviewImage", (*at, *size), {"images": [source, slot]}, title)


def shown(
    id: int, at: tuple[int, int], source: int, slot: int = 0, **more: Any
) -> tuple[Node, ...]:
    """A small image, enlarged by node `id` + 100, which stands right above."""
    x, y = at
    return enlarge(id + 100, (x, y - 35), source, slot), picture(id, at, id + 100, **more)


def compare(
    id: int, at: tuple[int, int], before: int, after: int, size: tuple[int, int] = (WIDTH, 330)
) -> Node:
    inputs = {"image_a": [before, 0], "image_b": [after, 0]}
    return Node(id, "ImageCompare", (*at, *size), inputs, "Before and after: drag across")


def words(id: int, at: tuple[int, int], source: int, slot: int = 0, height: int = 170) -> Node:
    return Node(id, "PreviewAny", (*at, WIDTH, height), {"source": [source, slot]})


def blur(id: int, at: tuple[int, int], source: int, sigma: float) -> Node:
    inputs = {"image": [source, 0], "blur_radius": 1, "sigma": sigma}
    return Node(id, "ImageBlur", (*at, WIDTH, 110), inputs, "The editor blurs", collapsed=True)


def preserve(
    id: int, at: tuple[int, int], source: int, edited: int, collapsed: bool = False
) -> Node:
    inputs = {
        "source": [source, 0],
        "edited": [edited, 0],
        "mask_mode": "limit",
        "scope": "auto",
        "align": "warp",
        "shared_registration": False,
    }
    return Node(id, "WeGenPreserve", (*at, WIDTH, 270), inputs, collapsed=collapsed)


FIVE = (
    "make the boat yellow",
    "remove the tree",
    "add an orange cat on the right",
    "make the cat purple",
    "make the boat red",
)
NARROW = 270  # width of a column of the five edits


def five_edits() -> tuple[Node, ...]:
    """The edits of `FIVE`, each with its editor's blur: 10 to 12, 20 to 22, ... with an anchor, and
    from the second one on, as the first is the same, 14 and 15, 24 and 25, ... without."""
    nodes: list[Node] = []
    anchored, alone = 2, 11
    for i, sentence in enumerate(FIVE):
        x, first = LEFT + 20 + i * (NARROW + 20), 10 * (i + 1)
        nodes += [
            refine(first, (x, 0), anchored, sentence, f"Edit {i + 1}"),
            blur(first + 1, (x, 265), first, 0.5),
            preserve(first + 2, (x, 300), anchored, first + 1, collapsed=True),
        ]
        anchored = first + 2
        if i > 0:
            title = f"Edit {i + 1}, no anchor"
            nodes.append(refine(first + 4, (x, 385), alone, sentence, title))
            nodes.append(blur(first + 5, (x, 650), first + 4, 0.5))
            alone = first + 5
    x, y, step, size = LEFT + 20, 765, 362, (342, 300)
    nodes = [replace(node, place=(*node.place[:2], NARROW, 225)) for node in nodes]
    nodes += shown(3, (x, y), 2, size=size, title="before")
    nodes += shown(60, (x + step, y), anchored, size=size, title="five edits, one anchor")
    nodes += shown(61, (x + 2 * step, y), alone, size=size, title="five edits, no anchor")
    return *nodes, compare(62, (x + 3 * step, y), 161, 160, size)


EXAMPLES = (
    Example(
        "wegen-01-first-picture",
        "Type what you want to see, and press **Run**.\n\nThe built-in model draws small scenes: "
        "cars, boats, houses, trees, cats, fish, balls and stars; on grass, at the sea, in the "
        "desert or at night.",
        "写下你想看到的画面，然后点**运行**。\n\n内置模型只画简单的小场景：汽车、船、房子、树、猫、鱼、球和星星；"
        "在草地上、海边、沙漠或夜晚。",
        (
            loader(),
            generate(
                2,
                (column(1), 0),
                "a red boat on the left and a yellow star on the right, by the sea",
            ),
            enlarge(103, (column(1), PICTURES), 2),
            Node(
                3,
                "SaveImage",
                (column(2), 0, 480, 540),
                {"images": [103, 0], "filename_prefix": "WeGen/first picture"},
            ),
        ),
        {"Request -> image": (2, 3, 103)},
    ),
    Example(
        "wegen-02-four-pictures-of-a-vague-wish",
        "A short request becomes four different full prompts, and each prompt becomes an image.\n\n"
        "Without a copilot, the rewriter's prompts suit any image model.",
        "一句简短的话变成四条完整而不同的提示词，每条提示词画一张图。\n\n不连接助手时，改写出的提示词适合任何图像模型。",
        (
            loader(),
            Node(
                2,
                "WeGenRewritePrompt",
                (column(1), 0, WIDTH, 290),
                {"prompt": "a boat", "n": 4, "creativity": 0.7, "seed": 1, "copilot": [1, 0]},
            ),
            words(3, (column(1), PICTURES + 20), 2, 1, height=210),
            generate(4, (column(2), 0), [2, 0]),
            enlarge(105, (column(2), PICTURES), 4),
            picture(5, (column(3), 0), 105, size=(560, 580)),
        ),
        {"One request, four prompts": (2, 3), "Four images": (4, 5, 105)},
    ),
    Example(
        "wegen-03-refine-in-three-steps",
        "Each sentence changes one thing; the rest of the image stays the same, bit for bit.\n\n"
        f"{NEEDS_COMPARE[0]}",
        f"每句话只改一处；其余部分逐位不变。\n\n{NEEDS_COMPARE[1]}",
        (
            loader(),
            generate(
                2,
                (column(1), 0),
                "a blue boat on the left and a green tree on the right, by the sea",
            ),
            *shown(3, (column(1), PICTURES), 2),
            refine(4, (column(2), 0), 2, "remove the tree", "Step 1"),
            *shown(5, (column(2), PICTURES), 4),
            refine(6, (column(3), 0), 4, "make the boat yellow", "Step 2"),
            *shown(7, (column(3), PICTURES), 6),
            refine(8, (column(4), 0), 6, "add an orange cat on the right", "Step 3"),
            *shown(9, (column(4), PICTURES), 8),
            compare(10, (column(4), PICTURES + 380), 103, 109, (WIDTH, 280)),
            words(11, (column(3), PICTURES + 380), 8, 2, height=280),
        ),
        {
            "First image": (2, 3, 103),
            "Three sentences": (4, 5, 6, 7, 8, 9, 105, 107, 109),
        },
    ),
    Example(
        "wegen-04-compose-from-two-pictures",
        "Say what to take from which picture; they are numbered in the order of the sockets.\n\n"
        "The two are drawn here, so that no file is needed. Use *Load Image* for your own.",
        "说明从哪张图取什么；图按接口顺序编号。\n\n这里的两张图是现画的，不需要文件。用“加载图像”换成你自己的。",
        (
            loader(),
            generate(2, (column(1), 0), "an orange cat on the left, on grass", "Picture 1"),
            *shown(3, (column(2), 0), 2, size=(WIDTH, 320)),
            generate(4, (column(1), 400), "a blue house on the right, in the desert", "Picture 2"),
            *shown(5, (column(2), 400), 4, size=(WIDTH, 320)),
            painting(
                6,
                "WeGenCompose",
                (column(3), 0),
                image_1=[2, 0],
                image_2=[4, 0],
                instruction="put the cat from picture 1 into picture 2",
            ),
            words(8, (column(3), 400), 6, 1, height=320),
            *shown(7, (column(4), 0), 6, size=(460, 500)),
        ),
        {"Two pictures": (2, 3, 4, 5, 103, 105), "One image of both": (6, 7, 8, 107)},
    ),
    Example(
        "wegen-05-chat",
        "Each *WeGen Chat* is one turn; its conversation output leads to the next turn.\n\n"
        "The copilot decides by itself whether you want a new image, a change or an answer.",
        "每个“WeGen 对话”是一轮；它的对话输出接到下一轮。\n\n助手自己判断你要新图、修改还是回答。",
        (
            loader(),
            chat(2, (column(1), 0), "draw a green tree on the left, on grass", None, "You: draw"),
            *shown(4, (column(1), PICTURES), 2, 1),
            words(3, (column(1), 730), 2, 0),
            chat(5, (column(2), 0), "make the tree orange", 2, "You: change"),
            *shown(7, (column(2), PICTURES), 5, 1),
            words(6, (column(2), 730), 5, 0),
            chat(8, (column(3), 0), "what colour is the tree?", 5, "You: ask"),
            words(9, (column(3), PICTURES), 8, 0),
        ),
        {"Draw": (2, 3, 4, 104), "Change": (5, 6, 7, 107), "Ask": (8, 9)},
    ),
    Example(
        "wegen-06-preserve-after-any-edit",
        "Put your own editor into the middle group, your image (*Load Image*) in front of it.\n\n"
        "Here the editor draws the whole scene again, stretches it to 80x64, and blurs it. *WeGen "
        f"Preserve* keeps the edit and undoes the rest.\n\n{NEEDS_COMPARE[0]}",
        "把你自己的编辑器放进中间一组，前面接你的图（“加载图像”）。\n\n"
        "这里的编辑器重画整个场景，拉伸到 80x64 并模糊。"
        f"“WeGen 保持”保留修改，撤销其余变化。\n\n{NEEDS_COMPARE[1]}",
        (
            loader(),
            generate(
                2,
                (column(1), 0),
                "a blue house in the middle and a green tree on the left, in the desert",
                "Your image",
            ),
            *shown(3, (column(1), PICTURES + 60), 2, title="before"),
            generate(
                4,
                (column(2), 0),
                "a red house in the middle and a green tree on the left, in the desert",
                "Any editor: draws it all again",
                seed=2,
            ),
            Node(
                5,
                "ImageScale",
                (column(2), 310, WIDTH, 150),
                {
                    "image": [4, 0],
                    "upscale_method": "bicubic",
                    "width": 80,
                    "height": 64,
                    "crop": "disabled",
                },
                "The editor stretches",
                collapsed=True,
            ),
            blur(6, (column(2), 345), 5, 0.6),
            *shown(7, (column(2), PICTURES + 60), 6, title="edited"),
            preserve(8, (column(3), 0), 2, 6),
            *shown(10, (column(3), PICTURES + 60), 8, title="preserved"),
            *shown(11, (column(4), PICTURES + 60), 8, 3, title="where the editor strayed"),
            compare(12, (column(4), 0), 103, 110),
        ),
        {
            "Your image": (2, 3, 103),
            "Any editor": (4, 5, 6, 7, 107),
            "The edit, and nothing else": (8, 10, 11, 12, 110, 111),
        },
    ),
    Example(
        "wegen-07-five-edits-one-anchor",
        "Every editor also blurs a little; here *Blur* does that.\n\nAbove, each *WeGen Preserve* "
        "lays the edit on the image before it, which still equals the first image wherever nothing "
        f"was changed. Below, the blur adds up.\n\n{NEEDS_COMPARE[0]}",
        "每个编辑器都会让图像变模糊一点，这里由“模糊”节点代替。\n\n"
        "上排：每个“WeGen 保持”把修改放回前一张图，没改的地方与第一张图完全相同。"
        f"下排：模糊逐次累积。\n\n{NEEDS_COMPARE[1]}",
        (
            loader(),
            replace(
                generate(
                    2,
                    (0, 550),
                    "a blue boat on the left and a green tree on the right, by the sea",
                    "Your image",
                ),
                place=(0, 550, LEFT, 270),
            ),
            *five_edits(),
        ),
        {
            "One anchor": tuple(10 * i + j for i in range(1, 6) for j in range(3)),
            "No anchor": tuple(10 * i + j for i in range(2, 6) for j in (4, 5)),
            "After five edits": (3, 60, 61, 62, 103, 160, 161),
        },
    ),
    Example(
        "wegen-13-conversation",
        "*WeGen Conversation* opens what *WeGen Save Conversation* keeps under a title, for the "
        "next run and for the tab *WeGen* in the left sidebar.\n\nRun it, write what to change "
        "into *WeGen Chat*, and run it again: it goes on from there.",
        "“WeGen 打开对话”打开“WeGen 保存对话”按标题保存的内容，供下次运行和左侧栏的 WeGen 标签页"
        "使用。"
        "\n\n先运行一次，再在“WeGen 对话”中写下要改的内容，然后再次运行：它会接着上次继续。",
        (
            loader(),
            Node(
                2,
                "WeGenConversation",
                (0, UNDER_NOTE + 185, LEFT, 110),
                {"name": "my conversation", "turn": ""},
            ),
            painting(
                3,
                "WeGenChat",
                (column(1), 0),
                "You",
                message="draw a red boat on the left, by the sea",
                conversation=[2, 0],
            ),
            *shown(4, (column(1), PICTURES), 3, 1),
            Node(
                5,
                "WeGenSaveConversation",
                (column(2), 0, WIDTH, 300),
                {"conversation": [3, 2], "name": "my conversation"},
            ),
            # The image of the node above it, once it has run, needs more than its first size.
            words(6, (column(2), PICTURES + 40), 3, 0),
        ),
        {"Say": (3, 4, 104), "Keep": (5, 6)},
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
                "left": LEFT,
                "height": UNDER_NOTE - 50,
                "nodes": [[n.id, n.title, n.collapsed, *n.place] for n in example.nodes],
                "groups": [[title, list(ids)] for title, ids in example.groups.items()],
            }
            workflow = page.evaluate(LAYOUT.read_text(), [example.name, api_form(example), layout])
            (WORKFLOWS / f"{example.name}.json").write_text(workflow + "\n", encoding="utf-8")
            print(example.name)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
