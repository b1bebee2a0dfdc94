from bot.domain.finding import Verdict
from bot.domain.people import Notice
from bot.slack.blocks.help import COMMANDS, help_message
from bot.slack.blocks.home import home
from bot.slack.blocks.notice import error, notice
from tests.slack.blocks.samples import a_known, a_request, a_status


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


def test_a_notice_without_a_next_step_points_to_help():
    assert notice(Notice("Done", "It is done.")).text.endswith("*Next:* Type `/support-role help` for help.")


def test_a_fault_says_that_it_is_nobodys_doing_and_bears_the_number_of_the_log():
    assert error("ab12cd34").text == (
        "*Something failed here, and it is not your doing.* Nothing was changed in AWS by this click.\n"
        "*Next:* Try again; if it happens again, give this number to whoever runs this bot. "
        "Reference `ab12cd34`"
    )


def test_the_home_tab_shows_how_things_stand_what_waits_and_what_can_be_typed():
    view = home(a_status(a_known(), a_known(Verdict.PASS, 2)), [a_request()])

    texts = [block["text"]["text"] for block in view.blocks if "text" in block]
    assert texts[0] == "1 of 2 accounts has no support role · coverage 100 %"
    assert texts[1].splitlines()[0] == "*1 request waits for a decision in the approval channel*"
    assert texts[1].splitlines()[1].startswith("payments (000000000001), asked by <@U0ASKER>, until <!date^")
    assert "`/support-role help`" in texts[-1]


def test_the_home_tab_before_any_check_says_how_to_start_one():
    view = home(a_status(last_scan_at=None))

    assert view.blocks[1]["elements"][0]["text"] == "Type `/support-role status` to check all accounts."
