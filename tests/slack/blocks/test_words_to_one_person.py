from bot.domain.people import Notice
from bot.slack.blocks.help import COMMANDS, help_message
from bot.slack.blocks.notice import error, notice


def test_help_says_what_it_is_for_and_every_command_with_an_example():
    text = help_message().text

    assert "I check AWS accounts for a role that carries AWSSupportAccess" in text
    assert all(f"`/support-role {example}`" in text for example, _ in COMMANDS)


def test_a_word_that_is_not_known_is_repeated_with_what_may_have_been_meant():
    shown = help_message("statsu", "status")

    assert shown.blocks[0]["text"]["text"] == "I do not know `statsu`. Did you mean `/support-role status`?"


def test_a_word_that_is_like_no_other_is_repeated_alone():
    assert help_message("xyzzy").blocks[0]["text"]["text"] == "I do not know `xyzzy`."


def test_a_refusal_says_what_why_and_what_would_help():
    shown = notice(
        Notice(
            "Not approved",
            "You asked for this fix; a second person must approve it.",
            "Ask <!subteam^S0CLOUD> or <@U0SECOND>.",
        )
    )

    assert shown.text == (
        "*Not approved*\n"
        "You asked for this fix; a second person must approve it.\n"
        "*Next:* Ask <!subteam^S0CLOUD> or <@U0SECOND>."
    )


def test_a_notice_without_a_next_step_makes_none_up():
    """Help helps nobody whose fix is done, and a guest is not shown it."""
    assert notice(Notice("Done", "It is done.")).text == "*Done*\nIt is done."


def test_a_fault_promises_nothing_says_where_to_look_and_bears_the_number_of_the_log():
    """It may come after an approval was recorded, which a worker then acts on."""
    assert error("ab12cd34").text == (
        "*Something failed here, and it is not your doing.* It may have taken effect all the same.\n"
        "*Next:* Look first: `/support-role requests` and `/support-role audit` show what was recorded. "
        "Then try again; if it happens again, give this number to whoever runs this bot. "
        "Reference `ab12cd34`"
    )
