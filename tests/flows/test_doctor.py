"""The worker's half of the doctor: it looks at everything and tells whoever asked, and nobody else."""

from dataclasses import replace

import pytest
from building.values import APPROVER, ASKER
from building.world import World, a_decider

from bot import __version__
from bot.domain.doctor import Probe, Report, State, good, wrong
from bot.flows.doctor import ask_doctor
from bot.flows.doctor_worker import Doctor
from bot.flows.parts import Parts
from bot.store import operations

ORIGIN = "C0ORIGIN"


def parts_of(world: World) -> Parts:
    """Parts whose probes find one thing in AWS and another beside it."""
    beside = (Probe("slack.token", lambda: (good("slack.token", "Fine."),)),)
    in_aws = (Probe("aws.credentials", lambda: (wrong("aws.credentials", "Expired.", "Renew them."),)),)
    parts = world.parts
    desk = replace(parts.desk, probes=lambda: beside)
    return replace(parts, desk=desk, aws=replace(parts.aws, probes=lambda: in_aws))


def test_what_is_found_beside_aws_and_in_it_is_told_to_whoever_asked(world: World):
    Doctor(parts_of(world)).look(ASKER.user_id, ORIGIN)

    ((user, channel, report),) = world.messenger.reported
    assert (user, channel) == (ASKER.user_id, ORIGIN)
    assert [(each.id, each.state) for each in report.diagnoses] == [
        ("slack.token", State.OK),
        ("aws.credentials", State.WRONG),
    ]
    assert (report.version, report.at) == (__version__, world.clock())
    assert world.messenger.messages == {}


def test_an_administrators_question_is_answered_by_a_worker(working_world: World):
    world = working_world
    world.set_policy(admins=frozenset({APPROVER.user_id}))
    with world.engine.begin() as connection:
        operations.beat(connection, "worker-1", problem="", now=world.clock())

    answer = ask_doctor(world.desk, a_decider(channel=ORIGIN))
    world.wait()

    assert answer is None
    ((user, channel, _),) = world.messenger.reported
    assert (user, channel) == (APPROVER.user_id, ORIGIN)
    assert world.events() == []


def test_without_a_worker_what_is_seen_from_here_is_the_answer(world: World):
    world.set_policy(admins=frozenset({APPROVER.user_id}))
    desk = parts_of(world).desk

    report = ask_doctor(desk, a_decider(channel=ORIGIN))

    assert isinstance(report, Report)
    states = {each.id: each.state for each in report.diagnoses}
    assert states["slack.token"] is State.OK
    assert states["aws.scan-role"] is State.SKIPPED


def test_somebody_who_cannot_be_told_stops_nothing(world: World, caplog: pytest.LogCaptureFixture):
    world.messenger.down = "user_not_found"

    Doctor(parts_of(world)).look(ASKER.user_id, ORIGIN)

    assert world.messenger.reported == []
    assert "was not told" in caplog.text


def test_a_fault_of_ours_is_told_with_a_reference(
    working_world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    world = working_world
    world.set_policy(admins=frozenset({APPROVER.user_id}))
    with world.engine.begin() as connection:
        operations.beat(connection, "worker-1", problem="", now=world.clock())

    def break_down(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(world.messenger, "show_doctor", break_down, raising=False)
    ask_doctor(world.desk, a_decider(channel=ORIGIN))
    world.wait()

    (told,) = world.told()
    assert "The log has it under doctor" in told
    assert any("ZeroDivisionError" in (record.exc_text or "") for record in caplog.records)
