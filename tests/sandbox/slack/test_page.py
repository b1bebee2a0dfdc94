"""The page: what is served, to whom, and one journey through it in a real browser."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from journeys.browser.chromium import QUIET, chromium_or_skip
from playwright.async_api import Page, async_playwright, expect
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import (
    ANA,
    CLOUD_SECURITY,
    RILEY,
    Bot,
    Command,
    Panel,
    SocketSettings,
    Tip,
    default_workspace,
)
from bot.sandbox.slack.server import PAGE
from tests.sandbox.slack.stage import Play, Stage

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><!channel>"


@pytest.mark.parametrize("path", ["/", *(f"/page/{file.name}" for file in sorted(PAGE.iterdir()))])
def test_every_part_of_the_page_is_served_and_may_load_nothing_from_elsewhere(play: Play, path: str):
    async def story(stage: Stage):
        async with aiohttp.ClientSession() as session, session.get(stage.slack.url + path) as response:
            assert response.status == 200
            assert "script-src 'self'" in response.headers["Content-Security-Policy"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"

    play(story)


@pytest.mark.parametrize("path", ["/favicon.ico", "/apple-touch-icon.png", "/robots.txt"])
def test_what_browsers_ask_for_unasked_is_there(play: Play, path: str):
    async def story(stage: Stage):
        async with aiohttp.ClientSession() as session, session.get(stage.slack.url + path) as response:
            assert response.status == 200

    play(story)


@pytest.mark.parametrize("name", ["..%2Fserver.py", "%2e%2e/server.py", "none.js", "app.js%00.css"])
def test_nothing_but_the_page_is_served(play: Play, name: str):
    async def story(stage: Stage):
        async with aiohttp.ClientSession() as session:
            response = await session.get(f"{stage.slack.url}/page/{name}")
            assert response.status == 404

    play(story)


def test_a_foreign_name_for_the_loopback_is_refused(play: Play):
    async def story(stage: Stage):
        headers = {"Host": "attacker.example"}
        async with aiohttp.ClientSession() as session:
            response = await session.get(stage.slack.url + "/local/people", headers=headers)
            assert response.status == 421

    play(story)


def test_a_foreign_page_cannot_post_a_form(play: Play):
    async def story(stage: Stage):
        body = json.dumps({"user": RILEY, "channel": CLOUD_SECURITY, "text": "hi"})
        async with aiohttp.ClientSession() as session:
            headers = {"Content-Type": "text/plain"}
            response = await session.post(stage.slack.url + "/local/message", data=body, headers=headers)
            assert response.status == 415
        async with stage.person(RILEY) as riley:
            assert await riley.messages("cloud-security") == []

    play(story)


@pytest.mark.parametrize("body", ["[]", "{}", "nonsense", '{"user": "U0NOBODY00"}', '{"user": null}'])
def test_a_malformed_deed_is_refused_and_breaks_nothing(play: Play, body: str):
    async def story(stage: Stage):
        async with aiohttp.ClientSession() as session:
            headers = {"Content-Type": "application/json"}
            response = await session.post(stage.slack.url + "/local/click", data=body, headers=headers)
            assert response.status in {400, 404}

    play(story)


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def status() -> list[dict[str, Any]]:
    cells = [
        ["Account", "Verdict"],
        [HOSTILE, "FAIL"],
        ["archive", "UNKNOWN"],
        ["data", "FAIL"],
        ["web", "FAIL"],
    ]
    rows = [[{"type": "raw_text", "text": text} for text in row] for row in cells]
    confirm = {
        "title": plain("Approve?"),
        "text": plain("One role."),
        "confirm": plain("Yes, approve"),
        "deny": plain("No"),
    }
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"*Seven* of 412, says <@{ANA}> :tada:"}},
        {"type": "data_table", "caption": "Needs attention", "rows": rows, "page_size": 2},
        {
            "type": "actions",
            "elements": [
                {"type": "button", "action_id": "fix", "text": plain("Fix…"), "style": "primary"},
                {"type": "button", "action_id": "approve", "text": plain("Approve"), "confirm": confirm},
            ],
        },
    ]  # fmt: skip


FORM = {
    "type": "modal",
    "callback_id": "form",
    "title": plain("Fix an account"),
    "submit": plain("Ask"),
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": plain("Reason"),
            "element": {"type": "plain_text_input", "action_id": "reason"},
        },
        {
            "type": "input",
            "block_id": "who",
            "label": plain("Owner"),
            "element": {"type": "users_select", "action_id": "owner"},
        },
    ],
}


def a_small_app(bolt: AsyncApp) -> None:
    @bolt.command("/support-role")
    async def command(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.chat_postMessage(channel=body["channel_id"], text="status", blocks=status())

    @bolt.action("fix")
    async def fix(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @bolt.action("approve")
    async def approve(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        place = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        text = f"Approved by <@{body['user']['id']}>"
        block = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
        await client.chat_update(**place, text=text, blocks=[block])

    @bolt.view("form")
    async def submitted(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        values = body["view"]["state"]["values"]
        owner, reason = values["who"]["owner"]["selected_user"], values["why"]["reason"]["value"]
        await client.chat_postMessage(channel=CLOUD_SECURITY, text=f"<@{owner}> asks: {reason}")


@asynccontextmanager
async def a_browser(url: str) -> AsyncIterator[tuple[Page, list[str]]]:
    """A page, and what it complained about."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_or_skip(), args=QUIET)
        page = await browser.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda word: complaints.append(word.text) if word.type == "error" else None)
        await page.goto(url)
        yield page, complaints
        await browser.close()


def test_a_person_works_through_the_page(play: Play):
    workspace = default_workspace(
        Bot(commands=(Command("/support-role", "Checks accounts", "status | help"),))
    )

    async def panel(_request: web.Request) -> web.Response:
        return web.Response(text="the host's own page")

    async def story(stage: Stage):
        async with a_browser(stage.slack.url) as (page, complaints):
            await page.get_by_role("button", name="Look around").click()
            await expect(page.get_by_role("textbox", name="Message")).to_have_value("/support-role status")
            await page.keyboard.press("Enter")
            log = page.get_by_role("log", name="Messages")
            await expect(log).to_contain_text("Seven of 412, says @Ana Ortiz 🎉")
            await expect(log).to_contain_text(HOSTILE)
            await page.get_by_role("button", name="Verdict").click()
            await page.get_by_role("button", name="Verdict").click()
            await expect(page.locator("tbody tr").first).to_contain_text("archive")

            await page.get_by_role("button", name="Fix…").click()
            form = page.get_by_role("dialog", name="Fix an account")
            await form.get_by_role("button", name="Ask").click()
            await expect(form.get_by_text("Please complete this required field.")).to_have_count(2)
            await form.get_by_role("textbox", name="Reason").fill("Audit <b>7</b>")
            await form.get_by_role("combobox", name="Owner").fill("ana")
            await page.keyboard.press("Enter")
            await form.get_by_role("button", name="Ask").click()
            await expect(form).to_be_hidden()
            await expect(log).to_contain_text("@Ana Ortiz asks: Audit <b>7</b>")

            await page.get_by_role("button", name="You are Riley Chen").click()
            await page.get_by_role("menuitemradio", name="Ana Ortiz").click()
            await page.get_by_role("button", name="Approve").click()
            await page.get_by_role("button", name="Yes, approve").click()
            await expect(log).to_contain_text("Approved by @Ana Ortiz")
            # It was changed by its blocks, and of those Slack says nothing.
            await expect(log).not_to_contain_text("(edited)")

            await page.get_by_role("button", name="The cloud").click()
            await expect(page.frame_locator("iframe").locator("body")).to_have_text("the host's own page")
            assert (await page.title()).endswith("Northwind Cloud")
            assert complaints == []

    tips = (Tip("Look around", "/support-role status", "It is free.", "cloud-security"),)
    panels = (Panel("The cloud", "/panel/cloud"),)
    routes = (web.get("/panel/cloud", panel),)
    patient = SocketSettings(ack_seconds=30.0)
    play(
        story,
        a_small_app,
        workspace=workspace,
        sockets=patient,
        tips=tips,
        panels=panels,
        extra_routes=routes,
    )
