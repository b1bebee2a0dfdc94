"""The durable engine: how it is set up, and the one place that touches its private parts."""

import logging
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions, StepOptions
from sqlalchemy import Connection, Engine

from bot.store.engine import is_outage

APP = "support-role-bot"
VERSION = "1"
"""Constant: the default hashes the source, and work enqueued before an upgrade would wait for ever."""

SCANS = "scans"
FIXES = "fixes"
PLANS = "plans"
"""The plans of bulk requests: a hundred accounts that are read must not keep one fix waiting."""
LOOKS = "looks"
"""Explanations: somebody waits for each, and neither a scan nor a fix should be waited for."""
POLL_SECONDS = 0.1
"""At the engine's default of one second, 10,000 accounts took 26 s instead of 12."""
UNHURRIED = frozenset({PLANS, LOOKS})
UNHURRIED_POLL_SECONDS = 0.5
"""Each poll is a query: four queues polled at 0.1 s took a fourteenth of a worker's time in a scan."""


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Put a workflow on a queue inside the caller's own transaction: with its rows, or not at all."""

    client: DBOSClient

    def __call__(
        self,
        connection: Connection,
        workflow: str,
        *args: str | int,
        queue: str,
        key: str,
    ) -> None:
        options: EnqueueOptions = {"workflow_name": workflow, "queue_name": queue, "workflow_id": key}
        self.client.enqueue_in_transaction(connection, options, *args)


def build_enqueue(engine: Engine) -> Enqueue:
    return Enqueue(
        DBOSClient(
            system_database_engine=engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APP,
            lazy=True,
        ),
    )


def step(name: str) -> StepOptions:
    """A step that waits out a database that is away for some minutes; any other fault is the workflow's.

    As long as a restart or a fail-over takes: about five minutes, in pauses of half a second to two minutes.
    """
    return {
        "name": name,
        "retries_allowed": True,
        "interval_seconds": 0.5,
        "backoff_rate": 1.5,
        "max_attempts": 15,
        "should_retry": is_outage,
    }


def new_executor_id() -> str:
    """Unique for each process that ever works here: two of one id would both run the same step."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{token_hex(4)}"


def prepare_engine(engine: Engine, executor_id: str) -> None:
    """Make the engine of this process; workflows are registered next, then `launch` starts it."""
    config: DBOSConfig = {
        "name": APP,
        "system_database_url": engine.url.render_as_string(hide_password=False),
        "system_database_engine": engine,
        "executor_id": executor_id,
        "application_version": VERSION,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "enable_otlp": False,
        "use_listen_notify": False,
        "max_executor_threads": 32,
    }
    DBOS(config=config)
    logging.getLogger("dbos").setLevel(logging.WARNING)


def launch(limits: Mapping[str, int]) -> None:
    """Start to take work from the queues; `limits` is how much of each this process does at once."""
    DBOS.listen_queues(list(limits))
    DBOS.launch()
    for name, limit in limits.items():
        DBOS.register_queue(
            name,
            worker_concurrency=limit,
            polling_interval_sec=UNHURRIED_POLL_SECONDS if name in UNHURRIED else POLL_SECONDS,
            on_conflict="always_update",
        )


def stop(*, seconds: int) -> None:
    """Stop taking work and wait for what runs; what does not end in time is taken up by another start."""
    DBOS.destroy(workflow_completion_timeout_sec=seconds, destroy_registry=True)


def take_over(executor_id: str) -> int:
    """Resume here what a dead worker left unfinished; how many workflows that were.

    The engine keeps this call to itself (its own take-over is a paid part). It is tested against kill -9.
    """
    handles: list[Any] = DBOS._recover_pending_workflows([executor_id])  # noqa: SLF001 - see above
    return len(handles)


def has_unfinished(executor_id: str) -> bool:
    """Whether anything of a worker's is still marked as running."""
    return bool(DBOS.list_workflows(status="PENDING", executor_id=executor_id, limit=1))
