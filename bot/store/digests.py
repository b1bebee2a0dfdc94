"""Which digests were posted, one for each channel and local date."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, select, update

from bot.domain.digest import DigestBaseline, TrendPoint
from bot.domain.finding import Verdict, summary_of
from bot.store.rows import insert_if_new
from bot.store.tables import digests

CLAIM_FOR = timedelta(minutes=10)


def claim_digest(connection: Connection, channel: str, day: date, *, now: datetime) -> bool:
    """Take a channel's digest of a day; False when it was posted or given up, or another worker is at it."""
    if insert_if_new(connection, digests, _new(channel, day, now)):
        return True
    change = update(digests).where(
        digests.c.channel == channel,
        digests.c.day == day,
        digests.c.posted_at.is_(None),
        digests.c.problem == "",
        digests.c.claimed_at <= now - CLAIM_FOR,
    )
    return connection.execute(change.values(claimed_at=now)).rowcount == 1


def _new(channel: str, day: date, now: datetime) -> dict[str, object]:
    return {"channel": channel, "day": day, "claimed_at": now, "verdicts": {}, "counts": {}, "problem": ""}


def has_any(connection: Connection, channel: str) -> bool:
    """Whether a digest was ever begun for a channel."""
    return (
        connection.execute(select(digests.c.day).where(digests.c.channel == channel).limit(1)).first()
        is not None
    )


def read_end(connection: Connection, channel: str, day: date) -> str | None:
    """How a digest ended: empty when it was posted, the problem when it was given up; None before that."""
    query = select(digests.c.posted_at, digests.c.problem)
    row = connection.execute(query.where(digests.c.channel == channel, digests.c.day == day)).first()
    if row is None or (row.posted_at is None and not row.problem):
        return None
    return "" if row.posted_at else str(row.problem)


def mark_digest_posted(
    connection: Connection,
    channel: str,
    day: date,
    *,
    ts: str,
    verdicts: Mapping[str, Verdict],
    now: datetime,
) -> None:
    """Keep what the digest reported: the next one is compared with it."""
    body = {account: verdict.value for account, verdict in verdicts.items()}
    connection.execute(
        update(digests)
        .where(digests.c.channel == channel, digests.c.day == day)
        .values(posted_at=now, ts=ts, verdicts=body, counts=Counter(body.values())),
    )


def release_digest(connection: Connection, channel: str, day: date) -> None:
    """Let a digest that could not be posted be tried again at once."""
    long_ago = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
    connection.execute(
        update(digests)
        .where(digests.c.channel == channel, digests.c.day == day, digests.c.posted_at.is_(None))
        .values(claimed_at=long_ago),
    )


def give_up_digest(connection: Connection, channel: str, day: date, problem: str, *, now: datetime) -> bool:
    """Try a digest no more; False when it was posted or given up before."""
    insert_if_new(connection, digests, _new(channel, day, now))
    change = update(digests).where(
        digests.c.channel == channel,
        digests.c.day == day,
        digests.c.posted_at.is_(None),
        digests.c.problem == "",
    )
    return connection.execute(change.values(problem=problem)).rowcount == 1


def read_baseline(connection: Connection, channel: str, *, before: date) -> DigestBaseline | None:
    """What the last posted digest before a day reported."""
    query = (
        select(digests)
        .where(digests.c.channel == channel, digests.c.day < before, digests.c.posted_at.is_not(None))
        .order_by(digests.c.day.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    return DigestBaseline(row.day, tuple((account, Verdict(word)) for account, word in row.verdicts.items()))


def read_trend(connection: Connection, *, since: date, before: date) -> tuple[TrendPoint, ...]:
    """What digests reported from `since` on, oldest first: of each date the last one, in any channel.

    Every digest is about all accounts, so a channel that subscribed today has the trend of the others.
    """
    query = (
        select(digests.c.day, digests.c.counts)
        .where(digests.c.day >= since, digests.c.day < before, digests.c.posted_at.is_not(None))
        .order_by(digests.c.day, digests.c.posted_at, digests.c.channel)
    )
    last = {row.day: row.counts for row in connection.execute(query)}
    return tuple(
        TrendPoint(day, summary_of({Verdict(word): count for word, count in counts.items()}))
        for day, counts in last.items()
    )
