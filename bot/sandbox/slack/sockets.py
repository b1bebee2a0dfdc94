"""Socket Mode: tickets, connections, envelopes and their acknowledgements.

Every envelope goes to one connection, chosen at random. One that is dropped before its acknowledgement came
is sent again over another; events that nobody acknowledges come again later, as Slack's do.
"""

import asyncio
import contextlib
import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from bot.sandbox.slack.delivery import Acked, Kind, NotAcked
from bot.sandbox.slack.workspace import Json

ACK_SECONDS = 3.0
MAX_CONNECTIONS = 10
TICKET_SECONDS = 60
CLOSE_GRACE_SECONDS = 10.0
HOST = "applink-local"


@dataclass(frozen=True, slots=True)
class SocketSettings:
    """How Socket Mode behaves. Times are in seconds."""

    ack_seconds: float = ACK_SECONDS
    connection_grace_seconds: float = 1.0
    """How long an envelope waits for an app that has no connection just now."""
    refresh_seconds: float | None = None
    """Ask each connection to reconnect this long after it came; None never does."""
    resend_events_after: tuple[float, ...] = (0, 60, 300)


class Dropped(Exception):  # noqa: N818 - an event in the life of a connection, caught in this module
    """The connection went away before it acknowledged."""


@dataclass(slots=True, eq=False)
class Connection:
    socket: web.WebSocketResponse
    draining: bool = False
    pending: dict[str, asyncio.Future[Json]] = field(default_factory=dict)


class Sockets:
    def __init__(self, app_id: str, settings: SocketSettings) -> None:
        self.settings = settings
        self.refused = False
        """True during an outage: nobody may connect."""
        self.last_envelope: Json | None = None
        self._app_id = app_id
        self._tickets: dict[str, float] = {}
        self._connections: list[Connection] = []
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[object]] = set()
        self.on_change: list[Callable[[], None]] = []
        """Called whenever a connection came or went."""

    @property
    def count(self) -> int:
        return len(self._connections)

    def issue_ticket(self) -> str:
        """A ticket for one connection, good for a minute."""
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = asyncio.get_running_loop().time() + TICKET_SECONDS
        return ticket

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection for as long as it lives."""
        expires_at = self._tickets.pop(request.query.get("ticket", ""), 0.0)
        if self.refused or expires_at < asyncio.get_running_loop().time():
            return web.Response(status=408 if not self.refused else 503, text="invalid ticket")
        socket = web.WebSocketResponse(max_msg_size=16 * 1024 * 1024)
        await socket.prepare(request)
        if self.count >= MAX_CONNECTIONS:
            await socket.send_json(_disconnect("too_many_websockets"))
            await socket.close()
            return socket
        await self._serve(Connection(socket))
        return socket

    async def _serve(self, connection: Connection) -> None:
        self._connections.append(connection)
        await connection.socket.send_json(self._hello())
        self._wake()
        refresh = self._refresh_later(connection)
        try:
            await self._receive(connection)
        finally:
            if refresh:
                refresh.cancel()
            self._connections.remove(connection)
            for waiting in connection.pending.values():
                if not waiting.done():
                    waiting.set_exception(Dropped())
            self._wake()

    async def _receive(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            with contextlib.suppress(ValueError, AttributeError):
                answer = json.loads(message.data)
                self._settle(connection, answer.get("envelope_id"), answer.get("payload") or {})

    def _settle(self, receiver: Connection, envelope_id: str, payload: Json) -> None:
        # During a refresh an app may answer over its new connection what came over the old one.
        for connection in (receiver, *self._connections):
            waiting = connection.pending.get(envelope_id)
            if waiting and not waiting.done():
                waiting.set_result(payload)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": self.count,
            "debug_info": {"host": HOST, "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._app_id},
        }

    # --- sending ---

    async def deliver(self, kind: Kind, payload: Json) -> Acked | NotAcked:
        """Send one envelope and wait for its acknowledgement, at most `ack_seconds`."""
        envelope = {
            "envelope_id": str(uuid.uuid4()),
            "payload": payload,
            "type": kind,
            "accepts_response_payload": kind != "events_api",
        }
        return await self._deliver(envelope)

    async def deliver_event(self, payload: Json) -> Acked | NotAcked:
        """Send an event; if nobody acknowledges it, send it again later, in the background."""
        envelope = {
            "envelope_id": str(uuid.uuid4()),
            "payload": payload,
            "type": "events_api",
            "accepts_response_payload": False,
            "retry_attempt": 0,
            "retry_reason": "",
        }
        outcome = await self._deliver(envelope)
        if isinstance(outcome, NotAcked) and outcome.error == "operation_timeout":
            self._background(self._retry(envelope))
        return outcome

    async def redeliver(self) -> Acked | NotAcked:
        """Send the last envelope once more, unchanged, as Slack does when an acknowledgement got lost."""
        return await self._deliver(self.last_envelope) if self.last_envelope else NotAcked("dispatch_failed")

    async def _retry(self, envelope: Json) -> None:
        for attempt, seconds in enumerate(self.settings.resend_events_after, start=1):
            await asyncio.sleep(seconds)
            again = envelope | {"retry_attempt": attempt, "retry_reason": "timeout"}
            if isinstance(await self._deliver(again), Acked):
                return

    async def _deliver(self, envelope: Json) -> Acked | NotAcked:
        self.last_envelope = envelope
        sent = False
        try:
            async with asyncio.timeout(self.settings.ack_seconds):
                while connection := await self._choose():
                    sent = True
                    with contextlib.suppress(Dropped, ConnectionError):
                        return Acked(await self._ask(connection, envelope))
        except TimeoutError:
            pass
        return NotAcked("operation_timeout" if sent else "dispatch_failed")

    async def _ask(self, connection: Connection, envelope: Json) -> Json:
        envelope_id = envelope["envelope_id"]
        waiting = connection.pending.setdefault(envelope_id, asyncio.get_running_loop().create_future())
        try:
            await connection.socket.send_json(envelope)
            return await waiting
        finally:
            connection.pending.pop(envelope_id, None)
            if not waiting.done():
                waiting.cancel()

    async def _choose(self) -> Connection | None:
        """A connection at random; None when the app has none and none comes in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.settings.connection_grace_seconds):
                while not self._connections:
                    self._changed.clear()
                    await self._changed.wait()
        fresh = [connection for connection in self._connections if not connection.draining]
        open_ones = fresh or self._connections
        return secrets.choice(open_ones) if open_ones else None

    # --- refreshing and dropping ---

    async def refresh(self) -> None:
        """Ask every connection to reconnect, as Slack does now and then; close the old ones after a while."""
        for connection in list(self._connections):
            await self._refresh(connection)

    async def drop(self) -> None:
        """Cut every connection without a word."""
        for connection in list(self._connections):
            await connection.socket.close()

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.drop()

    async def _refresh(self, connection: Connection) -> None:
        connection.draining = True
        with contextlib.suppress(ConnectionError):
            await connection.socket.send_json(_disconnect("refresh_requested"))
        self._background(self._close_later(connection))

    async def _close_later(self, connection: Connection) -> None:
        await asyncio.sleep(CLOSE_GRACE_SECONDS)
        await connection.socket.close()

    def _refresh_later(self, connection: Connection) -> asyncio.Task[object] | None:
        seconds = self.settings.refresh_seconds
        return self._background(self._refresh_after(connection, seconds)) if seconds else None

    async def _refresh_after(self, connection: Connection, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._refresh(connection)

    def _background(self, work: "asyncio._CoroutineLike[object]") -> asyncio.Task[object]:
        task: asyncio.Task[object] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _wake(self) -> None:
        self._changed.set()
        for listener in self.on_change:
            listener()


def _disconnect(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": HOST}}
