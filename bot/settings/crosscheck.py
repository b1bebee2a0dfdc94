"""Mistakes that only show when settings are seen side by side."""

from collections.abc import Callable, Iterable, Sequence

from bot.domain.account import Account, AccountId
from bot.domain.principal import problem_with_principal
from bot.settings import kinds
from bot.settings.mistakes import Location, full_name
from bot.settings.models import AccountSettings, Settings
from bot.settings.problem import Problem

SourceOf = Callable[[Location], str]


def contradictions(settings: Settings, source_of: SourceOf, numbers: Sequence[int]) -> list[Problem]:
    """Every contradiction; `numbers` are the places at which the accounts stand in what was read."""
    places: list[Location] = [("aws", "accounts", number) for number in numbers]
    entries = list(zip(places, settings.aws.accounts, strict=True))
    return [
        Problem(full_name(location), expected, source_of(location))
        for location, expected in (
            *_doubles(entries),
            *_principals(settings, entries),
            *_boundary(settings),
        )
    ]


Found = Iterable[tuple[Location, str]]


def _doubles(entries: list[tuple[Location, AccountSettings]]) -> Found:
    first: dict[str, Location] = {}
    for place, entry in entries:
        if entry.id in first:
            yield (*place, "id"), f"is the same account as {full_name(first[entry.id])}"
        first.setdefault(entry.id, place)


def _principals(settings: Settings, entries: list[tuple[Location, AccountSettings]]) -> Found:
    told: set[Location] = set()
    for owner, template, account in _trusts(settings, entries):
        problem = _problem_in(template, account)
        if problem and owner not in told:
            told.add(owner)
            whose = "any account" if account.id == kinds.SPECIMEN else f"account {account.id}"
            yield owner, f"cannot be trusted by a role in {whose}: {problem}"


def _trusts(
    settings: Settings, entries: list[tuple[Location, AccountSettings]]
) -> Iterable[tuple[Location, str, Account]]:
    """Every principal with every account whose roles would trust it, and where it is written."""
    shared: Location = ("remediation", "trusted_principals")
    for place, entry in entries:
        own = entry.trusted_principals is not None
        owner = (*place, "trusted_principals") if own else shared
        templates = entry.trusted_principals or () if own else settings.remediation.trusted_principals
        for number, template in enumerate(templates):
            yield (*owner, number), template, _bare(settings, entry)
    if settings.aws.organization.enabled or not entries:
        for number, template in enumerate(settings.remediation.trusted_principals):
            yield (*shared, number), template, _bare(settings, AccountSettings(id=kinds.SPECIMEN))


def _bare(settings: Settings, entry: AccountSettings) -> Account:
    trusted = (
        settings.aws.trusted_account_ids if entry.trusted_account_ids is None else entry.trusted_account_ids
    )
    return Account(
        AccountId(entry.id),
        partition=entry.partition or settings.aws.partition,
        trusted_account_ids=frozenset(AccountId(each) for each in trusted),
        may_trust_root=settings.remediation.allow_account_root,
    )


def _problem_in(template: str, account: Account) -> str:
    arn = kinds.fill(template, account_id=account.id, partition=account.partition)
    return problem_with_principal(arn, account)


def _boundary(settings: Settings) -> Found:
    boundary = settings.remediation.permissions_boundary
    partition = boundary.split(":")[1] if boundary else settings.aws.partition
    if partition not in (settings.aws.partition, "{partition}"):
        yield (
            ("remediation", "permissions_boundary"),
            f"is in partition {partition}, the accounts are in {settings.aws.partition}",
        )
