"""The accounts of an AWS organization, as AWS Organizations lists them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.aws.boto3_reader import make_client, make_session
from bot.aws.faults import BOTOCORE_FAILURES, from_botocore
from bot.aws.sessions import AwsConfig
from bot.domain.account import AccountId, AccountState
from bot.domain.errors import AwsError
from bot.domain.facts import UnreadableCode

MAX_ATTEMPTS = 10
"""Organizations allows few calls a second, and 10,000 accounts are 500 pages."""


@dataclass(frozen=True, slots=True)
class OrganizationAccount:
    id: AccountId
    name: str
    ou: str
    """Path of organizational unit names, e.g. `Workloads/Prod`; empty in the root, or when OUs were not
    read."""
    state: AccountState
    tags: tuple[tuple[str, str], ...]
    """Empty unless asked for."""


@dataclass(frozen=True, slots=True)
class Organization:
    management_id: AccountId
    """Its management account, whether or not that is among `accounts`; empty: not known."""
    accounts: tuple[OrganizationAccount, ...]


NOT_ASKED = Organization(AccountId(""), ())
"""Where settings use no organization; which account manages it is then not known either."""


def read_organization(
    config: AwsConfig,
    include_ous: Collection[str] = (),
    *,
    with_tags: bool = False,
) -> Organization:
    """Read the organization's accounts with the caller's own credentials.

    `include_ous` keeps those in the named OUs and below; an OU is named by id, by path, or by a name of its
    own. Only then are OUs read at all, which costs two calls for each. AwsError when a call is refused, or
    when no OU has such a name.
    """
    listing = _Listing(make_client("organizations", config, make_session(), MAX_ATTEMPTS))
    management = _management_of(listing.call("describe_organization"))
    found = listing.in_ous(include_ous) if include_ous else listing.all_accounts()
    accounts = (_account(raw, ou, listing.tags(raw["Id"]) if with_tags else ()) for raw, ou in found)
    return Organization(AccountId(management), tuple(accounts))


def read_state(config: AwsConfig, account_id: AccountId) -> AccountState | None:
    """The state of one account as it is now; None where the organization has no such account.

    AwsError when the call is refused.
    """
    listing = _Listing(make_client("organizations", config, make_session(), MAX_ATTEMPTS))
    try:
        answer = listing.call("describe_account", AccountId=account_id)
    except AwsError as error:
        if error.code != "AccountNotFoundException":
            raise
        return None
    return parse_state(answer.get("Account", {}))


def _account(raw: Mapping[str, Any], ou: str, tags: tuple[tuple[str, str], ...]) -> OrganizationAccount:
    return OrganizationAccount(
        id=AccountId(raw["Id"]),
        name=raw.get("Name", ""),
        ou=ou,
        state=parse_state(raw),
        tags=tags,
    )


def parse_state(raw: Mapping[str, Any]) -> AccountState:
    """`State`, or the older `Status`. One that is new to us is OTHER: it is read, not left out, and never
    written to.
    """
    try:
        return AccountState(raw.get("State") or raw["Status"])
    except (KeyError, ValueError):
        return AccountState.OTHER


@dataclass(frozen=True, slots=True)
class _Unit:
    id: str
    path: tuple[str, ...]
    named: bool
    """It, or a unit above it, is one of those asked for."""


@dataclass(slots=True)
class _Listing:
    client: Any
    unmatched: set[str] = field(default_factory=set)

    def all_accounts(self) -> Iterator[tuple[Mapping[str, Any], str]]:
        return ((account, "") for account in self.pages("list_accounts", "Accounts"))

    def in_ous(self, wanted: Collection[str]) -> Iterator[tuple[Mapping[str, Any], str]]:
        """Accounts of the wanted units, each with its path; the tree is walked from the root down."""
        self.unmatched = set(wanted)
        units = list(self._units(wanted))
        if self.unmatched:
            raise _no_such_ou(self.unmatched, units)
        for unit in units:
            if unit.named:
                for account in self.pages("list_accounts_for_parent", "Accounts", ParentId=unit.id):
                    yield account, "/".join(unit.path)

    def _units(self, wanted: Collection[str]) -> Iterator[_Unit]:
        waiting = [
            _Unit(root["Id"], (), self._names({root["Id"], "/"}, wanted))
            for root in self.pages("list_roots", "Roots")
        ]
        while waiting:
            unit = waiting.pop(0)
            yield unit
            for child in self.pages(
                "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=unit.id
            ):
                path = (*unit.path, child["Name"])
                here = self._names({child["Id"], child["Name"], "/".join(path)}, wanted)
                waiting.append(_Unit(child["Id"], path, unit.named or here))

    def _names(self, names: set[str], wanted: Collection[str]) -> bool:
        self.unmatched -= names
        return not names.isdisjoint(wanted)

    def tags(self, account_id: str) -> tuple[tuple[str, str], ...]:
        found = self.pages("list_tags_for_resource", "Tags", ResourceId=account_id)
        return tuple((tag["Key"], tag["Value"]) for tag in found)

    def pages(self, method: str, listing: str, **parameters: str) -> Iterator[Any]:
        """Every item: a page may be empty and still have a successor."""
        token: dict[str, str] = {}
        while True:
            answer = self.call(method, **parameters, **token)
            yield from answer[listing]
            if not answer.get("NextToken"):
                return
            token = {"NextToken": answer["NextToken"]}

    def call(self, method: str, **parameters: str) -> Any:
        try:
            return getattr(self.client, method)(**parameters)
        except BOTOCORE_FAILURES as error:
            raise _refused(method, error) from error


def _management_of(answer: Any) -> str:
    try:
        return str(answer["Organization"]["MasterAccountId"])
    except (KeyError, TypeError):
        text = "DescribeOrganization in AWS Organizations: an answer without an organization."
        raise AwsError(f"{text} Is what answers there AWS?", UnreadableCode.BAD_ANSWER) from None


def _refused(method: str, error: Exception) -> AwsError:
    operation = "".join(part.capitalize() for part in method.split("_"))
    failure = from_botocore(error)
    step = "The next scan asks again."
    if failure.kind is UnreadableCode.ACCESS_DENIED:
        step = (
            f"Allow organizations:{operation} to the bot (support-role iam), and run it in the management "
            "account or a delegated administrator's; or list the accounts in settings."
        )
    elif failure.code == "AWSOrganizationsNotInUseException":
        step = "The bot's account is in no organization: list the accounts in settings."
    request_id = getattr(error, "response", {}).get("ResponseMetadata", {}).get("RequestId", "")
    return AwsError(f"{operation} in AWS Organizations: {failure.code}. {step}", failure.code, request_id)


def _no_such_ou(unmatched: set[str], units: list[_Unit]) -> AwsError:
    known = ", ".join(sorted("/".join(unit.path) for unit in units if unit.path)) or "none"
    return AwsError(
        f"aws.organization.include_ous names {', '.join(sorted(unmatched))}, which the organization does not "
        f"have. It has: {known}.",
        "unknown-ou",
    )
