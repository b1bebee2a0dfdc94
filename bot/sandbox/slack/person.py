"""A person at the local Slack, for tests: types, presses, fills in and waits, and can do nothing that the
page could not.

It waits by listening to the server's events, never by sleeping.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

from bot.sandbox.slack.screen import Screen, Seen
from bot.sandbox.slack.workspace import Json

T = TypeVar("T")
WAIT_SECONDS = 30.0


class NotDone(Exception):  # noqa: N818 - it says what did not happen
    """The server refused what the person tried; `error` is Slack's code, `answer` all it said."""

    def __init__(self, error: str, answer: Json) -> None:
        super().__init__(error, answer)
        self.error = error
        self.answer = answer


class Person:
    """Use as `async with Person(slack.url, RILEY) as riley`."""

    def __init__(self, url: str, user_id: str) -> None:
        self.user_id = user_id
        self._url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # trust_env is off: a proxy has nothing to do with the loopback.
        self._session = aiohttp.ClientSession(self._url, trust_env=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    # --- seeing ---

    async def screen(self) -> Screen:
        async with self._open.get("/local/state", params={"user": self.user_id}) as response:
            response.raise_for_status()
            return Screen(await response.json())

    async def messages(self, channel: str) -> list[Seen]:
        """A channel's messages, oldest first; the channel by name or id, `"app"` for the app's own."""
        return (await self.screen()).messages(channel)

    async def last_message(self, channel: str) -> Seen:
        """The newest message; raises LookupError when there is none."""
        found = await self.messages(channel)
        if not found:
            raise LookupError(f"Nothing was said in {channel!r}.")
        return found[-1]

    async def wait_for(self, predicate: Callable[[Screen], T | None], seconds: float = WAIT_SECONDS) -> T:
        """Look at the screen after every change until the predicate gives something true, and return that.

        Raises TimeoutError, with what the screen showed last, after `seconds`.
        """
        screen: Screen | None = None
        try:
            async with asyncio.timeout(seconds), self._events() as events:
                async for _event in events:
                    screen = await self.screen()
                    if found := predicate(screen):
                        return found
        except TimeoutError:
            pass
        raise TimeoutError(f"Not within {seconds} s. The screen of {self.user_id} shows:\n{_told(screen)}")

    async def wait_for_message(self, channel: str, containing: str, seconds: float = WAIT_SECONDS) -> Seen:
        """The newest message whose text or blocks contain some words, as soon as there is one."""

        def newest(screen: Screen) -> Seen | None:
            found = [m for m in screen.messages(channel) if containing in f"{m.text}\n{m.words}"]
            return found[-1] if found else None

        return await self.wait_for(newest, seconds)

    async def wait_for_modal(self, title: str = "", seconds: float = WAIT_SECONDS) -> Seen:
        """The modal in front, as soon as one with that title (or any) is."""

        def in_front(screen: Screen) -> Seen | None:
            modal = screen.modal
            return modal if modal and title in {"", modal.title} else None

        return await self.wait_for(in_front, seconds)

    # --- doing ---

    async def command(self, text: str, channel: str = "app") -> None:
        """Type a slash command; returns when the app has acknowledged it, raises NotDone if it has not."""
        await self.type(text, channel)

    async def type(self, text: str, channel: str = "app", thread_ts: str = "") -> None:
        channel_id = (await self.screen()).channel_id(channel)
        await self._do("message", {"channel": channel_id, "text": text, "thread_ts": thread_ts})

    async def click(
        self, seen: Seen, control: str, *, selected: Any = None, value: str | None = None
    ) -> None:
        """Press a control given by its label or action id, or choose `selected` in it.

        `value` tells buttons with the same label apart. A confirm dialog counts as answered with yes.
        """
        placed = seen.control(control)
        where = {"view_id": seen.id} if seen.is_view else {"channel": seen.channel, "ts": seen.id}
        what = {"action_id": placed.action_id, "selected": selected, "value": value}
        block = {} if value is not None else {"block_id": placed.block_id}
        await self._do("click", where | block | what)

    async def suggestions(self, seen: Seen, control: str, typed: str) -> list[str]:
        """The texts an external select offers for what was typed."""
        placed = seen.control(control)
        where = {"view_id": seen.id} if seen.is_view else {"channel": seen.channel, "ts": seen.id}
        ids = {"action_id": placed.action_id, "block_id": placed.block_id}
        answer = await self._do("suggest", where | ids | {"value": typed})
        return [option["text"]["text"] for option in answer["options"]]

    async def submit(self, modal: Seen, values: Mapping[str, Any] | None = None) -> dict[str, str]:
        """Fill in (by action id) and submit a modal. Returns errors by block id; empty when it was taken."""
        try:
            await self._do("view_submit", {"view_id": modal.id, "values": dict(values or {})})
        except NotDone as refusal:
            if refusal.error != "validation_errors":
                raise
            return dict(refusal.answer["errors"])
        return {}

    async def close(self, modal: Seen) -> None:
        await self._do("view_close", {"view_id": modal.id})

    async def open_home(self) -> None:
        await self._do("home_opened", {})

    async def download(self, file: Json) -> bytes:
        async with self._open.get(file["url_private"]) as response:
            response.raise_for_status()
            return await response.read()

    # --- what goes wrong around Slack ---

    async def disconnect_app(self, *, hard: bool = False) -> None:
        """Ask the app to reconnect, as Slack does now and then; `hard` cuts it off without a word."""
        await self._do("disconnect", {"hard": hard})

    async def outage(self, seconds: float) -> None:
        """Slack is down for the app: 503 on every call, and no sockets. 0 ends it."""
        await self._do("outage", {"seconds": seconds})

    async def redeliver(self) -> None:
        """Send the app the last envelope a second time."""
        await self._do("redeliver", {})

    async def fail_next(self, method: str, error: str, times: int = 1) -> None:
        """Let the app's next calls of a method be refused with an error of Slack's."""
        await self._do("fail", {"method": method, "error": error, "times": times})

    # --- the wire ---

    @property
    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("Use `async with Person(...)`.")
        return self._session

    async def _do(self, action: str, body: Json) -> Json:
        async with self._open.post(f"/local/{action}", json=body | {"user": self.user_id}) as response:
            answer: Json = await response.json()
        if not answer["ok"]:
            raise NotDone(answer["error"], answer)
        return answer

    @asynccontextmanager
    async def _events(self) -> AsyncIterator[AsyncIterator[Json]]:
        forever = aiohttp.ClientTimeout(total=None)
        params = {"user": self.user_id}
        async with self._open.get("/local/events", params=params, timeout=forever) as response:
            response.raise_for_status()
            yield _parsed(response.content)


async def _parsed(stream: aiohttp.StreamReader) -> AsyncIterator[Json]:
    async for line in stream:
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


def _told(screen: Screen | None) -> str:
    if screen is None:
        return "nothing; the server sent no event"
    lines = [
        f"#{channel['name']}: {message.get('text', '')[:200]!r}"
        for channel in screen.raw["channels"]
        for message in screen.raw["messages"][channel["id"]][-5:]
    ]
    modal = [f"modal {screen.modal.title!r}: {screen.modal.words[:500]!r}"] if screen.modal else []
    return "\n".join([*lines, *modal]) or "no messages and no modal"
