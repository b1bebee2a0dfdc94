"""What is kept and for how long: once an hour one worker takes away what settings let go, in small batches.

Ids of the engine's workflows are free again once their rows are gone. That starts nothing twice: whether
something may run is asked of the tables, whose rows are kept (requests, waivers) or refuse by being gone (a
scan that is not there, a digest of a day long past).
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from dbos import DBOS
from sqlalchemy import Connection

from bot.flows.desk import Desk
from bot.flows.parts import Parts
from bot.store import chores, retention

log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
CHORE = "retention"
BATCH = 200
"""Rows that go in one transaction: whoever waits for its locks waits for some milliseconds."""
SCANS_AT_ONCE = 20
"""A scan of 10,000 accounts has a hundred batches, which go with it."""
REST_SECONDS = 0.05
"""Between two batches: SQLite lets one write at a time, and has no queue for the others."""
DELIVERIES = timedelta(hours=1)
"""Slack sends the same again for some five minutes."""
FORMS = timedelta(days=1)
ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
"""The engine's words for a workflow that will not go on by itself."""

Prune = Callable[[Connection], int]


class Retention:
    def __init__(self, parts: Parts, *, rest: Callable[[], None] = lambda: time.sleep(REST_SECONDS)) -> None:
        self._desk: Desk = parts.desk
        self._rest = rest

    def tidy_if_due(self) -> None:
        """Tidy up unless a worker has done so in the last hour."""
        with self._desk.engine.begin() as connection:
            if not chores.take_chore(connection, CHORE, every=EVERY, now=self._desk.clock()):
                return
        self.tidy()

    def tidy(self) -> dict[str, int]:
        """Take away all that is due; how many rows of each kind went."""
        now, keep = self._desk.clock(), self._desk.keep
        prunes: dict[str, Prune] = {
            "scans": lambda c: retention.prune_scans(c, before=now - keep.scans, limit=SCANS_AT_ONCE),
            "history": lambda c: retention.prune_history(c, before=now - keep.history, limit=BATCH),
            "digests": lambda c: retention.prune_digests(
                c, before=(now - keep.digests).date(), limit=SCANS_AT_ONCE
            ),
            "deliveries": lambda c: retention.prune_deliveries(c, before=now - DELIVERIES, limit=BATCH),
            "forms": lambda c: retention.prune_forms(c, before=now - FORMS, limit=BATCH),
            "command counts": lambda c: retention.prune_counts(c, before=now - DELIVERIES, limit=BATCH),
        }
        gone = {name: self._repeat(partial(self._in_transaction, prune)) for name, prune in prunes.items()}
        gone["workflows"] = self._repeat(lambda: _delete_workflows(self._desk.pulse() - keep.workflows))
        if any(gone.values()):
            log.info("tidied up", extra={"gone": {name: count for name, count in gone.items() if count}})
        return gone

    def _in_transaction(self, prune: Prune) -> int:
        with self._desk.engine.begin() as connection:
            return prune(connection)

    def _repeat(self, step: Callable[[], int]) -> int:
        """Until nothing is left; how many it were in all."""
        total = 0
        while count := step():
            total += count
            self._rest()
        return total


def _delete_workflows(before: datetime) -> int:
    """Take away a batch of the engine's rows of workflows that ended before then, with all their steps."""
    found = DBOS.list_workflows(
        status=ENDED, completed_before=before.isoformat(), limit=BATCH, load_input=False, load_output=False
    )
    DBOS.delete_workflows([each.workflow_id for each in found])
    return len(found)
