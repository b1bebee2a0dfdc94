"""What IAM refuses or shows late, and moto does not; and what a write really sends."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from bot.aws.session_policies import build_undo_policy, build_write_policy
from bot.aws.sessions import AwsConfig
from bot.aws.support_role import (
    UNDO_ACTIONS,
    WRITE_ACTIONS,
    Attached,
    Created,
    Deleted,
    NotOurs,
    Withheld,
    Writer,
)
from bot.domain.account import Access, Account
from bot.domain.errors import AwsError
from bot.domain.guards import Refused
from bot.domain.plan import Plan

ACCOUNT = "111122223333"
OTHER = "444455556666"
OWN_ACCOUNT = "999999999999"
NAME = "aws-support-access"
PRINCIPAL = f"arn:aws:iam::{ACCOUNT}:role/IncidentManager"
POLICY = "arn:aws:iam::aws:policy/AWSSupportAccess"
PAUSED = Refused("remediation_enabled", "Fixes are paused by an administrator.")
WRITES = {"AttachRolePolicy", "CreateRole", "DeleteRole", "DetachRolePolicy", "TagRole"}


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def a_writer(
    aws: Any,
    an_account: Callable[..., Account],
    a_plan: Callable[..., Plan],
    slept: list[float],
) -> Callable[..., Writer]:
    def make(plan: Plan | None = None, account: Account | None = None, **names: str) -> Writer:
        who = {"request_id": "fix-1", "approver": "U0APPROVER"} | names
        return Writer(
            account or an_account(), plan or a_plan(), config=AwsConfig(), sleep=slept.append, **who
        )

    return make


@pytest.fixture
def our_role(aws: Any, a_plan: Callable[..., Plan]) -> Callable[..., tuple[int, str]]:
    """GetRole's answer for a role as this request leaves it."""

    def make(**given: Any) -> tuple[int, str]:
        plan = a_plan()
        answer: tuple[int, str] = aws.role(
            plan.role_name, **({"trust": plan.trust, "tags": plan.tags("fix-1", "U0APPROVER")} | given)
        )
        return answer

    return make


def writes(aws: Any) -> list[str]:
    return [sent.action for sent in aws.sent if sent.action in WRITES]


def test_nothing_is_assumed_before_the_first_call(a_writer: Any, aws: Any) -> None:
    a_writer()

    assert aws.sent == []


def test_the_remediation_role_is_assumed_for_this_request_this_approver_and_this_plan(
    a_writer: Any,
    aws: Any,
    a_plan: Any,
) -> None:
    a_writer().observe()

    (sent,) = aws.calls("AssumeRole")
    assert sent.account == OWN_ACCOUNT
    assert sent.parameters == {
        "Version": "2011-06-15",
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/SupportRoleRemediator",
        "RoleSessionName": "fix-1",
        "SourceIdentity": "U0APPROVER",
        "ExternalId": "external-id-that-nobody-may-see",
        "DurationSeconds": "900",
        "Policy": build_write_policy(a_plan()),
    }
    assert {each.account for each in aws.sent if each.service == "iam"} == {ACCOUNT}


def test_an_undo_assumes_a_session_of_its_own(a_writer: Any, aws: Any, a_plan: Any) -> None:
    writer = a_writer()
    writer.observe()
    writer.delete_created_role("AROAEXAMPLE")

    assert [sent.parameters["Policy"] for sent in aws.calls("AssumeRole")] == [
        build_write_policy(a_plan()),
        build_undo_policy(a_plan()),
    ]


@pytest.mark.parametrize("given", [(OTHER, "aws"), (ACCOUNT, "aws-cn")])
@pytest.mark.parametrize("where", ["AssumeRole", "GetCallerIdentity"])
def test_nothing_is_written_in_the_wrong_account(a_writer: Any, aws: Any, given: Any, where: str) -> None:
    aws.on(where, aws.assumed(*given) if where == "AssumeRole" else aws.identity(*given))

    with pytest.raises(AwsError, match="Nothing was written") as raised:
        a_writer().create_role()

    assert raised.value.code == "wrong-account"
    assert [sent for sent in aws.sent if sent.service == "iam"] == []


def test_a_plan_for_another_account_is_refused_before_any_call(a_writer: Any, aws: Any, a_plan: Any) -> None:
    with pytest.raises(AwsError) as raised:
        a_writer(plan=a_plan(account_id=OTHER))

    assert raised.value.code == "wrong-account"
    assert aws.sent == []


@pytest.mark.parametrize("names", [{"request_id": "two words"}, {"approver": "Zoë"}, {"approver": ""}])
def test_names_that_sts_does_not_take_are_refused_before_any_call(
    a_writer: Any, aws: Any, names: Any
) -> None:
    with pytest.raises(AwsError) as raised:
        a_writer(**names)

    assert raised.value.code == "bad-session-name"
    assert aws.sent == []


def test_the_bots_own_account_is_written_with_its_own_credentials(
    a_writer: Any,
    aws: Any,
    an_account: Any,
    a_plan: Any,
) -> None:
    aws.on("CreateRole", aws.role(NAME, account=OWN_ACCOUNT, action="CreateRole"))
    account = an_account(OWN_ACCOUNT, access=Access("", "", ""))

    created = a_writer(plan=a_plan(account_id=OWN_ACCOUNT), account=account).create_role()

    assert created.already is False
    assert aws.calls("AssumeRole") == []
    assert aws.calls("CreateRole")[0].account == OWN_ACCOUNT


def test_own_credentials_write_nowhere_but_in_their_own_account(
    a_writer: Any, aws: Any, an_account: Any
) -> None:
    with pytest.raises(AwsError) as raised:
        a_writer(account=an_account(access=Access("", "", ""))).create_role()

    assert raised.value.code == "wrong-account"
    assert writes(aws) == []


def test_a_principal_that_iam_does_not_know_yet_is_waited_for(
    a_writer: Any, aws: Any, slept: list[float]
) -> None:
    late = aws.error("MalformedPolicyDocument", 400, "Invalid principal in policy")
    aws.on("CreateRole", late, late, aws.role(NAME, action="CreateRole"))

    created = a_writer().create_role()

    assert isinstance(created, Created)
    assert created.already is False
    assert slept == [2, 4]


def test_a_principal_that_does_not_exist_ends_in_a_clear_error(
    a_writer: Any, aws: Any, slept: list[float]
) -> None:
    aws.on("CreateRole", aws.error("MalformedPolicyDocument", 400))

    with pytest.raises(AwsError, match="most likely because a principal does not exist") as raised:
        a_writer().create_role()

    assert PRINCIPAL in str(raised.value)
    assert raised.value.code == "MalformedPolicyDocument"
    assert raised.value.request_id == "request-MalformedPolicyDocument"
    assert sum(slept) == 30


def test_a_boundary_that_does_not_exist_is_named(a_writer: Any, aws: Any, a_plan: Any) -> None:
    aws.on("CreateRole", aws.error("NoSuchEntity", 404))
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/Boundary"

    with pytest.raises(AwsError, match=r"correct remediation\.permissions_boundary") as raised:
        a_writer(plan=a_plan(permissions_boundary=boundary)).create_role()

    assert boundary in str(raised.value)
    assert (raised.value.code, raised.value.request_id) == ("NoSuchEntity", "request-NoSuchEntity")


def test_a_namesake_in_other_case_is_not_ours(a_writer: Any, aws: Any) -> None:
    """IAM keeps names apart by case when it reads, but not when it creates."""
    aws.on("CreateRole", aws.error("EntityAlreadyExists", 409))

    answer = a_writer().create_role()

    assert isinstance(answer, NotOurs)
    assert "in other upper and lower case" in answer.reason
    assert writes(aws) == ["CreateRole"]


def test_a_create_whose_answer_was_lost_is_recognised(a_writer: Any, aws: Any, our_role: Any) -> None:
    gone = aws.error("NoSuchEntity", 404)
    aws.on("GetRole", gone, gone, gone, our_role())
    aws.on("CreateRole", aws.error("EntityAlreadyExists", 409))

    answer = a_writer().create_role()

    assert isinstance(answer, Created)
    assert (answer.already, answer.role_id) == (True, "AROAEXAMPLE")


def test_a_strangers_role_that_appears_meanwhile_is_not_ours(a_writer: Any, aws: Any) -> None:
    aws.on("GetRole", aws.error("NoSuchEntity", 404), aws.role(NAME))
    aws.on("CreateRole", aws.error("EntityAlreadyExists", 409))

    assert isinstance(a_writer().create_role(), NotOurs)


def test_a_role_that_is_not_visible_yet_is_waited_for_before_the_attach(
    a_writer: Any,
    aws: Any,
    our_role: Any,
    slept: list[float],
) -> None:
    aws.on("GetRole", aws.error("NoSuchEntity", 404), our_role())
    aws.on("AttachRolePolicy", aws.error("NoSuchEntity", 404), aws.ok("AttachRolePolicy"))

    assert a_writer().attach_policy() == Attached(already=False, request_ids=("request-AttachRolePolicy-1",))
    assert slept == [1, 1]


def test_an_attach_that_is_denied_says_what_to_allow_and_the_role_can_be_taken_away(
    a_writer: Any,
    aws: Any,
    our_role: Any,
) -> None:
    aws.on("GetRole", our_role())
    aws.on("AttachRolePolicy", aws.error("AccessDenied"))
    aws.on("ListRolePolicies", aws.ok("ListRolePolicies", "<PolicyNames/><IsTruncated>false</IsTruncated>"))
    aws.on("DeleteRole", aws.ok("DeleteRole"))
    writer = a_writer()

    with pytest.raises(AwsError, match="Allow iam:AttachRolePolicy to SupportRoleRemediator") as raised:
        writer.attach_policy()
    answer = writer.delete_created_role("AROAEXAMPLE")

    assert (raised.value.code, raised.value.request_id) == ("AccessDenied", "request-AccessDenied")
    assert isinstance(answer, Deleted)
    assert answer.request_ids[-1] == "request-DeleteRole-1"
    assert writes(aws) == ["AttachRolePolicy", "DeleteRole"]


def test_a_role_under_a_path_is_created_though_iam_denies_a_look_at_it_first(
    a_writer: Any,
    aws: Any,
    a_plan: Any,
) -> None:
    """A role that is not there has no path, so that a session bound to its ARN may not look for it."""
    aws.on("GetRole", aws.error("AccessDenied"))
    aws.on("CreateRole", aws.role(NAME, path="/support/", action="CreateRole"))

    assert isinstance(a_writer(plan=a_plan(role_path="/support/")).create_role(), Created)


def test_a_denied_look_is_no_proof_that_a_name_is_free(a_writer: Any, aws: Any) -> None:
    aws.on("GetRole", aws.error("AccessDenied"))

    with pytest.raises(AwsError, match="Allow iam:GetRole to SupportRoleRemediator"):
        a_writer().create_role()

    assert writes(aws) == []


def test_a_denied_look_is_no_proof_that_a_role_is_gone(a_writer: Any, aws: Any, a_plan: Any) -> None:
    aws.on("GetRole", aws.error("AccessDenied"))

    with pytest.raises(AwsError):
        a_writer(plan=a_plan(role_path="/support/")).delete_created_role("AROAEXAMPLE")


def test_read_back_waits_until_iam_shows_it(
    a_writer: Any, aws: Any, our_role: Any, slept: list[float]
) -> None:
    aws.on("GetRole", aws.error("NoSuchEntity", 404), our_role())
    aws.on("ListAttachedRolePolicies", aws.attached(), aws.attached(POLICY))

    seen = a_writer().read_back()

    assert seen.verified
    assert slept == [1, 2]


def test_what_stays_invisible_is_said_to_be_so(a_writer: Any, aws: Any, slept: list[float]) -> None:
    seen = a_writer().read_back(attempts=4)

    assert (seen.visible, seen.verified, seen.problems) == (False, False, ("the role is not visible",))
    assert slept == [1, 2, 4]


def test_a_throttled_write_is_tried_again(a_writer: Any, aws: Any, our_role: Any) -> None:
    aws.on("GetRole", our_role())
    aws.on("AttachRolePolicy", aws.error("Throttling", 400), aws.ok("AttachRolePolicy"))

    assert isinstance(a_writer().attach_policy(), Attached)
    assert writes(aws) == ["AttachRolePolicy", "AttachRolePolicy"]


@pytest.mark.parametrize("action", ["CreateRole", "AttachRolePolicy", "DetachRolePolicy", "DeleteRole"])
def test_a_write_without_an_answer_is_not_sent_again_once_something_speaks_against_it(
    a_writer: Any, aws: Any, our_role: Any, action: str
) -> None:
    """The retries of one call take seconds, in which somebody may pause fixes."""
    if action != "CreateRole":
        aws.on("GetRole", our_role())
    if action.startswith("De"):
        aws.on("ListAttachedRolePolicies", aws.attached(*([POLICY] if action == "DetachRolePolicy" else [])))
        aws.on(
            "ListRolePolicies", aws.ok("ListRolePolicies", "<PolicyNames/><IsTruncated>false</IsTruncated>")
        )
    aws.on(action, aws.error("ServiceFailure", 500), aws.ok(action))
    answers = iter([None, PAUSED])
    deeds = {
        "CreateRole": lambda writer: writer.create_role(lambda: next(answers)),
        "AttachRolePolicy": lambda writer: writer.attach_policy(lambda: next(answers)),
    }

    answer = deeds.get(
        action, lambda writer: writer.delete_created_role("AROAEXAMPLE", why_not=lambda: next(answers))
    )(a_writer())

    assert isinstance(answer, Withheld)
    assert answer.refused == PAUSED
    assert writes(aws) == [action]


def test_a_role_that_a_lost_call_may_have_made_is_known_to_be_perhaps_unseen(
    a_writer: Any, aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.aws.write_session.MAX_ATTEMPTS", 1)
    refused, lost = a_writer(), a_writer()

    aws.on("CreateRole", aws.error("LimitExceeded", 409))
    with pytest.raises(AwsError, match="LimitExceeded"):
        refused.create_role()
    aws.on("CreateRole", aws.error("ServiceFailure", 500))
    with pytest.raises(AwsError, match="ServiceFailure"):
        lost.create_role()

    assert (refused.may_be_unseen, lost.may_be_unseen) == (False, True)


def test_an_inline_policy_behind_an_empty_page_keeps_the_role_untouched(
    a_writer: Any, aws: Any, our_role: Any
) -> None:
    empty = "<PolicyNames/><IsTruncated>true</IsTruncated><Marker>next</Marker>"
    full = "<PolicyNames><member>Extra</member></PolicyNames><IsTruncated>false</IsTruncated>"
    aws.on("GetRole", our_role())
    aws.on("ListAttachedRolePolicies", aws.attached(POLICY))
    aws.on("ListRolePolicies", aws.ok("ListRolePolicies", empty), aws.ok("ListRolePolicies", full))

    answer = a_writer().delete_created_role("AROAEXAMPLE")

    assert isinstance(answer, NotOurs)
    assert "Extra" in answer.reason
    assert writes(aws) == []


def test_tags_trust_and_names_on_the_wire_are_those_of_the_plan(a_writer: Any, aws: Any, a_plan: Any) -> None:
    plan = a_plan(permissions_boundary=f"arn:aws:iam::{ACCOUNT}:policy/Boundary")
    aws.on("CreateRole", aws.role(NAME, action="CreateRole"))

    a_writer(plan=plan).create_role()

    sent = aws.calls("CreateRole")[0].parameters
    assert (sent["RoleName"], sent["Path"], sent["MaxSessionDuration"]) == (NAME, "/", "3600")
    assert json.loads(sent["AssumeRolePolicyDocument"]) == json.loads(plan.trust)
    assert sent["PermissionsBoundary"] == plan.permissions_boundary


def test_only_declared_actions_are_used(a_writer: Any, aws: Any, our_role: Any) -> None:
    aws.on("GetRole", aws.error("NoSuchEntity", 404), our_role())
    aws.on("CreateRole", aws.role(NAME, action="CreateRole"))
    aws.on("ListRolePolicies", aws.ok("ListRolePolicies", "<PolicyNames/><IsTruncated>false</IsTruncated>"))
    aws.on("ListAttachedRolePolicies", aws.attached(), aws.attached(POLICY))
    for action in ("AttachRolePolicy", "DetachRolePolicy", "DeleteRole"):
        aws.on(action, aws.ok(action))
    writer = a_writer()

    def used_by(*steps: Callable[[], Any]) -> set[str]:
        aws.sent.clear()
        for step in steps:
            step()
        return {f"iam:{sent.action}" for sent in aws.sent if sent.service == "iam"}

    # CreateRole is given tags: IAM asks for iam:TagRole without a call of that name.
    assert used_by(writer.create_role, writer.attach_policy) == WRITE_ACTIONS - {"iam:TagRole"}
    assert used_by(lambda: writer.delete_created_role("AROAEXAMPLE")) == UNDO_ACTIONS


def test_no_log_shows_a_secret_even_at_debug(a_writer: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    a_writer().observe()

    for secret in ("external-id", f"token-of-{ACCOUNT}", f"secret-of-{ACCOUNT}", "secret-of-the-bot"):
        assert secret not in caplog.text


def test_no_error_shows_a_secret(a_writer: Any, aws: Any) -> None:
    aws.on("AssumeRole", aws.error("AccessDenied", 403, "external-id-that-nobody-may-see does not match"))

    with pytest.raises(AwsError) as raised:
        a_writer().create_role()

    assert "external-id" not in str(raised.value) + repr(raised.value)
    assert "Deploy the role SupportRoleRemediator" in str(raised.value)
