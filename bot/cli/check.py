"""`support-role check`: read the accounts in scope, judge them, and say so; keeps nothing."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from bot.cli.common import Invocation, door
from bot.cli.output import EXPLAINED_FORMS, Results, require_writable, write
from bot.cli.progress import Progress, progress_on_terminal
from bot.domain.account import Account, AccountId
from bot.domain.errors import AwsError
from bot.domain.explanation import Explanation, explain
from bot.domain.facts import AccountFacts
from bot.domain.finding import Finding, Reason, Verdict
from bot.domain.rule import counts_as_non_compliant, evaluate, providers_needed
from bot.domain.scope import Scope, ScopeError, parse_scope
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.aws.reader import Reader
    from bot.aws.sessions import AwsConfig

EXIT_COMPLIANT = 0
EXIT_NON_COMPLIANT = 1
EXIT_CONFIGURATION = 2
EXIT_UNKNOWN = 3
EXIT_INTERRUPTED = 130

CONFIGURATION_CODES = frozenset({"NoCredentialsError", "unknown-ou", "bad-reference", "bad-secret"})
"""Codes of AwsError that no second try would mend."""

FailOn = Literal["fail", "weak", "never"]


@click.command("check", short_help="Check AWS accounts for a support role.")
@click.argument("scope", nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice(("table", "json", "jsonl", "csv", "markdown", "ocsf", "asff")),
    default="table",
    show_default=True,
    help="How findings are printed.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), help="Write findings to this file, whole or not at all."
)
@click.option(
    "--fail-on",
    type=click.Choice(("fail", "weak", "never")),
    default="fail",
    show_default=True,
    help="Which verdicts make the exit code 1.",
)
@click.option("--strict", is_flag=True, default=None, help="Count WEAK as non-compliant.")
@click.option(
    "--asff-region",
    "region",
    envvar=["AWS_REGION", "AWS_DEFAULT_REGION"],
    default="",
    help="Region of the Security Hub that asff is for; without it, that of IAM.",
)
@click.option(
    "--explain",
    "deeper",
    is_flag=True,
    help="Look deeper into each account, and show the evidence with the AWS calls that gave it.",
)
@door()
def command(
    invocation: Invocation,
    scope: tuple[str, ...],
    form: str,
    output: Path | None,
    fail_on: FailOn,
    strict: bool | None,  # noqa: FBT001 - an option of the command line
    region: str,
    deeper: bool,  # noqa: FBT001 - likewise
) -> int:
    """Check AWS accounts for a role that carries AWSSupportAccess and that a named person can assume.

    SCOPE names accounts: ids, names, ou:NAME, tag:KEY=VALUE, verdict:fail; without it, all are checked. Which
    there are is said in settings; without settings it is the account of the AWS credentials at hand.

    With --explain each account is looked into deeper, at a few calls more: what else is on its roles, whether
    the principals that they trust exist, and who reaches AWS Support another way. That can make a verdict
    stricter, never better.

    Exit codes: 0 all in scope are compliant, 1 some are not, 3 none is known not to be but some could not be
    read, 2 usage or configuration, 130 interrupted.
    """
    wanted = _parsed(scope)
    require_writable(output)
    settings = invocation.settings({"check.strict": strict})
    try:
        with progress_on_terminal() as progress:
            check = _prepare(settings, wanted)
            progress.start(len(check.accounts))
            _read(check, settings, progress, deeper=deeper)
    except AwsError as error:
        click.echo(str(error), err=True)
        return EXIT_CONFIGURATION if error.code in CONFIGURATION_CODES else EXIT_UNKNOWN
    results = check.results(datetime.now(UTC))
    if deeper and form not in EXPLAINED_FORMS:
        click.echo(f"{form} has no place for evidence: only verdicts, reasons and notes are shown.", err=True)
    write(results, form, output, region=region)
    if results.unread:
        click.echo(f"Interrupted: {results.unread} of {results.in_scope} accounts were not read.", err=True)
        return EXIT_INTERRUPTED
    return exit_code(results.findings, fail_on=fail_on, strict=settings.check.strict)


def exit_code(findings: Iterable[Finding], *, fail_on: FailOn, strict: bool) -> int:
    """What a pipeline goes by; UNKNOWN is never taken for compliant, nor for a failure."""
    counted = list(findings)
    harsh = strict or fail_on == "weak"
    if fail_on != "never" and any(counts_as_non_compliant(each, strict=harsh) for each in counted):
        return EXIT_NON_COMPLIANT
    return EXIT_UNKNOWN if any(each.verdict is Verdict.UNKNOWN for each in counted) else EXIT_COMPLIANT


@dataclass(slots=True)
class _Check:
    """One run: what is to be read, and what has been found so far."""

    accounts: tuple[Account, ...]
    scope: Scope
    known: Mapping[AccountId, Account]
    """Every account of the inventory."""
    started_at: datetime
    found: dict[AccountId, Finding] = field(default_factory=dict)
    explained: dict[AccountId, Explanation] = field(default_factory=dict)

    @property
    def in_scope(self) -> frozenset[AccountId]:
        return frozenset(self.known)

    def keep(self, explanation: Explanation) -> None:
        account = explanation.finding.account
        self.found[account.id] = explanation.finding
        self.explained[account.id] = explanation

    def results(self, now: datetime) -> Results:
        """All findings, in the order of the accounts; an account that was not read any more is UNKNOWN."""
        unread = [account for account in self.accounts if account.id not in self.found]
        findings = [self.found.get(account.id) or _not_read(account, now) for account in self.accounts]
        kept = [each for each in findings if self.scope.matches(each.account, each.verdict)]
        return Results(tuple(kept), self.started_at, now, unread=len(unread), explanations=self.explained)


def _not_read(account: Account, now: datetime) -> Finding:
    return Finding(
        account=account,
        verdict=Verdict.UNKNOWN,
        meets_benchmark=None,
        checked_at=now,
        reasons=(Reason("interrupted", "The check was interrupted before this account was read."),),
        next_step="Run the check again.",
    )


def _parsed(words: Sequence[str]) -> Scope:
    scope = parse_scope(words)
    if isinstance(scope, ScopeError):
        raise click.UsageError(str(scope))
    return scope


def _prepare(settings: Settings, scope: Scope) -> _Check:
    """Find out which accounts are meant; AwsError when AWS does not say, UsageError when there are none."""
    # boto3 and botocore take a quarter of a second to import: bad usage is answered sooner.
    from bot.aws.inventory import Wanted, read_inventory  # noqa: PLC0415
    from bot.aws.sessions import AwsConfig  # noqa: PLC0415
    from bot.settings import with_secrets  # noqa: PLC0415

    config = AwsConfig(partition=settings.aws.partition)
    filled = with_secrets(settings, lambda reference: _fetch(reference, config), "aws")
    wanted = Wanted(ous=bool(scope.ous), tags=bool(scope.tags))
    inventory = read_inventory(filled, config, wanted)
    accounts = scope.select(inventory)
    if isinstance(accounts, ScopeError):
        raise click.UsageError(str(accounts))
    if not accounts:
        raise click.UsageError("No account is in scope. See aws.accounts and aws.organization in settings.")
    return _Check(accounts, scope, {each.id: each for each in inventory}, datetime.now(UTC))


def _fetch(reference: str, config: "AwsConfig") -> str:
    from bot.aws.secrets import read_secret  # noqa: PLC0415 - only where a secret is kept in AWS

    return read_secret(reference, config)


def _read(check: _Check, settings: Settings, progress: Progress, *, deeper: bool) -> None:
    """Fill in the findings as they come; after Ctrl-C with those that had come by then."""
    try:
        asyncio.run(_read_all(check, settings, progress, deeper=deeper))
    except KeyboardInterrupt:
        return


async def _read_all(check: _Check, settings: Settings, progress: Progress, *, deeper: bool) -> None:
    from bot.aws.reader import Reader, ReaderLimits  # noqa: PLC0415 - see _prepare
    from bot.aws.sessions import AwsConfig  # noqa: PLC0415 - see _prepare

    limits = ReaderLimits(
        concurrency=settings.check.concurrency,
        sts_calls_per_second=settings.sts.rate,
        account_seconds=settings.check.account_seconds,
    )
    config = AwsConfig(partition=settings.aws.partition)
    async with Reader(config, providers_needed, limits) as reader:
        if deeper:
            await _explain_all(check, reader, config, settings.check.concurrency, progress)
            return
        in_scope = check.in_scope
        async for facts in reader.read_accounts(check.accounts):
            finding = evaluate(facts, in_scope=in_scope)
            check.found[facts.account.id] = finding
            progress.advance(finding.verdict)


async def _explain_all(
    check: _Check,
    reader: "Reader",
    config: "AwsConfig",
    at_once: int,
    progress: Progress,
) -> None:
    from bot.aws.explain import look_deeper  # noqa: PLC0415 - see _prepare

    places, in_scope = asyncio.Semaphore(at_once), check.in_scope

    async def look(facts: AccountFacts) -> None:
        async with places:
            deep = await look_deeper(facts, check.known, reader, config.session_name)
        explanation = explain(facts, deep, in_scope)
        check.keep(explanation)
        progress.advance(explanation.finding.verdict)

    async with asyncio.TaskGroup() as group:
        async for facts in reader.read_accounts(check.accounts):
            group.create_task(look(facts))
