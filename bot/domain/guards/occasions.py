"""Which guards are asked on which occasion, in order: the first that refuses is the one that is named."""

from collections.abc import Mapping

from bot.domain.guards.account import (
    AccountInScope,
    NothingDiffers,
    PlanUnchanged,
    PrincipalIsSound,
    RoleNameIsFree,
)
from bot.domain.guards.context import Deciding, Guard
from bot.domain.guards.decision import GuardOf
from bot.domain.guards.limits import ChangeWindow, RemediationEnabled, WithinChangeLimit
from bot.domain.guards.people import ActorIsAMember, ApproverAllowed, NotTheRequester, WorkspaceAndChannel
from bot.domain.guards.request import NotExpired, RequestIsPending
from bot.domain.request import RequestKind


def by_a_second_person(what: str) -> tuple[GuardOf[Deciding], ...]:
    """Who may approve, whatever it is: another member who is an approver, in the right place and in time.

    A refusal begins with `what`: "Fixes" or whatever else is decided about.
    """
    return (
        WorkspaceAndChannel(what=what),
        ActorIsAMember(),
        # Before `approver_allowed`: whoever asked is told that, even where they could approve nothing at all.
        NotTheRequester(),
        ApproverAllowed(),
        RequestIsPending(),
        NotExpired(),
    )


def by_any_member(what: str) -> tuple[GuardOf[Deciding], ...]:
    """Who may deny: any full member in the channel, whoever asked for it too."""
    return (WorkspaceAndChannel(what=what), ActorIsAMember(), RequestIsPending(), NotExpired())


BY_HAND: tuple[Guard, ...] = (PrincipalIsSound(), RoleNameIsFree())
"""What a plan must hold that somebody else carries out: not whether this bot may."""

AT_FIX_ASKED: tuple[Guard, ...] = (RemediationEnabled(), AccountInScope())
"""Run when somebody asks for a fix, before anything is read."""

AT_REQUEST: tuple[Guard, ...] = (RemediationEnabled(), AccountInScope(), PrincipalIsSound(), RoleNameIsFree())
"""Run when a request is prepared: what could never be approved is not asked of anybody."""

AT_DECISION: tuple[Guard, ...] = (
    RemediationEnabled(),
    *by_a_second_person("Fixes"),
    AccountInScope(),
    ChangeWindow(),
    WithinChangeLimit(),
    PrincipalIsSound(),
    PlanUnchanged(),
    RoleNameIsFree(),
)
"""All of them: at the click on Approve, and again just before the write on facts read anew."""

AT_DENIAL: tuple[Guard, ...] = by_any_member("Fixes")
"""A denial changes nothing in AWS: any member in the channel may stop a request, its requester too."""

AT_UNDO_REQUEST: tuple[Guard, ...] = (RemediationEnabled(what="Undos"), AccountInScope(), NothingDiffers())
"""Run when an undo is prepared, on the role read anew."""

AT_UNDO_ASKED: tuple[Guard, ...] = (RemediationEnabled(what="Undos"), AccountInScope())
"""Run when somebody asks for an undo, before anything is read."""

AT_UNDO: tuple[Guard, ...] = (
    RemediationEnabled(what="Undos"),
    *by_a_second_person("Undos"),
    AccountInScope(),
    ChangeWindow(),
    WithinChangeLimit(),
    NothingDiffers(),
)
"""The decision about an undo: the guards of a fix but those of what it creates, and `nothing_differs`."""

DECISION: Mapping[RequestKind, tuple[Guard, ...]] = {RequestKind.FIX: AT_DECISION, RequestKind.UNDO: AT_UNDO}
"""What is asked at the click on Approve, and again just before the write."""

AT_UNDO_DENIAL: tuple[Guard, ...] = by_any_member("Undos")

DENIAL: Mapping[RequestKind, tuple[Guard, ...]] = {
    RequestKind.FIX: AT_DENIAL,
    RequestKind.UNDO: AT_UNDO_DENIAL,
}
"""What is asked at the click on Deny."""
