from typing import Any

import pytest

from bot.aws.inventory import merge_inventory, read_caller, read_inventory
from bot.aws.organization import NOT_ASKED, Organization, OrganizationAccount
from bot.aws.sessions import AwsConfig, Identity
from bot.domain.account import Access, AccountId, AccountState
from bot.domain.errors import AwsError
from bot.settings import Settings

OWN = Identity("999999999999", "aws")
ONE, TWO, THREE = AccountId("111111111111"), AccountId("222222222222"), AccountId("333333333333")


def settings_of(*accounts: dict[str, Any], **organization: Any) -> Settings:
    return Settings.model_validate({"aws": {"accounts": accounts, "organization": organization}})


def listed(account_id: str, **given: Any) -> OrganizationAccount:
    values = {"name": f"org-{account_id[0]}", "ou": "", "state": AccountState.ACTIVE, "tags": ()}
    return OrganizationAccount(**{"id": AccountId(account_id), **values, **given})


def organization_of(*accounts: OrganizationAccount, management: str = "") -> Organization:
    return Organization(AccountId(management), accounts)


@pytest.mark.parametrize(
    ("settings", "organization", "expected"),
    [
        pytest.param(settings_of(), [], ["999999999999"], id="neither: the caller's own account alone"),
        pytest.param(settings_of({"id": ONE}), [], [ONE], id="listed ones only"),
        pytest.param(settings_of(enabled=True), [ONE, TWO], [ONE, TWO], id="the organization's only"),
        pytest.param(settings_of(enabled=True), [], [], id="an empty organization is not the own account"),
        pytest.param(settings_of({"id": TWO}, enabled=True), [ONE, TWO], [TWO, ONE], id="both: each once"),
        pytest.param(
            settings_of({"id": THREE}, enabled=True), [ONE], [THREE, ONE], id="listed, but of no organization"
        ),
        pytest.param(
            settings_of({"id": ONE}, enabled=True, exclude_accounts=[ONE, TWO]),
            [ONE, TWO, THREE],
            [THREE],
            id="exclusions win over both",
        ),
        pytest.param(
            settings_of({"id": ONE}, exclude_accounts=[ONE]), [], [], id="all excluded is not the own account"
        ),
    ],
)
def test_accounts_in_scope(settings: Settings, organization: list[str], expected: list[str]) -> None:
    accounts = merge_inventory(settings, organization_of(*map(listed, organization)), OWN)

    assert [account.id for account in accounts] == expected


def test_tags_choose_accounts_of_the_organization() -> None:
    organization = organization_of(
        listed(ONE, tags=(("team", "core"),)),
        listed(TWO, tags=(("team", "web"), ("env", "prod"))),
        listed(THREE),
    )

    accounts = merge_inventory(
        settings_of(enabled=True, include_tags=["team=core", "env=prod"]), organization, OWN
    )

    assert [account.id for account in accounts] == [ONE, TWO]


def test_settings_win_over_the_organization_and_the_organization_fills_the_rest() -> None:
    settings = settings_of({"id": ONE, "name": "payments", "owner": "U0123ABCD"}, {"id": TWO}, enabled=True)
    organization = organization_of(
        listed(ONE, ou="Workloads/Prod", tags=(("team", "core"),)),
        listed(TWO, state=AccountState.SUSPENDED),
    )

    one, two = merge_inventory(settings, organization, OWN)

    assert (one.name, one.owner, one.ou, one.tags) == (
        "payments",
        "U0123ABCD",
        "Workloads/Prod",
        (("team", "core"),),
    )
    assert (two.name, two.state) == ("org-2", AccountState.SUSPENDED)


@pytest.mark.parametrize("given", [{}, {"include_ous": ["Workloads"]}, {"include_tags": ["team=core"]}])
def test_the_management_account_is_known_wherever_it_comes_from(given: dict[str, Any]) -> None:
    settings = settings_of({"id": ONE}, enabled=True, **given)
    listed_too = () if given else (listed(ONE),)
    organization = organization_of(*listed_too, listed(TWO, tags=(("team", "core"),)), management=ONE)

    accounts = merge_inventory(settings, organization, OWN)

    assert {account.id: account.is_management for account in accounts} == {ONE: True, TWO: False}


@pytest.mark.parametrize("settings", [settings_of(), settings_of({"id": OWN.account_id})])
def test_the_bots_own_account_is_reached_with_its_own_credentials(settings: Settings) -> None:
    (own,) = merge_inventory(settings, NOT_ASKED, OWN)

    assert own.access == Access("", "")


def test_the_bots_own_account_is_reached_by_a_role_that_settings_name_for_it() -> None:
    settings = settings_of({"id": OWN.account_id, "remediation_role": "Fixer"})

    (own,) = merge_inventory(settings, NOT_ASKED, OWN)

    assert own.access == Access("", "Fixer")


def test_the_own_account_alone_has_the_callers_partition() -> None:
    (own,) = merge_inventory(settings_of(), NOT_ASKED, Identity("999999999999", "aws-cn"))

    assert own.partition == "aws-cn"
    assert own.trusted_principals == ("arn:aws-cn:iam::999999999999:role/IncidentManager",)


def test_the_organization_is_read_from_aws(fake: Any) -> None:
    accounts = read_inventory(settings_of(enabled=True), AwsConfig())

    assert len(accounts) == 2000
    assert accounts[0].name == "acct-100000000000"
    assert accounts[0].access.scan_role == "SupportRoleScanner"


def test_without_an_organization_aws_is_asked_who_we_are(fake: Any) -> None:
    (own,) = read_inventory(settings_of(), AwsConfig())

    assert own.id == "999999999999"


def test_without_credentials_the_next_step_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")

    with pytest.raises(AwsError, match="Set AWS_PROFILE"):
        read_caller(AwsConfig())


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("AWS_PROFILE", "nobody", "ProfileNotFound"),
        ("AWS_ENDPOINT_URL", "hunter2", "ValueError"),
        ("AWS_DEFAULT_REGION", "no such", "InvalidRegionError"),
    ],
)
def test_what_keeps_aws_from_being_asked_at_all_is_told(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, why: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(AwsError, match="Correct AWS_PROFILE, AWS_ENDPOINT_URL") as raised:
        read_caller(AwsConfig())

    assert f"({why})" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_half_of_the_credentials_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(AwsError, match=r"Only half .* Set AWS_PROFILE"):
        read_caller(AwsConfig())
