"""The main job, as people do it: over HTTP and WebSockets, against IAM as it then is."""

import asyncio
import csv
import io
import json
import sys
from collections.abc import Callable

from bot.sandbox.door import Sandbox
from bot.sandbox.slack import ANA, GUS, RILEY, SAM, Person, Seen

PAYMENTS = "111122223333"
REASON = {"fix.reason": "Audit finding 7, ticket SEC-12"}
ROLE = f"arn:aws:iam::{PAYMENTS}:role/aws-support-access"


async def _run(sandbox: Sandbox, *arguments: str) -> tuple[int, str, str]:
    """A command of the bot's own against the sandbox: its exit code, stdout and stderr."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments, "--config", str(sandbox.config)),
        env=dict(sandbox.environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def _ask(riley: Person, account: str) -> Seen:
    """Ask for a fix; the approval message that it leads to."""
    await riley.command(f"/support-role fix {account}", "cloud-security")
    modal = await riley.wait_for_modal("Fix an account")
    assert await riley.submit(modal, REASON) == {}
    return await riley.wait_for_message("approvals", "Approval needed")


async def _audit(sandbox: Sandbox) -> list[dict[str, str]]:
    code, out, err = await _run(sandbox, "audit", "export", "--format", "csv")
    assert code == 0, err
    return list(csv.DictReader(io.StringIO(out)))


def _kinds(events: list[dict[str, str]], account: str) -> list[str]:
    return [event["kind"] for event in events if event["account_id"] == account]


def test_from_status_to_a_role_and_its_audit_message(travel: Callable[..., None]) -> None:
    async def journey(sandbox: Sandbox) -> None:
        async with Person(sandbox.url, RILEY) as riley, Person(sandbox.url, ANA) as ana:
            await riley.command("/support-role status", "cloud-security")
            status = await riley.wait_for(lambda screen: _settled(screen.messages("cloud-security")))
            assert "have no support role" in status.text
            assert "1 could not be read" in status.text

            approval = await _ask(riley, "payments-prod")
            await riley.click(approval, "Approve")
            refusal = await riley.wait_for_message("approvals", "Not approved")
            assert refusal.is_ephemeral
            assert "You asked for this fix; a second person must approve it." in refusal.words
            assert sandbox.aws.support_roles(PAYMENTS) == ()

            await ana.click(approval, "Approve")
            record = await ana.wait_for_message("approvals", "is in place")
            assert record.id == approval.id
            assert "Approve" not in record.buttons

            [role] = sandbox.aws.support_roles(PAYMENTS)
            assert role.arn == ROLE
            assert role.policies == ("arn:aws:iam::aws:policy/AWSSupportAccess",)
            assert role.trust["Statement"][0]["Principal"] == {
                "AWS": f"arn:aws:iam::{PAYMENTS}:role/IncidentManager",
            }
            assert role.tags["support-role-bot:approver"] == ANA

            await ana.wait_for_message("cloud-audit", "is in place")
            told = await riley.wait_for_message("cloud-security", "Your fix: applied")
            assert told.is_ephemeral

        assert _kinds(await _audit(sandbox), PAYMENTS) == [
            "fix.requested",
            "fix.refused",
            "fix.approved",
            "change.intended",
            "change.applied",
            "change.verified",
        ]
        code, out, _ = await _run(sandbox, "audit", "verify")
        assert (code, "intact" in out) == (0, True)
        await _check_passes(sandbox, PAYMENTS)

    travel(journey)


def _settled(messages: list[Seen]) -> Seen | None:
    return next((each for each in messages if "Re-check" in each.buttons), None)


async def _check_passes(sandbox: Sandbox, account: str) -> None:
    _, out, _ = await _run(sandbox, "check", account, "--format", "json")
    assert json.loads(out)["findings"][0]["verdict"] == "PASS"


def test_a_worker_killed_between_the_two_writes_leaves_one_role_and_one_truthful_trail(
    travel: Callable[..., None],
) -> None:
    async def journey(sandbox: Sandbox) -> None:
        async with Person(sandbox.url, RILEY) as riley, Person(sandbox.url, SAM) as sam:
            await riley.command("/support-role status", "cloud-security")
            await riley.wait_for(lambda screen: _settled(screen.messages("cloud-security")))
            approval = await _ask(riley, "payments-prod")
            sandbox.aws.pause("iam:AttachRolePolicy")
            await sam.click(approval, "Approve")
            await _until(lambda: "iam:AttachRolePolicy" in sandbox.aws.paused())
            assert "aws-support-access" in sandbox.aws.roles(PAYMENTS)

            await sandbox.kill_worker()
            sandbox.aws.release()
            await sam.wait_for_message("approvals", "is in place", 40)

        [role] = sandbox.aws.support_roles(PAYMENTS)
        assert role.policies == ("arn:aws:iam::aws:policy/AWSSupportAccess",)
        done = [
            c for c in sandbox.aws.calls(account_id=PAYMENTS) if c.action == "iam:CreateRole" and c.was_done
        ]
        assert len(done) == 1
        kinds = _kinds(await _audit(sandbox), PAYMENTS)
        assert kinds == [
            "fix.requested",
            "fix.approved",
            "change.intended",
            "change.applied",
            "change.verified",
        ]
        assert (await _run(sandbox, "audit", "verify"))[0] == 0

    travel(journey)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - another process's state is nobody's event
            await asyncio.sleep(0.02)


def test_what_stands_in_the_way_is_said_to_whoever_asked(travel: Callable[..., None]) -> None:
    """A stranger's role of the planned name, a principal that does not exist, and a guest."""

    async def journey(sandbox: Sandbox) -> None:
        async with Person(sandbox.url, RILEY) as riley, Person(sandbox.url, GUS) as gus:
            await riley.command("/support-role status", "cloud-security")
            await riley.wait_for(lambda screen: _settled(screen.messages("cloud-security")))
            for account, said in (
                ("mobile-backend", "was not made by this request"),
                ("partner-portal", "does not exist, so nobody could use the role"),
            ):
                await riley.command(f"/support-role fix {account}", "cloud-security")
                await riley.submit(await riley.wait_for_modal("Fix an account"), REASON)
                told = await riley.wait_for_message("cloud-security", said)
                assert told.is_ephemeral
            await gus.command("/support-role status", "cloud-security")
            assert "Guests" in (await gus.wait_for_message("cloud-security", "Guests")).words
        assert [c for c in sandbox.aws.calls() if c.action == "iam:CreateRole"] == []

    travel(journey)


def test_a_remediation_role_that_is_not_there_fails_without_a_doubt(travel: Callable[..., None]) -> None:
    """The likeliest trouble of a first set-up: nothing was written, and the record says just that."""

    async def journey(sandbox: Sandbox) -> None:
        async with Person(sandbox.url, RILEY) as riley, Person(sandbox.url, ANA) as ana:
            await riley.command("/support-role status", "cloud-security")
            await riley.wait_for(lambda screen: _settled(screen.messages("cloud-security")))
            approval = await _ask(riley, "payments-prod")
            sandbox.aws.deny(PAYMENTS, "SupportRoleRemediator")
            await ana.click(approval, "Approve")
            record = await ana.wait_for_message("approvals", "Nothing was written")
            assert "AssumeRole into SupportRoleRemediator" in record.words
            assert "left behind" not in record.words.lower()

    travel(journey)
