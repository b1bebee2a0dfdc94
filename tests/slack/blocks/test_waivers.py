"""What waivers look like: the question, the record, the list, and the lines in other messages."""

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bot.domain.home import HomePage
from bot.domain.waiver import WaiverState
from bot.slack.blocks.digest import digest
from bot.slack.blocks.fix import fix_modal
from bot.slack.blocks.home import home
from bot.slack.blocks.kit import Message
from bot.slack.blocks.mrkdwn import channel
from bot.slack.blocks.status import status
from bot.slack.blocks.waiver import waive_modal, waiver
from bot.slack.blocks.waivers import SHOWN, waivers
from tests.slack.blocks.samples import (
    NOW,
    Mode,
    a_digest,
    a_known,
    a_plan,
    a_status,
    a_summary,
    a_waiver,
    an_account,
    many_waivers,
)

TERMS = ("payments (000000000001)", "9 February 2026")


def buttons(message: Message) -> dict[str, Any]:
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return {button["text"]["text"]: button for row in rows for button in row}


@pytest.mark.parametrize("name", ["Approve", "Deny"])
def test_both_decisions_ask_once_more_and_repeat_account_and_last_day(name: str):
    asked = buttons(waiver(a_waiver(WaiverState.PENDING)))[name]["confirm"]["text"]["text"]

    for term in TERMS:
        assert term in asked


def test_a_button_carries_the_waivers_id_and_nothing_else():
    shown = buttons(waiver(a_waiver(WaiverState.PENDING)))

    assert {button["value"] for button in shown.values()} == {"waiver-1"}


def test_a_waiver_in_force_can_be_revoked_from_its_record():
    (button,) = buttons(waiver(a_waiver())).values()

    assert button["text"]["text"] == "Revoke"
    for term in TERMS:
        assert term in button["confirm"]["text"]["text"]


@pytest.mark.parametrize("state", sorted(set(WaiverState) - {WaiverState.PENDING, WaiverState.GRANTED}))
def test_a_closed_waiver_has_no_buttons(state: WaiverState):
    assert buttons(waiver(a_waiver(state))) == {}


@pytest.mark.parametrize("state", WaiverState)
def test_the_record_says_who_answers_until_when_why_and_who_decided(state: WaiverState):
    shown = waiver(a_waiver(state))

    for text in (shown.text, json.dumps(shown.blocks, ensure_ascii=False)):
        for said in ("payments (000000000001)", "<@U0OWNER>", "9 February 2026", "<@U0ASKER>"):
            assert said in text
        assert "Moves to another organization in March" in text
        assert ("<@U0SECOND>" in text) == (a_waiver(state).decision is not None)


def test_the_form_says_what_is_waived_and_which_day_is_the_latest():
    view = waive_modal(
        a_known().finding, owner="U0OWNER", latest=date(2026, 5, 1), max_days=90, form_id="form-1"
    )

    text = json.dumps(view.body, ensure_ascii=False)
    assert "FAIL: No role carries AWSSupportAccess." in text
    assert "90 days at most: 1 May 2026 is the latest day." in text
    assert view.body["private_metadata"] == "form-1"
    assert '"initial_user": "U0OWNER"' in text


def test_the_form_says_so_where_it_replaces_a_waiver_in_force():
    terms = {"owner": "", "latest": date(2026, 5, 1), "max_days": 90, "form_id": "form-1"}

    view = waive_modal(a_known().finding, current=a_waiver(), **terms)

    assert "waived already until 9 February 2026" in json.dumps(view.body)


def a_list(*in_force: Any, pending: Any = ()) -> Message:
    return waivers(in_force, pending, now=NOW, approval_channel=channel("C0CHANNEL"))


def test_the_list_shows_first_what_ends_within_14_days():
    soon, later = a_waiver(), a_waiver(number=2, ends_at=NOW + timedelta(days=60))

    shown = [b["text"]["text"].splitlines()[0] for b in a_list(soon, later).blocks if b["type"] == "section"]

    assert shown[0] == "*Ending within 14 days*"
    assert shown[1].startswith("\N{WHITE CIRCLE} payments (000000000001) until 9 February 2026, 9 days left")
    assert shown[2] == "*Later*"
    assert "000000000002" in shown[3]


def test_each_waiver_in_the_list_has_owner_approver_reason_and_a_button_of_its_own():
    shown = a_list(a_waiver(), a_waiver(number=2))

    lines = [block["text"]["text"] for block in shown.blocks if block["type"] == "section"]
    assert "Owner <@U0OWNER>, approved by <@U0SECOND>\nMoves to another organization in March" in lines[1]
    rows = [block["elements"] for block in shown.blocks if block["type"] == "actions"]
    assert [[button["value"] for button in row] for row in rows] == [["waiver-1"], ["waiver-2"]]


def test_a_thousand_waivers_are_counted_and_the_rest_can_be_asked_for_by_scope():
    text = json.dumps(a_list(*many_waivers(1_000)).blocks, ensure_ascii=False)

    assert "1,000 waivers in force" in text
    assert f"Showing {SHOWN} of 1,000" in text
    assert "/support-role waivers SCOPE" in text


def test_what_waits_is_shown_with_where_it_is_decided():
    text = json.dumps(a_list(pending=many_waivers(7, WaiverState.PENDING)).blocks, ensure_ascii=False)

    assert "Waiting for a decision in <#C0CHANNEL>" in text
    assert "… and 2 more" in text


def test_an_empty_list_says_so_and_how_to_ask():
    text = json.dumps(a_list().blocks)

    assert "No account is waived" in text
    assert "/support-role waive ACCOUNT" in text


def test_a_status_shows_waived_accounts_apart_and_never_says_that_all_have_a_role():
    value = a_status(waived=(a_waiver(),), summary=a_summary(waived=1, **{"pass": 2}))

    shown = status(value)

    text = json.dumps(shown.blocks, ensure_ascii=False)
    assert "2 of 3 accounts have a support role, the others are set aside" in text
    assert "WAIVED payments (000000000001) until 9 February 2026, owner <@U0OWNER>: Moves to" in text
    assert "WAIVED payments" in shown.text


def test_a_new_status_notifies_no_owner_of_a_waiver():
    text = json.dumps(status(a_status(waived=(a_waiver(),)), quiet=True).blocks)

    assert "owner U0OWNER:" in text
    assert "<@U0OWNER>" not in text


def test_a_digest_names_the_waivers_that_end_soon_on_a_quiet_day_too():
    quiet = digest(a_digest(ending_waivers=(a_waiver(),)))

    text = json.dumps(quiet.blocks, ensure_ascii=False)
    assert "*1 waiver ends within 14 days*" in text
    assert "payments (000000000001) until 9 February 2026, 9 days left" in text
    assert "1 waiver ends" in quiet.text


def test_a_digest_without_such_waivers_says_nothing_of_them():
    assert "waiver" not in json.dumps(digest(a_digest()).blocks)


def test_the_home_tab_counts_what_is_waived_and_names_what_ends_soon():
    value = a_status(waived=tuple(many_waivers(2)))

    text = json.dumps(home(HomePage(value, ending=(a_waiver(),))).body, ensure_ascii=False)

    assert "2 accounts waived: `/support-role waivers`" in text
    assert "1 waiver ends within 14 days" in text
    assert "payments (000000000001) until 9 February 2026, 9 days left" in text


def test_the_form_of_a_fix_says_that_the_account_is_waived():
    view = fix_modal(an_account(), a_plan(), mode=Mode.APPLY, form_id="form-1", waiver=a_waiver())

    assert "This account is waived until 9 February 2026; <@U0OWNER> answers for it." in json.dumps(view.body)


def test_a_name_from_aws_cannot_write_into_a_dialog_more_than_it_is():
    asked = replace(a_waiver(WaiverState.PENDING), account_name="x" * 5_000)

    text = buttons(waiver(asked))["Approve"]["confirm"]["text"]["text"]

    assert "000000000001" in text
    assert "9 February 2026" in text
