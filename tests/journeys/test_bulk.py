"""Many accounts in one request, as people ask for it: a failure stops the rest, and a crash does not."""

from collections.abc import Callable

from bot.domain.audit import ChainIntact
from bot.sandbox.door import Sandbox
from bot.sandbox.slack import ANA, RILEY, Person, Screen, Seen
from bot.sandbox.world import Story
from journeys.people import WHY, heard, kinds, same, until
from journeys.town import Journey, Shared

Together = Callable[[Journey], None]
ATTACH = "iam:AttachRolePolicy"
ROLE = "aws-support-access"


async def _ask(riley: Person, *accounts: Story, wave: str) -> Seen:
    """Choose some, the first as the canary, and ask; the approval message that it leads to."""
    ids = [account.id for account in accounts]
    await riley.command("/support-role fix", "cloud-security")
    offer = await riley.wait_for_modal("Fix accounts")
    assert await riley.submit(offer, {"fix.account": ids}) == {}
    form = await riley.wait_for(_bulk_form)
    submitting = _submit(riley, form, {"bulk.canary": ids[0], "bulk.wave": wave})
    return await heard(riley, "approvals", submitting, "Approval needed", *ids)


async def _submit(riley: Person, form: Seen, more: dict[str, str]) -> None:
    assert await riley.submit(form, WHY | more) == {}


def _bulk_form(screen: Screen) -> Seen | None:
    modal = screen.modal
    return modal if modal and any(one.action_id == "bulk.canary" for one in modal.controls) else None


def _created_in(sandbox: Sandbox, *accounts: Story) -> list[str]:
    calls = sandbox.aws.calls("iam:CreateRole")
    ids = {account.id for account in accounts}
    return [call.account_id for call in calls if call.was_done and call.account_id in ids]


def test_a_failing_account_stops_the_rest_which_stay_untouched(together: Together) -> None:
    async def journey(shared: Shared) -> None:
        sandbox = shared.sandbox
        first, bad, last = chosen = (shared.account(), shared.account(), shared.account())
        async with Person(sandbox.url, RILEY) as riley, Person(sandbox.url, ANA) as ana:
            approval = await _ask(riley, *chosen, wave="1")
            assert "support roles for 3 accounts" in approval.text
            refusal = await heard(riley, "approvals", riley.click(approval, "Approve"), "Not approved")
            assert "a second person must approve them" in refusal.words
            assert _created_in(sandbox, *chosen) == []

            sandbox.aws.fail(ATTACH, account_id=bad.id)
            told = await heard(riley, "cloud-security", ana.click(approval, "Approve"), "Your fixes: stopped")
            assert told.is_ephemeral
            record = await ana.wait_for_message("approvals", "Stopped: 1 of 3 accounts")
            assert record.id == approval.id
            assert f"({first.id}) · canary · done and read back" in record.words
            assert f"({bad.id}) · failed" in record.words
            assert f"({last.id}) · not attempted" in record.words

        assert _created_in(sandbox, *chosen) == [first.id, bad.id]
        assert ROLE in sandbox.aws.roles(first.id)
        assert ROLE not in sandbox.aws.roles(bad.id)
        assert ROLE not in sandbox.aws.roles(last.id)
        assert (await kinds(sandbox, bad.id))[-2:] == ["change.intended", "change.failed"]
        assert await kinds(sandbox, last.id) == ["fix.requested", "fix.approved", "fix.skipped"]
        _is_intact(sandbox)

    together(journey)


def _is_intact(sandbox: Sandbox) -> None:
    assert sandbox.trail
    assert isinstance(sandbox.trail.verify(), ChainIntact)


def test_a_worker_killed_in_the_middle_of_a_wave_leaves_one_role_in_every_account(together: Together) -> None:
    """The second and the third have a role already, and nobody whom it lets in."""

    async def journey(shared: Shared) -> None:
        sandbox, world = shared.sandbox, shared.sandbox.world
        chosen = (shared.account(), world.story("batch-jobs"), world.story("ml-research"))
        async with Person(sandbox.url, RILEY) as riley, Person(sandbox.url, ANA) as ana:
            approval = await _ask(riley, *chosen, wave="2")
            sandbox.aws.pause(ATTACH, nth=2)
            await ana.click(approval, "Approve")
            await until(lambda: ATTACH in sandbox.aws.paused())

            await sandbox.kill_worker()
            sandbox.aws.release()
            await same(ana, approval, "Done:", "3 of 3 accounts were fixed")

        for account in chosen:
            [role] = [one for one in sandbox.aws.support_roles(account.id) if one.name == ROLE]
            assert role.policies == ("arn:aws:iam::aws:policy/AWSSupportAccess",)
            assert await kinds(sandbox, account.id) == [
                "fix.requested",
                "fix.approved",
                "change.intended",
                "change.applied",
                "change.verified",
            ]
        assert sorted(_created_in(sandbox, *chosen)) == sorted(account.id for account in chosen)
        _is_intact(sandbox)

    together(journey)
