"""An administrator asks whether everything is right: the answer comes to her alone, with AWS in it."""

from collections.abc import Callable

from bot.sandbox.slack import PRIYA, RILEY, Person
from journeys.people import LONG
from journeys.town import Journey, Shared


def test_from_a_question_to_what_to_mend_and_a_refusal_on_record(
    among_the_stories: Callable[[Journey], None],
) -> None:
    async def journey(shared: Shared) -> None:
        sandbox = shared.sandbox
        async with Person(sandbox.url, PRIYA) as priya, Person(sandbox.url, RILEY) as riley:
            await priya.command("/support-role doctor", "cloud-security")
            begun = await priya.wait_for_message("cloud-security", "Looking at settings")
            told = await priya.wait_for_message("cloud-security", "Only you can see this", LONG)

            assert begun.is_ephemeral
            assert told.is_ephemeral
            assert "Doctor: 3 wrong" in told.words
            role = "SupportRoleScanner cannot be assumed (AccessDenied) in 1 account: acquired-robotics"
            assert role in told.words
            assert "Deploy the role SupportRoleScanner there" in told.words
            assert "a worker is alive, and reaches AWS" in told.words

            await riley.command("/support-role doctor", "cloud-security")
            await riley.wait_for_message("cloud-security", "Only administrators can use the doctor.")
            await priya.wait_for_message("cloud-audit", "refused")

    among_the_stories(journey)
