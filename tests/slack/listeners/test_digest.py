"""`/support-role digest`: what a channel has, who may change it, and what is left on record."""

import asyncio
from dataclasses import replace
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from adapters.aws import FakeCloud
from adapters.clock import FakeClock

from bot.domain.subscription import WEEKDAYS, Schedule, Subscription
from bot.flows.digester import Digester
from bot.flows.parts import Parts
from bot.flows.subscribe import read_subscription
from bot.sandbox.slack import CLOUD_SECURITY, GUS, RANDOM, RILEY, default_workspace
from bot.settings import read_settings
from bot.wiring.desk import build_desk
from tests.slack.listeners.workplace import Workplace, a_digest, a_workplace


def subscription(work: Workplace) -> Subscription | None:
    """What the store has, without the settings'."""
    return work.look(lambda connection: read_subscription(work.desk, connection, CLOUD_SECURITY))


def test_a_digest_is_asked_of_the_worker(work: Workplace):
    work.command("digest now")

    assert work.enqueued() == ["digest_now"]
    assert work.kinds() == []


def test_nothing_after_the_word_posts_nothing_and_shows_how_it_stands():
    with a_workplace(digest=a_digest()) as work:
        work.command("digest")

        (told,) = work.told_to(RILEY)
        assert "This channel gets its digest at 09:00 Europe/Berlin, every day." in told
        assert "Settings say so" in told
        assert "The next one is due on Tuesday, 3 March at 09:00." in told
        assert (work.enqueued(), work.shown_in(CLOUD_SECURITY), work.kinds()) == ([], [], [])


def test_a_channel_without_one_is_shown_how_to_have_one(work: Workplace):
    work.command("digest")

    assert "This channel gets no daily digest." in work.told_to(RILEY)[0]


def test_somebody_subscribes_a_channel_and_is_on_record(work: Workplace):
    work.command("digest weekdays 16:30 asia/kolkata")

    found = subscription(work)
    assert found is not None
    assert (found.by, f"{found.schedule.at:%H:%M}") == (RILEY, "16:30")
    assert (found.schedule.zone, found.schedule.weekdays) == (ZoneInfo("Asia/Kolkata"), WEEKDAYS)
    (event,) = work.events()
    assert event["kind"] == "digest.subscribed"
    assert event["actor"].endswith(f"/{RILEY}")
    assert event["detail"]["schedule"] == "at 16:30 Asia/Kolkata, on weekdays"
    (told,) = work.told_to(RILEY)
    assert "at 16:30 Asia/Kolkata, on weekdays" in told
    assert "The next one is due on Monday, 2 March at 16:30." in told


def test_what_is_not_named_stays_as_it_is_in_that_channel(work: Workplace):
    work.command("digest 16:30 asia/kolkata weekdays")
    work.command("digest 18:00")

    found = subscription(work)
    assert found is not None
    assert f"{found.schedule.at:%H:%M}" == "18:00"
    assert (found.schedule.zone, found.schedule.weekdays) == (ZoneInfo("Asia/Kolkata"), WEEKDAYS)


def test_where_nobody_said_anything_the_zone_is_that_of_settings():
    with a_workplace(digest=a_digest()) as work:
        work.command("digest 10:00")

        found = subscription(work)
        assert found is not None
        assert found.schedule.zone == ZoneInfo("Europe/Berlin")


def test_the_usual_time_and_zone_are_those_of_settings_though_they_name_no_channel(
    work: Workplace, tmp_path: Path
):
    (tmp_path / "support-role.toml").write_text('[digest]\nat = "10:15"\ntimezone = "Asia/Kolkata"\n')
    settings = read_settings(environ={}, flags=None, directory=tmp_path)

    desk = build_desk(settings, work.engine)

    assert desk.usual_digest == Schedule(time(10, 15), ZoneInfo("Asia/Kolkata"))


def test_off_names_whoever_switched_it_off_to_the_next_who_looks():
    with a_workplace(digest=a_digest()) as work:
        work.command("digest off")
        work.command("digest off")

        told = work.told_to(RILEY)
        assert "This channel gets no daily digest any more." in told[0]
        assert "switched off" in told[1]
        assert f"<@{RILEY}>" in told[1]
        assert work.kinds() == ["digest.unsubscribed"]


def test_on_brings_back_what_there_was(work: Workplace):
    work.command("digest 16:30 asia/kolkata weekdays")
    before = subscription(work)
    work.command("digest off")
    work.command("digest on")

    assert subscription(work) == before


def test_all_mistakes_are_told_at_once_and_nothing_is_changed(work: Workplace):
    work.command("digest 25:00 Europe/Berln <!channel>")

    (told,) = work.told_to(RILEY)
    assert "`25:00` is not a time of day." in told
    assert "Did you mean `Europe/Berlin`?" in told
    assert "<!channel>" not in told
    assert subscription(work) is None
    assert work.kinds() == []


@pytest.mark.parametrize("words", ["digest 09:00", "digest off", "digest now", "digest"])
def test_a_guest_neither_sees_nor_changes_a_subscription(words: str):
    with a_workplace(digest=a_digest()) as work:
        work.command(words, by=GUS)

        assert "Guests are not shown" in work.told_to(GUS)[0]
        assert (work.kinds(), work.enqueued()) == ([], [])


@pytest.mark.parametrize(
    ("channel", "state", "way_out"),
    [
        (RANDOM, {}, "The bot is not in that channel. Type /invite @support-role there."),
        (RANDOM, {"is_private": True}, "it is private and the bot is not in it. Type /invite @support-role"),
        (CLOUD_SECURITY, {"is_archived": True}, "That channel is archived. Unarchive it"),
    ],
)
def test_whoever_subscribed_is_told_once_what_is_wrong_and_the_way_out(
    channel: str, state: dict[str, bool], way_out: str
):
    """In Slack's own case: the bot was removed, from a private channel too, or it is archived."""
    workspace = default_workspace()
    channels = tuple(replace(c, **state) if c.id == channel else c for c in workspace.channels)  # type: ignore[arg-type]  # flags alone
    with a_workplace(workspace=replace(workspace, channels=channels)) as work:
        work.command("digest 09:30 UTC", channel=channel)
        before = len(work.told_to(RILEY))
        parts = Parts(work.desk, work.messenger, FakeCloud().aws(FakeClock()))

        def spend_days() -> None:
            for day in ("2026-03-02", "2026-03-03"):
                assert Digester(parts).post_or_give_up(channel, day)
                Digester(parts).tell_somebody(channel)

        work.run(asyncio.to_thread(spend_days))

        (word,) = work.told_to(RILEY)[: -before or None]
        assert way_out in word
        assert f"You subscribed <#{channel}> to it." in word
