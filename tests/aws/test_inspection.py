"""What both readers make of AWS's answers; the wire is real, the answers are scripted."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.aws.inspection import SCAN_ACTIONS
from bot.domain.account import Access, AccountState
from bot.domain.facts import AccountFacts, ProviderKind, UnreadableCode

ACCOUNT = "111122223333"
OWN_ACCOUNT = "999999999999"
OTHER = "444455556666"
EXTERNAL_ID = "external-id-that-nobody-may-see"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/Corp"
OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/idp.example.com"

Read = Callable[..., AccountFacts]


def why(facts: AccountFacts) -> UnreadableCode:
    assert facts.unreadable is not None
    assert facts.roles == ()
    return facts.unreadable.code


def test_roles_users_and_groups_come_in_one_call(read: Read, aws: Any, an_account: Any) -> None:
    aws.on("ListEntitiesForPolicy", aws.entities(["Support"], ["alice"], ["team"]))
    aws.on("GetRole", aws.role("Support"))

    facts = read(an_account())

    assert ([role.name for role in facts.roles], facts.users, facts.groups) == (
        ["Support"],
        ("alice",),
        ("team",),
    )
    (sent,) = aws.calls("ListEntitiesForPolicy")
    assert sent.parameters["PolicyArn"] == "arn:aws:iam::aws:policy/AWSSupportAccess"
    assert sent.parameters["PolicyUsageFilter"] == "PermissionsPolicy"
    assert "EntityFilter" not in sent.parameters


def test_an_account_that_fails_costs_two_calls(read: Read, aws: Any, an_account: Any) -> None:
    read(an_account())

    assert [sent.action for sent in aws.sent if sent.action != "GetCallerIdentity"] == [
        "AssumeRole",
        "ListEntitiesForPolicy",
    ]


def test_an_empty_page_that_is_truncated_is_not_the_last(read: Read, aws: Any, an_account: Any) -> None:
    aws.on(
        "ListEntitiesForPolicy",
        aws.entities(marker="two"),
        aws.entities(["A"], marker="three"),
        aws.entities(["B"]),
    )
    aws.on("GetRole", lambda sent: aws.role(sent.parameters["RoleName"]))

    facts = read(an_account())

    assert [role.name for role in facts.roles] == ["A", "B"]
    assert [sent.parameters.get("Marker") for sent in aws.calls("ListEntitiesForPolicy")] == [
        None,
        "two",
        "three",
    ]


def test_a_marker_that_comes_twice_is_a_broken_answer(read: Read, aws: Any, an_account: Any) -> None:
    aws.on("ListEntitiesForPolicy", aws.entities(["A"], marker="again"))

    assert why(read(an_account())) is UnreadableCode.BAD_ANSWER
    assert len(aws.calls("ListEntitiesForPolicy")) == 2


def test_pages_without_end_are_a_broken_answer(read: Read, aws: Any, an_account: Any) -> None:
    numbers = iter(range(1000))
    aws.on("ListEntitiesForPolicy", lambda _: aws.entities(marker=f"page-{next(numbers)}"))

    assert why(read(an_account())) is UnreadableCode.BAD_ANSWER
    assert len(aws.calls("ListEntitiesForPolicy")) < 150


def broken_answers() -> dict[str, tuple[int, str]]:
    def page(inner: str) -> str:
        result = f"<ListEntitiesForPolicyResult>{inner}</ListEntitiesForPolicyResult>"
        return f"<ListEntitiesForPolicyResponse>{result}</ListEntitiesForPolicyResponse>"

    return {
        "a login page": (200, "<html><body>Please sign in</body></html>"),
        "cut off": (200, "<ListEntitiesForPolicyResponse><ListEnt"),
        "empty": (200, ""),
        "JSON": (200, "{}"),
        "no result": (200, "<ListEntitiesForPolicyResponse></ListEntitiesForPolicyResponse>"),
        "no IsTruncated": (200, page("<PolicyRoles/>")),
        "no list of roles": (200, page("<IsTruncated>false</IsTruncated>")),
        "a role without a name": (
            200,
            page("<PolicyRoles><member/></PolicyRoles><IsTruncated>false</IsTruncated>"),
        ),
        "truncated without a marker": (200, page("<PolicyRoles/><IsTruncated>true</IsTruncated>")),
        "a redirect": (302, ""),
        "an unknown refusal": (400, "<ErrorResponse><Error><Code>Surprise</Code></Error></ErrorResponse>"),
    }


@pytest.mark.parametrize("broken", broken_answers().values(), ids=broken_answers().keys())
def test_what_is_not_an_answer_of_iam_is_never_read_as_one(
    read: Read,
    aws: Any,
    an_account: Any,
    broken: tuple[int, str],
) -> None:
    aws.on("ListEntitiesForPolicy", broken)

    assert why(read(an_account())) is UnreadableCode.BAD_ANSWER


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (("AccessDenied", 403), UnreadableCode.ACCESS_DENIED),
        (("ExpiredToken", 400), UnreadableCode.ACCESS_DENIED),
        (("InvalidClientTokenId", 403), UnreadableCode.ACCESS_DENIED),
        (("Throttling", 400), UnreadableCode.THROTTLED),
        (("ServiceUnavailable", 503), UnreadableCode.BAD_ANSWER),
        (("NoSuchEntity", 404), UnreadableCode.BAD_ANSWER),
    ],
)
def test_each_refusal_has_its_own_code(read: Read, aws: Any, an_account: Any, answer: Any, code: Any) -> None:
    aws.on("ListEntitiesForPolicy", aws.error(*answer))

    facts = read(an_account(name="payments"))

    assert why(facts) is code
    assert facts.unreadable is not None
    assert facts.unreadable.text == (
        f"ListEntitiesForPolicy as SupportRoleScanner in payments ({ACCOUNT}): {answer[0]}"
    )
    assert facts.unreadable.next_step


def test_a_denied_assume_role_says_which_role_to_deploy(read: Read, aws: Any, an_account: Any) -> None:
    aws.on("AssumeRole", aws.error("AccessDenied"))

    facts = read(an_account(name="payments"))

    assert facts.unreadable is not None
    assert (
        facts.unreadable.text == f"AssumeRole into SupportRoleScanner in payments ({ACCOUNT}): AccessDenied"
    )
    assert "Deploy the role SupportRoleScanner there (support-role iam)" in facts.unreadable.next_step
    assert "exclude the account in settings" in facts.unreadable.next_step


def test_a_denial_by_the_organization_says_so(read: Read, aws: Any, an_account: Any) -> None:
    message = "not authorized: with an explicit deny in a service control policy"
    aws.on("ListEntitiesForPolicy", aws.error("AccessDenied", 403, message))

    facts = read(an_account())

    assert facts.unreadable is not None
    assert facts.unreadable.next_step.startswith("The organization's own policy denies it")


def test_a_server_that_cannot_be_reached_is_a_timeout(
    read: Read,
    monkeypatch: pytest.MonkeyPatch,
    an_account: Any,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    assert why(read(an_account())) is UnreadableCode.TIMEOUT


def test_no_text_and_no_repr_shows_a_secret(read: Read, aws: Any, an_account: Any) -> None:
    message = f"external id {EXTERNAL_ID} is wrong, said token-of-{ACCOUNT}"
    aws.on("ListEntitiesForPolicy", aws.error("AccessDenied", 403, message))

    shown = repr(read(an_account()))

    for secret in (
        EXTERNAL_ID,
        f"token-of-{ACCOUNT}",
        f"secret-of-{ACCOUNT}",
        "secret-of-the-bot",
        "AKIAFAKE",
    ):
        assert secret not in shown


def test_no_log_shows_a_secret_even_at_debug(read: Read, aws: Any, an_account: Any, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    aws.on("ListEntitiesForPolicy", aws.entities(["Support"]))

    read(an_account())

    for secret in (EXTERNAL_ID, f"token-of-{ACCOUNT}", f"secret-of-{ACCOUNT}", "secret-of-the-bot"):
        assert secret not in caplog.text


def test_only_declared_actions_are_used(read: Read, aws: Any, an_account: Any) -> None:
    aws.on("ListEntitiesForPolicy", aws.entities(["Support"]))
    aws.on("GetRole", aws.role("Support"))
    aws.on("ListSAMLProviders", aws.providers("SAMLProviderList", SAML))
    aws.on("ListOpenIDConnectProviders", aws.providers("OpenIDConnectProviderList", OIDC))

    read(an_account(), lambda _: frozenset(ProviderKind))

    assert {f"iam:{sent.action}" for sent in aws.sent if sent.service == "iam"} == SCAN_ACTIONS


def test_external_id_and_session_name_are_sent(read: Read, aws: Any, an_account: Any) -> None:
    read(an_account())

    (sent,) = aws.calls("AssumeRole")
    assert sent.parameters["RoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/SupportRoleScanner"
    assert sent.parameters["ExternalId"] == EXTERNAL_ID
    assert sent.parameters["RoleSessionName"] == "support-role-bot"
    assert "Policy" not in sent.parameters
    assert "SourceIdentity" not in sent.parameters


@pytest.mark.parametrize(
    ("role", "arn"),
    [
        ("Scan", f"arn:aws:iam::{ACCOUNT}:role/Scan"),
        ("/security/Scan", f"arn:aws:iam::{ACCOUNT}:role/security/Scan"),
        (f"arn:aws:iam::{ACCOUNT}:role/a/b/Scan", f"arn:aws:iam::{ACCOUNT}:role/a/b/Scan"),
    ],
)
def test_a_role_is_given_by_name_path_or_arn(
    read: Read, aws: Any, an_account: Any, role: str, arn: str
) -> None:
    read(an_account(access=Access(scan_role=role)))

    (sent,) = aws.calls("AssumeRole")
    assert sent.parameters["RoleArn"] == arn
    assert "ExternalId" not in sent.parameters


@pytest.mark.parametrize("answer", [(OTHER, "aws"), (ACCOUNT, "aws-cn")])
def test_a_session_elsewhere_reads_nothing(read: Read, aws: Any, an_account: Any, answer: Any) -> None:
    aws.on("AssumeRole", aws.assumed(*answer))

    assert why(read(an_account())) is UnreadableCode.WRONG_ACCOUNT
    assert aws.calls("ListEntitiesForPolicy") == []


@pytest.mark.parametrize(
    "given",
    [
        {"access": Access(scan_role=f"arn:aws:iam::{OTHER}:role/Scan")},
        {"access": Access(scan_role="")},
        {"partition": "aws-us-gov"},
    ],
    ids=["a role of another account", "own credentials of another account", "another partition"],
)
def test_settings_that_point_elsewhere_are_found_before_any_call(
    read: Read,
    aws: Any,
    an_account: Any,
    given: Any,
) -> None:
    assert why(read(an_account(**given))) is UnreadableCode.WRONG_ACCOUNT
    assert {sent.action for sent in aws.sent} == {"GetCallerIdentity"}


def test_a_role_of_another_account_in_the_answer_is_the_wrong_account(
    read: Read,
    aws: Any,
    an_account: Any,
) -> None:
    aws.on("ListEntitiesForPolicy", aws.entities(["Support"]))
    aws.on("GetRole", aws.role("Support", account=OTHER))

    assert why(read(an_account())) is UnreadableCode.WRONG_ACCOUNT


def test_the_bots_own_account_is_read_without_assuming_a_role(read: Read, aws: Any, an_account: Any) -> None:
    aws.on("ListEntitiesForPolicy", aws.entities(["Support"]))
    aws.on("GetRole", aws.role("Support", account=OWN_ACCOUNT))

    facts = read(an_account(OWN_ACCOUNT))

    assert facts.unreadable is None
    assert [role.name for role in facts.roles] == ["Support"]
    assert aws.calls("AssumeRole") == []
    assert {sent.account for sent in aws.sent} == {OWN_ACCOUNT}


@pytest.mark.parametrize("state", sorted(set(AccountState) - {AccountState.ACTIVE, AccountState.OTHER}))
def test_an_account_that_is_not_active_is_not_asked(
    read: Read, aws: Any, an_account: Any, state: Any
) -> None:
    facts = read(an_account(state=state))

    assert (facts.unreadable, facts.roles) == (None, ())
    assert aws.sent == []


def test_an_account_in_a_state_that_is_not_known_is_asked(read: Read, aws: Any, an_account: Any) -> None:
    aws.on("ListEntitiesForPolicy", aws.entities(["Support"]))
    aws.on("GetRole", aws.role("Support"))

    facts = read(an_account(state=AccountState.OTHER))

    assert [role.name for role in facts.roles] == ["Support"]


def test_service_linked_roles_never_count(read: Read, aws: Any, an_account: Any) -> None:
    aws.on("ListEntitiesForPolicy", aws.entities(["AWSServiceRoleForSupport", "Hidden", "Support"]))
    paths = {"Hidden": "/aws-service-role/support.amazonaws.com/", "Support": "/team/"}
    aws.on("GetRole", lambda sent: aws.role(name := sent.parameters["RoleName"], path=paths[name]))

    facts = read(an_account())

    assert [role.arn for role in facts.roles] == [f"arn:aws:iam::{ACCOUNT}:role/team/Support"]
    assert [sent.parameters["RoleName"] for sent in aws.calls("GetRole")] == ["Hidden", "Support"]


def test_a_role_that_vanished_meanwhile_is_left_out(read: Read, aws: Any, an_account: Any) -> None:
    aws.on("ListEntitiesForPolicy", aws.entities(["Gone", "Support"]))
    aws.on("GetRole", aws.error("NoSuchEntity", 404), aws.role("Support"))

    facts = read(an_account())

    assert [role.name for role in facts.roles] == ["Support"]
    assert facts.unreadable is None


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (("AccessDenied", 403), UnreadableCode.ACCESS_DENIED),
        (("Throttling", 400), UnreadableCode.THROTTLED),
    ],
)
def test_a_role_whose_trust_cannot_be_read_stays_with_its_reason(
    read: Read,
    aws: Any,
    an_account: Any,
    answer: Any,
    code: Any,
) -> None:
    aws.on("ListEntitiesForPolicy", aws.entities(["Locked", "Support"]))
    aws.on("GetRole", aws.error(*answer), aws.role("Support"))

    locked, support = read(an_account()).roles

    assert (locked.trust, support.unreadable) == (None, None)
    assert locked.unreadable is not None
    assert locked.unreadable.code is code
    assert locked.unreadable.text == f"GetRole Locked as SupportRoleScanner in {ACCOUNT}: {answer[0]}"


def test_a_trust_policy_comes_as_the_very_text_that_iam_keeps(read: Read, aws: Any, an_account: Any) -> None:
    trust = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Sid": "100% +ä/ünïcödé"}]}, indent=2, ensure_ascii=False
    )
    aws.on("ListEntitiesForPolicy", aws.entities(["Support"]))
    aws.on("GetRole", aws.role("Support", trust=trust))

    (role,) = read(an_account()).roles

    assert role.trust == trust


def test_a_trust_policy_that_is_no_json_is_passed_on_for_the_rule_to_judge(
    read: Read,
    aws: Any,
    an_account: Any,
) -> None:
    aws.on("ListEntitiesForPolicy", aws.entities(["Support"]))
    aws.on("GetRole", aws.role("Support", trust="{not json"))

    (role,) = read(an_account()).roles

    assert role.trust == "{not json"


def test_providers_are_listed_only_when_the_rule_asks(read: Read, aws: Any, an_account: Any) -> None:
    aws.on("ListEntitiesForPolicy", aws.entities(["Support"]))
    aws.on("GetRole", aws.role("Support"))
    aws.on("ListSAMLProviders", aws.providers("SAMLProviderList", SAML))
    aws.on("ListOpenIDConnectProviders", aws.providers("OpenIDConnectProviderList", OIDC))

    none = read(an_account())
    saml = read(an_account(), lambda _: frozenset({ProviderKind.SAML}))
    both = read(an_account(), lambda _: frozenset(ProviderKind))

    assert none.providers.kinds == frozenset()
    assert (set(saml.providers.kinds), set(saml.providers.arns)) == ({ProviderKind.SAML}, {SAML})
    assert (set(both.providers.kinds), set(both.providers.arns)) == (set(ProviderKind), {SAML, OIDC})
    assert len(aws.calls("ListOpenIDConnectProviders")) == 1


def test_the_rule_sees_the_roles_before_it_asks_for_providers(read: Read, aws: Any, an_account: Any) -> None:
    aws.on("ListEntitiesForPolicy", aws.entities(["Support"]))
    aws.on("GetRole", aws.role("Support"))
    seen: list[AccountFacts] = []

    def nothing(given: AccountFacts) -> frozenset[ProviderKind]:
        seen.append(given)
        return frozenset()

    facts = read(an_account(), nothing)

    assert [replace(given, read_at=facts.read_at) for given in seen] == [facts]


def test_providers_that_cannot_be_listed_leave_the_roles_standing(
    read: Read, aws: Any, an_account: Any
) -> None:
    aws.on("ListEntitiesForPolicy", aws.entities(["Support"]))
    aws.on("GetRole", aws.role("Support"))
    aws.on("ListSAMLProviders", aws.error("AccessDenied"))

    facts = read(an_account(), lambda _: frozenset({ProviderKind.SAML}))

    assert [role.name for role in facts.roles] == ["Support"]
    assert facts.providers.unreadable is not None
    assert facts.providers.unreadable.code is UnreadableCode.ACCESS_DENIED
