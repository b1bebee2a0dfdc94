"""What may come in over HTTP: only what Slack has signed a moment ago, and can be read.

Nothing of a request is looked into before its signature is found right. Bolt would do it the other way round:
it answers 500 with a traceback to a timestamp that is no number and to a body that is not UTF-8 or not JSON.
https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

MAX_BODY = 2 * 1024 * 1024
"""Bytes. A modal's view takes up to 250 KB, and three times that as a form."""
WINDOW_SECONDS = 300
"""How far a request's time may be from ours, either way: what Slack recommends."""

TIMESTAMP = "x-slack-request-timestamp"
SIGNATURE = "x-slack-signature"
CONTENT_TYPE = "content-type"
_READ = frozenset({TIMESTAMP, SIGNATURE, CONTENT_TYPE})
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)
_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class SlackRequest:
    """A request of Slack's, as Socket Mode would have brought it."""

    kind: str
    """Slack's own word in Socket Mode: slash_commands, interactive or events_api."""
    payload: Mapping[str, Any]
    signature: str

    @property
    def event_id(self) -> str:
        """The same each time that Slack sends an event again; empty for all else, which it sends once."""
        return str(self.payload.get("event_id") or "")


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Why a request is not served. `text` goes to whoever sent it, `hint` to the log."""

    status: int
    reason: str
    text: str
    hint: str = ""


_ONLY_SLACK = "Only requests that Slack has signed are served here."
UNSIGNED = TurnedAway(401, "unsigned", _ONLY_SLACK)
STALE = TurnedAway(
    401, "stale", "The request is not from just now.", "If it was Slack's, this machine's clock is wrong."
)
FORGED = TurnedAway(
    401, "bad-signature", _ONLY_SLACK, "If it was Slack's, slack.signing_secret is another app's."
)
REPLAYED = TurnedAway(403, "replayed", "This request was served before.")
UNREADABLE = TurnedAway(400, "unreadable", "The request cannot be read.")
WRONG_TYPE = TurnedAway(415, "wrong-type", f"Send {_JSON} or {_FORM}.")
TOO_LARGE = TurnedAway(413, "too-large", "The request is too large.")
TOO_SLOW = TurnedAway(408, "too-slow", "The request took too long to arrive.")


def admit(
    headers: Iterable[tuple[str, str]], body: bytes, *, secret: str, now: float
) -> SlackRequest | TurnedAway:
    """The request, if Slack signed it within the window around `now` (seconds since 1970) and it makes sense.

    It may have been sent before: that is for the caller to know.
    """
    pairs = [(name.lower(), value) for name, value in headers if name.lower() in _READ]
    known = dict(pairs)
    if len(known) != len(pairs):
        return UNREADABLE
    refusal = _check_signature(known, body, secret, now)
    return refusal or _read(known.get(CONTENT_TYPE, ""), body, known[SIGNATURE])


def is_certificate_check(content_type: str, body: bytes) -> bool:
    """The one request that Slack does not sign: it looks at the certificate, and wants a 200."""
    return _type(content_type) == _FORM and len(body) < 1000 and b"ssl_check=1" in body.split(b"&")


def _check_signature(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> TurnedAway | None:
    timestamp, signature = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    # Of other characters, int() knows digits that no signature is made with, and compare_digest raises.
    if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
        return UNSIGNED
    if abs(now - int(timestamp)) > WINDOW_SECONDS:
        return STALE
    signed = b"v0:" + timestamp.encode() + b":" + body
    expected = "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return None if hmac.compare_digest(expected, signature) else FORGED


def _read(content_type: str, body: bytes, signature: str) -> SlackRequest | TurnedAway:
    """Not Bolt's own way: it takes a command with the word "payload" anywhere in it for an empty one."""
    try:
        match _type(content_type):
            case "application/json":
                kind, payload = "events_api", json.loads(body.decode())
            case "application/x-www-form-urlencoded":
                kind, payload = _read_form(body.decode())
            case _:
                return WRONG_TYPE
    except (ValueError, RecursionError):
        return UNREADABLE
    return SlackRequest(kind, payload, signature) if payload and isinstance(payload, dict) else UNREADABLE


def _read_form(text: str) -> tuple[str, Any]:
    fields = dict(parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="strict"))
    if "payload" in fields:
        return "interactive", json.loads(fields["payload"])
    return "slash_commands", fields if "command" in fields else None


def _type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
