"""The home tab as blocks: what stands there, in which order, and what it takes at most."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.bulk import BulkState
from bot.domain.finding import Verdict
from bot.domain.home import HomePage
from bot.domain.pause import Pause
from bot.domain.request import Mode, RequestState
from bot.domain.status import ScanProgress
from bot.domain.waiver import WaiverState
from bot.sandbox.slack.lint import VIEW_BYTES
from bot.slack.blocks.home import home
from bot.slack.blocks.home_asked import STATES
from bot.slack.blocks.kit import VIEW_BLOCKS, Form, View
from bot.slack.ids import ActionId
from tests.slack.blocks.samples import (
    ALL_BAD,
    HOSTILE,
    NOW,
    a_crowded_page,
    a_known,
    a_request,
    a_status,
    a_summary,
    a_waiver,
    many,
    some_asked,
    some_digests,
    some_trend,
)


def page(**changes: object) -> HomePage:
    return replace(HomePage(a_status(a_known(), a_known(Verdict.PASS, 2))), **changes)  # type: ignore[arg-type]  # fields by name


def words(view: View) -> list[str]:
    """What is written in headers, sections, fields and contexts, in order."""
    found = []
    for block in view.blocks:
        found += [block["text"]["text"]] if "text" in block else []
        found += [field["text"] for field in block.get("fields", [])]
        found += [one["text"] for one in block.get("elements", []) if one["type"] == "mrkdwn"]
    return found


def said(view: View) -> str:
    return "\n".join(words(view))


def buttons(view: View) -> dict[str, dict[str, object]]:
    rows = [block["elements"] for block in view.blocks if block["type"] == "actions"]
    return {button["action_id"]: button for row in rows for button in row}


def kinds(view: View) -> list[str]:
    return [block["type"] for block in view.blocks]


def test_compliance_is_of_what_was_checked_and_coverage_is_said_beside_it():
    summary = a_summary(**{"pass": 90, "fail": 5, "waived": 5, "unknown": 100, "skipped": 7})
    status = a_status(*many(100, Verdict.UNKNOWN), summary=summary)

    shown = words(home(page(status=status)))

    assert shown[1] == "❔ *100 accounts could not be read* (code: 100), and count as neither good nor bad."
    assert shown[2] == "*Compliance*\n90 %: 90 of 100 that were checked"
    assert shown[3] == "*Coverage*\n50 %: 100 of 200 could be read"


def test_why_compliance_is_not_100_where_all_that_was_read_passes_is_said():
    summary = a_summary(**{"pass": 9, "unknown": 1})
    status = a_status(a_known(Verdict.UNKNOWN), summary=summary)

    shown = said(home(page(status=status)))

    assert "99 %: 9 of 9 that were checked; never 100 % while an account is unread" in shown


def test_an_estate_of_which_nothing_could_be_read_has_no_compliance():
    status = a_status(a_known(Verdict.UNKNOWN))

    assert "*Compliance*\nno account could be judged yet" in words(home(page(status=status)))


def test_before_any_check_the_one_thing_to_press_is_check_now():
    view = home(HomePage(a_status(last_scan_at=None)))

    assert words(view)[0] == "Nothing has been checked yet"
    assert "Press *Check now*" in words(view)[1]
    assert buttons(view)[ActionId.HOME_CHECK]["style"] == "primary"
    assert ActionId.STATUS_EXPORT not in buttons(view)


def test_while_a_check_runs_it_shows_how_far_it_is_and_offers_no_other():
    progress = ScanProgress("scan-1", total=412, done=103, started_at=NOW - timedelta(seconds=10))

    view = home(page(status=a_status(a_known(), progress=progress)))

    assert "Checking now: 103 of 412 accounts" in said(view)
    assert "*Refresh* shows how far it is." in said(view)
    assert ActionId.HOME_CHECK not in buttons(view)


def test_while_the_first_check_runs_nothing_else_is_to_be_pressed():
    progress = ScanProgress("scan-1", total=0, done=0, started_at=NOW)

    view = home(HomePage(a_status(last_scan_at=None, progress=progress)))

    assert words(view)[0] == "First check is running"
    assert "Press *Check now*" not in said(view)


def test_its_buttons_are_about_all_accounts():
    shown = buttons(home(page()))

    assert [*shown] == [
        ActionId.HOME_CHECK,
        ActionId.STATUS_FIX,
        ActionId.STATUS_EXPLAIN,
        ActionId.STATUS_EXPORT,
        ActionId.HOME_REFRESH,
    ]
    assert not any("value" in button for button in shown.values())


@pytest.mark.parametrize(("form", "kind"), [(Form.NATIVE, "data_visualization"), (Form.TABLE, "context")])
def test_the_trend_is_a_chart_where_slack_draws_one(form: Form, kind: str):
    with_trend = home(page(trend=some_trend(30)), form=form)

    assert kind in kinds(with_trend)
    assert ("compliance 70 % → 99 %" in said(with_trend)) == (kind == "context")


def test_without_a_trend_it_says_where_one_comes_from():
    assert "A trend stands here once there are digests of two days" in said(home(page()))


@pytest.mark.parametrize("at", range(5))
def test_what_waits_for_the_reader_has_the_buttons_of_its_message_and_its_reason(at: int):
    asked = some_asked()[at]

    view = home(page(for_reader=(asked,)))

    assert "Waiting for you: 1 decision" in said(view)
    assert "rich_text" in kinds(view)
    denials = {ActionId.REQUEST_DENY, ActionId.BULK_DENY, ActionId.WAIVER_DENY}
    assert denials & set(buttons(view))


def test_a_fix_says_role_plan_trust_who_asked_and_how_long_there_is():
    view = home(page(for_reader=(a_request(mode=Mode.DRY_RUN),)))

    (shown,) = [text for text in words(view) if "Support role for" in text]
    assert shown.splitlines() == [
        "*Support role for* `payments (000000000001)` (dry run)",
        "Asked by <@U0ASKER> just now · 4 hours left",
        shown.splitlines()[2],
        "Trusts `arn:aws:iam::000000000001:role/IncidentManager`",
    ]
    assert shown.splitlines()[2].startswith(
        "Role `arn:aws:iam::000000000001:role/aws-support-access`, plan `"
    )


def test_more_than_fit_are_counted_and_the_way_to_them_is_said():
    view = home(page(for_reader=(a_request(),) * 20, for_others=(a_request(),) * 20))

    assert "Waiting for you: 20 decisions" in said(view)
    assert "… and 12 more: `/support-role requests`" in said(view)
    assert "*Waiting for others: 20*" in said(view)
    assert "… and 15 more: `/support-role requests`" in said(view)


def test_why_it_cannot_be_told_who_decides_stands_below_what_waits():
    view = home(page(for_others=(a_request(),), doubt="The members could not be read."))

    assert "⚠ The members could not be read." in said(view)
    assert ActionId.REQUEST_APPROVE not in buttons(view)


@pytest.mark.parametrize(
    ("state", "said_of_it"),
    [
        (
            RequestState.PENDING,
            ": waits for a decision, 4 hours left",
        ),
        (RequestState.APPLYING, ": being applied"),
        (RequestState.APPLIED, "✅ *Support role for* `payments (000000000001)`: done"),
        (RequestState.FAILED, "⚠ *Support role for* `payments (000000000001)`: failed"),
        (RequestState.DENIED, ": denied"),
    ],
)
def test_ones_own_requests_say_how_they_stand(state: RequestState, said_of_it: str):
    assert said_of_it in said(home(page(asked=(a_request(state),))))


def test_every_state_has_words():
    assert {*RequestState, *BulkState, *WaiverState} - {RequestState.PENDING} == set(STATES)


def test_a_pause_is_said_above_the_buttons():
    view = home(page(status=a_status(a_known(), pause=Pause("U0SECOND", NOW, "an audit is going on"))))

    at = next(index for index, text in enumerate(words(view)) if "Fixes and undos are paused" in text)
    assert at < next(index for index, text in enumerate(words(view)) if text.startswith("*What can be typed"))
    assert "an audit is going on" in words(view)[at]


def test_waivers_that_end_soon_are_named():
    assert "1 waiver ends within 14 days" in said(home(page(ending=(a_waiver(WaiverState.GRANTED),))))


def test_the_digests_of_the_workspace_stand_there_with_what_went_wrong():
    view = home(page(digests=some_digests(10, "not_in_channel")))

    (shown,) = [text for text in words(view) if text.startswith("*Daily digests*")]
    assert shown.splitlines()[1] == (
        "<#C0CHANNEL> at 09:00 America/Argentina/Buenos_Aires, on weekdays"
        " · next Saturday, 31 January at 06:00 · ⚠ the last one was not posted"
    )
    assert shown.splitlines()[-1] == "… and 2 more"
    assert "To end it there: `/support-role digest off`." in said(view)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_with_as_much_as_there_can_be_nothing_had_to_be_left_out(text: str):
    view = home(a_crowded_page(text))

    assert len(view.blocks) < VIEW_BLOCKS
    assert len(json.dumps(view.body)) < VIEW_BYTES / 4


def test_10_000_accounts_take_no_more_room_than_ten():
    few, crowd = (home(page(status=a_status(*many(count, *ALL_BAD)))) for count in (10, 10_000))

    assert len(crowd.blocks) == len(few.blocks)
    assert len(json.dumps(crowd.body)) < len(json.dumps(few.body)) + 200


def test_a_name_with_markup_is_one_piece_of_monospace():
    view = home(page(for_reader=(a_request(account_name="*bold* _it_ <!channel>"),)))

    assert "*Support role for* `*bold* _it_ &lt;!channel&gt; (000000000001)`" in said(view)
