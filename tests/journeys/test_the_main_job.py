"""The main job, as people do it: over HTTP and WebSockets, against IAM as it then is."""

import asyncio
import csv
import io
import json
import sys
from collections.abc import Callable

from bot.domain.audit import ChainIntact
from bot.domain.finding import Verdict
from bot.sandbox.door import Sandbox
from bot.sandbox.landing_zone import REMEDIATION_ROLE
from bot.sandbox.slack import ANA, GUS, RILEY, SAM, Person
from journeys.people import LONG, WHY, ask_for_fix, form_for, heard, kinds, settled, until
from journeys.town import Journey, Shared

Together = Callable[[Journey], None]
ATTACH = "iam:AttachRolePolicy"
POLICY = "arn:aws:iam::aws:policy/AWSSupportAccess"


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


async def _exported_kinds(sandbox: Sandbox, account_id: str) -> list[str]:
    code, out, err = await _run(sandbox, "audit", "export", "--format", "csv")
    assert code == 0, err
    events = csv.DictReader(io.StringIO(out))
    return [event["kind"] for event in events if event["account_id"] == account_id]


def test_from_status_to_a_role_and_its_audit_message(together: Together) -> None:
    async def journey(shared: Shared) -> None:
        sandbox, account = shared.sandbox, shared.account()
        unread = sum(each.verdict is Verdict.UNKNOWN for each in sandbox.world.stories)
        async with Person(sandbox.url, RILEY) as riley, Person(sandbox.url, ANA) as ana:
            status = await settled(riley, riley.command("/support-role status", "cloud-security"))
            assert "have no support role" in status.text
            assert f"{unread} could not be read" in status.text

            approval = await ask_for_fix(riley, account)
            refusal = await heard(riley, "approvals", riley.click(approval, "Approve"), "Not approved")
            assert refusal.is_ephemeral
            assert "You asked for this fix; a second person must approve it." in refusal.words
            assert sandbox.aws.support_roles(account.id) == ()

            told = await heard(riley, "cloud-security", ana.click(approval, "Approve"), "Your fix: applied")
            assert told.is_ephemeral
            record = await ana.wait_for_message("approvals", f"Done: {account.name}")
            assert record.id == approval.id
            assert "Approve" not in record.buttons

            [role] = sandbox.aws.support_roles(account.id)
            assert role.arn == f"arn:aws:iam::{account.id}:role/aws-support-access"
            assert role.policies == (POLICY,)
            assert role.trust["Statement"][0]["Principal"] == {"AWS": account.incident_manager}
            assert role.tags["support-role-bot:approver"] == ANA
            await ana.wait_for(
                lambda screen: [
                    each
                    for each in screen.messages("cloud-audit")
                    if account.id in each.text and "is in place" in each.text
                ]
            )

        assert await _exported_kinds(sandbox, account.id) == [
            "fix.requested",
            "fix.refused",
            "fix.approved",
            "change.intended",
            "change.applied",
            "change.verified",
        ]
        code, out, _ = await _run(sandbox, "audit", "verify")
        assert (code, "intact" in out) == (0, True)
        await _check_passes(sandbox, account.id)

    together(journey)


async def _check_passes(sandbox: Sandbox, account_id: str) -> None:
    _, out, _ = await _run(sandbox, "check", account_id, "--format", "json")
    assert json.loads(out)["findings"][0]["verdict"] == "PASS"


def test_a_worker_killed_between_the_two_writes_leaves_one_role_and_one_truthful_trail(
    together: Together,
) -> None:
    async def journey(shared: Shared) -> None:
        sandbox, account = shared.sandbox, shared.account()
        async with Person(sandbox.url, RILEY) as riley, Person(sandbox.url, SAM) as sam:
            approval = await ask_for_fix(riley, account)
            sandbox.aws.pause(ATTACH, account_id=account.id)
            await sam.click(approval, "Approve")
            await until(lambda: ATTACH in sandbox.aws.paused())
            assert "aws-support-access" in sandbox.aws.roles(account.id)

            await sandbox.kill_worker()
            sandbox.aws.release()
            await sam.wait_for_message("approvals", f"Done: {account.name}", LONG)

        [role] = sandbox.aws.support_roles(account.id)
        assert role.policies == (POLICY,)
        created = sandbox.aws.calls("iam:CreateRole", account.id)
        assert [call.was_done for call in created].count(True) == 1
        assert await kinds(sandbox, account.id) == [
            "fix.requested",
            "fix.approved",
            "change.intended",
            "change.applied",
            "change.verified",
        ]
        assert sandbox.trail
        assert isinstance(sandbox.trail.verify(), ChainIntact)

    together(journey)


def test_what_stands_in_the_way_is_said_to_whoever_asked(together: Together) -> None:
    """A stranger's role of the planned name, a principal that does not exist, and a guest."""

    async def journey(shared: Shared) -> None:
        sandbox = shared.sandbox
        async with Person(sandbox.url, RILEY) as riley, Person(sandbox.url, GUS) as gus:
            for name, said in (
                ("mobile-backend", "was not made by this request"),
                ("partner-portal", "does not exist, so nobody could use the role"),
            ):
                account = sandbox.world.story(name)
                await riley.command(f"/support-role fix {name}", "cloud-security")
                modal = await form_for(riley, "Fix an account", account)
                assert await riley.submit(modal, WHY) == {}
                told = await riley.wait_for_message("cloud-security", said)
                assert told.is_ephemeral
                assert sandbox.aws.calls("iam:CreateRole", account.id) == []
            typing = gus.command("/support-role status", "cloud-security")
            refusal = await heard(gus, "cloud-security", typing, "Guests")
            assert refusal.is_ephemeral

    together(journey)


def test_a_remediation_role_that_is_not_there_fails_without_a_doubt(together: Together) -> None:
    """The likeliest trouble of a first set-up: nothing was written, and the record says just that."""

    async def journey(shared: Shared) -> None:
        sandbox, account = shared.sandbox, shared.account()
        async with Person(sandbox.url, RILEY) as riley, Person(sandbox.url, ANA) as ana:
            approval = await ask_for_fix(riley, account)
            sandbox.aws.deny(account.id, REMEDIATION_ROLE)
            await ana.click(approval, "Approve")
            record = await ana.wait_for_message("approvals", f"Failed: a support role for {account.name}")
            sandbox.aws.allow(account.id, REMEDIATION_ROLE)
            assert record.id == approval.id
            assert "Nothing was written" in record.words
            assert "AssumeRole into SupportRoleRemediator" in record.words
            assert "left behind" not in record.words.lower()

    together(journey)
