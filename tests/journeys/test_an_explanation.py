"""Asking why an account fails: the evidence comes to the asker alone, and leads on to the fix."""

from collections.abc import Callable

from bot.sandbox.slack import RILEY, Person
from journeys.people import form_for, heard
from journeys.town import Journey, Shared


def test_from_a_question_to_the_evidence_and_the_form_of_the_fix(together: Callable[[Journey], None]) -> None:
    async def journey(shared: Shared) -> None:
        account = shared.sandbox.world.story("partner-portal")
        async with Person(shared.sandbox.url, RILEY) as riley:
            typing = riley.command("/support-role explain partner-portal", "cloud-security")
            begun = await heard(riley, "cloud-security", typing, "Reading the account now")
            told = await riley.wait_for_message("cloud-security", "FAIL · partner-portal")

            assert begun.is_ephemeral
            assert told.is_ephemeral
            assert "Every call with its resource" in told.words
            assert "AWSSupportAccess is only the permissions boundary of role PortalRuntime." in told.words
            assert "AdministratorAccess is on role OrganizationAccountAccessRole." in told.words
            assert "CIS 1.22 (v1.1)" in told.words

            await riley.click(told, "Fix partner-portal (234523452345)…")
            modal = await form_for(riley, "Fix an account", account)
            await riley.close(modal)

    together(journey)
