"""Fixes and undos of one account under anything that people, workers and AWS may do, in any order.

A model beside it knows who is in the approver group, what is paused, who approved what and what is planted in
the account. It says of every click whether it may count, and of every write whether it may happen.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from adapters.aws import CloudRole
from building.cutting import Cut, CutCloud, Killed, cutting_commits
from building.emptying import empty, hurry
from building.undoing import NAME, ask_undo
from building.values import APPROVALS, APPROVER, ASKER, AUDIT, PAYMENTS, TEAM, a_member, an_account
from building.world import World, a_decider
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from bot.domain.audit import ChainIntact
from bot.domain.errors import AwsError
from bot.domain.guards import Refused
from bot.domain.request import MOVES, Mode, Person, RemediationRequest, RequestId, RequestKind, RequestState
from bot.flows import ask
from bot.flows import pause as switch
from bot.flows.ask import Decider
from bot.flows.prepare import BOT, Preparer
from bot.flows.remediate import Run
from bot.flows.undoer import Undoer, UndoRun
from bot.store import audit, requests
from bot.store.engine import build_engine

GROUP = "S0CLOUD"
SECOND, PLAIN, GUEST, ADMIN = (Person(TEAM, f"U0{name}") for name in ("SECOND", "PLAIN", "GUEST", "ADMIN"))
PEOPLE = (ASKER, APPROVER, SECOND, PLAIN, GUEST)
POLICY = "arn:aws:iam::aws:policy/AWSSupportAccess"
RESPONDER = an_account().trusted_principals[0]
OPEN = {RequestState.PREPARING, RequestState.PENDING, RequestState.APPROVED, RequestState.APPLYING}
THERE = {RequestState.APPLIED, RequestState.APPLIED_UNVERIFIED}
BEGUN = {RequestState.APPROVED, RequestState.APPLYING}

# --- what a trail may look like ----------------------------------------------------------------------------

LETTERS = {
    "fix.requested": "q",
    "undo.requested": "q",
    "fix.denied": "d",
    "undo.denied": "d",
    "fix.expired": "e",
    "undo.expired": "e",
    "fix.approved": "a",
    "undo.approved": "a",
    "fix.refused": "r",
    "undo.refused": "r",
    "fix.superseded": "s",
    "undo.superseded": "s",
    "fix.already-fixed": "x",
    "change.intended": "i",
    "change.applied": "p",
    "change.verified": "v",
    "change.unverified": "u",
    "change.rehearsed": "h",
    "change.failed": "f",
    "change.undone": "n",
}
STOPPED = "[ersxhf]"
WORDS = {
    RequestKind.FIX: re.compile(rf"q([rxf]|[de]|a({STOPPED}|i({STOPPED}|p({STOPPED}|[vu])?)?)?)?"),
    # An undo of what an earlier one has deleted already has nothing to intend.
    RequestKind.UNDO: re.compile(rf"q([rf]|[de]|a({STOPPED}|[nu]|i({STOPPED}|[nu])?)?)?"),
}
LAST = {
    RequestState.PREPARING: "q",
    RequestState.PENDING: "q",
    RequestState.APPROVED: "a",
    RequestState.APPLYING: "aip",
    RequestState.APPLIED: "v",
    RequestState.APPLIED_UNVERIFIED: "u",
    RequestState.REHEARSED: "h",
    RequestState.FAILED: "f",
    RequestState.DENIED: "d",
    RequestState.EXPIRED: "e",
    RequestState.REFUSED: "r",
    RequestState.SUPERSEDED: "s",
    RequestState.ALREADY_FIXED: "x",
    # A fix ends as it ended when it was applied: that it was undone is in the trail of its undo.
    RequestState.UNDONE: "nvu",
}
"""With which event a request in that state was left last."""

# --- the order of steps, as the workflows have it ----------------------------------------------------------

AFTER: dict[RequestKind, dict[str, tuple[str, str]]] = {
    RequestKind.FIX: {
        "begin": ("create", "show"),
        "create": ("attach", "show"),
        "attach": ("read_back", "show"),
        "read_back": ("refresh_finding", "show"),
        "refresh_finding": ("show", "show"),
        "show": ("", ""),
    },
    RequestKind.UNDO: {
        "begin": ("take_away", "show"),
        "take_away": ("see_it_gone", "refresh_if_written"),
        "see_it_gone": ("refresh_if_written", "refresh_if_written"),
        "refresh_if_written": ("show", "show"),
        "show": ("show_fix", "show_fix"),
        "show_fix": ("", ""),
    },
}
"""What comes after each step: when it answered yes, and when not."""


@dataclass(slots=True)
class Working:
    """A workflow in one process. What it was allowed stands in that process's memory alone."""

    request: RemediationRequest
    run: Run | UndoRun
    step: str = "begin"
    was_allowed: bool = False


@dataclass(slots=True)
class Known:
    """What the model knows of one request."""

    request: RemediationRequest
    mode: Mode
    approved_by: Person | None = None
    facts: tuple[str, ...] | None = None
    """The other roles of the account when the plan was made."""


@dataclass(frozen=True, slots=True)
class Seat:
    """From where somebody clicks, and what Slack says there."""

    channel: str = APPROVALS
    shared: bool | None = False
    is_known: bool = True
    has_group: bool = True

    @property
    def is_right(self) -> bool:
        return self.channel == APPROVALS and self.shared is False and self.is_known


HERE = Seat()
SEATS = (
    *(HERE,) * 6,
    Seat(channel="C0OTHER"),
    Seat(shared=True),
    Seat(shared=None),
    Seat(is_known=False),
    Seat(has_group=False),
)


class WatchedCloud(CutCloud):
    """Says of every write, just after it, what was written."""

    watch: Callable[[str], None] = staticmethod(lambda _: None)

    def changed(self, verb: str, account_id: str) -> tuple[str, ...]:
        self.watch(verb)
        return super().changed(verb, account_id)
