"""The home tab, as people use it: what waits is decided there, and IAM is as it then is."""

from collections.abc import Callable

from bot.sandbox.slack import ANA, RILEY, SAM, Person, Screen, Seen
from journeys.people import LONG, WHY
from journeys.town import Journey, Shared

PAYMENTS = "111122223333"
Shown = Callable[[Screen], Seen | None]


def home_with(*words: str) -> Shown:
    """The home tab, once all these words stand there."""

    def shown(screen: Screen) -> Seen | None:
        home = screen.home
        return home if home and all(word in home.words for word in words) else None

    return shown


async def checked_at_home(riley: Person) -> Seen:
    """Have all accounts checked from the home tab; the tab after that."""
    await riley.open_home()
    await riley.click(await riley.wait_for(home_with("Nothing has been checked yet")), "Check now")
    running = await riley.wait_for(home_with("First check is running"))
    await riley.wait_for(_status_is_there, LONG)
    await riley.click(running, "Refresh")
    return await riley.wait_for(home_with("Compliance"))


def _status_is_there(screen: Screen) -> bool:
    return any("Re-check" in each.buttons for each in screen.messages("app"))


def _asks_why(screen: Screen) -> Seen | None:
    """The form of a fix; before it, a word that the plan is being made has the same title."""
    return screen.modal if screen.modal and "Why is this needed?" in screen.modal.words else None


async def asked_at_home(riley: Person, home: Seen) -> Seen:
    """Ask for the fix of one account; the approval message."""
    await riley.click(home, "Fix failing…")
    choose = await riley.wait_for_modal("Fix accounts")
    assert await riley.submit(choose, {"fix.account": [PAYMENTS]}) == {}
    modal = await riley.wait_for(_asks_why)
    assert await riley.submit(modal, WHY) == {}
    return await riley.wait_for_message("approvals", "Approval needed")


def test_from_a_check_to_a_role_without_leaving_the_home_tab(
    among_the_stories: Callable[[Journey], None],
) -> None:
    async def journey(shared: Shared) -> None:
        sandbox = shared.sandbox
        async with (
            Person(sandbox.url, RILEY) as riley,
            Person(sandbox.url, ANA) as ana,
            Person(sandbox.url, SAM) as sam,
        ):
            approval = await asked_at_home(riley, await checked_at_home(riley))
            for person in (riley, ana, sam):
                await person.open_home()
            own = await riley.wait_for(home_with("My requests", "waits for a decision, "))
            assert "Approve" not in own.buttons
            waiting = await ana.wait_for(home_with("Waiting for you: 1 decision", PAYMENTS))
            await sam.wait_for(home_with("Waiting for you: 1 decision"))
            await ana.click(waiting, "Approve")
            record = await ana.wait_for_message("approvals", "is in place")
            assert record.id == approval.id
            assert f"<@{ANA}>" in record.words
            assert "Approve" not in (await ana.wait_for(home_with("Nothing waits"))).buttons

            # It was open before Sam's eyes, and is drawn anew without his doing anything.
            assert "Approve" not in (await sam.wait_for(home_with("Nothing waits"))).buttons

            [role] = sandbox.aws.support_roles(PAYMENTS)
            assert role.policies == ("arn:aws:iam::aws:policy/AWSSupportAccess",)
            assert role.tags["support-role-bot:approver"] == ANA
            told = await ana.wait_for_message("cloud-audit", "approved a support role for payments-prod")
            assert "App Home" in told.words
            await riley.open_home()
            await riley.wait_for(home_with("My requests", ": done"))

    among_the_stories(journey)
