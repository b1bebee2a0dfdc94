"""Which digests were posted, one for each channel and local date."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, select, update

from bot.domain.digest import DigestBaseline
from bot.domain.finding import Verdict
from bot.store.rows import insert_if_new
from bot.store.tables import digests

CLAIM_FOR = timedelta(minutes=10)


def claim_digest(connection: Connection, channel: str, day: date, *, now: datetime) -> bool:
    """Take a channel's digest of a day; False when it was posted, or another worker is at it."""
    values = {"channel": channel, "day": day, "claimed_at": now, "verdicts": {}}
    if insert_if_new(connection, digests, values):
        return True
    change = update(digests).where(
        digests.c.channel == channel,
        digests.c.day == day,
        digests.c.posted_at.is_(None),
        digests.c.claimed_at <= now - CLAIM_FOR,
    )
    return connection.execute(change.values(claimed_at=now)).rowcount == 1


def has_any(connection: Connection, channel: str) -> bool:
    """Whether a digest was ever begun for a channel."""
    return (
        connection.execute(select(digests.c.day).where(digests.c.channel == channel).limit(1)).first()
        is not None
    )


def is_posted(connection: Connection, channel: str, day: date) -> bool:
    query = select(digests.c.posted_at).where(digests.c.channel == channel, digests.c.day == day)
    return connection.execute(query).scalar() is not None


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
        .values(posted_at=now, ts=ts, verdicts=body),
    )


def release_digest(connection: Connection, channel: str, day: date) -> None:
    """Let a digest that could not be posted be tried again at once."""
    long_ago = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
    connection.execute(
        update(digests)
        .where(digests.c.channel == channel, digests.c.day == day, digests.c.posted_at.is_(None))
        .values(claimed_at=long_ago),
    )


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
