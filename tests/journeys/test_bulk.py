"""Many accounts in one request, as people ask for it: a failure stops the rest, and a crash does not."""

import asyncio
import csv
import io
import sys
from collections.abc import Callable

from bot.sandbox.door import Sandbox
from bot.sandbox.slack import ANA, RILEY, Person, Screen, Seen

PAYMENTS, BATCH, RESEARCH = "111122223333", "777788889999", "666677778888"
REASON = {"fix.reason": "Audit finding 7, ticket SEC-12"}
ROLE = "aws-support-access"


async def _run(sandbox: Sandbox, *arguments: str) -> tuple[int, str]:
    """A command of the bot's own against the sandbox: its exit code and stdout."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments, "--config", str(sandbox.config)),
        env=dict(sandbox.environment),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def _kinds(sandbox: Sandbox, account: str) -> list[str]:
    code, out = await _run(sandbox, "audit", "export", "--format", "csv")
    assert code == 0
    return [event["kind"] for event in csv.DictReader(io.StringIO(out)) if event["account_id"] == account]


async def _ask(riley: Person, *accounts: str, wave: str) -> Seen:
    """Check all, choose some, and ask; the approval message that it leads to."""
    await riley.command("/support-role status", "cloud-security")
    await riley.wait_for(_settled)
    await riley.command("/support-role fix", "cloud-security")
    offer = await riley.wait_for_modal("Fix accounts")
    assert await riley.submit(offer, {"fix.account": list(accounts)}) == {}
    form = await riley.wait_for(_bulk_form)
    assert await riley.submit(form, REASON | {"bulk.canary": PAYMENTS, "bulk.wave": wave}) == {}
    return await riley.wait_for_message("approvals", "Approval needed", 20)


def _settled(screen: Screen) -> Seen | None:
    return next((each for each in screen.messages("cloud-security") if "Re-check" in each.buttons), None)


def _bulk_form(screen: Screen) -> Seen | None:
    modal = screen.modal
    return modal if modal and any(one.action_id == "bulk.canary" for one in modal.controls) else None


def _created_in(sandbox: Sandbox) -> list[str]:
    calls = sandbox.aws.calls("iam:CreateRole")
    return [call.account_id for call in calls if call.was_done]


def test_a_failing_account_stops_the_rest_which_stay_untouched(travel: Callable[..., None]) -> None:
    async def journey(sandbox: Sandbox) -> None:
        async with Person(sandbox.url, RILEY) as riley, Person(sandbox.url, ANA) as ana:
            approval = await _ask(riley, PAYMENTS, BATCH, RESEARCH, wave="1")
            assert "support roles for 3 accounts" in approval.text
            await riley.click(approval, "Approve")
            refusal = await riley.wait_for_message("approvals", "Not approved")
            assert "a second person must approve them" in refusal.words
            assert _created_in(sandbox) == []

            sandbox.aws.fail("iam:AttachRolePolicy", account_id=BATCH)
            await ana.click(approval, "Approve")
            record = await ana.wait_for_message("approvals", "Stopped: 1 of 3 accounts", 30)
            assert record.id == approval.id
            assert f"({PAYMENTS}) · canary · done and read back" in record.words
            assert f"({BATCH}) · failed" in record.words
            assert f"({RESEARCH}) · not attempted" in record.words
            told = await riley.wait_for_message("cloud-security", "Your fixes: stopped")
            assert told.is_ephemeral

        assert _created_in(sandbox) == [PAYMENTS, BATCH]
        assert ROLE in sandbox.aws.roles(PAYMENTS)
        assert ROLE not in sandbox.aws.roles(BATCH)
        assert ROLE not in sandbox.aws.roles(RESEARCH)
        assert (await _kinds(sandbox, BATCH))[-2:] == ["change.intended", "change.failed"]
        assert await _kinds(sandbox, RESEARCH) == ["fix.requested", "fix.approved", "fix.skipped"]
        assert (await _run(sandbox, "audit", "verify"))[0] == 0

    travel(journey)


def test_a_worker_killed_in_the_middle_of_a_wave_leaves_one_role_in_every_account(
    travel: Callable[..., None],
) -> None:
    async def journey(sandbox: Sandbox) -> None:
        async with Person(sandbox.url, RILEY) as riley, Person(sandbox.url, ANA) as ana:
            approval = await _ask(riley, PAYMENTS, BATCH, RESEARCH, wave="2")
            sandbox.aws.pause("iam:AttachRolePolicy", nth=2)
            await ana.click(approval, "Approve")
            await _until(lambda: "iam:AttachRolePolicy" in sandbox.aws.paused())

            await sandbox.kill_worker()
            sandbox.aws.release()
            await ana.wait_for_message("approvals", "Done: 3 accounts", 60)

        for account in (PAYMENTS, BATCH, RESEARCH):
            [role] = [one for one in sandbox.aws.support_roles(account) if one.name == ROLE]
            assert role.policies == ("arn:aws:iam::aws:policy/AWSSupportAccess",)
            assert (await _kinds(sandbox, account)) == [
                "fix.requested",
                "fix.approved",
                "change.intended",
                "change.applied",
                "change.verified",
            ]
        assert sorted(_created_in(sandbox)) == sorted([PAYMENTS, BATCH, RESEARCH])
        assert (await _run(sandbox, "audit", "verify"))[0] == 0

    travel(journey)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - another process's state is nobody's event
            await asyncio.sleep(0.02)
