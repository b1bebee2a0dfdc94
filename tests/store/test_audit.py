"""The chain in the database: gapless whoever writes, and any change to it is found and named."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from building.racing import at_once
from building.values import AUDIT, NOW, PAYMENTS, an_event
from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from bot.domain.audit import ChainBroken, ChainIntact
from bot.domain.errors import AuditError
from bot.store import audit
from bot.store.tables import audit_events, audit_head, outbox

LENGTH = 5


def write(engine: Engine, events: int = LENGTH, *, channel: str = "") -> None:
    with engine.begin() as connection:
        for number in range(1, events + 1):
            event = an_event(f"kind.{number}", request_id=f"fix-{number}", account_id=PAYMENTS)
            audit.record(connection, event, channel=channel)


def verify(engine: Engine) -> ChainIntact | ChainBroken:
    with engine.connect() as connection:
        return audit.verify(connection)


def test_a_chain_that_nobody_touched_is_intact_and_its_head_is_the_last_hash(engine: Engine):
    write(engine)

    with engine.connect() as connection:
        head = audit.read_head(connection)
        events = list(audit.read_events(connection))
    assert head == (LENGTH, events[-1].hash)
    assert verify(engine) == ChainIntact(LENGTH, events[-1].hash)


def test_an_event_that_is_rolled_back_leaves_no_gap(engine: Engine):
    write(engine, 1)
    with engine.connect() as connection:
        audit.record(connection, an_event("lost"))
        connection.rollback()
    write(engine, 1)

    assert isinstance(verify(engine), ChainIntact)
    with engine.connect() as connection:
        assert [event.seq for event in audit.read_events(connection)] == [1, 2]


def test_many_writers_at_once_leave_no_gap(engine: Engine):
    def write_ten(number: int) -> None:
        for count in range(10):
            with engine.begin() as connection:
                audit.record(connection, an_event(f"kind.{number}.{count}"), channel=AUDIT)

    at_once(8, write_ten)

    result = verify(engine)
    assert isinstance(result, ChainIntact)
    assert result.length == 80
    with engine.connect() as connection:
        assert audit.count_unposted(connection) == 80


def test_a_chain_that_grows_while_it_is_verified_is_not_called_broken(engine: Engine):
    write(engine)

    class Growing:
        """A connection behind whose back another one appends an event, after every statement."""

        def __init__(self, connection: Connection) -> None:
            self._connection = connection
            self.left = 3

        def execute(self, *args: Any, **kwargs: Any) -> Any:
            rows = self._connection.execute(*args, **kwargs).freeze()()
            if self.left:
                self.left -= 1
                write(engine, 1)
            return rows

    with engine.connect() as connection:
        result = audit.verify(Growing(connection))  # type: ignore[arg-type]  # as much of one as is needed

    assert isinstance(result, ChainIntact)
    assert result.length == LENGTH + 3


Tamper = Callable[[Connection], object]


def change(where: int, /, **values: Any) -> Tamper:
    return lambda connection: connection.execute(
        update(audit_events).where(audit_events.c.seq == where).values(**values)
    )


def remove(seq: int) -> Tamper:
    def tamper(connection: Connection) -> None:
        connection.execute(delete(audit_events).where(audit_events.c.seq == seq))

    return tamper


def swap(one: int, other: int) -> Tamper:
    def tamper(connection: Connection) -> None:
        for before, after in ((one, 99), (other, one), (99, other)):
            connection.execute(update(audit_events).where(audit_events.c.seq == before).values(seq=after))

    return tamper


def rewrite(seq: int) -> Tamper:
    """Change an event, and put a fitting hash beside it."""

    def tamper(connection: Connection) -> None:
        row = connection.execute(select(audit_events).where(audit_events.c.seq == seq)).one()
        body = row.body.replace("It was asked for.", "It was not asked for.")
        digest = hashlib.sha256((row.prev_hash + body).encode()).hexdigest()
        change(seq, body=body, hash=digest)(connection)

    return tamper


def add_forged(seq: int) -> Tamper:
    def tamper(connection: Connection) -> None:
        last = connection.execute(select(audit_events).where(audit_events.c.seq == LENGTH)).one()
        forged = audit.chain(seq, last.hash, an_event("fix.approved"))
        connection.execute(insert(audit_events).values(audit._row(forged, an_event("fix.approved"))))

    return tamper


@pytest.mark.parametrize(
    ("tamper", "first_bad"),
    [
        (remove(1), 1),
        (remove(3), 3),
        (remove(LENGTH), LENGTH),
        (swap(2, 3), 2),
        (swap(1, LENGTH), 1),
        (rewrite(1), 2),
        (rewrite(LENGTH), LENGTH),
        (add_forged(LENGTH + 1), LENGTH + 1),
        (change(3, kind="fix.denied"), 3),
        (change(3, account_id="999999999999"), 3),
        (change(3, request_id="fix-9"), 3),
        (change(3, at="2026-03-02T10:00:00.000001Z"), 3),
        (change(3, hash="0" * 64), 3),
        (change(3, prev_hash="0" * 64), 3),
        (change(3, body="no JSON"), 3),
        (change(3, body="[]"), 3),
        (change(3, body='{"event":null}'), 3),
        (change(3, body=""), 3),
        (change(3, seq=0), 1),
        (change(3, seq=33), 3),
        (lambda connection: (remove(2)(connection), change(4, kind="x")(connection)), 2),
        (lambda connection: (change(4, prev_hash="x")(connection), change(2, kind="x")(connection)), 2),
        (lambda connection: connection.execute(update(audit_head).values(seq=LENGTH - 1)), LENGTH),
        (lambda connection: connection.execute(update(audit_head).values(hash="0" * 64)), LENGTH),
        (lambda connection: connection.execute(delete(audit_events)), 1),
    ],
)
def test_whatever_was_done_to_the_chain_the_first_bad_event_is_named(
    engine: Engine, tamper: Tamper, first_bad: int
):
    write(engine)
    with engine.begin() as connection:
        tamper(connection)

    result = verify(engine)

    assert isinstance(result, ChainBroken)
    assert result.seq == first_bad


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_any_character_of_a_body_that_changes_is_found(engine: Engine):
    write(engine, 2)
    with engine.connect() as connection:
        body = connection.execute(select(audit_events.c.body).where(audit_events.c.seq == 2)).scalar()
    assert body is not None
    for place in range(len(body)):
        other = "x" if body[place] != "x" else "y"
        with engine.connect() as connection:
            change(2, body=body[:place] + other + body[place + 1 :])(connection)
            result = audit.verify(connection)
            connection.rollback()
        assert isinstance(result, ChainBroken), place
        assert result.seq == 2


def test_a_database_without_a_head_records_nothing(engine: Engine):
    with engine.begin() as connection:
        connection.execute(delete(audit_head))

    with engine.begin() as connection:
        with pytest.raises(AuditError, match="no head"):
            audit.record(connection, an_event())
        with pytest.raises(AuditError, match="no head"):
            audit.read_head(connection)


def test_a_step_that_runs_again_says_nothing_twice(engine: Engine):
    event = an_event("change.intended", request_id="fix-1")

    def say(_: int) -> str:
        with engine.begin() as connection:
            return audit.record_once(connection, event, channel=AUDIT).hash

    assert len(set(at_once(6, say))) == 1
    with engine.begin() as connection:
        audit.record_once(connection, replace(event, request_id="fix-2"))
        audit.record_once(connection, replace(event, kind="change.applied"))
        assert audit.read_head(connection)[0] == 3
        assert audit.count_unposted(connection) == 1


def test_events_can_be_asked_for_by_request_and_by_account(engine: Engine):
    write(engine, 3)
    with engine.begin() as connection:
        audit.record(connection, an_event("other", request_id="fix-2"))

        of_request = [event.seq for event in audit.read_events(connection, request_id="fix-2")]
        of_account = [event.seq for event in audit.read_events(connection, account_id=PAYMENTS)]
    assert of_request == [2, 4]
    assert of_account == [1, 2, 3]


def test_the_text_of_an_event_is_kept_whole_whatever_people_type(engine: Engine):
    words = 'żółw 😀 \x00 \u2028 "quoted" \\ <!channel>'
    with engine.begin() as connection:
        audit.record(connection, an_event(outcome=words, detail=(("reason", words),)))

    assert isinstance(verify(engine), ChainIntact)
    with engine.connect() as connection:
        (event,) = audit.read_events(connection)
    assert json.loads(event.body)["event"]["outcome"] == words


# --- the outbox ---------------------------------------------------------------------------------------


def claimed(engine: Engine, *, seconds: float = 0) -> int | None:
    with engine.begin() as connection:
        item = audit.claim_next(connection, now=NOW + timedelta(seconds=seconds))
    return None if item is None else item.event.seq


def test_an_event_without_a_channel_is_not_posted(engine: Engine):
    write(engine, 2)

    assert claimed(engine) is None


def test_messages_leave_in_the_order_of_the_chain(engine: Engine):
    write(engine, 3, channel=AUDIT)

    posted = []
    while (seq := claimed(engine)) is not None:
        posted.append(seq)
        with engine.begin() as connection:
            audit.mark_posted(connection, seq, ts=f"{seq}.0", now=NOW)

    assert posted == [1, 2, 3]
    with engine.connect() as connection:
        assert audit.count_unposted(connection) == 0


def test_of_many_workers_one_takes_the_oldest_and_nobody_the_next(engine: Engine):
    write(engine, 2, channel=AUDIT)

    assert sorted(at_once(6, lambda _: claimed(engine) or 0)) == [0, 0, 0, 0, 0, 1]


def test_a_worker_that_died_over_a_message_is_relieved_after_two_minutes(engine: Engine):
    write(engine, 1, channel=AUDIT)
    claimed(engine)

    assert claimed(engine, seconds=120) is None
    assert claimed(engine, seconds=121) == 1


def test_what_slack_refused_is_tried_again_later_and_keeps_its_place(engine: Engine):
    write(engine, 2, channel=AUDIT)
    claimed(engine)
    with engine.begin() as connection:
        audit.mark_unposted(connection, 1, "channel_not_found", retry_at=NOW + timedelta(seconds=5))

    assert claimed(engine, seconds=5) is None
    assert claimed(engine, seconds=6) == 1
    with engine.connect() as connection:
        row = connection.execute(select(outbox).where(outbox.c.seq == 1)).one()
        assert (row.attempts, row.problem) == (2, "channel_not_found")
        assert connection.execute(select(func.count()).select_from(outbox)).scalar() == 2
