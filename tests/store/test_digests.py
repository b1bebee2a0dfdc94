"""One digest for each channel and local date."""

from datetime import date, timedelta

from building.racing import at_once
from building.values import NOW, PAYMENTS
from sqlalchemy import Engine

from bot.domain.digest import DigestBaseline
from bot.domain.finding import Verdict
from bot.store import digests

DAY = date(2026, 3, 2)
CHANNEL = "C0DIGEST"


def claim(engine: Engine, *, seconds: float = 0, channel: str = CHANNEL, day: date = DAY) -> bool:
    with engine.begin() as connection:
        return digests.claim_digest(connection, channel, day, now=NOW + timedelta(seconds=seconds))


def post(engine: Engine, day: date, verdict: Verdict) -> None:
    claim(engine, day=day)
    with engine.begin() as connection:
        digests.mark_digest_posted(connection, CHANNEL, day, ts="1.0", verdicts={PAYMENTS: verdict}, now=NOW)


def test_of_many_workers_one_takes_the_digest(engine: Engine):
    assert at_once(6, lambda _: claim(engine)).count(True) == 1
    assert claim(engine, channel="C0OTHER")
    assert claim(engine, day=DAY + timedelta(days=1))


def test_a_claim_that_leads_to_nothing_runs_out_after_ten_minutes(engine: Engine):
    claim(engine)

    assert not claim(engine, seconds=599)
    assert at_once(4, lambda _: claim(engine, seconds=600)).count(True) == 1


def test_a_digest_that_could_not_be_posted_may_be_tried_again_at_once(engine: Engine):
    claim(engine)
    with engine.begin() as connection:
        digests.release_digest(connection, CHANNEL, DAY)

    assert claim(engine, seconds=1)
    assert not claim(engine, seconds=2)


def test_a_digest_that_was_posted_is_never_claimed_again(engine: Engine):
    post(engine, DAY, Verdict.FAIL)
    with engine.begin() as connection:
        digests.release_digest(connection, CHANNEL, DAY)
        assert digests.read_end(connection, CHANNEL, DAY) == ""
        assert digests.read_end(connection, CHANNEL, DAY + timedelta(days=1)) is None

    assert not claim(engine, seconds=10_000)


def test_whether_a_channel_ever_had_a_digest_is_known(engine: Engine):
    with engine.connect() as connection:
        assert not digests.has_any(connection, CHANNEL)
    claim(engine)
    with engine.connect() as connection:
        assert digests.has_any(connection, CHANNEL)
        assert not digests.has_any(connection, "C0OTHER")


def test_the_baseline_is_the_last_digest_that_was_posted_before_the_day(engine: Engine):
    post(engine, DAY - timedelta(days=3), Verdict.PASS)
    post(engine, DAY - timedelta(days=2), Verdict.FAIL)
    claim(engine, day=DAY - timedelta(days=1))
    post(engine, DAY, Verdict.WEAK)

    with engine.connect() as connection:
        baseline = digests.read_baseline(connection, CHANNEL, before=DAY)
        first = digests.read_baseline(connection, CHANNEL, before=DAY - timedelta(days=3))
    assert baseline == DigestBaseline(DAY - timedelta(days=2), ((PAYMENTS, Verdict.FAIL),))
    assert first is None
