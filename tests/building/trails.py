"""What the audit may say of one request, as a language: every trail is a word of it, or the start of one."""

import re
from collections.abc import Sequence
from typing import Any

from bot.domain.request import RemediationRequest, RequestKind, RequestState
from bot.flows.prepare import BOT

LETTERS = {
    "requested": "q",
    "denied": "d",
    "expired": "e",
    "approved": "a",
    "refused": "r",
    "superseded": "s",
    "already-fixed": "x",
    "intended": "i",
    "applied": "p",
    "verified": "v",
    "unverified": "u",
    "rehearsed": "h",
    "failed": "f",
    "undone": "n",
    "late": "l",
}
STOPPED = "[ersxhf]"
WORDS = {
    RequestKind.FIX: re.compile(rf"q([rxf]|[de]|a({STOPPED}|i({STOPPED}|p({STOPPED}|[vu])?)?)?)?"),
    # An undo of what an earlier one has deleted already has nothing to intend.
    RequestKind.UNDO: re.compile(rf"q([rf]|[de]|a({STOPPED}|[nu]|i({STOPPED}|[nu])?)?)?"),
}
LAST = {
    RequestState.PREPARING: "q",
    RequestState.PENDING: "q",
    RequestState.APPROVED: "a",
    RequestState.APPLYING: "aip",
    RequestState.APPLIED: "v",
    RequestState.APPLIED_UNVERIFIED: "u",
    RequestState.REHEARSED: "h",
    RequestState.FAILED: "f",
    RequestState.DENIED: "d",
    RequestState.EXPIRED: "e",
    RequestState.REFUSED: "r",
    RequestState.SUPERSEDED: "s",
    RequestState.ALREADY_FIXED: "x",
    # A fix keeps the end that it came to: that it was undone is told in the trail of its undo.
    RequestState.UNDONE: "nvu",
}
"""With which event the trail of a request in that state ends."""


def is_refused_click(event: dict[str, Any]) -> bool:
    """A person who was refused, which may happen at any time and changes nothing."""
    return str(event["kind"]).endswith(".refused") and event["actor"] != BOT


def word_of(events: Sequence[dict[str, Any]]) -> str:
    """The trail of a request, a letter for each event, without the clicks that were refused."""
    return "".join(LETTERS[e["kind"].partition(".")[2]] for e in events if not is_refused_click(e))


def is_legal(request: RemediationRequest, word: str) -> bool:
    """Whether the trail may be, and is that of a request in this state: no event is missing or too many.

    A call that was on its way while the request ended may be told of once, at any time after the intent.
    """
    before, is_late, after = word.partition("l")
    course = before + after
    is_told_in_time = not is_late or "i" in before
    is_word = WORDS[request.kind].fullmatch(course) is not None
    return is_told_in_time and is_word and course[-1] in LAST[request.state]
