"""The worker's half of the doctor: it looks at everything, AWS too, and tells whoever asked."""

import logging

from dbos import DBOS

from bot import __version__
from bot.domain.doctor import Report
from bot.domain.errors import MessengerError
from bot.domain.people import Notice
from bot.flows.doctor import LONGEST_SECONDS
from bot.flows.engine import step
from bot.flows.parts import Parts
from bot.flows.probing import run_probes

log = logging.getLogger(__name__)


class Doctor:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def register(self) -> None:
        @DBOS.workflow(name="doctor")
        def doctor_workflow(user_id: str, channel: str) -> None:
            try:
                DBOS.run_step(step("look"), self.look, user_id, channel)
            except Exception:
                log.exception("the doctor stopped on a fault", extra={"reference": "doctor"})
                DBOS.run_step(step("stop"), self.tell_fault, user_id, channel)

    def look(self, user_id: str, channel: str) -> None:
        """Look and tell; somebody who cannot be told is logged. Run again after a crash, it tells anew."""
        desk = self._parts.desk
        probes = (*desk.probes(), *self._parts.aws.probes())
        found = run_probes(probes, seconds=LONGEST_SECONDS)
        report = Report(__version__, desk.clock(), found)
        try:
            self._parts.messenger.show_doctor(user_id, channel, report)
        except MessengerError as fault:
            log.warning("the doctor's report was not told", extra={"user": user_id, "problem": str(fault)})

    def tell_fault(self, user_id: str, channel: str) -> None:
        text = "A fault of this bot. The log has it under doctor."
        notice = Notice(
            "The doctor did not get to its end", text, "Run support-role doctor where the bot runs."
        )
        try:
            self._parts.messenger.tell(user_id, channel, notice)
        except MessengerError as fault:
            log.warning("notice refused", extra={"user": user_id, "problem": str(fault)})
