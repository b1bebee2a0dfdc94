"""What people do in more than one journey."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from bot.sandbox.door import Sandbox
from bot.sandbox.slack import Person, Screen, Seen
from bot.sandbox.world import Story

WHY = {"fix.reason": "Audit finding 7, ticket SEC-12"}
PATIENCE = 180.0
"""Seconds for a journey, however little of the machine it gets."""
LONG = 90.0
"""Seconds until a worker that was killed is followed by another, and that has done its work."""


def label(account: Story) -> str:
    return f"{account.name} ({account.id})"


async def heard(person: Person, channel: str, doing: Awaitable[None], *words: str) -> Seen:
    """Do something; the message with all these words that stands there afterwards and did not before."""
    shown = {message.id for message in await person.messages(channel)}
    await doing

    def fresh(screen: Screen) -> Seen | None:
        found = (message for message in screen.messages(channel) if message.id not in shown)
        return next((message for message in found if _says(message, words)), None)

    message = await person.wait_for(fresh)
    assert message
    return message


async def settled(person: Person, doing: Awaitable[None]) -> Seen:
    """Do something that begins a scan; the status once the scan is done."""
    shown = {message.id for message in await person.messages("cloud-security")}
    await doing

    def done(screen: Screen) -> Seen | None:
        found = (message for message in screen.messages("cloud-security") if message.id not in shown)
        return next((message for message in found if "Re-check" in message.buttons), None)

    status = await person.wait_for(done, LONG)
    assert status
    return status


async def check(asker: Person, account: Story) -> Seen:
    """Have an account read anew; its status."""
    return await settled(asker, asker.command(f"/support-role status {account.id}", "cloud-security"))


async def ask_for_fix(asker: Person, account: Story) -> Seen:
    """The approval message that it leads to."""
    await asker.command(f"/support-role fix {account.id}", "cloud-security")
    modal = await form_for(asker, "Fix an account", account)
    assert await asker.submit(modal, WHY) == {}
    return await asker.wait_for_message("approvals", f"Approval needed: a support role for {account.name}")


async def form_for(asker: Person, title: str, account: Story) -> Seen:
    """The form about an account, as soon as it is in front."""

    def in_front(modal: Seen | None) -> Seen | None:
        return modal if modal and modal.title == title and account.name in modal.words else None

    form = await asker.wait_for(lambda screen: in_front(screen.modal))
    assert form
    return form


async def fix(asker: Person, approver: Person, account: Story) -> Seen:
    """The record of a fix that one asked for and the other approved, once it is read back."""
    await approver.click(await ask_for_fix(asker, account), "Approve")
    return await approver.wait_for_message("approvals", f"Done: {account.name}", LONG)


async def same(person: Person, seen: Seen, *words: str, without: str = "\0") -> Seen:
    """A message as it is once it has some words, and not others."""

    def now(screen: Screen) -> Seen | None:
        shown = next(message for message in screen.messages(seen.channel) if message.id == seen.id)
        return shown if _says(shown, words) and not _says(shown, (without,)) else None

    message = await person.wait_for(now, LONG)
    assert message
    return message


def _says(message: Seen, words: tuple[str, ...]) -> bool:
    said = f"{message.text}\n{message.words}"
    return all(word in said for word in words)


def read_audit(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Every event of the chain, in order."""
    assert sandbox.trail
    events, length = sandbox.trail.last(10_000)
    assert len(events) == length
    return [json.loads(event.body)["event"] for event in reversed(events)]


async def kinds(sandbox: Sandbox, account_id: str) -> list[str]:
    """The kinds of the events about an account, in order."""
    events = await asyncio.to_thread(read_audit, sandbox)
    return [event["kind"] for event in events if event["account_id"] == account_id]


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something in another process, of which nobody tells; TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - another process's state is nobody's event
            await asyncio.sleep(0.02)
