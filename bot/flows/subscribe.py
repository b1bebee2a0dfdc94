"""Subscribing a channel to the daily digest, and which channels have one. Nothing of AWS."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.audit import AuditEvent
from bot.domain.request import Person
from bot.domain.subscription import Schedule, Subscription, due_day, next_due
from bot.domain.subscription_words import spelled_schedule
from bot.flows.desk import Desk
from bot.store import audit, digests, subscriptions


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with a channel's digest."""

    subscription: Subscription | None
    """None where nobody subscribed and settings do not name the channel."""
    next_at: datetime | None
    """When the next digest is due; None where there is none."""


def read_subscription(desk: Desk, connection: Connection, channel: str) -> Subscription | None:
    """The channel's own subscription; without one, that of settings."""
    return subscriptions.read_subscription(connection, channel) or _of_settings(desk, connection, channel)


def read_subscriptions(desk: Desk, connection: Connection) -> tuple[Subscription, ...]:
    """Those of all channels that get a digest."""
    own = subscriptions.read_subscriptions(connection)
    configured = desk.digest.channel if desk.digest else ""
    has_own = configured in {each.channel for each in own}
    default = None if has_own else _of_settings(desk, connection, configured)
    return tuple(each for each in (*own, default) if each is not None and not each.is_off)


def _of_settings(desk: Desk, connection: Connection, channel: str) -> Subscription | None:
    wanted = desk.digest
    if wanted is None or wanted.channel != channel:
        return None
    found = subscriptions.read_problem(connection, channel)
    return Subscription(
        channel,
        wanted.schedule,
        problem=found.problem if found else "",
        told_at=found.told_at if found else None,
    )


def read_unheard(connection: Connection, configured: str) -> str:
    """Which digests could not be posted without anybody whom that could be told; empty when there is none.

    `configured` is the channel that settings name.
    """
    own = {each.channel: each for each in subscriptions.read_subscriptions(connection)}
    has_digest = {channel for channel, each in own.items() if not each.is_off} | ({configured} - set(own))
    unheard = [one for one in subscriptions.read_unheard(connection) if one.channel in has_digest]
    return "; ".join(f"{one.channel}: {one.problem}" for one in unheard)


def usual_schedule(desk: Desk, connection: Connection, channel: str) -> Schedule:
    """What words leave open when a channel subscribes: as it is or was there, else as settings have it."""
    current = read_subscription(desk, connection, channel)
    return current.schedule if current else desk.usual_digest


def read_standing(desk: Desk, channel: str) -> Standing:
    with desk.engine.connect() as connection:
        return _standing(desk, connection, read_subscription(desk, connection, channel))


def subscribe(desk: Desk, channel: str, person: Person, schedule: Schedule) -> Standing:
    """Give a channel its daily digest from now on, in place of what it had before."""
    wanted = Subscription(channel, schedule, person.user_id)
    said = f"<@{person.user_id}> subscribed <#{channel}> to the daily digest {spelled_schedule(schedule)}."
    with desk.engine.begin() as connection:
        audit.lock_chain(connection)
        return _save(desk, connection, wanted, person, "digest.subscribed", said)


def unsubscribe(desk: Desk, channel: str, person: Person) -> Standing | None:
    """Switch a channel's digest off, also that of settings; None when there was none to switch off."""
    with desk.engine.begin() as connection:
        audit.lock_chain(connection)
        current = read_subscription(desk, connection, channel)
        if current is None or current.is_off:
            return None
        wanted = replace(current, by=person.user_id, is_off=True)
        said = f"<@{person.user_id}> switched the daily digest of <#{channel}> off."
        return _save(desk, connection, wanted, person, "digest.unsubscribed", said)


def _save(
    desk: Desk, connection: Connection, wanted: Subscription, person: Person, kind: str, said: str
) -> Standing:
    now = desk.clock()
    subscriptions.save_subscription(connection, wanted, since=now)
    event = AuditEvent(
        kind=kind,
        at=now,
        actor=f"{person.team_id}/{person.user_id}",
        outcome=said,
        detail=(("channel", wanted.channel), ("schedule", spelled_schedule(wanted.schedule))),
    )
    audit.record(connection, event, channel=desk.audit_channel)
    return _standing(desk, connection, subscriptions.read_subscription(connection, wanted.channel))


def _standing(desk: Desk, connection: Connection, found: Subscription | None) -> Standing:
    if found is None or found.is_off:
        return Standing(found, None)
    due = next_due(found.schedule, desk.clock())
    while _has_ended(connection, found, due):
        due = next_due(found.schedule, due)
    return Standing(found, due)


def _has_ended(connection: Connection, found: Subscription, due: datetime) -> bool:
    """Whether the date of that instant has its digest already: its time was moved later on the same day."""
    day = due_day(found.schedule, due, since=None)
    return day is not None and digests.read_end(connection, found.channel, day) is not None
