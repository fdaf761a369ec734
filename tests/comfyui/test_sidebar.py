"""The chat sidebar in a real browser on a real server, with the embedded network.

Needs Playwright; the browser is that of CHROMIUM, else of Playwright.
"""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path

import pytest

from tests.support.comfy_server import ComfyServer
from tests.support.sidebar_page import act, choose, expect, new_page, open_page, say, show_tab

pytestmark = pytest.mark.comfyui
api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")


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
    user, assistant = page.locator(".wegen-user").last, page.locator(".wegen-assistant").last
    api.expect(user).to_contain_text("2/2")
    expect(page, ".wegen-assistant[aria-busy]", 0)
    act(page, "Previous version")
    api.expect(user).to_contain_text("red boat")
    act(page, "Again, with another seed")
    api.expect(assistant).to_contain_text("2/2")


def test_a_plan_is_shown_and_changed_before_it_is_painted(page) -> None:
    page.click("[aria-label='Show the plan before painting']")
    say(page, "a red boat by the sea on the left", wait=False)
    prompt = page.locator(".wegen-plan textarea").first
    prompt.fill("a blue boat by the sea on the left")
    drawn = page.locator(".wegen-picture").count()
    page.get_by_role("button", name="Paint this").click()
    expect(page, ".wegen-picture", drawn + 1)
    api.expect(page.locator(".wegen-assistant p").last).to_contain_text("blue boat")
    choose(page, "Plan")
    api.expect(page.locator(".wegen-dialog")).to_contain_text("blue boat")
    page.click(".wegen-dialog [aria-label='Close']")
    page.click("[aria-label='Show the plan before painting']")


def test_one_of_two_variants_is_chosen_to_go_on_from(page) -> None:
    page.select_option(".wegen footer select", "2")
    say(page, "a red boat by the sea on the left")
    expect(page, ".wegen-variants img[src]", 2)
    page.locator(".wegen-variants button").nth(1).click()
    assistant = page.locator(".wegen-assistant").last
    api.expect(assistant).to_contain_text("2/2")
    page.locator("[aria-label='Previous version']").focus()
    page.keyboard.press("Enter")
    api.expect(assistant).to_contain_text("1/2")
    page.keyboard.press("Enter")  # the focus went to the button that is left
    api.expect(assistant).to_contain_text("2/2")
    page.select_option(".wegen footer select", "1")


@pytest.mark.parametrize(
    "words", ["three variants of a red boat by the sea", "海边的小船，来三个方案"]
)
def test_variants_asked_for_in_words_are_a_grid(page, words: str) -> None:
    say(page, words)
    api.expect(page.locator(".wegen-user p").last).to_have_text(words)
    expect(page, ".wegen-variants img[src]", 3)
    page.locator(".wegen-variants button").nth(2).click()
    api.expect(page.locator(".wegen-assistant").last).to_contain_text("3/3")
    say(page, "make the boat blue")


def test_more_variants_of_the_last_image(page) -> None:
    say(page, "a red boat by the sea on the left")
    messages = page.locator(".wegen-user").count()
    page.fill(".wegen textarea", "show me two versions")
    page.press(".wegen textarea", "Enter")
    expect(page, ".wegen-variants img[src]", 3)
    expect(page, ".wegen-user", messages)


def test_a_failed_run_is_explained_in_the_tab_alone(page) -> None:
    page.route("**/prompt", lose_turn)
    try:
        say(page, "a red boat by the sea on the left", wait=False)
        api.expect(page.locator(".wegen [role=alert]")).to_contain_text("no turn 'lost'")
    finally:
        page.unroute("**/prompt")
    page.wait_for_timeout(500)
    expect(page, "[data-testid=error-overlay], .p-dialog", 0)
    pictures = page.locator(".wegen-picture").count()
    page.get_by_role("button", name="Run again").click()
    expect(page, ".wegen-picture", pictures + 1)


def lose_turn(route) -> None:
    """Queue a reply to a turn that is not there."""
    if route.request.method != "POST":
        return route.continue_()
    body = route.request.post_data_json
    body["prompt"]["wegen_conversation"]["inputs"]["turn"] = "lost"
    return route.continue_(post_data=json.dumps(body))


def test_deleting_can_be_undone(page) -> None:
    say(page, "a red boat by the sea on the left")
    pictures = page.locator(".wegen-picture").count()
    choose(page, "Delete this and what follows")
    expect(page, ".wegen-picture", pictures - 1)
    page.locator(".wegen-undo button").click()
    expect(page, ".wegen-picture", pictures)
    page.click(".wegen footer [aria-label='Undo']")


def test_a_reload_in_the_middle_of_a_run_loses_nothing(page) -> None:
    messages, pictures = (page.locator(s).count() for s in (".wegen-user", ".wegen-picture"))
    say(page, "a yellow star at night in the middle", wait=False)
    expect(page, ".wegen-user", messages + 1)
    page.reload()
    show_tab(page)
    expect(page, ".wegen-picture", pictures + 1)


@pytest.mark.slow
def test_two_tabs_that_take_turns_show_the_same(
    browser, server: ComfyServer, errors: list[str]
) -> None:
    first = open_page(browser, server, errors)
    first.click(".wegen header [aria-label='New conversation']")
    say(first, "a red boat by the sea on the left")
    pages = first, open_page(browser, server, errors)
    expect(pages[1], ".wegen-picture", 1)
    texts = ["a red boat by the sea on the left"]
    for turn in range(1, 50):
        texts.append(f"make the boat {('blue', 'green', 'red')[turn % 3]}")
        say(pages[turn % 2], texts[-1])
        expect(pages[(turn + 1) % 2], ".wegen-picture", turn + 1)
    for page in pages:
        assert page.locator(".wegen-user p").all_inner_texts() == texts
    replies = [page.locator(".wegen-assistant p").all_inner_texts() for page in pages]
    assert replies[0] == replies[1]
    for page in pages:
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
    replies = page.locator(".wegen-assistant").count()
    page.set_input_files(".wegen footer input[type=file]", path)
    expect(page, ".wegen-tray figure", 1)
    page.press(".wegen textarea", "Enter")
    api.expect(page.locator(".wegen-hint")).to_have_text("Now say what to do with it.")
    say(page, "what is in the image?", wait=False)
    expect(page, ".wegen-assistant:not([aria-busy])", replies + 1)


def test_a_region_of_the_plan_limits_the_next_change(page) -> None:
    page.click("[aria-label='Show the plan before painting']")
    say(page, "a red boat by the sea on the left", wait=False)
    page.wait_for_selector(".wegen-plan")
    # The embedded network plans no regions.
    page.evaluate(
        """async () => {
          const { conversations: [{ id }] } = await (await fetch("/wegen/conversations")).json();
          const { turns } = await (await fetch(`/wegen/conversations/${id}`)).json();
          const turn = turns.at(-1);
          const body = JSON.stringify({ ...turn.record.plan, region: [0, 0.5, 0.5, 1] });
          await fetch(`/wegen/conversations/${id}/turns/${turn.id}/plan`, { method: "PUT", body });
        }"""
    )
    page.wait_for_timeout(500)
    pictures = page.locator(".wegen-picture").count()
    page.get_by_role("button", name="Paint this").click()
    expect(page, ".wegen-picture", pictures + 1)
    page.click("[aria-label='Show the plan before painting']")
    act(page, "Limit the next change to this region")
    expect(page, ".wegen-tray figure", 1)
    say(page, "make the boat blue")


def test_conversations_are_searched_renamed_exported_and_opened(page, tmp_path: Path) -> None:
    say(page, "a red boat by the sea on the left")
    page.click(".wegen header [aria-label='More']")
    page.get_by_role("menuitem", name="Rename").click()
    title = f"my red boat {uuid.uuid4().hex}"
    page.fill(".wegen-dialog input", title)
    page.keyboard.press("Enter")
    api.expect(page.locator(".wegen-title")).to_have_text(title)
    pictures = page.locator(".wegen-picture").count()
    page.click(".wegen header [aria-label='More']")
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Export").click()
    download.value.save_as(tmp_path / "boat.zip")
    page.click(".wegen header [aria-label='Conversations']")
    page.fill(".wegen header input[type=search]", title.upper())
    expect(page, ".wegen-entry", 1)
    page.set_input_files(".wegen header input[type=file]", tmp_path / "boat.zip")
    expect(page, ".wegen-picture", pictures)


def test_a_branch_opens_as_a_graph(page) -> None:
    say(page, "a red boat by the sea on the left")
    messages = page.locator(".wegen-user p").all_inner_texts()
    choose(page, "Open as a graph")
    page.wait_for_function(  # another graph with such nodes may be open still
        """async (messages) => {
          const { output } = await app.graphToPrompt();
          const chats = Object.values(output).filter((node) => node.class_type === "WeGenChat");
          return String(chats.map(({ inputs }) => inputs.message)) === String(messages);
        }""",
        arg=messages,
    )


def test_stop_works_and_the_message_stays(page) -> None:
    say(page, "a red boat by the sea on the left", wait=False)
    page.locator(".wegen-stop").dispatch_event("click")  # at once: the run is short
    pictures = page.locator(".wegen-picture").count()
    page.get_by_role("button", name="Run again").click()
    expect(page, ".wegen-picture", pictures + 1)


# What old frontends give to extensions: no manager, and with it no sidebar tabs.
WITHOUT_TABS = """
const { app: real } = window.comfyAPI.app;
const get = (target, name) => {
  const value = name === "extensionManager" ? undefined : Reflect.get(target, name);
  return typeof value === "function" ? value.bind(target) : value;
};
export const app = new Proxy(real, { get });
"""


def test_a_frontend_without_tabs_gets_no_tab_and_no_error(browser, server, errors) -> None:
    page = new_page(browser, errors)
    script = {"content_type": "text/javascript", "body": WITHOUT_TABS}
    page.route("**/scripts/app.js*", lambda route: route.fulfill(**script))
    page.goto(f"http://{server.address}")
    page.wait_for_function("window.app?.extensions?.some(({ name }) => name === 'WeGen.Sidebar')")
    page.wait_for_function("!!window.LiteGraph?.registered_node_types?.WeGenChat")
    page.wait_for_timeout(1000)
    tabs = page.evaluate("app.extensionManager.getSidebarTabs().map(({ id }) => id)")
    assert "wegen" not in tabs
    page.close()
    assert not errors
