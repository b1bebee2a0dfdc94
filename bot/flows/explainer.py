"""The worker's half of an explanation: a deeper look into one account, told to whoever asked.

Nothing of it is kept but the scan's own finding, so that the status and a fix go by what was just read.
"""

import logging

from dbos import DBOS

from bot.domain.account import Account
from bot.domain.deep_facts import DeepFacts
from bot.domain.errors import AwsError, MessengerError
from bot.domain.explanation import Explanation, explain
from bot.domain.facts import AccountFacts
from bot.domain.people import Notice
from bot.domain.rule import evaluate
from bot.flows.engine import step
from bot.flows.notices import tell
from bot.flows.parts import Parts
from bot.store import accounts, findings, waivers

log = logging.getLogger(__name__)


class Explainer:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._desk = parts.desk

    def register(self) -> None:
        @DBOS.workflow(name="explain")
        def explain_workflow(account_id: str, user_id: str, channel: str) -> None:
            try:
                DBOS.run_step(step("explain"), self.explain, account_id, user_id, channel)
            except Exception:
                reference = f"explain {account_id}"
                log.exception("explanation stopped on a fault", extra={"reference": reference})
                DBOS.run_step(step("stop"), self.tell_fault, reference, user_id, channel)

    def explain(self, account_id: str, user_id: str, channel: str) -> None:
        """Look into the account and tell; a refusal of AWS or Slack is told or logged, never raised."""
        with self._desk.engine.connect() as connection:
            account = accounts.read_account(connection, account_id)
            everybody = accounts.read_accounts(connection)
        if account is None:
            text = f"{account_id} is no longer in scope."
            tell(self._parts, user_id, channel, Notice(_NOT_EXPLAINED, text, "See /support-role status."))
            return
        try:
            facts, deep = self._look(account, everybody)
        except AwsError as fault:
            tell(self._parts, user_id, channel, Notice(f"{account.label} was not read", str(fault)))
            return
        self._show(user_id, channel, explain(facts, deep, frozenset(each.id for each in everybody)))

    def _look(self, account: Account, everybody: tuple[Account, ...]) -> tuple[AccountFacts, DeepFacts]:
        """Read the account anew, keep the scan's finding, and look deeper. Raises AwsError."""
        aws = self._parts.aws
        (facts,) = aws.read_accounts([aws.reach(account)])
        finding = evaluate(facts, in_scope=frozenset(each.id for each in everybody))
        with self._desk.engine.begin() as connection:
            findings.save_findings(connection, [finding], scan_id=f"explain:{facts.read_at.isoformat()}")
        return facts, aws.read_deep(facts, [aws.reach(each) for each in everybody])

    def _show(self, user_id: str, channel: str, explanation: Explanation) -> None:
        account, now = explanation.finding.account, self._desk.clock()
        with self._desk.engine.connect() as connection:
            waiver = waivers.read_in_force_for(connection, account.id, now=now)
        try:
            self._parts.messenger.show_explanation(
                user_id, channel, explanation, self._desk.policy.mode, waiver
            )
        except MessengerError as fault:
            log.warning("explanation not told", extra={"user": user_id, "problem": str(fault)})
            # It is of this moment, and not kept; that there was none is, for whoever waits for it.
            text = f"Slack did not take the explanation of {account.label}."
            again = f"Ask again: /support-role explain {account.id}"
            tell(self._parts, user_id, channel, Notice(_NOT_EXPLAINED, text, again))

    def tell_fault(self, reference: str, user_id: str, channel: str) -> None:
        text = f"A fault of this bot. The log has it under {reference}."
        tell(self._parts, user_id, channel, Notice(_NOT_EXPLAINED, text, "Ask again."))


_NOT_EXPLAINED = "The account was not explained"
