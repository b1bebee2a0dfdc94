"""Fifty people press Approve on one message at the same moment."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from bot.sandbox.door import Sandbox
from bot.sandbox.slack import RILEY, Person, Screen, Seen
from bot.sandbox.world import Story
from journeys.people import LONG, ask_for_fix, read_audit
from journeys.town import FIFTY, Journey, Shared

TRAIL = ["fix.requested", "fix.approved", "change.intended", "change.applied", "change.verified"]


async def _told(person: Person) -> list[Seen]:
    """What a person alone was told in the approval channel, once there is something."""

    def private(screen: Screen) -> list[Seen]:
        return [message for message in screen.messages("approvals") if message.is_ephemeral]

    return await person.wait_for(lambda screen: private(screen) or None, LONG)


async def _click_all(sandbox: Sandbox, account: Story) -> dict[str, list[Seen]]:
    """What each of those was told who did not win."""
    async with AsyncExitStack() as closing:
        riley = await closing.enter_async_context(Person(sandbox.url, RILEY))
        people = [await closing.enter_async_context(Person(sandbox.url, user)) for user in FIFTY]
        question = await ask_for_fix(riley, account)

        await asyncio.gather(*(person.click(question, "Approve") for person in people))
        record = await riley.wait_for_message("approvals", f"Done: {account.name}", LONG)
        assert record.id == question.id

        [role] = sandbox.aws.support_roles(account.id)
        winner = role.tags["support-role-bot:approver"]
        return {each.user_id: await _told(each) for each in people if each.user_id != winner}


def test_of_fifty_who_approve_at_once_one_wins_and_the_others_are_told_who(
    together: Callable[[Journey], None],
) -> None:
    async def journey(shared: Shared) -> None:
        sandbox, account = shared.sandbox, shared.account()
        told = await _click_all(sandbox, account)

        [winner] = set(FIFTY) - set(told)
        assert all(len(messages) == 1 for messages in told.values())
        assert all(f"by <@{winner}>" in messages[0].words for messages in told.values())

        calls = [call.action for call in sandbox.aws.calls(account_id=account.id) if call.was_done]
        assert (calls.count("iam:CreateRole"), calls.count("iam:AttachRolePolicy")) == (1, 1)

        events = [event for event in read_audit(sandbox) if event["account_id"] == account.id]
        refused = [event for event in events if event["kind"] == "fix.refused"]
        assert [event["kind"] for event in events if event not in refused] == TRAIL
        assert sorted(event["actor"].partition("/")[2] for event in refused) == sorted(told)
        assert {event["actor"] for event in events if event["kind"] == "fix.approved"} == {
            f"{sandbox.workspace.team_id}/{winner}"
        }

    together(journey)
