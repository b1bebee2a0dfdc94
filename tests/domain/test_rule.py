"""The rule, row by row of the corner cases that docs and users may rely on; ids are those rows."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.account import Account, AccountId, AccountState
from bot.domain.facts import AccountFacts, ProviderKind, Providers, RoleFacts, Unreadable, UnreadableCode
from bot.domain.finding import Finding, Reason, Severity, Verdict
from bot.domain.rule import counts_as_compliant, counts_as_non_compliant, evaluate, providers_needed

ME = AccountId("111122223333")
SIBLING = AccountId("222233334444")
STRANGER = AccountId("999988887777")
VENDOR = AccountId("555566667777")
IN_SCOPE = frozenset({ME, SIBLING})
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ACCOUNT = Account(ME, name="payments", trusted_account_ids=frozenset({VENDOR}))

ONCALL = f"arn:aws:iam::{ME}:role/Oncall"
OWN_ROOT = f"arn:aws:iam::{ME}:root"
SAML = f"arn:aws:iam::{ME}:saml-provider/Okta"
OIDC = f"arn:aws:iam::{ME}:oidc-provider/login.example.com"
SSO = f"arn:aws:iam::{ME}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
DELETED = "AIDACKCEVSQ6C2EXAMPLE"
SAML_READ = Providers(kinds=frozenset({ProviderKind.SAML}), arns=frozenset({SAML}))
OIDC_READ = Providers(kinds=frozenset({ProviderKind.OIDC}), arns=frozenset({OIDC}))
DENIED_ACCESS = Unreadable(UnreadableCode.ACCESS_DENIED, "GetRole: AccessDenied", "Grant iam:GetRole.")


def allow(principal: Any, action: Any = "sts:AssumeRole", **more: Any):
    return {"Effect": "Allow", "Principal": principal, "Action": action, **more}


def deny(principal: Any, action: Any = "sts:AssumeRole", **more: Any):
    return {"Effect": "Deny", "Principal": principal, "Action": action, **more}


def policy(*statements: Any):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def a_role(
    *statements: Any,
    name: str = "support",
    path: str = "/",
    trust: str | None = "",
    unreadable: Unreadable | None = None,
):
    text = trust if trust != "" else policy(*statements)
    return RoleFacts(name, f"arn:aws:iam::{ME}:role{path}{name}", text, unreadable)


def some_facts(*roles: RoleFacts, **more: Any):
    return AccountFacts(**({"account": ACCOUNT, "read_at": NOW, "roles": roles} | more))


def check(facts: AccountFacts) -> Finding:
    return evaluate(facts, in_scope=IN_SCOPE)


def codes(reasons: Iterable[Reason]):
    return [reason.code for reason in reasons]


SOUND = a_role(allow({"AWS": ONCALL}), name="sound")


@dataclass(frozen=True)
class Row:
    """One corner case: what was read, the verdict, and the codes that must be among reasons and notes."""

    name: str
    facts: AccountFacts
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    meets_benchmark: bool | None = field(default=True)


def passes(name: str, *roles: RoleFacts, notes: tuple[str, ...] = (), **more: Any):
    return Row(name, some_facts(*roles, **more), Verdict.PASS, (), notes)


def is_weak(name: str, *roles: RoleFacts, reasons: tuple[str, ...], **more: Any):
    return Row(name, some_facts(*roles, **more), Verdict.WEAK, reasons)


def fails(name: str, *roles: RoleFacts, notes: tuple[str, ...] = (), **more: Any):
    return Row(name, some_facts(*roles, **more), Verdict.FAIL, ("no-role",), notes, meets_benchmark=False)


def condition(operator: str, key: str, value: Any):
    return {"Condition": {operator: {key: value}}}


NO_TRUST = a_role(name="hidden", trust=None, unreadable=DENIED_ACCESS)
MFA = condition("Bool", "aws:MultiFactorAuthPresent", "true")
ONLY_STRANGERS = condition("StringLike", "aws:PrincipalTag/team", "*")

ROWS = [
    passes("a role that a named role can assume", SOUND),
    fails("no role at all"),
    fails("policy attached to a user only", users=("alice",), notes=("user-attached",)),
    fails("policy attached to a group only", groups=("ops",), notes=("group-attached",)),
    fails(
        "AWSServiceRoleForSupport never counts",
        a_role(allow({"AWS": ONCALL}), name="AWSServiceRoleForSupport", path="/elsewhere/"),
    ),
    fails(
        "anything under /aws-service-role/ never counts",
        a_role(allow({"AWS": ONCALL}), name="Any", path="/aws-service-role/support.amazonaws.com/"),
    ),
    is_weak("trust names only AIDA", a_role(allow({"AWS": DELETED})), reasons=("principal-deleted",)),
    is_weak(
        "trust names only AIDA and AROA",
        a_role(allow({"AWS": [DELETED, "AROAEXAMPLEEXAMPLE123"]})),
        reasons=("principal-deleted",),
    ),
    passes(
        "a deleted principal beside a living one",
        a_role(allow({"AWS": [DELETED, ONCALL]})),
        notes=("principal-deleted",),
    ),
    passes("trust names a user by ARN", a_role(allow({"AWS": f"arn:aws:iam::{ME}:user/people/alice"}))),
    passes("trust names a role by ARN", a_role(allow({"AWS": ONCALL}))),
    passes(
        "a bare account id is that account's root", a_role(allow({"AWS": ME})), notes=("root-delegation",)
    ),
    is_weak(
        "a bare id of a foreign account",
        a_role(allow({"AWS": STRANGER})),
        reasons=("foreign-account",),
    ),
    passes("Statement a single object", a_role(trust=json.dumps({"Statement": allow({"AWS": ONCALL})}))),
    passes("Action a list", a_role(allow({"AWS": ONCALL}, ["sts:TagSession", "sts:AssumeRole"]))),
    passes("Action *", a_role(allow({"AWS": ONCALL}, "*"))),
    passes("Action sts:*", a_role(allow({"AWS": ONCALL}, "sts:*"))),
    passes("Action with wildcards", a_role(allow({"AWS": ONCALL}, "sts:Assum?R*"))),
    passes("Action in another case", a_role(allow({"AWS": ONCALL}, "STS:ASSUMEROLE"))),
    is_weak("only sts:TagSession", a_role(allow({"AWS": ONCALL}, "sts:TagSession")), reasons=("no-assume",)),
    is_weak(
        "only sts:SetSourceIdentity",
        a_role(allow({"AWS": ONCALL}, ["sts:SetSourceIdentity"])),
        reasons=("no-assume",),
    ),
    passes(
        "NotAction that does not exclude it",
        a_role({"Effect": "Allow", "Principal": {"AWS": ONCALL}, "NotAction": "sts:TagSession"}),
    ),
    is_weak(
        "NotAction that excludes it",
        a_role({"Effect": "Allow", "Principal": {"AWS": ONCALL}, "NotAction": "sts:Assume*"}),
        reasons=("no-assume",),
    ),
    is_weak(
        "a condition that restricts nothing",
        a_role(allow("*", **condition("ArnLike", "aws:PrincipalArn", "*"))),
        reasons=("trusts-everyone",),
    ),
    is_weak(
        "a condition on strangers' tags restricts nobody known",
        a_role(allow("*", **ONLY_STRANGERS)),
        reasons=("trusts-everyone",),
    ),
    is_weak(
        "trust names a foreign account",
        a_role(allow({"AWS": f"arn:aws:iam::{STRANGER}:role/Any"})),
        reasons=("foreign-account",),
    ),
    is_weak(
        "a foreign account beside a named role",
        a_role(allow({"AWS": [ONCALL, f"arn:aws:iam::{STRANGER}:root"]})),
        reasons=("foreign-account",),
    ),
    passes("trust names an account in scope", a_role(allow({"AWS": f"arn:aws:iam::{SIBLING}:role/Any"}))),
    passes("trust names a trusted account", a_role(allow({"AWS": f"arn:aws:iam::{VENDOR}:role/Any"}))),
    is_weak("Principal *", a_role(allow("*")), reasons=("trusts-everyone",)),
    is_weak('Principal {"AWS": "*"}', a_role(allow({"AWS": "*"})), reasons=("trusts-everyone",)),
    is_weak(
        "Principal * under multi-factor only",
        a_role(allow("*", **MFA)),
        reasons=("trusts-everyone",),
    ),
    passes(
        "Principal * with aws:PrincipalOrgID",
        a_role(allow("*", **condition("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5"))),
        notes=("principal-condition",),
    ),
    passes(
        "Principal * with aws:PrincipalArn",
        a_role(
            allow({"AWS": "*"}, **condition("ArnLike", "AWS:principalarn", f"arn:aws:iam::{ME}:role/On*"))
        ),
        notes=("principal-condition",),
    ),
    passes(
        "Principal * with aws:PrincipalAccount",
        a_role(allow("*", **condition("StringEquals", "aws:PrincipalAccount", [ME, SIBLING]))),
        notes=("principal-condition",),
    ),
    is_weak(
        "Principal * with a foreign aws:PrincipalAccount",
        a_role(allow("*", **condition("StringEquals", "aws:PrincipalAccount", STRANGER))),
        reasons=("foreign-account",),
    ),
    passes(":root of the account itself", a_role(allow({"AWS": OWN_ROOT})), notes=("root-delegation",)),
    is_weak(
        "service principals only",
        a_role(allow({"Service": ["ec2.amazonaws.com", "ssm.amazonaws.com"]})),
        reasons=("no-human",),
    ),
    passes(
        "federated SAML, provider present",
        a_role(allow({"Federated": SAML}, "sts:AssumeRoleWithSAML")),
        providers=SAML_READ,
    ),
    passes(
        "federated OIDC, provider present",
        a_role(allow({"Federated": OIDC}, "sts:AssumeRoleWithWebIdentity")),
        providers=OIDC_READ,
    ),
    is_weak(
        "federated SAML, provider missing",
        a_role(allow({"Federated": SAML}, "sts:AssumeRoleWithSAML")),
        reasons=("provider-missing",),
        providers=replace(SAML_READ, arns=frozenset()),
    ),
    is_weak(
        "federated OIDC, provider missing",
        a_role(allow({"Federated": OIDC}, "sts:AssumeRoleWithWebIdentity")),
        reasons=("provider-missing",),
        providers=replace(OIDC_READ, arns=frozenset()),
    ),
    is_weak(
        "sts:AssumeRole for a SAML provider lets nobody in",
        a_role(allow({"Federated": SAML}, "sts:AssumeRole")),
        reasons=("no-assume",),
        providers=SAML_READ,
    ),
    is_weak(
        "Allow and an unconditional Deny of all of it",
        a_role(allow({"AWS": ONCALL}), deny("*", "sts:*")),
        reasons=("denied",),
    ),
    passes(
        "a conditional Deny",
        a_role(
            allow({"AWS": ONCALL}),
            deny("*", **condition("BoolIfExists", "aws:MultiFactorAuthPresent", "false")),
        ),
        notes=("conditional-deny",),
    ),
    is_weak(
        "Allow with NotPrincipal",
        a_role({"Effect": "Allow", "NotPrincipal": {"AWS": ONCALL}, "Action": "sts:AssumeRole"}),
        reasons=("trust-unreadable",),
    ),
    is_weak("no statement at all", a_role(trust='{"Version": "2012-10-17"}'), reasons=("trust-unreadable",)),
    is_weak("an empty list of statements", a_role(), reasons=("trust-unreadable",)),
    is_weak("unparseable trust", a_role(trust="{"), reasons=("trust-unreadable",)),
    passes("a condition on MFA", a_role(allow({"AWS": ONCALL}, **MFA)), notes=("mfa",)),
    passes(
        "a condition on an external id",
        a_role(allow({"AWS": ONCALL}, **condition("StringEquals", "sts:ExternalId", "s3cret"))),
        notes=("external-id",),
    ),
    passes(
        "a condition on the source identity",
        a_role(allow({"AWS": ONCALL}, **condition("StringLike", "sts:SourceIdentity", "*@example.com"))),
        notes=("source-identity",),
    ),
    passes(
        "AWSReservedSSO_*",
        a_role(
            allow({"Federated": SSO}, ["sts:AssumeRoleWithSAML", "sts:TagSession"]),
            name="AWSReservedSSO_Support_0123456789abcdef",
            path="/aws-reserved/sso.amazonaws.com/eu-central-1/",
        ),
        notes=("identity-center",),
    ),
    passes(
        "one sound role beside bad ones",
        a_role(allow({"AWS": DELETED}), name="bad"),
        SOUND,
        notes=("unsound-roles",),
    ),
    is_weak(
        "a role that trusts everyone beside a sound one",
        SOUND,
        a_role(allow("*"), name="open"),
        reasons=("trusts-everyone",),
    ),
    is_weak(
        "a role that trusts everyone beside an unreadable one",
        NO_TRUST,
        a_role(allow("*"), name="open"),
        reasons=("trusts-everyone",),
    ),
    Row("a role's trust cannot be read", some_facts(NO_TRUST), Verdict.UNKNOWN, ("access-denied",)),
    Row(
        "a role's trust cannot be read, another is weak",
        some_facts(NO_TRUST, a_role(allow({"AWS": DELETED}))),
        Verdict.UNKNOWN,
        ("access-denied", "principal-deleted"),
    ),
    passes("a role's trust cannot be read, another is sound", NO_TRUST, SOUND, notes=("unsound-roles",)),
    passes("role with a path", a_role(allow({"AWS": ONCALL}), path="/teams/incident/")),
    *(
        Row(
            f"account {state.value}",
            some_facts(SOUND, account=replace(ACCOUNT, state=state)),
            Verdict.SKIPPED,
            (f"account-{state.value.lower().replace('_', '-')}",),
            meets_benchmark=None,
        )
        for state in AccountState
        if state not in {AccountState.ACTIVE, AccountState.OTHER}
    ),
    Row(
        "an account in a state that is not known",
        some_facts(SOUND, account=replace(ACCOUNT, state=AccountState.OTHER)),
        Verdict.PASS,
        notes=("account-state",),
    ),
    *(
        Row(
            f"unreadable: {code.value}",
            some_facts(SOUND, unreadable=Unreadable(code, "AssumeRole failed", "Deploy the role.")),
            Verdict.UNKNOWN,
            (code.value,),
            meets_benchmark=None,
        )
        for code in UnreadableCode
    ),
    Row(
        "roles of another account",
        some_facts(replace(SOUND, arn=f"arn:aws:iam::{SIBLING}:role/sound")),
        Verdict.UNKNOWN,
        ("wrong-account",),
        meets_benchmark=None,
    ),
    Row(
        "roles of another partition",
        some_facts(replace(SOUND, arn=f"arn:aws-cn:iam::{ME}:role/sound")),
        Verdict.UNKNOWN,
        ("wrong-account",),
        meets_benchmark=None,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_corner_case_gets_its_verdict(row: Row):
    finding = check(row.facts)

    assert (finding.verdict, finding.meets_benchmark) == (row.verdict, row.meets_benchmark)
    assert codes(finding.reasons) == list(row.reasons)
    assert set(row.notes) <= set(codes(finding.notes))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_finding_but_a_pass_says_why_and_what_to_do_next(row: Row):
    finding = check(row.facts)

    assert bool(finding.next_step) == (finding.verdict is not Verdict.PASS)
    assert bool(finding.reasons) == (finding.verdict is not Verdict.PASS)
    assert all(reason.text.strip() for reason in (*finding.reasons, *finding.notes))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_sound_role_makes_a_pass_unless_another_is_open_to_everyone(row: Row):
    finding = check(row.facts)

    sound = any(role.sound for role in finding.roles)
    open_to_all = "trusts-everyone" in codes(finding.reasons)
    assert (finding.verdict is Verdict.PASS) == (sound and not open_to_all)
    assert all(role.sound == (not role.reasons) for role in finding.roles)


def test_a_failing_account_is_told_how_to_ask_for_the_fix():
    assert check(some_facts()).next_step == f"Ask for the fix: /support-role fix {ME}"


def test_a_role_of_the_accounts_own_partition_is_judged_there():
    china = replace(ACCOUNT, partition="aws-cn")
    role = RoleFacts(
        "support",
        f"arn:aws-cn:iam::{ME}:role/support",
        policy(allow({"AWS": f"arn:aws-cn:iam::{ME}:role/Oncall"})),
    )

    assert check(some_facts(role, account=china)).verdict is Verdict.PASS


def test_trusting_everyone_is_critical_and_nothing_else_is():
    critical = {row.name for row in ROWS if check(row.facts).severity is Severity.CRITICAL}

    assert critical == {row.name for row in ROWS if "trusts-everyone" in row.reasons}


def test_an_open_door_to_a_stranger_weighs_more_than_one_that_nobody_can_use():
    foreign = check(some_facts(a_role(allow({"AWS": STRANGER}))))
    deleted = check(some_facts(a_role(allow({"AWS": DELETED}))))

    assert (foreign.severity, deleted.severity) == (Severity.HIGH, Severity.MEDIUM)


def test_the_worst_reason_comes_first_and_names_its_role():
    finding = check(some_facts(a_role(allow({"AWS": DELETED}), name="old"), a_role(allow("*"), name="open")))

    assert codes(finding.reasons) == ["trusts-everyone", "principal-deleted"]
    assert finding.reasons[0].text.startswith("Role open: ")
    assert "role open" in finding.next_step
    assert "payments (111122223333)" in finding.next_step


def test_a_reason_that_many_roles_share_is_told_once_with_the_first_of_them():
    roles = [a_role(allow({"AWS": DELETED}), name=f"old-{number}") for number in range(9)]

    reasons = check(some_facts(*roles)).reasons

    assert codes(reasons) == ["principal-deleted"]
    assert reasons[0].text.startswith("Roles old-0, old-1, old-2 and 6 more: ")


def test_every_role_that_counts_is_listed_with_whom_it_trusts():
    finding = check(some_facts(SOUND, a_role(allow({"AWS": ME}), name="wide")))

    assert [(role.arn, role.trusts) for role in finding.roles] == [
        (f"arn:aws:iam::{ME}:role/sound", (ONCALL,)),
        (f"arn:aws:iam::{ME}:role/wide", (OWN_ROOT,)),
    ]


def test_unknown_keeps_the_next_step_of_what_could_not_be_read():
    assert check(some_facts(NO_TRUST)).next_step == "Grant iam:GetRole."


def test_unknown_without_a_next_step_of_its_own_gets_one():
    nameless = Unreadable(UnreadableCode.TIMEOUT, "no answer", "")

    assert "support-role iam" in check(some_facts(unreadable=nameless)).next_step


def test_the_external_id_of_a_trust_policy_is_shown_nowhere():
    role = a_role(allow({"AWS": ONCALL}, **condition("StringEquals", "sts:ExternalId", "s3cret")))

    assert "s3cret" not in repr(check(some_facts(role)))


FEDERATED = a_role(allow({"Federated": SAML}, "sts:AssumeRoleWithSAML"), name="federated")
FEDERATED_WEB = a_role(allow({"Federated": OIDC}, "sts:AssumeRoleWithWebIdentity"), name="web")


def test_unreadable_providers_make_unknown_what_rests_on_them():
    providers = Providers(unreadable=Unreadable(UnreadableCode.THROTTLED, "ListSAMLProviders", "Wait."))

    finding = check(some_facts(FEDERATED, providers=providers))

    assert (finding.verdict, finding.meets_benchmark, finding.next_step) == (Verdict.UNKNOWN, True, "Wait.")
    assert codes(finding.reasons) == ["throttled"]


def test_unreadable_providers_do_not_matter_beside_a_sound_role():
    providers = Providers(unreadable=Unreadable(UnreadableCode.THROTTLED, "ListSAMLProviders", "Wait."))

    assert check(some_facts(FEDERATED, SOUND, providers=providers)).verdict is Verdict.PASS


def test_providers_that_nobody_read_are_never_taken_to_exist():
    assert check(some_facts(FEDERATED)).verdict is Verdict.UNKNOWN


NEEDS = [
    ("only a SAML provider", (FEDERATED,), {}, {ProviderKind.SAML}),
    ("only an OIDC provider", (FEDERATED_WEB,), {}, {ProviderKind.OIDC}),
    ("one of each", (FEDERATED, FEDERATED_WEB), {}, {ProviderKind.SAML, ProviderKind.OIDC}),
    (
        "beside a role that is not sound",
        (FEDERATED, a_role(allow({"AWS": DELETED}))),
        {},
        {ProviderKind.SAML},
    ),
    ("beside a role that cannot be read", (FEDERATED, NO_TRUST), {}, {ProviderKind.SAML}),
    (
        "beside another account, which may be out of scope",
        (FEDERATED, a_role(allow({"AWS": SIBLING}))),
        {},
        {ProviderKind.SAML},
    ),
    ("beside a sound role", (FEDERATED, SOUND), {}, set()),
    ("beside a role open to everyone", (FEDERATED, a_role(allow("*"))), {}, set()),
    ("no federated principal", (SOUND,), {}, set()),
    ("no role", (), {}, set()),
    ("wrong action", (a_role(allow({"Federated": SAML}, "sts:AssumeRole")),), {}, set()),
    ("IAM Identity Center's own provider", (a_role(allow({"Federated": SSO}, "sts:*")),), {}, set()),
    ("service-linked", (replace(FEDERATED, name="AWSServiceRoleForSupport"),), {}, set()),
    ("an account that could not be read", (FEDERATED,), {"unreadable": DENIED_ACCESS}, set()),
    (
        "an account that is skipped",
        (FEDERATED,),
        {"account": replace(ACCOUNT, state=AccountState.SUSPENDED)},
        set(),
    ),
]


@pytest.mark.parametrize(("roles", "more", "kinds"), [n[1:] for n in NEEDS], ids=[n[0] for n in NEEDS])
def test_providers_are_read_only_where_the_verdict_rests_on_them(roles: Any, more: Any, kinds: Any):
    assert providers_needed(some_facts(*roles, **more)) == kinds


@pytest.mark.parametrize(
    ("strict", "compliant", "non_compliant"),
    [
        (False, {Verdict.PASS, Verdict.WEAK}, {Verdict.FAIL}),
        (True, {Verdict.PASS}, {Verdict.FAIL, Verdict.WEAK}),
    ],
)
def test_unknown_waived_and_skipped_count_neither_way(
    strict: Any,
    compliant: set[Verdict],
    non_compliant: set[Verdict],
):
    findings = [Finding(ACCOUNT, verdict, None, NOW) for verdict in Verdict]

    assert {f.verdict for f in findings if counts_as_compliant(f, strict=strict)} == compliant
    assert {f.verdict for f in findings if counts_as_non_compliant(f, strict=strict)} == non_compliant
