"""A waiver from the wish to its end: real rows, a clock that is moved, and Slack as the flows see it."""

import json
from dataclasses import dataclass, fields, replace
from datetime import time, timedelta
from typing import Any, Never
from zoneinfo import ZoneInfo

import pytest
from adapters.clock import FakeClock
from adapters.messenger import FakeMessenger
from building.databases import ON_BOTH
from building.racing import at_once
from building.values import (
    APPROVALS,
    APPROVER,
    ASKER,
    AUDIT,
    NOW,
    PAYMENTS,
    TEAM,
    a_finding,
    a_member,
    a_policy,
    an_account,
)
from building.waivers import OWNER
from sqlalchemy import Engine

from bot.domain.account import AccountId
from bot.domain.digest import Digest
from bot.domain.errors import MessengerError
from bot.domain.finding import Verdict
from bot.domain.guards import Click, Refused
from bot.domain.people import Notice, PersonFacts
from bot.domain.plan import RoleSettings
from bot.domain.request import Mode, Person
from bot.domain.scope import Scope
from bot.domain.status import Status
from bot.domain.waiver import Told, Waiver, WaiverState
from bot.flows import waive
from bot.flows.ask import Decider
from bot.flows.desk import Desk, DigestSettings
from bot.flows.digester import Digester
from bot.flows.engine import build_enqueue
from bot.flows.parts import Aws, Parts
from bot.flows.scan import read_status
from bot.flows.scanner import Scanner
from bot.flows.waive import WaiverWish
from bot.flows.waiver_chores import WaiverChores
from bot.store import accounts, audit, findings, operations, waivers

OTHER = Person(TEAM, "U0OTHER")
LEDGER = an_account("444455556666", name="ledger")
BERLIN = ZoneInfo("Europe/Berlin")
UNTIL = "2026-03-31"


def no_aws(*_: Any) -> Never:
    raise AssertionError("a waiver has nothing to do with AWS")


@dataclass(frozen=True, slots=True)
class Team:
    """A bot without its processes: what people and workers do, and what there is afterwards."""

    desk: Desk
    clock: FakeClock
    slack: FakeMessenger
    parts: Parts

    @property
    def engine(self) -> Engine:
        return self.desk.engine

    def ask(self, **changes: Any) -> Waiver | Refused:
        wish = WaiverWish(
            account_id=PAYMENTS,
            requester=ASKER,
            owner=OWNER,
            owner_facts=PersonFacts(OWNER, TEAM),
            reason="moves to another organization in April",
            until=UNTIL,
            channel="C0ORIGIN",
        )
        return waive.ask_for_waiver(self.desk, replace(wish, **changes))

    def asked(self, **changes: Any) -> Waiver:
        waiver = self.ask(**changes)
        assert isinstance(waiver, Waiver)
        return waiver

    def granted(self, **changes: Any) -> Waiver:
        waiver = waive.grant(self.desk, self.asked(**changes).id, by(APPROVER))
        assert isinstance(waiver, Waiver)
        return waiver

    def look(self, waiver: Waiver) -> Waiver:
        with self.engine.connect() as connection:
            found = waivers.read_waiver(connection, waiver.id)
        assert found is not None
        return found

    def do_chores(self) -> None:
        """What a worker does again and again."""
        chores = WaiverChores(self.parts)
        chores.end()
        chores.show()
        chores.tell()

    def told(self) -> list[tuple[str, str]]:
        return [(user, notice.title) for user, _, notice in self.slack.told]

    def events(self) -> list[dict[str, Any]]:
        with self.engine.connect() as connection:
            return [json.loads(each.body)["event"] for each in audit.read_events(connection)]

    def kinds(self) -> list[str]:
        return [event["kind"] for event in self.events()]

    def status(self, scope: Scope | None = None) -> Status:
        with self.engine.connect() as connection:
            return read_status(self.desk, connection, scope=scope or Scope(), words="")

    def digest(self) -> Digest:
        Digester(self.parts).post_now("C0TEAM", ASKER.user_id)
        found = self.slack.shown("C0TEAM")[-1]
        assert isinstance(found, Digest)
        return found


@pytest.fixture
def team(database: Engine) -> Team:
    engine = database
    clock, slack = FakeClock(), FakeMessenger()
    desk = Desk(
        engine=engine,
        enqueue=build_enqueue(engine),
        clock=clock,
        policy=a_policy(),
        role=RoleSettings(),
        request_ttl=timedelta(hours=4),
        audit_channel=AUDIT,
        digest=DigestSettings("C0TEAM", time(9), BERLIN),
    )
    aws = Aws(**{each.name: no_aws for each in fields(Aws)})
    with engine.begin() as connection:
        accounts.save_accounts(connection, [an_account(), LEDGER], now=NOW)
        found = [a_finding(Verdict.FAIL), a_finding(Verdict.PASS, LEDGER)]
        findings.save_findings(connection, found, scan_id="scan-1")
    return Team(desk, clock, slack, Parts(desk, slack, aws))


def by(person: Person, channel: str = APPROVALS) -> Decider:
    return Decider(Click(person, channel, is_shared_channel=False), a_member(person), {})


def find(team: Team, verdict: Verdict, *, days: int = 0) -> None:
    """The account is read again."""
    finding = a_finding(verdict, checked_at=NOW + timedelta(days=days, seconds=1))
    with team.engine.begin() as connection:
        findings.save_findings(connection, [finding], scan_id=f"scan-{days}-{verdict}")


# --- asking ---


def test_a_wish_is_put_before_the_approvers_and_recorded(team: Team):
    waiver = team.asked()

    team.do_chores()

    (shown,) = team.slack.shown(APPROVALS)
    assert (shown.id, shown.state, shown.owner) == (waiver.id, WaiverState.PENDING, OWNER)
    (event,) = team.events()
    assert event["kind"] == "waiver.requested"
    assert event["request_id"] == waiver.id
    assert event["detail"]["reason"] == "moves to another organization in April"
    assert (event["detail"]["owner"], event["detail"]["until"]) == (OWNER, UNTIL)


def test_the_last_day_is_counted_in_the_zone_of_the_digest(team: Team):
    assert team.asked(until="2026-03-31").ends_at.isoformat() == "2026-03-31T22:00:00+00:00"


@pytest.mark.parametrize(("until", "said"), [("2026-03-01", "has passed"), ("2026-06-01", "90 days at most")])
def test_a_date_that_a_form_should_not_have_let_through_is_refused(team: Team, until: str, said: str):
    refusal = team.ask(until=until)

    assert isinstance(refusal, Refused)
    assert said in refusal.reason
    assert team.kinds() == ["waiver.refused"]


@pytest.mark.parametrize(
    ("owner", "said"),
    [
        (None, "could not say who the owner is"),
        (PersonFacts(OWNER, TEAM, is_bot=True), "cannot be the owner"),
        (PersonFacts(OWNER, TEAM, is_deleted=True), "cannot be the owner"),
        (PersonFacts(OWNER, TEAM, is_restricted=True), "cannot be the owner"),
        (PersonFacts(OWNER, TEAM, is_ultra_restricted=True), "cannot be the owner"),
        (PersonFacts(OWNER, TEAM, is_stranger=True), "cannot be the owner"),
    ],
)
def test_the_owner_is_a_full_member(team: Team, owner: PersonFacts | None, said: str):
    refusal = team.ask(owner_facts=owner)

    assert isinstance(refusal, Refused)
    assert (refusal.guard, said in refusal.reason) == ("owner_is_a_member", True)
    assert team.kinds() == ["waiver.refused"]


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (Verdict.PASS, "has a support role"),
        (Verdict.UNKNOWN, "could not be read"),
        (Verdict.SKIPPED, "is not checked"),
    ],
)
def test_what_a_waiver_could_not_turn_is_not_asked_of_anybody(team: Team, verdict: Verdict, said: str):
    find(team, verdict)

    refusal = team.ask()

    assert isinstance(refusal, Refused)
    assert said in refusal.reason
    assert team.kinds() == ["waiver.refused"]


def test_one_wish_for_an_account_waits_at_a_time(team: Team):
    team.asked()

    refusal = team.ask(requester=OTHER)

    assert isinstance(refusal, Refused)
    assert f"<@{ASKER.user_id}> asked for it" in refusal.reason


def test_an_account_that_is_not_in_scope_cannot_be_waived(team: Team):
    refusal = team.ask(account_id=AccountId("999999999999"))

    assert isinstance(refusal, Refused)
    assert refusal.guard == "account_in_scope"
    (event,) = team.events()
    assert (event["kind"], event["account_id"]) == ("waiver.refused", "999999999999")


# --- deciding ---


@ON_BOTH
def test_a_second_person_grants_it_and_the_account_is_shown_as_waived(team: Team):
    waiver = team.granted()

    team.do_chores()

    status = team.status()
    assert status.attention == ()
    assert [each.id for each in status.waived] == [waiver.id]
    assert (status.summary.count(Verdict.WAIVED), status.summary.count(Verdict.FAIL)) == (1, 0)
    (shown,) = team.slack.shown(APPROVALS)
    assert (shown.state, shown.decision.person) == (WaiverState.GRANTED, APPROVER)
    assert team.kinds() == ["waiver.requested", "waiver.granted"]


def test_what_was_found_in_the_account_stays_in_the_store(team: Team):
    team.granted()

    with team.engine.connect() as connection:
        known = findings.read_finding(connection, PAYMENTS)

    assert known is not None
    assert known.finding.verdict is Verdict.FAIL


@ON_BOTH
def test_of_two_approvers_at_once_one_wins_and_the_other_is_told_who(team: Team):
    second = Person(TEAM, "U0SECOND")
    policy = a_policy(approvers=frozenset({APPROVER.user_id, second.user_id}))
    desk = replace(team.desk, policy=policy)
    waiver = team.asked()

    def click(number: int) -> Waiver | Refused:
        return waive.grant(desk, waiver.id, by((APPROVER, second)[number]))

    answers = at_once(2, click)

    (winner,) = [answer for answer in answers if isinstance(answer, Waiver)]
    (loser,) = [answer for answer in answers if isinstance(answer, Refused)]
    assert winner.decision is not None
    assert f"already granted by <@{winner.decision.person.user_id}>" in loser.reason
    assert team.kinds() == ["waiver.requested", "waiver.granted", "waiver.refused"]


def test_whoever_asked_cannot_grant_it_even_as_an_approver(team: Team):
    waiver = team.asked(requester=APPROVER)

    refusal = waive.grant(team.desk, waiver.id, by(APPROVER))

    assert isinstance(refusal, Refused)
    assert refusal.guard == "not_the_requester"
    assert team.look(waiver).state is WaiverState.PENDING
    assert team.kinds() == ["waiver.requested", "waiver.refused"]


def test_any_member_may_deny_and_whoever_asked_hears_of_it(team: Team):
    waiver = team.asked()

    waive.deny(team.desk, waiver.id, by(OTHER))
    team.do_chores()

    assert team.look(waiver).state is WaiverState.DENIED
    assert team.told() == [(ASKER.user_id, "The waiver for payments (111122223333) was denied")]
    assert team.status().summary.count(Verdict.FAIL) == 1


def test_a_click_on_a_waiver_that_nobody_knows_is_refused_and_on_record(team: Team):
    assert isinstance(waive.grant(team.desk, "waiver-made-up", by(APPROVER)), Refused)

    (event,) = team.events()
    assert (event["kind"], event["request_id"]) == ("waiver.refused", "waiver-made-up")
    assert event["actor"] == f"{APPROVER.team_id}/{APPROVER.user_id}"


@ON_BOTH
def test_a_wish_that_nobody_decides_about_expires(team: Team):
    waiver = team.asked()

    team.clock.move(hours=4)
    refusal = waive.grant(team.desk, waiver.id, by(APPROVER))
    team.do_chores()
    team.do_chores()

    assert isinstance(refusal, Refused)
    assert refusal.guard == "not_expired"
    assert team.look(waiver).state is WaiverState.UNDECIDED
    assert team.kinds() == ["waiver.requested", "waiver.refused", "waiver.undecided"]
    assert team.told() == [(ASKER.user_id, "The waiver for payments (111122223333) was not decided")]


def test_a_wish_is_never_decided_after_the_last_day_that_it_asks_for(team: Team):
    team.clock.now = NOW.replace(hour=21)

    waiver = team.asked(until="2026-03-02")

    assert waiver.decide_by == waiver.ends_at


def test_neither_the_mode_nor_the_pause_keeps_anybody_from_a_waiver(team: Team):
    with team.engine.begin() as connection:
        operations.set_paused(connection, paused=True, by="somebody", now=NOW)
    desk = replace(team.desk, policy=a_policy(mode=Mode.OFF))

    waiver = waive.grant(desk, team.asked().id, by(APPROVER))

    assert isinstance(waiver, Waiver)


@ON_BOTH
def test_a_newer_waiver_takes_the_place_of_the_older(team: Team):
    older = team.granted()

    newer = team.granted(until="2026-05-15")

    assert team.look(older).state is WaiverState.REPLACED
    assert [each.id for each in team.status().waived] == [newer.id]
    assert team.kinds()[2:] == ["waiver.requested", "waiver.replaced", "waiver.granted"]


# --- taking it back ---


@pytest.mark.parametrize(
    "person", [APPROVER, ASKER, Person(TEAM, OWNER)], ids=["approver", "requester", "owner"]
)
@ON_BOTH
def test_one_person_revokes_it_and_the_account_fails_at_once(team: Team, person: Person):
    waiver = team.granted()

    waive.revoke(team.desk, waiver.id, by(person, "C0ELSEWHERE"))
    before_any_chore = team.status()
    team.do_chores()

    assert before_any_chore.summary.count(Verdict.FAIL) == 1
    (shown,) = team.slack.shown(APPROVALS)
    assert (shown.state, shown.revocation.person) == (WaiverState.REVOKED, person)
    assert team.kinds()[-1] == "waiver.revoked"


@ON_BOTH
def test_nobody_else_revokes_it(team: Team):
    waiver = team.granted()

    refusal = waive.revoke(team.desk, waiver.id, by(OTHER))

    assert isinstance(refusal, Refused)
    assert refusal.guard == "may_revoke"
    assert team.look(waiver).state is WaiverState.GRANTED


# --- reminders and the end ---


@ON_BOTH
def test_the_owner_is_told_at_each_step_of_a_whole_life_exactly_once(team: Team):
    waiver = team.granted()

    while team.clock.now < waiver.ends_at + timedelta(days=3):
        team.do_chores()
        team.clock.move(hours=8)

    label = "The waiver for payments (111122223333)"
    assert [title for user, title in team.told() if user == OWNER] == [
        f"{label} is in force",
        f"{label} ends in 14 days",
        f"{label} ends in 3 days",
        f"{label} has ended",
    ]
    assert team.kinds() == [
        "waiver.requested",
        "waiver.granted",
        "waiver.reminded",
        "waiver.reminded",
        "waiver.expired",
    ]
    assert team.look(waiver).state is WaiverState.ENDED


def test_reminders_are_direct_messages_which_wait_for_their_reader(team: Team):
    waiver = team.granted()
    team.clock.now = waiver.ends_at - timedelta(days=3)

    team.do_chores()

    assert [(user, channel) for user, channel, _ in team.slack.told] == [(OWNER, "")]


def test_a_reminder_that_was_missed_is_sent_late_and_says_what_is_left(team: Team):
    waiver = team.granted()
    team.do_chores()

    team.clock.now = waiver.ends_at - timedelta(days=9, hours=6)
    team.do_chores()
    team.do_chores()

    assert team.told()[-1] == (OWNER, "The waiver for payments (111122223333) ends in 10 days")
    assert team.kinds().count("waiver.reminded") == 1


def test_after_the_end_there_is_no_reminder_but_the_word_of_the_end(team: Team):
    waiver = team.granted()
    team.do_chores()
    team.slack.told.clear()

    team.clock.now = waiver.ends_at + timedelta(days=30)
    team.do_chores()
    team.do_chores()

    label = "The waiver for payments (111122223333)"
    assert team.told() == [(OWNER, f"{label} has ended"), (ASKER.user_id, f"{label} has ended")]
    assert "waiver.reminded" not in team.kinds()


@ON_BOTH
def test_two_workers_remind_once(team: Team):
    waiver = team.granted()
    team.do_chores()
    team.clock.now = waiver.ends_at - timedelta(days=14)

    at_once(4, lambda _: WaiverChores(team.parts).tell())

    assert team.kinds().count("waiver.reminded") == 1
    assert len([title for _, title in team.told() if "14 days" in title]) == 1


@ON_BOTH
def test_what_slack_did_not_take_is_told_when_it_is_back(team: Team):
    waiver = team.granted()
    team.do_chores()
    team.slack.told.clear()
    team.clock.now = waiver.ends_at - timedelta(days=14)
    team.slack.down = "internal_error"
    team.do_chores()
    team.slack.down = ""

    team.clock.move(minutes=3)
    team.do_chores()

    assert team.told() == [(OWNER, "The waiver for payments (111122223333) ends in 14 days")]


@dataclass(slots=True)
class WithoutOwner(FakeMessenger):
    """The owner has left the company."""

    def tell(self, user_id: str, channel: str, notice: Notice) -> None:
        if user_id == OWNER:
            raise MessengerError("conversations.open: user_disabled", "user_disabled")
        FakeMessenger.tell(self, user_id, channel, notice)


def test_where_the_owner_is_gone_whoever_asked_is_reminded(team: Team):
    slack = WithoutOwner()
    gone = replace(team, slack=slack, parts=replace(team.parts, messenger=slack))
    waiver = gone.granted()
    gone.clock.now = waiver.ends_at - timedelta(days=3)

    gone.do_chores()

    assert gone.told() == [(ASKER.user_id, "The waiver for payments (111122223333) ends in 3 days")]
    assert f"<@{ASKER.user_id}> was reminded" in gone.events()[-1]["outcome"]


@ON_BOTH
def test_a_waiver_ends_on_time_even_while_no_worker_runs(team: Team):
    waiver = team.granted()

    team.clock.now = waiver.ends_at

    assert team.look(waiver).state is WaiverState.GRANTED
    assert team.status().summary.count(Verdict.FAIL) == 1
    assert team.status().waived == ()


def test_the_message_becomes_the_record_of_the_end(team: Team):
    waiver = team.granted()
    team.do_chores()

    team.clock.now = waiver.ends_at
    team.do_chores()

    (shown,) = team.slack.shown(APPROVALS)
    assert shown.state is WaiverState.ENDED


def test_a_message_that_somebody_removed_is_not_followed_for_ever(team: Team):
    waiver = team.asked()
    team.do_chores()
    team.slack.messages.clear()
    waive.deny(team.desk, waiver.id, by(OTHER))

    team.do_chores()

    with team.engine.connect() as connection:
        assert waivers.read_stale_messages(connection) == ()


def test_a_message_that_slack_did_not_take_is_posted_when_it_is_back(team: Team):
    team.slack.down = "internal_error"
    team.asked()
    team.do_chores()
    team.slack.down = ""

    team.clock.move(minutes=3)
    team.do_chores()

    assert len(team.slack.shown(APPROVALS)) == 1


# --- where findings are shown ---


@ON_BOTH
def test_scopes_by_verdict_go_by_what_is_shown(team: Team):
    team.granted()

    failing = team.status(Scope(verdicts=frozenset({Verdict.FAIL})))
    waived = team.status(Scope(verdicts=frozenset({Verdict.WAIVED})))

    assert failing.summary.in_scope == 0
    assert (waived.summary.in_scope, len(waived.waived)) == (1, 1)


def test_a_waived_account_that_passes_is_shown_as_passing(team: Team):
    team.granted()

    find(team, Verdict.PASS)

    assert team.status().summary.count(Verdict.PASS) == 2
    assert team.status().waived == ()


def test_a_waiver_never_hides_an_account_that_cannot_be_read(team: Team):
    team.granted()

    find(team, Verdict.UNKNOWN)

    assert team.status().summary.count(Verdict.UNKNOWN) == 1
    assert [item.finding.verdict for item in team.status().attention] == [Verdict.UNKNOWN]


def test_the_digest_names_what_ends_within_14_days_and_counts_the_account_as_waived(team: Team):
    waiver = team.granted()

    early = team.digest()
    team.clock.now = waiver.ends_at - timedelta(days=13)
    late = team.digest()

    assert early.ending_waivers == ()
    assert [each.id for each in late.ending_waivers] == [waiver.id]
    assert (late.summary.count(Verdict.WAIVED), late.open_findings) == (1, ())


def test_the_digest_on_the_day_after_the_end_says_that_the_account_fails_anew(team: Team):
    waiver = team.granted()
    digester = Digester(team.parts)
    team.clock.now = waiver.ends_at - timedelta(hours=12)
    digester.post_daily("C0TEAM", "2026-03-31")

    team.clock.now = waiver.ends_at + timedelta(hours=12)
    digester.post_daily("C0TEAM", "2026-04-01")

    before, after = team.slack.shown("C0TEAM")
    assert before.summary.count(Verdict.WAIVED) == 1
    assert [change.known.finding.account.id for change in after.newly_failing] == [PAYMENTS]


def test_a_scan_of_waived_accounts_reads_those_that_are_shown_so(team: Team):
    team.granted()

    with team.engine.connect() as connection:
        everybody = accounts.read_accounts(connection)
        waived = Scanner(team.parts)._choose(connection, "verdict:waived", everybody)
        failing = Scanner(team.parts)._choose(connection, "verdict:fail", everybody)

    assert (waived, failing) == ([PAYMENTS], [])


def test_the_word_kept_is_the_last_that_went_out(team: Team):
    waiver = team.granted()

    team.do_chores()

    assert team.look(waiver).told is Told.GRANTED
