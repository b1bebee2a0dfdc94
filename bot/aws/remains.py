"""What is there of a fix, read anew with the scan role: the role of that name and all that is on it."""

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import chain

from bot.aws.boto3_reader import Boto3Reader
from bot.aws.faults import UnreadableError, unparseable
from bot.aws.inspection import MAX_PAGES, Answer, Inside, Steps, enter, next_marker
from bot.aws.observed_role import parse_observed
from bot.aws.sessions import Identity
from bot.domain.account import Account
from bot.domain.undo import PresentRole, Remains

REMAINS_ACTIONS = frozenset({"iam:GetRole", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"})
"""What is done here with the scan role."""
GONE_DELAYS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds: IAM may go on showing for a while what was deleted."""


def read_remains(account: Account, role_name: str, reader: Boto3Reader) -> Remains:
    """The role of that name, whoever made it; whatever cannot be read is in the answer, never raised.

    Not with the remediation role: held to one ARN, it is denied a role that does not exist under a path, and
    could not tell "gone" from "forbidden".
    """
    try:
        return reader.run(_steps(account, role_name, reader.caller, reader.config.session_name))
    except UnreadableError as error:
        return Remains(unreadable=error.unreadable)


def read_until_gone(
    account: Account,
    role_name: str,
    reader: Boto3Reader,
    sleep: Callable[[float], None] = time.sleep,
) -> Remains:
    """Look until IAM shows no role of that name any more, or for some 15 seconds; what was seen last."""
    remains = read_remains(account, role_name, reader)
    for delay in GONE_DELAYS:
        if remains.role is None and remains.unreadable is None:
            break
        sleep(delay)
        remains = read_remains(account, role_name, reader)
    return remains


def _steps(account: Account, name: str, caller: Identity, session_name: str) -> Steps[Remains]:
    inside = yield from enter(account, caller, session_name)
    try:
        role = yield from inside.ask("GetRole", {"RoleName": name}, _parse_role, name)
        inside.require_own(role.arn, "GetRole")
        policies = yield from list_on_role(inside, name, "ListAttachedRolePolicies", parse_attached)
        inline = yield from list_on_role(inside, name, "ListRolePolicies", parse_inline)
    except UnreadableError as error:
        if error.code != "NoSuchEntity":
            raise
        return Remains()
    return Remains(replace(role, policies=policies, inline_policies=inline))


Page = tuple[tuple[str, ...], str]
"""What a page lists, and the marker of the next one."""


def list_on_role(
    inside: Inside, role: str, operation: str, parse: Callable[[Answer], Page]
) -> Steps[tuple[str, ...]]:
    """All pages: what is not seen could not be told to differ."""
    pages: list[tuple[str, ...]] = []

    def following(answer: Answer) -> str:
        names, marker = parse(answer)
        pages.append(names)
        if marker and len(pages) >= MAX_PAGES:
            raise unparseable("pages without end")
        return marker

    parameters: dict[str, str | int] = {"RoleName": role}
    while marker := (yield from inside.ask(operation, parameters, following, role)):
        parameters["Marker"] = marker
    return tuple(chain.from_iterable(pages))


def parse_attached(answer: Answer) -> Page:
    marker = next_marker(answer, "AttachedPolicies")
    try:
        return tuple(each["PolicyArn"] for each in answer["AttachedPolicies"]), marker
    except KeyError:
        raise unparseable("an attached policy without PolicyArn") from None


def parse_inline(answer: Answer) -> Page:
    marker = next_marker(answer, "PolicyNames")
    return tuple(answer["PolicyNames"]), marker


def _parse_role(answer: Answer) -> PresentRole:
    role = parse_observed(answer.get("Role"), (), ())
    return PresentRole(
        arn=role.arn,
        role_id=role.role_id,
        trust=role.trust,
        tags=role.tags,
        permissions_boundary=role.boundary,
        max_session_seconds=role.max_session_seconds,
        policies=(),
    )
