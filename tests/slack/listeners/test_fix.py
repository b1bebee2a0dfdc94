"""Asking for a fix: the modals, who may submit them, and what is then written down."""

import pytest
from building.values import NOW

from bot.domain.account import Account
from bot.domain.finding import Verdict
from bot.domain.request import Mode, RequestState
from bot.sandbox.slack import ANA, CLOUD_SECURITY, GUS, RILEY, Seen
from bot.slack.ids import ActionId, BlockId
from bot.store import accounts
from tests.slack.listeners.workplace import LEDGER, PAYMENTS, REASON, Workplace, a_workplace, ask, know


def know_failing(work: Workplace, *failing: Account) -> None:
    work.change(lambda connection: know(connection, *((each, Verdict.FAIL) for each in failing)))


def modal_of(work: Workplace, user: str) -> Seen:
    modal = work.modal_of(user)
    assert modal is not None
    return modal


def opened(work: Workplace, words: str = "fix payments", by: str = RILEY) -> Seen:
    """The modal that the command opens, with one failing account unless there are others."""
    work.command(words, by=by)
    return modal_of(work, by)


def form_of(work: Workplace) -> str:
    know_failing(work, PAYMENTS)
    return opened(work).private_metadata


def test_one_failing_account_opens_the_exact_plan(work: Workplace):
    know_failing(work, PAYMENTS, LEDGER)

    modal = opened(work, "fix payments")

    assert "payments (111122223333)" in modal.words
    assert "aws-support-access" in modal.words
    assert "arn:aws:iam::111122223333:role/Responder" in modal.words
    assert "arn:aws:iam::aws:policy/AWSSupportAccess" in modal.words
    assert work.all_requests() == []


def test_what_a_modal_is_about_stands_in_the_store_alone(work: Workplace):
    form_id = form_of(work)

    assert form_id.startswith("form-")
    assert PAYMENTS.id not in form_id


def test_several_failing_accounts_are_offered_and_the_chosen_ones_plan_is_shown(work: Workplace):
    know_failing(work, PAYMENTS, LEDGER)
    offer = opened(work, "fix")

    ack = work.choose(LEDGER.id, form_id=offer.private_metadata, view_id=offer.id)

    assert "The plan is being made" in str(ack["view"])
    assert ack["response_action"] == "update"
    plan = modal_of(work, RILEY)
    assert "ledger (444455556666)" in plan.words
    assert "arn:aws:iam::444455556666:role/Responder" in plan.words


def test_the_button_on_a_status_opens_the_same_modal(work: Workplace):
    know_failing(work, PAYMENTS)

    work.press(ActionId.STATUS_FIX, "payments", by=RILEY, channel=CLOUD_SECURITY)

    assert "arn:aws:iam::111122223333:role/Responder" in modal_of(work, RILEY).words


def test_an_account_that_is_no_more_in_scope_is_not_offered(work: Workplace):
    know_failing(work, PAYMENTS, LEDGER)
    work.change(lambda connection: accounts.save_accounts(connection, [PAYMENTS], now=NOW))

    modal = opened(work, "fix")

    assert "payments (111122223333)" in modal.words


def test_a_chosen_account_that_is_gone_is_said_in_the_modal(work: Workplace):
    know_failing(work, PAYMENTS, LEDGER)
    offer = opened(work, "fix")

    work.choose("999900001111", form_id=offer.private_metadata, view_id=offer.id)

    assert "That account is not known any more." in modal_of(work, RILEY).words


def test_nobody_chooses_in_somebody_elses_form(work: Workplace):
    know_failing(work, PAYMENTS, LEDGER)
    offer = opened(work, "fix")

    work.choose(PAYMENTS.id, form_id=offer.private_metadata, view_id=offer.id, by=ANA)

    assert "This form is too old." in modal_of(work, RILEY).words


def test_a_guest_gets_no_plan_out_of_a_form_either(work: Workplace):
    know_failing(work, PAYMENTS, LEDGER)
    offer = opened(work, "fix")

    work.choose(PAYMENTS.id, form_id=offer.private_metadata, view_id=offer.id, by=GUS)

    assert "Guests are not shown" in modal_of(work, RILEY).words


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        (None, "No account was checked yet."),
        (Verdict.PASS, "No account that was asked for fails."),
        (Verdict.UNKNOWN, "No account that was read needs a fix; 1 could not be read."),
    ],
)
def test_nothing_to_fix_is_said_with_its_reason(work: Workplace, verdict: Verdict | None, why: str):
    work.change(lambda connection: know(connection, (PAYMENTS, verdict)))

    work.command("fix")

    (told,) = work.told_to(RILEY)
    assert why in told
    assert work.modal_of(RILEY) is None


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        (Verdict.PASS, "payments (111122223333) has a support role, as of just now."),
        (Verdict.UNKNOWN, "payments (111122223333) is UNKNOWN: "),
        (Verdict.SKIPPED, "payments (111122223333) is SKIPPED"),
    ],
)
def test_of_the_one_account_that_was_named_it_is_said_how_it_stands(
    work: Workplace, verdict: Verdict, why: str
):
    know_failing(work, LEDGER)
    work.change(lambda connection: know(connection, (PAYMENTS, verdict)))

    work.command("fix payments")

    (told,) = work.told_to(RILEY)
    assert why in told


def test_a_scope_that_is_not_understood_opens_nothing(work: Workplace):
    work.command("fix verdict:maybe")

    (told,) = work.told_to(RILEY)
    assert "maybe is no verdict" in told
    assert work.modal_of(RILEY) is None


def test_a_form_that_slack_does_not_open_is_said_privately(work: Workplace):
    know_failing(work, PAYMENTS)
    work.fail_next("views.open", "expired_trigger_id")

    work.command("fix")

    (told,) = work.told_to(RILEY)
    assert "The form could not be opened" in told
    assert "expired_trigger_id" in told


def test_a_reason_puts_the_request_before_the_worker(work: Workplace):
    form_id = form_of(work)

    ack = work.submit_reason(f"  {REASON}\n", form_id=form_id)

    assert ack == {}
    (request,) = work.all_requests()
    assert request.account_id == PAYMENTS.id
    assert request.requester.user_id == RILEY
    assert request.reason == REASON
    assert request.state is RequestState.PREPARING
    assert request.origin is not None
    assert request.origin.channel == CLOUD_SECURITY
    assert work.kinds() == ["fix.requested"]
    assert work.enqueued() == ["prepare_fix"]
    assert "is on its way" in work.told_to(RILEY)[0]


@pytest.mark.parametrize("reason", ["too short", "", None, " " * 40, "   short    "])
def test_a_reason_that_is_too_short_is_an_error_in_the_modal(work: Workplace, reason: str | None):
    form_id = form_of(work)

    ack = work.submit_reason(reason, form_id=form_id)

    assert ack["response_action"] == "errors"
    assert "at least 10 characters" in ack["errors"][BlockId.FIX_REASON]
    assert work.all_requests() == []
    assert work.told_to(RILEY) == []


def test_a_form_submitted_by_somebody_else_is_refused(work: Workplace):
    form_id = form_of(work)

    work.submit_reason(REASON, form_id=form_id, by=ANA)

    assert "This form is too old." in work.told_to(ANA)[0]
    assert work.all_requests() == []


def test_a_form_that_is_not_known_is_refused(work: Workplace):
    work.submit_reason(REASON, form_id="form-made-up")

    assert "This form is too old." in work.told_to(RILEY)[0]
    assert work.all_requests() == []


def test_a_guest_cannot_ask_for_a_fix(work: Workplace):
    form_id = form_of(work)

    work.submit_reason(REASON, form_id=form_id, by=GUS)

    assert "Guests are not shown" in work.told_to(GUS)[0]
    assert work.all_requests() == []


def test_the_account_comes_from_the_form_and_not_from_the_view(work: Workplace):
    """Somebody who could forge what is shown in the modal still asks for what the store says."""
    form_id = form_of(work)
    work.change(lambda connection: know(connection, (PAYMENTS, Verdict.FAIL), (LEDGER, Verdict.FAIL)))

    work.submit_reason(f"{REASON} for {LEDGER.id}", form_id=form_id)

    assert [request.account_id for request in work.all_requests()] == [PAYMENTS.id]


def test_one_open_request_for_an_account_is_enough(work: Workplace):
    form_id = form_of(work)
    work.change(ask)

    work.submit_reason(REASON, form_id=form_id)

    assert f"A fix of payments (111122223333) is already pending; <@{RILEY}>" in work.told_to(RILEY)[0]
    assert len(work.all_requests()) == 1
    assert [(e["kind"], dict(e["detail"])["guard"]) for e in work.events()] == [
        ("fix.refused", "one_request_at_a_time")
    ]


def test_while_fixes_are_off_asking_is_refused_and_recorded():
    with a_workplace(mode=Mode.OFF) as work:
        form_id = form_of(work)

        work.submit_reason(REASON, form_id=form_id)

        assert "Fixes are switched off" in work.told_to(RILEY)[0]
        assert work.all_requests() == []
        assert work.kinds() == ["fix.refused"]
