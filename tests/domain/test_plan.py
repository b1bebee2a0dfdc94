"""A plan is fixed by settings and facts alone, and its hash covers every part of it."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from building.values import NOW, a_plan, a_role, an_account, facts_of
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.canonical import canonical_json
from bot.domain.plan import Plan, RoleSettings, build_plan, fingerprint, trust_policy

OWN = "111122223333"
ROLE = f"arn:aws:iam::{OWN}:role/Responder"
OTHER = f"arn:aws:iam::{OWN}:role/Analyst"
SAML = f"arn:aws:iam::{OWN}:saml-provider/Okta"


def trust(*principals: str, partition: str = "aws", require_mfa: bool = False) -> Any:
    account = an_account(trusted_principals=principals, partition=partition)
    return trust_policy(account, require_mfa=require_mfa)


def test_a_role_trusts_the_configured_principal_and_nothing_else():
    assert trust(ROLE) == {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "sts:AssumeRole"}],
    }


def test_several_principals_stand_in_one_sorted_list():
    assert trust(ROLE, OTHER)["Statement"][0]["Principal"] == {"AWS": [OTHER, ROLE]}


def test_a_principal_that_is_named_twice_is_trusted_once():
    """IAM may give it back once, and then the role would not be what was approved."""
    assert trust(ROLE, ROLE) == trust(ROLE)
    assert trust(SAML, SAML) == trust(SAML)


def test_mfa_is_asked_of_people_when_settings_ask_for_it():
    assert trust(ROLE, require_mfa=True)["Statement"][0]["Condition"] == {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
    }


@pytest.mark.parametrize(
    ("partition", "audience"),
    [
        ("aws", "https://signin.aws.amazon.com/saml"),
        ("aws-us-gov", "https://signin.amazonaws-us-gov.com/saml"),
        ("aws-cn", "https://signin.amazonaws.cn/saml"),
    ],
)
def test_a_saml_provider_is_trusted_for_the_console_of_its_partition(partition: str, audience: str):
    arn = SAML.replace("arn:aws:", f"arn:{partition}:")

    assert trust(arn, partition=partition)["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Federated": arn},
            "Action": "sts:AssumeRoleWithSAML",
            "Condition": {"StringEquals": {"SAML:aud": audience}},
        },
    ]


def test_mfa_is_not_asked_of_a_federated_sign_in_which_never_carries_it():
    role, saml = trust(ROLE, SAML, require_mfa=True)["Statement"]

    assert "Bool" in role["Condition"]
    assert "Bool" not in saml["Condition"]


def test_a_plan_is_what_settings_say_for_the_account():
    role = RoleSettings("Support", "/security/", f"arn:aws:iam::{OWN}:policy/Edge", max_session_seconds=7200)

    plan = build_plan(an_account(), role, facts_of(an_account()))

    assert plan.role_arn == f"arn:aws:iam::{OWN}:role/security/Support"
    assert plan.policy_arn == "arn:aws:iam::aws:policy/AWSSupportAccess"
    assert plan.permissions_boundary == f"arn:aws:iam::{OWN}:policy/Edge"
    assert plan.max_session_seconds == 7200
    assert plan.trust == canonical_json(trust(ROLE))


def test_the_policy_is_the_one_of_the_accounts_partition():
    assert a_plan(an_account(partition="aws-cn")).policy_arn == "arn:aws-cn:iam::aws:policy/AWSSupportAccess"


@pytest.mark.parametrize("name", [field.name for field in fields(Plan)])
def test_the_hash_covers_every_field(name: str):
    plan = a_plan()
    other = 1 if name == "max_session_seconds" else "other"

    assert replace(plan, **{name: other}).hash != plan.hash


def test_equal_inputs_make_equal_plans_whenever_the_facts_were_read():
    later = facts_of(an_account(), read_at=NOW.replace(year=2027))

    assert build_plan(an_account(), RoleSettings(), later) == a_plan()


def test_the_order_in_which_principals_are_configured_makes_no_difference():
    one, two = an_account(trusted_principals=(ROLE, OTHER)), an_account(trusted_principals=(OTHER, ROLE))

    assert a_plan(one).hash == a_plan(two).hash


def test_the_names_and_the_reach_of_an_account_are_no_part_of_its_plan():
    assert a_plan(an_account(name="renamed", owner="U1")).hash == a_plan().hash


@pytest.mark.parametrize(
    "facts",
    [
        facts_of(an_account(), a_role(an_account())),
        facts_of(an_account(), a_role(an_account(), trust="{}")),
        facts_of(an_account(), a_role(an_account(), "another")),
    ],
)
def test_another_role_that_carries_the_policy_changes_the_fingerprint(facts: Any):
    assert fingerprint(a_plan().role_arn, facts) != a_plan().fingerprint


def test_the_planned_role_itself_does_not():
    own_work = facts_of(an_account(), a_role(an_account(), "aws-support-access"))

    assert fingerprint(a_plan().role_arn, own_work) == a_plan().fingerprint


def test_the_order_in_which_roles_were_read_makes_no_difference():
    one, two = a_role(an_account(), "one"), a_role(an_account(), "two")

    assert fingerprint("", facts_of(an_account(), one, two)) == fingerprint(
        "", facts_of(an_account(), two, one)
    )


@pytest.mark.parametrize(
    ("spelled", "same"),
    [
        (lambda trust: json.dumps(trust, indent=2), True),
        (lambda trust: json.dumps(trust | {"Statement": trust["Statement"][0]}), True),
        (lambda trust: json.dumps(trust).replace(f'"{OTHER}", "{ROLE}"', f'"{ROLE}", "{OTHER}"'), True),
        (lambda trust: json.dumps(trust).replace('"sts:AssumeRole"', '["sts:AssumeRole"]'), True),
        (lambda trust: json.dumps(trust).replace(f'"{OTHER}", ', ""), False),
        (lambda trust: json.dumps(trust | {"Statement": trust["Statement"] * 2}), False),
        (lambda trust: json.dumps(trust).replace("Allow", "Deny"), False),
        (lambda trust: json.dumps(trust | {"Id": 1.5}), False),
        (lambda _: "no JSON", False),
        (lambda _: "[]", False),
        (lambda _: "[0.5, 0.25]", False),
    ],
)
def test_a_trust_read_back_is_the_same_however_iam_spells_it(spelled: Any, *, same: bool):
    plan = a_plan(an_account(trusted_principals=(ROLE, OTHER)))

    assert plan.trusts_the_same(spelled(json.loads(plan.trust))) is same


@given(st.text(max_size=20))
def test_no_text_read_back_raises(text: str):
    assert a_plan().trusts_the_same(text) is False


def test_the_tags_say_who_made_the_role_for_which_request():
    assert a_plan().tags("fix-1", "U1") == (
        ("managed-by", "support-role-bot"),
        ("support-role-bot:request", "fix-1"),
        ("support-role-bot:plan", a_plan().short_hash),
        ("support-role-bot:approver", "U1"),
    )


def test_a_boundary_of_the_customers_own_is_named_in_each_account_and_partition():
    account = an_account(partition="aws-cn")
    role = RoleSettings(permissions_boundary="arn:{partition}:iam::{account_id}:policy/Bound")

    plan = build_plan(account, role, facts_of(account))

    assert plan.permissions_boundary == f"arn:aws-cn:iam::{account.id}:policy/Bound"
