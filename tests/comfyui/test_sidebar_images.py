"""Images that go into the chat sidebar and out of it: references, masks, views, the trash."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image

from tests.support.comfy_server import PACK, ComfyServer
from tests.support.sidebar_page import (
    LIMIT,
    SECONDS,
    act,
    choose,
    expect,
    open_page,
    say,
    show_tab,
)

pytestmark = pytest.mark.comfyui
api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
WISH = "a red boat by the sea on the left"
DRAW = "Draw where the next change may happen"


def png(color: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), color).save(buffer, "PNG")
    return buffer.getvalue()


def drop(page, *files: bytes, address: str = "") -> None:
    """What the browser sends when files, or an image with this address, are dropped on the tab."""
    data = page.evaluate_handle(
        """([files, address]) => {
          const data = new DataTransfer();
          for (const bytes of files)
            data.items.add(new File([new Uint8Array(bytes)], "a.png", { type: "image/png" }));
          if (address) data.setData("text/uri-list", new URL(address, location.href).href);
          return data;
        }""",
        [[list(file) for file in files], address],
    )
    page.dispatch_event(".wegen", "drop", {"dataTransfer": data})


def opened(page) -> dict:
    """What the server keeps of the conversation that is open."""
    return page.evaluate(
        """async () => {
          const { conversations: [{ id }] } = await (await fetch("/wegen/conversations")).json();
          return (await fetch(`/wegen/conversations/${id}`)).json();
        }"""
    )


def asked(page) -> list[tuple[int, str]]:
    """Number and role of each reference of the newest message."""
    turns = [turn for turn in opened(page)["turns"] if turn["role"] == "user"]
    return [(reference["picture"], reference["role"]) for reference in turns[-1]["references"]]


def images_of(conversation: dict) -> list[str]:
    return [p["image"] for turn in conversation["turns"] for p in turn["parts"] if "image" in p]


def last_images(page, server: ComfyServer, count: int) -> list[np.ndarray]:
    """The images of the newest `count` turns with one."""
    conversation = opened(page)
    names = images_of(conversation)
    path = f"wegen/conversations/{conversation['id']}/images"
    answers = [server.get(f"{path}/{name}").content for name in names[-count:]]
    return [np.asarray(Image.open(io.BytesIO(answer))) for answer in answers]


def numbers(page) -> list[int]:
    return [int(text) for text in page.locator(".wegen-tray b").all_inner_texts()]


def test_dropped_files_are_numbered_references_with_roles(page) -> None:
    before = page.locator(".wegen-picture").count()
    drop(page, png("green"), png("blue"))
    expect(page, ".wegen-tray figure", 2)
    assert numbers(page) == [before + 1, before + 2]
    page.locator(".wegen-tray select").nth(0).select_option("base")
    page.locator(".wegen-tray select").nth(1).select_option("style")
    say(page, f"put the colours of image {before + 2} into image {before + 1}", wait=False)
    expect(page, ".wegen-tray figure", 0)
    assert asked(page) == [(before + 1, "base"), (before + 2, "style")]


def test_an_image_of_a_turn_is_copied_pasted_and_dragged(page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    say(page, WISH)
    act(page, "Copy")
    page.wait_for_selector("text=Copied.")
    page.focus(".wegen textarea")
    page.keyboard.press("Control+V")
    expect(page, ".wegen-tray figure", 1)
    page.locator(".wegen-frame > img:first-child").last.drag_to(page.locator(".wegen footer"))
    expect(page, ".wegen-tray figure", 2)
    act(page, "Use as a reference")
    expect(page, ".wegen-tray figure", 3)
    drawn = page.locator(".wegen-picture").count()
    assert numbers(page) == [drawn + 1, drawn + 2, drawn + 3]
    for _ in range(3):
        act(page, "Remove")
    expect(page, ".wegen-tray figure", 0)


def test_images_go_to_the_canvas_and_come_back(page) -> None:
    say(page, WISH)
    nodes = page.evaluate("app.graph.nodes.length")
    choose(page, "To the canvas")
    page.wait_for_function(f"app.graph.nodes.length === {nodes} + 1 && app.graph.nodes.at(-1).imgs")
    page.evaluate("app.canvas.select(app.graph.nodes.at(-1))")
    page.click(".wegen footer [aria-label='Add the image of the selected node']")
    expect(page, ".wegen-tray figure", 1)
    # An output node's image, dragged.
    drop(page, address=page.evaluate("app.graph.nodes.at(-1).imgs[0].src"))
    expect(page, ".wegen-tray figure", 2)
    page.evaluate("app.canvas.deselectAll()")
    page.click(".wegen footer [aria-label='Add the image of the selected node']")
    page.wait_for_selector("text=Select a node that shows an image first.")
    expect(page, ".wegen-tray figure", 2)


def masked(page) -> np.ndarray:
    """Which pixels are drawn in the mask editor."""
    alpha = page.evaluate(
        """() => {
          const canvas = document.querySelector(".wegen-mask canvas");
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          return Array.from({ length: height }, (_, y) =>
            Array.from({ length: width }, (_, x) => data[4 * (y * width + x) + 3]));
        }"""
    )
    return np.asarray(alpha) > 127


def draw(page, tool: str, *points: tuple[float, float]) -> np.ndarray:
    """Drag with a tool over `points` (shares of width and height); what is drawn then."""
    page.locator(".wegen-dialog").get_by_role("button", name=tool, exact=True).click()
    box = page.locator(".wegen-mask canvas").bounding_box()
    for number, (x, y) in enumerate(points):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=3)
        if number == 0:
            page.mouse.down()
    page.mouse.up()
    return masked(page)


def test_a_mask_is_drawn_with_all_tools_and_limits_the_change(page, server: ComfyServer) -> None:
    say(page, WISH)
    page.click(f".wegen footer [aria-label='{DRAW}']")
    stroke = draw(page, "Brush", (0.8, 0.2), (0.9, 0.2))
    assert stroke[12, 54] and not stroke[40, 20]
    boxed = draw(page, "Box", (0.0, 0.4), (0.6, 1.0))
    assert boxed[30:, :38].all() and boxed[12, 54] and not boxed[45:, 45:].any()
    erased = draw(page, "Eraser", (0.9, 0.2), (0.75, 0.2))
    assert not erased[12, 54] and erased[40, 20]
    page.click(".wegen-dialog [aria-label='Undo']")
    assert (masked(page) == boxed).all()
    page.click(".wegen-dialog [aria-label='Clear']")
    assert not masked(page).any()
    mask = draw(page, "Box", (0.0, 0.4), (0.6, 1.0))
    page.get_by_role("button", name="Use", exact=True).click()
    expect(page, ".wegen-tray figure", 1)
    page.fill(".wegen textarea", "make the boat green")
    expect(page, ".wegen-tray figure", 1)
    say(page, "make the boat blue")
    expect(page, ".wegen-tray figure", 0)
    only_changed(mask, *last_images(page, server, 2))
    act(page, "Edit and send again")
    expect(page, ".wegen-tray figure", 1)
    page.fill(".wegen textarea", "make the boat yellow")
    drawn = len(images_of(opened(page)))
    page.press(".wegen textarea", "Enter")
    give_up = time.monotonic() + LIMIT / SECONDS
    while len(images_of(opened(page))) == drawn:
        assert time.monotonic() < give_up
        page.wait_for_timeout(200)
    before, _, after = last_images(page, server, 3)
    only_changed(mask, before, after)


def only_changed(mask: np.ndarray, before: np.ndarray, after: np.ndarray) -> None:
    changed = (before != after).any(-1)
    assert changed.any() and not changed[~mask].any()


def test_an_edited_message_keeps_its_references(page) -> None:
    before, replies = (page.locator(s).count() for s in (".wegen-picture", ".wegen-assistant"))
    drop(page, png("green"))
    page.select_option(".wegen-tray select", "style")
    say(page, f"what is in image {before + 1}?", wait=False)
    expect(page, ".wegen-assistant:not([aria-busy])", replies + 1)
    act(page, "Edit and send again")
    expect(page, ".wegen-tray figure", 1)
    assert numbers(page) == [before + 1]
    assert page.input_value(".wegen-tray select") == "style"
    page.fill(".wegen textarea", f"what colour is image {before + 1}?")
    page.press(".wegen textarea", "Enter")
    api.expect(page.locator(".wegen-user").last).to_contain_text("2/2")
    assert asked(page) == [(before + 1, "style")]


def test_words_stream_and_the_image_appears_as_it_is_painted(page) -> None:
    page.evaluate(
        """() => {
          window.watched = { texts: new Set(), previews: new Set() };
          const look = () => {
            const card = document.querySelector(".wegen [aria-busy]");
            const source = card?.querySelector("img:not([hidden])")?.src;
            if (card) watched.texts.add(card.querySelector("p").textContent);
            if (source) watched.previews.add(source);
          };
          const options = { subtree: true, childList: true, attributes: true, characterData: true };
          new MutationObserver(look).observe(document.querySelector(".wegen-turns"), options);
        }"""
    )
    say(page, WISH)
    texts, previews = page.evaluate("[[...watched.texts], watched.previews.size]")
    assert len(texts) > 1 and previews > 1


def test_a_message_waits_while_another_workflow_runs(page, server: ComfyServer) -> None:
    busy = {
        "1": {"class_type": "WeGenLoadModel", "inputs": {"model": "mini", "precision": "auto"}},
        "2": {
            "class_type": "WeGenGenerate",
            "inputs": {"copilot": ["1", 0], "prompt": WISH, "n": 4, "steps": 200, "seed": 5}
            | {"guidance": 0.0},
        },
        "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
    }
    drawn = page.locator(".wegen-picture").count()
    job = server.post("prompt", {"prompt": busy}).json()["prompt_id"]
    say(page, WISH, wait=False)
    api.expect(page.locator(".wegen [aria-busy] p")).to_have_text("Waiting in the queue ...")
    server.post("interrupt", {"prompt_id": job})
    expect(page, ".wegen-picture", drawn + 1)


def test_two_images_are_compared_with_slider_zoom_and_pan(page) -> None:
    say(page, WISH)
    say(page, "make the boat blue")
    frame = page.locator(".wegen-frame").last
    frame.hover()
    api.expect(frame.locator(".wegen-outline")).to_have_css("opacity", "0.6")
    act(page, "Compare with the image before")
    under, over = (page.locator(f".wegen-stage img{s}") for s in (".wegen-under", ":first-child"))
    page.wait_for_function("document.querySelector('.wegen-under')?.naturalWidth")
    cut = under.evaluate("(image) => image.style.clipPath")
    page.get_by_role("slider", name="Compare with the image before").fill("55")
    assert under.evaluate("(image) => image.style.clipPath") != cut
    box = page.locator(".wegen-stage").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 3)
    page.mouse.wheel(0, -400)
    api.expect(under).to_have_attribute("style", re.compile(r"scale\(2\."))
    zoomed = under.evaluate("(image) => image.style.transform")
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=3)
    page.mouse.up()
    moved = under.evaluate("(image) => image.style.transform")
    assert moved != zoomed and moved == over.evaluate("(image) => image.style.transform")
    page.keyboard.press("Escape")


def test_undo_and_redo_go_back_and_forth(page) -> None:
    say(page, WISH)
    say(page, "make the boat blue")
    drawn = page.locator(".wegen-picture").count()
    page.click(".wegen footer [aria-label='Undo']")
    expect(page, ".wegen-picture", drawn - 1)
    page.click(".wegen footer [aria-label='Redo']")
    expect(page, ".wegen-picture", drawn)


def test_an_image_is_saved(page) -> None:
    say(page, WISH)
    with page.expect_download() as download:
        act(page, "Save")
    assert Image.open(download.value.path()).size == (64, 64)


def test_conversations_go_to_the_trash_and_back(page) -> None:
    say(page, WISH)
    page.click(".wegen header [aria-label='Conversations']")
    api.expect(page.locator(".wegen h3")).to_contain_text("B")  # the disk space, KB or MB
    entries = page.locator(".wegen-entry").count()
    page.locator(".wegen-list [aria-label='Delete']").first.click()
    expect(page, ".wegen-entry", entries - 1)
    page.locator(".wegen-undo button").last.click()
    expect(page, ".wegen-entry", entries)
    page.locator(".wegen-list [aria-label='Delete']").first.click()
    expect(page, ".wegen-entry", entries - 1)
    page.click(".wegen header [aria-label='Trash']")
    expect(page, ".wegen-entry", 1)
    page.click("[aria-label='Restore']")
    expect(page, ".wegen-entry", 0)
    page.click(".wegen header [aria-label='Trash']")
    expect(page, ".wegen-entry", entries)
    page.locator(".wegen-list [aria-label='Delete']").first.click()
    page.click(".wegen header [aria-label='Trash']")
    page.click("[aria-label='Delete for good']")
    expect(page, ".wegen-entry", 0)
    page.click(".wegen header [aria-label='Trash']")
    expect(page, ".wegen-entry", entries - 1)
    page.click(".wegen header [aria-label='Close']")


@pytest.mark.slow
def test_a_user_of_a_shared_server_finds_everything_after_its_restart(
    browser, server: ComfyServer, errors: list[str], tmp_path: Path
) -> None:
    second = ComfyServer(server.folder, server.python, tmp_path)
    second.start({"ComfyUI-WeGen": PACK}, "--multi-user")
    try:
        user = second.post("users", {"username": "ann"}).json()
        requests.post(
            f"http://{second.address}/settings",
            json={"Comfy.TutorialCompleted": True},
            headers={"Comfy-User": user},
            timeout=120,
        )
        stored = [{"name": "Comfy.userId", "value": user}]
        origin = {"origin": f"http://{second.address}", "localStorage": stored}
        page = open_page(browser, second, errors, storage_state={"origins": [origin]})
        say(page, WISH)
        second.stop()
        second.launch("--multi-user")
        page.reload()
        show_tab(page)
        expect(page, ".wegen-picture", 1)
        say(page, "make the boat blue")
        page.close()
    finally:
        second.stop()
