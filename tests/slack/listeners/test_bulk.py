"""Many accounts in one request: its forms, who may submit them, and the buttons of its message."""

import pytest
from adapters.clock import FakeClock
from building.values import NOW, a_target, an_account
from sqlalchemy import Connection

from bot.domain.bulk import BulkReport, BulkState
from bot.domain.finding import Verdict
from bot.domain.plan import RoleSettings, build_plan
from bot.domain.request import RequestState
from bot.flows.bulk_course import advance
from bot.sandbox.slack import ANA, APPROVALS, CLOUD_SECURITY, GUS, RILEY, SAM, Seen
from bot.slack.ids import ActionId, BlockId
from bot.store import accounts, bulks, requests
from tests.slack.listeners.workplace import (
    LEDGER,
    PAYMENTS,
    REASON,
    Workplace,
    a_desk,
    a_policy,
    a_workplace,
    know,
)

WEB = an_account("777788889999", name="web")
ALL = (PAYMENTS, LEDGER, WEB)


@pytest.fixture
def failing(work: Workplace) -> Workplace:
    work.change(lambda connection: know(connection, *((account, Verdict.FAIL) for account in ALL)))
    return work


def modal_of(work: Workplace, user: str = RILEY) -> Seen:
    modal = work.modal_of(user)
    assert modal is not None
    return modal


def opened(work: Workplace, words: str = "fix") -> Seen:
    work.command(words)
    return modal_of(work)


def chosen(work: Workplace, *ids: str) -> Seen:
    """The form for several accounts."""
    offer = opened(work)
    work.choose(*(ids or [account.id for account in ALL]), form_id=offer.private_metadata, view_id=offer.id)
    return modal_of(work)


def the_report(work: Workplace) -> BulkReport:
    def read(connection: Connection) -> BulkReport | None:
        found = [*bulks.read_at_work(connection), *bulks.read_pending(connection)]
        return bulks.read_report(connection, found[0].id)

    report = work.look(read)
    assert report is not None
    return report


def asked(work: Workplace, canary: str = LEDGER.id, **form: str) -> BulkReport:
    work.submit_bulk(form_id=chosen(work).private_metadata, canary=canary, **form)
    return the_report(work)


def pending(work: Workplace) -> BulkReport:
    """After a worker has read every account."""
    report = asked(work)

    def prepare(connection: Connection) -> None:
        for member in report.members:
            account = accounts.read_account(connection, member.account_id)
            assert account is not None
            target = a_target(account)
            requests.move(
                connection,
                member.id,
                before=RequestState.PREPARING,
                after=RequestState.PENDING,
                now=NOW,
                plan=build_plan(account, RoleSettings(), target.facts),
                target=target,
            )
        advance(a_desk(work.engine, FakeClock(), a_policy()), connection, report.bulk.id)

    work.change(prepare)
    return the_report(work)


def press(work: Workplace, action: ActionId, by: str = ANA, channel: str = APPROVALS) -> BulkState:
    report = the_report(work)
    work.press(action, report.bulk.id, by=by, channel=channel)
    found = work.look(lambda connection: bulks.read_report(connection, report.bulk.id))
    assert found is not None
    return found.bulk.state


@pytest.fixture
def waiting(failing: Workplace) -> Workplace:
    pending(failing)
    return failing


def test_all_failing_accounts_are_chosen_to_begin_with(failing: Workplace):
    menu = opened(failing).control(ActionId.FIX_ACCOUNT).element

    assert {option["value"] for option in menu["initial_options"]} == {account.id for account in ALL}


def test_no_more_are_chosen_than_one_request_may_be_about():
    with a_workplace(max_accounts_per_request=2) as work:
        work.change(lambda connection: know(connection, *((account, Verdict.FAIL) for account in ALL)))

        modal = opened(work)

        menu = modal.control(ActionId.FIX_ACCOUNT).element
        assert (len(menu["initial_options"]), menu["max_selected_items"]) == (2, 2)
        assert "One request is about 2 accounts at most" in modal.words


def test_several_chosen_accounts_lead_to_one_form_with_their_common_plan(failing: Workplace):
    form = chosen(failing, PAYMENTS.id, LEDGER.id)

    assert "Support roles for *2 accounts*" in form.words
    assert "arn:aws:iam::{account}:role/Responder" in form.words
    offered = [option["value"] for option in form.control(ActionId.BULK_CANARY).element["options"]]
    assert offered == [PAYMENTS.id, LEDGER.id]
    assert failing.all_requests() == []


def test_one_chosen_account_leads_to_an_ordinary_fix(failing: Workplace):
    form = chosen(failing, LEDGER.id)

    assert form.title == "Fix an account"
    assert "ledger (444455556666)" in form.words


def test_submitting_asks_for_all_with_the_canary_first(failing: Workplace):
    report = asked(failing, canary=LEDGER.id, wave="2")

    assert report.members[0].account_name == "ledger"
    assert {member.account_name for member in report.members} == {"ledger", "payments", "web"}
    assert (report.bulk.wave_size, report.bulk.reason) == (2, REASON)
    assert failing.enqueued() == ["prepare_member"] * 3
    assert any("Your fixes of 3 accounts are on their way" in told for told in failing.told_to(RILEY))


def test_a_reason_that_says_nothing_is_refused_in_the_form(failing: Workplace):
    ack = failing.submit_bulk(form_id=chosen(failing).private_metadata, canary=LEDGER.id, reason="because")

    assert ack["response_action"] == "errors"
    assert BlockId.FIX_REASON in ack["errors"]
    assert failing.all_requests() == []


@pytest.mark.parametrize("canary", ["999900001111", ""])
def test_a_canary_that_was_not_chosen_is_none(failing: Workplace, canary: str):
    report = asked(failing, canary=canary)

    assert {member.account_id for member in report.members} == {account.id for account in ALL}


@pytest.mark.parametrize("wave", ["1000", "x", "-1"])
def test_a_wave_that_was_not_offered_is_the_usual_one(failing: Workplace, wave: str):
    assert asked(failing, wave=wave).bulk.wave_size == 5


def test_nobody_submits_somebody_elses_form(failing: Workplace):
    form_id = chosen(failing).private_metadata

    failing.submit_bulk(form_id=form_id, canary=LEDGER.id, by=ANA)

    assert failing.all_requests() == []
    assert any("This form is too old." in told for told in failing.told_to(ANA))


def test_a_guest_asks_for_nothing(failing: Workplace):
    failing.submit_bulk(form_id=chosen(failing).private_metadata, canary=LEDGER.id, by=GUS)

    assert failing.all_requests() == []


def test_a_second_person_approves_and_the_canary_goes(waiting: Workplace):
    assert press(waiting, ActionId.BULK_APPROVE) is BulkState.RUNNING

    assert waiting.enqueued() == ["prepare_member"] * 3 + ["remediate"]
    assert waiting.kinds().count("bulk.approved") == 1


def test_whoever_asked_cannot_approve_and_is_told(waiting: Workplace):
    assert press(waiting, ActionId.BULK_APPROVE, by=RILEY) is BulkState.PENDING

    assert any("a second person must approve them" in told for told in waiting.told_to(RILEY))
    assert waiting.kinds()[-1] == "bulk.refused"


@pytest.mark.parametrize(("by", "channel"), [(GUS, APPROVALS), (ANA, CLOUD_SECURITY)])
def test_who_may_not_approve_one_may_not_approve_many(waiting: Workplace, by: str, channel: str):
    assert press(waiting, ActionId.BULK_APPROVE, by=by, channel=channel) is BulkState.PENDING
    assert any("Not approved" in told for told in waiting.told_to(by))


def test_the_second_of_two_approvers_is_told_who_was_faster(waiting: Workplace):
    report = the_report(waiting)
    press(waiting, ActionId.BULK_APPROVE, by=ANA)

    waiting.press(ActionId.BULK_APPROVE, report.bulk.id, by=SAM, channel=APPROVALS)

    assert any(f"already approved by <@{ANA}>; it is under way" in told for told in waiting.told_to(SAM))
    assert waiting.enqueued().count("remediate") == 1


def test_denying_ends_it_for_all(waiting: Workplace):
    assert press(waiting, ActionId.BULK_DENY) is BulkState.DENIED
    assert {request.state for request in waiting.all_requests()} == {RequestState.DENIED}


@pytest.mark.parametrize("by", [RILEY, ANA])
def test_one_press_stops_it(waiting: Workplace, by: str):
    press(waiting, ActionId.BULK_APPROVE)

    assert press(waiting, ActionId.BULK_STOP, by=by) is BulkState.STOPPED
    assert {request.state for request in waiting.all_requests()} == {RequestState.SKIPPED}


def test_a_guest_cannot_stop_it(waiting: Workplace):
    press(waiting, ActionId.BULK_APPROVE)

    assert press(waiting, ActionId.BULK_STOP, by=GUS) is BulkState.RUNNING
    assert any("Not stopped" in told for told in waiting.told_to(GUS))


def test_the_plans_can_be_read_before_deciding(waiting: Workplace):
    waiting.press(ActionId.BULK_PLANS, the_report(waiting).bulk.id, by=ANA, channel=APPROVALS)

    shown = modal_of(waiting, ANA)
    assert shown.title == "The plans"
    assert "payments (111122223333)" in shown.words
    assert "arn:aws:iam::{account}:role/Responder" in shown.words


@pytest.mark.parametrize("action", [ActionId.BULK_APPROVE, ActionId.BULK_DENY, ActionId.BULK_STOP])
def test_a_button_of_a_request_that_is_not_known_says_so(work: Workplace, action: ActionId):
    work.press(action, "bulk-0", by=ANA, channel=APPROVALS)

    assert any("This request is not known here." in told for told in work.told_to(ANA))


def test_the_plans_of_a_request_that_is_not_known_are_said_to_be_gone(work: Workplace):
    work.press(ActionId.BULK_PLANS, "bulk-0", by=ANA, channel=APPROVALS)

    assert "not known here any more" in modal_of(work, ANA).words
