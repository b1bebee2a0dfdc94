"""What is known of an account before a write: moto for what is there, the stand-in for what is not told."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.aws.boto3_reader import Boto3Reader
from bot.aws.sessions import AwsConfig
from bot.aws.target import read_target, trusted_arns
from bot.domain.account import Account, AccountState
from bot.domain.facts import UnreadableCode
from bot.domain.plan import Existence, Plan, PrincipalFact, TargetFacts
from bot.domain.rule import providers_needed

ACCOUNT = "111122223333"
OTHER = "444455556666"
OWN_ACCOUNT = "999999999999"
NAME = "aws-support-access"
METADATA = "<EntityDescriptor>" + "x" * 1000 + "</EntityDescriptor>"
"""IAM wants 1,000 characters at least."""

Read = Callable[..., TargetFacts]


@pytest.fixture
def target(an_account: Callable[..., Account], a_plan: Callable[..., Plan]) -> Read:
    """Read the target of a plan that trusts these principals, with these other accounts in scope."""

    def read(
        *principals: str, scope: tuple[Account, ...] = (), account: Account | None = None
    ) -> TargetFacts:
        statement = {"Effect": "Allow", "Principal": {"AWS": principals}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        reader = Boto3Reader(AwsConfig(), providers_needed, max_attempts=1)
        known = {each.id: each for each in scope}
        return read_target(account or an_account(), a_plan(trust=trust), known, reader)

    return read


def existences(facts: TargetFacts) -> list[Existence | None]:
    return [principal.existence for principal in facts.principals]


def arn(resource: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:iam::{account}:{resource}"


def test_principals_in_the_account_are_looked_up(target: Read, iam_of: Any, a_plan: Any) -> None:
    iam = iam_of(ACCOUNT)
    iam.create_role(RoleName="Manager", Path="/ops/", AssumeRolePolicyDocument=a_plan().trust)
    iam.create_user(UserName="ada")
    saml = iam.create_saml_provider(Name="Corp", SAMLMetadataDocument=METADATA)["SAMLProviderArn"]
    there = (arn("role/ops/Manager"), arn("user/ada"), saml)
    missing = (arn("role/Manager"), arn("role/Nobody"), arn("user/bob"), arn("saml-provider/Other"))

    facts = target(*there, *missing)

    assert existences(facts) == [Existence.EXISTS] * 3 + [Existence.MISSING] * 4
    assert [principal.arn for principal in facts.principals] == [*there, *missing]


def test_a_principal_in_another_account_in_scope_is_looked_up_there(
    target: Read,
    iam_of: Any,
    a_plan: Any,
    an_account: Any,
) -> None:
    iam_of(OTHER).create_role(RoleName="Manager", AssumeRolePolicyDocument=a_plan().trust)
    iam_of(ACCOUNT).create_role(RoleName="OnlyHere", AssumeRolePolicyDocument=a_plan().trust)

    facts = target(
        arn("role/Manager", OTHER),
        arn("role/OnlyHere", OTHER),
        scope=(an_account(OTHER),),
    )

    assert existences(facts) == [Existence.EXISTS, Existence.MISSING]


def test_the_role_of_the_planned_name_comes_with_its_tags(target: Read, iam_of: Any, a_plan: Any) -> None:
    iam = iam_of(ACCOUNT)
    tags = [{"Key": "managed-by", "Value": "somebody"}]
    role = iam.create_role(RoleName=NAME, Path="/x/", AssumeRolePolicyDocument=a_plan().trust, Tags=tags)[
        "Role"
    ]

    existing = target().existing_role

    assert existing is not None
    assert (existing.name, existing.arn, existing.role_id) == (NAME, role["Arn"], role["RoleId"])
    assert existing.tags == (("managed-by", "somebody"),)
    assert json.loads(existing.trust) == json.loads(a_plan().trust)


def test_a_free_name_has_no_role(target: Read, moto: str) -> None:
    facts = target()

    assert (facts.existing_role, facts.existing_role_unreadable) == (None, None)


def test_the_accounts_facts_are_the_scans_facts(target: Read, iam_of: Any, a_plan: Any, read: Any) -> None:
    iam = iam_of(ACCOUNT)
    iam.create_role(RoleName="Support", AssumeRolePolicyDocument=a_plan().trust)
    iam.attach_role_policy(RoleName="Support", PolicyArn="arn:aws:iam::aws:policy/AWSSupportAccess")

    facts = target().facts

    assert [role.name for role in facts.roles] == ["Support"]
    assert replace(read(facts.account, providers_needed), read_at=facts.read_at) == facts


def test_iam_decides_on_principals_that_are_not_ours_to_read(target: Read, aws: Any, an_account: Any) -> None:
    out_of_scope = arn("role/Manager", "777788889999")
    closed = an_account(OTHER, state=AccountState.SUSPENDED)
    others = (
        out_of_scope,
        arn("role/Manager", OTHER),
        arn("root"),
        "arn:aws-cn:iam::111122223333:role/M",
        "*",
    )

    facts = target(*others, scope=(closed,))

    assert existences(facts) == [Existence.IAM_DECIDES] * 5
    assert {sent.parameters["RoleArn"] for sent in aws.calls("AssumeRole")} == {
        arn("role/SupportRoleScanner")
    }


def test_each_account_is_entered_once_and_with_its_own_role(target: Read, aws: Any, an_account: Any) -> None:
    target(arn("role/A", OTHER), arn("role/B", OTHER), arn("role/C"), scope=(an_account(OTHER),))

    assert [sent.parameters["RoleArn"] for sent in aws.calls("AssumeRole")] == [
        arn("role/SupportRoleScanner"),
        arn("role/SupportRoleScanner", OTHER),
    ]
    looked_up = {sent.parameters["RoleName"]: sent.account for sent in aws.calls("GetRole")}
    assert looked_up == {"A": OTHER, "B": OTHER, "C": ACCOUNT, NAME: ACCOUNT}


def test_a_principal_whose_account_cannot_be_entered_is_unread_and_the_rest_is_read(
    target: Read,
    aws: Any,
    an_account: Any,
) -> None:
    aws.on("AssumeRole", aws.assumed(ACCOUNT), aws.error("AccessDenied"))
    aws.on("GetRole", aws.error("NoSuchEntity", 404))

    facts = target(arn("role/A", OTHER), arn("role/C"), scope=(an_account(OTHER, name="tools"),))

    unread, missing = facts.principals
    assert (unread.existence, missing.existence) == (None, Existence.MISSING)
    assert unread.unreadable is not None
    assert unread.unreadable.text == f"AssumeRole into SupportRoleScanner in tools ({OTHER}): AccessDenied"


@pytest.mark.parametrize("resource", ["role/A", "user/A", "saml-provider/A"])
def test_a_denied_look_up_is_not_a_missing_principal(target: Read, aws: Any, resource: str) -> None:
    for action in ("GetRole", "GetUser", "ListSAMLProviders"):
        aws.on(action, aws.error("AccessDenied"))

    (principal,) = target(arn(resource)).principals

    assert principal.existence is None
    assert principal.unreadable is not None
    assert principal.unreadable.code is UnreadableCode.ACCESS_DENIED


def test_a_name_that_could_not_be_looked_up_is_not_a_free_one(target: Read, aws: Any) -> None:
    aws.on("GetRole", aws.error("AccessDenied"))

    facts = target()

    assert facts.existing_role is None
    assert facts.existing_role_unreadable is not None
    assert facts.existing_role_unreadable.text.startswith(f"GetRole {NAME} as SupportRoleScanner")


@pytest.mark.parametrize("action", ["GetCallerIdentity", "AssumeRole", "ListEntitiesForPolicy"])
def test_an_unreadable_account_leaves_nothing_known(target: Read, aws: Any, action: str) -> None:
    aws.on(action, aws.error("AccessDenied"))

    facts = target(arn("role/A"))

    why = facts.facts.unreadable
    assert why is not None
    assert facts.existing_role_unreadable == why
    assert facts.principals == (PrincipalFact(arn("role/A"), None, why),)


def test_an_account_that_is_not_active_is_not_asked(target: Read, aws: Any, an_account: Any) -> None:
    facts = target(arn("role/A"), account=an_account(state=AccountState.CLOSED))

    assert facts.facts.roles == ()
    assert aws.sent == []


def test_the_bots_own_account_is_read_with_its_own_credentials(
    target: Read, aws: Any, an_account: Any
) -> None:
    target(arn("role/A", OWN_ACCOUNT), account=an_account(OWN_ACCOUNT))

    assert aws.calls("AssumeRole") == []
    assert {sent.account for sent in aws.sent} == {OWN_ACCOUNT}


def test_trusted_principals_are_read_from_every_statement(a_plan: Any) -> None:
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": "one"}, "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": {"Federated": ["two", "three"]}, "Action": "sts:AssumeRoleWithSAML"},
    ]

    assert trusted_arns(a_plan(trust=json.dumps({"Statement": statements}))) == ("one", "two", "three")
