"""What people do in more than one journey."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from bot.sandbox.door import Sandbox
from bot.sandbox.slack import Person, Seen
from bot.sandbox.world import Story

WHY = {"fix.reason": "Audit finding 7, ticket SEC-12"}


async def ask_for_fix(asker: Person, account: Story) -> Seen:
    """The approval message that it leads to."""
    await asker.command(f"/support-role fix {account.id}", "cloud-security")
    modal = await asker.wait_for(lambda screen: _form_of(screen.modal, account))
    assert await asker.submit(modal, WHY) == {}
    return await asker.wait_for_message("approvals", f"Approval needed: a support role for {account.name}")


def _form_of(modal: Seen | None, account: Story) -> Seen | None:
    return modal if modal and modal.title == "Fix an account" and account.id in modal.words else None


async def check(asker: Person, account: Story) -> Seen:
    """Have an account read anew; the status once it is settled."""
    shown = {message.id for message in await asker.messages("cloud-security")}
    await asker.command(f"/support-role status {account.id}", "cloud-security")
    found = await asker.wait_for(
        lambda screen: next(
            (
                message
                for message in screen.messages("cloud-security")
                if message.id not in shown and "Re-check" in message.buttons
            ),
            None,
        ),
        20,
    )
    assert found
    return found


def read_audit(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Every event of the chain, in order."""
    assert sandbox.trail
    events, length = sandbox.trail.last(1000)
    assert len(events) == length
    return [json.loads(event.body)["event"] for event in reversed(events)]


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for something in another process, of which nobody tells; TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - another process's state is nobody's event
            await asyncio.sleep(0.02)
