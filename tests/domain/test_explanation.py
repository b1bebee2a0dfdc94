"""The deeper look, judged: what it adds to a verdict, what it says, and that it never makes one better."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from building.explaining import (
    ALLOW_ALL,
    ALLOW_S3,
    DENIED,
    DENY_SUPPORT,
    a_policy_on,
    an_explanation,
    deep_of,
    in_scope_of,
)
from building.values import a_role, an_account, facts_of
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.account import AccountState
from bot.domain.deep_facts import (
    Carriers,
    DeepFacts,
    DeepRoleFacts,
    PolicyKind,
    Usage,
    administrator_arn,
    lookup_call,
    same_name_arn,
    support_user_arn,
)
from bot.domain.evidence import Evidence, Weight
from bot.domain.explanation import (
    Explanation,
    explain,
    explanation_json,
    names_in_trust,
    providers_in_trust,
)
from bot.domain.facts import AccountFacts, ProviderKind, Providers, Unreadable, UnreadableCode
from bot.domain.finding import Reason, Severity, Verdict
from bot.domain.plan import Existence, PrincipalFact
from bot.domain.rule import evaluate

ACCOUNT = an_account()
ROLE = a_role(ACCOUNT)
RESPONDER = ACCOUNT.trusted_principals[0]
STRANGER = "999988887777"
SAML = f"arn:aws:iam::{ACCOUNT.id}:saml-provider/Okta"
SESSION = f"arn:aws:sts::{ACCOUNT.id}:assumed-role/Oncall/ada"


def trusting(*principals: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | more]})


def trusting_saml() -> str:
    return trusting(Principal={"Federated": SAML}, Action="sts:AssumeRoleWithSAML")


def a_sound_account() -> AccountFacts:
    return facts_of(ACCOUNT, ROLE)


def codes(reasons: Iterable[Reason]) -> list[str]:
    return [reason.code for reason in reasons]


def said(explanation: Explanation, *, against: bool = False) -> str:
    chosen = [e for e in explanation.evidence if not against or e.weight is Weight.AGAINST]
    return "\n".join(each.text for each in chosen)


def evidence_with(explanation: Explanation, words: str) -> Evidence:
    (found,) = [each for each in explanation.evidence if words in each.text]
    return found


def test_a_sound_role_says_who_can_assume_it_and_how_that_is_known():
    explained = an_explanation(a_sound_account())

    assert (explained.finding.verdict, explained.is_stricter) == (Verdict.PASS, False)
    who = evidence_with(explained, f"{RESPONDER} can assume it, and exists.")
    assert who.calls == (f"iam:GetRole {ROLE.arn}", f"iam:GetRole {RESPONDER}")
    assert (who.role, who.weight) == (ROLE.arn, Weight.SAYS)


def test_under_which_conditions_is_said_of_each_principal():
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}, "StringEquals": {"sts:ExternalId": "secret-id"}}
    facts = facts_of(ACCOUNT, a_role(ACCOUNT, trust=trusting(RESPONDER, Condition=mfa)))

    text = evidence_with(an_explanation(facts), "can assume it").text

    assert "It asks for multi-factor authentication." in text
    assert "It asks for an external id." in text
    assert "secret-id" not in text


# --- policies on the role ---


@pytest.mark.parametrize(
    ("kind", "document", "words"),
    [
        (PolicyKind.ATTACHED, DENY_SUPPORT, "Its attached policy"),
        (PolicyKind.INLINE, DENY_SUPPORT, "Its inline policy guard denies support:* outright"),
        (PolicyKind.BOUNDARY, DENY_SUPPORT, "Its permissions boundary"),
        (PolicyKind.BOUNDARY, ALLOW_S3, "allows nothing of support:*"),
    ],
)
def test_a_role_that_is_kept_from_support_is_weak(kind: PolicyKind, document: str, words: str):
    explained = an_explanation(a_sound_account(), roles=(a_policy_on(ROLE.arn, kind, document),))

    finding = explained.finding
    assert (finding.verdict, explained.scanned) == (Verdict.WEAK, Verdict.PASS)
    assert (codes(finding.reasons), finding.severity) == (["support-denied"], Severity.MEDIUM)
    assert (finding.meets_benchmark, finding.roles[0].sound) == (True, False)
    assert f"take away what keeps role {ROLE.name} from support:*" in finding.next_step
    assert words in said(explained, against=True)


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (PolicyKind.ATTACHED, ALLOW_S3),
        (PolicyKind.INLINE, ALLOW_ALL),
        (PolicyKind.BOUNDARY, ALLOW_ALL),
        (PolicyKind.INLINE, DENY_SUPPORT.replace("support:*", "support:CreateCase")),
    ],
)
def test_a_policy_that_does_not_deny_it_outright_changes_nothing(kind: PolicyKind, document: str):
    explained = an_explanation(a_sound_account(), roles=(a_policy_on(ROLE.arn, kind, document),))

    assert explained.finding.verdict is Verdict.PASS
    assert said(explained, against=True) == ""


def test_a_sound_role_beside_one_that_is_denied_passes():
    other = a_role(ACCOUNT, "other")
    facts = facts_of(ACCOUNT, ROLE, other)

    explained = an_explanation(facts, roles=(a_policy_on(ROLE.arn, PolicyKind.INLINE, DENY_SUPPORT),))

    assert explained.finding.verdict is Verdict.PASS
    assert [role.sound for role in explained.finding.roles] == [False, True]
    assert "unsound-roles" in codes(explained.finding.notes)


def test_a_policy_on_several_roles_is_told_of_each():
    other = a_role(ACCOUNT, "other")
    guarded = [a_policy_on(role.arn, PolicyKind.ATTACHED, DENY_SUPPORT) for role in (ROLE, other)]

    explained = an_explanation(facts_of(ACCOUNT, ROLE, other), roles=tuple(guarded))

    assert explained.finding.verdict is Verdict.WEAK
    assert [each.role for each in explained.evidence if each.weight is Weight.AGAINST] == [
        ROLE.arn,
        other.arn,
    ]


# --- principals ---


def missing(arn: str) -> PrincipalFact:
    return PrincipalFact(arn, Existence.MISSING)


def test_a_role_whose_only_principal_is_missing_is_weak():
    explained = an_explanation(a_sound_account(), principals=(missing(RESPONDER),))

    assert (explained.finding.verdict, explained.scanned) == (Verdict.WEAK, Verdict.PASS)
    assert codes(explained.finding.reasons) == ["principal-missing"]
    gone = evidence_with(explained, f"names {RESPONDER}, which does not exist")
    assert (gone.weight, gone.calls) == (
        Weight.AGAINST,
        (f"iam:GetRole {ROLE.arn}", f"iam:GetRole {RESPONDER}"),
    )


def test_one_missing_principal_beside_one_that_is_there_is_a_note():
    ada = f"arn:aws:iam::{ACCOUNT.id}:user/ada"
    facts = facts_of(ACCOUNT, a_role(ACCOUNT, trust=trusting(RESPONDER, ada)))

    explained = an_explanation(facts, principals=(missing(RESPONDER), PrincipalFact(ada, Existence.EXISTS)))

    assert explained.finding.verdict is Verdict.PASS
    assert "principal-missing" in codes(explained.finding.notes)
    assert evidence_with(explained, f"{ada} can assume it").calls[-1] == f"iam:GetUser {ada}"


def test_a_principal_that_is_not_ours_to_read_is_said_to_be_unchecked():
    facts = facts_of(ACCOUNT, ROLE)

    explained = an_explanation(facts, principals=(PrincipalFact(RESPONDER, Existence.IAM_DECIDES),))

    assert explained.finding.verdict is Verdict.PASS
    assert "was not looked up" in said(explained)


def test_where_all_principals_are_missing_providers_that_were_not_read_make_it_unknown():
    """The scan had no need to read them."""
    statements = [json.loads(trust)["Statement"][0] for trust in (trusting(RESPONDER), trusting_saml())]
    trust = json.dumps({"Version": "2012-10-17", "Statement": statements})
    facts = facts_of(ACCOUNT, a_role(ACCOUNT, trust=trust))
    unread = Providers(frozenset({ProviderKind.SAML}), unreadable=DENIED)

    explained = an_explanation(facts, principals=(missing(RESPONDER),), providers=unread)

    assert (explained.finding.verdict, explained.scanned) == (Verdict.UNKNOWN, Verdict.PASS)


def test_what_lets_somebody_in_is_what_is_looked_up():
    trusts = [RESPONDER, SESSION, f"arn:aws:iam::{ACCOUNT.id}:root", f"arn:aws:iam::{STRANGER}:role/X"]
    facts = facts_of(ACCOUNT, a_role(ACCOUNT, trust=trusting(*trusts, "AIDAJQABLZS4A3QDU576Q")))

    assert names_in_trust(facts, in_scope=in_scope_of(facts)) == (RESPONDER, SESSION, trusts[3])


def test_a_session_is_looked_up_by_its_role():
    assert lookup_call(SESSION) == f"iam:GetRole arn:aws:iam::{ACCOUNT.id}:role/Oncall"


def test_providers_are_read_where_the_scan_had_no_need_to():
    federated = facts_of(ACCOUNT, ROLE, a_role(ACCOUNT, "federated", trusting_saml()))
    read = replace(federated, providers=Providers(frozenset({ProviderKind.SAML})))

    assert providers_in_trust(federated, in_scope=in_scope_of(federated)) == {ProviderKind.SAML}
    assert providers_in_trust(read, in_scope=in_scope_of(read)) == frozenset()
    assert providers_in_trust(a_sound_account(), in_scope=frozenset()) == frozenset()


# --- other ways ---


def test_access_by_another_way_is_a_note_and_the_verdict_stays_fail():
    carriers = (
        Carriers(administrator_arn(ACCOUNT), roles=("Admin",), users=("root-ish",)),
        Carriers(support_user_arn(ACCOUNT), groups=("helpdesk",)),
    )

    explained = an_explanation(facts_of(ACCOUNT), carriers=carriers)

    assert explained.finding.verdict is Verdict.FAIL
    assert codes(explained.finding.notes) == ["other-access", "other-access"]
    admin, support = explained.evidence[-2:]
    assert "AdministratorAccess is on role Admin and user root-ish" in admin.text
    assert "support-console" not in admin.text
    assert "It lacks support-console:*" in support.text
    assert support.calls == ("iam:ListEntitiesForPolicy arn:aws:iam::aws:policy/job-function/SupportUser",)


def test_where_there_is_no_other_way_that_is_said_too():
    explained = an_explanation(facts_of(ACCOUNT))

    assert "Nobody carries AdministratorAccess or the job-function policy SupportUser" in said(explained)


def test_nothing_is_said_of_other_ways_that_were_not_read():
    unread = Carriers(administrator_arn(ACCOUNT), unreadable=DENIED)

    explained = an_explanation(facts_of(ACCOUNT), carriers=(unread, Carriers(support_user_arn(ACCOUNT))))

    assert "Nobody carries" not in said(explained)
    assert "could not be read" in said(explained)


def test_a_policy_that_only_bounds_a_role_is_explained_not_counted():
    bounded = Carriers(ACCOUNT.policy_arn, Usage.BOUNDARY, roles=("Runtime",))

    explained = an_explanation(facts_of(ACCOUNT), carriers=(bounded,))

    assert explained.finding.verdict is Verdict.FAIL
    assert codes(explained.finding.notes) == ["boundary-only"]
    assert "only the permissions boundary of role Runtime" in said(explained)


def test_a_role_that_carries_the_policy_too_is_not_only_bounded_by_it():
    bounded = Carriers(ACCOUNT.policy_arn, Usage.BOUNDARY, roles=(ROLE.name,))

    assert "boundary of role" not in said(an_explanation(a_sound_account(), carriers=(bounded,)))


def test_a_policy_that_merely_has_the_name_is_explained_not_counted():
    named = Carriers(same_name_arn(ACCOUNT), roles=("Fake",))

    explained = an_explanation(facts_of(ACCOUNT), carriers=(named,))

    assert explained.finding.verdict is Verdict.FAIL
    assert codes(explained.finding.notes) == ["same-name"]
    assert "merely named AWSSupportAccess is on role Fake. Only AWS's own" in said(explained)


def test_a_policy_of_that_name_that_nobody_carries_is_not_mentioned():
    assert "merely named" not in said(an_explanation(facts_of(ACCOUNT)))


# --- what could not be read ---

UNREAD: dict[str, dict[str, Any]] = {
    "a policy": {"roles": (a_policy_on(ROLE.arn, PolicyKind.ATTACHED, None),)},
    "a boundary": {"roles": (a_policy_on(ROLE.arn, PolicyKind.BOUNDARY, None),)},
    "a policy that is none": {"roles": (a_policy_on(ROLE.arn, PolicyKind.INLINE, "{"),)},
    "the policies on a role": {"roles": (DeepRoleFacts(ROLE.arn, unreadable=(DENIED,)),)},
    "a principal": {"principals": (PrincipalFact(RESPONDER, None, DENIED),)},
    "other carriers": {"carriers": (Carriers(administrator_arn(ACCOUNT), unreadable=DENIED),)},
    "the account": {"unreadable": DENIED, "roles": (), "principals": (), "carriers": ()},
}


WITHOUT_ROLE = ("other carriers", "the account")
CASES = [
    *((a_sound_account(), Verdict.PASS, changes) for changes in UNREAD.values()),
    *((facts_of(ACCOUNT), Verdict.FAIL, UNREAD[name]) for name in WITHOUT_ROLE),
]


@pytest.mark.parametrize(
    ("facts", "plain", "changes"), CASES, ids=[*UNREAD, *(f"{name}, FAIL" for name in WITHOUT_ROLE)]
)
def test_what_could_not_be_read_deeper_is_said_and_leaves_the_verdict(
    facts: AccountFacts, plain: Verdict, changes: Any
):
    explained = an_explanation(facts, **changes)

    assert explained.finding.verdict is plain
    assert "deep-unread" in codes(explained.finding.notes)
    assert [each for each in explained.evidence if each.weight is Weight.UNREAD]


def test_an_account_that_could_not_be_read_has_its_reason_for_evidence():
    why = Unreadable(UnreadableCode.TIMEOUT, "AssumeRole into Scanner: ReadTimeout", "Ask again.")

    explained = explain(facts_of(ACCOUNT, unreadable=why), DeepFacts(), frozenset({ACCOUNT.id}))

    assert (explained.finding.verdict, said(explained)) == (Verdict.UNKNOWN, why.text)


def test_an_account_that_is_closed_is_skipped_as_ever():
    closed = an_account(state=AccountState.CLOSED)

    assert an_explanation(facts_of(closed)).finding.verdict is Verdict.SKIPPED


def test_a_role_whose_trust_could_not_be_read_keeps_its_account_unknown():
    unread = replace(ROLE, trust=None, unreadable=DENIED)

    explained = an_explanation(
        facts_of(ACCOUNT, unread), roles=(a_policy_on(unread.arn, PolicyKind.INLINE, DENY_SUPPORT),)
    )

    assert explained.finding.verdict is Verdict.UNKNOWN
    assert "denies support:* outright" in said(explained)


# --- in any case ---

EXISTENCES = st.sampled_from([*Existence, None])
DOCUMENTS = st.sampled_from([DENY_SUPPORT, ALLOW_ALL, ALLOW_S3, "{", None])
TRUSTS = st.sampled_from(
    [
        trusting(RESPONDER),
        trusting(RESPONDER, f"arn:aws:iam::{ACCOUNT.id}:user/ada"),
        trusting("*"),
        trusting(f"arn:aws:iam::{STRANGER}:role/X"),
        trusting("AIDAJQABLZS4A3QDU576Q"),
        trusting_saml(),
        "no policy",
        None,
    ]
)


@st.composite
def looks(draw: st.DrawFn) -> tuple[AccountFacts, DeepFacts]:
    trusts = draw(st.lists(TRUSTS, max_size=3))
    roles = [replace(a_role(ACCOUNT, f"r{n}"), trust=trust) for n, trust in enumerate(trusts)]
    facts = facts_of(ACCOUNT, *roles)
    kinds = st.sampled_from(list(PolicyKind))
    on_roles = tuple(a_policy_on(role.arn, draw(kinds), draw(DOCUMENTS)) for role in roles)
    names = names_in_trust(facts, in_scope=in_scope_of(facts))
    principals = tuple(PrincipalFact(arn, draw(EXISTENCES)) for arn in names)
    providers = draw(
        st.sampled_from(
            [
                Providers(frozenset({ProviderKind.SAML}), frozenset({SAML})),
                Providers(frozenset({ProviderKind.SAML})),
                Providers(frozenset({ProviderKind.SAML}), unreadable=DENIED),
            ]
        )
    )
    needed = providers_in_trust(facts, in_scope=in_scope_of(facts))
    return facts, deep_of(
        facts, roles=on_roles, principals=principals, providers=providers if needed else Providers()
    )


@given(looks())
def test_a_deeper_look_never_makes_a_verdict_better(look: tuple[AccountFacts, DeepFacts]):
    """Unless the scan itself left out to read the providers that everything hangs on, which it never does."""
    facts, deep = look
    scanned = evaluate(replace(facts, providers=deep.providers), in_scope=in_scope_of(facts))

    explained = explain(replace(facts, providers=deep.providers), deep, in_scope_of(facts))

    stricter = [Verdict.PASS, Verdict.WEAK, Verdict.UNKNOWN, Verdict.FAIL]
    assert stricter.index(explained.finding.verdict) >= stricter.index(scanned.verdict)
    assert explained.finding.meets_benchmark == scanned.meets_benchmark
    assert explained.scanned is scanned.verdict
    assert {each.role for each in explained.evidence} <= {"", *(role.arn for role in facts.roles)}


def test_the_public_shape_is_a_sentence_and_its_calls():
    first = explanation_json(an_explanation(a_sound_account()))[0]

    assert first == {
        "text": "As a permissions policy, AWSSupportAccess is on role support.",
        "calls": ["iam:ListEntitiesForPolicy arn:aws:iam::aws:policy/AWSSupportAccess"],
    }
