"""Whether a policy shuts out AWS Support as a whole: as IAM evaluates it, and never more than is certain."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.glob import glob_match
from bot.domain.support_policy import SupportEffect, support_effect


def a_policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def all_but(effect: str, *spared: str, **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "NotAction": list(spared), "Resource": "*", **more}


MFA = {"Bool": {"aws:MultiFactorAuthPresent": "false"}}

DENIES = {
    "all of the service": deny("support:*"),
    "whatever the case": deny("Support:*"),
    "everything": deny("*"),
    "everything, twice over": deny("**"),
    "any service": deny("*:*"),
    "a pattern over the service": deny("supp?rt:*"),
    "a pattern over services": deny("s*:*"),
    "at least one letter": deny("support:?*"),
    "one of a list": deny(["iam:*", "support:*"]),
    "one of several resources": deny("support:*", ["arn:aws:s3:::x", "*"]),
    "an empty condition": deny("support:*", Condition={}),
    "all but another service": all_but("Deny", "iam:*", "sts:*"),
    "all but a service that begins alike": all_but("Deny", "supportplans:*", "support-console:*"),
}


@pytest.mark.parametrize("statement", DENIES.values(), ids=DENIES)
def test_it_is_denied_outright(statement: Any):
    assert support_effect(a_policy(allow("s3:*"), statement)) is SupportEffect.DENIES


def test_an_allow_beside_a_deny_saves_nothing():
    assert support_effect(a_policy(allow("support:*"), deny("support:*"))) is SupportEffect.DENIES


def test_a_single_statement_needs_no_list():
    document = json.dumps({"Version": "2012-10-17", "Statement": deny("support:*")})

    assert support_effect(document) is SupportEffect.DENIES


NOT_OUTRIGHT = {
    "one action": deny("support:CreateCase"),
    "some actions": deny("support:Create*"),
    "names of one length": deny("support:????????????"),
    "another service": deny("support-console:*"),
    "under a condition": deny("support:*", Condition=MFA),
    "on some resource": deny("support:*", "arn:aws:support:*"),
    "on all but some": {"Effect": "Deny", "Action": "support:*", "NotResource": "arn:aws:s3:::x"},
    "all but some of it": all_but("Deny", "support:Describe*"),
    "all but a pattern that it may match": all_but("Deny", "s*"),
    "all but something, under a condition": all_but("Deny", "iam:*", Condition=MFA),
}


@pytest.mark.parametrize("statement", NOT_OUTRIGHT.values(), ids=NOT_OUTRIGHT)
def test_what_leaves_some_of_it_is_not_denied_outright(statement: Any):
    assert support_effect(a_policy(allow("support:*"), statement)) is SupportEffect.OTHER


SILENT = {
    "other services": a_policy(allow(["s3:*", "ec2:Describe*"])),
    "its neighbours": a_policy(allow(["supportplans:*", "support-console:*"])),
    "a deny of something else": a_policy(deny("iam:*")),
    "all but it": a_policy(all_but("Allow", "support:*")),
    "no statement": a_policy(),
}


@pytest.mark.parametrize("document", SILENT.values(), ids=SILENT)
def test_a_policy_that_allows_none_of_it_is_silent(document: str):
    assert support_effect(document) is SupportEffect.SILENT


ALLOWS = {
    "all of it": allow("support:*"),
    "one action": allow("support:DescribeCases"),
    "everything": allow("*"),
    "a pattern": allow("s*:Describe*"),
    "under a condition": allow("support:*", Condition=MFA),
    "all but some other": all_but("Allow", "iam:*"),
    "all but some of it": all_but("Allow", "support:CreateCase"),
}


@pytest.mark.parametrize("statement", ALLOWS.values(), ids=ALLOWS)
def test_a_policy_that_may_allow_some_of_it_is_not_silent(statement: Any):
    assert support_effect(a_policy(statement)) is SupportEffect.OTHER


UNCLEAR = {
    "no JSON": "{",
    "no object": "[]",
    "no statement": json.dumps({"Version": "2012-10-17"}),
    "a statement that is none": json.dumps({"Statement": ["Deny"]}),
    "no action": a_policy({"Effect": "Deny", "Resource": "*"}),
    "no effect": a_policy({"Action": "support:*", "Resource": "*"}),
    "an action that is a number": a_policy(allow(3)),
    "too deep": '{"Statement":' + "[" * 100_000,
}


@pytest.mark.parametrize("document", UNCLEAR.values(), ids=UNCLEAR)
def test_what_is_no_policy_says_nothing(document: str):
    assert support_effect(document) is SupportEffect.UNCLEAR


@given(st.text(alphabet="support:qzx*?CreateCase", max_size=14))
def test_what_is_denied_outright_is_every_action_of_it(pattern: str):
    """Whatever letters a pattern is made of."""
    if support_effect(a_policy(deny(pattern))) is SupportEffect.DENIES:
        for action in ("CreateCase", "DescribeTrustedAdvisorChecks", "x", "Zz9" * 20):
            assert glob_match(pattern, f"support:{action}")


@given(st.text(alphabet="support:qzx*?CreateCase", max_size=14))
def test_a_silent_policy_allows_no_action_of_it(pattern: str):
    if support_effect(a_policy(allow(pattern))) is SupportEffect.SILENT:
        for action in ("CreateCase", "DescribeCases", "x", "q"):
            assert not glob_match(pattern, f"support:{action}")
