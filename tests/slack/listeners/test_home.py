"""App Home: who sees what, what can be decided there, and what a click there can never do."""

import json
from datetime import date

import pytest
from adapters.clock import FakeClock
from building.bulk_values import a_bulk
from building.undos import an_undo
from building.values import NOW
from building.waivers import a_waiver
from sqlalchemy import Connection

from bot.domain.bulk import BulkReport
from bot.domain.finding import Verdict
from bot.domain.request import MessageRef, Person, RequestState
from bot.domain.waiver import WaiverState
from bot.sandbox.slack import ANA, APPROVALS, CLOUD_SECURITY, EVE, GUS, PARTNERS, PRIYA, RILEY, SAM, Seen
from bot.slack.ids import ActionId
from bot.store import bulks, digests, requests, scans, waivers
from tests.slack.listeners import payloads
from tests.slack.listeners.workplace import (
    LEDGER,
    PAYMENTS,
    TEAM,
    Workplace,
    a_digest,
    a_workplace,
    ask,
    know,
    pause,
)

FIXED = ActionId.REQUEST_APPROVE


@pytest.fixture
def asked(work: Workplace) -> Workplace:
    work.change(ask)
    return work


def home_of(work: Workplace, user: str) -> Seen:
    home = work.home_of(user)
    assert home is not None
    return home


def opened(work: Workplace, user: str) -> Seen:
    work.open_home(by=user)
    return home_of(work, user)


def modal_of(work: Workplace, user: str) -> str:
    modal = work.modal_of(user)
    assert modal is not None
    return modal.words


def assert_refused(work: Workplace, who: str, guard: str, why: str) -> None:
    """Told in a modal, on record once with where it was, and nothing else has happened."""
    assert why in modal_of(work, who)
    (event,) = work.events()
    detail = dict(event["detail"])
    assert (event["kind"], detail["guard"], detail["where"]) == ("fix.refused", guard, "App Home")
    assert work.request().state is RequestState.PENDING
    assert work.enqueued() == []


# --- what is shown ---------------------------------------------------------------------------------------


def test_an_approver_finds_the_buttons_of_what_others_asked_for(asked: Workplace):
    home = opened(asked, ANA)

    assert "Waiting for you: 1 decision" in home.words
    assert {"Approve", "Deny", "See the plan"} <= set(home.buttons)
    confirm = home.control("Approve").element["confirm"]["text"]["text"]
    assert "aws-support-access" in confirm
    assert "payments (111122223333)" in confirm


def test_whoever_asked_sees_how_it_stands_and_no_button_to_decide(asked: Workplace):
    home = opened(asked, RILEY)

    assert "My requests" in home.words
    assert "waits for a decision, 1 hour left" in home.words
    assert not {"Approve", "Deny"} & set(home.buttons)


def test_whoever_is_no_approver_sees_that_others_must_decide(asked: Workplace):
    home = opened(asked, PRIYA)

    assert "Waiting for others: 1" in home.words
    assert "Nothing waits for your decision." in home.words
    assert not {"Approve", "Deny"} & set(home.buttons)


def test_an_approver_by_name_finds_the_buttons_too():
    with a_workplace(approvers=frozenset({SAM}), approver_groups=frozenset()) as work:
        work.change(ask)

        assert "Approve" in opened(work, SAM).buttons
        assert "Approve" not in opened(work, ANA).buttons


def test_who_may_decide_cannot_be_told_while_slack_does_not_say_it(asked: Workplace):
    asked.fail_next("usergroups.users.list", "internal_error")

    home = opened(asked, ANA)

    assert "Approve" not in home.buttons
    assert "The members of an approver group could not be read from Slack" in home.words


def test_nothing_can_be_decided_while_the_approval_channel_is_shared():
    with a_workplace(approval_channel=PARTNERS) as work:
        work.change(ask)

        home = opened(work, ANA)

        assert "Approve" not in home.buttons
        assert "The approval channel is shared with another company" in home.words


def of_every_kind(connection: Connection) -> None:
    """A fix of Riley's, and of Sam's a waiver, an undo and a bulk request."""
    ask(connection)
    sam = Person(TEAM, SAM)
    waivers.add_waiver(connection, a_waiver(WaiverState.PENDING, requester=sam))
    fix = requests.read_request(connection, "fix-1")
    undo = an_undo(RequestState.PREPARING, requester=sam)
    requests.add_request(connection, undo)
    assert fix is not None
    requests.move(
        connection,
        undo.id,
        before=RequestState.PREPARING,
        after=RequestState.PENDING,
        now=NOW,
        plan=fix.plan,
        removal=undo.removal,
    )
    bulks.add_bulk(connection, a_bulk(requester=sam))


def test_every_kind_of_question_stands_there_with_its_own_buttons(work: Workplace):
    work.change(of_every_kind)

    home = opened(work, ANA)

    assert "Waiting for you: 4 decisions" in home.words
    assert {placed.action_id for placed in home.controls} >= {
        ActionId.REQUEST_APPROVE,
        ActionId.WAIVER_APPROVE,
        ActionId.BULK_DENY,
        ActionId.REQUEST_PLAN,
    }
    assert "Approve removal" in home.buttons


def test_of_several_questions_one_sees_those_of_others_to_decide_and_ones_own_to_follow(work: Workplace):
    work.change(of_every_kind)

    home = opened(work, SAM)

    assert "Waiting for you: 1 decision" in home.words
    assert home.words.count(": waits for a decision, ") == 3


def stands_at(work: Workplace, at: MessageRef) -> None:
    work.change(lambda connection: requests.place_message(connection, work.request().id, at))


def test_a_message_of_a_request_is_linked(asked: Workplace):
    asked.command("status")
    (there,) = asked.shown_in(CLOUD_SECURITY)
    stands_at(asked, MessageRef(CLOUD_SECURITY, there.id))

    home = opened(asked, ANA)

    link = f"{asked.slack.url}/archives/{CLOUD_SECURITY}/p{there.id.replace('.', '')}"
    assert f"<{link}|see the message>" in home.words


def test_where_slack_gives_no_address_the_channel_is_named(asked: Workplace):
    stands_at(asked, MessageRef(APPROVALS, "1.2"))

    assert f"in <#{APPROVALS}>" in opened(asked, ANA).words


@pytest.mark.parametrize(
    ("by", "why"),
    [(GUS, "Guests are not shown the state of AWS accounts."), (EVE, "Only members of this workspace")],
)
def test_who_is_not_served_reads_why_instead_of_nothing(asked: Workplace, by: str, why: str):
    home = opened(asked, by)

    assert why in home.words
    assert "payments" not in json.dumps(home.raw)
    assert home.buttons == ["Refresh"]


def test_somebody_whom_slack_could_not_describe_refreshes(asked: Workplace):
    asked.fail_next("users.info", "internal_error")
    assert "Slack could not say who you are just now" in opened(asked, ANA).words

    asked.press_at_home(ActionId.HOME_REFRESH, by=ANA)

    assert "Waiting for you: 1 decision" in home_of(asked, ANA).words


def test_the_digests_of_all_channels_stand_there_with_the_next_one():
    with a_workplace(digest=a_digest()) as work:
        home = opened(work, RILEY)

        assert f"<#{CLOUD_SECURITY}> at 09:00 Europe/Berlin, every day · next" in home.words


def post_digests(connection: Connection) -> None:
    for day in (date(2026, 3, 1), date(2026, 3, 2)):
        digests.claim_digest(connection, CLOUD_SECURITY, day, now=NOW)
        verdicts = {PAYMENTS.id: Verdict.FAIL, LEDGER.id: Verdict.PASS}
        digests.mark_digest_posted(connection, CLOUD_SECURITY, day, ts="1.2", verdicts=verdicts, now=NOW)


def test_where_slack_draws_no_chart_the_trend_is_a_line_and_that_is_remembered(work: Workplace):
    work.change(lambda connection: know(connection, (PAYMENTS, Verdict.FAIL)))
    work.change(post_digests)
    assert "data_visualization" in opened(work, RILEY).block_types
    work.fail_next("views.publish", "invalid_arguments")

    home = opened(work, RILEY)
    again = opened(work, ANA)

    for seen in (home, again):
        assert "data_visualization" not in seen.block_types
        assert "support role" in seen.words


def test_the_tab_of_messages_publishes_no_home(asked: Workplace):
    opened = payloads.home_opened(ANA)

    asked.send(opened | {"event": opened["event"] | {"tab": "messages"}})

    assert asked.home_of(ANA) is None


def test_a_home_tab_that_slack_does_not_take_at_all_bothers_nobody(asked: Workplace):
    asked.fail_next("views.publish", "internal_error")

    asked.open_home(by=ANA)

    assert asked.home_of(ANA) is None
    assert asked.told_to(ANA) == []


# --- what can be done there ------------------------------------------------------------------------------


def test_an_approval_there_counts_as_one_in_the_channel_and_the_record_says_where(asked: Workplace):
    opened(asked, ANA)

    asked.press_at_home(FIXED, "fix-1", by=ANA)

    request = asked.request()
    assert request.state is RequestState.APPROVED
    assert request.decision is not None
    assert (request.decision.person.user_id, request.decision.is_home) == (ANA, True)
    assert asked.enqueued() == ["remediate"]
    (event,) = asked.events()
    assert (event["kind"], dict(event["detail"])["where"]) == ("fix.approved", "App Home")
    assert "Approve" not in home_of(asked, ANA).buttons


@pytest.mark.parametrize("decision", [FIXED, ActionId.REQUEST_DENY])
def test_a_decision_takes_its_buttons_off_the_tabs_that_others_have_open(asked: Workplace, decision: str):
    for user in (SAM, RILEY, ANA):
        opened(asked, user)

    asked.press(decision, "fix-1", by=ANA, channel=APPROVALS)

    for user in (SAM, ANA):
        assert "Nothing waits for your decision." in home_of(asked, user).words
    assert "waits for a decision, 1 hour left" not in home_of(asked, RILEY).words


def test_a_click_that_decides_nothing_draws_no_tab_anew(asked: Workplace):
    """Else anybody could have ten tabs published with each click."""
    before = opened(asked, SAM).raw["hash"]

    asked.press(FIXED, "fix-1", by=RILEY, channel=APPROVALS)

    assert home_of(asked, SAM).raw["hash"] == before


def test_a_decision_stands_though_somebodys_tab_cannot_be_drawn_anew(asked: Workplace):
    opened(asked, SAM)
    asked.fail_next("views.publish", "internal_error")

    asked.press(FIXED, "fix-1", by=ANA, channel=APPROVALS)

    assert asked.request().state is RequestState.APPROVED
    assert asked.told_to(ANA) == []


def test_an_approval_in_the_channel_says_so_in_the_record(asked: Workplace):
    asked.press(FIXED, "fix-1", by=ANA, channel=APPROVALS)

    (event,) = asked.events()
    assert dict(event["detail"])["where"] == APPROVALS


def test_a_denial_there_ends_the_request(asked: Workplace):
    asked.press_at_home(ActionId.REQUEST_DENY, "fix-1", by=ANA)

    assert asked.request().state is RequestState.DENIED
    assert asked.kinds() == ["fix.denied"]


@pytest.mark.parametrize(
    ("by", "guard", "why"),
    [
        (RILEY, "not_the_requester", "You asked for this fix; a second person must approve it."),
        (PRIYA, "approver_allowed", "You are not an approver."),
        (GUS, "actor_is_a_member", "Guests cannot decide."),
        (EVE, "actor_is_a_member", "People from other workspaces cannot decide."),
    ],
)
def test_who_may_not_approve_is_told_why_in_a_modal(asked: Workplace, by: str, guard: str, why: str):
    asked.press_at_home(FIXED, "fix-1", by=by)

    assert_refused(asked, by, guard, why)


def test_somebody_of_another_workspace_approves_nothing_there(asked: Workplace):
    asked.press_at_home(FIXED, "fix-1", by=ANA, team="T0ELSEWHERE")

    assert_refused(asked, ANA, "workspace_and_channel", "This workspace is not one that may approve.")


def test_nothing_is_approved_there_while_the_approval_channel_is_shared():
    with a_workplace(approval_channel=PARTNERS) as work:
        work.change(ask)

        work.press_at_home(FIXED, "fix-1", by=ANA)

        why = "The approval channel is shared with another company (Slack Connect)."
        assert_refused(work, ANA, "workspace_and_channel", why)


@pytest.mark.parametrize(
    ("method", "guard"),
    [
        ("conversations.info", "workspace_and_channel"),
        ("users.info", "actor_is_a_member"),
        ("usergroups.users.list", "approver_allowed"),
    ],
)
def test_what_cannot_be_looked_up_refuses_there_too(asked: Workplace, method: str, guard: str):
    asked.fail_next(method, "internal_error")

    asked.press_at_home(FIXED, "fix-1", by=ANA)

    assert_refused(asked, ANA, guard, "could not")


def test_a_modal_is_no_place_to_approve(asked: Workplace):
    """Its clicks have a view as those of the home tab, and no channel either."""
    asked.press_at_home(ActionId.REQUEST_PLAN, "fix-1", by=ANA)

    asked.press_in_modal(FIXED, "fix-1", by=ANA)

    assert "Fixes are decided in the approval channel alone." in modal_of(asked, ANA)
    assert asked.request().state is RequestState.PENDING


def test_a_pause_holds_there_too(asked: Workplace):
    asked.change(pause)

    asked.press_at_home(FIXED, "fix-1", by=ANA)

    assert_refused(asked, ANA, "remediation_enabled", "Fixes are paused by an administrator.")
    assert "Fixes and undos are paused" in home_of(asked, ANA).words


def test_time_that_passes_before_the_click_refuses():
    clock = FakeClock()
    with a_workplace(clock=clock) as work:
        work.change(ask)
        opened(work, ANA)
        clock.move(hours=2)

        work.press_at_home(FIXED, "fix-1", by=ANA)

        assert_refused(work, ANA, "not_expired", "This request has expired.")


def test_a_stale_tab_says_who_was_first_and_is_brought_up_to_date(asked: Workplace):
    opened(asked, SAM)
    asked.press_at_home(FIXED, "fix-1", by=ANA)

    asked.press_at_home(FIXED, "fix-1", by=SAM)

    said = f"This request is already approved by <@{ANA}>; it starts in a moment."
    assert said in modal_of(asked, SAM)
    assert asked.kinds() == ["fix.approved", "fix.refused"]
    assert asked.enqueued() == ["remediate"]
    assert "Approve" not in home_of(asked, SAM).buttons


def test_two_clicks_of_one_person_are_one_approval(asked: Workplace):
    for _ in range(2):
        asked.press_at_home(FIXED, "fix-1", by=ANA)

    assert asked.kinds() == ["fix.approved", "fix.refused"]
    assert asked.enqueued() == ["remediate"]


def test_an_answer_whose_modal_slack_refuses_comes_as_a_direct_message(asked: Workplace):
    asked.fail_next("views.open", "expired_trigger_id")

    asked.press_at_home(FIXED, "fix-1", by=RILEY)

    (told,) = asked.told_to(RILEY)
    assert "You asked for this fix; a second person must approve it." in told


def test_a_decision_stands_although_the_tab_could_not_be_published(asked: Workplace):
    asked.fail_next("views.publish", "internal_error")

    asked.press_at_home(FIXED, "fix-1", by=ANA)

    assert asked.request().state is RequestState.APPROVED
    assert asked.told_to(ANA) == []
    assert asked.modal_of(ANA) is None


def test_a_waiver_is_granted_there(work: Workplace):
    work.change(lambda connection: know(connection, (PAYMENTS, Verdict.FAIL)))
    waiver = a_waiver(WaiverState.PENDING, requester=Person(TEAM, RILEY))
    work.change(lambda connection: waivers.add_waiver(connection, waiver))

    work.press_at_home(ActionId.WAIVER_APPROVE, waiver.id, by=ANA)

    (event,) = work.events()
    assert (event["kind"], dict(event["detail"])["where"]) == ("waiver.granted", "App Home")
    assert "Waiver for" not in home_of(work, ANA).words


def test_a_bulk_request_is_denied_there(work: Workplace):
    bulk = a_bulk(requester=Person(TEAM, RILEY))
    work.change(lambda connection: bulks.add_bulk(connection, bulk))

    work.press_at_home(ActionId.BULK_DENY, bulk.id, by=ANA)

    report = work.look(lambda connection: bulks.read_report(connection, bulk.id))
    assert isinstance(report, BulkReport)
    assert report.bulk.state.value == "denied"
    assert dict(work.events()[-1]["detail"])["where"] == "App Home"


def test_check_now_starts_a_check_whose_status_comes_as_a_direct_message(asked: Workplace):
    asked.change(lambda connection: know(connection, (PAYMENTS, Verdict.FAIL)))

    asked.press_at_home(ActionId.HOME_CHECK, by=RILEY)

    (told,) = asked.told_to(RILEY)
    assert "The one account has no support role" in told
    assert asked.enqueued() == ["plan_scan"]
    (followed,) = asked.look(scans.read_following)
    assert followed.at.channel.startswith("D")
    home = home_of(asked, RILEY)
    assert "Checking now" in home.words
    assert "Check now" not in home.buttons


def test_a_guest_starts_no_check(asked: Workplace):
    asked.press_at_home(ActionId.HOME_CHECK, by=GUS)

    assert "Guests are not shown the state of AWS accounts." in modal_of(asked, GUS)
    assert asked.enqueued() == []


def test_a_fix_asked_for_there_is_answered_in_a_direct_message(work: Workplace):
    work.change(lambda connection: know(connection, (PAYMENTS, Verdict.FAIL)))
    work.press_at_home(ActionId.STATUS_FIX, by=RILEY)
    modal = work.modal_of(RILEY)
    assert modal is not None

    work.submit_reason("The audit asks for it", form_id=modal.private_metadata)

    assert work.kinds() == ["fix.requested"]
    assert "is on its way" in work.told_to(RILEY)[0]


def test_the_plan_is_read_there(asked: Workplace):
    asked.press_at_home(ActionId.REQUEST_PLAN, "fix-1", by=ANA)

    plan = asked.request().plan
    assert plan is not None
    assert plan.hash in modal_of(asked, ANA)
    assert asked.request().state is RequestState.PENDING


def test_what_somebody_asked_for_stays_in_sight_after_its_end(asked: Workplace):
    asked.press(ActionId.REQUEST_DENY, "fix-1", by=ANA, channel=APPROVALS)

    home = opened(asked, RILEY)

    assert ": denied · asked" in home.words
    assert "My requests" not in opened(asked, PRIYA).words
