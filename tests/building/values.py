"""Domain values as they are when all is well."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.account import Access, Account, AccountId
from bot.domain.audit import AuditEvent
from bot.domain.facts import AccountFacts, RoleFacts
from bot.domain.finding import Finding, Verdict
from bot.domain.guards import Policy
from bot.domain.people import PersonFacts
from bot.domain.plan import Existence, Plan, PrincipalFact, RoleSettings, TargetFacts, build_plan
from bot.domain.request import (
    Approval,
    MessageRef,
    Mode,
    Person,
    RemediationRequest,
    RequestId,
    RequestState,
)
from bot.domain.status import KnownFinding

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
TEAM = "T0TEAM"
ASKER = Person(TEAM, "U0ASKER")
APPROVER = Person(TEAM, "U0APPROVER")
APPROVALS = "C0APPROVALS"
AUDIT = "C0AUDIT"
PAYMENTS = AccountId("111122223333")
EXTERNAL_ID = "external-id-that-must-stay-out"


def an_account(account_id: str = PAYMENTS, **changes: Any) -> Account:
    account = Account(
        id=AccountId(account_id),
        name="payments",
        access=Access("Scanner", "Remediator", EXTERNAL_ID),
        trusted_principals=(f"arn:aws:iam::{account_id}:role/Responder",),
    )
    return replace(account, **changes)


def a_trust(account: Account) -> str:
    """A trust policy that makes a role sound."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": account.trusted_principals[0]},
                "Action": "sts:AssumeRole",
            },
        },
    )


def a_role(account: Account, name: str = "support", trust: str | None = None) -> RoleFacts:
    """A role that carries the policy."""
    arn = f"arn:{account.partition}:iam::{account.id}:role/{name}"
    return RoleFacts(name, arn, trust if trust is not None else a_trust(account))


def facts_of(account: Account, *roles: RoleFacts, **changes: Any) -> AccountFacts:
    return replace(AccountFacts(account, NOW, roles=roles), **changes)


def a_target(account: Account, *roles: RoleFacts, **changes: Any) -> TargetFacts:
    """A target whose principals all exist and whose role name is free."""
    there = tuple(PrincipalFact(arn, Existence.EXISTS) for arn in account.trusted_principals)
    return replace(TargetFacts(facts_of(account, *roles), principals=there), **changes)


def a_plan(account: Account | None = None, role: RoleSettings | None = None, **changes: Any) -> Plan:
    account = account or an_account()
    return replace(build_plan(account, role or RoleSettings(), facts_of(account)), **changes)


def a_request(state: RequestState = RequestState.PENDING, **changes: Any) -> RemediationRequest:
    account = an_account()
    request = RemediationRequest(
        id=RequestId("fix-1"),
        account_id=account.id,
        account_name=account.name,
        requester=ASKER,
        reason="the audit asks for it",
        mode=Mode.APPLY,
        state=state,
        created_at=NOW,
        expires_at=NOW + timedelta(hours=1),
        plan=a_plan(account),
        origin=MessageRef("C0ORIGIN", ""),
    )
    return replace(request, **changes)


def an_approval(person: Person = APPROVER, **changes: Any) -> Approval:
    return replace(Approval(person, APPROVALS, a_plan().hash, NOW), **changes)


def a_policy(**changes: Any) -> Policy:
    policy = Policy(
        mode=Mode.APPLY,
        team_ids=frozenset({TEAM}),
        approval_channel=APPROVALS,
        approvers=frozenset({APPROVER.user_id}),
        approver_groups=frozenset(),
        max_changes_per_hour=5,
        max_accounts_per_request=10,
        protected_accounts=frozenset(),
    )
    return replace(policy, **changes)


def a_member(person: Person = APPROVER, **changes: Any) -> PersonFacts:
    return replace(PersonFacts(person.user_id, person.team_id, person.enterprise_id), **changes)


def a_finding(verdict: Verdict = Verdict.FAIL, account: Account | None = None, **changes: Any) -> Finding:
    met = {Verdict.PASS: True, Verdict.WEAK: True, Verdict.FAIL: False}.get(verdict)
    return replace(Finding(account or an_account(), verdict, met, NOW), **changes)


def a_known(verdict: Verdict = Verdict.FAIL, account_id: str = PAYMENTS, **changes: Any) -> KnownFinding:
    finding = a_finding(verdict, an_account(account_id, name=f"account {account_id[:4]}"))
    return replace(KnownFinding(finding, first_seen=NOW, changed_at=NOW), **changes)


def an_event(kind: str = "fix.requested", **changes: Any) -> AuditEvent:
    event = AuditEvent(kind=kind, at=NOW, actor=f"{TEAM}/{ASKER.user_id}", outcome="It was asked for.")
    return replace(event, **changes)
