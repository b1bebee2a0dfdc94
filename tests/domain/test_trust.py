"""How a trust policy is read: each form that IAM knows, and what no form may ever achieve."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.account import Account, AccountId
from bot.domain.facts import ProviderKind, Providers, Unreadable, UnreadableCode
from bot.domain.trust import REASON_ORDER, read_trust

ME = AccountId("111122223333")
SIBLING = AccountId("222233334444")
STRANGER = AccountId("999988887777")
ACCOUNT = Account(ME, name="payments")

ONCALL = f"arn:aws:iam::{ME}:role/teams/Oncall"
OTHER = f"arn:aws:iam::{ME}:role/Other"
ALICE = f"arn:aws:iam::{ME}:user/alice"
ROOT = f"arn:aws:iam::{ME}:root"
SESSION = f"arn:aws:sts::{ME}:assumed-role/Oncall/alice@example.com"
SAML = f"arn:aws:iam::{ME}:saml-provider/Okta"
OIDC = f"arn:aws:iam::{ME}:oidc-provider/login.example.com"
SSO = f"arn:aws:iam::{ME}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
DELETED = "AIDACKCEVSQ6C2EXAMPLE"
ORG = "o-a1b2c3d4e5"
ALL_READ = Providers(kinds=frozenset(ProviderKind), arns=frozenset({SAML, OIDC}))


def statement(effect: str, principal: Any, action: Any = "sts:AssumeRole", condition: Any = None):
    more = {"Condition": condition} if condition is not None else {}
    return {"Effect": effect, "Principal": principal, "Action": action} | more


def allow(principal: Any, action: Any = "sts:AssumeRole", condition: Any = None):
    return statement("Allow", principal, action, condition)


def deny(principal: Any, action: Any = "sts:AssumeRole", condition: Any = None):
    return statement("Deny", principal, action, condition)


def read(*statements: Any, providers: Providers = ALL_READ, account: Account = ACCOUNT):
    return read_text(json.dumps({"Statement": list(statements)}), providers=providers, account=account)


def read_text(text: str | None, *, providers: Providers = ALL_READ, account: Account = ACCOUNT):
    return read_trust(text, account=account, in_scope=frozenset({ME, SIBLING}), providers=providers)


def codes(reading: Any):
    return [reason.code for reason in reading.reasons]


def note_codes(reading: Any):
    return {note.code for note in reading.notes}


# --- principals


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": ONCALL},
        {"AWS": [ALICE]},
        {"AWS": ROOT},
        {"AWS": ME},
        {"AWS": f"arn:aws:iam::{SIBLING}:role/a/b/c"},
        {"AWS": SESSION},
        {"AWS": f"arn:aws:sts::{ME}:federated-user/alice"},
        {"AWS": ONCALL, "Service": "ec2.amazonaws.com"},
        {"AWS": [DELETED, ONCALL]},
    ],
    ids=json.dumps,
)
def test_these_principals_let_a_named_human_in(principal: Any):
    assert read(allow(principal)).sound


@pytest.mark.parametrize(
    ("principal", "code"),
    [
        ("*", "trusts-everyone"),
        ({"AWS": "*"}, "trusts-everyone"),
        ({"AWS": [ONCALL, "*"]}, "trusts-everyone"),
        ({"AWS": STRANGER}, "foreign-account"),
        ({"AWS": f"arn:aws:iam::{STRANGER}:user/mallory"}, "foreign-account"),
        ({"AWS": f"arn:aws:sts::{STRANGER}:assumed-role/Any/any"}, "foreign-account"),
        ({"AWS": f"arn:aws-cn:iam::{ME}:role/Oncall"}, "foreign-account"),
        ({"AWS": DELETED}, "principal-deleted"),
        ({"AWS": "AROACKCEVSQ6C2EXAMPLE"}, "principal-deleted"),
        ({"Service": "ec2.amazonaws.com"}, "no-human"),
        ({"AWS": f"arn:aws:iam::{ME}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"}, "no-human"),
        ({"CanonicalUser": "79a59df900b949e55d96a1e698fbaced"}, "trust-unreadable"),
        ({"AWS": ONCALL, "CanonicalUser": "79a59df900b949e55d96a1e698fbaced"}, "trust-unreadable"),
        ({"AWS": f"arn:aws:iam::{ME}:group/ops"}, "trust-unreadable"),
        ({"AWS": f"arn:aws:iam::{ME}:role/On*"}, "trust-unreadable"),
        ({"AWS": "arn:aws:iam::*:root"}, "trust-unreadable"),
        ({"AWS": "AKIAIOSFODNN7EXAMPLE"}, "trust-unreadable"),
        ({"AWS": "12345"}, "trust-unreadable"),
        ({"AWS": "١٢٣٤٥٦٧٨٩٠١٢"}, "trust-unreadable"),
        ({"AWS": ""}, "trust-unreadable"),
        ({"AWS": []}, "trust-unreadable"),
        ({"AWS": None}, "trust-unreadable"),
        ({"AWS": [ONCALL, 7]}, "trust-unreadable"),
        ({"AWS": SAML}, "trust-unreadable"),
        ({"Federated": ONCALL}, "trust-unreadable"),
        ({"Federated": "*"}, "trust-unreadable"),
        ({"Service": "*"}, "trust-unreadable"),
        ({"Somebody": ONCALL}, "trust-unreadable"),
        ({}, "trust-unreadable"),
        ([ONCALL], "trust-unreadable"),
        (ONCALL, "trust-unreadable"),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value),
)
def test_these_principals_make_no_sound_role(principal: Any, code: str):
    reading = read(allow(principal))

    assert not reading.sound
    assert codes(reading)[0] == code


def test_whom_a_policy_lets_in_is_listed_as_written_and_accounts_as_their_root():
    reading = read(allow({"AWS": [ME, ALICE, DELETED], "Service": "ec2.amazonaws.com"}))

    assert reading.trusts == (ROOT, ALICE, "ec2.amazonaws.com")


def test_a_bare_id_in_another_partition_is_the_root_there():
    china = Account(ME, partition="aws-cn")

    assert read(allow({"AWS": ME}), account=china).trusts == (f"arn:aws-cn:iam::{ME}:root",)


def test_a_session_is_noted_since_nothing_shows_that_its_role_exists():
    assert "session-principal" in note_codes(read(allow({"AWS": SESSION})))


def test_statements_are_added_up():
    reading = read(allow({"AWS": ONCALL}), allow({"AWS": ALICE}), allow({"Service": "ec2.amazonaws.com"}))

    assert reading.sound
    assert reading.trusts == (ONCALL, ALICE, "ec2.amazonaws.com")


def test_a_huge_principal_is_cut_in_what_people_read():
    reading = read(allow({"AWS": f"arn:aws:sts::{ME}:assumed-role/{'x' * 600}/s"}))

    assert all(len(note.text) < 320 for note in reading.notes)


# --- federated principals


@pytest.mark.parametrize(
    ("principal", "action", "code"),
    [
        (SAML, "sts:AssumeRole", "no-assume"),
        (SAML, "sts:AssumeRoleWithWebIdentity", "no-assume"),
        (OIDC, "sts:AssumeRoleWithSAML", "no-assume"),
        (f"{SAML}-gone", "sts:AssumeRoleWithSAML", "provider-missing"),
        (SAML.replace(ME, SIBLING), "sts:AssumeRoleWithSAML", "provider-missing"),
        (SAML.replace(ME, STRANGER), "sts:AssumeRoleWithSAML", "foreign-account"),
        ("accounts.google.com", "sts:AssumeRoleWithWebIdentity", "trusts-everyone"),
        ("cognito-identity.amazonaws.com", "sts:AssumeRoleWithWebIdentity", "trusts-everyone"),
        ("www.amazon.com", "sts:AssumeRole", "no-assume"),
    ],
)
def test_these_federated_principals_make_no_sound_role(principal: str, action: str, code: str):
    assert codes(read(allow({"Federated": principal}, action)))[0] == code


@pytest.mark.parametrize(("arn", "action"), [(SAML, "sts:AssumeRoleWithSAML"), (OIDC, "sts:*")])
def test_a_provider_that_exists_lets_people_in_by_its_own_call(arn: str, action: str):
    assert read(allow({"Federated": arn}, action)).sound


@pytest.mark.parametrize("key", ["accounts.google.com:aud", "Accounts.Google.com:SUB"])
def test_a_public_sign_in_narrowed_to_an_app_is_still_no_named_person(key: str):
    principal = {"Federated": "accounts.google.com"}
    reading = read(allow(principal, "sts:AssumeRoleWithWebIdentity", {"StringEquals": {key: "app-1"}}))

    assert codes(reading) == ["no-human"]


def test_how_somebody_signed_in_to_cognito_does_not_say_to_which_app():
    condition = {"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}}
    principal = {"Federated": "cognito-identity.amazonaws.com"}

    assert codes(read(allow(principal, "sts:AssumeRoleWithWebIdentity", condition))) == ["trusts-everyone"]


@pytest.mark.parametrize(
    ("condition", "notes"),
    [
        (None, {"any-sign-in"}),
        ({"StringLike": {"login.example.com:sub": "*"}}, {"any-sign-in"}),
        ({"StringEquals": {"login.example.com:sub": "alice"}}, set()),
    ],
)
def test_an_oidc_provider_that_may_let_in_whomever_it_signs_in_is_noted(condition: Any, notes: set[str]):
    reading = read(allow({"Federated": OIDC}, "sts:AssumeRoleWithWebIdentity", condition))

    assert reading.sound
    assert note_codes(reading) == notes


def test_a_provider_that_was_not_read_is_never_taken_to_exist():
    reading = read(allow({"Federated": SAML}, "sts:AssumeRoleWithSAML"), providers=Providers())

    assert not reading.sound
    assert reading.depends_on == {ProviderKind.SAML}


def test_a_provider_of_another_account_is_missing_here_without_a_look():
    theirs = allow({"Federated": SAML.replace(ME, SIBLING)}, "sts:AssumeRoleWithSAML")
    reading = read(theirs, providers=Providers())

    assert (codes(reading), reading.depends_on) == (["provider-missing"], frozenset())


def test_nothing_depends_on_a_provider_where_a_foreign_account_gets_in():
    federated = allow({"Federated": SAML}, "sts:AssumeRoleWithSAML")

    assert not read(federated, allow({"AWS": STRANGER}), providers=Providers()).depends_on


def test_a_list_of_providers_that_broke_off_proves_no_provider_missing():
    broken = Providers(
        kinds=frozenset({ProviderKind.SAML}),
        unreadable=Unreadable(UnreadableCode.THROTTLED, "ListSAMLProviders", ""),
    )

    reading = read(allow({"Federated": SAML}, "sts:AssumeRoleWithSAML"), providers=broken)

    assert reading.depends_on == {ProviderKind.SAML}


def test_nothing_depends_on_a_provider_beside_a_named_role():
    federated = allow({"Federated": SAML}, "sts:AssumeRoleWithSAML")
    reading = read(federated, allow({"AWS": ONCALL}), providers=Providers())

    assert reading.sound
    assert not reading.depends_on


def test_identity_centers_provider_needs_no_look_but_is_missed_when_one_was_taken():
    trust = allow({"Federated": SSO}, ["sts:AssumeRoleWithSAML", "sts:TagSession"])

    assert read(trust, providers=Providers()).sound
    assert codes(read(trust, providers=ALL_READ)) == ["provider-missing"]


# --- conditions on everybody


def everybody(operator: str, key: str, value: Any):
    return read(allow("*", "sts:AssumeRole", {operator: {key: value}}))


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("StringEquals", "aws:PrincipalOrgID", ORG),
        ("stringequals", "AWS:PRINCIPALORGID", [ORG, "o-zzzzzzzzzz"]),
        ("StringLike", "aws:PrincipalOrgID", ORG),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", f"{ORG}/r-ab12/ou-ab12-11111111/*"),
        ("StringEquals", "aws:PrincipalAccount", [ME, SIBLING]),
        ("ArnEquals", "aws:PrincipalArn", ONCALL),
        ("ArnLike", "aws:PrincipalArn", f"arn:*:iam::{ME}:role/teams/*"),
        ("StringLike", "aws:principalarn", [f"arn:aws:iam::{ME}:role/aws-reserved/*/AWSReservedSSO_Ops_*"]),
    ],
)
def test_these_conditions_narrow_everybody_down_to_those_known(operator: str, key: str, value: Any):
    reading = everybody(operator, key, value)

    assert reading.sound
    assert "principal-condition" in note_codes(reading)


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("ArnLike", "aws:PrincipalArn", "*"),
        ("StringLike", "aws:PrincipalArn", ["*", ONCALL]),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/Oncall"),
        ("ArnLike", "aws:PrincipalArn", [ONCALL, "arn:aws:iam::*:role/*"]),
        ("StringLike", "aws:PrincipalArn", f"arn:*:iam::{ME}:role/Oncall"),
        ("StringLike", "aws:PrincipalArn", f"*{ME}*"),
        ("StringEqualsIfExists", "aws:PrincipalOrgID", ORG),
        ("ForAllValues:StringLike", "aws:PrincipalOrgPaths", f"{ORG}/*"),
        ("StringLike", "aws:PrincipalOrgID", "o-*"),
        ("StringLike", "aws:PrincipalOrgID", ["*", ORG]),
        ("StringNotEquals", "aws:PrincipalOrgID", ORG),
        ("ArnNotLike", "aws:PrincipalArn", ONCALL),
        ("StringNotEquals", "aws:PrincipalAccount", STRANGER),
        ("Null", "aws:PrincipalOrgID", "false"),
        ("StringEquals", "aws:PrincipalOrgID", "${aws:PrincipalOrgID}"),
        ("StringEquals", "aws:PrincipalTag/team", "ops"),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/24"),
        ("Bool", "aws:MultiFactorAuthPresent", "true"),
        ("StringEquals", "sts:ExternalId", "s3cret"),
    ],
)
def test_these_conditions_leave_everybody_in(operator: str, key: str, value: Any):
    assert codes(everybody(operator, key, value)) == ["trusts-everyone"]


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("StringEquals", "aws:PrincipalAccount", [ME, STRANGER]),
        ("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{STRANGER}:role/*"),
    ],
)
def test_everybody_narrowed_to_a_foreign_account_is_a_foreign_account(operator: str, key: str, value: Any):
    assert codes(everybody(operator, key, value)) == ["foreign-account"]


def test_an_asterisk_that_is_compared_literally_lets_nobody_in():
    assert codes(everybody("StringEquals", "aws:PrincipalArn", f"arn:aws:iam::{ME}:role/*")) == ["no-assume"]


# --- conditions on named principals


@pytest.mark.parametrize(
    ("operator", "key", "value", "note"),
    [
        ("Bool", "aws:MultiFactorAuthPresent", True, "mfa"),
        ("NumericLessThan", "aws:multifactorauthage", 3600, "mfa"),
        ("StringEquals", "sts:ExternalId", "s3cret", "external-id"),
        ("StringLike", "sts:SourceIdentity", "*@example.com", "source-identity"),
        ("StringEquals", "aws:PrincipalOrgID", ORG, "principal-condition"),
        ("DateLessThan", "aws:CurrentTime", "2030-01-01T00:00:00Z", "condition"),
    ],
)
def test_a_condition_on_a_named_role_is_noted(operator: str, key: str, value: Any, note: str):
    reading = read(allow({"AWS": ONCALL}, condition={operator: {key: value}}))

    assert reading.sound
    assert note_codes(reading) == {note}


def test_a_condition_that_restricts_nothing_is_not_even_noted():
    reading = read(allow({"AWS": ONCALL}, condition={"ArnLike": {"aws:PrincipalArn": "*"}}))

    assert (reading.sound, reading.notes) == (True, ())


def test_a_condition_that_no_human_meets_is_not_noted():
    service = allow({"Service": "ec2.amazonaws.com"}, condition={"StringEquals": {"aws:SourceAccount": ME}})

    assert note_codes(read(allow({"AWS": ONCALL}), service)) == {"no-human"}


def test_a_condition_on_a_variable_is_not_guessed():
    condition = {"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}}

    assert note_codes(read(allow({"AWS": ONCALL}, condition=condition))) == {"principal-condition"}


@pytest.mark.parametrize(
    "condition",
    [
        {"ArnEquals": {"aws:PrincipalArn": OTHER}},
        {"StringNotEquals": {"aws:PrincipalArn": ONCALL}},
        {"StringEquals": {"aws:PrincipalAccount": SIBLING}},
        {"Null": {"aws:PrincipalArn": "true"}},
    ],
    ids=json.dumps,
)
def test_a_condition_that_the_named_role_cannot_meet_lets_nobody_in(condition: Any):
    assert codes(read(allow({"AWS": ONCALL}, condition=condition))) == ["no-assume"]


@pytest.mark.parametrize(
    "condition",
    [None, [], "x", {"StringSounds": {"a": "b"}}, {"StringEquals": "x"}, {"StringEquals": {"a": []}},
     {"StringEquals": {"a": None}}, {"StringEquals": {"a": {"b": "c"}}}],
    ids=json.dumps,
)  # fmt: skip
def test_a_condition_of_unknown_shape_is_unreadable(condition: Any):
    trust = {**allow({"AWS": ONCALL}), "Condition": condition}

    assert codes(read(trust)) == ["trust-unreadable"]


# --- Deny


@pytest.mark.parametrize(
    "denied",
    [
        deny("*"),
        deny({"AWS": "*"}, "*"),
        deny({"AWS": ONCALL}, "sts:*"),
        deny({"AWS": ONCALL.upper().replace("ARN:AWS:IAM", "arn:aws:iam").replace("ROLE/", "role/")}),
        deny({"AWS": ROOT}),
        deny({"AWS": ME}, ["STS:assume*"]),
        deny("*", condition={"ArnLike": {"aws:PrincipalArn": "*"}}),
        deny("*", condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}),
        deny("*", condition={"StringNotEquals": {"aws:PrincipalAccount": SIBLING}}),
        deny("*", condition={"Null": {"aws:PrincipalArn": "false"}}),
        {"Effect": "Deny", "NotPrincipal": {"AWS": OTHER}, "Action": "sts:AssumeRole"},
        {"Effect": "Deny", "Principal": "*", "NotAction": "sts:TagSession"},
    ],
    ids=json.dumps,
)
def test_a_deny_that_covers_the_named_role_denies_it(denied: Any):
    assert codes(read(allow({"AWS": ONCALL}), denied)) == ["denied"]


@pytest.mark.parametrize(
    "harmless",
    [
        deny({"AWS": OTHER}),
        deny({"AWS": SIBLING}),
        deny({"AWS": DELETED}),
        deny({"Service": "ec2.amazonaws.com"}),
        deny("*", "sts:TagSession"),
        deny("*", ["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"]),
        deny("*", condition={"StringEquals": {"aws:PrincipalAccount": SIBLING}}),
    ],
    ids=json.dumps,
)
def test_a_deny_of_something_else_changes_nothing(harmless: Any):
    assert read(allow({"AWS": ONCALL}), harmless) == read(allow({"AWS": ONCALL}))


@pytest.mark.parametrize(
    ("allowed", "denied", "note"),
    [
        (ONCALL, deny("*", condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}}), "conditional-deny"),
        (ONCALL, deny({"AWS": SESSION}), "partial-deny"),
        (ROOT, deny({"AWS": ONCALL}), "partial-deny"),
        (ROOT, deny("*", condition={"ArnNotLike": {"aws:PrincipalArn": ONCALL}}), "conditional-deny"),
    ],
)
def test_a_deny_of_some_requests_is_noted(allowed: str, denied: Any, note: str):
    reading = read(allow({"AWS": allowed}), denied)

    assert reading.sound
    assert note in note_codes(reading)


def test_denying_a_role_denies_its_sessions():
    assert codes(read(allow({"AWS": SESSION}), deny({"AWS": ONCALL}))) == ["denied"]


def test_a_deny_of_one_stranger_does_not_close_an_open_door():
    assert codes(read(allow("*"), deny({"AWS": STRANGER}))) == ["trusts-everyone"]


def test_a_deny_under_multi_factor_does_not_close_an_open_door():
    unless_mfa = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}

    assert codes(read(allow("*"), deny("*", condition=unless_mfa))) == ["trusts-everyone"]


def test_denying_all_outside_the_organization_narrows_everybody_down_to_it():
    outside = {"StringNotEquals": {"aws:PrincipalOrgID": ORG}}
    reading = read(allow("*"), deny("*", "sts:*", outside))

    assert reading.sound
    assert {"principal-condition", "conditional-deny"} <= note_codes(reading)


def test_denying_where_the_organization_is_missing_too_narrows_alike():
    outside = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}}

    assert read(allow("*"), deny("*", condition=outside)).sound


@pytest.mark.parametrize(
    "denied",
    [
        deny({"AWS": STRANGER}, "sts:*", {"StringNotEquals": {"aws:PrincipalOrgID": ORG}}),
        deny("*", "sts:AssumeRoleWithSAML", {"StringNotEquals": {"aws:PrincipalOrgID": ORG}}),
        deny("*", "sts:*", {"ForAnyValue:StringNotLike": {"aws:PrincipalOrgPaths": f"{ORG}/*"}}),
        deny("*", "sts:*", {"StringEquals": {"aws:PrincipalOrgID": ORG}}),
        deny("*", "sts:*", {"StringNotEquals": {"aws:PrincipalOrgID": ORG, "aws:PrincipalTag/a": "b"}}),
    ],
    ids=json.dumps,
)
def test_denying_only_some_of_those_outside_leaves_the_door_open(denied: Any):
    assert codes(read(allow("*", "sts:*"), denied)) == ["trusts-everyone"]


def test_denying_only_one_way_in_leaves_the_others_open():
    assert codes(read(allow("*", "sts:*"), deny("*", "sts:AssumeRole"))) == ["trusts-everyone"]


@pytest.mark.parametrize("spared", [ONCALL, [ONCALL, ROOT], ROOT, "*"], ids=json.dumps)
def test_whom_a_deny_of_all_but_some_spares_is_never_certain(spared: Any):
    all_but = {"Effect": "Deny", "NotPrincipal": {"AWS": spared}, "Action": "sts:AssumeRole"}

    assert codes(read(allow({"AWS": ONCALL}), all_but)) == ["trust-unreadable"]


def test_a_policy_that_only_denies_lets_nobody_in():
    assert codes(read(deny("*"))) == ["no-assume"]


# --- documents


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{",
        "null",
        "[]",
        '"Allow"',
        "{}",
        '{"Statement": []}',
        '{"Statement": {}}',
        '{"Statement": ["*"]}',
        '{"Statement": null}',
        '{"Version": "2020-01-01", "Statement": []}',
        '{"Version": [], "Statement": []}',
        "[" * 100_000,
        '{"Statement": ' + "[" * 100_000,
        "9" * 100_000,
        '{"Statement": [{"Effect": "Allow", "Effect": "Allow", "Principal": "*", "Action": "*"}]}',
    ],
    ids=lambda text: str(text)[:40],
)
def test_a_document_that_is_no_policy_is_unreadable(text: str | None):
    reading = read_text(text)

    assert (reading.sound, codes(reading)) == (False, ["trust-unreadable"])


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "allow"},
        {"Effect": None},
        {"Effect": ["Allow"]},
        {"Resource": "*"},
        {"NotPrincipal": "*"},
        {"NotAction": "*"},
        {"Action": []},
        {"Action": None},
        {"Action": "AssumeRole"},
        {"Action": "s*:AssumeRole"},
        {"action": "*"},
    ],
    ids=json.dumps,
)
def test_a_statement_that_iam_would_not_accept_is_unreadable(change: Any):
    assert codes(read(allow({"AWS": ONCALL}) | change)) == ["trust-unreadable"]


def test_a_policy_with_an_element_that_iam_lacks_is_unreadable():
    assert codes(read_text(json.dumps({"Statement": allow({"AWS": ONCALL}), "statement": []}))) == [
        "trust-unreadable",
    ]


def test_an_unreadable_statement_spoils_a_good_one_and_hides_no_open_door():
    assert codes(read(allow({"AWS": ONCALL}), {"Effect": "Maybe"})) == ["trust-unreadable"]
    assert codes(read(allow("*"), {"Effect": "Maybe"})) == ["trusts-everyone", "trust-unreadable"]


def test_the_raw_text_of_a_broken_policy_is_echoed_nowhere():
    reading = read(allow({"AWS": "<!channel> ignore all rules"}))

    assert "channel" not in repr(reading)


def test_a_pattern_of_many_wildcards_is_matched_at_once():
    pattern = "arn:aws:iam::" + "*a" * 900 + "*b"

    assert codes(read(allow("*", condition={"ArnLike": {"aws:PrincipalArn": pattern}}))) == [
        "trusts-everyone"
    ]


# --- what holds for every policy

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=15,
)
PRINCIPALS = st.sampled_from(
    ["*", {"AWS": "*"}, {"AWS": ONCALL}, {"AWS": [ROOT, DELETED]}, {"AWS": STRANGER}, {"AWS": SESSION},
     {"Service": "ec2.amazonaws.com"}, {"Federated": SAML}, {"Federated": OIDC}, {"Federated": SSO},
     {"Federated": "accounts.google.com"}, {"AWS": ONCALL, "Federated": SAML}],
)  # fmt: skip
ACTIONS = st.sampled_from(
    ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:Assume*", "*", "sts:TagSession",
     ["sts:AssumeRoleWithWebIdentity", "sts:SetSourceIdentity"]],
)  # fmt: skip
CONDITIONS = st.sampled_from(
    [{}, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}, {"ArnLike": {"aws:PrincipalArn": "*"}},
     {"ArnLike": {"aws:PrincipalArn": ONCALL}}, {"ArnNotLike": {"aws:PrincipalArn": ONCALL}},
     {"StringEquals": {"aws:PrincipalOrgID": ORG, "sts:ExternalId": "x"}}],
)  # fmt: skip
NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "Sid": st.text(max_size=5),
        "Effect": st.sampled_from(["Allow", "Deny"]) | SCALARS,
        "Principal": PRINCIPALS | ANY_JSON,
        "NotPrincipal": PRINCIPALS,
        "Action": ACTIONS | ANY_JSON,
        "NotAction": ACTIONS,
        "Condition": CONDITIONS | ANY_JSON,
    },
)
STATEMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(["Allow", "Allow", "Deny"]),
            "Principal": PRINCIPALS,
            "Action": ACTIONS,
            "Condition": CONDITIONS,
        },
    ),
    min_size=1,
    max_size=4,
)


def allows_a_principal(document: Any):
    if not isinstance(document, dict):
        return False
    written = document.get("Statement")
    statements = written if isinstance(written, list) else [written]
    return any(isinstance(s, dict) and s.get("Effect") == "Allow" and "Principal" in s for s in statements)


@given(ANY_JSON | st.fixed_dictionaries({"Statement": NEARLY | st.lists(NEARLY | ANY_JSON, max_size=3)}))
def test_no_json_breaks_the_reading_or_is_sound_without_an_allowed_principal(document: Any):
    reading = read_text(json.dumps(document))

    assert not reading.sound or allows_a_principal(document)
    assert reading.sound == (not reading.reasons)
    assert {reason.code for reason in reading.reasons} <= set(REASON_ORDER)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading(text: str):
    assert not read_text(text).sound


@given(STATEMENTS, st.integers(min_value=0, max_value=4), st.sampled_from(["*", "sts:*"]))
def test_a_deny_of_everything_leaves_nobody_in(statements: list[Any], place: int, action: str):
    statements.insert(place, deny("*", action))

    reading = read(*statements)

    assert (reading.sound, reading.trusts) == (False, ())


@given(STATEMENTS, STATEMENTS)
def test_a_further_deny_never_lets_anybody_in(statements: list[Any], further: list[Any]):
    denies = [{**each, "Effect": "Deny"} for each in further]

    before = read(*statements)
    after = read(*statements, *denies)

    assert set(after.trusts) <= set(before.trusts)


@given(STATEMENTS, st.randoms(use_true_random=False))
def test_neither_the_order_of_elements_nor_the_case_of_actions_matters(statements: list[Any], random: Any):
    def shuffled(each: dict[str, Any]):
        elements = [*each.items()]
        random.shuffle(elements)
        action = json.loads(json.dumps(each["Action"]).swapcase())
        return dict(elements) | {"Action": action}

    assert read(*map(shuffled, statements)) == read(*statements)


@given(STATEMENTS, st.randoms(use_true_random=False))
def test_the_order_of_statements_does_not_matter_to_the_judgement(statements: list[Any], random: Any):
    mixed = list(statements)
    random.shuffle(mixed)

    assert read(*mixed).sound == read(*statements).sound
    assert set(codes(read(*mixed))) == set(codes(read(*statements)))
