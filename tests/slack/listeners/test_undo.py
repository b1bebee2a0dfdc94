"""Undoing in Slack: the button, the form, and a decision that cannot be taken for one about a fix."""

import pytest
from building.undos import ROLE_ID
from building.values import NOW
from sqlalchemy import Connection

from bot.domain.request import (
    Approval,
    Mode,
    Outcome,
    Person,
    RemediationRequest,
    RequestId,
    RequestKind,
    RequestState,
)
from bot.domain.undo import PresentRole, Remains
from bot.sandbox.slack import ANA, APPROVALS, CLOUD_SECURITY, GUS, RILEY, SAM, Seen
from bot.slack.ids import ActionId, BlockId, CallbackId
from bot.store import requests
from tests.slack.listeners import payloads
from tests.slack.listeners.payloads import Json
from tests.slack.listeners.workplace import TEAM, Workplace, a_workplace, ask, pause

WHY = "The role is not wanted any more"
MOVES = [
    (RequestState.PENDING, RequestState.APPROVED),
    (RequestState.APPROVED, RequestState.APPLYING),
    (RequestState.APPLYING, RequestState.APPLIED),
]


def apply_fix(connection: Connection) -> None:
    """A fix, `fix-1`, that RILEY asked for and ANA approved, and whose role is there."""
    ask(connection)
    decision = Approval(Person(TEAM, ANA), APPROVALS, "hash", NOW)
    outcome = Outcome("Created and read back.", role_id=ROLE_ID)
    for before, after in MOVES:
        more = {RequestState.APPROVED: {"decision": decision}, RequestState.APPLIED: {"outcome": outcome}}
        requests.move(
            connection, RequestId("fix-1"), before=before, after=after, now=NOW, **more.get(after, {})
        )


@pytest.fixture
def applied(work: Workplace) -> Workplace:
    work.change(apply_fix)
    return work


def press_undo(work: Workplace, by: str = SAM) -> None:
    work.press(ActionId.REQUEST_UNDO, "fix-1", by=by, channel=APPROVALS)


def modal_of(work: Workplace, user: str = SAM) -> Seen:
    modal = work.modal_of(user)
    assert modal is not None
    return modal


def submit(work: Workplace, reason: str | None = WHY, *, form_id: str = "", by: str = SAM) -> Json:
    values = payloads.typed(BlockId.UNDO_REASON, ActionId.UNDO_REASON, reason)
    view = payloads.a_view("V0VIEW", CallbackId.UNDO, form_id or modal_of(work).private_metadata, values)
    return work.send(payloads.view_submission(view, user=by, trigger_id=work.trigger(by)))


def undos(work: Workplace) -> list[RemediationRequest]:
    return work.look(lambda connection: list(requests.read_undos(connection, "fix-1")))


def the_undo(work: Workplace) -> RemediationRequest:
    (undo,) = undos(work)
    return undo


def pending(work: Workplace, by: str = SAM) -> RemediationRequest:
    """An undo that waits for its decision: what the worker does is done here."""
    press_undo(work, by)
    submit(work, by=by, form_id=modal_of(work, by).private_metadata)
    undo, removal = the_undo(work), work.request().leaves
    assert removal is not None
    plan = removal.plan
    role = PresentRole(
        plan.role_arn, ROLE_ID, plan.trust, removal.tags, "", plan.max_session_seconds, (plan.policy_arn,)
    )
    work.change(
        lambda connection: requests.move(
            connection,
            undo.id,
            before=RequestState.PREPARING,
            after=RequestState.PENDING,
            now=NOW,
            plan=plan,
            removal=removal,
            remains=Remains(role),
        ),
    )
    return the_undo(work)


def test_the_button_opens_what_would_be_done_and_asks_why(applied: Workplace):
    press_undo(applied)

    modal = modal_of(applied)
    assert "Take the support role of payments (111122223333) away again" in modal.words
    assert "arn:aws:iam::111122223333:role/aws-support-access" in modal.words
    assert ROLE_ID in modal.words
    assert "iam:DetachRolePolicy" in modal.words
    assert "iam:DeleteRole" in modal.words
    assert undos(applied) == []


def test_a_submission_is_a_request_of_its_own_that_the_worker_prepares(applied: Workplace):
    press_undo(applied)

    submit(applied)

    undo = the_undo(applied)
    assert (undo.kind, undo.undoes, undo.state) == (RequestKind.UNDO, "fix-1", RequestState.PREPARING)
    assert (undo.requester.user_id, undo.reason) == (SAM, WHY)
    assert applied.enqueued() == ["prepare_undo"]
    assert applied.kinds() == ["undo.requested"]
    assert "Your undo of payments (111122223333) is on its way" in applied.told_to(SAM)[0]


@pytest.mark.parametrize("reason", [None, "", " too short "])
def test_without_a_reason_nothing_is_asked_for(applied: Workplace, reason: str | None):
    press_undo(applied)

    ack = submit(applied, reason)

    assert list(ack["errors"]) == [BlockId.UNDO_REASON]
    assert undos(applied) == []


def test_the_form_of_somebody_else_asks_for_nothing(applied: Workplace):
    press_undo(applied)

    submit(applied, by=RILEY)

    assert undos(applied) == []
    assert "This form is too old." in applied.told_to(RILEY)[0]


def test_a_guest_is_shown_nothing(applied: Workplace):
    press_undo(applied, by=GUS)

    assert applied.modal_of(GUS) is None
    assert "Guests are not shown" in applied.told_to(GUS)[0]


def test_a_fix_that_left_nothing_cannot_be_undone(work: Workplace):
    work.change(ask)

    press_undo(work)

    assert work.modal_of(SAM) is None
    assert "The fix has left no role that could be taken away." in work.told_to(SAM)[0]
    assert "/support-role history 111122223333" in work.told_to(SAM)[0]


def test_while_another_undo_waits_a_second_one_is_refused(applied: Workplace):
    pending(applied)
    press_undo(applied, by=RILEY)

    submit(applied, by=RILEY, form_id=modal_of(applied, RILEY).private_metadata)

    assert len(undos(applied)) == 1
    assert "An undo of payments (111122223333) is already pending" in applied.told_to(RILEY)[0]
    assert applied.kinds()[-1] == "undo.refused"


def test_a_second_person_approves_the_undo_and_never_a_fix(applied: Workplace):
    undo = pending(applied)

    applied.press(ActionId.REQUEST_APPROVE, undo.id, by=ANA, channel=APPROVALS)

    assert the_undo(applied).state is RequestState.APPROVED
    assert applied.enqueued() == ["prepare_undo", "undo"]
    assert applied.kinds() == ["undo.requested", "undo.approved"]


def test_whoever_asked_for_the_undo_cannot_approve_it(applied: Workplace):
    undo = pending(applied)

    applied.press(ActionId.REQUEST_APPROVE, undo.id, by=SAM, channel=APPROVALS)

    assert the_undo(applied).state is RequestState.PENDING
    assert "You asked for this undo; a second person must approve it." in applied.told_to(SAM)[-1]
    assert applied.kinds()[-1] == "undo.refused"


@pytest.mark.parametrize("action", [ActionId.REQUEST_APPROVE, ActionId.REQUEST_DENY])
def test_an_undo_is_decided_in_the_approval_channel_alone(applied: Workplace, action: ActionId):
    undo = pending(applied)

    applied.press(action, undo.id, by=ANA, channel=CLOUD_SECURITY)

    assert the_undo(applied).state is RequestState.PENDING
    assert "Undos are decided in the approval channel alone." in applied.told_to(ANA)[-1]


def test_while_undos_are_paused_none_is_approved(applied: Workplace):
    undo = pending(applied)
    applied.change(pause)

    applied.press(ActionId.REQUEST_APPROVE, undo.id, by=ANA, channel=APPROVALS)

    assert the_undo(applied).state is RequestState.PENDING
    assert "Undos are paused by an administrator." in applied.told_to(ANA)[-1]


def test_anybody_in_the_channel_may_deny_it(applied: Workplace):
    undo = pending(applied)

    applied.press(ActionId.REQUEST_DENY, undo.id, by=RILEY, channel=APPROVALS)

    assert the_undo(applied).state is RequestState.DENIED
    assert applied.request().state is RequestState.APPLIED
    assert applied.kinds()[-1] == "undo.denied"


def test_what_goes_can_be_seen_in_full(applied: Workplace):
    undo = pending(applied)

    applied.press(ActionId.REQUEST_PLAN, undo.id, by=ANA, channel=APPROVALS)

    modal = modal_of(applied, ANA)
    assert undo.removal is not None
    assert modal.title == "What goes"
    assert undo.removal.hash in modal.words


def test_in_a_dry_run_the_form_says_that_nothing_is_written():
    with a_workplace(mode=Mode.DRY_RUN) as work:
        work.change(apply_fix)
        press_undo(work)

        assert "Dry run: nothing changes in AWS, even when it is approved." in modal_of(work).words


def test_when_the_form_cannot_be_opened_that_is_said(applied: Workplace):
    applied.fail_next("views.open", "internal_error")

    press_undo(applied)

    assert "The form could not be opened" in applied.told_to(SAM)[0]


def test_a_fix_that_is_not_known_is_said_to_be_so(work: Workplace):
    press_undo(work)

    assert "This fix is not known here any more." in work.told_to(SAM)[0]
