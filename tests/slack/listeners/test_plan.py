"""Taking a plan as text: on top of the modal that shows it, in the form that somebody chose."""

from typing import Any

import pytest
from building.values import NOW

from bot.domain.finding import Verdict
from bot.domain.plan_forms import PlanForm, write_plan
from bot.domain.request import RequestState
from bot.sandbox.slack import ANA, APPROVALS, GUS, RILEY, Seen
from bot.slack.ids import ActionId
from bot.store import accounts
from tests.slack.listeners import payloads
from tests.slack.listeners.workplace import LEDGER, PAYMENTS, Workplace, ask, know


def click(work: Workplace, action: ActionId, value: str, *, by: str, on: Seen) -> None:
    """Press a button, or choose from a menu, in the modal in front of somebody."""
    view_id = on.id
    trigger = work.slack._site.state.mint_trigger(by, view_id)
    body: Any = payloads.block_action(action, value, user=by, trigger_id=trigger)
    if action is ActionId.PLAN_FORM:
        del body["actions"][0]["value"]
        body["actions"][0] |= {"type": "static_select", "selected_option": {"value": value}}
    view = payloads.a_view(view_id, "", on.private_metadata, {})
    work.send(body | {"container": {"type": "view", "view_id": view_id}, "view": view})


def in_front_of(work: Workplace, user: str) -> Seen:
    modal = work.modal_of(user)
    assert modal is not None
    return modal


def as_text(work: Workplace, *, by: str, form: PlanForm | None = None) -> Seen:
    """What stands in front of somebody who asks for the text of the plan that they see."""
    modal = in_front_of(work, by)
    (value,) = [
        each["value"]
        for block in modal.blocks
        if block["type"] == "actions"
        for each in block["elements"]
        if each["action_id"] == ActionId.PLAN_AS_TEXT
    ]
    click(work, ActionId.PLAN_AS_TEXT, value, by=by, on=modal)
    if form:
        click(work, ActionId.PLAN_FORM, form.value, by=by, on=in_front_of(work, by))
    return in_front_of(work, by)


@pytest.fixture
def fixing(work: Workplace) -> Workplace:
    """Riley sees the form of a fix."""
    work.change(lambda connection: know(connection, (PAYMENTS, Verdict.FAIL)))
    work.command("fix payments", by=RILEY)
    return work


@pytest.fixture
def deciding(work: Workplace) -> Workplace:
    """Ana sees the plan of Riley's request."""
    work.change(ask)
    work.press(ActionId.REQUEST_PLAN, "fix-1", by=ANA, channel=APPROVALS)
    return work


def test_the_form_of_a_fix_gives_a_draft_as_a_script_and_stays_below_it(fixing: Workplace):
    form = in_front_of(fixing, RILEY)

    text = as_text(fixing, by=RILEY)

    assert "aws iam create-role" in text.words
    assert "Draft of support-role-bot" in text.words
    stack = fixing.slack._site.state.open_stack(RILEY)
    assert [view.id for view in stack] == [form.id, text.id]
    assert fixing.all_requests() == []


@pytest.mark.parametrize("form", list(PlanForm))
def test_the_plan_of_a_request_is_given_exactly_in_every_form(deciding: Workplace, form: PlanForm):
    text = as_text(deciding, by=ANA, form=form)

    plan = deciding.request().plan
    assert plan is not None
    assert write_plan(plan, form, account_name="payments").strip() in text.words


def test_changing_the_form_opens_no_further_modal(deciding: Workplace):
    before = as_text(deciding, by=ANA)

    after = as_text_again(deciding, PlanForm.TERRAFORM)

    assert after.id == before.id
    assert "aws_iam_role_policy_attachment" in after.words


def as_text_again(work: Workplace, form: PlanForm) -> Seen:
    click(work, ActionId.PLAN_FORM, form.value, by=ANA, on=in_front_of(work, ANA))
    return in_front_of(work, ANA)


def test_a_form_that_does_not_exist_gives_nothing(deciding: Workplace):
    text = as_text(deciding, by=ANA)

    click(deciding, ActionId.PLAN_FORM, "perl", by=ANA, on=text)

    assert "aws" not in in_front_of(deciding, ANA).words


def test_somebody_elses_form_gives_nothing(fixing: Workplace):
    form = in_front_of(fixing, RILEY)
    fixing.command("fix payments", by=ANA)

    click(fixing, ActionId.PLAN_AS_TEXT, form.private_metadata, by=ANA, on=in_front_of(fixing, ANA))

    assert "This form is too old." in in_front_of(fixing, ANA).words


def test_an_account_that_left_the_scope_gives_nothing(fixing: Workplace):
    fixing.change(lambda connection: accounts.save_accounts(connection, [LEDGER], now=NOW))

    assert "That account is no longer in scope." in as_text(fixing, by=RILEY).words


def test_a_plan_that_was_denied_meanwhile_is_not_handed_out(deciding: Workplace):
    shown = in_front_of(deciding, ANA)
    deciding.press(ActionId.REQUEST_DENY, "fix-1", by=ANA, channel=APPROVALS)
    assert deciding.request().state is RequestState.DENIED

    click(deciding, ActionId.PLAN_AS_TEXT, "fix-1", by=ANA, on=shown)

    words = in_front_of(deciding, ANA).words
    assert "denied" in words
    assert "create-role" not in words


def test_a_guest_is_given_nothing(deciding: Workplace):
    shown = in_front_of(deciding, ANA)

    click(deciding, ActionId.PLAN_AS_TEXT, "fix-1", by=GUS, on=shown)

    assert deciding.modal_of(GUS) is None
    assert any("Guests are not shown" in said for said in deciding.told_to(GUS))
