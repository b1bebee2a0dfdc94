from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.finding import Reason, Verdict
from bot.domain.request import Mode
from bot.domain.status import KnownFinding, ScanProgress
from bot.slack.blocks.attention import codes_of, share
from bot.slack.blocks.kit import Form, Message
from bot.slack.blocks.status import bar, headline, status
from bot.slack.ids import ActionId
from tests.slack.blocks.samples import ALL_BAD, NOW, a_known, a_status, a_summary, many


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (
            {"pass": 400, "fail": 7, "unknown": 3, "skipped": 2},
            "7 of 412 accounts have no support role · 3 could not be read · coverage 99 %",
        ),
        (
            {"pass": 9, "fail": 1, "weak": 2},
            "1 of 12 accounts has no support role · 2 have a weak support role · coverage 100 %",
        ),
        ({"pass": 9, "weak": 1}, "1 of 10 accounts has a weak support role · coverage 100 %"),
        ({"pass": 99_999, "unknown": 1}, "1 of 100,000 accounts could not be read · coverage 99 %"),
        ({"unknown": 5}, "5 of 5 accounts could not be read · coverage 0 %"),
        ({"fail": 1}, "The one account has no support role · coverage 100 %"),
        ({"unknown": 1}, "The one account could not be read · coverage 0 %"),
        ({"pass": 412}, "All 412 accounts have a support role · coverage 100 %"),
        ({"pass": 1}, "The one account has a support role · coverage 100 %"),
        (
            {"pass": 10, "waived": 1, "skipped": 1},
            "10 of 12 accounts have a support role, the others are set aside · coverage 100 %",
        ),
        ({"skipped": 2}, "None of 2 accounts could be judged: 0 waived, 2 skipped · coverage 100 %"),
    ],
)
def test_the_headline_says_the_whole_state_in_one_line(counts: dict[str, int], said: str):
    assert headline(a_status(summary=a_summary(**counts))) == said


def test_before_the_first_scan_the_headline_says_so_and_the_message_how_to_start_one():
    shown = status(a_status(last_scan_at=None))

    assert words(shown)[:2] == [
        "Nothing has been checked yet",
        "Press Re-check, or type `/support-role status`, to check all accounts now.",
    ]


def test_while_the_first_scan_runs_the_headline_says_so():
    progress = ScanProgress("scan-1", total=412, done=0, started_at=NOW)

    assert headline(a_status(last_scan_at=None, progress=progress)) == "First check is running"


def test_an_empty_scope_says_so_and_what_to_try():
    shown = status(a_status(scope="ou:Nowhere"))

    assert words(shown)[:3] == [
        "No account is in this scope",
        "Only `ou:Nowhere`",
        "Check the spelling, or type `/support-role status` for all accounts.",
    ]


def test_unknown_stands_first_and_an_account_that_passes_takes_no_space():
    known = [a_known(v, n, name=v.value.lower()) for n, v in enumerate(Verdict)]
    shown = status(a_status(*known))

    assert column(shown, "Account") == [
        "unknown (000000000003)",
        "fail (000000000002)",
        "weak (000000000001)",
    ]


def test_a_row_says_what_who_since_when_why_and_what_next():
    shown = status(a_status(a_known(owner="U0OWNER", days=12)), form=Form.TABLE, quiet=True)

    assert [cell["text"] for cell in table(shown)["rows"][1]] == [
        "🔴 FAIL",
        "payments (000000000001)",
        "U0OWNER",
        "2026-01-19, 12 days",
        "No role carries AWSSupportAccess.",
        "Ask for the fix.",
    ]


def test_a_new_message_notifies_no_owner_and_an_update_shows_their_names():
    value = a_status(a_known(owner="U0OWNER"))

    assert "user_id" not in str(status(value, quiet=True).blocks)
    assert "user_id" in str(status(value, quiet=False).blocks)


def test_the_plain_form_holds_the_same_facts_as_the_table():
    shown = status(a_status(a_known(owner="U0OWNER")), form=Form.PLAIN)

    assert words(shown)[1] == (
        "*🔴 FAIL* payments (000000000001) · for 12 days · owner <@U0OWNER>\n"
        "No role carries AWSSupportAccess.\n"
        "_Next:_ Ask for the fix."
    )


@pytest.mark.parametrize("form", Form)
def test_with_10_000_failing_accounts_it_says_how_many_more_there_are_and_how_to_see_them(form: Form):
    shown = status(a_status(*many(10_000, *ALL_BAD)), form=form)

    more = next(text for text in words(shown) if text.startswith("Showing"))
    assert "of 10,000." in more
    assert "`/support-role status ou:NAME`" in more
    assert "`/support-role export csv`" in more


def test_many_unreadable_accounts_do_not_crowd_out_the_failing_ones():
    known = [*many(5_000, Verdict.UNKNOWN), a_known(Verdict.FAIL, 6_000), a_known(Verdict.WEAK, 6_001)]

    shown = share(a_status(*known).attention, 20)

    assert [item.finding.verdict for item in shown] == [Verdict.UNKNOWN] * 18 + [Verdict.FAIL, Verdict.WEAK]


def many_unread() -> list[KnownFinding]:
    """420 that refused, three that were throttled, one failing and one weak account."""
    unread = many(423, Verdict.UNKNOWN)
    reasons = [Reason("access-denied" if n < 420 else "throttled", "Why.") for n in range(423)]
    found = [
        replace(item, finding=replace(item.finding, reasons=(reason,)))
        for item, reason in zip(unread, reasons, strict=True)
    ]
    return [*found, a_known(Verdict.FAIL, 6_000), a_known(Verdict.WEAK, 6_001)]


@pytest.mark.parametrize("form", Form)
def test_many_unreadable_accounts_are_counted_by_reason_before_the_table(form: Form):
    shown = status(a_status(*many_unread()), form=form)

    said = "*423 accounts could not be read* (access denied: 420 · throttled: 3). They are listed last."
    assert words(shown)[1].endswith(said)
    assert said in shown.text


def test_many_unreadable_accounts_leave_the_first_page_to_those_that_fail():
    verdicts = column(status(a_status(*many_unread())), "Verdict")

    assert verdicts[:3] == ["🔴 FAIL", "🟡 WEAK", "❔ UNKNOWN"]
    assert set(verdicts[3:]) == {"❔ UNKNOWN"}


def test_a_few_unreadable_accounts_stand_first_and_are_not_counted():
    known = [*many(5, Verdict.UNKNOWN), a_known(Verdict.FAIL, 6_000)]

    shown = status(a_status(*known))

    assert column(shown, "Verdict") == ["❔ UNKNOWN"] * 5 + ["🔴 FAIL"]
    assert "could not be read*" not in str(shown.blocks)


def test_an_estate_of_which_nothing_can_be_read_is_counted_by_reason_too():
    shown = status(a_status(*many(423, Verdict.UNKNOWN)))

    assert words(shown)[1].endswith("*423 accounts could not be read* (code: 423).")


def test_reasons_beyond_the_commonest_are_counted_together():
    unread = [
        replace(item, finding=replace(item.finding, reasons=(Reason(f"code-{n % 7}", "Why."),)))
        for n, item in enumerate(many(13, Verdict.UNKNOWN))
    ]

    assert codes_of(unread).split(" · ") == [*[f"code {n}: 2" for n in range(5)], "other reasons: 3"]


def test_a_cell_has_no_command_that_would_break_in_the_middle():
    known = a_known(next_step="Ask for the fix: /support-role fix 000000000001")
    shown = status(a_status(known))

    assert column(shown, "Next step") == ["Ask for the fix."]
    assert "Next: Ask for the fix: /support-role fix 000000000001" in shown.text


def test_the_accounts_of_a_status_can_be_explained_and_exported():
    shown = buttons(status(a_status(a_known(), scope="ou:Prod")))

    assert shown[ActionId.STATUS_EXPLAIN]["text"]["text"] == "Explain…"
    assert shown[ActionId.STATUS_EXPORT]["text"]["text"] == "Export…"


def test_where_all_is_well_there_is_nothing_to_explain_but_a_file():
    shown = buttons(status(a_status(a_known(Verdict.PASS))))

    assert ActionId.STATUS_EXPLAIN not in shown
    assert ActionId.STATUS_EXPORT in shown


def test_each_verdict_that_is_shown_is_explained_once_and_no_other():
    shown = status(a_status(a_known(Verdict.WEAK)))

    assert "*WEAK*: a role carries AWSSupportAccess, but nobody can use it, or too many can" in words(shown)
    assert not any("*UNKNOWN*" in text for text in words(shown))


def test_progress_shows_a_bar_counts_throughput_and_time_left():
    progress = ScanProgress("scan-1", total=412, done=103, started_at=NOW - timedelta(seconds=10))
    shown = status(a_status(a_known(), progress=progress))

    assert words(shown)[1] == (
        "█████░░░░░░░░░░░░░░░\nChecking now: 103 of 412 accounts · 10.3 a second · about 30 seconds left"
    )


def test_the_bar_is_full_only_when_all_is_done():
    progress = ScanProgress("scan-1", total=1_000, done=999, started_at=NOW)

    assert "░" in bar(progress)
    assert "░" not in bar(replace(progress, done=1_000))


def test_while_a_scan_runs_there_is_no_button_to_start_another():
    progress = ScanProgress("scan-1", total=412, done=1, started_at=NOW)

    assert ActionId.STATUS_RECHECK not in buttons(status(a_status(a_known(), progress=progress)))


def test_the_age_of_the_findings_is_said():
    assert any("(1 hour ago)" in text for text in words(status(a_status(a_known()))))


def test_old_findings_are_called_old():
    shown = status(a_status(a_known(), last_scan_at=NOW - timedelta(days=3)))

    assert any("*Old:*" in text and "(3 days ago)" in text for text in words(shown))


def test_a_problem_with_the_scan_is_said_before_the_findings():
    shown = status(a_status(a_known(), problem="STS refused. Deploy the role."))

    assert words(shown)[1] == "⚠ *This check did not end well.* STS refused. Deploy the role."


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (Mode.DRY_RUN, "Dry run: everything is checked and recorded, and nothing is written in AWS."),
        (Mode.APPLY, "Nothing changes in AWS until a second person approves."),
        (Mode.OFF, "Fixes are switched off (remediation.mode is off)."),
    ],
)
def test_the_mode_is_said(mode: Mode, said: str):
    shown = status(a_status(a_known(), mode=mode))

    assert said in words(shown)
    assert said in shown.text


def test_one_account_to_fix_is_named_on_the_button():
    assert buttons(status(a_status(a_known())))[ActionId.STATUS_FIX]["text"]["text"] == (
        "Fix payments (000000000001)…"
    )


def test_several_accounts_to_fix_are_chosen_in_a_modal():
    shown = status(a_status(a_known(number=1), a_known(Verdict.WEAK, number=2)))

    assert buttons(shown)[ActionId.STATUS_FIX]["text"]["text"] == "Fix failing…"


def test_the_fix_button_calls_nothing_failing_where_all_that_can_be_fixed_is_weak():
    shown = status(a_status(a_known(Verdict.WEAK), a_known(Verdict.WEAK, number=2)))

    assert buttons(shown)[ActionId.STATUS_FIX]["text"]["text"] == "Fix weak…"


def test_no_verdict_says_that_nobody_can_reach_aws_support():
    """An administrator can, without any support role; `explain` shows it."""
    shown = status(a_status(*[a_known(verdict) for verdict in ALL_BAD]))

    assert "nobody there" not in str(shown.blocks)
    assert "*FAIL*: no role carries AWSSupportAccess, the policy for opening cases" in str(shown.blocks)


@pytest.mark.parametrize("value", [a_status(a_known(Verdict.UNKNOWN)), a_status(a_known(), mode=Mode.OFF)])
def test_there_is_no_fix_button_where_nothing_can_be_fixed(value: Any):
    assert ActionId.STATUS_FIX not in buttons(status(value))


def test_buttons_carry_the_scope_and_nothing_else():
    shown = buttons(status(a_status(a_known(), scope="ou:Prod")))

    assert {button["value"] for button in shown.values()} == {"ou:Prod"}
    assert all("value" not in button for button in buttons(status(a_status(a_known()))).values())


def test_a_scope_too_long_for_a_button_has_no_buttons_rather_than_ones_for_another_scope():
    assert buttons(status(a_status(a_known(), scope="x" * 2_001))) == {}


def test_the_text_alone_says_it_all():
    shown = status(
        a_status(a_known(Verdict.UNKNOWN, 1, name="hr"), a_known(Verdict.FAIL, 2), scope="ou:Prod")
    )

    assert shown.text.splitlines() == [
        "1 of 2 accounts has no support role · 1 could not be read · coverage 50 %",
        "Only ou:Prod.",
        "UNKNOWN hr (000000000001): No role carries AWSSupportAccess. Next: Ask for the fix.",
        "FAIL payments (000000000002): No role carries AWSSupportAccess. Next: Ask for the fix.",
        (
            "Read 2026-01-31 02:00 UTC, 1 hour ago. "
            "Dry run: everything is checked and recorded, and nothing is written in AWS."
        ),
    ]


def words(shown: Message) -> list[str]:
    """What is written in headers, sections and contexts, in order."""
    found = []
    for block in shown.blocks:
        if block["type"] in ("header", "section"):
            found.append(block["text"]["text"])
        found += [one["text"] for one in block.get("elements", []) if one["type"] == "mrkdwn"]
    return found


def buttons(shown: Message) -> dict[str, Any]:
    rows = [block["elements"] for block in shown.blocks if block["type"] == "actions"]
    return {button["action_id"]: button for row in rows for button in row}


def table(shown: Message) -> dict[str, Any]:
    return next(block for block in shown.blocks if block["type"] in ("data_table", "table"))


def column(shown: Message, name: str) -> list[str]:
    head, *rows = table(shown)["rows"]
    index = [cell["text"] for cell in head].index(name)
    return [row[index]["text"] for row in rows]
