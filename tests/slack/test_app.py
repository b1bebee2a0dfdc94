"""The app as a whole: it acks before anything else, and whatever fails becomes a word and a log line."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Event

import pytest
from adapters.clock import FakeClock
from sqlalchemy import text

from bot.domain.finding import Verdict
from bot.domain.request import RequestState
from bot.logs import configure_logs
from bot.sandbox.slack import ANA, APPROVALS, CLOUD_SECURITY, RILEY
from bot.slack.app import STORIES
from bot.slack.ids import ActionId, BlockId, CallbackId
from tests.slack.listeners import payloads
from tests.slack.listeners.payloads import Json
from tests.slack.listeners.workplace import PAYMENTS, REASON, Workplace, a_workplace, ask, know
from tests.slack.stand_in import Answer, Call, StandIn, refuse, running

SECRET = "xoxb-1234567890-made-up-token"
Make = Callable[[Workplace], Json]


@pytest.fixture
def work() -> Iterator[Workplace]:
    with a_workplace() as workplace:
        yield workplace


def a_command(work: Workplace, words: str = "status") -> Json:
    return payloads.slash_command(
        words,
        user=RILEY,
        channel=CLOUD_SECURITY,
        trigger_id=work.trigger(RILEY),
        response_url=work.response_url("commands", RILEY, CLOUD_SECURITY),
    )


def a_button(action_id: str) -> Make:
    return lambda work: work.pressed(action_id, "", by=RILEY, channel=CLOUD_SECURITY)


def a_submission(callback_id: str) -> Make:
    """With what any of the forms asks for, so that none is turned down before its story begins."""
    values = payloads.wished_waiver(RILEY, "2026-03-20", REASON)
    for name in BlockId.__members__:
        if name.endswith("_REASON"):
            values |= payloads.typed(BlockId[name], ActionId[name], REASON)
    view = payloads.a_view("V0VIEW", callback_id, "form-made-up", values)
    return lambda work: payloads.view_submission(view, user=RILEY, trigger_id=work.trigger(RILEY))


def in_view(kind: str) -> Make:
    def make(work: Workplace) -> Json:
        action = payloads.block_action(ActionId.STATUS_FIX, "", user=RILEY, trigger_id=work.trigger(RILEY))
        return action | payloads.on_view(kind)

    return make


TAKEN: dict[str, Make] = {
    "command": a_command,
    "no words": lambda work: a_command(work, ""),
    **{each.value: a_button(each) for each in STORIES},
    "a button in a modal": in_view("modal"),
    "a button on the home tab": in_view("home"),
    **{each.value: a_submission(each) for each in CallbackId},
    "home": lambda _: payloads.home_opened(RILEY),
}
NOT_OURS: dict[str, Make] = {
    "an action": a_button("somebody.elses"),
    "a view": a_submission("somebody.elses"),
    "an event": lambda _: payloads.event({"type": "channel_rename", "channel": {"id": "C0", "name": "x"}}),
}


@pytest.mark.parametrize("make", TAKEN.values(), ids=TAKEN)
def test_the_ack_comes_while_the_database_is_held_by_somebody_else(work: Workplace, make: Make):
    """An ack that waited for the lock would not come at all."""
    body = make(work)
    with work.engine.begin() as holder:
        holder.execute(text("BEGIN IMMEDIATE"))

        work.dispatch(body)

        assert work.untold == 1
    work.settle()
    assert work.untold == 0


@pytest.mark.parametrize("make", TAKEN.values(), ids=TAKEN)
def test_the_ack_comes_while_slack_answers_nothing(make: Make):
    """The first thing after a start, too: nothing may be asked of Slack before it."""
    with silent_slack() as (slack, may_answer), a_workplace(api_url=slack.url) as work:
        before: list[Call] = []

        work.dispatch(make(work), at_ack=lambda: before.extend(slack.calls))

        assert before == []
        assert work.untold == 1
        may_answer.set()
        work.settle()


@contextmanager
def silent_slack() -> Iterator[tuple[StandIn, Event]]:
    """A Slack that takes every call and answers none before it may; then it refuses them all."""
    may_answer = Event()

    def answer(_call: Call) -> Answer:
        may_answer.wait(30)
        return refuse("fatal_error")

    with running() as slack:
        slack.responder = answer
        try:
            yield slack, may_answer
        finally:
            may_answer.set()


@pytest.mark.parametrize("make", NOT_OURS.values(), ids=NOT_OURS)
def test_what_is_not_ours_is_acked_and_does_nothing(work: Workplace, make: Make):
    work.send(make(work))

    assert work.told_to(RILEY) == []
    assert work.enqueued() == []


def test_the_home_tab_shows_how_things_stand_and_what_waits(work: Workplace):
    work.change(ask)
    work.change(lambda connection: know(connection, (PAYMENTS, Verdict.FAIL)))

    work.open_home()

    home = work.home_of(RILEY)
    assert home is not None
    assert "The one account has no support role" in home.words
    assert "waits for a decision, 1 hour left" in home.words


def test_a_fault_that_nobody_foresaw_is_a_number_that_the_log_bears_too(caplog: pytest.LogCaptureFixture):
    def broken_clock() -> datetime:
        raise RuntimeError(f"the clock of {SECRET} stands still")

    with a_workplace(clock=broken_clock) as work:
        work.command("status")

        (told,) = work.told_to(RILEY)
    (record,) = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert f"Reference `{vars(record)['reference']}`" in told
    assert record.exc_info is not None
    assert "stands still" not in told
    assert "Traceback" not in told
    assert SECRET not in told


def test_a_fault_in_the_database_is_a_number_too(work: Workplace, caplog: pytest.LogCaptureFixture):
    work.change(lambda connection: connection.execute(text("DROP TABLE findings")))

    work.command("status")

    (told,) = work.told_to(RILEY)
    (record,) = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert vars(record)["reference"] in told
    assert "SELECT" not in told
    assert work.enqueued() == []


def test_a_fault_of_ours_is_said_in_its_own_words_and_undoes_the_click(work: Workplace):
    """No audit, no decision."""
    work.change(ask)
    work.change(lambda connection: connection.execute(text("DELETE FROM audit_head")))

    work.press(ActionId.REQUEST_APPROVE, "fix-1", by=ANA, channel=APPROVALS)

    (told,) = work.told_to(ANA)
    assert "The audit chain has no head" in told
    assert work.request().state is RequestState.PENDING
    assert work.enqueued() == []


def test_somebody_who_cannot_be_answered_costs_nobody_else_anything(
    work: Workplace, caplog: pytest.LogCaptureFixture
):
    """Neither response_url nor channel nor direct message: it is logged, and the next one is served."""
    for method in ("chat.postEphemeral", "conversations.open"):
        work.fail_next(method, "not_in_channel")
    body = a_command(work, "help") | {"response_url": f"{work.slack.url}/commands/T0/expired"}

    work.send(body)
    work.command("help")

    assert len(work.told_to(RILEY)) == 1
    assert "private answer refused" in caplog.text


def test_an_answer_finds_its_way_when_the_response_url_is_used_up(work: Workplace):
    body = a_command(work, "help") | {"response_url": f"{work.slack.url}/commands/T0/expired"}

    work.send(body)

    assert "/support-role status" in work.told_to(RILEY)[0]


def test_the_same_command_delivered_again_is_told_once(work: Workplace):
    body = a_command(work)

    for _ in range(3):
        work.send(body)

    assert len(work.shown_in(CLOUD_SECURITY)) == 1


def test_after_ten_minutes_a_delivery_is_forgotten():
    clock = FakeClock()
    with a_workplace(clock=clock) as work:
        work.command("help")
        clock.move(minutes=11)
        work.command("help")

        seen = text("SELECT count(*) FROM deliveries")
        assert work.look(lambda connection: connection.execute(seen).scalar()) == 1


def test_starting_with_tokens_in_the_environment_warns_of_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("SLACK_BOT_TOKEN", SECRET)

    with a_workplace() as work:
        work.command("help")

    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING] == []


def test_at_the_finest_level_bolt_logs_no_payload(caplog: pytest.LogCaptureFixture):
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        configure_logs("debug")
        logging.getLogger().addHandler(caplog.handler)
        with a_workplace() as work:
            work.command("help")
    finally:
        logging.getLogger().handlers[:] = handlers
        logging.getLogger().setLevel(level)

    assert "verification-token" not in caplog.text
