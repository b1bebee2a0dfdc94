"""What is typed after the command, who is answered, and that nobody is left without a word."""

from dataclasses import replace

import pytest

from bot.sandbox.slack import CLOUD_SECURITY, EVE, GUS, PARTNERS, RILEY, default_workspace
from bot.slack.commands import COMMANDS
from bot.slack.ids import ActionId
from tests.slack.listeners.workplace import PAYMENTS, Workplace, a_workplace, ask, know

ACTIONS_FOR_MEMBERS = (ActionId.STATUS_RECHECK, ActionId.STATUS_FIX, ActionId.REQUEST_PLAN)


@pytest.mark.parametrize("words", ["", "   ", "help", "HELP", "help me"])
def test_nothing_and_help_are_answered_with_examples_to_whoever_asked(work: Workplace, words: str):
    work.command(words)

    (told,) = work.told_to(RILEY)
    assert "/support-role status ou:Workloads/Prod" in told
    assert "I do not know" not in told
    assert work.shown_in(CLOUD_SECURITY) == []


def test_an_unknown_word_is_answered_with_the_nearest_known_one(work: Workplace):
    work.command("statsu 111122223333")

    (told,) = work.told_to(RILEY)
    assert "I do not know `statsu`. Did you mean `/support-role status`?" in told


def test_an_unknown_word_near_to_nothing_is_still_answered(work: Workplace):
    work.command("xyzzy")

    (told,) = work.told_to(RILEY)
    assert "I do not know `xyzzy`." in told
    assert "Did you mean" not in told


def test_a_word_that_pings_everybody_is_shown_as_text(work: Workplace):
    work.command("<!channel>")

    (told,) = work.told_to(RILEY)
    assert "<!channel>" not in told


def test_an_app_under_another_command_name_answers_too(work: Workplace):
    work.command("help", command="/support-role-dev")

    assert "/support-role status" in work.told_to(RILEY)[0]


@pytest.mark.parametrize("space", [" ", "\t", "\n", "\N{NO-BREAK SPACE}", "   "])
def test_any_white_space_ends_the_first_word(work: Workplace, space: str):
    work.change(lambda connection: know(connection, (PAYMENTS, None)))

    work.command(f"status{space}payments")

    assert work.enqueued() == ["plan_scan"]


@pytest.mark.parametrize("word", sorted(COMMANDS))
@pytest.mark.parametrize(
    ("who", "channel", "why"),
    [(GUS, CLOUD_SECURITY, "Guests are not shown"), (EVE, PARTNERS, "Only members of this workspace")],
)
def test_guests_and_strangers_are_told_why_and_nothing_else(
    work: Workplace, word: str, who: str, channel: str, why: str
):
    work.change(ask)

    work.command(word, by=who, channel=channel)

    assert_turned_away(work, who, channel, why)


@pytest.mark.parametrize(("who", "channel"), [(GUS, CLOUD_SECURITY), (EVE, PARTNERS)])
def test_whoever_is_turned_away_is_sent_to_people_and_not_to_help(work: Workplace, who: str, channel: str):
    """Help would turn them away as well."""
    work.command("help", by=who, channel=channel)

    (told,) = work.told_to(who)
    assert "Ask " in told
    assert "/support-role help" not in told


@pytest.mark.parametrize("action_id", ACTIONS_FOR_MEMBERS)
@pytest.mark.parametrize(
    ("who", "channel", "why"),
    [(GUS, CLOUD_SECURITY, "Guests are not shown"), (EVE, PARTNERS, "Only members of this workspace")],
)
def test_a_button_serves_a_guest_no_better_than_a_command(
    work: Workplace, action_id: str, who: str, channel: str, why: str
):
    work.change(ask)
    value = "fix-1" if action_id == ActionId.REQUEST_PLAN else ""

    work.press(action_id, value, by=who, channel=channel)

    assert_turned_away(work, who, channel, why)
    assert work.modal_of(who) is None


def test_a_command_from_another_workspace_is_refused(work: Workplace):
    work.command("status", team="T0ELSEWHERE")

    assert_turned_away(work, RILEY, CLOUD_SECURITY, "This bot serves the members of one workspace")


def test_a_button_pressed_by_somebody_of_another_workspace_is_refused(work: Workplace):
    work.press(ActionId.STATUS_RECHECK, "", by=RILEY, channel=CLOUD_SECURITY, team="T0ELSEWHERE")

    assert_turned_away(work, RILEY, CLOUD_SECURITY, "This bot serves the members of one workspace")


def test_a_bot_is_refused(work: Workplace):
    bot = work.slack.workspace.bot.user_id

    work.command("status", by=bot)

    assert_turned_away(work, bot, CLOUD_SECURITY, "Only members of this workspace are served.")


def test_somebody_deactivated_is_refused():
    workspace = default_workspace()
    people = tuple(replace(p, is_deleted=p.id == RILEY) for p in workspace.people)
    with a_workplace(workspace=replace(workspace, people=people)) as work:
        work.command("status")

        assert_turned_away(work, RILEY, CLOUD_SECURITY, "Only members of this workspace are served.")


def test_somebody_whom_slack_cannot_describe_is_shown_nothing(work: Workplace):
    work.fail_next("users.info", "fatal_error")

    work.command("status")

    assert_turned_away(work, RILEY, CLOUD_SECURITY, "Slack could not say who you are just now")


def assert_turned_away(work: Workplace, who: str, channel: str, why: str) -> None:
    (told,) = work.told_to(who)
    assert why in told
    assert work.shown_in(channel) == []
    assert work.enqueued() == []
