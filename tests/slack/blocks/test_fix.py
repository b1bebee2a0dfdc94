import json

import pytest

from bot.domain.request import Mode, RequestState
from bot.slack.blocks.fix import choose_modal, fix_modal, message_modal, plan_modal
from bot.slack.ids import ActionId, BlockId, CallbackId
from tests.slack.blocks.samples import a_plan, a_request, an_account, an_approval


def test_the_modal_of_a_fix_wants_a_reason_and_comes_back_with_its_form_id_alone():
    view = fix_modal(an_account(), a_plan(), mode=Mode.APPLY, form_id="form-9")

    field = next(block for block in view.blocks if block["type"] == "input")
    assert (field["block_id"], field["element"]["action_id"]) == (BlockId.FIX_REASON, ActionId.FIX_REASON)
    assert (field["element"]["min_length"], field["element"]["max_length"]) == (10, 500)
    assert "optional" not in field
    assert (view.body["callback_id"], view.body["private_metadata"]) == (CallbackId.FIX, "form-9")


def test_the_modal_of_a_fix_shows_the_calls_the_trust_policy_and_the_tags():
    said = json.dumps(fix_modal(an_account(), a_plan(), mode=Mode.APPLY, form_id="form-9").body)

    assert "`iam:CreateRole` makes the role `aws-support-access`" in said
    assert "`iam:AttachRolePolicy` gives it `arn:aws:iam::aws:policy/AWSSupportAccess`" in said
    assert an_account().trusted_principals[0] in said
    assert "`managed-by = support-role-bot`" in said


def test_the_modal_of_a_fix_shows_no_hash_because_the_account_is_read_anew_before_anybody_is_asked():
    plan = a_plan()

    assert plan.short_hash not in json.dumps(
        fix_modal(an_account(), plan, mode=Mode.APPLY, form_id="form-9").body
    )


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (Mode.DRY_RUN, "Dry run: nothing changes in AWS, even when it is approved."),
        (Mode.APPLY, "Nothing changes in AWS until a second person approves."),
    ],
)
def test_the_modal_of_a_fix_says_first_whether_aws_is_changed(mode: Mode, said: str):
    assert fix_modal(an_account(), a_plan(), mode=mode, form_id="f").blocks[0]["text"]["text"] == said


def test_the_menu_holds_a_hundred_accounts_and_says_how_to_reach_the_others():
    view = choose_modal([an_account(number) for number in range(105)], form_id="form-9")

    options = view.blocks[0]["element"]["options"]
    assert [option["value"] for option in options[:2]] == ["000000000000", "000000000001"]
    assert len(options) == 100
    assert view.blocks[1]["elements"][0]["text"] == (
        "5 more accounts do not fit here. To be offered them, type which ones are meant: "
        "`/support-role fix ACCOUNT`, `ou:NAME`, `tag:KEY=VALUE`, `verdict:weak`, or several names or ids."
    )


def test_the_menu_says_why_only_some_are_chosen_and_what_becomes_of_the_others():
    view = choose_modal([an_account(number) for number in range(30)], form_id="form-9", most=25)

    assert view.blocks[1]["elements"][0]["text"] == (
        "One request is about 25 accounts at most, so the first of 30 are chosen; ask again for the others."
    )


def test_an_account_with_a_long_name_keeps_its_id_in_the_menu():
    option = choose_modal([an_account(name="n" * 200)], form_id="f").blocks[0]["element"]["options"][0]

    assert option["text"]["text"].startswith("000000000001 nnn")


def test_with_nothing_to_choose_the_modal_says_so_and_submits_nothing():
    view = choose_modal([], form_id="form-9")

    assert view.blocks[0]["text"]["text"] == "No account fails any more. Press Re-check to be sure."
    assert "submit" not in view.body


def test_the_plan_of_a_request_shows_its_whole_hash_and_who_approved():
    said = json.dumps(plan_modal(a_request(RequestState.APPLIED, decision=an_approval())).body)

    assert f"Plan hash: `{a_plan().hash}`" in said
    assert "`support-role-bot:approver = U0SECOND`" in said


def test_a_request_without_a_plan_says_so():
    view = plan_modal(a_request(RequestState.REFUSED, plan=None))

    assert view.blocks[0]["text"]["text"] == "This request has no plan: it was never asked of anybody."


def test_a_word_in_a_modal_may_mention_a_channel():
    view = message_modal("Decided", "Decide in <#C0CHANNEL>.")

    assert view.blocks[0]["text"]["text"] == "Decide in <#C0CHANNEL>."
