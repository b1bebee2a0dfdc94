"""Whether everything is there that the bot needs."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.flows.subscribe import read_unheard
from bot.store import operations
from bot.wiring.clock import utc_now

WORKER_SILENT = timedelta(seconds=15)
"""A worker beats every other second."""

UNASKED = "not known without a worker"


@dataclass(frozen=True, slots=True)
class Readiness:
    """Each thing that must be right, and what is wrong with it; empty when nothing is."""

    problems: tuple[tuple[str, str], ...]
    warnings: tuple[tuple[str, str], ...] = ()
    """What is worth a look and keeps nobody from being served."""

    @property
    def is_ready(self) -> bool:
        return all(not problem for _, problem in self.problems)

    def as_json(self) -> dict[str, object]:
        checks = {name: problem or "ok" for name, problem in (*self.problems, *self.warnings)}
        return {"ready": self.is_ready, "checks": checks}


def read_readiness(engine: Engine, *, slack: str, digest_channel: str = "") -> Readiness:
    """What the database says of workers, AWS and digests; `slack` is what is wrong with the way to Slack.

    `digest_channel` is the one that settings name.
    """
    try:
        with engine.connect() as connection:
            workers = operations.read_alive(connection, since=utc_now() - WORKER_SILENT)
            digest = read_unheard(connection, digest_channel)
    except SQLAlchemyError as fault:
        return Readiness((("slack", slack), ("database", type(fault).__name__)))
    problem = workers[0].problem if workers else UNASKED
    worker = "" if workers else "no worker has been heard of lately"
    found = (("slack", slack), ("database", ""), ("worker", worker), ("aws", problem))
    return Readiness(found, warnings=(("digest", digest),))
