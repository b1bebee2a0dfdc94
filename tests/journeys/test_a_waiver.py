"""A waiver, as people ask for it, decide about it and take it back."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.sandbox.slack import ANA, PRIYA, RILEY, Person, Seen
from bot.sandbox.world import Story
from journeys.people import check, form_for, heard, label
from journeys.town import Journey, Shared


def test_an_account_is_set_aside_by_two_people_and_taken_back_by_one(
    together: Callable[[Journey], None],
) -> None:
    async def journey(shared: Shared) -> None:
        sandbox, account = shared.sandbox, shared.account()
        async with (
            Person(sandbox.url, RILEY) as riley,
            Person(sandbox.url, ANA) as ana,
            Person(sandbox.url, PRIYA) as priya,
        ):
            assert "FAIL" in _line_of(await check(riley, account), account)

            question = await _ask(riley, account, sandbox.clock.now())
            refusal = await heard(riley, "approvals", riley.click(question, "Approve"), "Not granted")
            assert refusal.is_ephemeral

            await ana.click(question, "Approve")
            record = await ana.wait_for_message("approvals", f"Waived: {label(account)}")
            assert record.id == question.id
            await ana.wait_for_message("cloud-audit", f"granted a waiver for {label(account)}")
            await priya.wait_for_message("app", f"The waiver for {label(account)} is in force")
            assert "WAIVED" in _line_of(await check(riley, account), account)

            typing = priya.command("/support-role waivers", "cloud-security")
            listed = await heard(priya, "cloud-security", typing, "1 waiver in force", account.name)
            await priya.click(listed, "Revoke")
            await ana.wait_for_message("approvals", f"Revoked: the waiver for {label(account)}")
            assert "FAIL" in _line_of(await check(riley, account), account)

    together(journey)


async def _ask(riley: Person, account: Story, now: datetime) -> Seen:
    wish = {
        "waive.owner": PRIYA,
        "waive.until": (now + timedelta(days=10)).date().isoformat(),
        "waive.reason": "Moves to another organization, ticket SEC-12",
    }
    await riley.command(f"/support-role waive {account.id}", "cloud-security")
    modal = await form_for(riley, "Waive an account", account)
    wrong = await riley.submit(modal, wish | {"waive.until": "2020-01-01"})
    assert list(wrong) == ["waive.until.block"]
    assert await riley.submit(modal, wish) == {}
    return await riley.wait_for_message("approvals", f"Approval needed: a waiver for {label(account)}")


def _line_of(status: Seen, account: Story) -> str:
    """What the status says of the account, in the words of its notification."""
    return next(line for line in status.text.splitlines() if label(account) in line)
