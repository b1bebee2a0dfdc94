"""An undo and the kill switch, as people use them: over HTTP and WebSockets, against IAM as it then is."""

from collections.abc import Callable

from bot.sandbox.landing_zone import arn_in
from bot.sandbox.slack import ANA, PRIYA, RILEY, SAM, Person, Seen
from bot.sandbox.world import Story
from journeys.people import LONG, fix, form_for, heard, label, same, until
from journeys.town import Journey, Shared

Together = Callable[[Journey], None]
WHY_NOT = {"undo.reason": "Made in the wrong account, ticket SEC-13"}
ROLE = "aws-support-access"


async def _ask(sam: Person, record: Seen, account: Story) -> Seen:
    """Ask for an undo; the approval message that it leads to."""
    await sam.click(record, "Undo…")
    modal = await form_for(sam, "Undo a fix", account)
    assert list(await sam.submit(modal, {"undo.reason": "no"})) == ["undo.reason.block"]
    assert await sam.submit(modal, WHY_NOT) == {}
    words = f"Approval needed to REMOVE the support role of {label(account)}"
    return await sam.wait_for_message("approvals", words)


def test_a_fix_is_paused_undone_by_two_people_and_the_account_fails_again(together: Together) -> None:
    async def journey(shared: Shared) -> None:
        sandbox, account = shared.sandbox, shared.account()
        async with (
            Person(sandbox.url, RILEY) as riley,
            Person(sandbox.url, ANA) as ana,
            Person(sandbox.url, SAM) as sam,
            Person(sandbox.url, PRIYA) as priya,
        ):
            record = await fix(riley, ana, account)
            question = await _ask(sam, record, account)
            same_person = "You asked for this undo; a second person must approve it."
            await heard(sam, "approvals", sam.click(question, "Approve removal"), same_person)

            await priya.command("/support-role pause an incident", "cloud-security")
            paused = await same(ana, question, "Why: an incident")
            clicking = ana.click(paused, "Approve removal")
            await heard(ana, "approvals", clicking, "Undos are paused by an administrator.")
            assert ROLE in sandbox.aws.roles(account.id)
            typing = priya.command("/support-role resume", "cloud-security")
            await heard(priya, "cloud-audit", typing, "resumed fixes")

            resumed = await same(ana, question, label(account), without="paused")
            told = await heard(sam, "approvals", ana.click(resumed, "Approve removal"), "Your undo: undone")
            assert told.is_ephemeral
            await same(ana, question, f"Removed: the support role of {label(account)}")
            undone = await same(ana, record, f"Undone: the support role in {label(account)} is gone")
            assert undone.buttons == []
            assert ROLE not in sandbox.aws.roles(account.id)
            gone = f"The support role in {label(account)} was taken away and is gone"
            await ana.wait_for_message("cloud-audit", gone)

    together(journey)


def test_what_differs_is_listed_and_nothing_is_touched(together: Together) -> None:
    async def journey(shared: Shared) -> None:
        sandbox, account = shared.sandbox, shared.account()
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": arn_in(account.id, "root")},
            "Action": "sts:AssumeRole",
        }
        async with (
            Person(sandbox.url, RILEY) as riley,
            Person(sandbox.url, ANA) as ana,
            Person(sandbox.url, SAM) as sam,
        ):
            record = await fix(riley, ana, account)
            trust = {"Version": "2012-10-17", "Statement": [statement]}
            sandbox.aws.plant_role(account.id, ROLE, trust)
            before = sandbox.aws.support_roles(account.id)

            await sam.click(record, "Undo…")
            modal = await form_for(sam, "Undo a fix", account)
            told = await heard(
                sam, "approvals", _submitted(sam, modal), "is not as the fix left it, so nothing was touched"
            )

            assert told.is_ephemeral
            for said in (
                account.name,
                "it was made anew",
                "its trust policy was changed",
                "its tag managed-by was removed",
            ):
                assert said in told.words
            assert sandbox.aws.support_roles(account.id) == before

    together(journey)


async def _submitted(sam: Person, modal: Seen) -> None:
    assert await sam.submit(modal, WHY_NOT) == {}


def test_a_worker_killed_between_detach_and_delete_leaves_no_role_and_one_trail(together: Together) -> None:
    async def journey(shared: Shared) -> None:
        sandbox, account = shared.sandbox, shared.account()
        async with (
            Person(sandbox.url, RILEY) as riley,
            Person(sandbox.url, ANA) as ana,
            Person(sandbox.url, SAM) as sam,
        ):
            question = await _ask(sam, await fix(riley, ana, account), account)
            sandbox.aws.pause("iam:DeleteRole", account_id=account.id)
            await ana.click(question, "Approve removal")
            await until(lambda: "iam:DeleteRole" in sandbox.aws.paused())
            assert sandbox.aws.support_roles(account.id) == ()
            assert ROLE in sandbox.aws.roles(account.id)

            await sandbox.kill_worker()
            sandbox.aws.release()
            await ana.wait_for_message("approvals", f"Removed: the support role of {label(account)}", LONG)

        assert ROLE not in sandbox.aws.roles(account.id)
        calls = sandbox.aws.calls(account_id=account.id)
        done = [each.action for each in calls if each.was_done]
        assert (done.count("iam:DetachRolePolicy"), done.count("iam:DeleteRole")) == (1, 1)

    together(journey)
