"""Heartbeats, the kill switch, deliveries and forms."""

from datetime import timedelta

from building.racing import at_once
from building.values import ASKER, NOW, PAYMENTS
from sqlalchemy import Engine, func, select

from bot.store import forms, operations
from bot.store.operations import WorkerRow
from bot.store.tables import forms as form_table

SECOND = timedelta(seconds=1)


def test_a_worker_is_alive_while_it_beats_and_silent_after(engine: Engine):
    with engine.begin() as connection:
        operations.beat(connection, "one", problem="", now=NOW)
        operations.beat(connection, "two", problem="no credentials", now=NOW - 60 * SECOND)

        assert operations.read_alive(connection, since=NOW - 10 * SECOND) == (WorkerRow("one", ""),)
        assert operations.read_silent(connection, since=NOW - 10 * SECOND) == ("two",)

        operations.beat(connection, "two", problem="no credentials", now=NOW + SECOND)
        assert operations.read_alive(connection, since=NOW - 10 * SECOND) == (
            WorkerRow("two", "no credentials"),
            WorkerRow("one", ""),
        )


def test_a_worker_that_was_seen_to_end_is_silent_at_once_and_can_be_forgotten(engine: Engine):
    with engine.begin() as connection:
        operations.beat(connection, "one", problem="", now=NOW)

        operations.silence(connection, "one")
        assert operations.read_silent(connection, since=NOW - 10 * SECOND) == ("one",)

        operations.forget_executor(connection, "one")
        assert operations.read_silent(connection, since=NOW) == ()


def test_fixes_are_not_paused_until_somebody_pauses_them(engine: Engine):
    with engine.begin() as connection:
        assert not operations.is_paused(connection)
        operations.set_paused(connection, paused=True, by="U1", now=NOW)
        assert operations.is_paused(connection)
        operations.set_paused(connection, paused=False, by="U1", now=NOW)
        assert not operations.is_paused(connection)


def test_administrators_who_pause_at_once_all_succeed(engine: Engine):
    def pause(number: int) -> None:
        with engine.begin() as connection:
            operations.set_paused(connection, paused=True, by=f"U{number}", now=NOW)

    at_once(6, pause)

    with engine.connect() as connection:
        assert operations.is_paused(connection)


def test_of_the_same_delivery_only_the_first_counts(engine: Engine):
    def deliver(_: int) -> bool:
        with engine.begin() as connection:
            return operations.is_first_delivery(connection, "envelope-1", now=NOW)

    assert at_once(6, deliver).count(True) == 1


def test_a_delivery_is_remembered_for_ten_minutes(engine: Engine):
    with engine.begin() as connection:
        assert operations.is_first_delivery(connection, "envelope-1", now=NOW)
        assert not operations.is_first_delivery(connection, "envelope-1", now=NOW + 600 * SECOND)
        assert operations.is_first_delivery(connection, "envelope-1", now=NOW + 601 * SECOND)
        assert operations.is_first_delivery(connection, "envelope-2", now=NOW)


def test_a_form_remembers_who_opened_it_where_and_for_what(engine: Engine):
    with engine.begin() as connection:
        form_id = forms.add_form(connection, ASKER, channel="C1", account_id=PAYMENTS, now=NOW)
        other_id = forms.add_form(connection, ASKER, channel="C1", account_id="", now=NOW)

        assert forms.read_form(connection, form_id) == forms.FormRow(form_id, ASKER, "C1", PAYMENTS)
        assert forms.read_form(connection, "form-unknown") is None
    assert form_id != other_id


def test_forms_are_forgotten_after_a_day(engine: Engine):
    with engine.begin() as connection:
        old = forms.add_form(connection, ASKER, channel="C1", account_id="", now=NOW)
        forms.add_form(connection, ASKER, channel="C1", account_id="", now=NOW + timedelta(days=1, seconds=1))

        assert forms.read_form(connection, old) is None
        assert connection.execute(select(func.count()).select_from(form_table)).scalar() == 1
