"""The daily digest: due once a local day whatever the clocks do, and posted once whoever does it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from building.racing import at_once
from building.values import NOW, PAYMENTS, a_finding, an_account
from building.world import World
from dbos import DBOS
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.digest import Digest
from bot.domain.errors import MessengerError
from bot.domain.finding import Verdict
from bot.flows.desk import DigestSettings
from bot.flows.digest import CATCH_UP, FIRST_TIME, ask_for_digest, due_day
from bot.flows.digester import RETRY, Digester
from bot.store import digests, findings

CHANNEL = "C0DIGEST"
DAY = date(2026, 3, 2)


def every(at: str, zone: str) -> DigestSettings:
    return DigestSettings(CHANNEL, time.fromisoformat(at), ZoneInfo(zone))


def days_due(settings: DigestSettings, start: str, hours: int) -> list[date]:
    """The days for which a digest starts when somebody looks every minute, as the chore does."""
    first = datetime.fromisoformat(start)
    found: list[date] = []
    for minute in range(hours * 60):
        day = due_day(settings, first + timedelta(minutes=minute), has_history=True)
        if day is not None and day not in found:
            found.append(day)
    return found


BERLIN, KOLKATA, KATHMANDU, LORD_HOWE, KIRITIMATI = (
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
)


@pytest.mark.parametrize(
    ("settings", "now", "day"),
    [
        (every("09:00", BERLIN), "2026-03-02T07:59:59+00:00", None),
        (every("09:00", BERLIN), "2026-03-02T08:00:00+00:00", "2026-03-02"),
        (every("09:00", BERLIN), "2026-03-02T13:59:59+00:00", "2026-03-02"),
        (every("09:00", BERLIN), "2026-03-02T14:00:00+00:00", None),
        (every("09:00", BERLIN), "2026-03-29T07:00:00+00:00", "2026-03-29"),
        (every("09:00", BERLIN), "2026-10-25T07:59:00+00:00", None),
        (every("09:00", BERLIN), "2026-10-25T08:00:00+00:00", "2026-10-25"),
        (every("09:00", KOLKATA), "2026-03-02T03:30:00+00:00", "2026-03-02"),
        (every("09:00", KOLKATA), "2026-03-02T03:29:59+00:00", None),
        (every("09:00", KATHMANDU), "2026-03-02T03:15:00+00:00", "2026-03-02"),
        (every("00:30", KIRITIMATI), "2026-03-01T10:30:00+00:00", "2026-03-02"),
        (every("23:30", BERLIN), "2026-03-02T23:10:00+00:00", "2026-03-02"),
        (every("23:30", "America/Los_Angeles"), "2026-03-03T08:00:00+00:00", "2026-03-02"),
        # 02:30 does not exist on this day; the clocks go from 02:00 to 03:00, which makes it 03:30.
        (every("02:30", BERLIN), "2026-03-29T01:29:00+00:00", None),
        (every("02:30", BERLIN), "2026-03-29T01:30:00+00:00", "2026-03-29"),
        # 02:30 comes twice on this day: the first one counts.
        (every("02:30", BERLIN), "2026-10-25T00:29:00+00:00", None),
        (every("02:30", BERLIN), "2026-10-25T00:30:00+00:00", "2026-10-25"),
        # Here the clocks go back by half an hour only.
        (every("01:45", LORD_HOWE), "2026-04-04T14:45:00+00:00", "2026-04-05"),
    ],
)
def test_a_digest_is_due_from_its_local_time_on(settings: DigestSettings, now: str, day: str | None):
    due = due_day(settings, datetime.fromisoformat(now), has_history=True)

    assert due == (date.fromisoformat(day) if day else None)


@pytest.mark.parametrize("at", ["02:00", "02:30", "03:00", "09:00", "23:59"])
@pytest.mark.parametrize(
    ("zone", "start"),
    [
        (BERLIN, "2026-03-28T12:00:00+00:00"),
        (BERLIN, "2026-10-24T12:00:00+00:00"),
        (LORD_HOWE, "2026-04-04T02:00:00+00:00"),
        (LORD_HOWE, "2026-10-03T02:00:00+00:00"),
    ],
)
def test_when_the_clocks_change_every_day_has_its_one_digest(at: str, zone: str, start: str):
    """A day that is looked at from noon to noon, and two more: each local date comes once, in order."""
    found = days_due(every(at, zone), start, 72)

    assert found == sorted(set(found))
    assert all(after - before == timedelta(days=1) for before, after in pairwise(found))
    assert len(found) >= 3


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001 - made aware below
    st.times(),
    st.sampled_from([BERLIN, KOLKATA, LORD_HOWE, KIRITIMATI, "America/New_York", "UTC"]),
)
def test_a_channel_without_history_is_never_due_where_one_with_history_is_not(
    now: datetime, at: time, zone: str
):
    settings, moment = DigestSettings(CHANNEL, at, ZoneInfo(zone)), now.replace(tzinfo=UTC)

    first, later = (due_day(settings, moment, has_history=history) for history in (False, True))

    assert first is None or first == later


def test_a_channel_that_never_had_a_digest_has_missed_none():
    settings, due = every("09:00", "UTC"), datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    assert due_day(settings, due + FIRST_TIME - timedelta(seconds=1), has_history=False) == DAY
    assert due_day(settings, due + FIRST_TIME, has_history=False) is None
    assert due_day(settings, due + CATCH_UP - timedelta(seconds=1), has_history=True) == DAY


@pytest.fixture
def daily_world(world: World) -> World:
    """It is 10:00 UTC, and the digest was due at this very minute."""
    world.desk = replace(world.desk, digest=every("10:00", "UTC"))
    return world


def shown(world: World) -> list[Digest]:
    return world.messenger.shown(CHANNEL)


def find(world: World, verdict: Verdict) -> None:
    with world.engine.begin() as connection:
        finding = a_finding(verdict, an_account(), checked_at=world.clock())
        findings.save_findings(connection, [finding], scan_id=f"scan-{world.clock()}")


def test_a_digest_scans_first_and_is_posted_once_though_it_is_started_again(daily_world: World):
    world = daily_world
    world.start()
    digester = Digester(world.parts)
    for _ in range(3):
        digester.start_if_due()

    world.wait()
    digester.start_if_due()
    world.wait()

    (digest,) = shown(world)
    assert (digest.day, digest.summary.in_scope, digest.last_scan_at) == (DAY, 1, NOW)
    assert world.kinds() == ["scan.finished", "digest.posted"]
    assert len(DBOS.list_workflows(name="daily_digest")) == 1


def test_no_digest_is_started_before_its_time_or_without_settings(daily_world: World):
    world = daily_world
    Digester(replace(world.parts, desk=replace(world.desk, digest=None))).start_if_due()
    world.clock.move(seconds=-1)

    Digester(world.parts).start_if_due()

    assert world.desk.enqueue.client.list_workflows() == []


def test_two_workers_at_once_post_one_digest(daily_world: World):
    world = daily_world

    def post(_: int) -> bool:
        try:
            Digester(world.parts).post_daily(CHANNEL, DAY.isoformat())
        except MessengerError:
            return False
        return True

    got = at_once(4, post)

    assert len(shown(world)) == 1
    assert True in got
    assert world.kinds() == ["digest.posted"]


def test_a_worker_that_died_over_a_digest_is_relieved_and_the_digest_is_not_lost(daily_world: World):
    world = daily_world
    with world.engine.begin() as connection:
        digests.claim_digest(connection, CHANNEL, DAY, now=world.clock())
    digester = Digester(world.parts)

    with pytest.raises(MessengerError):
        digester.post_daily(CHANNEL, DAY.isoformat())
    world.clock.move(seconds=digests.CLAIM_FOR.total_seconds())
    digester.post_daily(CHANNEL, DAY.isoformat())

    assert len(shown(world)) == 1


def retry_times() -> Iterator[timedelta]:
    """How long after the first attempt each next one comes."""
    elapsed, wait = timedelta(), timedelta(seconds=RETRY["interval_seconds"])
    for _ in range(RETRY["max_attempts"] - 1):
        elapsed += wait
        wait *= RETRY["backoff_rate"]
        yield elapsed


def test_a_digest_is_tried_for_longer_than_a_dead_workers_claim_and_a_usual_outage_of_slack():
    times = list(retry_times())

    assert times[-1] > timedelta(minutes=20)
    assert times[-1] > digests.CLAIM_FOR


def test_while_slack_is_down_a_digest_is_tried_again_at_once(daily_world: World):
    world = daily_world
    digester = Digester(world.parts)
    world.messenger.down = "internal_error"
    with pytest.raises(MessengerError, match="internal_error"):
        digester.post_daily(CHANNEL, DAY.isoformat())
    assert world.kinds() == []

    world.messenger.down = ""
    digester.post_daily(CHANNEL, DAY.isoformat())

    assert len(shown(world)) == 1


def test_a_digest_is_compared_with_the_last_one_that_was_posted(daily_world: World):
    world = daily_world
    find(world, Verdict.PASS)
    Digester(world.parts).post_daily(CHANNEL, DAY.isoformat())
    world.clock.move(days=1)
    find(world, Verdict.FAIL)

    Digester(world.parts).post_daily(CHANNEL, "2026-03-03")

    first, second = shown(world)
    assert (first.previous_day, first.newly_failing) == (None, ())
    assert second.previous_day == DAY
    assert [change.known.finding.account.id for change in second.newly_failing] == [PAYMENTS]


def test_a_digest_bears_the_head_of_the_chain_as_it_stands_in_the_database(daily_world: World):
    world = daily_world
    world.fix(world.approved())

    Digester(world.parts).post_daily(CHANNEL, DAY.isoformat())

    (digest,) = shown(world)
    assert digest.chain_length == 5
    assert len(digest.chain_head) == 64


def test_a_fix_of_ours_is_credited_in_the_next_digest(daily_world: World):
    world = daily_world
    request = world.approved()
    Digester(world.parts).post_daily(CHANNEL, DAY.isoformat())
    world.clock.move(minutes=5)
    world.fix(request)

    Digester(world.parts).post_daily(CHANNEL, "2026-03-03")

    assert [change.fixed_by for change in shown(world)[1].fixed] == ["U0APPROVER"]


def test_whoever_asks_for_a_digest_gets_one_beside_the_daily_one(daily_world: World):
    world = daily_world
    world.start()

    ask_for_digest(world.desk, CHANNEL, "U0ASKER")
    world.wait()
    Digester(world.parts).post_daily(CHANNEL, DAY.isoformat())

    assert len(shown(world)) == 2
    assert [event["outcome"] for event in world.events()] == [
        "<@U0ASKER> asked for a digest, and it was posted.",
        "The daily digest was posted.",
    ]


def test_whoever_asks_for_a_digest_that_cannot_be_posted_is_told(
    daily_world: World, monkeypatch: pytest.MonkeyPatch
):
    world = daily_world

    def refuse(*_: object) -> None:
        raise MessengerError("chat.postMessage: not_in_channel. Invite the bot.", "not_in_channel")

    monkeypatch.setattr(type(world.messenger), "post_digest", refuse)
    Digester(world.parts).post_now(CHANNEL, "U0ASKER")

    assert world.told() == [
        "U0ASKER: The digest could not be posted. chat.postMessage: not_in_channel. Invite the bot."
    ]
    assert world.kinds() == []
