"""Slack's requests over a WebSocket that the bot opens: no address of ours needs to be reachable."""

import time

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.serve.auth import APP_TOKEN, BOT_TOKEN, accepted
from bot.serve.metrics import Meters
from bot.settings import Settings
from bot.slack.client import build_async_client


class SocketMode:
    def __init__(self, settings: Settings, meters: Meters) -> None:
        self._slack = settings.slack
        self._meters = meters
        self._handler: _Handler | None = None

    async def connect(self, app: AsyncApp) -> None:
        """Return once connected, however long that takes. Raises StartError when Slack refuses a token."""
        client = build_async_client(self._slack.bot_token.get_secret_value(), self._slack.api_url)
        await accepted(client.auth_test(), BOT_TOKEN)
        self._handler = _Handler(app, self._slack.app_token.get_secret_value(), self._meters)
        socket = self._handler.client
        socket.wss_uri = await accepted(socket.issue_new_wss_url(), APP_TOKEN)
        await self._handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt's adapter has no types

    async def problem(self) -> str:
        is_connected = self._handler is not None and await self._handler.client.is_connected()
        return "" if is_connected else "not connected"

    async def disconnect(self) -> None:
        if self._handler is not None:
            await self._handler.close_async()  # type: ignore[no-untyped-call]  # as above


class _Handler(AsyncSocketModeHandler):
    """Bolt's own, with a watch on how long an ack takes."""

    def __init__(self, app: AsyncApp, app_token: str, meters: Meters) -> None:
        super().__init__(app, app_token)
        self._meters = meters

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]  # as Bolt's own does
        began = time.perf_counter()
        await super().handle(client, req)
        self._meters.acked(req.type, time.perf_counter() - began)
