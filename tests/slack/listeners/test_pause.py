"""The kill switch in Slack: who may turn it, what it says, and where everybody sees it."""

from collections.abc import Iterator

import pytest

from bot.domain.request import RequestState
from bot.sandbox.slack import ANA, APPROVALS, CLOUD_SECURITY, GUS, PRIYA, RILEY
from bot.slack.ids import ActionId
from bot.store import operations
from tests.slack.listeners.workplace import Workplace, a_workplace, ask


@pytest.fixture
def work() -> Iterator[Workplace]:
    with a_workplace(admins=frozenset({PRIYA})) as workplace:
        yield workplace


def is_paused(work: Workplace) -> bool:
    return work.look(operations.is_paused)


def test_an_administrator_pauses_and_nothing_is_approved(work: Workplace):
    work.change(ask)

    work.command("pause an audit is going on", by=PRIYA)

    assert is_paused(work)
    (told,) = work.told_to(PRIYA)
    assert told.startswith("*Fixes and undos are paused*")
    assert "Why: an audit is going on" in told
    assert "1 request cannot be approved meanwhile." in told
    work.press(ActionId.REQUEST_APPROVE, "fix-1", by=ANA, channel=APPROVALS)
    assert work.request().state is RequestState.PENDING
    assert work.kinds() == ["settings.paused", "fix.refused"]


def test_an_administrator_resumes_and_approvals_go_on(work: Workplace):
    work.change(ask)
    work.command("pause", by=PRIYA)

    work.command("resume", by=PRIYA)

    assert not is_paused(work)
    assert "Fixes and undos go on" in work.told_to(PRIYA)[-1]
    assert f"They had been paused by <@{PRIYA}> since " in work.told_to(PRIYA)[-1]
    assert "1 request waits for a decision." in work.told_to(PRIYA)[-1]
    assert "*Next:* Approve or deny what waits" in work.told_to(PRIYA)[-1]
    work.press(ActionId.REQUEST_APPROVE, "fix-1", by=ANA, channel=APPROVALS)
    assert work.request().state is RequestState.APPROVED
    assert work.kinds() == ["settings.paused", "settings.resumed", "fix.approved"]


@pytest.mark.parametrize("words", ["pause", "resume", "PAUSE now"])
@pytest.mark.parametrize(
    ("by", "why"),
    [
        (RILEY, f"Only administrators can pause or resume fixes.\n*Next:* Ask <@{PRIYA}>."),
        (ANA, "Only administrators can pause or resume fixes."),
        (GUS, "Guests cannot decide."),
    ],
)
def test_nobody_else_turns_it_and_the_attempt_is_on_record(work: Workplace, words: str, by: str, why: str):
    work.command(words, by=by)

    assert not is_paused(work)
    (told,) = work.told_to(by)
    assert why in told
    (event,) = work.events()
    assert event["kind"] == "settings.refused"
    assert event["actor"].endswith(f"/{by}")
    assert words.split(maxsplit=1)[0].lower() in event["outcome"]


def test_without_administrators_nobody_may():
    with a_workplace() as work:
        work.command("pause", by=PRIYA)

        assert not is_paused(work)
        assert "no administrators are configured" in work.told_to(PRIYA)[0]
        assert work.kinds() == ["settings.refused"]


def test_an_administrator_whom_slack_cannot_describe_is_refused(work: Workplace):
    work.fail_next("users.info", "internal_error")

    work.command("pause", by=PRIYA)

    assert not is_paused(work)
    assert "Slack could not say who you are" in work.told_to(PRIYA)[0]


def test_pausing_twice_keeps_the_first_reason_and_says_so(work: Workplace):
    work.command("pause first", by=PRIYA)

    work.command("pause second", by=PRIYA)

    assert "were paused already" in work.told_to(PRIYA)[-1]
    assert "This changed nothing. For another reason: /support-role resume" in work.told_to(PRIYA)[-1]
    assert "Why: first" in work.told_to(PRIYA)[-1]
    assert work.kinds() == ["settings.paused"]


def test_resuming_what_runs_changes_nothing(work: Workplace):
    work.command("resume", by=PRIYA)

    assert "were not paused" in work.told_to(PRIYA)[0]
    assert work.kinds() == []


def test_status_and_home_say_that_fixes_are_paused_and_why(work: Workplace):
    work.command("pause <!channel> look", by=PRIYA)

    work.command("status", by=RILEY)
    work.open_home(by=RILEY)

    status = work.shown_in(CLOUD_SECURITY)[-1]
    home = work.home_of(RILEY)
    assert home is not None
    for seen in (status, home):
        assert "*Fixes and undos are paused*" in seen.words
        assert "&lt;!channel&gt; look" in seen.words
    assert f"<@{PRIYA}>" not in status.words


def test_help_knows_the_switch(work: Workplace):
    work.command("paus", by=RILEY)

    (told,) = work.told_to(RILEY)
    assert "Did you mean `/support-role pause`?" in told
