"""IAM: what it does not take, and how it shows what is gone."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bot.sandbox.aws.switches_client import AwsSwitches
from bot.sandbox.landing_zone import ADMIN_ROLE, INCIDENT_ROLE, SUPPORT_POLICY, arn_in, trusting

PAYMENTS, LAKE, NETWORK, PORTAL = "111122223333", "222233334444", "444455556666", "234523452345"
GOOD = trusting({"AWS": arn_in(PAYMENTS, f"role/{INCIDENT_ROLE}")})


@pytest.mark.parametrize(
    ("principal", "shown"),
    [
        ({"AWS": arn_in(PAYMENTS, "role/Nobody")}, f'"AWS":"{arn_in(PAYMENTS, "role/Nobody")}"'),
        ({"AWS": arn_in(PAYMENTS, "user/nobody")}, f'"AWS":"{arn_in(PAYMENTS, "user/nobody")}"'),
        ({"AWS": arn_in(PAYMENTS, "role/Inc*")}, f'"AWS":"{arn_in(PAYMENTS, "role/Inc*")}"'),
        ({"AWS": "100000000001"}, '"AWS":"100000000001"'),
        ({"AWS": "AIDAJQABLZS4A3QDU576Q"}, '"AWS":"AIDAJQABLZS4A3QDU576Q"'),
        (
            {"Federated": arn_in(PAYMENTS, "saml-provider/Okta")},
            f'"{arn_in(PAYMENTS, "saml-provider/Okta")}"',
        ),
        ({"Service": "nonsense"}, '"Service":"nonsense"'),
    ],
    ids=["role", "user", "wildcard", "account", "deleted", "provider", "service"],
)
def test_a_principal_must_exist(iam_in: Callable[[str], Any], principal: Any, shown: str) -> None:
    with pytest.raises(ClientError) as error:
        iam_in(PAYMENTS).create_role(RoleName="refused", AssumeRolePolicyDocument=trusting(principal))

    said = error.value.response["Error"]
    assert said["Code"] == "MalformedPolicyDocument"
    assert said["Message"].startswith("Invalid principal in policy: ")
    assert shown in said["Message"]


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": "*"},
        "*",
        {"AWS": arn_in(LAKE, "root")},
        {"AWS": LAKE},
        {"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]},
        {"Federated": "accounts.google.com"},
    ],
)
def test_a_principal_that_exists_is_taken(iam_in: Callable[[str], Any], principal: Any) -> None:
    iam = iam_in(PAYMENTS)

    role = iam.create_role(RoleName="taken", AssumeRolePolicyDocument=trusting(principal))["Role"]
    iam.delete_role(RoleName="taken")

    assert role["Arn"] == arn_in(PAYMENTS, "role/taken")


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"RoleName": "r" * 65}, "ValidationError"),
        ({"RoleName": "with space"}, "ValidationError"),
        ({"RoleName": "x", "Path": "support"}, "ValidationError"),
        ({"RoleName": "x", "MaxSessionDuration": 60}, "ValidationError"),
        ({"RoleName": INCIDENT_ROLE.upper()}, "EntityAlreadyExists"),
        ({"RoleName": "x", "PermissionsBoundary": arn_in(PAYMENTS, "policy/Nowhere")}, "NoSuchEntity"),
        ({"RoleName": "x", "AssumeRolePolicyDocument": "no JSON"}, "MalformedPolicyDocument"),
        (
            {"RoleName": "x", "AssumeRolePolicyDocument": trusting({"AWS": "*"}, Resource="*")},
            "MalformedPolicyDocument",
        ),
    ],
)
def test_a_role_must_fit(iam_in: Callable[[str], Any], parameters: Any, code: str) -> None:
    iam = iam_in(PAYMENTS)

    with pytest.raises(ClientError) as error:
        iam.create_role(**{"AssumeRolePolicyDocument": GOOD, **parameters})

    assert error.value.response["Error"]["Code"] == code


def test_a_deleted_principal_is_shown_as_its_id_for_good(
    iam_in: Callable[[str], Any], switches: AwsSwitches
) -> None:
    """Whether it was deleted through IAM or by the switch, and although one of its name comes back."""
    iam = iam_in(NETWORK)
    ids = {}
    for name in ("Lead", "Deputy"):
        ids[name] = iam.create_role(RoleName=name, AssumeRolePolicyDocument=GOOD)["Role"]["RoleId"]
    both = {"AWS": [arn_in(NETWORK, "role/Lead"), arn_in(NETWORK, "role/Deputy")]}
    iam.create_role(RoleName="Trusting", AssumeRolePolicyDocument=trusting(both))

    iam.delete_role(RoleName="Lead")
    assert switches.delete(arn_in(NETWORK, "role/Deputy"))
    iam.create_role(RoleName="Lead", AssumeRolePolicyDocument=GOOD)

    trust = iam.get_role(RoleName="Trusting")["Role"]["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Principal"] == {"AWS": [ids["Lead"], ids["Deputy"]]}
    assert not switches.delete(arn_in(NETWORK, "role/Deputy"))


def test_an_account_seen_later_shows_the_deleted_principal_too(
    iam_in: Callable[[str], Any], switches: AwsSwitches
) -> None:
    assert switches.delete(arn_in(LAKE, f"role/{INCIDENT_ROLE}"))

    trust = iam_in(LAKE).get_role(RoleName="SupportAccess")["Role"]["AssumeRolePolicyDocument"]

    assert trust["Statement"][0]["Principal"]["AWS"].startswith("AROA")


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"PolicyUsageFilter": "PermissionsPolicy"}, []),
        ({"PolicyUsageFilter": "PermissionsBoundary"}, ["PortalRuntime"]),
        ({}, ["PortalRuntime"]),
    ],
)
def test_a_boundary_is_no_attached_policy(
    iam_in: Callable[[str], Any], usage: dict[str, str], expected: list[str]
) -> None:
    answer = iam_in(PORTAL).list_entities_for_policy(PolicyArn=SUPPORT_POLICY, **usage)

    assert [role["RoleName"] for role in answer["PolicyRoles"]] == expected


def test_entities_come_in_pages(iam_in: Callable[[str], Any], switches: AwsSwitches) -> None:
    names = [f"Support{number:02d}" for number in range(5)]
    for name in names:
        switches.plant_role("333344445555", name, json.loads(trusting({"AWS": "*"})))
    pages = iam_in("333344445555").get_paginator("list_entities_for_policy")

    found = list(pages.paginate(PolicyArn=SUPPORT_POLICY, PaginationConfig={"PageSize": 2}))

    assert len(found) == 3
    assert {role["RoleName"] for page in found for role in page["PolicyRoles"]} == {
        *names,
        "SupportFederated",
    }


def test_a_policy_that_is_not_there_has_no_entities(iam_in: Callable[[str], Any]) -> None:
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam_in(PAYMENTS).list_entities_for_policy(PolicyArn=SUPPORT_POLICY + "Not")


def test_other_services_are_not_played(client: Callable[..., Any], enter: Callable[..., Any]) -> None:
    with pytest.raises(ClientError, match="IAM, STS and Organizations"):
        client("sns", enter(PAYMENTS, ADMIN_ROLE)).list_topics()
