"""`support-role plan`: what a fix would create in one account, to read or to run by hand; changes nothing."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from bot.cli.common import Invocation, door
from bot.cli.exit_codes import EXIT_UNKNOWN, after_fault
from bot.domain import guards
from bot.domain.account import Account, AccountId
from bot.domain.errors import AwsError
from bot.domain.facts import AccountFacts
from bot.domain.finding import Finding, Verdict
from bot.domain.guards import Click, Context
from bot.domain.plan import Plan, TargetFacts, build_plan
from bot.domain.plan_forms import PlanForm, tags_by_hand, write_plan
from bot.domain.request import Person, RemediationRequest, RequestId, RequestState
from bot.domain.rule import evaluate, providers_needed
from bot.domain.scope import Scope, ScopeError, parse_scope
from bot.logs import escaped
from bot.settings import Settings

EXIT_PRINTED = 0
EXIT_REFUSED = 1


@click.command("plan", short_help="Print what a fix would create in one account.")
@click.argument("account")
@click.option(
    "--as",
    "form",
    type=click.Choice([form.value for form in PlanForm]),
    help="As text to run by hand; without it, to read.",
)
@door()
def command(invocation: Invocation, account: str, form: str | None) -> int:
    """Print exactly what a fix would create in ACCOUNT, an account's id or name in scope; change nothing.

    The account is read with the scan role, and what a fix would be refused for is refused here too, but for a
    pause: that is set in Slack, and no command that changes nothing looks for it.

    Exit codes: 0 the plan is printed, 1 it is refused or the account has a support role already, 3 the
    account could not be read, 2 usage or configuration.
    """
    wanted = _parsed(account)
    settings = invocation.settings()
    try:
        found = _read(settings, wanted, account)
    except AwsError as error:
        click.echo(str(error), err=True)
        return after_fault(error)
    return _unread(found) or _refused(settings, found) or _printed(settings, found, form)


@dataclass(frozen=True, slots=True)
class _Found:
    """What was read of the account, and what is made of it."""

    account: Account
    target: TargetFacts
    finding: Finding
    plan: Plan


def _parsed(word: str) -> Scope:
    scope = parse_scope([word])
    if isinstance(scope, ScopeError):
        raise click.UsageError(str(scope))
    if not scope.ids and not scope.names:
        raise click.UsageError("ACCOUNT is the id or the name of one account.")
    return scope


def _read(settings: Settings, wanted: Scope, word: str) -> _Found:
    """Find the account and read it; AwsError when AWS does not say which accounts there are."""
    # boto3 and botocore take a quarter of a second to import: bad usage is answered sooner.
    from bot.aws.boto3_reader import Boto3Reader  # noqa: PLC0415
    from bot.aws.inventory import read_inventory  # noqa: PLC0415
    from bot.aws.secrets import read_secret  # noqa: PLC0415
    from bot.aws.sessions import AwsConfig  # noqa: PLC0415
    from bot.aws.target import read_target  # noqa: PLC0415
    from bot.settings import with_secrets  # noqa: PLC0415

    config = AwsConfig(partition=settings.aws.partition)
    filled = with_secrets(settings, lambda reference: read_secret(reference, config), "aws")
    scope = {each.id: each for each in read_inventory(filled, config)}
    account = _the_one(wanted.select(scope.values()), word)
    role = settings.role_settings()
    # The plan's fingerprint is of the facts that are only being read here; what to look up needs none.
    draft = build_plan(account, role, AccountFacts(account, datetime.now(UTC)))
    target = read_target(account, draft, scope, Boto3Reader(config, providers_needed))
    finding = evaluate(target.facts, in_scope=frozenset[AccountId](scope))
    return _Found(account, target, finding, build_plan(account, role, target.facts))


def _the_one(accounts: tuple[Account, ...] | ScopeError, word: str) -> Account:
    if isinstance(accounts, ScopeError):
        raise click.UsageError(str(accounts))
    if len(accounts) > 1:
        ids = ", ".join(account.id for account in accounts[:5])
        raise click.UsageError(f"{len(accounts)} accounts are called {escaped(word)}; say which by id: {ids}")
    return accounts[0]


def _unread(found: _Found) -> int:
    """EXIT_UNKNOWN, with the reason said, where a plan would rest on what could not be read; else 0."""
    unreadable = found.target.existing_role_unreadable
    if found.finding.verdict is Verdict.UNKNOWN:
        _say(f"{found.account.label} could not be read: {_why(found.finding)}", found.finding.next_step)
    elif unreadable:
        what = f"Whether {found.account.label} has a role {found.plan.role_name} could not be read"
        _say(f"{what}: {unreadable.text}.", unreadable.next_step)
    else:
        return 0
    return EXIT_UNKNOWN


def _refused(settings: Settings, found: _Found) -> int:
    """EXIT_REFUSED, with the reason said, where the bot would ask nobody for an approval; else 0."""
    if found.finding.verdict is Verdict.PASS:
        _say(f"{found.account.label} has a sound support role already: nothing is to be done.", "")
        return EXIT_REFUSED
    if found.finding.verdict is Verdict.SKIPPED:
        _say(f"{found.account.label} is not read, and no role is made there: {_why(found.finding)}", "")
        return EXIT_REFUSED
    refusal = guards.first_refusal(guards.BY_HAND, _context(settings, found))
    if refusal is None:
        return 0
    _say(refusal.reason, refusal.next_step)
    return EXIT_REFUSED


def _context(settings: Settings, found: _Found) -> Context:
    """What guards look at, for a request that nobody made: its id is none that a role could bear."""
    nobody, now, policy = Person("", ""), datetime.now(UTC), settings.policy()
    request = RemediationRequest(
        id=RequestId("by-hand"),
        account_id=found.account.id,
        account_name=found.account.name,
        requester=nobody,
        reason="",
        mode=policy.mode,
        state=RequestState.PREPARING,
        created_at=now,
        expires_at=now,
        plan=found.plan,
    )
    return Context(
        now=now,
        policy=policy,
        paused=False,
        request=request,
        click=Click(nobody, "", is_shared_channel=None),
        clicker=None,
        account=found.account,
        target=found.target,
        plan_now=found.plan,
    )


def _printed(settings: Settings, found: _Found, form: str | None) -> int:
    if form:
        sys.stdout.write(write_plan(found.plan, PlanForm(form), account_name=found.account.name))
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(found, settings.remediation.mode))
    return EXIT_PRINTED


def _lines(found: _Found, mode: str) -> Iterator[str]:
    account, plan = found.account, found.plan
    yield f"A support role for {escaped(account.label)}"
    yield ""
    facts = {
        "Now": f"{found.finding.verdict.value}: {escaped(_why(found.finding))}",
        "Role": plan.role_arn,
        "Policy": plan.policy_arn,
        "Session": f"{plan.max_session_seconds} seconds at most",
        "Boundary": plan.permissions_boundary or "none",
        "Tags": ", ".join(f"{key} = {value}" for key, value in tags_by_hand(plan)),
        "Plan": plan.hash,
    }
    yield from (f"  {name:<10}{value}" for name, value in facts.items())
    yield ""
    yield "Who may use the role (its exact trust policy)"
    yield from (f"  {line}" for line in json.dumps(json.loads(plan.trust), indent=2).splitlines())
    yield ""
    yield "What is done, in this order"
    yield f"  1. iam:CreateRole makes the role {plan.role_name}"
    yield f"  2. iam:AttachRolePolicy gives it {plan.policy_arn}"
    yield ""
    yield f"By hand:  support-role plan {account.id} --as {' / '.join(PlanForm)}"
    yield f"In Slack: /support-role fix {account.id} (remediation.mode is {mode})"


def _why(finding: Finding) -> str:
    return " ".join(reason.text for reason in finding.reasons)


def _say(reason: str, next_step: str) -> None:
    click.echo(escaped(reason), err=True)
    if next_step:
        click.echo(f"→ {escaped(next_step)}", err=True)
