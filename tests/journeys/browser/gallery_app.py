"""A Slack of its own with an app that shows the gallery: as messages, as a modal, as a home tab."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

from aiohttp import ClientSession, web
from playwright.async_api import Browser

from bot.sandbox.slack import CLOUD_SECURITY, RILEY, LocalSlack, Person, RateLimits
from journeys.browser.gallery import DOT, HOME, MESSAGE_BLOCKS, MODAL, OPTIONS, Json
from journeys.browser.room import Room

COMMAND = "/gallery"
REFUSAL = "Only on weekdays."


@dataclass(slots=True)
class GalleryApp:
    """`submitted` are the modals' values, `pressed` the action ids of what was pressed, oldest first."""

    slack: LocalSlack
    submitted: list[Json] = field(default_factory=list)
    pressed: list[str] = field(default_factory=list)
    opens_form: bool = False
    """Whether the next button that is pressed opens the form."""

    async def call(self, method: str, **arguments: object) -> Json:
        """A Web API method as the app; AssertionError with Slack's answer if it is refused."""
        token = {"Authorization": f"Bearer {self.slack.workspace.bot.token}"}
        sent = json.dumps(arguments).replace(DOT, f"{self.slack.url}/page/icon.svg")
        headers = token | {"Content-Type": "application/json"}
        url = self.slack.api_url + method
        async with (
            ClientSession(trust_env=False) as session,
            session.post(url, data=sent, headers=headers) as answer,
        ):
            told: Json = await answer.json()
        assert told["ok"], (method, told)
        return told

    async def post(self, blocks: list[Json], **more: object) -> str:
        """The new message's ts."""
        told = await self.call(
            "chat.postMessage", channel=CLOUD_SECURITY, text="The gallery", blocks=blocks, **more
        )
        return str(told["ts"])

    async def answer(self, request: web.Request) -> web.Response:
        """What Slack sends: a command opens the modal, a form is refused once, a search finds accounts."""
        sent = await request.post()
        if "command" in sent:
            await self.call("views.open", trigger_id=str(sent["trigger_id"]), view=MODAL)
            return web.Response()
        payload = json.loads(str(sent["payload"]))
        if payload["type"] == "block_suggestion":
            return web.json_response({"options": OPTIONS})
        if payload["type"] == "view_submission":
            return self._submitted(payload["view"]["state"]["values"])
        self.pressed += [action["action_id"] for action in payload["actions"]]
        if self.opens_form:
            self.opens_form = False
            await self.call("views.open", trigger_id=payload["trigger_id"], view=MODAL)
        return web.Response()

    def _submitted(self, values: Json) -> web.Response:
        self.submitted.append(values)
        errors = {"response_action": "errors", "errors": {"field-datepicker": REFUSAL}}
        return web.json_response(errors) if len(self.submitted) == 1 else web.Response()


@asynccontextmanager
async def a_gallery() -> AsyncIterator[GalleryApp]:
    """Every block is posted, and Riley has a home tab."""
    apps: list[GalleryApp] = []

    async def answer(request: web.Request) -> web.Response:
        return await apps[0].answer(request)

    application = web.Application()
    application.router.add_post("/slack", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack"
        async with LocalSlack(limits=RateLimits(enabled=False), request_url=url) as slack:
            apps.append(GalleryApp(slack))
            for blocks in MESSAGE_BLOCKS.values():
                await apps[0].post(blocks)
            await apps[0].call("views.publish", user_id=RILEY, view=HOME)
            yield apps[0]
    finally:
        await runner.cleanup()


class Gallery(Room):
    def __init__(self, browser: Browser, app: GalleryApp) -> None:
        super().__init__(browser, app.slack.url)
        self.app = app

    async def run(self, journey: Callable[[Self], Awaitable[None]]) -> None:
        """…and close what form it leaves open: it would stand before the next journey."""
        try:
            await super().run(journey)
        finally:
            async with Person(self.url, RILEY) as riley:
                modal = (await riley.screen()).modal
                if modal:
                    await riley.close(modal)
            self.app.submitted.clear()


@asynccontextmanager
async def a_gallery_stage(browser: Browser) -> AsyncIterator[Gallery]:
    async with a_gallery() as app:
        yield Gallery(browser, app)
