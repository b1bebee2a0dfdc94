"""Many accounts in one request: all or nothing is approved, one goes first, and a failure stops the rest."""

from dataclasses import replace
from datetime import timedelta

import pytest
from building.bulks import BulkWorld, single_messages
from building.databases import ON_BOTH
from building.racing import at_once
from building.values import APPROVALS, APPROVER, ASKER, TEAM, a_trust, an_account
from building.world import World, a_decider

from bot.domain.bulk import BulkReport, BulkState
from bot.domain.errors import AwsError
from bot.domain.facts import Unreadable, UnreadableCode
from bot.domain.guards import Refused
from bot.domain.request import Mode, Person, RemediationRequest, RequestState
from bot.flows import ask
from bot.flows import bulk as flow
from bot.flows.undo import ask_for_undo
from bot.store import operations, requests

DENIED = AwsError("AttachRolePolicy: AccessDenied", "AccessDenied", "aws-denied-1")
UNREADABLE = Unreadable(UnreadableCode.ACCESS_DENIED, "AssumeRole: AccessDenied", "Deploy the scan role.")
THIRD = Person(TEAM, "U0THIRD")


@pytest.fixture
def bulk(world: World) -> BulkWorld:
    return BulkWorld(world)


def states(report: BulkReport) -> list[str]:
    return [member.state.value for member in report.members]


def refusal(answer: object) -> Refused:
    assert isinstance(answer, Refused), answer
    return answer


# --- asking --------------------------------------------------------------------------------------------


def test_every_account_gets_a_request_and_a_plan_of_its_own(bulk: BulkWorld):
    report = bulk.prepared()

    assert report.bulk.state is BulkState.PENDING
    assert [member.account_name for member in report.planned] == [account.name for account in bulk.accounts]
    assert len({member.approved_hash for member in report.planned}) == 4
    assert report.bulk.hash == report.plans_hash
    assert {member.bulk_id for member in report.members} == {report.bulk.id}


def test_the_audit_has_one_event_for_the_whole_and_one_for_each_account(bulk: BulkWorld):
    report = bulk.prepared()

    (whole,) = bulk.world.events(report.bulk.id)
    assert (whole["kind"], whole["detail"]["count"]) == ("bulk.requested", "4")
    assert all(account.id in whole["detail"]["accounts"] for account in bulk.accounts)
    for member in report.members:
        assert bulk.world.kinds(member.id) == ["fix.requested"]


def test_the_chosen_canary_is_the_first(bulk: BulkWorld):
    ids = [account.id for account in bulk.accounts]

    report = bulk.prepared(account_ids=(ids[2], ids[0], ids[1]))

    assert report.canary is not None
    assert report.canary.account_name == "account 3"


def test_what_cannot_be_fixed_is_left_out_with_its_reason(bulk: BulkWorld):
    first, second, third, _ = bulk.accounts
    bulk.world.cloud.unreadable[first.id] = UNREADABLE
    bulk.world.cloud.add_role(second)
    bulk.world.set_policy(protected_accounts=frozenset({third.id}))

    report = bulk.prepared()

    assert states(report) == ["refused", "already-fixed", "refused", "pending"]
    assert [member.account_name for member in report.planned] == ["account 4"]
    assert [member.account_name for member in report.left_out] == ["account 1", "account 2", "account 3"]
    reasons = [member.outcome.text for member in report.left_out]
    assert "AccessDenied" in reasons[0]
    assert "already" in reasons[1]
    assert "protected" in reasons[2]


def test_at_the_end_the_requester_is_told_what_of_their_wish_was_left_out_and_why(bulk: BulkWorld):
    """Nobody was asked about it, so that "3 of 3" says nothing of it."""
    bulk.world.cloud.unreadable[bulk.accounts[0].id] = UNREADABLE
    report = bulk.prepared()
    bulk.approve(report)
    bulk.run(bulk.read(report))

    bulk.chores.show()

    (told,) = bulk.world.told()
    assert told.startswith("U0ASKER: Your fixes: done. 3 of 3 accounts were fixed. Left out: 1.\n")
    assert "account 1 (000000000001): AssumeRole: AccessDenied" in told


def test_with_nothing_left_nobody_is_asked_and_the_requester_is_told_why(bulk: BulkWorld):
    for account in bulk.accounts:
        bulk.world.cloud.unreadable[account.id] = UNREADABLE

    report = bulk.prepared()
    bulk.chores.show()
    bulk.chores.show()

    assert report.bulk.state is BulkState.REFUSED
    assert bulk.world.messenger.messages == {}
    (told,) = bulk.world.told()
    assert "account 1 (000000000001): AssumeRole: AccessDenied" in told


def test_an_account_with_an_open_request_is_left_out(bulk: BulkWorld):
    other = bulk.world.ask(bulk.accounts[1].id)
    assert isinstance(other, RemediationRequest)

    report = bulk.prepared()

    assert states(report) == ["pending", "refused", "pending", "pending"]
    assert "already preparing" in report.members[1].outcome.text


def test_a_member_keeps_others_from_asking_for_its_account(bulk: BulkWorld):
    bulk.prepared()

    assert refusal(bulk.world.ask(bulk.accounts[0].id)).guard == "one_request_at_a_time"


def test_more_accounts_than_settings_allow_are_refused(bulk: BulkWorld):
    bulk.world.set_policy(max_accounts_per_request=3)

    assert "3 accounts at most; this one is about 4" in refusal(bulk.ask()).reason
    assert bulk.world.kinds() == ["bulk.refused"]
    assert bulk.queued() == []


def test_an_account_that_is_named_twice_counts_once(bulk: BulkWorld):
    first = bulk.accounts[0].id

    assert len(bulk.asked(account_ids=(first, first, bulk.accounts[1].id)).members) == 2


@pytest.mark.parametrize("mode", ["off", "paused", "nothing in scope"])
def test_what_could_never_be_approved_is_refused_at_once(bulk: BulkWorld, mode: str):
    if mode == "off":
        bulk.world.set_policy(mode=Mode.OFF)
    if mode == "paused":
        with bulk.world.engine.begin() as connection:
            operations.set_paused(connection, paused=True, by="U1", now=bulk.world.clock())
    if mode == "nothing in scope":
        bulk.world.cloud.accounts = {}
        bulk.world.read_inventory()

    assert isinstance(bulk.ask(), Refused)
    assert bulk.queued() == []


# --- deciding ------------------------------------------------------------------------------------------


def test_an_approval_is_of_every_plan_and_lets_the_canary_alone_go(bulk: BulkWorld):
    report = bulk.approved()

    assert states(report) == ["approved"] * 4
    assert {member.decision and member.decision.person for member in report.planned} == {APPROVER}
    assert [member.decision and member.decision.plan_hash for member in report.planned] == [
        member.approved_hash for member in report.planned
    ]
    assert [key for key in bulk.queued() if key.startswith("remediate")] == [
        f"remediate:{report.members[0].id}"
    ]
    assert bulk.world.kinds(report.bulk.id) == ["bulk.requested", "bulk.approved"]
    assert bulk.world.kinds(report.members[3].id) == ["fix.requested", "fix.approved"]


def test_the_requester_cannot_approve(bulk: BulkWorld):
    bulk.world.set_policy(approvers=frozenset({ASKER.user_id, APPROVER.user_id}))
    report = bulk.prepared()

    answer = refusal(bulk.approve(report, a_decider(ASKER)))

    assert answer.guard == "not_the_requester"
    assert bulk.read(report).bulk.state is BulkState.PENDING
    assert bulk.world.kinds(report.bulk.id) == ["bulk.requested", "bulk.refused"]


@pytest.mark.parametrize(
    ("decider", "guard"),
    [
        (a_decider(THIRD), "approver_allowed"),
        (a_decider(channel="C0ELSE"), "workspace_and_channel"),
        (a_decider(shared=True), "workspace_and_channel"),
        (a_decider(shared=None), "workspace_and_channel"),
        (a_decider(is_restricted=True), "actor_is_a_member"),
    ],
)
def test_people_who_may_not_approve_one_fix_may_not_approve_many(
    bulk: BulkWorld, decider: ask.Decider, guard: str
):
    report = bulk.prepared()

    assert refusal(bulk.approve(report, decider)).guard == guard
    assert states(bulk.read(report)) == ["pending"] * 4


def test_one_account_that_may_not_be_changed_any_more_keeps_all_from_being_approved(bulk: BulkWorld):
    report = bulk.prepared()
    bulk.world.set_policy(protected_accounts=frozenset({bulk.accounts[2].id}))

    answer = refusal(bulk.approve(report))

    assert answer.reason.startswith("account 3 (000000000003): ")
    assert states(bulk.read(report)) == ["pending"] * 4
    assert [key for key in bulk.queued() if key.startswith("remediate")] == []


def test_one_plan_that_has_changed_keeps_all_from_being_approved(bulk: BulkWorld):
    report = bulk.prepared()
    other = f"arn:aws:iam::{bulk.accounts[1].id}:role/Other"
    bulk.world.cloud.accounts[bulk.accounts[1].id] = replace(bulk.accounts[1], trusted_principals=(other,))
    bulk.world.read_inventory()

    assert refusal(bulk.approve(report)).reason.startswith("account 2 ")
    assert states(bulk.read(report)) == ["pending"] * 4


@ON_BOTH
def test_of_many_approvers_at_once_one_wins_and_one_canary_goes(bulk: BulkWorld):
    people = [Person(TEAM, f"U0APPROVER{number}") for number in range(6)]
    bulk.world.set_policy(approvers=frozenset(person.user_id for person in people))
    report = bulk.prepared()

    answers = at_once(6, lambda number: bulk.approve(report, a_decider(people[number])))

    winners = [answer for answer in answers if isinstance(answer, BulkReport)]
    assert len(winners) == 1
    assert {refusal(a).guard for a in answers if a not in winners} == {"request_is_pending"}
    assert len([key for key in bulk.queued() if key.startswith("remediate")]) == 1
    assert bulk.world.kinds(report.bulk.id).count("bulk.approved") == 1


def test_a_denial_is_of_all(bulk: BulkWorld):
    report = bulk.prepared()

    flow.deny_bulk(bulk.world.desk, report.bulk.id, a_decider(THIRD))

    assert bulk.read(report).bulk.state is BulkState.DENIED
    assert states(bulk.read(report)) == ["denied"] * 4
    assert refusal(bulk.approve(report)).guard == "request_is_pending"
    assert bulk.world.kinds(report.members[0].id) == ["fix.requested", "fix.denied"]


@ON_BOTH
def test_what_nobody_decides_in_time_expires_with_all_its_accounts(bulk: BulkWorld):
    report = bulk.prepared()
    bulk.world.clock.move(hours=2)

    assert refusal(bulk.approve(report)).guard == "not_expired"
    bulk.world.upkeep().expire()
    assert states(bulk.read(report)) == ["pending"] * 4
    bulk.chores.expire()

    assert bulk.read(report).bulk.state is BulkState.EXPIRED
    assert states(bulk.read(report)) == ["expired"] * 4


def test_a_member_cannot_be_decided_by_itself(bulk: BulkWorld):
    report = bulk.prepared()
    member = report.members[2]

    assert isinstance(ask.approve(bulk.world.desk, member.id, a_decider()), Refused)
    assert isinstance(ask.deny(bulk.world.desk, member.id, a_decider()), Refused)
    assert states(bulk.read(report)) == ["pending"] * 4


# --- running -------------------------------------------------------------------------------------------


@ON_BOTH
def test_the_canary_goes_first_and_alone_then_the_others_in_waves(bulk: BulkWorld):
    report = bulk.approved()
    assert report.bulk.released == 1

    after_canary = bulk.fix_released(report)
    assert bulk.written() == ["account 1"]
    assert after_canary.bulk.released == 3

    after_wave = bulk.fix_released(report)
    assert bulk.written() == ["account 1", "account 2", "account 3"]
    assert after_wave.bulk.released == 4

    ended = bulk.fix_released(report)
    assert ended.bulk.state is BulkState.DONE
    assert states(ended) == ["applied"] * 4
    assert ended.bulk.outcome.text == "4 of 4 accounts were fixed."
    assert bulk.world.kinds(report.bulk.id) == ["bulk.requested", "bulk.approved", "bulk.done"]


def test_every_account_has_the_whole_trail_of_a_fix(bulk: BulkWorld):
    ended = bulk.run(bulk.approved())

    trail = ["fix.requested", "fix.approved", "change.intended", "change.applied", "change.verified"]
    assert [bulk.world.kinds(member.id) for member in ended.members] == [trail] * 4


def test_a_canary_that_fails_leaves_all_others_untouched(bulk: BulkWorld):
    report = bulk.approved()
    bulk.world.cloud.faults["AttachRolePolicy"] = DENIED

    ended = bulk.run(report)

    assert bulk.written() == ["account 1"]
    assert bulk.world.cloud.find(bulk.accounts[0].id, "aws-support-access") is None
    assert states(ended) == ["failed", "skipped", "skipped", "skipped"]
    assert ended.bulk.state is BulkState.STOPPED
    assert "account 1" in ended.bulk.outcome.text
    assert "AccessDenied" in ended.bulk.outcome.text
    assert "3 were not attempted" in ended.bulk.outcome.text
    assert bulk.world.kinds(ended.members[3].id) == ["fix.requested", "fix.approved", "fix.skipped"]
    assert bulk.world.kinds(report.bulk.id)[-1] == "bulk.stopped"


@ON_BOTH
def test_a_failure_in_a_wave_stops_what_has_not_begun(bulk: BulkWorld):
    report = bulk.fix_released(bulk.approved())
    bulk.world.cloud.faults["CreateRole"] = AwsError("CreateRole: LimitExceeded", "LimitExceeded")

    bulk.world.fix(report.members[1])
    ended = bulk.run(report)

    assert bulk.written() == ["account 1"]
    assert states(ended) == ["applied", "failed", "skipped", "skipped"]


def test_a_role_that_cannot_be_read_back_stops_the_rest(bulk: BulkWorld):
    bulk.world.cloud.is_slow_to_show = True

    ended = bulk.run(bulk.approved())

    assert states(ended) == ["applied-unverified", "skipped", "skipped", "skipped"]


def test_a_dry_run_rehearses_every_account_and_writes_nothing(bulk: BulkWorld):
    bulk.world.set_policy(mode=Mode.DRY_RUN)

    ended = bulk.run(bulk.approved())

    assert states(ended) == ["rehearsed"] * 4
    assert ended.bulk.outcome.text == "4 of 4 accounts were rehearsed."
    assert bulk.world.cloud.calls == []


@ON_BOTH
def test_a_pause_stops_it_at_the_next_account(bulk: BulkWorld):
    report = bulk.fix_released(bulk.approved())
    with bulk.world.engine.begin() as connection:
        operations.set_paused(connection, paused=True, by="U1", now=bulk.world.clock())

    ended = bulk.run(report)

    assert bulk.written() == ["account 1"]
    assert states(ended) == ["applied", "refused", "skipped", "skipped"]


def test_an_approver_who_left_stops_it_at_the_next_account(bulk: BulkWorld):
    report = bulk.fix_released(bulk.approved())
    bulk.world.messenger.change(APPROVER.user_id, is_deleted=True)

    ended = bulk.run(report)

    assert bulk.written() == ["account 1"]
    assert ended.bulk.state is BulkState.STOPPED


@ON_BOTH
def test_the_hourly_limit_holds_for_each_account_and_is_waited_for(bulk: BulkWorld):
    bulk.world.desk = replace(bulk.world.desk, request_ttl=timedelta(hours=8))
    report = bulk.approved()
    bulk.world.set_policy(max_changes_per_hour=2)

    waiting = bulk.run(report)
    bulk.chores.go_on()
    waiting = bulk.read(waiting)

    assert bulk.written() == ["account 1", "account 2"]
    assert waiting.bulk.state is BulkState.RUNNING
    assert "It waits: 2 accounts were changed in the last hour" in waiting.bulk.outcome.text

    bulk.world.clock.move(minutes=61)
    bulk.chores.go_on()
    ended = bulk.run(bulk.read(report))

    assert ended.bulk.state is BulkState.DONE
    assert len(bulk.written()) == 4


def test_what_waits_for_longer_than_its_approval_lasts_is_not_attempted(bulk: BulkWorld):
    report = bulk.approved()
    bulk.world.set_policy(max_changes_per_hour=2)
    bulk.run(report)

    bulk.world.clock.move(hours=2)
    bulk.chores.go_on()
    ended = bulk.read(report)

    assert ended.bulk.state is BulkState.STOPPED
    assert states(ended) == ["applied", "applied", "skipped", "skipped"]
    assert "The time of its approval ran out." in ended.bulk.outcome.text


def test_members_that_wait_for_their_wave_take_nothing_of_the_limit(bulk: BulkWorld):
    report = bulk.approved()
    with bulk.world.engine.connect() as connection:
        made = requests.count_changes(connection, since=bulk.world.clock(), besides=report.members[0].id)

    assert made == 0


def test_an_undo_of_one_while_others_wait_stops_the_rest(bulk: BulkWorld):
    """Somebody found fault with it: whether the others are wanted, people should say."""
    report = bulk.fix_released(bulk.approved())
    with bulk.world.engine.begin() as connection:
        requests.move(
            connection,
            report.members[0].id,
            before=RequestState.APPLIED,
            after=RequestState.UNDONE,
            now=bulk.world.clock(),
        )

    bulk.chores.go_on()

    assert states(bulk.read(report)) == ["undone", "skipped", "skipped", "skipped"]


def test_the_undo_of_a_member_is_a_request_of_its_own(bulk: BulkWorld):
    ended = bulk.run(bulk.approved())

    undo = ask_for_undo(
        bulk.world.desk, fix_id=ended.members[0].id, requester=ASKER, reason="no longer", channel="C1"
    )

    assert isinstance(undo, RemediationRequest)
    assert undo.bulk_id == ""


# --- stopping ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("person", [ASKER, APPROVER])
def test_the_requester_and_every_approver_can_stop_it_before_the_next_account(
    bulk: BulkWorld, person: Person
):
    report = bulk.fix_released(bulk.approved())
    bulk.world.messenger.people[ASKER.user_id] = a_decider(ASKER).facts or pytest.fail("no facts")

    stopped = bulk.stop(report, person)
    ended = bulk.run(report)

    assert isinstance(stopped, BulkReport)
    assert bulk.written() == ["account 1"]
    assert states(ended) == ["applied", "skipped", "skipped", "skipped"]
    assert (ended.bulk.state, ended.bulk.stopped_by) == (BulkState.STOPPED, person)
    assert f"<@{person.user_id}> stopped it." in ended.bulk.outcome.text
    asked, stopped_event = bulk.world.events(report.bulk.id)[-2:]
    assert (asked["kind"], stopped_event["kind"]) == ("bulk.stop-asked", "bulk.stopped")
    assert asked["detail"]["where"] == APPROVALS


def test_nobody_else_can_stop_it(bulk: BulkWorld):
    report = bulk.approved()

    assert refusal(bulk.stop(report, THIRD)).reason == "You are not an approver."
    assert bulk.read(report).bulk.state is BulkState.RUNNING


@ON_BOTH
def test_what_is_being_changed_goes_to_its_end_and_only_then_it_is_stopped(bulk: BulkWorld):
    report = bulk.approved()
    during: list[BulkState] = []

    def stop_in_between() -> None:
        bulk.stop(report, APPROVER)
        bulk.chores.go_on()
        during.append(bulk.read(report).bulk.state)

    bulk.world.cloud.after["CreateRole"] = stop_in_between
    ended = bulk.run(report)

    assert during == [BulkState.STOPPING]
    assert states(ended) == ["applied", "skipped", "skipped", "skipped"]
    assert ended.bulk.state is BulkState.STOPPED


def test_a_click_about_a_bulk_request_that_is_not_known_is_on_record(bulk: BulkWorld):
    for deed in (flow.approve_bulk, flow.deny_bulk, flow.stop_bulk):
        assert isinstance(deed(bulk.world.desk, "bulk-unknown", a_decider()), Refused)

    assert bulk.world.kinds("bulk-unknown") == ["bulk.refused"] * 3


def test_it_is_stopped_once(bulk: BulkWorld):
    report = bulk.approved()
    bulk.stop(report, APPROVER)

    assert refusal(bulk.stop(report, APPROVER)).guard == "bulk_is_running"


# --- what stands in Slack ------------------------------------------------------------------------------


@ON_BOTH
def test_one_message_asks_shows_and_records_it_all(bulk: BulkWorld):
    report = bulk.prepared()
    bulk.chores.show()
    assert bulk.shown().bulk.state is BulkState.PENDING

    bulk.approve(report)
    ended = bulk.run(bulk.read(report))
    bulk.world.upkeep().show_requests()
    bulk.chores.show()

    assert bulk.shown() == replace(ended, bulk=replace(ended.bulk, message=bulk.shown().bulk.message))
    assert single_messages(bulk.world) == []
    (told,) = bulk.world.told()
    assert told == "U0ASKER: Your fixes: done. 4 of 4 accounts were fixed."


def test_while_it_runs_the_message_is_brought_up_to_date_every_other_second(bulk: BulkWorld):
    report = bulk.approved()
    bulk.chores.show()
    before = bulk.world.messenger.updates

    bulk.fix_released(report)
    bulk.chores.show()
    assert bulk.world.messenger.updates == before

    bulk.world.clock.move(seconds=2)
    bulk.chores.show()
    bulk.chores.show()
    assert bulk.world.messenger.updates == before + 1
    assert bulk.shown().members[0].state is RequestState.APPLIED


def test_a_slack_outage_delays_the_message_and_loses_nothing(bulk: BulkWorld):
    bulk.prepared()
    bulk.world.messenger.down = "internal_error"
    bulk.chores.show()
    bulk.world.messenger.down = ""

    bulk.chores.show()

    assert bulk.shown().bulk.state is BulkState.PENDING


@ON_BOTH
def test_two_workers_post_one_message(bulk: BulkWorld):
    bulk.prepared()

    at_once(4, lambda _: bulk.chores.show())

    assert bulk.shown().bulk.state is BulkState.PENDING


def test_an_undo_afterwards_is_shown_in_the_record(bulk: BulkWorld):
    ended = bulk.run(bulk.approved())
    bulk.chores.show()
    with bulk.world.engine.begin() as connection:
        requests.move(
            connection,
            ended.members[1].id,
            before=RequestState.APPLIED,
            after=RequestState.UNDONE,
            now=bulk.world.clock(),
        )

    bulk.world.clock.move(seconds=2)
    bulk.chores.show()

    assert bulk.shown().members[1].state is RequestState.UNDONE
    assert len(bulk.world.told()) == 1


# --- with the real engine ------------------------------------------------------------------------------


@ON_BOTH
def test_from_the_question_to_the_last_role_by_the_queues(bulk: BulkWorld):
    bulk.start()
    asked = bulk.asked()
    pending = bulk.wait_for(asked, BulkState.PENDING)
    assert isinstance(bulk.approve(pending), BulkReport)

    ended = bulk.wait_for(asked, BulkState.DONE)

    assert states(ended) == ["applied"] * 4
    assert bulk.written()[0] == "account 1"


@ON_BOTH
def test_a_worker_that_died_before_the_next_wave_is_gone_on_from_by_another(bulk: BulkWorld):
    """All that is to be done next stands in rows: there is no workflow to be lost."""
    report = bulk.approved()
    member = report.members[0]
    with bulk.world.engine.begin() as connection:
        now = bulk.world.clock()
        for before, after in (
            (RequestState.APPROVED, RequestState.APPLYING),
            (RequestState.APPLYING, RequestState.APPLIED),
        ):
            requests.move(connection, member.id, before=before, after=after, now=now)
    assert bulk.read(report).bulk.released == 1

    bulk.start("worker-2")
    ended = bulk.wait_for(report, BulkState.DONE)

    assert sorted(bulk.written()) == ["account 2", "account 3", "account 4"]
    assert states(ended) == ["applied"] * 4


@ON_BOTH
def test_two_workers_never_let_the_same_wave_go_twice(bulk: BulkWorld):
    report = bulk.approved()
    with bulk.world.engine.begin() as connection:
        now = bulk.world.clock()
        for before, after in (
            (RequestState.APPROVED, RequestState.APPLYING),
            (RequestState.APPLYING, RequestState.APPLIED),
        ):
            requests.move(connection, report.members[0].id, before=before, after=after, now=now)

    at_once(6, lambda _: bulk.chores.go_on())

    released = [key for key in bulk.queued() if key.startswith("remediate")]
    assert released == [f"remediate:{member.id}" for member in bulk.read(report).members[:3]]


def test_a_sound_role_by_another_way_leaves_the_account_out(bulk: BulkWorld):
    account = an_account(bulk.accounts[0].id, name="account 1")
    bulk.world.cloud.add_role(account, trust=a_trust(account))

    assert bulk.prepared().left_out[0].state is RequestState.ALREADY_FIXED
