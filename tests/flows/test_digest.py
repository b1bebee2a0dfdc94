"""The daily digest: posted once for each channel and local date, whoever does it, or told why not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from building.racing import at_once
from building.values import APPROVER, ASKER, NOW, PAYMENTS, a_finding, an_account
from building.world import World
from dbos import DBOS

from bot.domain.digest import Digest
from bot.domain.errors import MessengerError
from bot.domain.finding import Verdict
from bot.domain.subscription import Schedule
from bot.flows.desk import DigestSettings
from bot.flows.digest import ask_for_digest
from bot.flows.digester import FIRST_TIME, RETRY, Digester
from bot.flows.subscribe import (
    read_standing,
    read_subscriptions,
    read_unheard,
    subscribe,
    unsubscribe,
)
from bot.store import digests, findings, subscriptions

CHANNEL = "C0DIGEST"
DAY = date(2026, 3, 2)


def every(at: str, zone: str) -> DigestSettings:
    return DigestSettings(CHANNEL, time.fromisoformat(at), ZoneInfo(zone))


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


def test_a_channel_of_settings_that_never_had_a_digest_has_missed_none(daily_world: World):
    world = daily_world
    world.start()
    world.clock.move(seconds=FIRST_TIME.total_seconds())

    Digester(world.parts).start_if_due()
    world.clock.move(days=1)
    with world.engine.begin() as connection:
        digests.claim_digest(connection, CHANNEL, DAY, now=world.clock())
    Digester(world.parts).start_if_due()
    world.wait()

    assert [digest.day for digest in shown(world)] == [date(2026, 3, 3)]


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


# --- a channel that subscribed -------------------------------------------------------------------------


def subscribed(world: World, at: str = "10:30", zone: str = "UTC", channel: str = CHANNEL) -> None:
    wanted = Schedule(time.fromisoformat(at), ZoneInfo(zone))
    subscribe(world.desk, channel, ASKER, wanted)


def days_shown(world: World, channel: str = CHANNEL) -> list[str]:
    return [digest.day.isoformat() for digest in world.messenger.shown(channel)]


def post(world: World, day: str, channel: str = CHANNEL) -> str:
    return Digester(world.parts).post_or_give_up(channel, day)


def test_every_channel_that_subscribed_gets_its_digest_at_its_own_time(world: World):
    subscribed(world, "10:30", "UTC")
    subscribed(world, "16:30", "Asia/Kolkata", "C0INDIA")
    world.start()
    digester = Digester(world.parts)

    world.clock.move(minutes=30)
    digester.start_if_due()
    world.wait()
    early = days_shown(world), days_shown(world, "C0INDIA")
    world.clock.move(minutes=30)
    digester.start_if_due()
    world.wait()

    assert early == (["2026-03-02"], [])
    assert (days_shown(world), days_shown(world, "C0INDIA")) == (["2026-03-02"], ["2026-03-02"])


def test_a_subscription_takes_the_place_of_what_settings_say(daily_world: World):
    subscribed(daily_world, "11:00")

    found = subscriptions_of(daily_world)

    assert found == {CHANNEL: "11:00"}


def test_off_ends_the_digest_of_settings_too_and_says_who_did_it(daily_world: World):
    world = daily_world

    first = unsubscribe(world.desk, CHANNEL, ASKER)
    second = unsubscribe(world.desk, CHANNEL, APPROVER)

    assert first is not None
    assert (first.next_at, second) == (None, None)
    assert subscriptions_of(world) == {}
    standing = read_standing(world.desk, CHANNEL).subscription
    assert standing is not None
    assert (standing.is_off, standing.by) == (True, ASKER.user_id)
    assert world.kinds() == ["digest.unsubscribed"]


def test_where_there_is_no_digest_there_is_none_to_switch_off(world: World):
    assert unsubscribe(world.desk, CHANNEL, ASKER) is None
    assert world.kinds() == []


def subscriptions_of(world: World) -> dict[str, str]:
    with world.engine.connect() as connection:
        found = read_subscriptions(world.desk, connection)
    return {each.channel: f"{each.schedule.at:%H:%M}" for each in found}


def test_many_who_subscribe_at_once_leave_one_subscription_and_are_all_on_record(world: World):
    at_once(4, lambda number: subscribed(world, f"1{number}:30"))

    assert len(subscriptions_of(world)) == 1
    assert world.kinds() == ["digest.subscribed"] * 4


def test_a_time_that_is_moved_later_on_the_same_day_brings_no_second_digest(world: World):
    subscribed(world)
    world.clock.move(minutes=45)
    post(world, "2026-03-02")
    subscribed(world, "15:00")
    world.clock.move(hours=6)

    Digester(world.parts).start_if_due()

    assert world.desk.enqueue.client.list_workflows() == []
    assert read_standing(world.desk, CHANNEL).next_at == datetime(2026, 3, 3, 15, tzinfo=UTC)


def test_the_next_digest_is_told_for_today_while_it_was_not_posted(world: World):
    subscribed(world)
    subscribed(world, "15:00")

    assert read_standing(world.desk, CHANNEL).next_at == datetime(2026, 3, 2, 15, tzinfo=UTC)


def test_a_digest_that_was_begun_before_it_was_switched_off_is_not_posted(daily_world: World):
    unsubscribe(daily_world.desk, CHANNEL, ASKER)

    assert post(daily_world, "2026-03-02") == ""
    assert shown(daily_world) == []


@pytest.mark.parametrize("code", ["not_in_channel", "channel_not_found", "is_archived"])
def test_where_the_bot_cannot_post_the_digest_is_given_up_for_the_day_and_on_record(world: World, code: str):
    subscribed(world)
    world.messenger.refusing[CHANNEL] = code

    problems = [post(world, "2026-03-02") for _ in range(3)]
    world.messenger.refusing.clear()

    assert problems == [f"Slack answered {code}"] * 3
    assert post(world, "2026-03-02") == f"Slack answered {code}"
    assert shown(world) == []
    assert world.kinds() == ["digest.subscribed", "digest.failed"]
    assert world.events()[1]["outcome"] == (
        f"The daily digest of <#{CHANNEL}> could not be posted. Slack answered {code}"
    )


def test_the_subscriber_is_told_once_in_a_direct_message_until_a_digest_is_posted_again(world: World):
    subscribed(world)

    def spend_day(day: int) -> None:
        for _ in range(3):
            if post(world, f"2026-03-0{day}"):
                Digester(world.parts).tell_somebody(CHANNEL)

    world.messenger.refusing[CHANNEL] = "not_in_channel"
    spend_day(2)
    spend_day(3)
    told_in_two_days = list(world.messenger.told)
    world.messenger.refusing.clear()
    spend_day(4)
    world.messenger.refusing[CHANNEL] = "is_archived"
    spend_day(5)

    assert [(who, where) for who, where, _ in told_in_two_days] == [(ASKER.user_id, "")]
    assert f"<#{CHANNEL}>" in told_in_two_days[0][2].text
    assert "Slack answered not_in_channel" in told_in_two_days[0][2].text
    assert "Slack answered is_archived" in world.told()[1]
    assert len(world.told()) == 2
    assert days_shown(world) == ["2026-03-04"]


def test_a_subscriber_whom_slack_cannot_reach_just_now_is_told_later(world: World):
    subscribed(world)
    world.messenger.refusing[CHANNEL] = "not_in_channel"
    post(world, "2026-03-02")
    digester = Digester(world.parts)

    world.messenger.down = "internal_error"
    with pytest.raises(MessengerError):
        digester.tell_somebody(CHANNEL)
    world.messenger.down = ""
    digester.tell_somebody(CHANNEL)
    digester.tell_somebody(CHANNEL)

    assert len(world.told()) == 1


def problem_of(world: World) -> subscriptions.DigestProblem:
    with world.engine.connect() as connection:
        found = subscriptions.read_problem(connection, CHANNEL)
    assert found is not None
    return found


def unheard(world: World, configured: str = CHANNEL) -> str:
    """What /readyz says about digests."""
    with world.engine.connect() as connection:
        return read_unheard(connection, configured)


def test_in_place_of_a_subscriber_who_has_left_the_administrators_are_told(world: World):
    world.set_policy(admins=frozenset({"U0ADMIN1", "U0ADMIN2"}))
    subscribed(world)
    world.messenger.refusing[CHANNEL] = "not_in_channel"
    world.messenger.unreachable[ASKER.user_id] = "user_disabled"
    post(world, "2026-03-02")

    Digester(world.parts).tell_somebody(CHANNEL)
    Digester(world.parts).tell_somebody(CHANNEL)

    assert [who for who, _, _ in world.messenger.told] == ["U0ADMIN1", "U0ADMIN2"]
    assert f"<@{ASKER.user_id}>, who subscribed <#{CHANNEL}> to it, cannot be told." in world.told()[0]
    assert problem_of(world).told_to == ("U0ADMIN1", "U0ADMIN2")
    assert unheard(world) == ""


def test_the_digest_of_settings_has_no_subscriber_so_the_administrators_are_told_once(daily_world: World):
    world = daily_world
    world.set_policy(admins=frozenset({"U0ADMIN"}))
    world.messenger.refusing[CHANNEL] = "not_in_channel"

    for day in ("2026-03-02", "2026-03-03"):
        post(world, day)
        Digester(world.parts).tell_somebody(CHANNEL)
    told = len(world.told())
    world.messenger.refusing.clear()
    post(world, "2026-03-04")
    world.messenger.refusing[CHANNEL] = "is_archived"
    post(world, "2026-03-05")
    Digester(world.parts).tell_somebody(CHANNEL)

    assert told == 1
    assert [who for who, _, _ in world.messenger.told] == ["U0ADMIN", "U0ADMIN"]
    assert f"Settings name <#{CHANNEL}> for it (digest.channel). Slack answered not_in" in world.told()[0]
    assert "Slack answered is_archived" in world.told()[1]
    standing = read_standing(world.desk, CHANNEL).subscription
    assert standing is not None
    assert standing.problem == "Slack answered is_archived"


def test_one_administrator_who_can_be_told_is_enough_and_none_is_told_twice(daily_world: World):
    world = daily_world
    world.set_policy(admins=frozenset({"U0ADMIN1", "U0ADMIN2"}))
    world.messenger.refusing[CHANNEL] = "not_in_channel"
    world.messenger.unreachable["U0ADMIN1"] = "internal_error"
    post(world, "2026-03-02")

    Digester(world.parts).tell_somebody(CHANNEL)
    world.messenger.unreachable.clear()
    Digester(world.parts).tell_somebody(CHANNEL)

    assert [who for who, _, _ in world.messenger.told] == ["U0ADMIN2"]


def test_with_nobody_to_tell_it_is_in_readyz_until_a_digest_is_posted(daily_world: World):
    world = daily_world
    world.messenger.refusing[CHANNEL] = "not_in_channel"
    post(world, "2026-03-02")
    before = unheard(world)

    Digester(world.parts).tell_somebody(CHANNEL)
    said, elsewhere = unheard(world), unheard(world, "C0OTHER")
    world.messenger.refusing.clear()
    post(world, "2026-03-03")

    assert world.told() == []
    assert world.kinds() == ["digest.failed", "digest.posted"]
    assert (before, said, elsewhere) == ("", f"{CHANNEL}: Slack answered not_in_channel", "")
    assert unheard(world) == ""


def test_a_digest_of_a_day_long_past_is_never_posted(daily_world: World):
    assert post(daily_world, "2026-02-27") == ""
    assert shown(daily_world) == []


def test_when_slack_stays_away_the_digest_is_given_up_after_the_last_try(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(RETRY, "interval_seconds", 0.01)
    monkeypatch.setitem(RETRY, "max_attempts", 3)
    subscribed(world)
    world.messenger.refusing[CHANNEL] = "internal_error"
    world.clock.move(minutes=45)
    world.start()

    Digester(world.parts).start_if_due()
    world.wait()

    Digester(world.parts).start_if_due()
    assert len(DBOS.list_workflows(name="daily_digest")) == 1
    assert world.messenger.refusals == 3
    assert world.kinds()[-1] == "digest.failed"
    assert len(world.told()) == 1


def test_digests_that_were_missed_are_told_in_the_next_one(world: World):
    """Posted on the 2nd, given up on the 3rd; on the 4th no worker ran."""
    subscribed(world)
    world.clock.move(minutes=45)
    post(world, "2026-03-02")
    world.clock.move(days=1)
    world.messenger.refusing[CHANNEL] = "is_archived"
    post(world, "2026-03-03")
    world.messenger.refusing.clear()
    world.clock.move(days=2)

    post(world, "2026-03-05")
    world.clock.move(days=1)
    post(world, "2026-03-06")

    assert [digest.missed for digest in shown(world)] == [
        (),
        (date(2026, 3, 3), date(2026, 3, 4)),
        (),
    ]
    assert shown(world)[1].previous_day == DAY


def test_the_trend_has_the_counts_of_earlier_digests_of_any_channel(world: World):
    subscribed(world)
    subscribed(world, channel="C0OTHER")
    find(world, Verdict.FAIL)
    post(world, "2026-03-02")
    world.clock.move(days=1)
    find(world, Verdict.PASS)
    post(world, "2026-03-03")
    world.clock.move(days=1)

    post(world, "2026-03-04", "C0OTHER")

    (digest,) = world.messenger.shown("C0OTHER")
    assert [(point.day.day, point.summary.compliance_percent) for point in digest.trend] == [
        (2, 0),
        (3, 100),
        (4, 100),
    ]


def test_the_trend_goes_back_30_days(world: World):
    subscribed(world)
    post(world, "2026-03-02")
    world.clock.move(days=29)
    post(world, "2026-03-31")
    world.clock.move(days=1)
    post(world, "2026-04-01")

    assert [digest.trend[0].day for digest in shown(world)] == [DAY, DAY, date(2026, 3, 31)]
