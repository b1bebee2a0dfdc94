"""What about the account and the plan: that it may be touched, and what would be written there."""

from dataclasses import dataclass

from bot.domain.account import Account, AccountState
from bot.domain.guards.context import Context, ask_again
from bot.domain.guards.decision import ALLOWED, Decision, Refused
from bot.domain.plan import Existence, ExistingRole, Plan, TargetFacts
from bot.domain.principal import problem_with_principal
from bot.domain.request import RemediationRequest
from bot.domain.undo import describe, differences


@dataclass(frozen=True, slots=True)
class AccountInScope:
    name: str = "account_in_scope"

    def check(self, context: Context) -> Decision:
        account, policy = context.account, context.policy
        is_left_out = policy.leaves_out(context.request.account_id)
        if account is None or account.id != context.request.account_id or is_left_out:
            return Refused(
                self.name,
                f"{context.request.label} is not in scope, or no longer.",
                "See aws.accounts and aws.organization in settings.",
            )
        if account.state is not AccountState.ACTIVE:
            state = account.state.value
            known = "in a state that this bot does not know" if account.is_checked else state
            return Refused(self.name, f"{account.label} is {known}: nothing is changed there.")
        if account.id in policy.protected_accounts or account.is_management:
            return Refused(
                self.name,
                f"{account.label} is protected: this bot changes nothing there.",
                "Use the plan by hand, or see remediation.protected_accounts.",
            )
        return ALLOWED


@dataclass(frozen=True, slots=True)
class PrincipalIsSound:
    name: str = "principal_is_sound"

    def check(self, context: Context) -> Decision:
        account, target = context.account, context.target
        if account is None or target is None:
            return _unread(self.name)
        if _trusts(account) != _trusts(target.facts.account):
            return Refused(
                self.name,
                f"Settings have changed whom a role in {account.label} would trust.",
                ask_again(context.request),
            )
        if not account.trusted_principals:
            return Refused(
                self.name,
                f"No principal is configured for {account.label}, so nobody could use the role.",
                "Set remediation.trusted_principals.",
            )
        for arn in account.trusted_principals:
            problem = problem_with_principal(arn, account)
            if problem:
                return Refused(
                    self.name, f"{arn} cannot be trusted: {problem}.", "See remediation.trusted_principals."
                )
        return self._existence(account.trusted_principals, target)

    def _existence(self, arns: tuple[str, ...], target: TargetFacts) -> Decision:
        known = {fact.arn: fact for fact in target.principals}
        for arn in arns:
            fact = known.get(arn)
            if fact is None or fact.existence is None:
                why = fact.unreadable.text if fact and fact.unreadable else "it was not read"
                return Refused(
                    self.name, f"Whether {arn} exists could not be read: {why}", "Try again in a minute."
                )
            if fact.existence is Existence.MISSING:
                return Refused(
                    self.name,
                    f"{arn} does not exist, so nobody could use the role.",
                    "Create it, or correct remediation.trusted_principals.",
                )
        return ALLOWED


def _trusts(account: Account) -> tuple[object, ...]:
    # The account in scope may be of an older moment than the target's, which is as it was reached.
    return account.trusted_principals, account.trusted_account_ids, account.may_trust_root


@dataclass(frozen=True, slots=True)
class PlanUnchanged:
    name: str = "plan_unchanged"

    def check(self, context: Context) -> Decision:
        plan, now = context.request.plan, context.plan_now
        if plan is None or now is None:
            return _unread(self.name)
        if plan.hash != now.hash:
            text = f"The plan has changed since it was shown ({plan.short_hash} is now {now.short_hash})."
            return Refused(self.name, text, ask_again(context.request))
        return self._approved(context.request, plan) if context.is_approved else ALLOWED

    def _approved(self, request: RemediationRequest, plan: Plan) -> Decision:
        # The row's plan is what was shown; only the approval says to which of all plans somebody agreed.
        approved = request.decision.plan_hash if request.decision else ""
        if approved == plan.hash:
            return ALLOWED
        text = f"The plan {plan.short_hash} is not the one that was approved ({approved[:12] or 'none'})."
        return Refused(self.name, text, ask_again(request))


@dataclass(frozen=True, slots=True)
class RoleNameIsFree:
    name: str = "role_name_is_free"

    def check(self, context: Context) -> Decision:
        target, request = context.target, context.request
        plan = request.plan or context.plan_now
        if target is None or plan is None:
            return _unread(self.name)
        unreadable = target.existing_role_unreadable
        if unreadable is not None:
            why = f"Whether a role {plan.role_name} exists could not be read: {unreadable.text}"
            return Refused(self.name, why, unreadable.next_step)
        role = target.existing_role
        if role is None or _is_own_unfinished_work(role, request, plan):
            return ALLOWED
        return Refused(
            self.name,
            f"A role named {role.name} exists in {request.label} and was not made by this request.",
            "Look at it by hand; this bot never adopts a role it did not create.",
        )


def _is_own_unfinished_work(role: ExistingRole, request: RemediationRequest, plan: Plan) -> bool:
    # IAM finds a role by its name in any case and under any path; this bot's has the planned ARN.
    approver = request.decision.person.user_id if request.decision else ""
    is_tagged = dict(plan.tags(request.id, approver)).items() <= dict(role.tags).items()
    return is_tagged and role.arn == plan.role_arn and plan.trusts_the_same(role.trust)


@dataclass(frozen=True, slots=True)
class NothingDiffers:
    """For an undo: the role is exactly as the fix left it; else all that differs is said."""

    name: str = "nothing_differs"

    def check(self, context: Context) -> Decision:
        removal, remains = context.request.removal, context.remains
        if removal is None or remains is None:
            return _unread(self.name)
        if remains.unreadable is not None:
            why = f"The role could not be read: {remains.unreadable.text}"
            return Refused(self.name, why, remains.unreadable.next_step)
        found = differences(removal, remains)
        if not found:
            return ALLOWED
        next_step = "Look at the role by hand; this bot only takes away what it left and nobody has touched."
        return Refused(self.name, describe(removal, found), next_step)


def _unread(guard: str) -> Refused:
    return Refused(
        guard, "The account could not be read, so nothing is changed there.", "Try again in a minute."
    )
