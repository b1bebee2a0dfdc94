"""One subscription a channel; what was last typed there counts."""

from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from building.racing import at_once
from building.values import NOW, PAYMENTS
from sqlalchemy import Engine

from bot.domain.finding import Verdict
from bot.domain.subscription import WEEKDAYS, Schedule, Subscription
from bot.store import digests, subscriptions

CHANNEL = "C0DIGEST"
WANTED = Subscription(CHANNEL, Schedule(time(9, 5), ZoneInfo("Asia/Kolkata"), WEEKDAYS), "U0ASKER", since=NOW)
DAY = date(2026, 3, 2)


def save(engine: Engine, wanted: Subscription) -> None:
    with engine.begin() as connection:
        subscriptions.save_subscription(connection, wanted, since=NOW)


def read(engine: Engine, channel: str = CHANNEL) -> Subscription | None:
    with engine.connect() as connection:
        return subscriptions.read_subscription(connection, channel)


def test_a_subscription_is_read_as_it_was_saved(engine: Engine):
    save(engine, WANTED)

    assert read(engine) == WANTED
    assert read(engine, "C0OTHER") is None


def test_the_last_one_saved_counts_and_knows_of_no_problem(engine: Engine):
    save(engine, WANTED)
    with engine.begin() as connection:
        subscriptions.mark_failed(connection, CHANNEL, "not_in_channel")
        subscriptions.mark_told(connection, CHANNEL, ["U0ASKER"], now=NOW)
    other = replace(WANTED, by="U0OTHER", is_off=True)

    save(engine, other)

    assert read(engine) == other


def test_the_longest_name_of_a_zone_fits(engine: Engine):
    zone = ZoneInfo("America/Argentina/ComodRivadavia")
    wanted = replace(WANTED, schedule=Schedule(time(23, 59), zone))

    save(engine, wanted)

    assert read(engine) == wanted


def test_all_are_read_those_that_are_off_too(engine: Engine):
    save(engine, WANTED)
    off = replace(WANTED, channel="C0OTHER", is_off=True)
    save(engine, off)

    with engine.connect() as connection:
        found = subscriptions.read_subscriptions(connection)

    assert found == (WANTED, off)


def test_a_problem_stands_until_a_digest_is_posted(engine: Engine):
    save(engine, WANTED)
    later = NOW + timedelta(hours=1)
    with engine.begin() as connection:
        subscriptions.mark_failed(connection, CHANNEL, "is_archived")
        subscriptions.mark_told(connection, CHANNEL, ["U0ASKER"], now=later)
    failed = read(engine)

    with engine.begin() as connection:
        subscriptions.mark_well(connection, CHANNEL)

    assert failed == replace(WANTED, problem="is_archived", told_at=later)
    assert read(engine) == WANTED


def test_a_digest_is_given_up_once_and_never_taken_again(engine: Engine):
    def give_up(_: int) -> bool:
        with engine.begin() as connection:
            return digests.give_up_digest(connection, CHANNEL, DAY, "is_archived", now=NOW)

    assert at_once(4, give_up).count(True) == 1
    with engine.begin() as connection:
        assert digests.read_end(connection, CHANNEL, DAY) == "is_archived"
        assert not digests.claim_digest(connection, CHANNEL, DAY, now=NOW + timedelta(days=1))


def test_a_digest_that_was_posted_is_not_given_up(engine: Engine):
    post(engine, CHANNEL, DAY, Verdict.PASS)

    with engine.begin() as connection:
        assert not digests.give_up_digest(connection, CHANNEL, DAY, "is_archived", now=NOW)
        assert digests.read_end(connection, CHANNEL, DAY) == ""


def post(engine: Engine, channel: str, day: date, *verdicts: Verdict, minutes: int = 0) -> None:
    found = {f"{PAYMENTS}{number}": verdict for number, verdict in enumerate(verdicts)}
    at = NOW + timedelta(minutes=minutes)
    with engine.begin() as connection:
        digests.claim_digest(connection, channel, day, now=at)
        digests.mark_digest_posted(connection, channel, day, ts="1.0", verdicts=found, now=at)


def test_the_trend_has_of_each_day_what_was_posted_last(engine: Engine):
    post(engine, "C0OTHER", DAY, Verdict.PASS, Verdict.FAIL, minutes=5)
    post(engine, CHANNEL, DAY, Verdict.FAIL, Verdict.FAIL)
    post(engine, CHANNEL, DAY + timedelta(days=1), Verdict.PASS, Verdict.UNKNOWN)
    post(engine, CHANNEL, DAY - timedelta(days=1), Verdict.PASS)
    with engine.begin() as connection:
        digests.claim_digest(connection, CHANNEL, DAY + timedelta(days=2), now=NOW)

    with engine.connect() as connection:
        trend = digests.read_trend(connection, since=DAY, before=DAY + timedelta(days=9))

    assert [
        (point.day, point.summary.compliance_percent, point.summary.coverage_percent) for point in trend
    ] == [
        (DAY, 50, 100),
        (DAY + timedelta(days=1), 99, 50),
    ]
