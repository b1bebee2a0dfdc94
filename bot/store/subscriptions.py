"""Which channels get the daily digest, when, and who asked for it; one row a channel."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, select, update

from bot.domain.subscription import Schedule, Subscription
from bot.store.rows import insert_if_new
from bot.store.tables import subscriptions


def save_subscription(connection: Connection, subscription: Subscription, *, since: datetime) -> None:
    """Put a channel's subscription in place of the one before; its problems are forgotten with it."""
    values = {
        "at": f"{subscription.schedule.at:%H:%M}",
        "timezone": subscription.schedule.zone.key,
        "weekdays": "".join(str(number) for number in sorted(subscription.schedule.weekdays)),
        "by": subscription.by,
        "since": since,
        "is_off": subscription.is_off,
        "problem": "",
        "told_at": None,
    }
    if not insert_if_new(connection, subscriptions, {"channel": subscription.channel, **values}):
        change = update(subscriptions).where(subscriptions.c.channel == subscription.channel)
        connection.execute(change.values(values))


def read_subscription(connection: Connection, channel: str) -> Subscription | None:
    row = connection.execute(select(subscriptions).where(subscriptions.c.channel == channel)).first()
    return None if row is None else _subscription(row)


def read_subscriptions(connection: Connection) -> tuple[Subscription, ...]:
    """All of them, those that are off too."""
    rows = connection.execute(select(subscriptions).order_by(subscriptions.c.channel))
    return tuple(_subscription(row) for row in rows)


def mark_failed(connection: Connection, channel: str, problem: str) -> None:
    """Keep why a channel's digest was not posted, until one is."""
    change = update(subscriptions).where(subscriptions.c.channel == channel)
    connection.execute(change.values(problem=problem))


def mark_told(connection: Connection, channel: str, *, now: datetime) -> None:
    """Keep that the subscriber was told of the problem."""
    change = update(subscriptions).where(subscriptions.c.channel == channel)
    connection.execute(change.values(told_at=now))


def mark_well(connection: Connection, channel: str) -> None:
    """A digest was posted: the next problem is told anew."""
    change = update(subscriptions).where(subscriptions.c.channel == channel)
    connection.execute(change.values(problem="", told_at=None))


def _subscription(row: Row[tuple[object, ...]]) -> Subscription:
    return Subscription(
        channel=row.channel,
        schedule=Schedule(
            at=time.fromisoformat(row.at),
            zone=ZoneInfo(row.timezone),
            weekdays=frozenset(int(number) for number in row.weekdays),
        ),
        by=row.by,
        since=row.since,
        is_off=row.is_off,
        problem=row.problem,
        told_at=row.told_at,
    )
