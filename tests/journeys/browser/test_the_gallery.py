"""Every block and element that Slack has, as the page shows it and as a person uses it."""

import re
from collections.abc import Callable

from playwright.async_api import Locator, expect

from bot.sandbox.slack.lint import SURFACES, lint, lint_view
from bot.sandbox.slack.shapes_elements import PICKERS, SELECTS, WRITTEN
from journeys.browser.gallery import FORM, HOME, MESSAGE_BLOCKS, MODAL
from journeys.browser.gallery_app import COMMAND, REFUSAL, Gallery
from journeys.browser.window import Window

Look = Callable[[Callable[..., object]], None]
NOT_SHOWN = {"file", "video"}
"""Blocks for what other services host: this project has none."""


def test_the_gallery_has_every_block_and_is_taken_by_the_lint():
    kinds = {block["type"] for blocks in MESSAGE_BLOCKS.values() for block in blocks}
    elements = {block["element"]["type"] for block in FORM}

    assert kinds == SURFACES["message"] - NOT_SHOWN
    assert elements == PICKERS.keys() | SELECTS.keys() | WRITTEN.keys()
    assert {
        name: lint(blocks, "message") for name, blocks in MESSAGE_BLOCKS.items() if lint(blocks, "message")
    } == {}
    assert lint_view(MODAL) + lint_view(HOME) == []


def test_every_block_is_drawn_and_none_as_its_name(look: Look) -> None:
    async def journey(gallery: Gallery) -> None:
        riley = await gallery.open("riley")
        await expect(riley.page.get_by_role("article")).to_have_count(len(MESSAGE_BLOCKS))
        await _open_form(riley)
        await expect(riley.page.locator(".unknown")).to_have_count(0)
        broken = await riley.page.evaluate(
            "() => [...document.images].filter((one) => one.complete && !one.naturalWidth).length"
        )
        assert broken == 0

    look(journey)


def test_a_form_is_refused_field_by_field_and_then_sent(look: Look) -> None:
    """First by Slack itself, for what is no number, then by the app, for a day it does not take."""

    async def journey(gallery: Gallery) -> None:
        riley = await gallery.open("riley")
        form = await _open_form(riley)
        await form.get_by_label("number_input").fill("several")
        await form.get_by_role("button", name="Send").click()
        await expect(form.get_by_role("alert").last).to_have_text("Enter a whole number.")
        assert gallery.app.submitted == []

        await form.get_by_label("number_input").fill("12")
        await _choose(riley, form, "external_select", "pay", "Payments")
        await _choose(riley, form, "multi_users_select", "priya", "Priya Natarajan")
        await form.get_by_label("datetimepicker").fill("2026-04-01T08:00")
        await form.get_by_role("checkbox", name="Attach").check()
        await form.get_by_role("radio", name="Create").check()
        await form.get_by_label("file_input").set_input_files(
            {"name": "plan.csv", "mimeType": "text/csv", "buffer": b"account,verdict"}
        )
        await expect(form).to_contain_text("plan.csv")
        await form.get_by_role("button", name="Send").click()
        await expect(form.get_by_role("alert").last).to_have_text(REFUSAL)
        await expect(form.get_by_label("number_input")).to_have_value("12")
        await form.get_by_role("button", name="Send").click()
        await expect(form).to_be_hidden()

        chosen = {
            name: value for values in gallery.app.submitted[-1].values() for name, value in values.items()
        }
        assert chosen["number_input"]["value"] == "12"
        assert chosen["external_select"]["selected_option"]["text"]["text"] == "Payments"
        assert chosen["multi_users_select"]["selected_users"] == ["U0ANAORTIZ", "U0SAMWEBER", "U0PRIYANAT"]
        assert chosen["datetimepicker"]["selected_date_time"] == 1_775_030_400
        assert [one["value"] for one in chosen["checkboxes"]["selected_options"]] == ["create", "attach"]
        assert chosen["radio_buttons"]["selected_option"]["value"] == "create"
        assert [file["name"] for file in chosen["file_input"]["files"]] == ["plan.csv"]

    look(journey)


def test_a_list_of_choices_goes_with_its_field_when_the_form_scrolls(look: Look) -> None:
    """It closes only where the field is out of sight: what was looked up is not lost to a late scroll."""

    async def journey(gallery: Gallery) -> None:
        riley = await gallery.open("riley")
        form = await _open_form(riley)
        field = form.get_by_role("combobox", name="external_select", exact=True)
        option = riley.page.get_by_role("option", name="Payments")
        await field.fill("pay")
        await expect(option).to_be_visible()
        body = form.locator(".modal-body")
        before = await field.bounding_box(), await option.bounding_box()
        await body.evaluate("(one) => { one.scrollTop += 24; }")
        await expect(option).to_be_in_viewport()
        after = await field.bounding_box(), await option.bounding_box()
        moved = [then["y"] - now["y"] for then, now in zip(before, after, strict=True) if then and now]
        assert moved == [24, 24]
        await body.evaluate("(one) => { one.scrollTop = one.scrollTop > 400 ? 0 : one.scrollHeight; }")
        await expect(option).to_be_hidden()

    look(journey)


def test_a_data_table_is_sorted_filtered_and_turned_page_by_page(look: Look) -> None:
    async def journey(gallery: Gallery) -> None:
        riley = await gallery.open("riley")
        table = riley.page.get_by_role("article").filter(has=riley.page.get_by_role("searchbox")).last
        first = table.locator("tbody tr").first
        await table.get_by_role("button", name="Days").click()
        await expect(first).to_contain_text("checkout")
        await table.get_by_role("button", name="Days").click()
        await expect(first).to_contain_text("core-network")
        await table.get_by_role("button", name="Next page").click()
        await expect(first).to_contain_text("payments-prod")
        await table.get_by_role("searchbox").fill("fail")
        await expect(table.locator("tbody tr")).to_have_count(2)
        await expect(table).to_contain_text("filtered from 5")

    look(journey)


def test_a_button_asks_first_where_the_app_says_so_and_a_menu_opens(look: Look) -> None:
    async def journey(gallery: Gallery) -> None:
        riley = await gallery.open("riley")
        actions = riley.message("Remove")
        await riley.press(actions, "Remove")
        dialog = riley.page.get_by_role("alertdialog", name="Remove it?")
        await expect(dialog).to_contain_text("aws-support-access")
        await riley.press(dialog, "Not yet")
        await riley.press(actions, "Approve")
        await riley.confirm("Approve")
        await actions.get_by_role("button", name="More actions").click()
        await riley.page.get_by_role("menuitem", name="Checkout").click()
        await riley.confirm("Approve")
        await expect(actions.get_by_role("button", name="More actions")).not_to_have_attribute(
            "aria-busy", "true"
        )
        await riley.press(actions, "Plain")
        await _until_pressed(riley, gallery, ["button-Approve", "overflow", "button-Plain"])

    look(journey)


async def _until_pressed(window: Window, gallery: Gallery, wanted: list[str]) -> None:
    await expect(window.page.locator("[aria-busy]")).to_have_count(0)
    assert gallery.app.pressed[-len(wanted) :] == wanted


def test_only_a_changed_text_is_marked_as_edited(look: Look) -> None:
    """Of a message whose blocks change Slack says nothing."""

    async def journey(gallery: Gallery) -> None:
        riley = await gallery.open("riley", "approvals")
        channel = riley.page
        posted = await gallery.app.call("chat.postMessage", channel="C0APPROVAL", text="One thing")
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "In blocks"}}]
        other = await gallery.app.call("chat.postMessage", channel="C0APPROVAL", text="Other", blocks=blocks)
        changed = [{"type": "section", "text": {"type": "mrkdwn", "text": "In other blocks"}}]
        await gallery.app.call("chat.update", channel="C0APPROVAL", ts=posted["ts"], text="Another thing")
        await gallery.app.call(
            "chat.update", channel="C0APPROVAL", ts=other["ts"], text="Other", blocks=changed
        )
        await expect(riley.message("Another thing")).to_contain_text("(edited)")
        await expect(riley.message("In other blocks")).to_be_visible()
        await expect(channel.get_by_text("(edited)")).to_have_count(1)

    look(journey)


def test_what_is_unread_private_and_in_threads_is_marked_as_such(look: Look) -> None:
    async def journey(gallery: Gallery) -> None:
        ana = await gallery.open("ana", "random")
        app = gallery.app
        asked = await app.call("chat.postMessage", channel="C0CLDAUDIT", text="A role was made")
        row = ana.page.get_by_role("button", name=re.compile("cloud-audit"))
        await expect(row.get_by_label("1 unread")).to_be_visible()
        for answer in ("first", "second"):
            await app.call("chat.postMessage", channel="C0CLDAUDIT", text=answer, thread_ts=asked["ts"])
        await app.call("chat.postEphemeral", channel="C0CLDAUDIT", user="U0ANAORTIZ", text="For Ana alone")
        await ana.go("cloud-audit")
        await expect(row.get_by_label(re.compile("unread"))).to_have_count(0)
        await expect(ana.private("For Ana alone")).to_be_visible()
        sam = await gallery.open("sam", "cloud-audit")
        await expect(sam.message("A role was made")).to_be_visible()
        await expect(sam.page.get_by_text("For Ana alone")).to_have_count(0)
        await ana.message("A role was made").get_by_role("button", name="2 replies").click()
        thread = ana.page.get_by_role("log", name="Thread")
        await expect(thread.get_by_role("article")).to_have_count(3)
        await app.call("chat.postMessage", channel="C0CLDAUDIT", text="third", thread_ts=asked["ts"])
        await expect(thread).to_contain_text("third")

    look(journey)


def test_the_six_people_are_there_and_each_is_marked_for_what_they_are(look: Look) -> None:
    async def journey(gallery: Gallery) -> None:
        riley = await gallery.open("riley")
        await riley.page.get_by_role("button", name="You are").click()
        people = riley.page.get_by_role("menuitemradio")
        await expect(people).to_have_count(6)
        for name, mark in (("Priya", "Admin"), ("Gus", "Guest"), ("Eve", "External")):
            await expect(people.filter(has_text=name)).to_contain_text(mark)

    look(journey)


async def _open_form(window: Window) -> Locator:
    await window.say(COMMAND)
    form = window.modal("Every field")
    await expect(form).to_be_visible()
    return form


async def _choose(window: Window, form: Locator, field: str, typed: str, option: str) -> None:
    await form.get_by_role("combobox", name=field, exact=True).fill(typed)
    await window.page.get_by_role("option", name=option).click()
