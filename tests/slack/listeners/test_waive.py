"""Waivers in Slack: the form, the decision, the list, and who is told what."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from adapters.clock import FakeClock
from building.values import NOW, an_account
from building.waivers import a_waiver

from bot.domain.finding import Verdict
from bot.domain.request import Person
from bot.domain.waiver import Waiver, WaiverDecision, WaiverId, WaiverState
from bot.sandbox.slack import ANA, APPROVALS, CLOUD_SECURITY, GUS, PRIYA, RILEY, SAM
from bot.sandbox.slack.lint import lint_view
from bot.slack.ids import ActionId, CallbackId
from bot.store import accounts, findings, waivers
from tests.slack.listeners import payloads
from tests.slack.listeners.payloads import Json
from tests.slack.listeners.workplace import LEDGER, PAYMENTS, TEAM, Workplace, a_workplace, know

OWNER = SAM
UNTIL = "2026-03-31"
REASON = "Moves to another organization in April"


@pytest.fixture
def known(work: Workplace) -> Workplace:
    work.change(lambda connection: know(connection, (PAYMENTS, Verdict.FAIL), (LEDGER, Verdict.PASS)))
    return work


def form_of(work: Workplace, by: str = RILEY) -> str:
    modal = work.modal_of(by)
    assert modal is not None
    return str(modal.raw["private_metadata"])


def submit(
    work: Workplace,
    form_id: str,
    *,
    owner: str | None = OWNER,
    until: str | None = UNTIL,
    reason: str | None = REASON,
    by: str = RILEY,
) -> Json:
    values = payloads.wished_waiver(owner, until, reason)
    view = payloads.a_view("V0VIEW", CallbackId.WAIVE, form_id, values)
    return work.send(payloads.view_submission(view, user=by, trigger_id=work.trigger(by)))


def ask(work: Workplace, **entered: Any) -> Json:
    """Type the command and fill in the form."""
    work.command("waive payments")
    return submit(work, form_of(work), **entered)


def all_waivers(work: Workplace) -> list[Waiver]:
    return work.look(lambda c: [*waivers.read_pending(c), *waivers.read_in_force(c, now=NOW).values()])


def the_waiver(work: Workplace) -> Waiver:
    (waiver,) = work.look(waivers.read_stale_messages)
    return waiver


def grant(work: Workplace, by: str = ANA) -> None:
    work.press(ActionId.WAIVER_APPROVE, the_waiver(work).id, by=by, channel=APPROVALS)


def plant(work: Workplace, count: int) -> None:
    """Many accounts, each with a waiver in force."""

    def write(connection: Any) -> None:
        many = [an_account(f"{number:012d}", name=f"account-{number}") for number in range(count)]
        accounts.save_accounts(connection, many, now=NOW)
        for number, account in enumerate(many):
            waiver = a_waiver(
                WaiverState.PENDING,
                id=WaiverId(f"waiver-{number}"),
                account_id=account.id,
                account_name=account.name,
                owner=OWNER,
                requester=Person(TEAM, RILEY),
                ends_at=NOW + timedelta(days=1 + number % 80),
            )
            waivers.add_waiver(connection, waiver)
            decision = WaiverDecision(Person(TEAM, ANA), NOW)
            waivers.move(
                connection,
                waiver.id,
                before=WaiverState.PENDING,
                after=WaiverState.GRANTED,
                decision=decision,
            )

    work.change(write)


# --- the form ---


def test_the_command_opens_a_form_that_slack_takes(known: Workplace):
    ack = known.command("waive payments")

    modal = known.modal_of(RILEY)
    assert ack == {}
    assert modal is not None
    assert lint_view({key: modal.raw[key] for key in ("type", "title", "submit", "close", "blocks")}) == []
    assert "A waiver for payments (111122223333)" in json.dumps(modal.raw)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("waive", "A waiver is for one account, and none was named."),
        ("waive payments ledger", "means 2"),
        ("waive verdict:unknown", "means 0"),
        ("waive nobody", "No account is called nobody."),
        ("waive ledger", "has a support role: there is nothing to waive."),
    ],
)
def test_what_cannot_be_waived_is_told_before_anything_is_typed(known: Workplace, words: str, said: str):
    known.command(words)

    (told,) = known.told_to(RILEY)
    assert said in told
    assert known.modal_of(RILEY) is None


def test_the_accounts_owner_is_suggested_where_slack_knows_them(work: Workplace):
    owned = replace(PAYMENTS, owner=PRIYA)
    work.change(lambda connection: know(connection, (owned, Verdict.FAIL)))

    work.command("waive payments")

    modal = work.modal_of(RILEY)
    assert modal is not None
    assert f'"initial_user": "{PRIYA}"' in json.dumps(modal.raw)


def test_an_owner_that_slack_does_not_know_is_not_suggested(work: Workplace):
    work.change(lambda connection: know(connection, (replace(PAYMENTS, owner="U0GONE"), Verdict.FAIL)))

    work.command("waive payments")

    modal = work.modal_of(RILEY)
    assert modal is not None
    assert "initial_user" not in json.dumps(modal.raw)


@pytest.mark.parametrize(
    ("entered", "field", "said"),
    [
        ({"until": "2026-03-01"}, "waive.until.block", "1 March 2026 has passed"),
        ({"until": "2026-06-01"}, "waive.until.block", "90 days at most: 31 May 2026 is the latest day"),
        ({"until": None}, "waive.until.block", "Give the last day"),
        ({"reason": "   short    "}, "waive.reason.block", "at least 10 characters"),
        ({"reason": None}, "waive.reason.block", "at least 10 characters"),
        ({"owner": None}, "waive.owner.block", "Name who answers for it"),
    ],
)
def test_what_is_wrong_in_the_form_is_said_at_its_field_and_nothing_is_asked(
    known: Workplace, entered: dict[str, Any], field: str, said: str
):
    ack = ask(known, **entered)

    assert ack["response_action"] == "errors"
    assert list(ack["errors"]) == [field]
    assert said in ack["errors"][field]
    assert all_waivers(known) == []


def test_all_that_is_wrong_is_said_at_once(known: Workplace):
    ack = ask(known, until="2020-01-01", reason="", owner=None)

    assert set(ack["errors"]) == {"waive.owner.block", "waive.until.block", "waive.reason.block"}


def test_a_complete_form_puts_the_waiver_before_the_approvers(known: Workplace):
    ack = ask(known)

    (waiver,) = all_waivers(known)
    assert ack == {}
    assert (waiver.state, waiver.owner, waiver.reason) == (WaiverState.PENDING, OWNER, REASON)
    assert waiver.ends_at == datetime(2026, 4, 1, tzinfo=UTC)
    assert waiver.requester.user_id == RILEY
    assert known.kinds() == ["waiver.requested"]
    (told,) = known.told_to(RILEY)
    assert f"It is put before the approvers in <#{APPROVALS}>" in told


def test_somebody_elses_form_asks_for_nothing(known: Workplace):
    known.command("waive payments", by=RILEY)

    submit(known, form_of(known), by=PRIYA)

    assert all_waivers(known) == []
    assert "This form is too old." in known.told_to(PRIYA)[0]


def test_a_guest_cannot_be_the_owner(known: Workplace):
    ask(known, owner=GUS)

    assert all_waivers(known) == []
    assert "cannot be the owner" in known.told_to(RILEY)[0]


def test_a_guest_asks_for_nothing(known: Workplace):
    known.command("waive payments", by=GUS)

    assert known.modal_of(GUS) is None


# --- deciding ---


def test_a_second_person_grants_it(known: Workplace):
    ask(known)

    grant(known)

    (waiver,) = all_waivers(known)
    assert waiver.state is WaiverState.GRANTED
    assert waiver.decision is not None
    assert waiver.decision.person.user_id == ANA
    assert known.kinds() == ["waiver.requested", "waiver.granted"]
    assert known.told_to(ANA) == []


@pytest.mark.parametrize(
    ("by", "channel", "guard", "said"),
    [
        (RILEY, APPROVALS, "not_the_requester", "You asked for this waiver; a second person must grant it."),
        (PRIYA, APPROVALS, "approver_allowed", "You are not an approver."),
        (GUS, APPROVALS, "actor_is_a_member", "Guests cannot decide."),
        (ANA, CLOUD_SECURITY, "workspace_and_channel", "Waivers are decided in the approval channel alone."),
    ],
)
def test_who_may_not_grant_is_told_why_and_it_is_on_record(
    known: Workplace, by: str, channel: str, guard: str, said: str
):
    ask(known)

    known.press(ActionId.WAIVER_APPROVE, the_waiver(known).id, by=by, channel=channel)

    assert the_waiver(known).state is WaiverState.PENDING
    assert said in known.told_to(by)[-1]
    event = known.events()[-1]
    assert (event["kind"], event["detail"]["guard"]) == ("waiver.refused", guard)


def test_the_second_of_two_approvers_is_told_who_was_faster(known: Workplace):
    ask(known)
    waiver_id = the_waiver(known).id

    for approver in (ANA, SAM):
        known.press(ActionId.WAIVER_APPROVE, waiver_id, by=approver, channel=APPROVALS)

    assert f"already granted by <@{ANA}>" in known.told_to(SAM)[-1]
    assert known.kinds() == ["waiver.requested", "waiver.granted", "waiver.refused"]


def test_any_member_may_deny(known: Workplace):
    ask(known)

    known.press(ActionId.WAIVER_DENY, the_waiver(known).id, by=PRIYA, channel=APPROVALS)

    assert the_waiver(known).state is WaiverState.DENIED
    assert known.kinds() == ["waiver.requested", "waiver.denied"]


# --- what it does ---


def test_the_status_and_the_home_tab_show_a_waived_account_apart(known: Workplace):
    ask(known)
    grant(known)

    known.command("status")
    known.open_home(by=PRIYA)

    shown = known.shown_in(CLOUD_SECURITY)[-1]
    home = known.home_of(PRIYA)
    assert "WAIVED payments (111122223333) until 31 March 2026" in shown.text
    assert "1 of 2 accounts has a support role, the others are set aside" in shown.text
    assert home is not None
    assert "1 account waived" in json.dumps(home.raw)


def test_a_waived_account_is_not_offered_for_a_fix(known: Workplace):
    ask(known)
    grant(known)

    known.command("fix", by=PRIYA)

    assert known.modal_of(PRIYA) is None
    assert "Every account that was asked for and fails is waived (1)." in known.told_to(PRIYA)[-1]


@pytest.mark.parametrize("words", ["fix payments", "fix 111122223333", "fix verdict:waived"])
def test_whoever_names_a_waived_account_can_have_it_fixed_and_is_told_of_the_waiver(
    known: Workplace, words: str
):
    ask(known)
    grant(known)

    known.command(words, by=PRIYA)

    modal = known.modal_of(PRIYA)
    assert modal is not None
    assert "This account is waived until 31 March 2026" in json.dumps(modal.raw)


def test_after_its_end_the_account_is_offered_again():
    clock = FakeClock()
    with a_workplace(clock=clock) as work:
        work.change(lambda connection: know(connection, (PAYMENTS, Verdict.FAIL)))
        ask(work)
        grant(work)

        clock.now = datetime(2026, 4, 1, tzinfo=UTC)
        work.command("fix", by=PRIYA)

        modal = work.modal_of(PRIYA)
        assert modal is not None
        assert "is waived" not in json.dumps(modal.raw)


# --- the list ---


def test_the_list_names_owner_reason_last_day_and_approver(known: Workplace):
    ask(known)
    grant(known)

    known.command("waivers", by=PRIYA)

    (told,) = known.told_to(PRIYA)
    assert "1 waiver in force" in told
    assert "payments (111122223333) until 31 March 2026" in told


def test_whoever_asked_revokes_it_from_the_list(known: Workplace):
    ask(known)
    grant(known)
    waiver_id = the_waiver(known).id

    known.press(ActionId.WAIVER_REVOKE, waiver_id, by=RILEY, channel=CLOUD_SECURITY)

    assert the_waiver(known).state is WaiverState.REVOKED
    assert known.kinds()[-1] == "waiver.revoked"
    assert "The waiver for payments (111122223333) is revoked" in known.told_to(RILEY)[-1]
    assert known.look(findings.count_verdicts).count(Verdict.FAIL) == 1


def test_somebody_without_a_part_in_it_cannot_revoke_it(known: Workplace):
    ask(known)
    grant(known)

    known.press(ActionId.WAIVER_REVOKE, the_waiver(known).id, by=PRIYA, channel=CLOUD_SECURITY)

    assert the_waiver(known).state is WaiverState.GRANTED
    assert "may revoke a waiver" in known.told_to(PRIYA)[-1]


def test_a_thousand_waivers_make_a_list_that_slack_takes(work: Workplace):
    plant(work, 1_000)

    work.command("waivers", by=RILEY)

    (told,) = work.told_to(RILEY)
    assert "1,000 waivers in force" in told


def test_a_scope_finds_one_among_a_thousand(work: Workplace):
    plant(work, 1_000)

    work.command("waivers account-777", by=RILEY)

    (told,) = work.told_to(RILEY)
    assert "1 waiver in force" in told
    assert "account-777 (000000000777)" in told


@pytest.mark.parametrize(
    ("words", "count"), [("verdict:waived", "1 waiver in force"), ("ledger", "No account is")]
)
def test_a_scope_of_the_list_goes_by_what_is_shown(known: Workplace, words: str, count: str):
    ask(known)
    grant(known)

    known.command(f"waivers {words}", by=PRIYA)

    assert count in known.told_to(PRIYA)[-1]


def test_a_list_of_none_says_so(known: Workplace):
    known.command("waivers", by=RILEY)

    assert "No account is waived" in known.told_to(RILEY)[0]
