"""Undoing a fix: the role that it left, held against the role that is there now. Only an equal one goes."""

from dataclasses import dataclass

from bot.domain.canonical import Json, canonical_json, sha256
from bot.domain.facts import Unreadable
from bot.domain.plan import Plan

Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Removal:
    """What an undo takes away: one role, exactly as a fix left it."""

    fix_id: str
    plan: Plan
    role_id: str
    """IAM's own id: a role that was deleted and made anew has another one."""
    tags: Tags

    @property
    def role_arn(self) -> str:
        return self.plan.role_arn

    @property
    def hash(self) -> str:
        """SHA-256 over everything that is compared before the write: what an approver approves."""
        plan = self.plan
        body: dict[str, Json] = {
            "kind": "undo",
            "fix": self.fix_id,
            "role_arn": plan.role_arn,
            "role_id": self.role_id,
            "trust": plan.trust,
            "policy_arn": plan.policy_arn,
            "permissions_boundary": plan.permissions_boundary,
            "max_session_seconds": plan.max_session_seconds,
            "tags": [list(tag) for tag in sorted(self.tags)],
        }
        return sha256(canonical_json(body))

    @property
    def short_hash(self) -> str:
        return self.hash[:12]


@dataclass(frozen=True, slots=True)
class PresentRole:
    """A role with everything that is on it, as IAM shows it now."""

    arn: str
    role_id: str
    trust: str
    """The trust policy as JSON text, URL-decoded."""
    tags: Tags
    permissions_boundary: str
    max_session_seconds: int
    policies: tuple[str, ...]
    """Attached managed policies, by whole ARN."""
    inline_policies: tuple[str, ...] = ()
    """Names."""


@dataclass(frozen=True, slots=True)
class Remains:
    """What is there of a fix. With `unreadable`, nothing beside it may be trusted."""

    role: PresentRole | None = None
    """None: there is no role of that name."""
    unreadable: Unreadable | None = None
    begun: bool = False
    """An approved undo of this fix has written already: what is missing is its work, not a stranger's."""


def differences(removal: Removal, remains: Remains) -> tuple[str, ...]:
    """Everything in which the role is not as the fix left it, each the rest of a sentence; empty if nothing.

    After an undo has begun, a detached policy or a deleted role is no difference: the rest may go too.
    """
    role = remains.role
    if role is None:
        return () if remains.begun else ("it is not there any more",)
    return (
        *_identity(removal, role),
        *_settings(removal.plan, role),
        *_tags(dict(removal.tags), dict(role.tags)),
        *_policies(removal.plan.policy_arn, role, begun=remains.begun),
    )


def describe(removal: Removal, found: tuple[str, ...]) -> str:
    """All differences in words, one a line."""
    lines = "".join(f"\n\N{BULLET} {each}" for each in found)
    return f"{removal.role_arn} is not as the fix left it, so nothing was touched:{lines}"


def _identity(removal: Removal, role: PresentRole) -> list[str]:
    wrong = []
    if role.arn != removal.role_arn:
        wrong.append(f"its ARN is {role.arn}")
    if role.role_id != removal.role_id:
        wrong.append(f"it was made anew: its id is {role.role_id}, not {removal.role_id}")
    return wrong


def _settings(plan: Plan, role: PresentRole) -> list[str]:
    wrong = []
    if not plan.trusts_the_same(role.trust):
        wrong.append("its trust policy was changed")
    if role.permissions_boundary != plan.permissions_boundary:
        wrong.append(f"its permissions boundary is {role.permissions_boundary or 'gone'}")
    if role.max_session_seconds != plan.max_session_seconds:
        wrong.append(f"its sessions last up to {role.max_session_seconds} s, not {plan.max_session_seconds}")
    return wrong


def _tags(left: dict[str, str], now: dict[str, str]) -> list[str]:
    gone = [f"its tag {key} was removed" for key in left if key not in now]
    changed = [f"its tag {key} was changed" for key in left if key in now and now[key] != left[key]]
    added = [f"it has a new tag {key}" for key in sorted(now) if key not in left]
    return gone + changed + added


def _policies(policy_arn: str, role: PresentRole, *, begun: bool) -> list[str]:
    gone = [] if policy_arn in role.policies or begun else [f"{policy_arn} is not attached any more"]
    others = [f"{arn} is attached as well" for arn in sorted(set(role.policies) - {policy_arn})]
    return gone + others + [f"it has the inline policy {name}" for name in sorted(role.inline_policies)]
