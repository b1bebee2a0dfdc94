"""Whoever asked is told how it ended, even if Slack is away just then."""

from datetime import timedelta

import pytest
from building.databases import ON_BOTH
from building.racing import at_once
from building.undoing import already_applied, approved_undo, ask_undo, prepare_undo, undo
from building.values import PAYMENTS
from building.world import World

from bot.domain.request import RequestState
from bot.flows import notices
from bot.flows.explainer import Explainer
from bot.flows.notices import GIVE_UP_AFTER, tell_due
from bot.store import notices as rows

LATER = rows.AGAIN_AFTER.total_seconds() + 1


def waiting(world: World) -> int:
    with world.engine.connect() as connection:
        return len(rows.read_due(connection, now=world.clock() + timedelta(days=9), limit=100))


def come_back(world: World) -> None:
    world.messenger.down = ""
    world.clock.move(seconds=LATER)
    tell_due(world.parts)


@ON_BOTH
def test_how_a_fix_ended_during_an_outage_is_told_after_it(world: World):
    request = world.approved()
    world.cloud.before["AttachRolePolicy"] = lambda: setattr(world.messenger, "down", "internal_error")
    world.fix(request)
    assert world.told() == []

    come_back(world)
    tell_due(world.parts)

    (told,) = world.told()
    assert told.startswith("U0ASKER: Your fix: applied.")
    assert waiting(world) == 0


def test_why_nothing_was_started_is_told_after_an_outage(world: World):
    world.cloud.add_role(world.cloud.accounts[PAYMENTS], "other")
    asked = world.ask()
    world.messenger.down = "internal_error"
    assert world.prepare(asked).state is RequestState.ALREADY_FIXED

    come_back(world)

    (told,) = world.told()
    assert "No fix of payments (111122223333) was started" in told


def test_how_an_undo_ended_is_told_after_an_outage(world: World):
    request = approved_undo(world, already_applied(world))
    world.cloud.after["DeleteRole"] = lambda: setattr(world.messenger, "down", "internal_error")
    undo(world, request)

    come_back(world)

    (told,) = world.told()
    assert "Your undo: undone" in told


def test_an_undo_that_was_not_started_is_told_once(world: World):
    fix = already_applied(world)
    asked = ask_undo(world, fix)
    world.cloud.roles[PAYMENTS].clear()
    world.messenger.down = "internal_error"
    prepare_undo(world, asked)

    come_back(world)
    come_back(world)

    assert len(world.told()) == 1


def test_a_record_that_cannot_be_shown_keeps_nobody_from_being_told(world: World):
    request = world.approved()
    world.messenger.refusing["C0APPROVALS"] = "is_archived"

    world.fix(request)

    assert len(world.told()) == 1


@ON_BOTH
def test_of_many_workers_one_tells(world: World):
    world.messenger.down = "internal_error"
    notices.tell(world.parts, "U1", "C1", notices.Notice("It ended", "As it did."))
    world.messenger.down = ""
    world.clock.move(seconds=LATER)

    at_once(4, lambda _: tell_due(world.parts))

    assert len(world.told()) == 1


@pytest.mark.parametrize("code", ["internal_error", "ratelimited", "channel_not_found"])
def test_what_cannot_be_told_for_a_day_is_given_up(world: World, code: str, caplog: pytest.LogCaptureFixture):
    world.messenger.down = code
    notices.tell(world.parts, "U1", "C1", notices.Notice("It ended", "As it did."))
    assert waiting(world) == 1

    world.clock.now += GIVE_UP_AFTER
    tell_due(world.parts)

    assert waiting(world) == 0
    assert "notice given up" in caplog.text


def test_somebody_who_is_gone_is_given_up_at_once(world: World):
    world.messenger.down = "user_not_found"

    notices.tell(world.parts, "U1", "", notices.Notice("It ended", "As it did."))

    assert waiting(world) == 0


def test_who_waits_for_an_explanation_that_slack_did_not_take_is_told_so(world: World):
    world.messenger.down = "internal_error"
    Explainer(world.parts).explain(PAYMENTS, "U1", "C1")

    come_back(world)

    (told,) = world.told()
    assert (
        told
        == "U1: The account was not explained. Slack did not take the explanation of payments (111122223333)."
    )
