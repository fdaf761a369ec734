"""The chat sidebar in a real browser on a real server, with the embedded network.

Needs Playwright; the browser is that of CHROMIUM, else of Playwright.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.comfy_server import ComfyServer

pytestmark = pytest.mark.comfyui
api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
SECONDS = 1000


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with api.sync_playwright() as playwright:
        options = {"args": ["--no-sandbox"]}
        if "CHROMIUM" in os.environ:
            options["executable_path"] = os.environ["CHROMIUM"]
        browser = playwright.chromium.launch(**options)
        yield browser
        browser.close()


@pytest.fixture
def errors() -> list[str]:
    """What the page complained about that is ours."""
    return []


def open_page(browser, server: ComfyServer, errors: list[str], context=None):
    page = (context or browser).new_page(viewport={"width": 1280, "height": 900})
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda message: (
            errors.append(message.text)
            if message.type == "error"
            and "wegen" in (message.text + message.location["url"]).lower()
            else None
        ),
    )
    # Else the first visit opens the template browser over everything.
    server.post("settings", {"Comfy.TutorialCompleted": True})
    page.goto(f"http://{server.address}")
    page.wait_for_function("window.app?.extensionManager && window.app?.canvas?.graph")
    if not page.evaluate("!!app.extensionManager.registerSidebarTab"):
        pytest.skip("this frontend has no sidebar tabs")
    page.wait_for_function(
        "window.app?.extensionManager?.getSidebarTabs?.().some((t) => t.id === 'wegen')"
    )
    page.keyboard.press("Escape")
    page.evaluate("app.extensionManager.sidebarTab.toggleSidebarTab('wegen')")
    page.wait_for_selector(".wegen footer")
    return page


@pytest.fixture
def page(browser, server: ComfyServer, errors: list[str]) -> Iterator[object]:
    page = open_page(browser, server, errors)
    page.click(".wegen header [aria-label='New conversation']")
    yield page
    page.close()
    assert not errors


def say(page, text: str, wait: bool = True) -> None:
    replies = page.locator(".wegen-picture").count()
    page.fill(".wegen textarea", text)
    page.press(".wegen textarea", "Enter")
    if wait:
        expect(page, ".wegen-picture", replies + 1)


def expect(page, selector: str, count: int) -> None:
    api.expect(page.locator(selector)).to_have_count(count, timeout=90 * SECONDS)


def act(page, label: str, index: int = -1) -> None:
    """Click the button of a turn; it appears when the pointer is there."""
    button = page.locator(f".wegen [aria-label='{label}']").nth(index)
    button.dispatch_event("click")


def test_a_wish_is_drawn_and_changed(page) -> None:
    say(page, "a red boat by the sea on the left")
    say(page, "make the boat blue")
    badge = page.locator(".wegen-badge").last
    api.expect(badge).to_have_text(re.compile(r"\d+\.\d % identical"))
    act(page, "Compare with the image before")
    page.wait_for_selector(".wegen-dialog .wegen-stage img[src]")
    page.get_by_role("button", name="first").click()
    page.keyboard.press("Escape")
    expect(page, ".wegen-dialog", 0)


def test_an_edited_message_makes_a_branch(page) -> None:
    say(page, "a red boat by the sea on the left")
    act(page, "Edit and send again")
    page.fill(".wegen textarea", "a green tree on grass on the right")
    page.press(".wegen textarea", "Enter")
    api.expect(page.locator(".wegen-user")).to_contain_text("2/2", timeout=90 * SECONDS)
    expect(page, ".wegen-picture", 1)
    act(page, "Previous version")
    api.expect(page.locator(".wegen-user")).to_contain_text("red boat")
    act(page, "Again, with another seed")
    api.expect(page.locator(".wegen-assistant")).to_contain_text("2/2", timeout=90 * SECONDS)


def test_a_plan_is_shown_and_changed_before_it_is_painted(page) -> None:
    page.click("[aria-label='Show the plan before painting']")
    say(page, "a red boat by the sea on the left", wait=False)
    page.fill(".wegen-plan textarea", "a blue boat by the sea on the left", timeout=90 * SECONDS)
    expect(page, ".wegen-picture", 0)
    page.get_by_role("button", name="Paint this").click()
    expect(page, ".wegen-picture", 1)
    api.expect(page.locator(".wegen-assistant p")).to_contain_text("blue boat")
    act(page, "Plan")
    api.expect(page.locator(".wegen-dialog")).to_contain_text("blue boat")


def test_one_of_two_variants_is_chosen_to_go_on_from(page) -> None:
    page.select_option(".wegen footer select", "2")
    say(page, "a red boat by the sea on the left")
    expect(page, ".wegen-variants img[src]", 2)
    page.locator(".wegen-variants button").nth(1).click()
    api.expect(page.locator(".wegen-assistant")).to_contain_text("2/2")
    page.locator("[aria-label='Previous version']").focus()
    page.keyboard.press("Enter")
    api.expect(page.locator(".wegen-assistant")).to_contain_text("1/2")
    page.keyboard.press("Enter")  # the focus went to the button that is left
    api.expect(page.locator(".wegen-assistant")).to_contain_text("2/2")
    page.select_option(".wegen footer select", "1")


def test_deleting_can_be_undone(page) -> None:
    say(page, "a red boat by the sea on the left")
    act(page, "Delete this and what follows")
    expect(page, ".wegen-picture", 0)
    page.get_by_role("status").get_by_role("button").click()
    expect(page, ".wegen-picture", 1)
    page.click(".wegen footer [aria-label='Undo']")


def test_a_reload_in_the_middle_of_a_run_loses_nothing(page) -> None:
    say(page, "a yellow star at night in the middle", wait=False)
    api.expect(page.locator(".wegen-user")).to_have_count(1)
    page.reload()
    page.wait_for_function(
        "window.app?.extensionManager?.getSidebarTabs?.().some((t) => t.id === 'wegen')"
    )
    page.evaluate("app.extensionManager.sidebarTab.toggleSidebarTab('wegen')")
    expect(page, ".wegen-picture", 1)


def test_two_tabs_show_the_same(browser, server: ComfyServer, errors: list[str]) -> None:
    first = open_page(browser, server, errors)
    first.click(".wegen header [aria-label='New conversation']")
    say(first, "a red boat by the sea on the left")
    second = open_page(browser, server, errors)
    expect(second, ".wegen-picture", 1)
    say(second, "make the boat blue")
    expect(first, ".wegen-picture", 2)
    for page in (first, second):
        page.close()
    assert not errors


def test_a_drawn_mask_limits_the_next_change(page) -> None:
    say(page, "a red boat by the sea on the left")
    page.click(".wegen footer [aria-label='Draw where the next change may happen']")
    box = page.locator(".wegen-mask canvas").bounding_box()
    page.get_by_role("button", name="Box").click()
    page.mouse.move(box["x"] + 4, box["y"] + box["height"] * 0.4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] - 4, steps=4)
    page.mouse.up()
    page.get_by_role("button", name="Use", exact=True).click()
    expect(page, ".wegen-tray figure", 1)
    say(page, "make the boat blue")
    expect(page, ".wegen-tray figure", 0)


def test_files_become_references(page, tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "a.png"
    Image.new("RGB", (64, 64), "green").save(path)
    page.set_input_files(".wegen footer input[type=file]", path)
    expect(page, ".wegen-tray figure", 1)
    page.select_option(".wegen-tray select", "style")
    act(page, "Remove")
    expect(page, ".wegen-tray figure", 0)


def test_a_conversation_starts_from_an_image(page, tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "a.png"
    Image.new("RGB", (64, 64), "green").save(path)
    page.set_input_files(".wegen footer input[type=file]", path)
    expect(page, ".wegen-tray figure", 1)
    page.press(".wegen textarea", "Enter")
    api.expect(page.locator(".wegen-hint")).to_have_text("Now say what to do with it.")
    say(page, "what is in the image?", wait=False)
    expect(page, ".wegen-assistant:not([aria-busy]) p", 1)


def test_a_region_of_the_plan_limits_the_next_change(page) -> None:
    page.click("[aria-label='Show the plan before painting']")
    say(page, "a red boat by the sea on the left", wait=False)
    page.wait_for_selector(".wegen-plan", timeout=90 * SECONDS)
    # The embedded network plans no regions.
    page.evaluate(
        """async () => {
          const { conversations: [{ id }] } = await (await fetch("/wegen/conversations")).json();
          const { turns: [turn] } = await (await fetch(`/wegen/conversations/${id}`)).json();
          const body = JSON.stringify({ ...turn.record.plan, region: [0, 0.5, 0.5, 1] });
          await fetch(`/wegen/conversations/${id}/turns/${turn.id}/plan`, { method: "PUT", body });
        }"""
    )
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Paint this").click()
    expect(page, ".wegen-picture", 1)
    page.click("[aria-label='Show the plan before painting']")
    act(page, "Limit the next change to this region")
    expect(page, ".wegen-tray figure", 1)
    say(page, "make the boat blue")


def test_conversations_are_searched_renamed_exported_and_opened(page, tmp_path: Path) -> None:
    say(page, "a red boat by the sea on the left")
    page.click(".wegen header [aria-label='More']")
    page.get_by_role("menuitem", name="Rename").click()
    page.fill(".wegen-dialog input", "my red boat")
    page.keyboard.press("Enter")
    api.expect(page.locator(".wegen-title")).to_have_text("my red boat")
    page.click(".wegen header [aria-label='More']")
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Export").click()
    download.value.save_as(tmp_path / "boat.zip")
    page.click(".wegen header [aria-label='Conversations']")
    page.fill(".wegen header input[type=search]", "MY RED")
    expect(page, ".wegen-entry", 1)
    page.set_input_files(".wegen header input[type=file]", tmp_path / "boat.zip")
    expect(page, ".wegen-picture", 1)


def test_a_branch_opens_as_a_graph(page) -> None:
    say(page, "a red boat by the sea on the left")
    act(page, "Open as a graph")
    page.wait_for_function("app.graph.nodes.some((node) => node.type === 'WeGenChat')")
    prompt = page.evaluate("app.graphToPrompt().then(({output}) => JSON.stringify(output))")
    chats = [n for n in json.loads(prompt).values() if n["class_type"] == "WeGenChat"]
    assert [n["inputs"]["message"] for n in chats] == ["a red boat by the sea on the left"]


def test_stop_works_and_the_message_stays(page) -> None:
    say(page, "a red boat by the sea on the left", wait=False)
    page.locator(".wegen-stop").click(timeout=30 * SECONDS)
    page.get_by_role("button", name="Run again").click(timeout=60 * SECONDS)
    expect(page, ".wegen-picture", 1)
