"""The chat sidebar in a browser: opening it, and what a user does in it."""

from __future__ import annotations

import functools
import io
import tempfile
import zipfile
from pathlib import Path

import wegen_core as wegen
from tests.support.comfy_server import ComfyServer
from wegen_core.records.conversation import Conversation

SECONDS = 1000
LIMIT = 90 * SECONDS  # the machine may be busy


def new_page(browser, errors: list[str], **options):
    """A page in a browser context of its own; `errors` gets what it complains about."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, **options)
    page.set_default_timeout(LIMIT)
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
    return page


def open_page(browser, server: ComfyServer, errors: list[str], **options):
    """A page with the tab open."""
    page = new_page(browser, errors, **options)
    # Else the first visit opens the template browser over everything.
    server.post("settings", {"Comfy.TutorialCompleted": True})
    page.goto(f"http://{server.address}")
    show_tab(page)
    return page


def show_tab(page) -> None:
    page.wait_for_function(
        "window.app?.extensionManager?.getSidebarTabs?.().some((t) => t.id === 'wegen')"
    )
    page.keyboard.press("Escape")
    page.evaluate("app.extensionManager.sidebarTab.toggleSidebarTab('wegen')")
    page.wait_for_selector(".wegen footer")


def say(page, text: str, wait: bool = True) -> None:
    replies = page.locator(".wegen-picture").count()
    page.fill(".wegen textarea", text)
    page.press(".wegen textarea", "Enter")
    if wait:
        expect(page, ".wegen-picture", replies + 1)


def expect(page, selector: str, count: int) -> None:
    from playwright.sync_api import expect as browser_expect

    browser_expect(page.locator(selector)).to_have_count(count)


def act(page, label: str, index: int = -1) -> None:
    """Click the button of a turn; it appears when the pointer is there."""
    page.locator(f".wegen [aria-label='{label}']").nth(index).dispatch_event("click")


def choose(page, label: str) -> None:
    """Choose from the menu of the last turn."""
    act(page, "More")
    page.get_by_role("menuitem", name=label).click()


@functools.cache
def long_conversation() -> bytes:
    """A zip file of 50 turns, as the sidebar exports them."""
    images = wegen.load().generate("a red boat on grass", n=5, seed=1)
    conversation = Conversation()
    for k in range(25):
        conversation.add("user", "a red boat on grass")
        conversation.add("assistant", "Here it is.", images[k % 5])
    content = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(content, "w") as archive:
        conversation.save(folder)
        for path in Path(folder).iterdir():
            archive.write(path, path.name)
    return content.getvalue()
