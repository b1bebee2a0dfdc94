"""The database under the doctor's eyes, on SQLite and on a real PostgreSQL: nothing of it is changed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from adapters.postgres import Postgres
from sqlalchemy import Engine, delete, text, update

from bot.domain.audit import AuditEvent
from bot.domain.doctor import Diagnosis, Probe, State
from bot.flows.probing import look
from bot.flows.scan import STALE_AFTER
from bot.store import audit, operations, scans
from bot.store import doctor as module
from bot.store.doctor import STUCK_SCAN, audit_of, store_probes
from bot.store.engine import build_engine
from bot.store.tables import audit_events

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)


def examine(url: str, now: datetime = NOW, *, should_run: bool = False) -> dict[str, Diagnosis]:
    """Every diagnosis by its check, one probe after the other."""
    waiting: list[Diagnosis | Probe] = [*store_probes(url, lambda: now, should_run=should_run)]
    found: dict[str, Diagnosis] = {}
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, Probe):
            waiting += look(each)
        else:
            found[each.id] = each
    return found


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def an_event(number: int, at: datetime = NOW) -> AuditEvent:
    return AuditEvent("fix.asked", at, "T0/U0", f"It happened for the {number}th time.")


@contextmanager
def writing(file: Path) -> Iterator[Engine]:
    engine = build_engine(f"sqlite:///{file}")
    yield engine
    engine.dispose()


def record(engine: Engine, count: int, *, channel: str = "", at: datetime = NOW) -> None:
    with engine.begin() as connection:
        for number in range(count):
            audit.record(connection, an_event(number, at), channel=channel)


def test_a_database_that_is_all_right(engine: Engine):
    record(engine, 3)
    with engine.begin() as connection:
        operations.beat(connection, "worker-1", problem="", now=NOW)

    found = examine(url_of(engine), datetime.now(UTC))
    at_that_time = examine(url_of(engine))

    clocks = {each.state for each in (found["store.clock"],)}
    others = {each.state for check, each in at_that_time.items() if check != "store.clock"}
    assert clocks | others <= {State.OK, State.SKIPPED}
    assert "3 events, all of them looked at" in found["store.audit"].text
    assert set(found) == {"store.reach", *module.CHECKS_OF_STORE}


def test_looking_changes_nothing(engine: Engine):
    record(engine, 3)
    before = rows_of(engine)

    examine(url_of(engine))

    assert rows_of(engine) == before


def rows_of(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        head = connection.execute(text("SELECT id, seq, hash FROM audit_head")).all()
        return [*head, *connection.execute(audit_events.select().order_by(audit_events.c.seq)).all()]


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path):
    file = tmp_path / "none.db"

    found = examine(f"sqlite:///{file}")

    assert found["store.reach"].state is State.WARNING
    assert found["store.disk"].state is State.OK
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    found = examine(f"sqlite:///{tmp_path}/nowhere/bot.db")

    assert found["store.disk"].state is State.WRONG


def test_what_is_no_database_is_wrong(tmp_path: Path):
    (tmp_path / "bot.db").write_text("this is no database, however long it may be" * 100, "utf-8")

    found = examine(f"sqlite:///{tmp_path}/bot.db")

    assert found["store.reach"].state is State.WRONG
    assert "not a database" in found["store.reach"].text


def test_a_postgresql_that_does_not_answer_is_wrong_and_its_password_is_not_shown():
    found = examine("postgresql+psycopg://bot:hunter22@127.0.0.1:1/bot")

    assert found["store.reach"].state is State.WRONG
    assert "PostgreSQL at 127.0.0.1:1" in found["store.reach"].text
    assert "hunter22" not in str(found)


def test_a_database_without_tables_waits_for_the_first_start(bare_engine: Engine):
    with bare_engine.connect():
        pass

    found = examine(url_of(bare_engine))

    assert found["store.schema"].state is State.WARNING
    assert "store.audit" not in found


def test_tables_of_another_version_are_wrong(engine: Engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        found = examine(url_of(engine))
    finally:
        with engine.begin() as connection:
            back = text("UPDATE alembic_version SET version_num = :head")
            connection.execute(back, {"head": module.HEAD})

    assert found["store.schema"].state is State.WRONG
    assert "9999" in found["store.schema"].text
    assert "store.writable" not in found


@pytest.mark.parametrize(
    ("change", "at"),
    [
        (update(audit_events).where(audit_events.c.seq == 3).values(body="{}"), 3),
        (delete(audit_events).where(audit_events.c.seq == 2), 2),
        (delete(audit_events).where(audit_events.c.seq == 5), 5),
        (delete(audit_events).where(audit_events.c.seq == 1), 1),
        (update(audit_events).where(audit_events.c.seq == 4).values(prev_hash="0" * 64), 4),
    ],
    ids=["edited", "missing", "cut off", "first one missing", "moved"],
)
def test_a_chain_that_was_tampered_with_is_wrong(engine: Engine, change: object, at: int):
    record(engine, 5)
    with engine.begin() as connection:
        connection.execute(change)  # type: ignore[call-overload]  # a table of statements

    found = examine(url_of(engine))["store.audit"]

    assert found.state is State.WRONG
    assert f"at event {at}." in found.text
    assert "audit verify" in found.next_step


def test_of_a_long_chain_the_end_is_looked_at(engine: Engine):
    record(engine, 5)
    with engine.begin() as connection:
        connection.execute(update(audit_events).where(audit_events.c.seq == 1).values(body="{}"))
        last, every = audit_of(connection, links=3), audit_of(connection, links=5)

    assert last.state is State.OK
    assert last.text == "The last 3 of 5 events are intact; support-role audit verify looks at all."
    assert every.state is State.WRONG


def test_a_database_that_somebody_holds_cannot_be_written_to(
    sqlite_file: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.05)
    with closing(sqlite3.connect(sqlite_file, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")

        found = examine(f"sqlite:///{sqlite_file}")["store.writable"]

    assert found.state is State.WRONG
    assert "database is locked" in found.text


@pytest.mark.postgres
def test_a_chain_that_another_writer_holds_is_not_waited_for(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.05)
    engine = postgres.emptied_database()
    with engine.begin() as holder:
        audit.lock_chain(holder)

        found = examine(url_of(engine))["store.writable"]
    engine.dispose()

    assert found.state is State.WRONG
    assert "lock timeout" in found.text


def test_sqlite_without_wal_is_warned_of_and_left_as_it_is(sqlite_file: Path):
    with closing(sqlite3.connect(sqlite_file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")

    found = examine(f"sqlite:///{sqlite_file}")["store.wal"]

    assert found.state is State.WARNING
    with closing(sqlite3.connect(sqlite_file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


@pytest.mark.parametrize(
    ("free", "state"),
    [(50 * 1024**2, State.WRONG), (500 * 1024**2, State.WARNING), (5 * 1024**3, State.OK)],
)
def test_a_disk_that_is_nearly_full(free: int, state: State):
    assert module._room(free).state is state


@pytest.mark.postgres
def test_a_clock_that_is_off_is_told(postgres: Postgres):
    engine = postgres.emptied_database()
    url = url_of(engine)
    engine.dispose()

    right = examine(url, datetime.now(UTC))["store.clock"]
    off = examine(url, datetime.now(UTC) + timedelta(hours=1))["store.clock"]

    assert right.state is State.OK
    assert off.state is State.WRONG
    assert "ahead of the database's" in off.text


@pytest.mark.parametrize(
    ("beats", "should_run", "state", "words"),
    [
        ([], False, State.WARNING, "has not run on this database yet"),
        ([], True, State.WRONG, "No worker is alive"),
        ([("a", timedelta(hours=1), "")], False, State.WRONG, "heard of last at 2026-01-31 08:00:00 UTC"),
        ([("a", timedelta(), "")], True, State.OK, "1 worker is alive"),
        ([("a", timedelta(), ""), ("b", timedelta(), "")], True, State.OK, "2 workers are alive"),
        ([("a", timedelta(), "STS: ExpiredToken.")], True, State.WRONG, "STS: ExpiredToken."),
    ],
)
def test_whether_a_worker_is_alive(
    sqlite_file: Path,
    beats: list[tuple[str, timedelta, str]],
    should_run: bool,  # noqa: FBT001 - a table
    state: State,
    words: str,
):
    with writing(sqlite_file) as engine, engine.begin() as connection:
        for worker, ago, problem in beats:
            operations.beat(connection, worker, problem=problem, now=NOW - ago)

    found = examine(f"sqlite:///{sqlite_file}", should_run=should_run)["store.worker"]

    assert found.state is state
    assert words in found.text


def test_a_bot_that_was_stopped_in_good_order_is_no_fault(sqlite_file: Path):
    with writing(sqlite_file) as engine, engine.begin() as connection:
        operations.beat(connection, "worker-1", problem="", now=NOW)
        operations.silence(connection, "worker-1")

    found = examine(f"sqlite:///{sqlite_file}")["store.worker"]

    assert (found.state, found.text) == (State.WARNING, "The bot is stopped.")


@pytest.mark.parametrize(
    ("ago", "state"),
    [
        (timedelta(seconds=10), State.OK),
        (timedelta(minutes=5), State.WARNING),
        (timedelta(minutes=30), State.WRONG),
    ],
)
def test_audit_messages_that_do_not_reach_slack(engine: Engine, ago: timedelta, state: State):
    record(engine, 2, channel="C0AUDIT", at=NOW - ago)
    with engine.begin() as connection:
        audit.mark_unposted(connection, 1, "Slack answered is_archived.", retry_at=NOW)

    found = examine(url_of(engine))["store.outbox"]

    assert found.state is state
    assert found.text.startswith("2 audit messages wait for Slack")
    assert "is_archived" in found.text


def test_a_scan_that_does_not_end_is_told(engine: Engine):
    with engine.begin() as connection:
        scans.start_scan(connection, "s1", scope="", reason="status", now=NOW - timedelta(minutes=16))

    found = examine(url_of(engine))["store.scans"]

    assert (found.state, found.text) == (State.WARNING, "1 scan runs for over 15 minutes.")
    assert STUCK_SCAN == STALE_AFTER


def test_a_pause_is_told_with_its_reason(engine: Engine):
    with engine.begin() as connection:
        operations.set_paused(connection, paused=True, by="U0PRIYANAT", now=NOW, reason="an audit")

    found = examine(url_of(engine))["store.pause"]

    assert found.state is State.WARNING
    assert "by U0PRIYANAT since 2026-01-31 09:00 UTC. Why: an audit" in found.text
