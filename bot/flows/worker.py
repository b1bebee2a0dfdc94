"""A worker: takes work from the queues and does the upkeep, until it is stopped."""

from sqlalchemy import Engine

from bot.flows import engine as durable
from bot.flows.bulk_worker import BulkPreparer
from bot.flows.digester import Digester
from bot.flows.doctor_worker import Doctor
from bot.flows.engine import FIXES, LOOKS, PLANS, SCANS
from bot.flows.explainer import Explainer
from bot.flows.parts import Parts
from bot.flows.prepare import Preparer
from bot.flows.remediate import Remediator
from bot.flows.scanner import Scanner
from bot.flows.undoer import Undoer
from bot.flows.upkeep import Upkeep

AT_ONCE = {SCANS: 4, FIXES: 8, PLANS: 8, LOOKS: 4}
"""Batches overlap, so that the end of one and the engine's poll for the next leave no reader idle; how many
accounts are read at once is the reader's own limit."""


class Worker:
    def __init__(self, parts: Parts, executor_id: str) -> None:
        self._engine: Engine = parts.desk.engine
        self._executor_id = executor_id
        self._close = parts.aws.close
        self._digester = Digester(parts)
        self._registers = (
            Scanner(parts),
            Explainer(parts),
            Doctor(parts),
            Preparer(parts),
            BulkPreparer(parts),
            Remediator(parts),
            Undoer(parts),
            self._digester,
        )
        self._upkeep = Upkeep(parts, self._digester, executor_id)

    def start(self) -> None:
        durable.prepare_engine(self._engine, self._executor_id)
        for part in self._registers:
            part.register()
        durable.launch(AT_ONCE)
        self._upkeep.start()

    def stop(self, *, seconds: int = 20) -> None:
        """Finish what runs if it ends in time; another worker goes on with what does not."""
        durable.stop(seconds=seconds)
        self._upkeep.stop()
        self._close()
