"""A fix trusts whole ARNs of people's roles, users and SAML providers, and nothing wider."""

from dataclasses import replace

import pytest
from building.values import an_account
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.account import AccountId
from bot.domain.principal import problem_with_principal

OWN = "111122223333"
TRUSTED = "444455556666"
STRANGE = "999999999999"
ACCOUNT = an_account(OWN, trusted_account_ids=frozenset({AccountId(TRUSTED)}))


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:iam::{OWN}:role/Responder",
        f"arn:aws:iam::{OWN}:role/teams/security/Responder",
        f"arn:aws:iam::{OWN}:user/anna.smith@example.com",
        f"arn:aws:iam::{OWN}:saml-provider/Okta",
        f"arn:aws:iam::{TRUSTED}:role/Responder",
        f"arn:aws:iam::{TRUSTED}:user/anna",
    ],
)
def test_a_persons_role_user_or_provider_may_be_trusted(arn: str):
    assert problem_with_principal(arn, ACCOUNT) == ""


@pytest.mark.parametrize(
    ("arn", "words"),
    [
        ("*", "not the whole ARN"),
        ("", "not the whole ARN"),
        (OWN, "not the whole ARN"),
        (f"arn:aws:iam::{OWN}:root", "allow_account_root is off"),
        (f"arn:aws:iam::{OWN}:root/x", "not the whole ARN"),
        (f"arn:aws:iam::{OWN}:role/*", "not the whole ARN"),
        (f"arn:aws:iam::{OWN}:role/Resp?nder", "not the whole ARN"),
        (f"arn:aws:iam::{OWN}:role/", "not the whole ARN"),
        (f"arn:aws:iam::{OWN}:role/security/", "not the whole ARN"),
        (f"arn:aws:iam::{OWN}:group/admins", "not the whole ARN"),
        (f"arn:aws:iam::{OWN}:oidc-provider/example.com", "not the whole ARN"),
        (f"arn:aws:sts::{OWN}:assumed-role/Responder/anna", "not the whole ARN"),
        (f"arn:aws:sts::{OWN}:federated-user/anna", "not the whole ARN"),
        (f"arn:aws:iam::{OWN}:role/Responder\n", "not the whole ARN"),
        (f" arn:aws:iam::{OWN}:role/Responder", "not the whole ARN"),
        (f"arn:aws:iam::{OWN}:role/R\u0435sponder", "not the whole ARN"),  # a Cyrillic letter
        ("arn:aws:iam::11112222333:role/Responder", "not the whole ARN"),
        ("arn:aws:iam::١١١١٢٢٢٢٣٣٣٣:role/Responder", "not the whole ARN"),
        ("arn:aws:iam::aws:role/Responder", "not the whole ARN"),
        ("AROAEXAMPLEROLEID", "not the whole ARN"),
        (f"arn:aws-cn:iam::{OWN}:role/Responder", "partition aws-cn"),
        (f"arn:aws:iam::{STRANGE}:role/Responder", f"account {STRANGE} is neither"),
        (f"arn:aws:iam::{TRUSTED}:saml-provider/Okta", "own account"),
        (
            f"arn:aws:iam::{OWN}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef",
            "AWS manages",
        ),
        (f"arn:aws:iam::{OWN}:role/AWSReservedSSO_Admin_0123456789abcdef", "AWS manages"),
        (f"arn:aws:iam::{OWN}:role/aws-service-role/support.amazonaws.com/AWSServiceRoleForSupport", "AWS"),
        (f"arn:aws:iam::{TRUSTED}:role/awsreservedsso_Admin_0123456789abcdef", "AWS manages"),
        (f"arn:aws:iam::{TRUSTED}:role/AWS-RESERVED/sso.amazonaws.com/Admin", "AWS manages"),
        (f"arn:aws:iam::{TRUSTED}:role/Aws-Service-Role/support.amazonaws.com/Support", "AWS manages"),
        (f"arn:aws:iam::{TRUSTED}:role/awsserviceroleforsupport", "AWS manages"),
    ],
)
def test_anything_wider_or_stranger_may_not(arn: str, words: str):
    assert words in problem_with_principal(arn, ACCOUNT)


@given(st.text(max_size=60))
def test_no_text_that_lacks_the_shape_of_an_arn_is_ever_trusted(text: str):
    if not text.startswith("arn:aws:iam::"):
        assert problem_with_principal(text, ACCOUNT)


@given(st.sampled_from("*?$\"'\\ {}[]<>\t\n\0"), st.integers(0, 30))
def test_no_wildcard_variable_or_quote_passes_anywhere_in_an_arn(sign: str, place: int):
    arn = f"arn:aws:iam::{OWN}:role/Responder"

    assert problem_with_principal(arn[:place] + sign + arn[place:], ACCOUNT)


def test_in_another_partition_its_own_principals_may_be_trusted():
    china = an_account(OWN, partition="aws-cn")

    assert problem_with_principal(f"arn:aws-cn:iam::{OWN}:role/Responder", china) == ""
    assert "partition aws" in problem_with_principal(f"arn:aws:iam::{OWN}:role/Responder", china)


def test_a_provider_is_not_trusted_where_the_address_of_the_console_is_not_known():
    """With another partition's audience the role would be made, and nobody could sign in to it."""
    iso = an_account(OWN, partition="aws-iso")

    assert problem_with_principal(f"arn:aws-iso:iam::{OWN}:role/Responder", iso) == ""
    assert "is not known here" in problem_with_principal(f"arn:aws-iso:iam::{OWN}:saml-provider/Okta", iso)


def test_a_whole_account_may_be_trusted_where_settings_say_so_and_only_one_of_ours():
    allowed = replace(ACCOUNT, may_trust_root=True)

    assert problem_with_principal(f"arn:aws:iam::{OWN}:root", allowed) == ""
    assert problem_with_principal(f"arn:aws:iam::{TRUSTED}:root", allowed) == ""
    assert "is neither" in problem_with_principal(f"arn:aws:iam::{STRANGE}:root", allowed)
    assert "partition aws-cn" in problem_with_principal(f"arn:aws-cn:iam::{OWN}:root", allowed)
