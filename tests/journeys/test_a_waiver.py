"""A waiver, as people ask for it, decide about it and take it back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.sandbox.door import Sandbox
from bot.sandbox.slack import ANA, PRIYA, RILEY, Person, Seen

ACCOUNT = "payments-prod (111122223333)"
WISH = {
    "waive.owner": PRIYA,
    "waive.until": (datetime.now(UTC) + timedelta(days=10)).date().isoformat(),
    "waive.reason": "Moves to another organization, ticket SEC-12",
}


def test_an_account_is_set_aside_by_two_people_and_taken_back_by_one(travel: Callable[..., None]) -> None:
    async def journey(sandbox: Sandbox) -> None:
        async with (
            Person(sandbox.url, RILEY) as riley,
            Person(sandbox.url, ANA) as ana,
            Person(sandbox.url, PRIYA) as priya,
        ):
            before = await _status(riley)
            assert "FAIL" in _line_of(before)

            question = await _ask(riley)
            await riley.click(question, "Approve")
            refusal = await riley.wait_for_message("approvals", "Not granted")
            assert refusal.is_ephemeral

            await ana.click(question, "Approve")
            record = await ana.wait_for_message("approvals", f"Waived: {ACCOUNT}")
            assert record.id == question.id
            await ana.wait_for_message("cloud-audit", f"granted a waiver for {ACCOUNT}")
            await priya.wait_for_message("app", f"The waiver for {ACCOUNT} is in force")
            assert "WAIVED" in _line_of(await _status(riley))

            await priya.command("/support-role waivers", "cloud-security")
            listed = await priya.wait_for_message("cloud-security", "1 waiver in force")
            await priya.click(listed, "Revoke")
            await ana.wait_for_message("approvals", f"Revoked: the waiver for {ACCOUNT}")
            assert "FAIL" in _line_of(await _status(riley))

    travel(journey)


async def _ask(riley: Person) -> Seen:
    await riley.command("/support-role waive payments-prod", "cloud-security")
    modal = await riley.wait_for_modal("Waive an account")
    wrong = await riley.submit(modal, WISH | {"waive.until": "2020-01-01"})
    assert list(wrong) == ["waive.until.block"]
    assert await riley.submit(modal, WISH) == {}
    return await riley.wait_for_message("approvals", f"Approval needed: a waiver for {ACCOUNT}")


async def _status(riley: Person) -> Seen:
    """The status once its scan is done."""
    shown = {message.id for message in await riley.messages("cloud-security")}
    await riley.command("/support-role status", "cloud-security")

    def settled(messages: list[Seen]) -> Seen | None:
        return next((m for m in messages if m.id not in shown and "Re-check" in m.buttons), None)

    found = await riley.wait_for(lambda screen: settled(screen.messages("cloud-security")))
    assert found
    return found


def _line_of(status: Seen) -> str:
    """What the status says of the account, in the words of its notification."""
    return next(line for line in status.text.splitlines() if ACCOUNT in line)
