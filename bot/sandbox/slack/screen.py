"""What a person sees, read once from the server: a screen, its messages, its modal, its controls."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.elements import Placed, placed_in
from bot.sandbox.slack.workspace import Json

_WORDS = {"text", "title", "caption", "label", "alt_text", "name", "hint", "fallback", "body", "subtitle"}


@dataclass(frozen=True, slots=True)
class Seen:
    """A message, a modal or a home tab as one person sees it."""

    raw: Json
    channel: str = ""

    @property
    def id(self) -> str:
        """A message's ts, a view's id."""
        return str(self.raw.get("ts") or self.raw["id"])

    @property
    def text(self) -> str:
        """A message's `text`, the form that notifications show; empty for a view."""
        return str(self.raw.get("text") or "")

    @property
    def blocks(self) -> list[Json]:
        return list(self.raw.get("blocks") or ())

    @property
    def title(self) -> str:
        """A modal's title."""
        return str((self.raw.get("title") or {}).get("text") or "")

    @property
    def private_metadata(self) -> str:
        return str(self.raw.get("private_metadata") or "")

    @property
    def is_ephemeral(self) -> bool:
        return bool(self.raw.get("is_ephemeral"))

    @property
    def is_edited(self) -> bool:
        return "edited" in self.raw

    @property
    def is_view(self) -> bool:
        return "ts" not in self.raw

    @property
    def files(self) -> list[Json]:
        return list(self.raw.get("files") or ())

    @property
    def block_types(self) -> list[str]:
        return [block["type"] for block in self.blocks]

    @property
    def words(self) -> str:
        """All the text in its blocks, one piece a line, in the order of the screen."""
        return "\n".join(_words(self.blocks))

    @property
    def controls(self) -> list[Placed]:
        return list(placed_in(self.blocks))

    @property
    def buttons(self) -> list[str]:
        """The labels of its buttons."""
        return [_label(placed) for placed in self.controls if placed.kind == "button"]

    def control(self, named: str) -> Placed:
        """The first control with that label or action id; raises LookupError with what there is instead."""
        for placed in self.controls:
            if named in {_label(placed), placed.action_id}:
                return placed
        there = [f"{_label(placed)} ({placed.action_id})" for placed in self.controls]
        raise LookupError(f"There is no control {named!r}; there are {there}.")


@dataclass(frozen=True, slots=True)
class Screen:
    raw: Json

    def channel_id(self, name: str) -> str:
        """The id of a channel given by name or id; `"app"` is the direct conversation with the app."""
        for channel in self.raw["channels"]:
            if name.removeprefix("#") in {channel["id"], channel["name"]} or (
                channel["is_im"] and name in {"", "app"}
            ):
                return str(channel["id"])
        raise LookupError(f"There is no channel {name!r} on this screen.")

    def messages(self, channel: str) -> list[Seen]:
        """A channel's messages, oldest first, replies among them."""
        channel_id = self.channel_id(channel)
        return [Seen(message, channel_id) for message in self.raw["messages"][channel_id]]

    def unread(self, channel: str) -> int:
        channel_id = self.channel_id(channel)
        return int(next(c["unread"] for c in self.raw["channels"] if c["id"] == channel_id))

    @property
    def modal(self) -> Seen | None:
        """The modal in front."""
        return Seen(self.raw["views"][-1]) if self.raw["views"] else None

    @property
    def home(self) -> Seen | None:
        return Seen(self.raw["home"]) if self.raw["home"] else None

    @property
    def app_connections(self) -> int:
        return int(self.raw["app"]["connections"])


def _label(placed: Placed) -> str:
    text = placed.element.get("text") or placed.block.get("label") or {}
    return str(text.get("text") or "") if isinstance(text, dict) else str(text)


def _words(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for item in part:
            yield from _words(item)
    elif isinstance(part, dict):
        for name, value in part.items():
            if isinstance(value, str):
                if name in _WORDS:
                    yield value
            else:
                yield from _words(value)
