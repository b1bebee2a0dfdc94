"""The journal, and the switches that make AWS misbehave."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError, HTTPClientError

from bot.sandbox.aws.switches_client import AwsSwitches
from bot.sandbox.landing_zone import BOT_ARN, SCAN_ROLE, SUPPORT_POLICY, trusting

PAYMENTS, LAKE, NETWORK, MARKETING = "111122223333", "222233334444", "444455556666", "555566667777"
OPEN = json.loads(trusting({"AWS": "*"}))


def until(true: Callable[[], Any]) -> Any:
    """What a condition on another process gives, as soon as it gives something."""
    end = time.monotonic() + 60
    while not (found := true()):
        assert time.monotonic() < end, "it did not come true"
        threading.Event().wait(0.01)
    return found


def test_the_journal_has_every_call_with_aws_s_request_id(
    client: Callable[..., Any], enter: Callable[..., Any], switches: AwsSwitches
) -> None:
    before = len(switches.calls())

    answer = client("iam", enter(PAYMENTS)).get_role(RoleName=SCAN_ROLE)
    with pytest.raises(ClientError) as error:
        enter(PAYMENTS, "NoSuchRole")

    entered, read, refused = switches.calls(since=before)
    assert (entered.action, entered.caller, entered.account_id) == ("sts:AssumeRole", BOT_ARN, PAYMENTS)
    assert (read.action, read.subject, read.was_done) == ("iam:GetRole", SCAN_ROLE, True)
    assert read.caller == f"arn:aws:sts::{PAYMENTS}:assumed-role/{SCAN_ROLE}/tests"
    assert read.request_id == answer["ResponseMetadata"]["RequestId"]
    assert (refused.error, refused.was_done) == ("AccessDenied", False)
    assert refused.request_id == error.value.response["ResponseMetadata"]["RequestId"]


def test_throttling_ends_after_so_many_calls(client: Callable[..., Any], switches: AwsSwitches) -> None:
    switches.throttle(2)

    with pytest.raises(ClientError, match=r"\(Throttling\)"):
        client("sts").get_caller_identity()
    with pytest.raises(ClientError, match=r"\(TooManyRequestsException\)"):
        client("organizations").list_roots()

    assert client("sts").get_caller_identity()["Arn"] == BOT_ARN


@pytest.mark.parametrize(("code", "status"), [("AccessDenied", 403), ("ServiceFailure", 500)])
def test_the_next_call_of_an_action_can_be_made_to_fail(
    client: Callable[..., Any], enter: Callable[..., Any], switches: AwsSwitches, code: str, status: int
) -> None:
    iam = client("iam", enter(PAYMENTS))
    switches.fail("iam:GetRole", code)

    with pytest.raises(ClientError) as error:
        iam.get_role(RoleName=SCAN_ROLE)

    assert error.value.response["Error"]["Code"] == code
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert iam.get_role(RoleName=SCAN_ROLE)["Role"]["RoleName"] == SCAN_ROLE


def test_a_failure_can_be_meant_for_one_account(
    client: Callable[..., Any], enter: Callable[..., Any], switches: AwsSwitches
) -> None:
    switches.fail("GetRole", "NoSuchEntity", account_id=NETWORK)

    assert client("iam", enter(PAYMENTS)).get_role(RoleName=SCAN_ROLE)["Role"]["RoleName"] == SCAN_ROLE
    with pytest.raises(ClientError, match="NoSuchEntity"):
        client("iam", enter(NETWORK)).get_role(RoleName=SCAN_ROLE)


def test_a_fault_of_its_own_is_answered_as_aws_would(
    enter: Callable[..., Any], switches: AwsSwitches
) -> None:
    before = len(switches.calls())

    with pytest.raises(ClientError) as error:
        enter(PAYMENTS, DurationSeconds="soon")

    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert [call.error for call in switches.calls(since=before)] == ["InternalFailure"]


def test_a_planted_role_is_there_for_everybody(
    client: Callable[..., Any], enter: Callable[..., Any], switches: AwsSwitches
) -> None:
    switches.plant_role(NETWORK, "Planted", OPEN)

    listed = client("iam", enter(NETWORK)).list_entities_for_policy(PolicyArn=SUPPORT_POLICY)

    assert "Planted" in {role["RoleName"] for role in listed["PolicyRoles"]}
    assert "Planted" in {role.name for role in switches.support_roles(NETWORK)}


def test_a_held_call_goes_on_when_it_is_released(iam_in: Callable[[str], Any], switches: AwsSwitches) -> None:
    iam = iam_in(LAKE)
    switches.pause("AttachRolePolicy", nth=2)
    attach = {"RoleName": "IncidentManager", "PolicyArn": SUPPORT_POLICY}
    iam.attach_role_policy(**attach)
    iam.detach_role_policy(**attach)

    thread = threading.Thread(target=iam.attach_role_policy, kwargs=attach)
    thread.start()
    until(switches.paused)
    meanwhile = {role.name for role in switches.support_roles(LAKE)}
    released = switches.release()
    thread.join(60)

    assert ("IncidentManager" in meanwhile, released) == (False, 1)
    assert "IncidentManager" in {role.name for role in switches.support_roles(LAKE)}


@pytest.mark.parametrize("after", [False, True], ids=["before it is done", "before it is answered"])
def test_a_caller_that_dies_meanwhile(
    iam_in: Callable[..., Any],
    switches: AwsSwitches,
    after: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Held before: the call never arrived. Held after: it was done, and nobody was told."""
    iam = iam_in(MARKETING, read_timeout=1.5)
    before = len(switches.calls())
    switches.pause("CreateRole", after=after)

    with pytest.raises(HTTPClientError):
        iam.create_role(RoleName=f"Late{after}", AssumeRolePolicyDocument=json.dumps(OPEN))
    until(switches.paused)
    switches.release()
    (call,) = until(lambda: switches.calls("iam:CreateRole", since=before))

    assert (f"Late{after}" in switches.roles(MARKETING)) is after
    assert call.error == ("" if after else "Abandoned")


def test_a_page_elsewhere_cannot_throw_a_switch(aws_url: str) -> None:
    """What a browser sends without asking is a form; JSON it would have to ask for."""
    form = Request(f"{aws_url}/_sandbox/throttle", b"calls=5", {"Content-Type": "text/plain"})

    with pytest.raises(HTTPError) as error:
        urlopen(form)

    with error.value as answer:
        assert answer.status == 415


@pytest.mark.parametrize(("switch", "status"), [("nonsense", 404), ("throttle", 400)])
def test_a_mistake_is_answered(aws_url: str, switch: str, status: int) -> None:
    request = Request(f"{aws_url}/_sandbox/{switch}", b"{}", {"Content-Type": "application/json"})

    with pytest.raises(HTTPError) as error:
        urlopen(request)

    with error.value as answer:
        assert (answer.status, "error" in json.load(answer)) == (status, True)
