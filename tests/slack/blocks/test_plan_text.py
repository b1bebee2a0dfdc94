"""The texts of a plan in a modal: whole, letter for letter, or not at all."""

import json

import pytest
from building.values import a_plan, a_request, an_account

from bot.domain.plan import Plan
from bot.domain.plan_forms import PlanForm, write_plan
from bot.domain.request import RequestKind, RequestState
from bot.sandbox.slack.lint import lint_view
from bot.slack.blocks import plan_text
from bot.slack.blocks.fix import fix_modal, plan_modal
from bot.slack.blocks.kit import View
from bot.slack.ids import ActionId

ALL_FORMS = pytest.mark.parametrize("form", list(PlanForm))


def a_plan_trusting(people: int) -> Plan:
    arns = tuple(f"arn:aws:iam::111122223333:role/teams/Responder{number:03}" for number in range(people))
    return a_plan(an_account(trusted_principals=arns))


def copied(view: View) -> str:
    """What somebody has who copies every part in its order."""
    kinds = [block["elements"][0] for block in view.blocks if block["type"] == "rich_text"]
    assert all(kind["type"] == "rich_text_preformatted" for kind in kinds)
    return "\n".join(kind["elements"][0]["text"] for kind in kinds)


@ALL_FORMS
@pytest.mark.parametrize("people", [1, 20, 60])
def test_what_is_copied_is_the_text_itself_or_nothing(form: PlanForm, people: int):
    plan = a_plan_trusting(people)
    view = plan_text.request_modal(a_request(plan=plan), plan, form)

    text = write_plan(plan, form, account_name="payments")
    assert copied(view) in (text.removesuffix("\n"), "")
    assert lint_view(view.body) == []
    if not copied(view):
        assert f"support-role plan 111122223333 --as {form.value}" in json.dumps(view.body)


@ALL_FORMS
def test_an_ordinary_plan_is_always_shown(form: PlanForm):
    plan = a_plan_trusting(4)

    assert copied(plan_text.request_modal(a_request(plan=plan), plan, form)) != ""


def test_several_parts_are_said_to_be_several():
    plan = a_plan_trusting(40)

    said = json.dumps(plan_text.request_modal(a_request(plan=plan), plan, PlanForm.CLOUDFORMATION).body)

    assert "It is in 2 parts: copy all of them, in this order." in said


@ALL_FORMS
def test_the_menu_shows_the_form_and_brings_back_what_the_text_is_of(form: PlanForm):
    view = plan_text.draft_modal("form-9", "payments", a_plan(), form)

    (menu,) = next(block["elements"] for block in view.blocks if block["type"] == "actions")
    assert menu["action_id"] == ActionId.PLAN_FORM
    assert [option["value"] for option in menu["options"]] == [each.value for each in PlanForm]
    assert menu["initial_option"]["value"] == form.value
    assert view.body["private_metadata"] == "form-9"
    assert lint_view(view.body) == []


def test_a_draft_says_that_the_account_was_not_read():
    plan = a_plan()

    said = json.dumps(plan_text.draft_modal("form-9", "payments", plan, PlanForm.CLI).body)

    assert "A draft: the account was not read for it" in said
    assert plan.short_hash not in said


@pytest.mark.parametrize("name", ["<!channel>", "<@U0SOMEBODY> & co", "`rm -rf`"])
def test_an_accounts_name_pings_nobody(name: str):
    view = plan_text.draft_modal("form-9", name, a_plan(), PlanForm.CLI)

    assert name not in json.dumps(view.body)


def test_both_modals_of_a_plan_offer_its_text():
    fix = fix_modal(an_account(), a_plan(), mode=a_request().mode, form_id="form-9")
    plan = plan_modal(a_request())

    assert [offered(fix), offered(plan)] == ["form-9", "fix-1"]
    assert lint_view(fix.body) == lint_view(plan.body) == []


def test_the_plan_of_a_denied_request_is_not_offered_as_text():
    assert offered(plan_modal(a_request(RequestState.DENIED))) == ""


def test_an_undo_creates_nothing_that_could_be_taken_as_text():
    assert not plan_text.is_offered(a_request(kind=RequestKind.UNDO))


def offered(view: View) -> str:
    """What the button that opens the text brings back; empty when there is none."""
    rows = [block["elements"] for block in view.blocks if block["type"] == "actions"]
    return "".join(
        each["value"] for row in rows for each in row if each["action_id"] == ActionId.PLAN_AS_TEXT
    )
