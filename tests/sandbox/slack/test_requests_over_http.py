"""An app that listens on HTTP gets what a socket would have brought it, signed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import RILEY, Bot, LocalSlack, NotDone, Person, SocketSettings

AT_ONCE = SocketSettings(resend_events_after=(0, 0))
"""Sends again at once."""
IMPATIENT = SocketSettings(ack_seconds=0.2)
Received = list[tuple[str, dict[str, str]]]


@asynccontextmanager
async def listening(handler: Callable[[web.Request], Any]) -> AsyncIterator[str]:
    """The URL of an app of our own."""
    application = web.Application()
    application.router.add_post("/slack/events", handler)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    await runner.cleanup()


def test_a_bolt_app_accepts_the_signatures_and_answers():
    async def story() -> None:
        late: list[AsyncApp] = []

        async def handle(request: web.Request) -> web.Response:
            return await late[0].server().handle_post_requests(request)

        async with listening(handle) as url, LocalSlack(request_url=url) as slack:
            client = AsyncWebClient(slack.workspace.bot.token, base_url=slack.api_url)
            app = AsyncApp(client=client, signing_secret=slack.workspace.bot.signing_secret)
            late.append(app)

            @app.command("/x")
            async def command(ack: AsyncAck, body: dict[str, Any]) -> None:
                await ack(f"You said {body['text']}.")

            @app.event("app_home_opened")
            async def opened(event: dict[str, Any], client: AsyncWebClient) -> None:
                header = {"type": "header", "text": {"type": "plain_text", "text": "Home"}}
                await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [header]})

            async with Person(slack.url, RILEY) as riley:
                await riley.command("/x hello & goodbye", "cloud-security")
                assert (await riley.last_message("cloud-security")).text == "You said hello & goodbye."
                await riley.open_home()
                assert (await riley.wait_for(lambda screen: screen.home)).words == "Home"

    asyncio.run(story())


def test_the_signature_is_the_one_that_slack_makes():
    received: Received = []

    async def handle(request: web.Request) -> web.Response:
        received.append((await request.text(), dict(request.headers)))
        return web.Response()

    async def story() -> None:
        async with (
            listening(handle) as url,
            LocalSlack(request_url=url) as slack,
            Person(slack.url, RILEY) as riley,
        ):
            await riley.command("/x", "cloud-security")
            await riley.redeliver()

    asyncio.run(story())
    (body, headers), replay = received
    assert SignatureVerifier(Bot().signing_secret).is_valid_request(body, headers)
    assert not SignatureVerifier("another").is_valid_request(body, headers)
    assert (replay[0], replay[1]["X-Slack-Signature"]) == (body, headers["X-Slack-Signature"])


@pytest.mark.parametrize(
    ("status", "error", "patience"),
    [(500, "dispatch_failed", AT_ONCE), (0, "operation_timeout", IMPATIENT)],
    ids=["fails", "sleeps"],
)
def test_an_app_that_fails_or_sleeps_is_told_to_the_person(status: int, error: str, patience: SocketSettings):
    async def handle(_request: web.Request) -> web.Response:
        if not status:
            await asyncio.Event().wait()
        return web.Response(status=status)

    async def story() -> None:
        async with (
            listening(handle) as url,
            LocalSlack(request_url=url, sockets=patience) as slack,
            Person(slack.url, RILEY) as riley,
        ):
            with pytest.raises(NotDone, match=error):
                await riley.command("/x", "cloud-security")
            assert error in (await riley.last_message("cloud-security")).text

    asyncio.run(story())


def test_an_event_that_is_not_taken_comes_again_and_says_so():
    received: Received = []
    enough = asyncio.Event()

    async def handle(request: web.Request) -> web.Response:
        received.append((await request.text(), dict(request.headers)))
        if len(received) == 3:
            enough.set()
        return web.Response(status=500)

    async def story() -> None:
        async with (
            listening(handle) as url,
            LocalSlack(sockets=AT_ONCE, request_url=url) as slack,
            Person(slack.url, RILEY) as riley,
        ):
            await riley.open_home()
            await asyncio.wait_for(enough.wait(), 30)

    asyncio.run(story())
    retries = [(h.get("X-Slack-Retry-Num"), h.get("X-Slack-Retry-Reason")) for _, h in received[:3]]
    assert retries == [(None, None), ("1", "http_error"), ("2", "http_error")]
    assert len({body for body, _ in received[:3]}) == 1
