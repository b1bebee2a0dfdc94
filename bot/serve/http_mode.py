"""Slack's requests over HTTP, behind a proxy that speaks TLS: the same app as on Socket Mode.

A request that comes twice is served once. This process remembers signatures and event ids for as long as a
replay can be valid; across replicas and restarts the database decides, by the trigger id that every command,
click and modal bears inside what is signed. Neither makes an ack wait.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.serve.address import Address, cannot_listen, reserve
from bot.serve.auth import BOT_TOKEN, accepted
from bot.serve.errors import ListenError
from bot.serve.metrics import Meters
from bot.serve.seen import Seen
from bot.serve.signed import (
    MAX_BODY,
    REPLAYED,
    TOO_LARGE,
    TOO_SLOW,
    UNREADABLE,
    WINDOW_SECONDS,
    SlackRequest,
    TurnedAway,
    admit,
    is_certificate_check,
)
from bot.settings import Settings
from bot.slack.client import build_async_client

log = logging.getLogger(__name__)

EVENTS_PATH = "/slack/events"
BODY_SECONDS = 3.0
"""Slack waits no longer for the ack."""
STOP_SECONDS = 5.0
TRY_AGAIN_SECONDS = 5.0
SAY_AGAIN_SECONDS = 60.0
"""How often the log tells of the same reason to turn requests away: anybody may send them."""


class HttpMode:
    """Takes what Slack sends to /slack/events, from `connect` to `disconnect`; all else gets a plain 4xx."""

    def __init__(
        self,
        settings: Settings,
        address: Address,
        meters: Meters,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Takes the address at once, so that anything wrong with it is told before all else has begun."""
        self._slack = settings.slack
        self._address = address
        try:
            self._socket = reserve(address)
        except OSError as fault:
            raise self._taken(fault) from fault
        self._meters = meters
        self._clock = clock
        self._runner: web.AppRunner | None = None
        self._door: _Door | None = None
        self._is_accepted = False

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    async def connect(self, app: AsyncApp) -> None:
        """Listen, and return once Slack has accepted the bot token. Raises StartError when it does not."""
        await self._listen(app)
        client = build_async_client(self._slack.bot_token.get_secret_value(), self._slack.api_url)
        while await accepted(client.auth_test(), BOT_TOKEN) is None:  # noqa: ASYNC110 - Slack tells of no event
            await asyncio.sleep(TRY_AGAIN_SECONDS)
        self._is_accepted = True

    async def problem(self) -> str:
        return "" if self._is_accepted else "auth.test has not been accepted yet"

    async def disconnect(self) -> None:
        """Take nothing new, and finish the requests that are here."""
        self._is_accepted = False
        if self._runner is not None:
            for site in self._runner.sites:
                await site.stop()
            # Once it cleans up, aiohttp drops the rest of a body that is still arriving.
            if self._door is not None:
                await self._door.finish(seconds=STOP_SECONDS)
            await self._runner.cleanup()
        self._socket.close()

    async def _listen(self, app: AsyncApp) -> None:
        secret = self._slack.signing_secret.get_secret_value()
        self._door = _Door(app, secret, self._meters, self._clock)
        self._runner = web.AppRunner(
            self._door.application(),
            access_log=None,
            logger=_wire_logger(),
            shutdown_timeout=STOP_SECONDS,
            lingering_time=1.0,
            # What is signed is the body as it was sent; and nothing small is blown up into something large.
            auto_decompress=False,
        )
        await self._runner.setup()
        try:
            await web.SockSite(self._runner, self._socket).start()
        except OSError as fault:  # somebody else, who had it reserved as well, was quicker to listen
            raise self._taken(fault) from fault
        log.info(
            "taking Slack's requests",
            extra={"host": self._address.host, "port": self.port, "path": EVENTS_PATH},
        )

    def _taken(self, fault: OSError) -> ListenError:
        return cannot_listen("take Slack's requests", self._address, fault, "Give another --port or --host.")


class _Door:
    def __init__(self, app: AsyncApp, secret: str, meters: Meters, clock: Callable[[], float]) -> None:
        self._app = app
        self._secret = secret
        self._meters = meters
        self._clock = clock
        # A time in the future is valid for twice the window.
        self._signatures = Seen(seconds=2 * WINDOW_SECONDS, most=20_000)
        self._events = Seen(seconds=2 * WINDOW_SECONDS, most=20_000)
        self._said: dict[str, float] = {}
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._is_stopping = False

    def application(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY)
        app.add_routes([web.post(EVENTS_PATH, self._post), web.get(EVENTS_PATH, self._get, allow_head=False)])
        app.on_response_prepare.append(self._finish_headers)
        return app

    async def finish(self, *, seconds: float) -> None:
        """Wait until every request that is here has its answer; no connection is kept for another one."""
        self._is_stopping = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), seconds)

    async def _finish_headers(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers["Server"] = "support-role"  # and not which versions of what
        if self._is_stopping:
            response.force_close()

    async def _get(self, request: web.Request) -> web.Response:
        # Now and then Slack looks at a command's certificate this way.
        if request.query.get("ssl_check") == "1":
            return web.Response()
        raise web.HTTPMethodNotAllowed("GET", ["POST"])

    async def _post(self, request: web.Request) -> web.StreamResponse:
        self._under_way += 1
        self._idle.clear()
        try:
            return await self._answer(request)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        began = time.perf_counter()
        body = await _read_body(request)
        if isinstance(body, TurnedAway):
            return self._turn_away(body)
        if is_certificate_check(request.headers.get("Content-Type", ""), body):
            return web.Response()
        found = admit(request.headers.items(), body, secret=self._secret, now=self._clock())
        if isinstance(found, TurnedAway):
            return self._turn_away(found)
        answer = await self._serve(found)
        self._meters.acked(found.kind, time.perf_counter() - began)
        return answer

    async def _serve(self, request: SlackRequest) -> web.StreamResponse:
        now = time.monotonic()
        if request.event_id and not self._events.is_first(request.event_id, now=now):
            return web.Response()  # Slack sends an event again until it gets its 200
        if not self._signatures.is_first(request.signature, now=now):
            return self._turn_away(REPLAYED)
        status = 0
        try:
            # As Socket Mode hands it over: the signature is checked, and the body read, already.
            answer = await self._app.async_dispatch(
                AsyncBoltRequest(mode="socket_mode", body=dict(request.payload))
            )
            status = answer.status
            return await to_aiohttp_response(answer)
        finally:
            if status != web.HTTPOk.status_code:
                self._signatures.forget(request.signature)
                self._events.forget(request.event_id)

    def _turn_away(self, why: TurnedAway) -> web.Response:
        self._meters.refused(why.reason)
        now = time.monotonic()
        if now - self._said.get(why.reason, -SAY_AGAIN_SECONDS) >= SAY_AGAIN_SECONDS:
            self._said[why.reason] = now
            log.warning("request turned away", extra={"reason": why.reason, "hint": why.hint})
        return web.Response(status=why.status, text=why.text + "\n")


async def _read_body(request: web.Request) -> bytes | TurnedAway:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return TOO_LARGE
    except TimeoutError:
        return TOO_SLOW
    except (aiohttp.ClientPayloadError, ConnectionError):  # no chunks of HTTP; or somebody hung up
        return UNREADABLE


def _wire_logger() -> logging.Logger:
    # Of what is no HTTP, aiohttp logs a traceback each time: anybody on the internet could fill the log.
    logger = logging.getLogger(f"{__name__}.wire")
    logger.addFilter(_is_ours)
    return logger


def _is_ours(record: logging.LogRecord) -> bool:
    fault: Any = record.exc_info[1] if record.exc_info else None
    return not isinstance(fault, aiohttp.http_exceptions.HttpProcessingError)
