"""Everything that writes to AWS: create the support role, attach the policy, read it back, take it away
again.

Every method looks before it acts and changes nothing twice, so a run that was killed anywhere can simply be
run again. A role that this request did not create is never touched: `NotOurs` says why.
"""

import time
from collections.abc import Callable

from bot.aws.faults import CallError, Place
from bot.aws.inspection import SCAN_ACTIONS
from bot.aws.observed_role import ObservedRole, problems_of, why_not_ours
from bot.aws.refused_creation import explained
from bot.aws.session_policies import (
    ASSUME_ACTIONS,
    UNDO_ACTIONS,
    WRITE_ACTIONS,
    build_undo_policy,
    build_write_policy,
    require_session_name,
)
from bot.aws.sessions import AwsConfig, Identity, require_account
from bot.aws.target import TARGET_ACTIONS, read_target
from bot.aws.write_session import WriteSession, request_ids
from bot.aws.written import (
    Attached,
    Created,
    Deleted,
    NotOurs,
    ReadBack,
    WhyNot,
    Withheld,
    WithheldError,
    nothing_against,
)
from bot.domain.account import Account
from bot.domain.errors import AwsError
from bot.domain.facts import UnreadableCode
from bot.domain.plan import Plan

NEW_PRINCIPAL_DELAYS = (2.0, 4.0, 6.0, 8.0, 10.0)
"""Seconds, 30 in all: for so long IAM may not know a principal that was just created."""
NEW_ROLE_DELAYS = (1.0, 2.0, 4.0)
"""Seconds: IAM may not show at once what it was just told."""
LONGEST_DELAY = 8.0


class Writer:
    """One fix, in one account, approved by one person. Not shared, not thread-safe.

    The remediation role is assumed at the first call, not before. Making a Writer raises AwsError when plan,
    request id or approver do not fit AWS; every method raises AwsError for what AWS refuses for good. What
    changes something asks `why_not` first, once more before each call, also when one is tried again.
    """

    def __init__(
        self,
        account: Account,
        plan: Plan,
        request_id: str,
        approver: str,
        config: AwsConfig,
        sleep: Callable[[float], None] = time.sleep,
        session_name: str = "",
    ) -> None:
        """`session_name`: of what is done now, where that is not the request that made the role: an undo."""
        require_account(Identity(plan.account_id, plan.partition), Place(account, "iam", "CreateRole"))
        self._account = account
        self._plan = plan
        self._request_id = require_session_name("request id", request_id)
        self._approver = require_session_name("approver", approver)
        self._session_name = require_session_name("request id", session_name or request_id)
        self._sleep = sleep
        self._writing = self._session(config, build_write_policy(plan))
        self._undoing = self._session(config, build_undo_policy(plan))

    @property
    def may_have_written(self) -> bool:
        """False while no session was ever opened to write with."""
        return self._writing.is_open

    @property
    def may_be_unseen(self) -> bool:
        """Whether CreateRole had no answer: it may have made a role that IAM does not show yet."""
        return "CreateRole" in self._writing.unanswered

    def observe(self) -> ObservedRole | None:
        """The role of exactly the planned name, and what is attached to it; None when there is none."""
        try:
            return self._writing.observe()
        except AwsError as error:
            # A role that does not exist has no path yet: IAM looks for it under `/`, which this session may
            # not read, and denies. CreateRole itself tells whether the name is free.
            if error.code == "AccessDenied" and self._plan.role_path != "/":
                return None
            raise

    def wait_for_role(self) -> ObservedRole | None:
        """The role, given IAM some time to show it."""
        observed = self.observe()
        for delay in NEW_ROLE_DELAYS:
            if observed is not None:
                break
            self._sleep(delay)
            observed = self.observe()
        return observed

    def create_role(self, why_not: WhyNot = nothing_against) -> Created | NotOurs | Withheld:
        observed = self.observe()
        return self._create(why_not) if observed is None else self._recognise(observed)

    def attach_policy(self, why_not: WhyNot = nothing_against) -> Attached | NotOurs | Withheld:
        observed = self.wait_for_role()
        if observed is None:
            raise self._writing.failed(CallError(UnreadableCode.BAD_ANSWER, "NoSuchEntity"), "GetRole")
        stranger = self._stranger(observed)
        if stranger:
            return stranger
        if self._plan.policy_arn in observed.policies:
            return Attached(already=True, request_ids=observed.request_ids)
        return self._attach(why_not)

    def read_back(self, attempts: int = 6) -> ReadBack:
        """Look until IAM shows exactly what was approved, or the attempts are used up."""
        result = self._read_back_once()
        for attempt in range(1, attempts):
            if result.verified:
                break
            self._sleep(min(LONGEST_DELAY, 0.5 * 2.0**attempt))
            result = self._read_back_once()
        return result

    def delete_created_role(
        self,
        role_id: str,
        tags: tuple[tuple[str, str], ...] | None = None,
        why_not: WhyNot = nothing_against,
    ) -> Deleted | NotOurs | Withheld:
        """Detach the policy and delete the role, if it is untouched since this request made it.

        For an attach that failed for good, and for an undo, which says the exact `tags` that the role must
        have. A session of its own is assumed for it.
        """
        observed = self._undoing.observe()
        if observed is None:
            return Deleted(already=True)
        stranger = self._stranger(observed) or self._touched(observed, role_id, tags)
        return stranger or self._delete(observed, why_not)

    def _session(self, config: AwsConfig, policy: str) -> WriteSession:
        return WriteSession(
            self._account,
            self._plan.role_name,
            config,
            session_name=self._session_name,
            source_identity=self._approver,
            policy=policy,
        )

    def _create(self, why_not: WhyNot) -> Created | NotOurs | Withheld:
        delays = iter(NEW_PRINCIPAL_DELAYS)
        while True:
            try:
                answer = self._writing.call("CreateRole", why_not, **self._role_parameters())
            except WithheldError as stop:
                return Withheld(stop.refused)
            except AwsError as error:
                if error.code == "EntityAlreadyExists":
                    return self._namesake(error)
                delay = next(delays, None) if error.code == "MalformedPolicyDocument" else None
                if delay is None:
                    raise explained(error, self._plan, self._account) from error.__cause__
                self._sleep(delay)
            else:
                role = answer["Role"]
                return Created(role["Arn"], role["RoleId"], already=False, request_ids=request_ids(answer))

    def _role_parameters(self) -> dict[str, object]:
        plan = self._plan
        boundary = {"PermissionsBoundary": plan.permissions_boundary} if plan.permissions_boundary else {}
        return {
            "Path": plan.role_path,
            "AssumeRolePolicyDocument": plan.trust,
            "MaxSessionDuration": plan.max_session_seconds,
            "Tags": [
                {"Key": key, "Value": value} for key, value in plan.tags(self._request_id, self._approver)
            ],
            **boundary,
        }

    def _recognise(self, observed: ObservedRole) -> Created | NotOurs:
        stranger = self._stranger(observed)
        ids = observed.request_ids
        return stranger or Created(observed.arn, observed.role_id, already=True, request_ids=ids)

    def _stranger(self, observed: ObservedRole) -> NotOurs | None:
        reason = why_not_ours(observed, self._plan, self._request_id)
        return NotOurs(reason, observed.request_ids) if reason else None

    def _namesake(self, error: AwsError) -> Created | NotOurs:
        """What CreateRole ran into: our own role, made by a call whose answer was lost, or a stranger's."""
        observed = self.wait_for_role()
        if observed is not None:
            return self._recognise(observed)
        return NotOurs(
            f"A role named like {self._plan.role_name} exists in {self._account.label}, in other upper and "
            "lower case or under another path",
            (error.request_id,) if error.request_id else (),
        )

    def _attach(self, why_not: WhyNot) -> Attached | Withheld:
        delays = iter(NEW_ROLE_DELAYS)
        while True:
            try:
                answer = self._writing.call("AttachRolePolicy", why_not, PolicyArn=self._plan.policy_arn)
            except WithheldError as stop:
                return Withheld(stop.refused)
            except AwsError as error:
                delay = next(delays, None)
                if error.code != "NoSuchEntity" or delay is None:
                    raise
                self._sleep(delay)
            else:
                return Attached(already=False, request_ids=request_ids(answer))

    def _read_back_once(self) -> ReadBack:
        observed = self.observe()
        if observed is None:
            return ReadBack(visible=False, problems=("the role is not visible",))
        problems = problems_of(observed, self._plan, self._request_id, self._approver)
        return ReadBack(self._plan.policy_arn in observed.policies, problems, observed.request_ids)

    def _touched(
        self, observed: ObservedRole, role_id: str, tags: tuple[tuple[str, str], ...] | None
    ) -> NotOurs | None:
        """Why a role of ours is no longer as we left it."""
        arn, seen = observed.arn, observed.request_ids
        if tags is not None and sorted(tags) != sorted(observed.tags):
            return NotOurs(f"{arn} has other tags than it was left with", seen)
        if observed.role_id != role_id:
            return NotOurs(f"{arn} was made anew: its id is {observed.role_id}, not {role_id}", seen)
        others = sorted(set(observed.policies) - {self._plan.policy_arn})
        others += self._undoing.inline_policies()
        return NotOurs(f"{arn} has other policies by now: {', '.join(others)}", seen) if others else None

    def _delete(self, observed: ObservedRole, why_not: WhyNot) -> Deleted | Withheld:
        ids, has_detached = observed.request_ids, False
        try:
            if self._plan.policy_arn in observed.policies:
                detached = self._gone_after("DetachRolePolicy", why_not, PolicyArn=self._plan.policy_arn)
                ids, has_detached = ids + (detached or ()), True
            deleted = self._gone_after("DeleteRole", why_not)
        except WithheldError as stop:
            return Withheld(stop.refused, has_detached, ids)
        return Deleted(already=deleted is None, request_ids=ids + (deleted or ()))

    def _gone_after(self, operation: str, why_not: WhyNot, **parameters: object) -> tuple[str, ...] | None:
        """The ids of the call; None when what it takes away was gone already."""
        try:
            return request_ids(self._undoing.call(operation, why_not, **parameters))
        except AwsError as error:
            if error.code != "NoSuchEntity":
                raise
            return None


__all__ = [
    "ASSUME_ACTIONS",
    "SCAN_ACTIONS",
    "TARGET_ACTIONS",
    "UNDO_ACTIONS",
    "WRITE_ACTIONS",
    "Attached",
    "Created",
    "Deleted",
    "NotOurs",
    "ObservedRole",
    "ReadBack",
    "WhyNot",
    "Withheld",
    "Writer",
    "read_target",
]
