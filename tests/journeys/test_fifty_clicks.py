"""Fifty people press Approve on one message at the same moment."""

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

from bot.sandbox.door import Sandbox
from bot.sandbox.slack import (
    APPROVALS,
    CLOUD_APPROVERS,
    CLOUD_AUDIT,
    RILEY,
    Member,
    Person,
    Screen,
    Seen,
    UserGroup,
    Workspace,
)
from bot.sandbox.workspace import sandbox_workspace

PAYMENTS = "111122223333"
FIFTY = tuple(f"U0CLICK{number:03d}" for number in range(50))
TRAIL = ["fix.requested", "fix.approved", "change.intended", "change.applied", "change.verified"]


def _crowded(workspace: Workspace) -> Workspace:
    """The workspace with fifty approvers."""
    everyone = (APPROVALS, CLOUD_AUDIT)
    return replace(
        workspace,
        people=(*workspace.people, *(Member(user, user.lower(), f"Approver {user}") for user in FIFTY)),
        channels=tuple(
            replace(channel, members=(*channel.members, *FIFTY)) if channel.id in everyone else channel
            for channel in workspace.channels
        ),
        user_groups=(UserGroup(CLOUD_APPROVERS, "cloud-approvers", "Cloud approvers", FIFTY),),
    )


async def _ask(riley: Person) -> Seen:
    await riley.command("/support-role status", "cloud-security")
    await riley.wait_for(
        lambda screen: next((m for m in screen.messages("cloud-security") if "Re-check" in m.buttons), None),
        20,
    )
    await riley.command("/support-role fix payments-prod", "cloud-security")
    modal = await riley.wait_for_modal("Fix an account")
    assert await riley.submit(modal, {"fix.reason": "Audit finding 7"}) == {}
    return await riley.wait_for_message("approvals", "Approval needed")


async def _told(person: Person) -> list[Seen]:
    """What a person alone was told in the approval channel, once there is something."""

    def private(screen: Screen) -> list[Seen]:
        return [message for message in screen.messages("approvals") if message.is_ephemeral]

    return await person.wait_for(lambda screen: private(screen) or None, 20)


async def _events(sandbox: Sandbox) -> list[dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "audit", "export", "--config", str(sandbox.config)),
        env=dict(sandbox.environment),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    return [json.loads(line) for line in out.decode().splitlines()]


async def _click_all(sandbox: Sandbox) -> dict[str, list[Seen]]:
    """What each of those was told who did not win."""
    async with AsyncExitStack() as closing:
        riley = await closing.enter_async_context(Person(sandbox.url, RILEY))
        people = [await closing.enter_async_context(Person(sandbox.url, user)) for user in FIFTY]
        question = await _ask(riley)

        await asyncio.gather(*(person.click(question, "Approve") for person in people))
        record = await riley.wait_for_message("approvals", "is in place", 20)
        assert record.id == question.id

        [role] = sandbox.aws.support_roles(PAYMENTS)
        winner = role.tags["support-role-bot:approver"]
        return {each.user_id: await _told(each) for each in people if each.user_id != winner}


async def _journey(sandbox: Sandbox) -> None:
    told = await _click_all(sandbox)

    [winner] = set(FIFTY) - set(told)
    assert all(len(messages) == 1 for messages in told.values())
    assert all(f"by <@{winner}>" in messages[0].words for messages in told.values())

    calls = [call.action for call in sandbox.aws.calls(account_id=PAYMENTS) if call.was_done]
    assert (calls.count("iam:CreateRole"), calls.count("iam:AttachRolePolicy")) == (1, 1)

    events = [event for event in await _events(sandbox) if event["account_id"] == PAYMENTS]
    refused = [event for event in events if event["kind"] == "fix.refused"]
    assert [event["kind"] for event in events if event not in refused] == TRAIL
    assert sorted(event["actor"].partition("/")[2] for event in refused) == sorted(told)
    assert {event["actor"] for event in events if event["kind"] == "fix.approved"} == {
        f"{sandbox.slack.workspace.team_id}/{winner}"
    }


def test_of_fifty_who_approve_at_once_one_wins_and_the_others_are_told_who() -> None:
    async def inside() -> None:
        async with Sandbox(rate_limited=False, workspace=_crowded(sandbox_workspace())) as sandbox:
            await _journey(sandbox)

    asyncio.run(inside())
