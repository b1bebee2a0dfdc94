"""The accounts of an organization: botocore's Stubber holds every call to AWS's own model."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from bot.aws import organization
from bot.aws.boto3_reader import make_client, make_session
from bot.aws.organization import (
    Organization,
    OrganizationAccount,
    parse_state,
    read_organization,
    read_state,
)
from bot.aws.sessions import AwsConfig
from bot.domain.account import Account, AccountId, AccountState
from bot.domain.errors import AwsError
from bot.settings import Settings
from bot.wiring import worker_side

MANAGEMENT = "999999999999"


@pytest.fixture
def describing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    client = make_client("organizations", AwsConfig(), make_session())
    monkeypatch.setattr(organization, "make_client", lambda *_: client)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def stub(describing: Stubber) -> Stubber:
    """The same, for a whole listing: it begins with the organization itself."""
    describing.add_response("describe_organization", {"Organization": {"MasterAccountId": MANAGEMENT}}, {})
    return describing


def raw(number: int, **given: Any) -> dict[str, Any]:
    return {"Id": f"{number:012}", "Name": f"account-{number}", "State": "ACTIVE"} | given


def names(found: Organization) -> list[tuple[str, str]]:
    return [(account.name, account.ou) for account in found.accounts]


def test_every_page_is_read_even_after_an_empty_one(stub: Stubber) -> None:
    stub.add_response("list_accounts", {"Accounts": [raw(1)], "NextToken": "a"}, {})
    stub.add_response("list_accounts", {"Accounts": [], "NextToken": "b"}, {"NextToken": "a"})
    stub.add_response("list_accounts", {"Accounts": [raw(2, Id=MANAGEMENT)]}, {"NextToken": "b"})

    found = read_organization(AwsConfig())

    first, second = found.accounts
    assert first == OrganizationAccount(AccountId("000000000001"), "account-1", "", AccountState.ACTIVE, ())
    assert second.id == found.management_id == MANAGEMENT


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({"State": "CLOSED", "Status": "SUSPENDED"}, AccountState.CLOSED),
        ({"Status": "PENDING_CLOSURE"}, AccountState.PENDING_CLOSURE),
        ({"State": "PENDING_ACTIVATION"}, AccountState.PENDING_ACTIVATION),
        ({"State": "SOMETHING_NEW"}, AccountState.OTHER),
        ({"State": "SOMETHING_NEW", "Status": "ACTIVE"}, AccountState.OTHER),
        ({}, AccountState.OTHER),
    ],
)
def test_state_counts_before_the_older_status_and_a_new_one_is_not_active(given: Any, state: Any) -> None:
    assert parse_state(given) is state


def test_tags_are_read_only_when_asked_for(stub: Stubber) -> None:
    stub.add_response("list_accounts", {"Accounts": [raw(1)]}, {})
    tags = {"Tags": [{"Key": "team", "Value": "payments"}]}
    stub.add_response("list_tags_for_resource", tags, {"ResourceId": "000000000001"})

    (account,) = read_organization(AwsConfig(), with_tags=True).accounts

    assert account.tags == (("team", "payments"),)


@pytest.fixture
def a_tree(stub: Stubber) -> Callable[..., None]:
    """Root: Workloads (Prod, Test), Sandbox; then the accounts of each unit that is asked for, in this
    order."""

    def expect(**accounts: list[dict[str, Any]]) -> None:
        stub.add_response("list_roots", {"Roots": [{"Id": "r-root", "Name": "Root"}]}, {})
        children = {
            "r-root": [("ou-root-workloads", "Workloads"), ("ou-root-sandboxes", "Sandbox")],
            "ou-root-workloads": [("ou-root-prod0000", "Prod"), ("ou-root-test0000", "Test")],
            "ou-root-sandboxes": [],
            "ou-root-prod0000": [],
            "ou-root-test0000": [],
        }
        for parent, units in children.items():
            answer = {"OrganizationalUnits": [{"Id": each, "Name": name} for each, name in units]}
            stub.add_response("list_organizational_units_for_parent", answer, {"ParentId": parent})
        ids = {"root": "r-root"} | {name: each for units in children.values() for each, name in units}
        for name, found in accounts.items():
            stub.add_response("list_accounts_for_parent", {"Accounts": found}, {"ParentId": ids[name]})

    return expect


@pytest.mark.parametrize("named", ["Workloads", "ou-root-workloads"])
def test_a_unit_brings_the_accounts_of_those_below_it(a_tree: Any, named: str) -> None:
    a_tree(Workloads=[raw(1)], Prod=[raw(2)], Test=[raw(3)])

    found = read_organization(AwsConfig(), [named])

    assert found.management_id == MANAGEMENT
    assert names(found) == [
        ("account-1", "Workloads"),
        ("account-2", "Workloads/Prod"),
        ("account-3", "Workloads/Test"),
    ]


def test_units_are_named_by_path_as_well(a_tree: Any) -> None:
    a_tree(Sandbox=[raw(4)], Test=[raw(3)])

    found = read_organization(AwsConfig(), ["Workloads/Test", "Sandbox"])

    assert names(found) == [("account-4", "Sandbox"), ("account-3", "Workloads/Test")]


def test_the_root_brings_everything_with_its_path(a_tree: Any) -> None:
    a_tree(root=[raw(1)], Workloads=[], Sandbox=[], Prod=[raw(2)], Test=[])

    assert names(read_organization(AwsConfig(), ["/"])) == [
        ("account-1", ""),
        ("account-2", "Workloads/Prod"),
    ]


def test_a_unit_that_does_not_exist_is_an_error_that_names_those_that_do(a_tree: Any) -> None:
    a_tree()

    with pytest.raises(AwsError) as raised:
        read_organization(AwsConfig(), ["Workload", "Sandbox"])

    assert raised.value.code == "unknown-ou"
    assert str(raised.value) == (
        "aws.organization.include_ous names Workload, which the organization does not have. "
        "It has: Sandbox, Workloads, Workloads/Prod, Workloads/Test."
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AccessDeniedException", "Allow organizations:ListAccounts to the bot"),
        ("AWSOrganizationsNotInUseException", "list the accounts in settings"),
        ("ServiceException", "The next scan asks again"),
    ],
)
def test_a_refusal_says_what_to_do(stub: Stubber, code: str, words: str) -> None:
    stub.add_client_error("list_accounts", code)

    with pytest.raises(AwsError, match=words) as raised:
        read_organization(AwsConfig())

    assert raised.value.code == code
    assert str(raised.value).startswith(f"ListAccounts in AWS Organizations: {code}. ")


def test_a_whole_organization_is_read_over_the_wire(fake: Any) -> None:
    found = read_organization(AwsConfig())

    assert len(found.accounts) == 2000
    assert len({account.id for account in found.accounts}) == 2000


def test_the_state_of_one_account_is_read_by_itself(describing: Stubber) -> None:
    answer = {"Account": raw(1, State="PENDING_CLOSURE")}
    describing.add_response("describe_account", answer, {"AccountId": ONE.id})

    assert read_state(AwsConfig(), ONE.id) is AccountState.PENDING_CLOSURE


def test_an_account_that_the_organization_does_not_have_has_no_state_there(describing: Stubber) -> None:
    describing.add_client_error("describe_account", "AccountNotFoundException")

    assert read_state(AwsConfig(), ONE.id) is None


def test_a_state_that_may_not_be_read_is_a_fault(describing: Stubber) -> None:
    describing.add_client_error("describe_account", "AccessDeniedException", http_status_code=400)

    with pytest.raises(AwsError, match="Allow organizations:DescribeAccount"):
        read_state(AwsConfig(), ONE.id)


ONE = Account(AccountId("000000000001"), "one")
LISTED = {"accounts": [{"id": ONE.id}]}
CLOSED = replace(ONE, state=AccountState.CLOSED)


@pytest.mark.parametrize(
    ("aws", "state", "standing"),
    [
        ({"organization": {"enabled": True}}, AccountState.CLOSED, CLOSED),
        ({"organization": {"enabled": True}}, None, None),
        ({"organization": {"enabled": True}, **LISTED}, None, ONE),
        (LISTED, AccountState.CLOSED, ONE),
    ],
    ids=["closed", "left", "of settings alone", "no organization"],
)
def test_an_account_stands_as_the_organization_has_it_now(
    monkeypatch: pytest.MonkeyPatch, aws: Any, state: AccountState | None, standing: Account | None
) -> None:
    monkeypatch.setattr(worker_side, "read_state", lambda *_: state)

    assert worker_side.read_standing(Settings(aws=aws), AwsConfig(), ONE) == standing
