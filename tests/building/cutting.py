"""A process that ends at a moment that a test chooses: at a call to AWS, a commit, or a step's end."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import get_ident
from typing import Any

import pytest
from adapters.aws import CloudRole, FakeCloud, FakeWriter
from sqlalchemy import Engine, event

from bot.aws.support_role import Deleted, NotOurs, WhyNot, Withheld
from bot.aws.written import nothing_against
from bot.domain.account import Account
from bot.domain.errors import AwsError
from bot.domain.guards import Refused
from bot.domain.plan import Plan
from bot.domain.request import RequestId
from bot.flows.parts import Aws
from bot.flows.ports import Clock
from building.values import an_account

BEFORE_COMMIT = "before a commit"
READING = frozenset({"SELECT", "BEGIN", "PRAGMA", "SET"})


class Killed(BaseException):
    """Stands for a process that ends here: nothing catches it on the way."""


def die(words: str) -> None:
    raise Killed(words)


@dataclass(slots=True)
class Cut:
    """Ends the process at the moment of that number, once; and knows the moments that were passed.

    Or lets something else happen there; what writes itself cannot do so while a transaction is open.

    Where `state` is what would outlive the process, moments between which it is the same are one: whoever
    comes next finds the same.
    """

    number: int = 0
    happens: Callable[[str], None] = die
    in_transactions: bool = True
    state: Callable[[], object] = object
    """Compared with that of the moment before; unless it is given, no two are the same."""
    is_armed: bool = False
    moments: list[str] = field(default_factory=list)
    has_happened: bool = False
    thread: int = 0
    """Whose moments count: not those of what shows the progress, which come when they come."""
    _passed: int = 0
    _before: object = None

    def arm(self, number: int) -> None:
        """Begin to count; nothing ends at number 0."""
        self.number, self.is_armed, self.moments, self.has_happened = number, True, [], False
        self._passed, self._before = 0, None
        self.thread = get_ident()

    def disarm(self) -> None:
        self.is_armed = False

    def moment(self, words: str) -> None:
        is_passed_over = words == BEFORE_COMMIT and not self.in_transactions
        if not self.is_armed or self.has_happened or is_passed_over or self.thread != get_ident():
            return
        self.moments.append(words)
        state = self.state()
        if state == self._before:
            return
        self._passed, self._before = self._passed + 1, state
        if self._passed == self.number:
            self.has_happened = True
            self.happens(words)


class CutCloud(FakeCloud):
    """AWS in which every call is a moment.

    As in IAM, names that differ in case alone are the same, and a role is detached and deleted in two calls,
    if nothing else is attached to it.
    """

    def __init__(self, cut: Cut) -> None:
        super().__init__(an_account())
        self.cut = cut

    def find(self, account_id: str, name: str) -> CloudRole | None:
        roles = self.roles.get(account_id, [])
        return next((role for role in roles if role.name.casefold() == name.casefold()), None)

    def call(self, verb: str) -> None:
        self.cut.moment(f"before {verb}")
        super().call(verb)

    def on_its_way(self, verb: str) -> None:
        self.cut.moment(f"{verb} is on its way")

    def changed(self, verb: str, account_id: str) -> tuple[str, ...]:
        ids = super().changed(verb, account_id)
        self.cut.moment(f"after {verb}")
        return ids

    def aws(self, clock: Clock) -> Aws:
        def open_writer(account: Account, plan: Plan, request_id: str, approver: str) -> TwoCalls:
            return TwoCalls(self, account, plan, RequestId(request_id), approver)

        return replace(
            super().aws(clock),
            open_writer=open_writer,
            open_undo=lambda account, removal, _, approver: open_writer(
                account, removal.plan, removal.fix_id, approver
            ),
        )


class TwoCalls(FakeWriter):
    def delete_created_role(
        self,
        role_id: str,
        tags: tuple[tuple[str, str], ...] | None = None,
        why_not: WhyNot = nothing_against,
    ) -> Deleted | NotOurs | Withheld:
        observed = self._look()
        if observed is None or self._stranger(observed) or observed.role_id != role_id:
            return super().delete_created_role(role_id, tags, why_not)
        if set(observed.policies) - {self._plan.policy_arn}:
            return NotOurs(f"{observed.arn} has other policies by now")
        ids: tuple[str, ...] = ()
        if observed.policies:
            self._cloud.call("DetachRolePolicy")
            refused = self._ask("DetachRolePolicy", why_not)
            if refused is not None:
                return Withheld(refused)
            ids = self._detach()
        answer = super().delete_created_role(role_id, tags, why_not)
        if isinstance(answer, Withheld):
            return replace(answer, has_detached=bool(observed.policies), request_ids=ids)
        return replace(answer, request_ids=ids + answer.request_ids)

    def _ask(self, verb: str, why_not: WhyNot) -> Refused | None:
        refused = super()._ask(verb, why_not)
        role = self._cloud.find(self._plan.account_id, self._plan.role_name)
        if refused is None and verb == "DeleteRole" and role is not None and role.policies:
            raise AwsError("DeleteRole: DeleteConflict", "DeleteConflict")
        return refused

    def _detach(self) -> tuple[str, ...]:
        role = self._cloud.find(self._plan.account_id, self._plan.role_name)
        if role is None or not role.policies:
            return ()
        role.policies.remove(self._plan.policy_arn)
        return self._changed("DetachRolePolicy")


@contextmanager
def cutting_commits(engine: Engine, cut: Cut) -> Iterator[Callable[[], object]]:
    """Make moments of the commits to a database.

    Yields what tells whether the thread whose moments count has written to it, or committed what it wrote.
    """
    commit = engine.dialect.do_commit
    sent: Counter[int] = Counter()
    committed: Counter[int] = Counter()

    def executed(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent[get_ident()] += statement.split(None, 1)[0].upper() not in READING

    def watched(connection: Any) -> None:
        cut.moment(BEFORE_COMMIT)
        commit(connection)
        committed[get_ident()] = sent[get_ident()]
        cut.moment("after a commit")

    event.listen(engine, "after_cursor_execute", executed)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(engine.dialect, "do_commit", watched)
            yield lambda: (sent[cut.thread], committed[cut.thread])
    finally:
        event.remove(engine, "after_cursor_execute", executed)
