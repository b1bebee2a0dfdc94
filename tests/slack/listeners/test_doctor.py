"""`/support-role doctor`: for administrators alone, in private, and at once where no worker is alive."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from building.values import NOW

from bot.domain.doctor import Probe, good, warning
from bot.flows.engine import build_enqueue
from bot.sandbox.slack import ANA, CLOUD_SECURITY, EVE, GUS, PRIYA, RANDOM, RILEY
from bot.store import operations
from tests.slack.listeners import workplace
from tests.slack.listeners.workplace import Workplace, a_workplace

BESIDE_AWS = (
    Probe("slack.token", lambda: (good("slack.token", "The bot is support-role."),)),
    Probe("settings.admins", lambda: (warning("settings.admins", "Nobody may pause.", "Name somebody."),)),
)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workplace]:
    """A workplace whose doctor finds one thing right and one to be warned of."""
    a_desk = workplace.a_desk

    def with_probes(*given: Any) -> Any:
        return replace(a_desk(*given), probes=lambda: BESIDE_AWS)

    monkeypatch.setattr(workplace, "a_desk", with_probes)
    with a_workplace(admins=frozenset({PRIYA})) as place:
        yield place


def looked_for(work: Workplace) -> list[tuple[str, ...]]:
    """What a worker is asked for: person and channel."""
    waiting = build_enqueue(work.engine).client.list_workflows(name="doctor")
    return [tuple(found.input["args"]) for found in waiting if found.input]


def hire(work: Workplace) -> None:
    work.change(lambda connection: operations.beat(connection, "worker-1", problem="", now=NOW))


def test_an_administrator_is_told_that_a_worker_looks(work: Workplace):
    hire(work)

    work.command("doctor", by=PRIYA)

    (told,) = work.told_to(PRIYA)
    assert told.startswith("Looking at settings, database, Slack and AWS.")
    assert looked_for(work) == [(PRIYA, CLOUD_SECURITY)]
    assert work.shown_in(CLOUD_SECURITY) == []
    assert work.kinds() == []


def test_without_a_worker_the_answer_comes_at_once_and_says_what_was_not_seen(work: Workplace):
    work.command("doctor", by=PRIYA)

    (told,) = work.told_to(PRIYA)
    assert told.startswith("1 warning · 1 all right · ")
    assert "Nobody may pause." in told
    assert looked_for(work) == []
    assert work.shown_in(CLOUD_SECURITY) == []


def test_a_worker_that_has_fallen_silent_is_not_waited_for(work: Workplace):
    hire(work)
    work.change(lambda connection: operations.silence(connection, "worker-1"))

    work.command("doctor", by=PRIYA)

    assert looked_for(work) == []
    assert "1 warning" in work.told_to(PRIYA)[0]


@pytest.mark.parametrize(
    ("by", "why"),
    [
        (RILEY, f"Only administrators can use the doctor.\n*Next:* Ask <@{PRIYA}>."),
        (ANA, "Only administrators can use the doctor."),
        (GUS, "Guests cannot decide."),
        (EVE, "People from other workspaces cannot decide."),
    ],
)
def test_nobody_else_is_told_anything_and_the_attempt_is_on_record(work: Workplace, by: str, why: str):
    hire(work)

    work.command("doctor", by=by)

    (told,) = work.told_to(by)
    assert why in told
    assert looked_for(work) == []
    (event,) = work.events()
    assert event["kind"] == "doctor.refused"
    assert event["actor"].endswith(f"/{by}")


def test_without_administrators_nobody_is_told():
    with a_workplace() as work:
        work.command("doctor", by=PRIYA)

        assert "no administrators are configured" in work.told_to(PRIYA)[0]
        assert work.kinds() == ["doctor.refused"]


def test_where_the_bot_is_no_member_it_answers_all_the_same(work: Workplace):
    work.command("doctor", by=PRIYA, channel=RANDOM)

    assert "1 warning" in work.told_to(PRIYA)[0]


def test_help_knows_the_doctor(work: Workplace):
    work.command("docter", by=RILEY)

    assert "Did you mean `/support-role doctor`?" in work.told_to(RILEY)[0]
