"""The guards of a fix: small rules that each allow or refuse, run at the click and again before the write.

A guard sees only its context. Whatever it needs and does not find there refuses: a look-up that failed, a
fact that could not be read, a list that is empty. Adding a guard can only take away.
"""

from bot.domain.guards.account import (
    AccountInScope,
    NothingDiffers,
    PlanUnchanged,
    PrincipalIsSound,
    RoleNameIsFree,
)
from bot.domain.guards.context import (
    Click,
    Clicked,
    Context,
    Deciding,
    Guard,
    Policy,
    Question,
    ask_again,
)
from bot.domain.guards.decision import (
    ALLOWED,
    Allowed,
    Decision,
    GuardOf,
    Refused,
    first_refusal,
)
from bot.domain.guards.limits import (
    ChangeWindow,
    RemediationEnabled,
    WithinChangeLimit,
)
from bot.domain.guards.occasions import (
    AT_DECISION,
    AT_DENIAL,
    AT_FIX_ASKED,
    AT_REQUEST,
    AT_UNDO,
    AT_UNDO_ASKED,
    AT_UNDO_DENIAL,
    AT_UNDO_REQUEST,
    BY_HAND,
    DECISION,
    DENIAL,
    by_a_second_person,
    by_any_member,
)
from bot.domain.guards.people import (
    ActorIsAMember,
    AdministratorAllowed,
    ApproverAllowed,
    NotTheRequester,
    WorkspaceAndChannel,
    approver_names,
)
from bot.domain.guards.request import (
    NotExpired,
    RequestIsPending,
)

__all__ = [
    "ALLOWED",
    "AT_DECISION",
    "AT_DENIAL",
    "AT_FIX_ASKED",
    "AT_REQUEST",
    "AT_UNDO",
    "AT_UNDO_ASKED",
    "AT_UNDO_DENIAL",
    "AT_UNDO_REQUEST",
    "BY_HAND",
    "DECISION",
    "DENIAL",
    "AccountInScope",
    "ActorIsAMember",
    "AdministratorAllowed",
    "Allowed",
    "ApproverAllowed",
    "ChangeWindow",
    "Click",
    "Clicked",
    "Context",
    "Deciding",
    "Decision",
    "Guard",
    "GuardOf",
    "NotExpired",
    "NotTheRequester",
    "NothingDiffers",
    "PlanUnchanged",
    "Policy",
    "PrincipalIsSound",
    "Question",
    "Refused",
    "RemediationEnabled",
    "RequestIsPending",
    "RoleNameIsFree",
    "WithinChangeLimit",
    "WorkspaceAndChannel",
    "approver_names",
    "ask_again",
    "by_a_second_person",
    "by_any_member",
    "first_refusal",
]
