"""*Explain…* and *Export…* on a status and on the home tab: a modal, then what the commands give."""

from collections.abc import Callable

import pytest
from building.values import an_account

from bot.domain.finding import Verdict
from bot.flows.engine import build_enqueue
from bot.sandbox.slack import CLOUD_SECURITY, GUS, RILEY, SAM, Seen
from bot.slack.ids import ActionId
from tests.slack.listeners.payloads import Json
from tests.slack.listeners.workplace import LEDGER, PAYMENTS, Workplace, a_workplace, know

WEB = an_account("777788889999", name="web")


@pytest.fixture
def known(work: Workplace) -> Workplace:
    found = ((PAYMENTS, Verdict.FAIL), (LEDGER, Verdict.PASS), (WEB, Verdict.UNKNOWN))
    work.change(lambda connection: know(connection, *found))
    return work


def modal_of(work: Workplace, user: str = RILEY) -> Seen:
    modal = work.modal_of(user)
    assert modal is not None
    return modal


def pressed(work: Workplace, action: ActionId, scope: str = "", by: str = RILEY) -> Seen:
    work.press(action, scope, by=by, channel=CLOUD_SECURITY)
    return modal_of(work, by)


def looked_into(work: Workplace) -> list[tuple[str, ...]]:
    """What a worker is asked for: account, person and channel."""
    waiting = build_enqueue(work.engine).client.list_workflows(name="explain")
    return [tuple(found.input["args"]) for found in waiting if found.input]


def files_of(work: Workplace, user: str = RILEY) -> list[str]:
    """The names of the files that somebody was sent."""
    found = work.shown_in(work.slack._site.state.dm_of(user))
    return [str(file["name"]) for seen in found for file in seen.files]


def test_a_status_bears_the_buttons(known: Workplace):
    known.command("status")

    (status,) = known.shown_in(CLOUD_SECURITY)
    assert {"Explain…", "Export…"} <= set(status.buttons)


def test_the_accounts_that_need_attention_can_be_chosen(known: Workplace):
    menu = pressed(known, ActionId.STATUS_EXPLAIN).control(ActionId.EXPLAIN_ACCOUNT).element

    assert [option["text"]["text"] for option in menu["options"]] == [
        "UNKNOWN 777788889999 web",
        "FAIL 111122223333 payments",
    ]


def test_only_those_of_the_statuss_scope(known: Workplace):
    menu = pressed(known, ActionId.STATUS_EXPLAIN, "payments").control(ActionId.EXPLAIN_ACCOUNT).element

    assert [option["value"] for option in menu["options"]] == [PAYMENTS.id]


def test_where_none_needs_attention_any_more_that_is_said(known: Workplace):
    known.press(ActionId.STATUS_EXPLAIN, "ledger", by=RILEY, channel=CLOUD_SECURITY)

    assert known.modal_of(RILEY) is None
    assert "No account needs attention" in known.told_to(RILEY)[0]


def test_the_chosen_account_is_explained_where_the_button_was(known: Workplace):
    form_id = pressed(known, ActionId.STATUS_EXPLAIN).private_metadata

    known.submit_explain(PAYMENTS.id, form_id=form_id)

    (told,) = known.told_to(RILEY)
    assert "Reading the account now" in told
    assert looked_into(known) == [(PAYMENTS.id, RILEY, CLOUD_SECURITY)]


def test_a_form_of_somebody_else_explains_nothing(known: Workplace):
    form_id = pressed(known, ActionId.STATUS_EXPLAIN).private_metadata

    known.submit_explain(PAYMENTS.id, form_id=form_id, by=SAM)

    assert "This form is too old." in known.told_to(SAM)[0]
    assert looked_into(known) == []


def test_from_the_home_tab_the_explanation_goes_to_a_direct_message_and_a_modal_says_so(known: Workplace):
    known.press_at_home(ActionId.STATUS_EXPLAIN, by=RILEY)

    known.submit_explain(PAYMENTS.id, form_id=modal_of(known).private_metadata)

    assert "Reading the account now" in known.told_to(RILEY)[0]
    assert "direct message" in modal_of(known).words
    assert looked_into(known) == [(PAYMENTS.id, RILEY, "")]


@pytest.mark.parametrize(
    "open_modal",
    [
        lambda work: work.press(ActionId.STATUS_EXPORT, "", by=RILEY, channel=CLOUD_SECURITY),
        lambda work: work.press_at_home(ActionId.STATUS_EXPORT, by=RILEY),
    ],
    ids=["in a channel", "at home"],
)
def test_the_chosen_form_is_sent_and_the_modal_says_where(known: Workplace, open_modal: Callable[..., Json]):
    open_modal(known)

    known.press_in_modal(ActionId.EXPORT_FORM, "json", by=RILEY)

    (name,) = files_of(known)
    assert name.endswith(".json")
    assert "Your file is there" in modal_of(known).words
    assert "3 findings" in modal_of(known).words


def test_the_buttons_of_the_modal_bear_the_scope_of_the_status(known: Workplace):
    modal = pressed(known, ActionId.STATUS_EXPORT, "verdict:fail")

    values = {str(placed.element["value"]) for placed in modal.controls}
    assert "csv verdict:fail" in values
    known.press_in_modal(ActionId.EXPORT_FORM, "csv verdict:fail", by=RILEY)
    assert "with 1 finding, is in your direct messages with me" in modal_of(known).words


def test_a_file_that_slack_refuses_is_said_in_the_modal(known: Workplace):
    pressed(known, ActionId.STATUS_EXPORT)
    known.fail_next("files.getUploadURLExternal", "missing_scope")

    known.press_in_modal(ActionId.EXPORT_FORM, "csv", by=RILEY)

    assert "Nothing was exported" in modal_of(known).words
    assert files_of(known) == []


def test_an_answer_to_a_modal_that_was_closed_comes_as_a_direct_message(known: Workplace):
    pressed(known, ActionId.STATUS_EXPORT)
    for _ in range(2):
        known.fail_next("views.update", "not_found")

    known.press_in_modal(ActionId.EXPORT_FORM, "csv", by=RILEY)

    assert len(files_of(known)) == 1
    assert any("Your file is there" in told for told in known.told_to(RILEY))


@pytest.mark.parametrize("action", [ActionId.STATUS_EXPLAIN, ActionId.STATUS_EXPORT])
def test_guests_get_neither(known: Workplace, action: ActionId):
    known.press(action, "", by=GUS, channel=CLOUD_SECURITY)

    assert known.modal_of(GUS) is None
    assert "Guests are not shown" in known.told_to(GUS)[0]


def test_files_count_among_what_one_person_may_ask_for_in_a_minute():
    with a_workplace(commands_per_minute=1) as work:
        work.change(lambda connection: know(connection, (PAYMENTS, Verdict.FAIL)))
        pressed(work, ActionId.STATUS_EXPORT)

        for _ in range(2):
            work.press_in_modal(ActionId.EXPORT_FORM, "csv", by=RILEY)

        assert len(files_of(work)) == 1
        assert "One moment, please" in modal_of(work).words
