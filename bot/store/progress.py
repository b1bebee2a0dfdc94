"""Messages about how far a request is, and the record that must stand after them.

A message that was sent while a request was running may reach Slack after the record of its end, from another
process too. Whoever sends one says so before; the record is shown once more when one came late, or never came
back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, or_, select, update

from bot.domain.request import RequestId, RequestState
from bot.store.tables import requests

ON_ITS_WAY = timedelta(minutes=5)
"""Longer than a call to Slack takes with all its retries: what was sent then has come, or never will."""

RUNNING = requests.c.state == RequestState.APPLYING.value


@dataclass(frozen=True, slots=True)
class Seen:
    """What a message showed, and what may have been on its way to it, when somebody began to show it anew."""

    state: str
    until: datetime | None


def claim_progress(connection: Connection, request_id: RequestId, *, now: datetime) -> bool:
    """Say that a message about a running request is going to be sent; False when it runs no longer, or
    somebody else is at it.
    """
    is_free = or_(requests.c.progress_until.is_(None), requests.c.progress_until < now)
    change = update(requests).where(requests.c.id == request_id, RUNNING, is_free)
    return connection.execute(change.values(progress_until=now + ON_ITS_WAY)).rowcount == 1


def release_progress(connection: Connection, request_id: RequestId) -> None:
    """Say that it has come, or was refused; of a request that has ended the record is owed again."""
    marked = case((RUNNING, requests.c.shown_state), else_=f"late {token_hex(6)}")
    change = update(requests).where(requests.c.id == request_id)
    connection.execute(change.values(progress_until=None, shown_state=marked))


def read_seen(connection: Connection, request_id: RequestId) -> Seen:
    """What to hold against what is there once the message has been shown anew."""
    query = select(requests.c.shown_state, requests.c.progress_until).where(requests.c.id == request_id)
    row = connection.execute(query).one()
    return Seen(row.shown_state, row.progress_until)


def after_showing(shown: RequestState, seen: Seen, *, now: datetime) -> dict[str, Any]:
    """What a row says after its message was shown: that state, unless something else has come meanwhile.

    `now` is from before it was shown.
    """
    is_as_seen = requests.c.shown_state.in_((seen.state, shown.value))
    is_over = and_(requests.c.progress_until == seen.until, requests.c.progress_until < now)
    return {
        "shown_state": case((is_as_seen, shown.value), else_=""),
        "progress_until": case((is_over, None), else_=requests.c.progress_until),
    }


def is_owed(now: datetime) -> ColumnElement[bool]:
    """Whether a message is to be shown: it shows another state, or something may have come after its own."""
    return or_(requests.c.shown_state != requests.c.state, requests.c.progress_until < now)
