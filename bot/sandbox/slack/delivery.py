"""What comes of a payload that is sent to an app, whichever way it goes."""

from dataclasses import dataclass
from typing import Literal, Protocol

from bot.sandbox.slack.workspace import Json

Kind = Literal["slash_commands", "interactive", "events_api"]


@dataclass(frozen=True, slots=True)
class Acked:
    payload: Json


@dataclass(frozen=True, slots=True)
class NotAcked:
    error: Literal["operation_timeout", "dispatch_failed"]
    """dispatch_failed: it could not be sent; operation_timeout: it was sent, and no answer came in time."""


class Delivery(Protocol):
    """A way to an app: Socket Mode, or signed requests over HTTP."""

    async def deliver(self, kind: Kind, payload: Json) -> Acked | NotAcked: ...

    async def deliver_event(self, payload: Json) -> Acked | NotAcked: ...

    async def redeliver(self) -> Acked | NotAcked:
        """Send what was sent last once more, unchanged."""
        ...
