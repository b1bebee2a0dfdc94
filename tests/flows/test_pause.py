"""The kill switch: one turn, one event, and whatever waits is shown anew."""

import pytest
from building.databases import ON_BOTH
from building.racing import at_once
from building.values import APPROVALS, AUDIT, TEAM, a_member
from building.world import World, a_decider

from bot.domain.guards import Refused
from bot.domain.pause import REASON_LONGEST
from bot.domain.request import Person, RequestState
from bot.flows import pause as switch
from bot.flows.ask import Decider
from bot.flows.pause import Turned
from bot.store import operations

ADMIN = Person(TEAM, "U0ADMIN")


@pytest.fixture
def guarded(world: World) -> World:
    world.set_policy(admins=frozenset({ADMIN.user_id}))
    return world


def pause(world: World, reason: str = "", decider: Decider | None = None) -> Turned | Refused:
    return switch.pause(world.desk, decider or a_decider(ADMIN), reason)


def resume(world: World) -> Turned | Refused:
    return switch.resume(world.desk, a_decider(ADMIN))


def is_paused(world: World) -> bool:
    with world.engine.connect() as connection:
        return operations.is_paused(connection)


def test_a_pause_knows_by_whom_since_when_and_why(guarded: World):
    turned = pause(guarded, "  an audit\n is going on ")

    assert isinstance(turned, Turned)
    assert turned.pause is not None
    assert turned.is_new
    assert (turned.pause.by, turned.pause.since) == (ADMIN.user_id, guarded.clock())
    assert turned.pause.reason == "an audit is going on"


def test_each_turn_is_one_event_in_the_audit_channel(guarded: World):
    pause(guarded, "why")
    pause(guarded, "again")
    resume(guarded)
    resume(guarded)
    guarded.upkeep().post_audit()

    assert guarded.kinds() == ["settings.paused", "settings.resumed"]
    assert guarded.events()[0]["detail"] == {"reason": "why"}
    assert guarded.events()[0]["actor"] == f"{TEAM}/{ADMIN.user_id}"
    assert len(guarded.messenger.shown(AUDIT)) == 2


def test_of_many_who_pause_at_once_one_is_the_first(guarded: World):
    got = at_once(8, lambda number: pause(guarded, f"reason {number}"))

    turned = [one for one in got if isinstance(one, Turned)]
    assert len(turned) == 8
    assert sum(one.is_new for one in turned) == 1
    assert len({one.pause.reason for one in turned if one.pause}) == 1
    assert guarded.kinds() == ["settings.paused"]


@pytest.mark.parametrize(
    "decider",
    [
        a_decider(Person(TEAM, "U0ELSE")),
        a_decider(ADMIN, is_restricted=True),
        a_decider(ADMIN, is_deleted=True),
        a_decider(ADMIN, is_bot=True),
        a_decider(ADMIN, is_stranger=True),
        a_decider(ADMIN, team_id="T0OTHER"),
        Decider(a_decider(ADMIN).click, None, {}),
        Decider(a_decider(ADMIN).click, a_member(Person(TEAM, "U0ELSE")), {}),
    ],
)
def test_whoever_is_no_full_member_and_administrator_is_refused_on_record(guarded: World, decider: Decider):
    refused = pause(guarded, decider=decider)

    assert isinstance(refused, Refused)
    assert not is_paused(guarded)
    assert guarded.kinds() == ["settings.refused"]
    assert guarded.events()[0]["detail"]["guard"] == refused.guard


@ON_BOTH
def test_an_empty_list_of_administrators_means_nobody(world: World):
    refused = pause(world)

    assert isinstance(refused, Refused)
    assert refused.guard == "administrator_allowed"
    assert not is_paused(world)


def test_a_reason_is_kept_within_bounds(guarded: World):
    turned = pause(guarded, "x" * 5_000)

    assert isinstance(turned, Turned)
    assert turned.pause is not None
    assert len(turned.pause.reason) == REASON_LONGEST


def test_messages_that_wait_for_a_decision_say_so_until_it_is_resumed(guarded: World):
    guarded.pending()
    assert guarded.shown_request().pause is None

    turned = pause(guarded, "why")
    guarded.upkeep().show_requests()

    assert isinstance(turned, Turned)
    assert turned.pending == 1
    shown = guarded.shown_request().pause
    assert shown is not None
    assert shown.reason == "why"
    resume(guarded)
    guarded.upkeep().show_requests()
    assert guarded.shown_request().pause is None
    assert len(guarded.messenger.shown(APPROVALS)) == 1


def test_what_was_approved_before_the_pause_is_not_written_after_it(guarded: World):
    request = guarded.approved()
    pause(guarded)

    ended = guarded.fix(request)

    assert ended.state is RequestState.REFUSED
    assert guarded.cloud.calls == []
