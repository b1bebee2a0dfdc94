"""The doctor's report in Slack: what is wrong is said with its next step, what is right is counted."""

import json

from bot.domain.doctor import CHECKS, Diagnosis, State, good, skipped, warning, wrong
from bot.slack.blocks.doctor import MOST_PROBLEMS, report
from bot.slack.blocks.kit import Message
from tests.slack.blocks.doctor_samples import a_report, every_check, many_accounts


def words(message: Message) -> str:
    return json.dumps(message.blocks, ensure_ascii=False)


def test_a_problem_is_told_with_its_check_and_its_next_step():
    shown = report(
        a_report(
            wrong("slack.team", "Nobody there is served.", "Add T0TEAM to slack.team_ids."),
            good("slack.token", "The bot is support-role."),
        )
    )

    assert "Doctor: 1 wrong · 1 all right" in words(shown)
    assert "Nobody there is served.  `slack.team`" in words(shown)
    assert "*Next:* Add T0TEAM to slack.team_ids." in words(shown)
    assert "Slack takes the bot token" in words(shown)
    assert "Nobody there is served." in shown.text


def test_what_is_wrong_comes_before_what_is_warned_of():
    shown = report(a_report(warning("settings.admins", "Nobody may pause."), wrong("aws.clock", "90 s off.")))

    said = words(shown)
    assert said.index("90 s off.") < said.index("Nobody may pause.")


def test_the_same_trouble_of_many_accounts_is_one_line():
    said = words(report(many_accounts(37)))

    assert said.count("SupportRoleScanner cannot be assumed") == 1
    assert "in 37 accounts: account-00000" in said
    assert "and 34 more." in said


def test_problems_beyond_the_most_are_counted_with_where_to_see_them():
    shown = report(every_check(State.WRONG))

    left = len(CHECKS) - MOST_PROBLEMS
    assert f"{left} more problems are not shown here. All of them: `support-role doctor`" in words(shown)


def test_a_check_that_is_not_right_everywhere_is_not_called_right():
    found = [
        wrong("aws.scan-role", "It cannot be assumed", "Deploy it.", ("a",)),
        good("aws.scan-role", "It can be assumed", ("b",)),
    ]

    assert CHECKS["aws.scan-role"] not in words(report(a_report(*found)))


def test_what_was_not_looked_at_is_named():
    shown = report(a_report(skipped("store.clock", "SQLite has none."), good("store.reach", "It answers.")))

    assert "Not looked at: store.clock" in words(shown)


def test_every_diagnosis_of_a_report_that_fits_is_there():
    found = [Diagnosis(check, State.WARNING, f"Text of {check}.") for check in list(CHECKS)[:MOST_PROBLEMS]]

    said = words(report(a_report(*found)))

    assert [each.text for each in found if each.text not in said] == []
