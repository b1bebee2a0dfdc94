"""Whoever asks too often is told when to try again; decisions and the switch are never held up."""

from collections.abc import Iterator

import pytest
from adapters.clock import FakeClock

from bot.domain.request import RequestState
from bot.sandbox.slack import ANA, APPROVALS, CLOUD_SECURITY, PRIYA, RILEY
from bot.slack.ids import ActionId
from bot.slack.limits import COSTLY
from tests.slack.listeners.workplace import PAYMENTS, Workplace, a_workplace, ask, know

TOO_OFTEN = "You have asked 2 times in this minute"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def busy(clock: FakeClock) -> Iterator[Workplace]:
    """Two costly commands in a minute are Riley's limit, and both were given."""
    with a_workplace(clock=clock, commands_per_minute=2, admins=frozenset({PRIYA})) as work:
        work.change(lambda connection: know(connection, (PAYMENTS, None)))
        work.command("status")
        work.command("STATUS payments")
        yield work


def last_told(work: Workplace, user: str = RILEY) -> str:
    return ["", *work.told_to(user)][-1]


@pytest.mark.parametrize("word", sorted(COSTLY))
def test_beyond_the_limit_nothing_is_done_and_it_is_said_when_to_try_again(
    busy: Workplace, clock: FakeClock, word: str
):
    clock.move(seconds=26)

    busy.command(f"{word} payments")

    assert TOO_OFTEN in last_told(busy)
    assert "Try again in 34 seconds, at 10:01 UTC." in last_told(busy)
    assert len(busy.shown_in(CLOUD_SECURITY)) == 2
    assert busy.enqueued() == ["plan_scan", "plan_scan"]
    assert busy.modal_of(RILEY) is None


@pytest.mark.parametrize("action_id", [ActionId.STATUS_RECHECK, ActionId.STATUS_FIX])
def test_a_button_that_does_the_same_has_the_same_limit(busy: Workplace, action_id: str):
    busy.press(action_id, "payments", by=RILEY, channel=CLOUD_SECURITY)

    assert TOO_OFTEN in last_told(busy)
    assert busy.modal_of(RILEY) is None


def test_in_the_next_minute_and_for_others_there_is_no_wait(busy: Workplace, clock: FakeClock):
    busy.command("status", by=ANA)
    others = len(busy.shown_in(CLOUD_SECURITY))
    clock.move(minutes=1)
    busy.command("status")

    assert (others, len(busy.shown_in(CLOUD_SECURITY))) == (3, 4)


@pytest.mark.parametrize("word", ["help", "requests", "history", "audit", "waivers"])
def test_what_costs_little_has_no_limit(busy: Workplace, word: str):
    for _ in range(3):
        busy.command(word)

    assert TOO_OFTEN not in " ".join(busy.told_to(RILEY))


def test_a_decision_and_the_switch_are_never_held_up(clock: FakeClock):
    with a_workplace(clock=clock, commands_per_minute=1, admins=frozenset({ANA})) as work:
        work.change(ask)
        for _ in range(2):
            work.command("status", by=ANA)
        assert "You have asked 1 time in this minute" in last_told(work, ANA)

        work.press(ActionId.REQUEST_APPROVE, "fix-1", by=ANA, channel=APPROVALS)
        for word in ("pause", "resume"):
            work.command(word, by=ANA)

        assert work.request().state is RequestState.APPROVED
        assert work.kinds() == ["fix.approved", "settings.paused", "settings.resumed"]


def test_without_a_limit_nobody_is_counted():
    with a_workplace() as work:
        for _ in range(3):
            work.command("status")

        assert len(work.shown_in(CLOUD_SECURITY)) == 3
