"""Which channels get the daily digest, when, and who asked for it; one row a channel."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Select, delete, select, update

from bot.domain.subscription import Schedule, Subscription
from bot.store.rows import insert_if_new
from bot.store.tables import digest_problems, subscriptions


@dataclass(frozen=True, slots=True)
class DigestProblem:
    """Why a channel's last digest was not posted, whether the channel subscribed or settings name it."""

    channel: str
    problem: str
    told_at: datetime | None
    """When somebody was told, or it was found that nobody could be."""
    told_to: tuple[str, ...]
    """Slack ids of whoever was told."""


def save_subscription(connection: Connection, subscription: Subscription, *, since: datetime) -> None:
    """Put a channel's subscription in place of the one before; its problems are forgotten with it."""
    values = {
        "at": f"{subscription.schedule.at:%H:%M}",
        "timezone": subscription.schedule.zone.key,
        "weekdays": "".join(str(number) for number in sorted(subscription.schedule.weekdays)),
        "by": subscription.by,
        "since": since,
        "is_off": subscription.is_off,
    }
    if not insert_if_new(connection, subscriptions, {"channel": subscription.channel, **values}):
        change = update(subscriptions).where(subscriptions.c.channel == subscription.channel)
        connection.execute(change.values(values))
    mark_well(connection, subscription.channel)


def read_subscription(connection: Connection, channel: str) -> Subscription | None:
    row = connection.execute(_with_problems().where(subscriptions.c.channel == channel)).first()
    return None if row is None else _subscription(row)


def read_subscriptions(connection: Connection) -> tuple[Subscription, ...]:
    """All of them, those that are off too."""
    rows = connection.execute(_with_problems().order_by(subscriptions.c.channel))
    return tuple(_subscription(row) for row in rows)


def _with_problems() -> Select[tuple[object, ...]]:
    problems = digest_problems
    return select(subscriptions, problems.c.problem, problems.c.told_at).outerjoin(
        problems, problems.c.channel == subscriptions.c.channel
    )


def read_problem(connection: Connection, channel: str) -> DigestProblem | None:
    """What is wrong with a channel's digest; None when the last one was posted, or there was none."""
    row = connection.execute(select(digest_problems).where(digest_problems.c.channel == channel)).first()
    return None if row is None else _problem(row)


def read_unheard(connection: Connection) -> tuple[DigestProblem, ...]:
    """The problems that nobody could be told of."""
    query = select(digest_problems).where(
        digest_problems.c.told_at.is_not(None), digest_problems.c.told_to == ""
    )
    return tuple(_problem(row) for row in connection.execute(query.order_by(digest_problems.c.channel)))


def mark_failed(connection: Connection, channel: str, problem: str) -> None:
    """Keep why a channel's digest was not posted, until one is; who was told of one before stays."""
    if not insert_if_new(
        connection, digest_problems, {"channel": channel, "problem": problem, "told_to": ""}
    ):
        change = update(digest_problems).where(digest_problems.c.channel == channel)
        connection.execute(change.values(problem=problem))


def mark_told(connection: Connection, channel: str, people: Collection[str], *, now: datetime) -> None:
    """Keep who was told of the problem; nobody, where there was nobody who could be."""
    change = update(digest_problems).where(digest_problems.c.channel == channel)
    connection.execute(change.values(told_at=now, told_to=" ".join(people)))


def mark_well(connection: Connection, channel: str) -> None:
    """A digest was posted, or another one is wanted: the next problem is told anew."""
    connection.execute(delete(digest_problems).where(digest_problems.c.channel == channel))


def _problem(row: Row[tuple[object, ...]]) -> DigestProblem:
    return DigestProblem(row.channel, row.problem, row.told_at, tuple(row.told_to.split()))


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
        problem=row.problem or "",
        told_at=row.told_at,
    )
