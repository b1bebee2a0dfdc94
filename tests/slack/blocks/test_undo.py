"""The messages of an undo: taken by Slack in every state, and never to be mistaken for a fix."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from bot.domain.audit import GENESIS, AuditEvent, chain
from bot.domain.home import HomePage
from bot.domain.pause import Pause
from bot.domain.request import (
    ApplyProgress,
    Mode,
    Outcome,
    RemediationRequest,
    RequestId,
    RequestKind,
    RequestState,
    UndoStep,
)
from bot.domain.undo import Removal
from bot.sandbox.slack.lint import lint, lint_view
from bot.slack.blocks.audit import audit_message
from bot.slack.blocks.audit_words import OF_AN_UNDO
from bot.slack.blocks.home import home
from bot.slack.blocks.kit import MESSAGE_CHARACTERS, Form, Message, characters
from bot.slack.blocks.pause import paused_message, resumed_message
from bot.slack.blocks.request import request, title
from bot.slack.blocks.request_words import TITLES
from bot.slack.blocks.status import status
from bot.slack.blocks.undo import removal_modal, undo_modal
from bot.slack.ids import ActionId
from tests.slack.blocks.samples import (
    HOSTILE,
    NOW,
    a_hostile_request,
    a_known,
    a_long_request,
    a_plan,
    a_request,
    a_status,
    an_approval,
)
from tests.slack.blocks.test_everything_fits import OURS, faults, parsed_texts

STEPS = (None, ApplyProgress(UndoStep.REMOVE), ApplyProgress(UndoStep.GONE, failed=True))
PAUSE = Pause("U0SECOND", NOW, "an audit is going on")
ROLE_ID = "AROA1"


def a_removal(request: RemediationRequest, **changes: Any) -> Removal:
    plan = request.plan or a_plan()
    removal = Removal("req-7f3a", plan, ROLE_ID, plan.tags("req-7f3a", "U0SECOND"))
    return replace(removal, **changes)


def an_undo(state: RequestState = RequestState.PENDING, **changes: Any) -> RemediationRequest:
    return undoing(a_request(state, **changes))


def undoing(request: RemediationRequest, **changes: Any) -> RemediationRequest:
    removal = None if request.state is RequestState.PREPARING else a_removal(request, **changes)
    undo = {"id": RequestId("undo-1"), "kind": RequestKind.UNDO, "undoes": RequestId("req-7f3a")}
    return replace(request, removal=removal, **undo)


def undos() -> Iterator[tuple[str, RemediationRequest]]:
    outcome = Outcome("It ended.", "Look at it.", a_plan().role_arn, ROLE_ID, ("aws-1",), "a role")
    for state in RequestState:
        for mode in (Mode.APPLY, Mode.DRY_RUN):
            yield f"{state} {mode}", an_undo(state, mode=mode)
            decided = an_undo(state, mode=mode, decision=an_approval(), outcome=outcome)
            yield f"{state} {mode}, decided", decided
        yield f"{state}, as long as can be", undoing(a_long_request(state))
        for name, text in HOSTILE.items():
            hostile = undoing(a_hostile_request(state, text), role_id=text, tags=((text, text),) * 10)
            yield f"{state} hostile {name}", hostile


def buttons(shown: Message) -> dict[str, Any]:
    rows = [block["elements"] for block in shown.blocks if block["type"] == "actions"]
    return {button["action_id"]: button for row in rows for button in row}


def test_every_message_of_an_undo_is_one_that_slack_takes():
    for (name, undo), form, progress in product(undos(), Form, STEPS):
        shown = request(undo, progress=progress, form=form, pause=PAUSE)
        assert faults(shown) == [], name
        assert characters(shown.blocks) <= MESSAGE_CHARACTERS, name
        assert 0 < len(shown.text) <= 4_000, name
        assert "has been shortened" not in str(shown.blocks), name


def test_every_modal_of_an_undo_is_one_that_slack_takes():
    for name, undo in undos():
        removal = undo.removal or a_removal(undo)
        for view in (
            undo_modal(undo, removal, mode=undo.mode, form_id="form-1"),
            removal_modal(undo, removal),
        ):
            assert lint_view(view.body) == [], name
            assert all("<" not in OURS.sub("", text) for text in parsed_texts(view.body)), name


@pytest.mark.parametrize("state", RequestState)
def test_no_undo_bears_the_title_of_a_fix(state: RequestState):
    label = "payments (000000000001)"

    assert title(an_undo(state)).removeprefix("Dry run · ") not in {
        words.format(label=label) for words in TITLES.values()
    }


def test_the_question_says_that_a_role_goes_which_one_and_by_what_hash():
    undo = an_undo()
    shown = request(undo)

    assert undo.removal is not None
    assert shown.blocks[0]["text"]["text"] == (
        "Approval needed to REMOVE the support role of payments (000000000001)"
    )
    texts = " ".join(parsed_texts(list(shown.blocks)))
    for said in (undo.removal.role_arn, ROLE_ID, "req-7f3a", undo.removal.short_hash, "managed-by"):
        assert said in texts
        assert said in shown.text or said in {"req-7f3a", "managed-by"}


def test_both_decisions_ask_again_and_say_that_a_role_is_deleted():
    shown = buttons(request(an_undo()))

    approve, deny = shown[ActionId.REQUEST_APPROVE], shown[ActionId.REQUEST_DENY]
    assert approve["text"]["text"] == "Approve removal"
    assert approve["style"] == "danger"
    assert approve["confirm"]["title"]["text"] == "Remove this role?"
    assert approve["confirm"]["text"]["text"] == (
        "Role aws-support-access (AROA1) in payments (000000000001). This deletes the role in AWS."
    )
    assert deny["confirm"]["text"]["text"] == (
        "Role aws-support-access (AROA1) stays in payments (000000000001)."
    )
    assert {button["value"] for button in shown.values()} == {"undo-1"}


def test_approving_a_rehearsal_says_that_nothing_is_written():
    approve = buttons(request(an_undo(mode=Mode.DRY_RUN)))[ActionId.REQUEST_APPROVE]

    assert approve["confirm"]["text"]["text"].endswith("Nothing is written: this is a dry run.")


def an_applied_fix(state: RequestState = RequestState.APPLIED) -> RemediationRequest:
    return a_request(state, decision=an_approval(), outcome=Outcome("Done.", role_id=ROLE_ID))


@pytest.mark.parametrize("state", RequestState)
def test_the_record_of_a_fix_has_an_undo_button_only_while_its_role_is_there(state: RequestState):
    shown = buttons(request(an_applied_fix(state)))

    is_there = state in (RequestState.APPLIED, RequestState.APPLIED_UNVERIFIED)
    assert (ActionId.REQUEST_UNDO in shown) is is_there
    assert lint(list(request(an_applied_fix(state)).blocks), "message") == []


def test_the_record_of_an_undone_fix_shows_who_undid_it_by_name():
    text = "It was undone by undo-4a: <@U0ASKER> asked, <@U0THIRD> approved."
    outcome = Outcome(text, people=("U0ASKER", "U0THIRD"))
    shown = request(a_request(RequestState.UNDONE, decision=an_approval(), outcome=outcome))

    assert text in str(shown.blocks)
    assert text in shown.text


def test_the_record_of_an_undo_says_once_that_the_role_is_gone():
    outcome = Outcome(
        "ROLE was taken away: detached, deleted and seen gone.", role_arn="arn:aws:iam::1:role/r"
    )
    shown = request(an_undo(RequestState.UNDONE, decision=an_approval(), outcome=outcome))

    assert "detached, deleted and seen gone" not in str(shown.blocks)
    assert "*Role:*" not in str(shown.blocks)
    assert "was taken away, and was seen to be gone" in str(shown.blocks)


@pytest.mark.parametrize("state", [s for s in RequestState if s is not RequestState.PENDING])
def test_an_undo_that_is_decided_has_no_button(state: RequestState):
    outcome = Outcome("It ended.", role_id=ROLE_ID)

    assert buttons(request(an_undo(state, decision=an_approval(), outcome=outcome))) == {}


def test_while_it_goes_on_each_step_is_shown():
    undo = an_undo(RequestState.APPLYING, decision=an_approval())
    shown = request(undo, progress=ApplyProgress(UndoStep.REMOVE))

    plan = next(block for block in shown.blocks if block["type"] == "plan")
    assert [(task["title"], task["status"]) for task in plan["tasks"]] == [
        ("Check all rules and the role again", "complete"),
        ("Detach AWSSupportAccess and delete the role", "in_progress"),
        ("See that it is gone", "pending"),
        ("Record it", "pending"),
    ]
    assert "Step 2 of 4" in shown.text


def test_a_question_says_that_it_cannot_be_answered_while_paused():
    shown = request(an_undo(), pause=PAUSE)

    assert "*Fixes and undos are paused* by <@U0SECOND>" in shown.text
    assert any("Why: an audit is going on" in text for text in parsed_texts(list(shown.blocks)))
    assert "paused" not in request(an_undo(RequestState.DENIED), pause=PAUSE).text


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_whatever_the_reason_of_a_pause_it_pings_nobody(text: str):
    pause = replace(PAUSE, reason=text)
    waiting = [an_undo(), a_request()]

    for shown in (
        status(a_status(a_known(), pause=pause)),
        status(a_status(a_known(), pause=pause), quiet=True),
        paused_message(pause, is_new=True, pending=2),
        resumed_message(pause, pending=2),
    ):
        assert faults(shown) == []
    page = HomePage(a_status(pause=pause), for_reader=tuple(waiting))
    assert lint_view(home(page).body) == []


def test_the_end_of_a_pause_says_what_it_was_what_waits_and_what_to_do():
    said = resumed_message(PAUSE, pending=2).text.splitlines()

    assert said[0] == "*Fixes and undos go on*"
    assert said[1].startswith("They had been paused by <@U0SECOND> since <!date^")
    assert said[1].endswith(" Why: an audit is going on.")
    assert said[2] == "2 requests wait for a decision."
    assert said[3] == (
        "*Next:* Approve or deny what waits; `/support-role requests` says where it is. "
        "Ask again for what was refused meanwhile: `/support-role fix ACCOUNT`"
    )


def test_where_nothing_was_paused_only_what_waits_is_said():
    assert resumed_message(None, pending=0).text.splitlines() == [
        "*Fixes and undos were not paused*",
        "No request waits for a decision.",
    ]


def test_a_new_status_message_notifies_nobody_of_a_pause():
    shown = status(a_status(a_known(owner=""), pause=PAUSE), quiet=True)

    assert "<@" not in " ".join([shown.text, *parsed_texts(list(shown.blocks))])


def test_the_home_tab_tells_an_undo_from_a_fix():
    view = home(HomePage(a_status(a_known()), for_others=(an_undo(), a_request())))

    texts = " ".join(parsed_texts(view.body))
    assert "*Removal of the support role of* `payments (000000000001)`" in texts
    assert "*Support role for* `payments (000000000001)`" in texts


@pytest.mark.parametrize("kind", OF_AN_UNDO)
def test_what_the_audit_says_of_an_undo_does_not_read_as_a_fix(kind: str):
    event = AuditEvent(
        kind, NOW, "support-role-bot", "It was so.", "000000000001", "undo-1", detail=(("undoes", "fix-1"),)
    )
    of_undo = audit_message(chain(1, GENESIS, event))
    of_fix = audit_message(chain(1, GENESIS, replace(event, detail=())))

    assert of_undo.text.splitlines()[0] != of_fix.text.splitlines()[0]
    assert lint(list(of_undo.blocks), "message") == []
