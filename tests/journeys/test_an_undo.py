"""An undo and the kill switch, as people use them: over HTTP and WebSockets, against IAM as it then is."""

import asyncio
import time
from collections.abc import Callable

from bot.sandbox.door import Sandbox
from bot.sandbox.slack import ANA, PRIYA, RILEY, SAM, Person, Seen

PAYMENTS = "111122223333"
ACCOUNT = f"payments-prod ({PAYMENTS})"
WHY = {"fix.reason": "Audit finding 7, ticket SEC-12"}
WHY_NOT = {"undo.reason": "Made in the wrong account, ticket SEC-13"}
ROLE = "aws-support-access"


async def _fixed(riley: Person, ana: Person) -> Seen:
    """The record of a fix that RILEY asked for and ANA approved."""
    await riley.command("/support-role status", "cloud-security")
    await riley.wait_for(
        lambda screen: next(
            (each for each in screen.messages("cloud-security") if "Re-check" in each.buttons), None
        )
    )
    await riley.command("/support-role fix payments-prod", "cloud-security")
    assert await riley.submit(await riley.wait_for_modal("Fix an account"), WHY) == {}
    question = await riley.wait_for_message("approvals", "Approval needed")
    await ana.click(question, "Approve")
    return await ana.wait_for_message("approvals", "is in place")


async def _ask(sam: Person, record: Seen) -> Seen:
    """Ask for an undo; the approval message that it leads to."""
    await sam.click(record, "Undo…")
    modal = await sam.wait_for_modal("Undo a fix")
    assert list(await sam.submit(modal, {"undo.reason": "no"})) == ["undo.reason.block"]
    assert await sam.submit(modal, WHY_NOT) == {}
    return await sam.wait_for_message("approvals", f"Approval needed to REMOVE the support role of {ACCOUNT}")


async def _resumed(ana: Person, question: Seen) -> Seen:
    """The question again, once it no longer says that it cannot be answered."""

    def found(messages: list[Seen]) -> Seen | None:
        return next((m for m in messages if m.id == question.id and "paused" not in m.words), None)

    shown = await ana.wait_for(lambda screen: found(screen.messages("approvals")))
    assert shown
    return shown


async def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "not within 20 s"
        await asyncio.sleep(0.05)


def test_a_fix_is_paused_undone_by_two_people_and_the_account_fails_again(
    travel: Callable[..., None],
) -> None:
    async def journey(sandbox: Sandbox) -> None:
        async with (
            Person(sandbox.url, RILEY) as riley,
            Person(sandbox.url, ANA) as ana,
            Person(sandbox.url, SAM) as sam,
            Person(sandbox.url, PRIYA) as priya,
        ):
            record = await _fixed(riley, ana)
            question = await _ask(sam, record)
            await sam.click(question, "Approve removal")
            await sam.wait_for_message(
                "approvals", "You asked for this undo; a second person must approve it."
            )

            await priya.command("/support-role pause an incident", "cloud-security")
            paused = await ana.wait_for_message("approvals", "Why: an incident")
            assert paused.id == question.id
            await ana.click(paused, "Approve removal")
            await ana.wait_for_message("approvals", "Undos are paused by an administrator.")
            assert ROLE in sandbox.aws.roles(PAYMENTS)
            await priya.command("/support-role resume", "cloud-security")
            await priya.wait_for_message("cloud-audit", "resumed fixes")

            await ana.click(await _resumed(ana, question), "Approve removal")
            removed = await ana.wait_for_message("approvals", f"Removed: the support role of {ACCOUNT}")
            assert removed.id == question.id
            undone = await ana.wait_for_message("approvals", f"Undone: the support role in {ACCOUNT} is gone")
            assert undone.id == record.id
            assert undone.buttons == []
            assert ROLE not in sandbox.aws.roles(PAYMENTS)
            await sam.wait_for_message("approvals", "Your undo: undone")
            await ana.wait_for_message(
                "cloud-audit", f"The support role in {ACCOUNT} was taken away and is gone"
            )

    travel(journey)


def test_what_differs_is_listed_and_nothing_is_touched(travel: Callable[..., None]) -> None:
    async def journey(sandbox: Sandbox) -> None:
        async with (
            Person(sandbox.url, RILEY) as riley,
            Person(sandbox.url, ANA) as ana,
            Person(sandbox.url, SAM) as sam,
        ):
            record = await _fixed(riley, ana)
            sandbox.aws.plant_role(
                PAYMENTS,
                ROLE,
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": f"arn:aws:iam::{PAYMENTS}:root"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                },
            )
            before = sandbox.aws.support_roles(PAYMENTS)

            await sam.click(record, "Undo…")
            await sam.submit(await sam.wait_for_modal("Undo a fix"), WHY_NOT)

            told = await sam.wait_for_message(
                "approvals", "is not as the fix left it, so nothing was touched"
            )
            assert told.is_ephemeral
            for said in (
                "it was made anew",
                "its trust policy was changed",
                "its tag managed-by was removed",
            ):
                assert said in told.words
            assert sandbox.aws.support_roles(PAYMENTS) == before

    travel(journey)


def test_a_worker_killed_between_detach_and_delete_leaves_no_role_and_one_trail(
    travel: Callable[..., None],
) -> None:
    async def journey(sandbox: Sandbox) -> None:
        async with (
            Person(sandbox.url, RILEY) as riley,
            Person(sandbox.url, ANA) as ana,
            Person(sandbox.url, SAM) as sam,
        ):
            question = await _ask(sam, await _fixed(riley, ana))
            sandbox.aws.pause("iam:DeleteRole")
            await ana.click(question, "Approve removal")
            await _until(lambda: "iam:DeleteRole" in sandbox.aws.paused())
            assert sandbox.aws.support_roles(PAYMENTS) == ()
            assert ROLE in sandbox.aws.roles(PAYMENTS)

            await sandbox.kill_worker()
            sandbox.aws.release()
            await ana.wait_for_message("approvals", f"Removed: the support role of {ACCOUNT}", 40)

        assert ROLE not in sandbox.aws.roles(PAYMENTS)
        calls = sandbox.aws.calls(account_id=PAYMENTS)
        done = [each.action for each in calls if each.was_done]
        assert (done.count("iam:DetachRolePolicy"), done.count("iam:DeleteRole")) == (1, 1)

    travel(journey)
