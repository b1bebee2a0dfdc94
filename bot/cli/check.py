"""`support-role check`: read the accounts in scope, judge them, and say so."""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.common import Invocation, door
from bot.cli.exit_codes import EXIT_INTERRUPTED, FailOn, after_fault, exit_code
from bot.cli.output import EXPLAINED_FORMS, Results, require_writable, write
from bot.cli.progress import Progress, progress_on_terminal
from bot.domain.account import Account, AccountId
from bot.domain.errors import AwsError
from bot.domain.explanation import Explanation, explain
from bot.domain.facts import AccountFacts
from bot.domain.finding import Finding, Reason, Verdict
from bot.domain.rule import evaluate, providers_needed
from bot.domain.scope import Scope, ScopeError, parse_scope
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.aws.reader import Reader
    from bot.aws.sessions import AwsConfig
    from bot.cli.saving import Save


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
@click.option(
    "--save",
    "keep",
    is_flag=True,
    help="Keep the findings in the bot's database (store.url), as a scan of the bot does.",
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
    *,
    deeper: bool,
    keep: bool,
) -> int:
    """Check AWS accounts for a role that carries AWSSupportAccess and that a named person can assume.

    SCOPE names accounts: ids, names, ou:NAME, tag:KEY=VALUE, verdict:fail; without it, all are checked. Which
    there are is said in settings; without settings it is the account of the AWS credentials at hand.

    With --explain each account is looked into deeper, at a few calls more: what else is on its roles, whether
    the principals that they trust exist, and who reaches AWS Support another way. That can make a verdict
    stricter, never better.

    Nothing is kept unless --save is given: then Slack's status, digest and history, and the evidence pack, go
    by what this check found. What a deeper look adds is shown, and not kept.

    Exit codes: 0 all in scope are compliant, 1 some are not, 3 none is known not to be but some could not be
    read, 2 usage or configuration, 130 interrupted.
    """
    wanted = _parsed(scope)
    if form == "asff":
        _require_region(region)
    require_writable(output)
    settings = invocation.settings({"check.strict": strict})
    try:
        save = _opened(settings) if keep else None
        with progress_on_terminal() as progress:
            check = _prepare(settings, wanted, with_ous=keep)
            progress.start(len(check.accounts))
            _read(check, settings, progress, deeper=deeper)
    except AwsError as error:
        click.echo(str(error), err=True)
        return after_fault(error)
    results = check.results(datetime.now(UTC))
    for remark in _remarks(results, form, deeper=deeper):
        click.echo(remark, err=True)
    write(results, form, output, region=region)
    if save is not None:
        _saved(save, check, " ".join(scope), unread=results.unread)
    if results.unread:
        click.echo(f"Interrupted: {results.unread} of {results.in_scope} accounts were not read.", err=True)
        return EXIT_INTERRUPTED
    return exit_code(
        results.findings, fail_on=fail_on, strict=settings.check.strict, left_out=results.left_out
    )


def _remarks(results: Results, form: str, *, deeper: bool) -> Iterator[str]:
    """What the findings themselves do not say."""
    if deeper and form not in EXPLAINED_FORMS:
        yield f"{form} has no place for evidence: only verdicts, reasons and notes are shown."
    if results.left_out and not results.unread:
        accounts = "1 account" if results.left_out == 1 else f"{results.left_out} accounts"
        yield f"{accounts} could not be read and may belong here: see verdict:unknown."


@dataclass(slots=True)
class _Check:
    """One run: what is to be read, and what has been found so far."""

    accounts: tuple[Account, ...]
    scope: Scope
    known: Mapping[AccountId, Account]
    """Every account of the inventory."""
    started_at: datetime
    found: dict[AccountId, Finding] = field(default_factory=dict)
    scanned: dict[AccountId, Finding] = field(default_factory=dict)
    """Without what a deeper look found: what the bot's own scan would have."""
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
        unknown = sum(each.verdict is Verdict.UNKNOWN for each in findings)
        return Results(
            tuple(kept),
            self.started_at,
            now,
            unread=len(unread),
            left_out=unknown - sum(each.verdict is Verdict.UNKNOWN for each in kept),
            explanations=self.explained,
        )


def _not_read(account: Account, now: datetime) -> Finding:
    return Finding(
        account=account,
        verdict=Verdict.UNKNOWN,
        meets_benchmark=None,
        checked_at=now,
        reasons=(Reason("interrupted", "The check was interrupted before this account was read."),),
        next_step="Run the check again.",
    )


def _require_region(region: str) -> None:
    # Security Hub refuses a whole batch for one such finding.
    if region and not re.fullmatch(r"[a-z]{2,5}(-[a-z]+)+-\d{1,2}", region, re.ASCII):
        raise click.BadParameter("it should be a Region, e.g. eu-central-1", param_hint="--asff-region")


def _parsed(words: Sequence[str]) -> Scope:
    if not all(word.strip() for word in words):
        # `check "$ACCOUNT"` with nothing in it is not meant to check everything.
        raise click.UsageError("A SCOPE is empty. Leave it out to check all accounts.")
    scope = parse_scope(words)
    if isinstance(scope, ScopeError):
        raise click.UsageError(str(scope))
    return scope


def _opened(settings: Settings) -> "Save":
    from bot.cli.saving import open_to_save  # noqa: PLC0415 - SQLAlchemy, only where something is kept

    return open_to_save(settings)


def _saved(save: "Save", check: _Check, scope: str, *, unread: int) -> None:
    from bot.flows.saved_check import Checked  # noqa: PLC0415 - likewise

    problem = f"It was interrupted: {unread} accounts were not read." if unread else ""
    found = tuple(check.scanned.values())
    scan_id = save(Checked(tuple(check.known.values()), found, scope, check.started_at, problem))
    click.echo(f"Kept as {scan_id}: {len(found)} {'finding' if len(found) == 1 else 'findings'}.", err=True)


def _prepare(settings: Settings, scope: Scope, *, with_ous: bool) -> _Check:
    """Find out which accounts are meant; AwsError when AWS does not say, UsageError when there are none."""
    # boto3 and botocore take a quarter of a second to import: bad usage is answered sooner.
    from bot.aws.inventory import Wanted, read_inventory  # noqa: PLC0415
    from bot.aws.sessions import AwsConfig  # noqa: PLC0415
    from bot.settings import with_secrets  # noqa: PLC0415

    config = AwsConfig(partition=settings.aws.partition)
    filled = with_secrets(settings, lambda reference: _fetch(reference, config), "aws")
    # The bot knows every account's unit: what is saved without it would take that away.
    wanted = Wanted(ous=with_ous or bool(scope.ous), tags=bool(scope.tags))
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
            check.found[facts.account.id] = check.scanned[facts.account.id] = finding
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
        check.scanned[facts.account.id] = evaluate(facts, in_scope=in_scope)
        explanation = explain(facts, deep, in_scope)
        check.keep(explanation)
        progress.advance(explanation.finding.verdict)

    async with asyncio.TaskGroup() as group:
        async for facts in reader.read_accounts(check.accounts):
            group.create_task(look(facts))
