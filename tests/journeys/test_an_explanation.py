"""Asking why an account fails: the evidence comes to the asker alone, and leads on to the fix."""

from collections.abc import Callable

from bot.sandbox.door import Sandbox
from bot.sandbox.slack import RILEY, Person


def test_from_a_question_to_the_evidence_and_the_form_of_the_fix(travel: Callable[..., None]) -> None:
    async def journey(sandbox: Sandbox) -> None:
        async with Person(sandbox.url, RILEY) as riley:
            await riley.command("/support-role status", "cloud-security")
            await riley.wait_for_message("cloud-security", "have no support role")

            await riley.command("/support-role explain partner-portal", "cloud-security")
            begun = await riley.wait_for_message("cloud-security", "Reading the account now")
            told = await riley.wait_for_message("cloud-security", "Every call with its resource")

            assert begun.is_ephemeral
            assert told.is_ephemeral
            assert "FAIL · partner-portal" in told.words
            assert "AWSSupportAccess is only the permissions boundary of role PortalRuntime." in told.words
            assert "AdministratorAccess is on role OrganizationAccountAccessRole." in told.words
            assert "CIS 1.22 (v1.1)" in told.words

            await riley.click(told, "Fix partner-portal (234523452345)…")
            modal = await riley.wait_for_modal("Fix an account")
            assert "partner-portal" in modal.words

    travel(journey)
