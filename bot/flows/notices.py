"""What somebody is told privately, and should know even when Slack is away just then: kept, and tried again.

It is written down in the transaction of what it is about, and goes once Slack has taken it. After a day it is
given up: by then the record in the approval channel tells it as well.
"""

import logging
from datetime import datetime, timedelta
from secrets import token_hex

from sqlalchemy import Connection

from bot.domain.errors import MessengerError
from bot.domain.people import Notice
from bot.domain.request import Outcome, RemediationRequest, RequestState
from bot.flows.parts import Parts
from bot.store import notices
from bot.store.notices import OwedNotice

log = logging.getLogger(__name__)

GIVE_UP_AFTER = timedelta(days=1)
AT_ONCE = 20
GONE_PEOPLE = frozenset({"user_not_found", "user_disabled", "cannot_dm_bot", "users_not_found"})
"""Slack's words for somebody who cannot be told anything any more."""


def owe_end(
    connection: Connection, request: RemediationRequest, after: RequestState, outcome: Outcome, now: datetime
) -> None:
    """Write down that whoever asked is to know how it ended; parts of a bulk request are told of together."""
    origin = request.origin
    if origin is None or request.bulk_id or request.state not in TITLES:
        return
    words = {"kind": request.kind.value, "label": request.label, "state": after.value}
    notice = Notice(TITLES[request.state].format(**words), outcome.text, outcome.next_step)
    notices.owe(connection, request.id, request.requester.user_id, origin.channel, notice, now=now)


TITLES = {
    RequestState.PREPARING: "No {kind} of {label} was started",
    RequestState.APPLYING: "Your {kind}: {state}",
}
"""By the state in which it ended: of a decision or its absence the record itself tells."""


def tell(parts: Parts, user_id: str, channel: str, notice: Notice) -> None:
    """Tell somebody now, or later if Slack does not take it."""
    notice_id = f"notice-{token_hex(10)}"
    with parts.desk.engine.begin() as connection:
        notices.owe(connection, notice_id, user_id, channel, notice, now=parts.desk.clock())
    tell_owed(parts, notice_id)


def tell_owed(parts: Parts, notice_id: str) -> None:
    """Tell what was written down under that id, if nobody has yet."""
    with parts.desk.engine.connect() as connection:
        owed = notices.read_owed(connection, notice_id)
    if owed is not None:
        _try(parts, owed)


def tell_due(parts: Parts) -> None:
    """Tell what could not be told before."""
    with parts.desk.engine.connect() as connection:
        due = notices.read_due(connection, now=parts.desk.clock(), limit=AT_ONCE)
    for owed in due:
        _try(parts, owed)


def _try(parts: Parts, owed: OwedNotice) -> None:
    now = parts.desk.clock()
    with parts.desk.engine.begin() as connection:
        if not notices.claim(connection, owed, now=now):
            return
    try:
        parts.messenger.tell(owed.user_id, owed.channel, owed.notice)
    except MessengerError as fault:
        about = {"user": owed.user_id, "notice": owed.id, "problem": str(fault)}
        if fault.code not in GONE_PEOPLE and now - owed.since < GIVE_UP_AFTER:
            log.warning("notice waits", extra=about)
            return
        log.warning("notice given up", extra=about)
    with parts.desk.engine.begin() as connection:
        notices.drop(connection, owed.id)
