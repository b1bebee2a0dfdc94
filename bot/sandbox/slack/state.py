"""What this Slack remembers while it runs, and who is told when it changes. It is all in memory.

`clock` gives seconds since 1970; triggers, response URLs and timestamps are measured by it alone.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from bot.sandbox.slack.messages import File, Message, View
from bot.sandbox.slack.workspace import Channel, Json, Workspace

TRIGGER_SECONDS = 3
RESPONSE_URL_SECONDS = 30 * 60
RESPONSE_URL_USES = 5


@dataclass(frozen=True, slots=True)
class Trigger:
    user: str
    expires_at: float
    view_id: str = ""
    """The modal in which it was made: views.push goes on top of it."""
    used: bool = False


@dataclass(frozen=True, slots=True)
class ResponseUrl:
    user: str
    channel: str
    expires_at: float
    message_ts: str = ""
    """The message whose button was pressed; empty for a command."""
    uses: int = 0


class State:
    def __init__(self, workspace: Workspace, clock: Callable[[], float]) -> None:
        self.workspace = workspace
        self.clock = clock
        self.members = {channel.id: list(channel.members) for channel in workspace.channels}
        self.with_bot = {channel.id for channel in workspace.channels if channel.has_bot}
        self.messages: dict[str, dict[str, Message]] = {}
        self.views: dict[str, View] = {}
        self.stacks: dict[str, list[str]] = {}
        self.homes: dict[str, View] = {}
        self.choices: dict[tuple[str, str], Json] = {}
        """What a person has entered: by (user, view id or message ts), then block id and action id."""
        self.suggestions: dict[tuple[str, str, str], list[Json]] = {}
        self.files: dict[str, File] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.last_read: dict[tuple[str, str], str] = {}
        self._subscribers: dict[asyncio.Queue[Json], str] = {}
        self._last_ts = 0

    # --- channels ---

    def channels_of(self, user_id: str) -> list[Channel]:
        return [channel for channel in self.workspace.channels if user_id in self.members.get(channel.id, ())]

    def dm_of(self, user_id: str) -> str:
        """The direct conversation between a person and the app."""
        return "D" + user_id[1:]

    def dm_person(self, channel_id: str) -> str:
        """Whose direct conversation it is; empty if it is none."""
        person = self.workspace.member("U" + channel_id[1:]) if channel_id.startswith("D") else None
        return person.id if person else ""

    def sees(self, user_id: str, channel_id: str) -> bool:
        return user_id in self.members.get(channel_id, ()) or self.dm_person(channel_id) == user_id

    def name_of(self, channel_id: str) -> str:
        channel = self.workspace.channel(channel_id)
        return channel.name if channel else "directmessage"

    # --- messages ---

    def mint_ts(self) -> str:
        """A message id: seconds and six digits, later than every one before."""
        self._last_ts = max(self._last_ts + 1, int(self.clock() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def add(self, message: Message) -> Message:
        self.messages.setdefault(message.channel, {})[message.ts] = message
        self._tell_of(message, "message")
        return message

    def change(self, message: Message) -> Message:
        self.messages[message.channel][message.ts] = message
        self._tell_of(message, "message_changed")
        return message

    def remove(self, message: Message) -> None:
        del self.messages[message.channel][message.ts]
        self._tell_of(message, "message_deleted")

    def message(self, channel_id: str, ts: str) -> Message | None:
        return self.messages.get(channel_id, {}).get(ts)

    def history(self, channel_id: str, user_id: str) -> list[Message]:
        """What one person sees in a channel, oldest first."""
        found = self.messages.get(channel_id, {}).values()
        return sorted((m for m in found if m.visible_to(user_id)), key=lambda message: message.ts)

    def unread(self, channel_id: str, user_id: str) -> int:
        last = self.last_read.get((user_id, channel_id), "")
        return sum(m.ts > last and m.user != user_id for m in self.history(channel_id, user_id))

    # --- views ---

    def open_stack(self, user_id: str) -> list[View]:
        return [self.views[view_id] for view_id in self.stacks.get(user_id, ())]

    def put_on_stack(self, view: View) -> None:
        self.views[view.id] = view
        self.stacks.setdefault(view.user, []).append(view.id)
        self.tell(view.user, {"type": "views"})

    def replace_view(self, view: View) -> None:
        """A view's new form. What was entered stays where block and action ids stay."""
        block_ids = {block["block_id"] for block in view.blocks}
        entered = self.choices.get((view.user, view.id), {})
        self.choices[view.user, view.id] = {b: entered[b] for b in entered.keys() & block_ids}
        if view.is_home:
            self.homes[view.user] = view
        self.views[view.id] = view
        self.tell(view.user, {"type": "home" if view.is_home else "views"})

    def close_view(self, view: View, *, everything: bool = False) -> list[View]:
        """Take a modal, or all of them, off a person's screen; return those that went, top first."""
        stack = self.stacks.get(view.user, [])
        start = 0 if everything or view.id not in stack else stack.index(view.id)
        gone = [self.views.pop(view_id) for view_id in reversed(stack[start:])]
        self.stacks[view.user] = stack[:start]
        for closed in gone:
            self.choices.pop((view.user, closed.id), None)
        self.tell(view.user, {"type": "views"})
        return gone

    # --- what a click allows the app to do ---

    def mint_trigger(self, user_id: str, view_id: str = "") -> str:
        trigger_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self.triggers[trigger_id] = Trigger(user_id, self.clock() + TRIGGER_SECONDS, view_id)
        return trigger_id

    def mint_response_url(self, user_id: str, channel_id: str, message_ts: str = "") -> str:
        """The secret that ends the URL."""
        secret = secrets.token_urlsafe(24)
        expires_at = self.clock() + RESPONSE_URL_SECONDS
        self.response_urls[secret] = ResponseUrl(user_id, channel_id, expires_at, message_ts)
        return secret

    def use_response_url(self, secret: str) -> ResponseUrl | None:
        """Count one use; None when it is unknown, too old or used up."""
        url = self.response_urls.get(secret)
        if url is None or url.expires_at < self.clock() or url.uses >= RESPONSE_URL_USES:
            return None
        self.response_urls[secret] = replace(url, uses=url.uses + 1)
        return url

    # --- telling the pages ---

    @contextmanager
    def subscribed(self, user_id: str) -> Iterator[asyncio.Queue[Json]]:
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self._subscribers[queue] = user_id
        try:
            yield queue
        finally:
            del self._subscribers[queue]

    def tell(self, user_id: str, event: Json) -> None:
        for queue, subscriber in self._subscribers.items():
            if subscriber == user_id:
                queue.put_nowait(event)

    def tell_all(self, event: Json) -> None:
        for queue in self._subscribers:
            queue.put_nowait(event)

    def _tell_of(self, message: Message, what: str) -> None:
        event = {"type": what, "channel": message.channel, "ts": message.ts}
        for person in self.workspace.people:
            if message.visible_to(person.id) and self.sees(person.id, message.channel):
                self.tell(person.id, event)
