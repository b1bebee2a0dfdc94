"""The database under the doctor's eyes. Nothing is created, upgraded or kept: the one write is rolled back.

The connections are its own, each for one look: they have short time limits, and on SQLite they do not do what
an ordinary one does at once (create the file, switch it to WAL).
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, func, inspect, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from bot.domain.audit import GENESIS
from bot.domain.canonical import sha256
from bot.domain.doctor import CHECKS, Diagnosis, Probe, good, judge_clock, skipped, warning, wrong
from bot.store import operations, scans
from bot.store.audit import count_unposted, read_head
from bot.store.schema import HEAD
from bot.store.tables import audit_events, audit_head, executors, outbox

LINKS = 1_000
"""So many of the chain's last events are looked at; `support-role audit verify` takes them all."""
CONNECT_SECONDS = 5
LOCK_SECONDS = 3
STATEMENT_SECONDS = 10
LITTLE_ROOM = 1024**3
NO_ROOM = 100 * 1024**2
ALIVE = timedelta(seconds=15)
STOPPED = datetime.fromtimestamp(0, UTC)
"""When a worker that ended in good order was seen last, as it says itself."""
LATE = timedelta(minutes=1)
STUCK = timedelta(minutes=10)
STUCK_SCAN = timedelta(minutes=15)
CHECKS_OF_STORE = tuple(check for check in CHECKS if check.startswith("store.") and check != "store.reach")

Now = Callable[[], datetime]


def store_probes(url: str, now: Now, *, should_run: bool = False) -> tuple[Probe, ...]:
    """`should_run`: the bot is running, so a worker must be alive; else it may just be stopped."""
    store = _Store(url, now, should_run=should_run)
    return (Probe("store.reach", store.reach, CHECKS_OF_STORE),)


class _Store:
    def __init__(self, url: str, now: Now, *, should_run: bool) -> None:
        self._url = make_url(url)
        self._now = now
        self._should_run = should_run
        self._file = Path(self._url.database or "") if self._url.get_backend_name() == "sqlite" else None
        self._engine = _engine(url)

    def reach(self) -> Iterator[Diagnosis | Probe]:
        if self._file is not None and not self._file.exists():
            yield _no_file(self._file)
            yield from self._disk(self._file)
            return
        try:
            with self._engine.connect() as connection:
                version = _revision(connection)
        except SQLAlchemyError as fault:
            yield wrong("store.reach", f"{self._name} cannot be opened: {_why(fault)}.", _STEP_REACH)
            return
        yield good("store.reach", f"{self._name} answers.")
        yield from self._disk(self._file) if self._file is not None else [_not_sqlite("store.disk")]
        yield self._probe("store.wal", self._wal)
        yield self._probe("store.clock", self._clock)
        yield _schema(version)
        if version == HEAD:
            yield from self._about_rows()

    def _about_rows(self) -> Iterator[Probe]:
        yield self._probe("store.audit", audit_of)
        yield Probe("store.writable", self._writable)
        yield self._probe("store.worker", self._workers)
        yield self._probe("store.pause", _pause)
        yield self._probe("store.outbox", self._outbox)
        yield self._probe("store.scans", self._scans)

    @property
    def _name(self) -> str:
        if self._file is not None:
            return f"The SQLite file {self._file}"
        where = f"{self._url.host or 'local'}{f':{self._url.port}' if self._url.port else ''}"
        return f"PostgreSQL at {where}, database {self._url.database or ''},"

    def _probe(self, check: str, look: Callable[[Connection], Diagnosis]) -> Probe:
        def connected() -> Iterable[Diagnosis]:
            try:
                with self._engine.connect() as connection:
                    return (look(connection),)
            except SQLAlchemyError as fault:
                return (wrong(check, f"The database could not be asked: {_why(fault)}.", _STEP_REACH),)

        return Probe(check, connected)

    def _disk(self, file: Path) -> Iterator[Diagnosis]:
        folder = file.absolute().parent
        if not folder.is_dir():
            yield wrong("store.disk", f"There is no folder {folder}.", "Create it, or correct store.url.")
            return
        yield _room(shutil.disk_usage(folder).free)

    def _wal(self, connection: Connection) -> Diagnosis:
        check = "store.wal"
        if self._file is None:
            return _not_sqlite(check)
        mode = str(connection.execute(text("PRAGMA journal_mode")).scalar())
        if mode == "wal":
            return good(check, "SQLite is in WAL mode: who reads does not wait for who writes.")
        said = f"SQLite's journal mode is {mode}, not WAL: the bot's two processes wait for each other."
        step = "Put the file on a local disk: a network file system does not let SQLite use WAL."
        return warning(check, said, step)

    def _clock(self, connection: Connection) -> Diagnosis:
        if self._file is not None:
            return skipped("store.clock", "SQLite has no clock but this machine's.")
        before = self._now()
        theirs = connection.execute(text("SELECT clock_timestamp() AT TIME ZONE 'UTC'")).scalar_one()
        ours = before + (self._now() - before) / 2
        return judge_clock(
            "store.clock", theirs=theirs.replace(tzinfo=UTC), ours=ours, whose="the database's"
        )

    def _writable(self) -> Iterable[Diagnosis]:
        """Take the chain's lock and let it go: what every decision does first, and no more than that."""
        check = "store.writable"
        try:
            with self._engine.connect() as connection, connection.begin() as transaction:
                connection.execute(update(audit_head).values(seq=audit_head.c.seq))
                transaction.rollback()
        except SQLAlchemyError as fault:
            step = (
                "Let the bot's own user write to the file and its folder, or to the tables; if it is locked, "
            )
            step += "see what else holds it."
            return (wrong(check, f"The database cannot be written to: {_why(fault)}.", step),)
        return (good(check, "The database can be written to (tried, and rolled back)."),)

    def _workers(self, connection: Connection) -> Diagnosis:
        check, now = "store.worker", self._now()
        alive = operations.read_alive(connection, since=now - ALIVE)
        if not alive:
            return self._no_worker(connection.execute(select(func.max(executors.c.seen_at))).scalar())
        problem = next((worker.problem for worker in alive if worker.problem), "")
        if problem:
            return wrong(check, f"A worker cannot reach AWS: {problem}", "See the checks of AWS.")
        count = "1 worker is" if len(alive) == 1 else f"{len(alive):,} workers are"
        return good(check, f"{count} alive.")

    def _no_worker(self, seen_at: datetime | None) -> Diagnosis:
        check, step = "store.worker", "Start the bot: support-role serve. Its log says what ended the worker."
        if self._should_run:
            return wrong(check, "No worker is alive: nothing is read or written in AWS.", step)
        if seen_at is None:
            return warning(
                check, "The bot has not run on this database yet.", "Start it: support-role serve."
            )
        if seen_at == STOPPED:
            return warning(check, "The bot is stopped.", "Start it: support-role serve.")
        text_ = f"No worker is alive; one was heard of last at {seen_at:%Y-%m-%d %H:%M:%S} UTC."
        return wrong(check, text_, step)

    def _outbox(self, connection: Connection) -> Diagnosis:
        check = "store.outbox"
        is_waiting = outbox.c.posted_at.is_(None)
        query = select(outbox.c.problem, audit_events.c.at).join(audit_events).where(is_waiting)
        oldest = connection.execute(query.order_by(outbox.c.seq).limit(1)).first()
        if oldest is None:
            return good(check, "No audit message waits for Slack.")
        since, count = datetime.fromisoformat(oldest.at), count_unposted(connection)
        counted = "1 audit message waits" if count == 1 else f"{count:,} audit messages wait"
        said = f"{counted} for Slack, the oldest since {since:%Y-%m-%d %H:%M} UTC. {oldest.problem}".strip()
        step = "See slack.channel.audit and store.worker; nothing is lost, they are posted in order."
        if self._now() - since > STUCK:
            return wrong(check, said, step)
        return warning(check, said, step) if self._now() - since > LATE else good(check, said)

    def _scans(self, connection: Connection) -> Diagnosis:
        stuck = scans.read_stuck(connection, before=self._now() - STUCK_SCAN)
        if not stuck:
            return good("store.scans", "No scan is stuck.")
        count = "1 scan runs" if len(stuck) == 1 else f"{len(stuck):,} scans run"
        return warning("store.scans", f"{count} for over 15 minutes.", "A worker that is alive ends them.")


def audit_of(connection: Connection, links: int = LINKS) -> Diagnosis:
    """Whether the last events follow one another, none is missing, and the head is the last of them."""
    check = "store.audit"
    length, head = read_head(connection)
    query = select(audit_events).where(audit_events.c.seq <= length).order_by(audit_events.c.seq.desc())
    rows = connection.execute(query.limit(links)).all()
    expected_seq, expected = length, head
    for row in rows:
        is_intact = row.hash == sha256(row.prev_hash + row.body)
        if (row.seq, row.hash) != (expected_seq, expected) or not is_intact:
            break
        expected_seq, expected = row.seq - 1, row.prev_hash
    if expected_seq != length - min(links, length) or (expected_seq == 0 and expected != GENESIS):
        step = "Run support-role audit verify, compare with the heads in the daily digests, and find out who."
        return wrong(check, f"The audit chain is broken at event {expected_seq}.", step)
    if expected_seq == 0:
        return good(check, f"The audit chain is intact: {length:,} events, all of them looked at.")
    rest = "support-role audit verify looks at all"
    return good(check, f"The last {len(rows):,} of {length:,} events are intact; {rest}.")


def _room(free: int) -> Diagnosis:
    check = "store.disk"
    said = f"{free / 1024**3:,.1f} GB are free where the database is."
    step = "Make room there: what cannot be recorded is not done."
    if free < NO_ROOM:
        return wrong(check, f"Only {free / 1024**2:,.0f} MB are free where the database is.", step)
    return warning(check, said, step) if free < LITTLE_ROOM else good(check, said)


def _pause(connection: Connection) -> Diagnosis:
    pause = operations.read_pause(connection)
    if pause is None:
        return good("store.pause", "Fixes are not paused.")
    why = f" Why: {pause.reason}" if pause.reason else ""
    said = f"Fixes are paused by {pause.by} since {pause.since:%Y-%m-%d %H:%M} UTC.{why}"
    return warning("store.pause", said, "An administrator can run /support-role resume.")


def _schema(version: str | None) -> Diagnosis:
    check = "store.schema"
    if version == HEAD:
        return good(check, f"The tables are those of revision {HEAD}.")
    if version is None:
        return warning(check, "There are no tables yet.", "support-role serve makes them when it starts.")
    text_ = f"The tables are of revision {version}, this version needs {HEAD}."
    return wrong(check, text_, "Start this version to upgrade them; after a downgrade, restore a backup.")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        connection.execute(text("SELECT 1"))
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _no_file(file: Path) -> Diagnosis:
    text_ = f"There is no SQLite file {file} yet."
    return warning("store.reach", text_, "support-role serve makes it; if it should be there, see store.url.")


def _not_sqlite(check: str) -> Diagnosis:
    return skipped(check, "Only SQLite needs it.")


def _why(fault: SQLAlchemyError) -> str:
    """The driver's own words, on one line, or its class: never SQL, which holds values."""
    original = getattr(fault, "orig", None)
    words = str(original).strip().splitlines() if original is not None else []
    return words[0].rstrip(".") if words else type(fault).__name__


_STEP_REACH = "Check store.url, that the database runs, and that it lets the bot's own user in."


def _engine(url: str) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS})
        event.listen(engine, "begin", _limit)
        return engine
    path = Path(make_url(url).database or "").absolute()

    def connect() -> sqlite3.Connection:
        # `rw` opens what is there and creates nothing.
        uri = f"file:{quote(str(path))}?mode=rw"
        return sqlite3.connect(uri, uri=True, timeout=LOCK_SECONDS, check_same_thread=False)

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)


def _limit(connection: Connection) -> None:
    # For this transaction alone: behind a pooler the connection is somebody else's next.
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'")
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS * 1000:g}ms'")
