"""Every documented command, typed as somebody would: none goes without an answer."""

from collections.abc import Callable

import pytest

from bot.sandbox.slack import PRIYA, RILEY, Person, Screen, Seen
from journeys.people import LONG
from journeys.town import Journey, Shared

Together = Callable[[Journey], None]

WORDS = (
    ("", "/support-role status"),
    ("help", "/support-role status"),
    ("stauts", "Did you mean"),
    ("status", "accounts"),
    ("status data-lake", "accounts"),
    ("status ou:Workloads", "ou:"),
    ("explain payments-prod", "payments-prod"),
    ("requests", "request"),
    ("history", "chang"),
    ("history payments-prod", "payments-prod"),
    ("audit", "audit"),
    ("audit payments-prod", "payments-prod"),
    ("waivers", "waive"),
    ("digest", "digest"),
    ("digest now", "support role"),
    ("export csv", "findings"),
    ("export json", "findings"),
    ("export ocsf", "findings"),
    ("export asff", "findings"),
    ("export evidence", "evidence"),
    ("doctor", "all right"),
)
SCHEDULES = (
    ("digest 09:00 Europe/Berlin", "09:00"),
    ("digest weekdays", "weekdays"),
    ("digest off", "gets no daily digest"),
)
ADMINISTRATORS = ("pause", "resume", "doctor")
FORMS = (
    ("fix payments-prod", "Fix an account"),
    ("fix verdict:fail", "Fix"),
    ("waive payments-prod", "Waive"),
)


@pytest.mark.parametrize(("words", "answer"), WORDS)
def test_a_command_is_answered(together: Together, words: str, answer: str) -> None:
    together(lambda shared: typed(shared, words, answer))


@pytest.mark.parametrize(("words", "answer"), SCHEDULES)
def test_a_schedule_is_changed_and_told(among_the_stories: Together, words: str, answer: str) -> None:
    """Where no other journey waits for its digest."""
    among_the_stories(lambda shared: typed(shared, words, answer))


def test_pause_and_resume_are_answered(together: Together) -> None:
    together(lambda shared: typed(shared, "pause", "paused"))
    together(lambda shared: typed(shared, "resume", "go on"))


async def typed(shared: Shared, words: str, answer: str) -> None:
    who = PRIYA if words in ADMINISTRATORS else RILEY
    async with Person(shared.sandbox.url, who) as person:
        before = seen(await person.screen())
        await person.command(f"/support-role {words}".strip(), "cloud-security")

        def answered(screen: Screen) -> list[Seen]:
            return [m for _, m in news(screen, before) if answer.lower() in f"{m.text} {m.words}".lower()]

        try:
            await person.wait_for(answered, LONG)
        except TimeoutError:
            told = [(m.text, m.words) for _, m in news(await person.screen(), before)]
            raise AssertionError(f"/support-role {words}: not {answer!r} in {told}") from None


@pytest.mark.parametrize(("words", "title"), FORMS)
def test_a_command_opens_its_form(together: Together, words: str, title: str) -> None:
    async def journey(shared: Shared) -> None:
        async with Person(shared.sandbox.url, PRIYA) as priya:
            await priya.command(f"/support-role {words}", "cloud-security")
            await priya.close(await priya.wait_for(lambda screen: form(screen, title)))

    together(journey)


def form(screen: Screen, title: str) -> Seen | None:
    """The form once it has something to be filled in: it opens before all that it shows is read."""
    modal = screen.modal
    words = modal.words.lower() if modal else ""
    return modal if modal and title in modal.title and ("why" in words or "reason" in words) else None


Key = tuple[str, str, str]


def news(screen: Screen, before: dict[Key, None]) -> list[tuple[Key, Seen]]:
    return [
        ((place, message.id, message.text), message)
        for place in ("cloud-security", "app")
        for message in screen.messages(place)
        if (place, message.id, message.text) not in before
    ]


def seen(screen: Screen) -> dict[Key, None]:
    return {key: None for key, _ in news(screen, {})}
