"""What has the focus keeps it while the page is drawn anew; and addresses lead to what they name."""

from collections.abc import Awaitable, Callable

from playwright.async_api import expect

from bot.sandbox.slack import CLOUD_SECURITY, PARTNERS, RILEY
from journeys.browser.gallery import CONFIRM, HOME, MESSAGE_BLOCKS, Json, button, plain
from journeys.browser.gallery_app import COMMAND, Gallery
from journeys.browser.window import Window

Look = Callable[[Callable[[Gallery], Awaitable[None]]], None]


def _row(*buttons: Json) -> Json:
    return {"type": "actions", "elements": list(buttons)}


def _decision(number: int) -> Json:
    return button("Approve", confirm=CONFIRM) | {"value": f"request-{number}"}


def _home(*decisions: Json) -> Json:
    said = {"type": "section", "text": plain(f"{len(decisions)} wait")}
    return {"type": "home", "blocks": [said, *[_row(one) for one in decisions], _row(button("Refresh"))]}


async def _open_home(window: Window) -> None:
    await window.page.get_by_role("button", name="Support Role").first.click()
    await window.page.get_by_role("tab", name="Home").click()


def test_a_page_of_a_table_is_turned_with_one_key_again_and_again(look: Look) -> None:
    async def journey(gallery: Gallery) -> None:
        riley = await gallery.open("riley")
        table = riley.page.get_by_role("article").filter(has=riley.page.get_by_role("searchbox")).last
        await table.get_by_role("button", name="Next page").focus()
        await riley.page.keyboard.press("Enter")
        await expect(table).to_contain_text("2 / 2")
        await expect(table.get_by_role("button", name="Previous page")).to_be_focused()
        await riley.page.keyboard.press("Enter")
        await expect(table).to_contain_text("1 / 2")

    look(journey)


def test_what_is_typed_into_a_filter_outlives_an_update(look: Look) -> None:
    async def journey(gallery: Gallery) -> None:
        ts = await gallery.app.post(MESSAGE_BLOCKS["data_table"])
        riley = await gallery.open("riley")
        box = riley.page.get_by_role("searchbox").last
        await box.press_sequentially("core")
        words = {"type": "section", "text": plain("Read anew")}
        blocks = [words, *MESSAGE_BLOCKS["data_table"]]
        await gallery.app.call("chat.update", channel=CLOUD_SECURITY, ts=ts, text="Anew", blocks=blocks)
        message = riley.message("Read anew")
        await expect(message.locator("tbody tr")).to_have_count(1)
        await expect(message.get_by_role("searchbox")).to_be_focused()
        await riley.page.keyboard.type("-network")
        await expect(message.get_by_role("searchbox")).to_have_value("core-network")
        await gallery.app.call("chat.delete", channel=CLOUD_SECURITY, ts=ts)

    look(journey)


def test_the_home_tab_drawn_anew_keeps_the_focus_and_never_gives_it_to_another_decision(look: Look) -> None:
    async def journey(gallery: Gallery) -> None:
        await gallery.app.call("views.publish", user_id=RILEY, view=_home(_decision(1), _decision(2)))
        riley = await gallery.open("riley")
        await _open_home(riley)
        approve = riley.page.get_by_role("button", name="Approve")
        await approve.nth(1).focus()
        await gallery.app.call("views.publish", user_id=RILEY, view=_home(_decision(2), _decision(3)))
        await expect(approve.nth(0)).to_be_focused()
        await gallery.app.call("views.publish", user_id=RILEY, view=_home(_decision(3)))
        await expect(approve).to_have_count(1)
        await expect(approve).not_to_be_focused()
        await expect(riley.page.get_by_role("tabpanel")).to_be_focused()
        await gallery.app.call("views.publish", user_id=RILEY, view=HOME)

    look(journey)


def test_a_form_gives_the_focus_back_to_a_button_that_was_drawn_anew_meanwhile(look: Look) -> None:
    async def journey(gallery: Gallery) -> None:
        ts = await gallery.app.post([_row(button("Fix failing…"))])
        riley = await gallery.open("riley")
        await riley.say(COMMAND)
        form = riley.modal("Every field")
        await expect(form).to_be_visible()
        await riley.page.keyboard.press("Escape")
        await expect(riley.box).to_be_focused()
        gallery.app.opens_form = True
        await riley.message("Fix failing").get_by_role("button", name="Fix failing").focus()
        await riley.page.keyboard.press("Enter")
        await expect(form).to_be_visible()
        blocks = [{"type": "section", "text": plain("Anew")}, _row(button("Fix failing…"))]
        await gallery.app.call("chat.update", channel=CLOUD_SECURITY, ts=ts, text="Anew", blocks=blocks)
        await expect(riley.message("Anew")).to_be_attached()
        await riley.page.keyboard.press("Escape")
        await expect(form).to_be_hidden()
        again = riley.message("Anew").get_by_role("button", name="Fix failing")
        await expect(again).to_be_focused()
        await gallery.app.call("chat.delete", channel=CLOUD_SECURITY, ts=ts)

    look(journey)


def test_a_button_is_at_work_only_once_it_was_confirmed(look: Look) -> None:
    async def journey(gallery: Gallery) -> None:
        riley = await gallery.open("riley")
        await riley.press(riley.message("Remove"), "Remove")
        await expect(riley.page.get_by_role("alertdialog")).to_be_visible()
        await expect(riley.page.locator("button[aria-busy=true]")).to_have_count(0)
        await riley.page.keyboard.press("Escape")

    look(journey)


def test_a_link_to_a_message_leads_to_it_as_the_same_person(look: Look) -> None:
    async def journey(gallery: Gallery) -> None:
        asked = await gallery.app.call("chat.postMessage", channel=PARTNERS, text="The question")
        link = await gallery.app.call("chat.getPermalink", channel=PARTNERS, message_ts=asked["ts"])
        told = await gallery.app.post(
            [
                {
                    "type": "section",
                    "text": {"type": "mrkdwn", "text": f"<{link['permalink']}|see the message>"},
                }
            ]
        )
        ana = await gallery.open("ana")
        await ana.page.get_by_role("link", name="see the message").click()
        await expect(ana.page.get_by_role("heading", level=1)).to_have_text("partners")
        await expect(ana.message("The question")).to_be_focused()
        await expect(ana.page.get_by_role("button", name="You are Ana Ortiz")).to_be_visible()
        await gallery.app.call("chat.delete", channel=CLOUD_SECURITY, ts=told)

        await ana.page.goto(str(link["permalink"]))
        await expect(ana.page.get_by_role("heading", level=1)).to_have_text("partners")

    look(journey)


def test_an_address_that_is_changed_by_hand_leads_there(look: Look) -> None:
    async def journey(gallery: Gallery) -> None:
        riley = await gallery.open("riley")
        await riley.page.evaluate("location.hash = '#/riley/partners'")
        await expect(riley.page.get_by_role("heading", level=1)).to_have_text("partners")

    look(journey)
