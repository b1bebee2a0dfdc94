"""Probes run side by side, and nothing that one of them does keeps the others from being told."""

import logging
import threading
from collections.abc import Iterable, Iterator

import pytest

from bot.domain.doctor import Diagnosis, Probe, State, good
from bot.domain.errors import AwsError
from bot.flows.probing import run_probes


def fine(check: str) -> Probe:
    return Probe(check, lambda: (good(check, "Fine."),))


def states(found: Iterable[Diagnosis]) -> dict[str, State]:
    return {each.id: each.state for each in found}


@pytest.fixture
def stuck() -> Iterator[threading.Event]:
    """What a stuck probe waits for; set when the test is over."""
    released = threading.Event()
    yield released
    released.set()


def stuck_probe(released: threading.Event, check: str = "aws.credentials", **more: object) -> Probe:
    def wait() -> tuple[Diagnosis, ...]:
        released.wait(20)
        return (good(check, "At last."),)

    return Probe(check, wait, seconds=0.02, **more)  # type: ignore[arg-type]  # fields by name


def test_probes_run_side_by_side():
    """Each waits for the other: one after the other, neither would end."""
    together = threading.Barrier(2, timeout=10)

    def meet(check: str) -> Probe:
        return Probe(check, lambda: (good(check, f"Met {together.wait() >= 0}."),))

    found = run_probes([meet("slack.token"), meet("aws.credentials")])

    assert states(found) == {"slack.token": State.OK, "aws.credentials": State.OK}


def test_a_probe_that_is_late_is_given_up_and_the_others_are_told(stuck: threading.Event):
    found = run_probes([stuck_probe(stuck), fine("store.reach")])

    assert states(found) == {"aws.credentials": State.WRONG, "store.reach": State.OK}
    assert "There was no answer within 0.02 s." in [each.text for each in found]


def test_late_answers_about_accounts_are_one_diagnosis(stuck: threading.Event):
    late = [stuck_probe(stuck, "aws.scan-role", about=(name,)) for name in ("a", "b")]

    (found,) = run_probes(late)

    assert found.sentence == "There was no answer within 0.02 s in 2 accounts: a, b."


def test_a_probe_that_raises_is_wrong_and_shows_nothing_of_what_it_held(caplog: pytest.LogCaptureFixture):
    def fail() -> tuple[Diagnosis, ...]:
        raise ValueError("xoxb-1234567890-secret")

    with caplog.at_level(logging.INFO):
        found = run_probes([Probe("slack.token", fail), fine("store.reach")])

    assert states(found) == {"slack.token": State.WRONG, "store.reach": State.OK}
    assert "ValueError" in found[1].text
    assert "xoxb" not in str(found)


def test_a_fault_of_ours_is_told_in_its_own_words():
    def fail() -> tuple[Diagnosis, ...]:
        raise AwsError("Reading the secret: AccessDenied. Allow it.", "AccessDenied")

    (found,) = run_probes([Probe("settings.secrets", fail)])

    assert (found.state, found.text) == (State.WRONG, "Reading the secret: AccessDenied. Allow it.")


def test_a_probe_leads_on_to_others():
    first = Probe("slack.token", lambda: (good("slack.token", "Fine."), fine("slack.team")), ("slack.team",))

    assert states(run_probes([first])) == {"slack.token": State.OK, "slack.team": State.OK}


def test_what_was_never_reached_is_told_with_what_comes_before_it(stuck: threading.Event):
    """`aws.accounts` ends without leading on, so it is the cause; `aws.clock` was never in its way."""
    accounts = Probe("aws.accounts", lambda: (), ("aws.scan-role",))
    opens = ("aws.clock", "aws.accounts", "aws.scan-role")
    first = Probe("aws.credentials", lambda: (good("aws.credentials", "Fine."), accounts), opens)

    texts = {each.id: each.text for each in run_probes([first])}

    assert texts["aws.scan-role"] == "Not looked at, since aws.accounts comes first."
    assert texts["aws.clock"] == "Not looked at, since aws.credentials comes first."


def test_what_follows_a_late_probe_was_not_looked_at(stuck: threading.Event):
    found = run_probes([stuck_probe(stuck, opens=("aws.clock",))])

    assert states(found) == {"aws.credentials": State.WRONG, "aws.clock": State.SKIPPED}


def test_when_the_time_is_used_up_nothing_more_is_begun():
    begun: list[str] = []

    (found,) = run_probes([Probe("store.reach", lambda: begun.append("it") or ())], seconds=0)

    assert (found.id, found.state) == ("store.reach", State.SKIPPED)
    assert begun == []


@pytest.mark.parametrize("at_once", [1, 2])
def test_no_more_run_at_once_than_may(at_once: int):
    """The first one looks whether the second has begun while it runs itself."""
    second_has_begun = threading.Event()
    seen: list[bool] = []

    def first() -> tuple[Diagnosis, ...]:
        seen.append(second_has_begun.wait(0.05 if at_once == 1 else 10))
        return ()

    def second() -> tuple[Diagnosis, ...]:
        second_has_begun.set()
        return ()

    run_probes([Probe("aws.scan-role", first), Probe("aws.clock", second)], at_once=at_once)

    assert seen == [at_once == 2]


def test_progress_tells_how_many_have_ended_and_are_known_of():
    told: list[tuple[int, int]] = []
    first = Probe("slack.token", lambda: (fine("slack.team"),))

    run_probes([first], on_progress=lambda ended, known: told.append((ended, known)))

    assert told == [(1, 2), (2, 2)]
