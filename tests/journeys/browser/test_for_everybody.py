"""The page for people who see, hear or move differently: what axe-core finds, light, dark and narrow."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from journeys.browser.accessibility import barriers
from journeys.browser.gallery_app import COMMAND, Gallery
from journeys.browser.stage import Stage
from journeys.browser.window import DESK, PHONE, Window

Look = Callable[[Callable[[Gallery], Awaitable[None]]], None]
Browse = Callable[[Callable[[Stage], Awaitable[None]]], None]
TALL = 6_000
"""Contrast is judged of what is in sight alone: so all of the gallery is."""
LIGHT: dict[str, object] = {"size": {**DESK, "height": TALL}}
DARK = LIGHT | {"dark": True}
NARROW: dict[str, object] = {"size": {**PHONE, "height": TALL}}
NARROW_AND_DARK = NARROW | {"dark": True}
UNCUT = "document.querySelectorAll('dialog').forEach((one) => { one.style.maxHeight = 'none' })"
PLANTED = """
const image = document.createElement("img"), text = document.createElement("p");
image.src = "/page/icon.svg";
image.width = 20;
text.textContent = "You can hardly read this";
Object.assign(text.style, { color: "#eee", background: "#fff" });
const there = document.createElement("div");
there.append(text, image, document.createElement("button"));
Object.assign(there.style, { position: "fixed", inset: "0 auto auto 0", background: "#fff", zIndex: 99 });
document.body.append(there);
"""


def test_a_barrier_is_found_where_there_is_one(look: Look) -> None:
    """A picture without words, pale text and a button without a name."""

    async def journey(gallery: Gallery) -> None:
        riley = await gallery.open("riley", "partners")
        await riley.page.evaluate(PLANTED)
        found = " ".join(await barriers(riley.page))
        assert {rule for rule in ("image-alt", "color-contrast", "button-name") if rule in found} == {
            "image-alt",
            "color-contrast",
            "button-name",
        }

    look(journey)


@pytest.mark.parametrize("how", [LIGHT, DARK, NARROW], ids=["light", "dark", "narrow"])
def test_no_barrier_in_messages_forms_dialogs_and_menus(look: Look, how: dict[str, object]) -> None:
    async def journey(gallery: Gallery) -> None:
        riley = await gallery.open("riley", **how)
        await expect(riley.message("A note")).to_be_visible()
        assert await barriers(riley.page) == []
        await riley.press(riley.message("Remove"), "Remove")
        await expect(riley.page.get_by_role("alertdialog")).to_be_visible()
        assert await barriers(riley.page, "[role=alertdialog]") == []
        await riley.page.keyboard.press("Escape")
        await riley.message("Remove").get_by_role("button", name="More actions").click()
        assert await barriers(riley.page, "[role=menu]") == []
        await riley.page.keyboard.press("Escape")
        await riley.say(COMMAND)
        form = riley.modal("Every field")
        await form.get_by_label("number_input").fill("several")
        await riley.press(form, "Send")
        await riley.page.evaluate(UNCUT)
        await expect(form.locator("[aria-invalid]")).to_have_count(1)
        assert await barriers(riley.page, "dialog") == []

    look(journey)


@pytest.mark.parametrize("how", [LIGHT, NARROW_AND_DARK], ids=["light", "narrow and dark"])
def test_no_barrier_in_a_thread_the_home_tab_and_the_choice_of_people(
    look: Look, how: dict[str, object]
) -> None:
    async def journey(gallery: Gallery) -> None:
        riley = await gallery.open("riley", "partners", **how)
        asked = await gallery.app.call("chat.postMessage", channel="C0PARTNERS", text="One thing")
        await gallery.app.call("chat.postMessage", channel="C0PARTNERS", text="More", thread_ts=asked["ts"])
        await riley.message("One thing").last.get_by_role("button", name="1 reply").click()
        await expect(riley.page.get_by_role("log", name="Thread")).to_contain_text("More")
        assert await barriers(riley.page) == []
        await riley.page.keyboard.press("Escape")
        await _show_channels(riley)
        await riley.page.get_by_role("button", name="Support Role").first.click()
        await riley.page.get_by_role("tab", name="Home").click()
        await expect(riley.page.get_by_role("tabpanel")).to_contain_text("7 of 412")
        assert await barriers(riley.page) == []
        await _show_channels(riley)
        await riley.page.get_by_role("button", name="You are").click()
        assert await barriers(riley.page, "[role=menu]") == []

    look(journey)


async def _show_channels(window: Window) -> None:
    burger = window.page.get_by_role("button", name="Channels", exact=True)
    if await burger.is_visible():
        await burger.click()


@pytest.mark.parametrize("how", [LIGHT, NARROW_AND_DARK], ids=["light", "narrow and dark"])
def test_no_barrier_in_the_welcome_the_status_and_the_pages_beside(
    browse: Browse, how: dict[str, object]
) -> None:
    async def journey(stage: Stage) -> None:
        riley = await stage.open("riley", **how)
        await expect(riley.status()).to_be_visible()
        await expect(riley.page.get_by_role("region", name="Things to try")).to_be_attached()
        assert await barriers(riley.page) == []
        for path in [panel["path"] for panel in await _panels(riley)]:
            await riley.page.goto(stage.url + path)
            assert await barriers(riley.page) == []

    browse(journey)


async def _panels(window: Window) -> list[dict[str, str]]:
    state = await window.page.evaluate(
        "fetch('/local/state?user=U0RILEY001').then((answer) => answer.json())"
    )
    panels: list[dict[str, str]] = state["panels"]
    return panels
