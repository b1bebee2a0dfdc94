"""Fixes and undos of one account under anything that people, workers and AWS may do, in any order.

A model beside it knows who is in the approver group, what is paused, who approved what and what is planted in
the account. It says of every click whether it may count, and of every write whether it may happen.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest
from adapters.aws import CloudRole
from building.cutting import Cut, CutCloud, Killed, cutting_commits
from building.databases import ON_BOTH
from building.emptying import empty, hurry
from building.trails import is_legal, is_refused_click, word_of
from building.undoing import NAME, ask_undo
from building.values import APPROVALS, APPROVER, ASKER, AUDIT, PAYMENTS, TEAM, a_member, an_account
from building.world import World, a_decider
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from bot.domain.audit import ChainIntact
from bot.domain.errors import AwsError
from bot.domain.guards import Refused
from bot.domain.request import MOVES, Mode, Person, RemediationRequest, RequestKind, RequestState
from bot.flows import ask, attempt
from bot.flows import pause as switch
from bot.flows.ask import Decider
from bot.flows.prepare import Preparer
from bot.flows.remediate import Run
from bot.flows.undo_run import UndoRun
from bot.flows.undoer import Undoer
from bot.store import audit

GROUP = "S0CLOUD"
SECOND, PLAIN, GUEST, ADMIN = (Person(TEAM, f"U0{name}") for name in ("SECOND", "PLAIN", "GUEST", "ADMIN"))
PEOPLE = (ASKER, APPROVER, SECOND, PLAIN, GUEST)
POLICY = "arn:aws:iam::aws:policy/AWSSupportAccess"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
HOSTILE = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}'
SETTINGS = settings(
    max_examples=120,
    stateful_step_count=16,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    # To make a failing run shorter takes minutes: add Phase.shrink to look into one.
    phases=(Phase.generate,),
)
FEWER = 12
"""Examples on PostgreSQL, where each of their many small transactions takes longer."""
RESPONDER = an_account().trusted_principals[0]
OPEN = {RequestState.PREPARING, RequestState.PENDING, RequestState.APPROVED, RequestState.APPLYING}
THERE = {RequestState.APPLIED, RequestState.APPLIED_UNVERIFIED}

# --- the order of steps, as the workflows have it ----------------------------------------------------------

AFTER: dict[RequestKind, dict[str, tuple[str, str]]] = {
    RequestKind.FIX: {
        "begin": ("create", "show"),
        "create": ("attach", "show"),
        "attach": ("read_back", "show"),
        "read_back": ("refresh_finding", "show"),
        "refresh_finding": ("show", "show"),
        "show": ("", ""),
    },
    RequestKind.UNDO: {
        "begin": ("take_away", "show"),
        "take_away": ("see_it_gone", "refresh_if_written"),
        "see_it_gone": ("refresh_if_written", "refresh_if_written"),
        "refresh_if_written": ("show", "show"),
        "show": ("show_fix", "show_fix"),
        "show_fix": ("", ""),
    },
}
"""What comes after each step: when it answered yes, and when not."""


@dataclass(slots=True)
class Working:
    """A workflow in one process. What it was allowed stands in that process's memory alone."""

    request: RemediationRequest
    run: Run | UndoRun
    step: str = "begin"
    was_allowed: bool = False


@dataclass(slots=True)
class Known:
    """What the model knows of one request."""

    request: RemediationRequest
    mode: Mode
    approved_by: Person | None = None
    facts: tuple[str, ...] | None = None
    """The other roles of the account when the plan was made."""


@dataclass(frozen=True, slots=True)
class Seat:
    """From where somebody clicks, and what Slack says there."""

    channel: str = APPROVALS
    shared: bool | None = False
    is_known: bool = True
    has_group: bool = True

    @property
    def is_right(self) -> bool:
        return self.channel == APPROVALS and self.shared is False and self.is_known


HERE = Seat()
SEATS = (
    *(HERE,) * 10,
    Seat(channel="C0OTHER"),
    Seat(shared=True),
    Seat(shared=None),
    Seat(is_known=False),
    Seat(has_group=False),
)


class WatchedCloud(CutCloud):
    """Says of every write, just after it, what was written."""

    watch: Callable[[str], None] = staticmethod(lambda _: None)

    def changed(self, verb: str, account_id: str) -> tuple[str, ...]:
        self.watch(verb)
        return super().changed(verb, account_id)


def turn(machine: "Machine") -> None:
    turn = switch.resume if machine.is_paused else switch.pause
    assert not isinstance(turn(machine.world.desk, a_decider(ADMIN)), Refused)
    machine.is_paused = not machine.is_paused


def restart_in(mode: Mode) -> "Change":
    """Settings are read when a process starts: those that run end."""

    def change(machine: "Machine") -> None:
        for working in list(machine.working):
            machine.leave(working)
        machine.world.set_policy(mode=mode)

    return change


def toggle(person: Person, of: Callable[["Machine"], set[str]]) -> "Change":
    return lambda machine: of(machine).symmetric_difference_update({person.user_id})


def lose_principal(machine: "Machine") -> None:
    machine.cloud.gone_principals ^= {RESPONDER}


def lose_slack(machine: "Machine") -> None:
    machine.world.messenger.down = "" if machine.world.messenger.down else "internal_error"


def refuse(verb: str) -> "Change":
    """AWS refuses a call from now on, or no longer."""
    denied = AwsError(f"{verb} in payments ({PAYMENTS}): AccessDenied", "AccessDenied", f"aws-denied-{verb}")

    def change(machine: "Machine") -> None:
        if machine.cloud.faults.pop(verb, None) is None:
            machine.cloud.faults[verb] = denied

    return change


def be_slow(machine: "Machine") -> None:
    machine.cloud.is_slow_to_show = not machine.cloud.is_slow_to_show


def plant(name: str, *, copies_tags: bool) -> "Change":
    """A stranger makes a role of the planned name, open to all; or takes it away again."""

    def change(machine: "Machine") -> None:
        if machine.strangers:
            machine.cloud.roles[PAYMENTS].remove(machine.strangers.pop()[0])
            return
        if machine.cloud.find(PAYMENTS, name) is not None:
            return
        tags = machine.request_at(0).plan if copies_tags and machine.known else None
        copied = list(tags.tags(machine.request_at(0).id, APPROVER.user_id)) if tags else []
        hostile = {"trust": HOSTILE, "tags": copied, "policies": [], "role_id": "STRANGER"}
        role = machine.cloud.add_role(an_account(), name, **hostile)
        machine.strangers.append((role, deepcopy(role)))

    return change


def plant_other(trust: str | None) -> "Change":
    """Another support role appears, sound or not; or goes again."""

    def change(machine: "Machine") -> None:
        found = machine.cloud.find(PAYMENTS, "other")
        if found is not None:
            machine.cloud.roles[PAYMENTS].remove(found)
        else:
            machine.cloud.add_role(an_account(), "other", **({} if trust is None else {"trust": trust}))

    return change


def touch_ours(machine: "Machine") -> None:
    """Somebody attaches another policy to the role that a fix has left, or detaches it again."""
    fix = machine.applied()
    role = machine.cloud.find(PAYMENTS, NAME)
    if fix is not None and role is not None and role.role_id == fix.outcome.role_id:
        role.policies[:] = [POLICY] if ADMINISTRATOR in role.policies else [*role.policies, ADMINISTRATOR]


def wait(minutes: int) -> "Change":
    return lambda machine: machine.world.clock.move(minutes=minutes)


Change = Callable[["Machine"], None]
CHANGES: dict[str, Change] = {
    **{f"{minutes} minutes pass": wait(minutes) for minutes in (1, 29, 61)},
    "paused, or resumed": turn,
    **{f"settings say {mode}": restart_in(mode) for mode in Mode},
    "the approver leaves the group, or joins": toggle(APPROVER, lambda machine: machine.group),
    "the second approver leaves the group, or joins": toggle(SECOND, lambda machine: machine.group),
    "the approver becomes a guest, or a member": toggle(APPROVER, lambda machine: machine.guests),
    "the principal is deleted, or made again": lose_principal,
    "Slack goes, or comes back": lose_slack,
    **{
        f"AWS refuses {verb}, or no longer": refuse(verb)
        for verb in ("ReadAccount", "CreateRole", "AttachRolePolicy", "DeleteRole", "ReadBack")
    },
    "IAM is slow to show what was made, or no longer": be_slow,
    "a stranger's role of that name": plant(NAME, copies_tags=False),
    "a stranger's role of that name with our tags": plant(NAME, copies_tags=True),
    "a stranger's role of that name in another case": plant(NAME.upper(), copies_tags=True),
    "another support role": plant_other(None),
    "another role that carries the policy": plant_other('{"Statement": []}'),
    "somebody changes our role, or changes it back": touch_ours,
}
BACK = st.sampled_from([0, 0, 0, 0, 1, 2])
END_AT = st.sampled_from([*[0] * 8, *range(1, 13)])


class Machine(RuleBasedStateMachine):
    """One account, its requests, and the model."""

    reached: ClassVar[Counter[str]] = Counter()
    """How requests ended in all runs together."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        empty(engine)
        self.cut = Cut()
        self.cloud = WatchedCloud(self.cut)
        self.cloud.watch = self.check_write
        self.world = World(engine, self.cloud)
        self.world.set_policy(
            approvers=frozenset(),
            approver_groups=frozenset({GROUP}),
            admins=frozenset({ADMIN.user_id}),
            max_changes_per_hour=1000,
        )
        self._closing = ExitStack()
        self._closing.enter_context(cutting_commits(engine, self.cut))
        # --- the model ---
        self.group: set[str] = {ASKER.user_id, APPROVER.user_id, SECOND.user_id, GUEST.user_id}
        self.guests: set[str] = {GUEST.user_id}
        self.is_paused = False
        self.known: dict[str, Known] = {}
        self.remembered: dict[tuple[str, str], bool] = {}
        self.working: list[Working] = []
        self.acting: Working | None = None
        self.role_before: CloudRole | None = None
        self.written: Counter[tuple[str, str]] = Counter()
        self.strangers: list[tuple[CloudRole, CloudRole]] = []
        self.refused_clicks = 0
        self.before: dict[str, RemediationRequest] = {}
        self.chain: list[dict[str, Any]] = []
        self.tell_slack()

    # --- what the model says --------------------------------------------------------------------------------

    def may_approve(self, person: Person, request: RemediationRequest) -> bool:
        is_one = person.user_id in self.group and person.user_id not in self.guests
        return is_one and person != request.requester and not self.is_paused and self.is_in_time(request)

    def is_in_time(self, request: RemediationRequest) -> bool:
        return self.world.clock() < request.expires_at

    def is_in_force(self, request: RemediationRequest) -> bool:
        """Whether the approval of a request counts at this moment, for a write."""
        known = self.known[request.id]
        if known.approved_by is None or self.world.messenger.down:
            return False
        is_for_real = known.mode is Mode.APPLY is self.world.desk.policy.mode
        if request.kind is RequestKind.UNDO:
            is_as_decided = self.is_as_left(request)
        else:
            is_as_decided = known.facts == self.facts() and RESPONDER not in self.cloud.gone_principals
        return is_for_real and is_as_decided and self.may_approve(known.approved_by, request)

    def is_not_withheld(self, request: RemediationRequest) -> bool:
        """Whether what is asked once more before each write allows it."""
        return not self.is_paused and self.is_in_time(request) and request.ending is None

    def is_as_left(self, undo: RemediationRequest) -> bool:
        """Whether the role is what the fix left, or what this undo or an earlier one has made of it."""
        role, left = self.role_before, self.world.request(undo.id).removal
        if role is None or left is None:
            return False
        is_same = (role.role_id, role.trust, tuple(role.tags)) == (left.role_id, left.plan.trust, left.tags)
        return is_same and set(role.policies) <= {POLICY}

    def facts(self) -> tuple[str, ...]:
        """The roles that carry the policy, but for the one of the plan."""
        carriers = [r for r in self.cloud.roles.get(PAYMENTS, []) if POLICY in r.policies and r.name != NAME]
        return tuple(sorted(f"{role.arn} {role.trust}" for role in carriers))

    def has_open(self) -> bool:
        return any(request.state in OPEN for request in self.requests())

    def check_write(self, verb: str) -> None:
        working = self.acting
        assert working is not None, f"{verb} while no step was done"
        request = self.world.request(working.request.id)
        self.written[request.id, verb] += 1
        assert self.written[request.id, verb] == 1, f"{verb} a second time"
        assert request.state is RequestState.APPLYING
        assert "change.intended" in self.world.kinds(request.id)
        if verb in {"CreateRole", "AttachRolePolicy"} or request.kind is RequestKind.UNDO:
            is_allowed = working.was_allowed and verb == "AttachRolePolicy" and self.is_not_withheld(request)
            assert is_allowed or self.is_in_force(request), f"{verb} without an approval in force"
        else:
            # A fix takes back what it has made itself, whatever has become of its approval.
            assert self.role_before is not None
            assert ("support-role-bot:request", request.id) in self.role_before.tags

    # --- people ---------------------------------------------------------------------------------------------

    @initialize(far=st.sampled_from([2, 3, 3, 4, 5, 7, 8, 9, 9]))
    def something_is_under_way(self, far: int) -> None:
        """Prepared, approved or begun: a fix, or an undo of one that is done."""
        steps: tuple[Callable[[], None], ...] = (
            lambda: self.ask(ASKER),
            lambda: self.prepare(0),
            lambda: self.approve(APPROVER, HERE, 0),
            lambda: self.work(1, 0, late=False),
            self.end_work,
            lambda: self.ask_for_undo(ASKER),
            lambda: self.prepare(0),
            lambda: self.approve(APPROVER, HERE, 0),
            lambda: self.work(1, 0, late=False),
        )
        for step in steps[:far]:
            step()
            self.check()

    @rule(times=st.integers(1, 3), steps=st.integers(1, 3), end_at=END_AT)
    def the_usual_happens(self, times: int, steps: int, end_at: int) -> None:
        """What comes next when nothing is in the way: without this, chance would seldom come far."""
        for _ in range(times):
            if self.in_state(RequestState.PREPARING):
                self.prepare(end_at)
            elif self.in_state(RequestState.PENDING):
                self.approve(APPROVER, HERE, 0)
            elif self.under_way():
                self.work(steps, end_at, late=False)
            elif self.applied():
                self.ask_for_undo(ASKER)
            else:
                self.ask(ASKER)
            self.check()

    @precondition(lambda self: not self.has_open())
    @rule(person=st.sampled_from([ASKER, SECOND]))
    def ask(self, person: Person) -> None:
        is_on = not self.is_paused and self.world.desk.policy.mode is not Mode.OFF
        is_free = is_on and not self.has_open()
        self.note_asked(self.world.ask(requester=person), is_free=is_free)

    @precondition(lambda self: self.applied() is not None)
    @rule(person=st.sampled_from([ASKER, SECOND]))
    def ask_for_undo(self, person: Person) -> None:
        fix = self.applied()
        assert fix is not None
        is_on = not self.is_paused and self.world.desk.policy.mode is not Mode.OFF
        is_free = is_on and not self.has_open()
        self.note_asked(ask_undo(self.world, fix, person), is_free=is_free)

    def note_asked(self, asked: RemediationRequest | Refused, *, is_free: bool) -> None:
        assert isinstance(asked, RemediationRequest) is is_free, asked
        if isinstance(asked, RemediationRequest):
            self.known[asked.id] = Known(asked, self.world.desk.policy.mode)
            self.before[asked.id] = asked
        else:
            self.refused_clicks += 1

    @precondition(lambda self: self.known)
    @rule(person=st.sampled_from((*PEOPLE, APPROVER, SECOND)), seat=st.sampled_from(SEATS), back=BACK)
    def approve(self, person: Person, seat: Seat, back: int) -> None:
        request = self.request_at(back)
        may = (
            request.state is RequestState.PENDING
            and seat.is_right
            and seat.has_group
            and self.world.desk.policy.mode is not Mode.OFF
            and self.may_approve(person, request)
        )
        answer = self.world.approve(request, self.decider(person, seat))
        assert isinstance(answer, RemediationRequest) is may, answer
        if may:
            self.known[request.id].approved_by = person
        else:
            self.refused_clicks += 1

    @precondition(lambda self: self.in_state(RequestState.PENDING))
    @rule(person=st.sampled_from([ASKER, PLAIN, GUEST, SECOND]), seat=st.sampled_from(SEATS))
    def somebody_approves_what_is_pending(self, person: Person, seat: Seat) -> None:
        self.approve(person, seat, 0)

    @precondition(lambda self: self.known)
    @rule(person=st.sampled_from(PEOPLE), seat=st.sampled_from(SEATS), back=st.sampled_from([1, 1, 1, 0]))
    def deny(self, person: Person, seat: Seat, back: int) -> None:
        request = self.request_at(back)
        is_open = request.state is RequestState.PENDING and self.is_in_time(request)
        may = is_open and seat.is_right and person.user_id not in self.guests
        answer = ask.deny(self.world.desk, request.id, self.decider(person, seat))
        assert isinstance(answer, RemediationRequest) is may, answer
        self.refused_clicks += not may

    def decider(self, person: Person, seat: Seat) -> Decider:
        members = frozenset(self.group) if seat.has_group else None
        is_guest = person.user_id in self.guests
        decider = a_decider(
            person,
            channel=seat.channel,
            shared=seat.shared,
            groups={GROUP: members},
            is_restricted=is_guest,
        )
        return decider if seat.is_known else replace(decider, facts=None)

    # --- what changes ---------------------------------------------------------------------------------------

    @rule(what=st.sampled_from(sorted(CHANGES)))
    def something_changes(self, what: str) -> None:
        CHANGES[what](self)
        self.tell_slack()

    @rule()
    def all_is_well_again(self) -> None:
        if self.is_paused:
            turn(self)
        if self.world.desk.policy.mode is not Mode.APPLY:
            restart_in(Mode.APPLY)(self)
        self.group |= {APPROVER.user_id, SECOND.user_id}
        self.guests.discard(APPROVER.user_id)
        self.cloud.faults.clear()
        self.cloud.gone_principals.clear()
        self.world.messenger.down = ""
        self.tell_slack()

    @precondition(lambda self: self.under_way())
    @rule(what=st.sampled_from(sorted(CHANGES)))
    def something_changes_meanwhile(self, what: str) -> None:
        self.something_changes(what)

    @precondition(lambda self: self.under_way())
    @rule(what=st.sampled_from(sorted(CHANGES)), end_at=END_AT)
    def something_changes_before_the_next_step(self, what: str, end_at: int) -> None:
        self.something_changes(what)
        self.work(1, end_at, late=False)

    def tell_slack(self) -> None:
        """Let Slack say of people what is now true."""
        slack = self.world.messenger
        slack.groups[GROUP] = frozenset(self.group)
        slack.people = {
            person.user_id: a_member(person, is_restricted=person.user_id in self.guests) for person in PEOPLE
        }

    # --- workers --------------------------------------------------------------------------------------------

    @precondition(lambda self: self.in_state(RequestState.PREPARING))
    @rule(end_at=END_AT)
    def prepare(self, end_at: int) -> None:
        (request,) = self.in_state(RequestState.PREPARING)
        preparer = Preparer(self.world.parts)
        prepare = Undoer(self.world.parts).prepare if request.kind is RequestKind.UNDO else preparer.prepare
        with self.may_end(end_at):
            prepare(request.id)
            preparer.announce(request.id)
        self.known[request.id].facts = self.facts()

    @precondition(lambda self: self.under_way())
    @rule(steps=st.integers(1, 6), end_at=END_AT, late=st.booleans())
    def work(self, steps: int, end_at: int, *, late: bool) -> None:
        """The worker that began last goes on; a new one begins where there is none."""
        if not self.working:
            self.begin_work()
        working = self.working[-1]
        for number in range(steps):
            self.do_step(working, end_at if number == steps - 1 else 0, late=late)
            self.check()
            if working not in self.working:
                return

    @precondition(lambda self: self.under_way() and len(self.working) < 3)
    @rule()
    def another_worker_takes_over(self) -> None:
        """The one before is only thought to be dead, and may wake up."""
        self.begin_work()

    @precondition(lambda self: len(self.working) > 1)
    @rule()
    def the_one_before_wakes_up(self) -> None:
        self.working.reverse()

    def begin_work(self) -> None:
        (request,) = self.under_way()
        kind = Run if request.kind is RequestKind.FIX else UndoRun
        self.working.append(Working(request, kind(self.world.parts, request.id)))

    def do_step(self, working: Working, end_at: int, *, late: bool) -> None:
        """One step, unless it is remembered; `late` does a remembered one again, of which nothing comes."""
        key = (working.request.id, working.step)
        is_late = late and key in self.remembered
        if key not in self.remembered or is_late:
            answer = self.call_step(working, end_at)
            if answer is None:
                self.reached[f"ended in {working.step}"] += 1
            if answer is None or is_late:
                self.leave(working)
                return
            self.remembered[key] = answer
        yes, no = AFTER[working.request.kind][working.step]
        working.step = yes if self.remembered[key] else no
        if not working.step:
            self.leave(working)

    def call_step(self, working: Working, end_at: int) -> bool | None:
        """What the step answers; None when its process has ended."""
        self.acting, self.role_before = working, self.our_role()
        is_in_force = self.is_in_force(working.request)
        answer: bool | None = None
        with self.may_end(end_at):
            said = bool(getattr(working.run, working.step)())
            self.cut.moment("before it is remembered")
            answer = said
        if working.step == "create" and answer:
            assert is_in_force
            working.was_allowed = True
        self.acting = None
        return answer

    def leave(self, working: Working) -> None:
        working.run.close()
        self.working.remove(working)

    @contextmanager
    def may_end(self, end_at: int) -> Iterator[None]:
        """A process that ends at that moment of what it does, if it comes so far; never, at 0."""
        self.cut.arm(end_at)
        try:
            yield
        except Killed:
            pass
        finally:
            self.cut.disarm()

    @precondition(lambda self: self.known)
    @rule(end_at=END_AT)
    def chores(self, end_at: int) -> None:
        upkeep = self.world.upkeep()
        with self.may_end(end_at):
            upkeep.expire()
            upkeep.show_requests()
            upkeep.post_audit()

    # --- what always holds ----------------------------------------------------------------------------------

    @invariant()
    def check(self) -> None:
        self.check_chain()
        for request_id in self.known:
            self.check_request(self.world.request(request_id))
        for now, planted in self.strangers:
            assert now == planted, "a stranger's role was touched"
        self.check_leftovers()

    def check_chain(self) -> None:
        events = self.world.events()
        assert events[: len(self.chain)] == self.chain
        assert sum(map(is_refused_click, events)) == self.refused_clicks
        self.chain = events

    def check_request(self, request: RemediationRequest) -> None:
        before = self.before[request.id]
        if request.state is not before.state:
            assert request.state in MOVES[before.state], f"from {before.state} to {request.state}"
        if before.state not in MOVES:
            assert replace(request, message=None) == replace(before, message=None)
        word = word_of([event for event in self.chain if event["request_id"] == request.id])
        assert is_legal(request, word), f"{word} of one that is {request.state}"
        if request.decision and request.state is not RequestState.DENIED:
            assert request.decision.person == self.known[request.id].approved_by
        self.before[request.id] = request

    def check_leftovers(self) -> None:
        """What is in the account is said by a request: its state, or what it has left behind."""
        found = {str(request.id): request for request in self.requests()}
        role = self.our_role()
        fixes = {r.id: r for r in found.values() if r.kind is RequestKind.FIX and r.state in THERE}
        if role is not None:
            made_by = found[dict(role.tags)["support-role-bot:request"]]
            is_said = made_by.id in fixes or made_by.state is RequestState.APPLYING
            assert is_said or made_by.outcome.left_behind, f"a role of one that is {made_by.state}"
        for fix in fixes.values():
            undos = [r for r in found.values() if r.undoes == fix.id]
            is_whole = role is not None and role.role_id == fix.outcome.role_id and POLICY in role.policies
            assert is_whole or any(self.tells_of_half(undo) for undo in undos), "a fix that is not there"

    def tells_of_half(self, undo: RemediationRequest) -> bool:
        return undo.state in {RequestState.APPLYING, RequestState.APPLIED_UNVERIFIED} or bool(
            undo.outcome.left_behind
        )

    def teardown(self) -> None:
        """When all is well again everything comes to its end, and Slack shows it."""
        try:
            self.end_all()
        finally:
            for working in list(self.working):
                self.leave(working)
            self._closing.close()

    def end_all(self) -> None:
        self.cloud.faults.clear()
        self.world.messenger.down = ""
        for request in self.in_state(RequestState.PREPARING):
            self.prepare(0)
            assert self.world.request(request.id).state is not RequestState.PREPARING
            self.check()
        self.end_work()
        self.world.clock.move(minutes=3)
        self.chores(0)
        self.check()
        self.check_shown()

    def end_work(self) -> None:
        while self.under_way():
            self.begin_work()
            working = self.working[-1]
            while working in self.working:
                self.do_step(working, 0, late=False)
                self.check()

    def check_shown(self) -> None:
        with self.world.engine.connect() as connection:
            assert isinstance(audit.verify(connection), ChainIntact)
        shown = {m.request.id: m.request.state for m in self.world.messenger.shown(APPROVALS)}
        for request in self.requests():
            self.reached[f"{request.kind} {request.state}"] += 1
            assert request.plan is None or shown[request.id] is request.state
        posted = [event.seq for event in self.world.messenger.shown(AUDIT)]
        assert posted == sorted(posted)
        silent = sum(e["detail"].get("guard") == "request_is_pending" for e in self.chain)
        assert len(set(posted)) == len(self.chain) - silent

    # --- looking --------------------------------------------------------------------------------------------

    def requests(self) -> list[RemediationRequest]:
        """As they were after the last rule."""
        return list(self.before.values())

    def request_at(self, back: int) -> RemediationRequest:
        """The newest request, or one before it."""
        return self.requests()[-1 - back % len(self.known)]

    def in_state(self, *states: RequestState) -> list[RemediationRequest]:
        return [request for request in self.requests() if request.state in states]

    def under_way(self) -> list[RemediationRequest]:
        return self.in_state(RequestState.APPROVED, RequestState.APPLYING)

    def applied(self) -> RemediationRequest | None:
        there = [r for r in self.in_state(*THERE) if r.kind is RequestKind.FIX]
        return there[-1] if there else None

    def our_role(self) -> CloudRole | None:
        """A copy of the role that this bot made, if there is one."""
        roles = [r for r in self.cloud.roles.get(PAYMENTS, []) if r.role_id.startswith("AROA0")]
        return deepcopy(roles[0]) if roles else None


class NoBoard:
    """Progress is shown by a thread of its own, whose pace would make a run another one each time."""

    def __init__(self, show: object) -> None: ...

    def post(self, request: object, progress: object) -> None: ...

    def close(self) -> None: ...


@ON_BOTH
def test_whatever_happens_in_whatever_order_nothing_is_written_that_was_not_approved(
    database: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attempt, "ProgressBoard", NoBoard)
    is_fast = database.dialect.name == "sqlite"
    engine = hurry(database) if is_fast else database
    examples = settings(SETTINGS, max_examples=SETTINGS.max_examples if is_fast else FEWER)
    Machine.reached.clear()

    def machine() -> Machine:
        return Machine(engine)

    run_state_machine_as_test(machine, settings=examples)  # type: ignore[arg-type]  # what makes one will do
