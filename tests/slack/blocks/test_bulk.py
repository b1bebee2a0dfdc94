"""The message and the modals of a bulk request. That they fit and ping nobody, test_everything_fits holds."""

import json
from typing import Any

import pytest

from bot.domain.bulk import BulkReport, BulkState
from bot.domain.home import HomePage
from bot.domain.request import RequestState
from bot.slack.blocks.bulk import bulk
from bot.slack.blocks.bulk_modals import plans_modal
from bot.slack.blocks.home import home
from bot.slack.blocks.kit import Message, View
from bot.slack.ids import ActionId
from tests.slack.blocks.bulk_samples import MOST, a_course, a_modal, left_out, with_plans
from tests.slack.blocks.samples import a_status


def text_of(shown: Message | View) -> str:
    return json.dumps(list(shown.blocks), ensure_ascii=False)


def buttons(report: BulkReport) -> dict[str, Any]:
    rows = [block["elements"] for block in bulk(report).blocks if block["type"] == "actions"]
    return {element["action_id"]: element for row in rows for element in row}


def test_every_account_has_one_line_in_order_and_the_first_is_called_the_canary():
    lines = text_of(bulk(a_course(BulkState.RUNNING)))

    at = [lines.index(f"account {number} (00000000000{number})") for number in range(1, 5)]
    assert at == sorted(at)
    assert "account 1 (000000000001) · canary · done and read back" in lines
    assert "account 2 (000000000002) · is being changed" in lines
    assert "account 3 (000000000003) · waits for its turn" in lines


def test_what_is_asked_names_the_canary_the_waves_and_the_plans():
    shown = text_of(bulk(a_course(BulkState.PENDING)))

    assert "Approval needed: support roles for 3 accounts" in shown
    assert "2 at a time" in shown
    assert "arn:aws:iam::{account}:role/aws-support-access" in shown
    assert "arn:aws:iam::{account}:role/Responder" in shown


@pytest.mark.parametrize("action", [ActionId.BULK_APPROVE, ActionId.BULK_DENY])
def test_a_decision_is_confirmed_with_the_count_and_the_canary(action: ActionId):
    report = a_course(BulkState.PENDING)

    confirm = buttons(report)[action]["confirm"]

    assert "3 accounts" in confirm["title"]["text"]
    assert "account 1 (000000000001)" in confirm["text"]["text"]


def test_the_buttons_carry_the_id_and_nothing_else():
    assert {one["value"] for one in buttons(a_course(BulkState.PENDING)).values()} == {"bulk-1"}


@pytest.mark.parametrize(
    ("state", "actions"),
    [
        (BulkState.PENDING, {ActionId.BULK_APPROVE, ActionId.BULK_DENY, ActionId.BULK_PLANS}),
        (BulkState.RUNNING, {ActionId.BULK_STOP, ActionId.BULK_PLANS}),
        (BulkState.STOPPING, {ActionId.BULK_PLANS}),
        (BulkState.DENIED, {ActionId.BULK_PLANS}),
        (BulkState.DONE, {ActionId.BULK_PLANS, ActionId.REQUEST_UNDO}),
    ],
)
def test_what_can_be_done_in_each_state(state: BulkState, actions: set[ActionId]):
    assert set(buttons(a_course(state))) == actions


@pytest.mark.parametrize(("kinds", "size"), [(30, 0), (1, 9_000)])
def test_what_cannot_be_seen_whole_cannot_be_approved(kinds: int, size: int):
    report = with_plans(a_course(BulkState.PENDING, 30), kinds, size=size)

    assert set(buttons(report)) == {ActionId.BULK_DENY, ActionId.BULK_PLANS}
    assert "they cannot be approved here" in text_of(bulk(report))


def test_a_few_kinds_of_plans_are_all_in_the_modal():
    report = with_plans(a_course(BulkState.PENDING, 30), 4)

    assert ActionId.BULK_APPROVE in buttons(report)
    assert text_of(plans_modal(report)).count("iam:CreateRole") == 4


def test_of_five_hundred_accounts_those_that_failed_come_first_and_the_others_are_counted():
    report = a_course(BulkState.STOPPING, MOST)

    shown = text_of(bulk(report))

    assert "account 1 (000000000001) · canary" in shown
    assert "account 2 (000000000002) · failed: It could not be done." in shown
    assert "125 not attempted" in shown
    assert "See the plans" in shown


@pytest.mark.parametrize("state", [BulkState.PENDING, BulkState.RUNNING, BulkState.STOPPED])
def test_the_modal_lists_every_one_of_five_hundred(state: BulkState):
    shown = text_of(plans_modal(left_out(a_course(state, MOST), 40)))

    assert all(f"({number:012d})" in shown for number in range(1, MOST + 1))
    assert all(f"({number:012d})" in shown for number in range(9_001, 9_041))


def test_what_was_left_out_is_said_with_its_reason():
    shown = bulk(left_out(a_course(BulkState.PENDING), 2))

    assert "*Left out: 2 accounts*" in text_of(shown)
    assert "out 9001 (000000009001): It cannot be read." in text_of(shown)


def test_the_record_tells_how_it_ended_and_who_stopped_it():
    shown = bulk(a_course(BulkState.STOPPED))

    assert "*Stopped by*\\n<@U0SECOND>" in text_of(shown)
    assert "*Approved by*\\n<@U0SECOND>" in text_of(shown)
    assert "So it ended." in shown.text


def test_an_undo_is_offered_of_what_was_applied_alone():
    menu = buttons(a_course(BulkState.DONE))[ActionId.REQUEST_UNDO]

    texts = [option["text"]["text"] for option in menu["options"]]
    assert texts == ["000000000001 account 1", "000000000002 account 2"]


def test_every_state_of_an_account_has_a_line():
    for state in RequestState:
        report = a_course(BulkState.STOPPED)
        (line,) = [block for block in bulk(report).blocks if "account 1 (" in json.dumps(block)][:1]
        assert line, state


def test_the_text_for_screen_readers_names_people_reason_and_the_first_accounts():
    said = bulk(a_course(BulkState.RUNNING, MOST)).text

    assert "Asked by <@U0ASKER>. Approved by <@U0SECOND>." in said
    assert "Ticket 4711" in said
    assert "account 1 (000000000001)" in said
    assert len(said) <= 4_000


def test_the_form_says_when_the_hourly_limit_will_hold_it_up():
    assert "At most 10 are changed in an hour" in text_of(a_modal(11))
    assert "At most 10 are changed in an hour" not in text_of(a_modal(10))


def test_the_form_starts_with_the_first_account_and_waves_of_five():
    elements = {b["element"]["action_id"]: b["element"] for b in a_modal(3).blocks if b["type"] == "input"}

    assert elements[ActionId.BULK_CANARY]["initial_option"]["value"] == "000000000001"
    assert elements[ActionId.BULK_WAVE]["initial_option"]["value"] == "5"
    assert len(elements[ActionId.BULK_CANARY]["options"]) == 3


def test_the_home_tab_says_that_a_bulk_request_waits():
    shown = text_of(home(HomePage(a_status(), for_others=(a_course(BulkState.PENDING),))))

    assert "*Waiting for others: 1*" in shown
    assert "*Support roles for 3 accounts* `account 1 (000000000001)`, `account 2 (000000000002)`" in shown
    assert "Asked by <@U0ASKER>" in shown
