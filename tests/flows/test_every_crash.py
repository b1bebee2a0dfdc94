"""A process that ends at any moment of a fix or an undo: another goes on, and the world is as if none had.

The moments are not listed by hand. Every call to AWS, every commit and every answer that the durable engine
remembers is one, before it and after it; a run is cut short at the first, another at the second, and so on
until one goes through. Where nothing was written anywhere between two moments, whoever comes after the end of
the process finds the same: there it is cut short once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, TypeVar

import pytest
from adapters.aws import CloudRole
from building.cutting import Cut, CutCloud, Killed, cutting_commits
from building.emptying import empty, hurry
from building.trails import is_legal, word_of
from building.undoing import NAME, already_applied, ask_undo, pause
from building.values import APPROVALS, APPROVER, ASKER, AUDIT, PAYMENTS, an_account
from building.world import Change, World
from sqlalchemy import Engine

from bot.domain.audit import ChainIntact
from bot.domain.errors import AwsError
from bot.domain.finding import Verdict
from bot.domain.request import Mode, RemediationRequest, RequestState
from bot.flows.attempt import plan_of
from bot.flows.prepare import Preparer
from bot.flows.remediate import Remediator
from bot.flows.undoer import Undoer
from bot.store import audit, findings

FIX_TRAIL = ["fix.requested", "fix.approved", "change.intended", "change.applied", "change.verified"]
UNDO_TRAIL = ["undo.requested", "undo.approved", "change.intended", "change.undone"]
FIXED = [f"CreateRole {PAYMENTS}", f"AttachRolePolicy {PAYMENTS}"]
UNDONE = [f"DetachRolePolicy {PAYMENTS}", f"DeleteRole {PAYMENTS}"]
STRANGER = "AROASTRANGER"
OPEN_TO_ALL = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}'
POLICY = "arn:aws:iam::aws:policy/AWSSupportAccess"

T = TypeVar("T")


class Steps:
    """What the flows use of the durable engine, in this thread: it remembers what each step answered."""

    def __init__(self, cut: Cut) -> None:
        self._cut = cut
        self._workflows: dict[str, Callable[[str], None]] = {}
        self._answers: dict[tuple[str, int], Any] = {}
        self._running, self._numbers = "", count()

    def workflow(self, name: str) -> Callable[[Callable[[str], None]], Callable[[str], None]]:
        def register(run: Callable[[str], None]) -> Callable[[str], None]:
            self._workflows[name] = run
            return run

        return register

    def run_step(self, options: Any, call: Callable[..., T], *arguments: Any) -> T:
        key = (self._running, next(self._numbers))
        if key not in self._answers:
            answer = call(*arguments)
            self._cut.moment(f"before {options['name']} is remembered")
            self._answers[key] = answer
            self._cut.moment(f"after {options['name']} is remembered")
        remembered: T = self._answers[key]
        return remembered

    @property
    def remembered(self) -> int:
        return len(self._answers)

    def run(self, workflow: str, world: World, request: RemediationRequest) -> None:
        """As a process does that was just started: only what was remembered is known."""
        parts = world.parts
        for part in (Preparer(parts), Remediator(parts), Undoer(parts)):
            part.register()
        self._running, self._numbers = f"{workflow}:{request.id}", count()
        self._workflows[workflow](request.id)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """A database for all the runs of a test: of the one kind, and of the other."""
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    return found


@pytest.fixture
def sqlite_engine(sqlite_engine: Engine) -> Engine:
    return hurry(sqlite_engine)


@contextmanager
def watching(world: World, cut: Cut) -> Iterator[Steps]:
    """Make moments of commits and of what the durable engine remembers."""
    steps = Steps(cut)
    with cutting_commits(world.engine, cut) as written, pytest.MonkeyPatch.context() as patch:
        for room in ("prepare", "remediate", "undoer", "undo_run"):
            patch.setattr(f"bot.flows.{room}.DBOS", steps)
        cut.state = lambda: (written(), outside(world), steps.remembered)
        yield steps


def outside(world: World) -> object:
    """Changes with what is written in AWS, with the time, and with what is told or posted in Slack.

    Before and after a message is changed the database is written to; progress is shown from another thread.
    """
    slack = world.messenger
    return len(world.cloud.calls), world.clock(), len(slack.told), len(slack.messages)


Telling = Callable[[World, Steps, RemediationRequest, Cut], None]


@dataclass(frozen=True, slots=True)
class Story:
    """Something that is asked for, and what workers and an approver do about it; and how it must end."""

    ask: Callable[[World, Steps], RemediationRequest]
    prepare: str
    apply: str
    check: Callable[[World, RemediationRequest], None]

    def prepared(self, world: World, steps: Steps, request: RemediationRequest) -> None:
        """From wherever it stands until it is approved."""
        steps.run(self.prepare, world, request)
        if world.request(request.id).state is RequestState.PENDING:
            world.approve(request)
        # What is read after the write is newer than what was read before it.
        world.clock.move(seconds=5)

    def tell(self, world: World, steps: Steps, request: RemediationRequest) -> None:
        """From wherever it stands to its end."""
        self.prepared(world, steps, request)
        steps.run(self.apply, world, request)

    def cut_everywhere(self, engine: Engine, between: Change = lambda _: None) -> list[str]:
        """Tell it once for each of its moments, cut short there; the moments that there are.

        `between` happens after the process has ended and before the next one starts.
        """

        def tell(world: World, steps: Steps, request: RemediationRequest, cut: Cut) -> None:
            cut.arm(cut.number)
            try:
                self.tell(world, steps, request)
            except Killed:
                between(world)
                self.tell(world, steps, request)

        return self._at_every_moment(engine, tell)

    def disturb_everywhere(self, engine: Engine, change: Change) -> list[str]:
        """Tell it once for each moment after its approval, and let something change there."""

        def tell(world: World, steps: Steps, request: RemediationRequest, cut: Cut) -> None:
            self.prepared(world, steps, request)
            cut.in_transactions = False
            # The process goes on, with all that it knows: no two moments are the same to it.
            cut.state = object

            def happen(_words: str) -> None:
                change(world)

            cut.happens = happen
            cut.arm(cut.number)
            steps.run(self.apply, world, request)

        return self._at_every_moment(engine, tell)

    def _at_every_moment(self, engine: Engine, tell: Telling) -> list[str]:
        for number in count(1):
            cut = self._at(number, engine, tell)
            if not cut.has_happened:
                return cut.moments
        raise AssertionError("there is an end to numbers")

    def _at(self, number: int, engine: Engine, tell: Telling) -> Cut:
        empty(engine)
        cut = Cut(number)
        world = World(engine, CutCloud(cut))
        with watching(world, cut) as steps:
            request = self.ask(world, steps)
            tell(world, steps, request, cut)
            cut.disarm()
            settle(world)
            try:
                self.check(world, request)
            except AssertionError as fault:
                fault.add_note(f"It happened at moment {number} of {cut.moments}")
                raise
        return cut


def ask_for_a_fix(world: World, _: Steps) -> RemediationRequest:
    asked = world.ask()
    assert isinstance(asked, RemediationRequest), asked
    return asked


def ask_for_a_fix_that_expires_half_way(world: World, steps: Steps) -> RemediationRequest:
    world.cloud.after["CreateRole"] = lambda: world.clock.move(hours=2)
    return ask_for_a_fix(world, steps)


def ask_for_an_undo(world: World, _: Steps) -> RemediationRequest:
    asked = ask_undo(world, already_applied(world))
    assert isinstance(asked, RemediationRequest), asked
    return asked


def settle(world: World) -> None:
    """What upkeep does within minutes: the messages come true."""
    world.clock.move(minutes=3)
    upkeep = world.upkeep()
    upkeep.show_requests()
    upkeep.post_audit()


def is_applied(world: World, request: RemediationRequest) -> None:
    ended, role = world.request(request.id), world.cloud.find(PAYMENTS, NAME)
    assert ended.state is RequestState.APPLIED
    assert world.cloud.calls == FIXED
    assert role is not None
    assert (role.role_id, role.policies) == (ended.outcome.role_id, [POLICY])
    assert world.kinds(request.id) == FIX_TRAIL
    is_told(world, request)
    with world.engine.connect() as connection:
        known = findings.read_finding(connection, PAYMENTS)
    assert known is not None
    assert known.finding.verdict is Verdict.PASS


def is_undone(world: World, request: RemediationRequest) -> None:
    ended = world.request(request.id)
    fix = world.request(ended.undoes or "")
    assert (ended.state, fix.state) == (RequestState.UNDONE, RequestState.UNDONE)
    assert world.cloud.find(PAYMENTS, NAME) is None
    assert world.cloud.calls == UNDONE
    assert world.kinds(request.id) == UNDO_TRAIL
    is_told(world, request)


def is_told(world: World, request: RemediationRequest) -> None:
    """The chain is whole, the audit channel has all of it in order, and the message shows the end."""
    with world.engine.connect() as connection:
        assert isinstance(audit.verify(connection), ChainIntact)
    posted = [event.seq for event in world.messenger.shown(AUDIT)]
    assert posted == list(range(1, len(posted) + 1))
    assert len(posted) == len(world.events())
    shown = [each.request for each in world.messenger.shown(APPROVALS) if each.request.id == request.id]
    assert world.request(request.id).state in {each.state for each in shown}


def is_all_or_nothing(world: World, request: RemediationRequest) -> None:
    """Applied and there; or not applied, and nothing of it is left. What others made is as they made it."""
    ended = world.request(request.id)
    if ended.state is RequestState.APPLIED:
        is_applied(world, request)
        return
    assert ended.state in {RequestState.REFUSED, RequestState.PENDING, RequestState.EXPIRED}
    assert world.cloud.roles.get(PAYMENTS, []) == planted(world)
    assert ended.outcome.left_behind == ""
    assert is_legal(ended, word_of(world.events(request.id)))


def planted(world: World) -> list[CloudRole]:
    """The stranger's role as it was made, if one is there."""
    there = [role.name for role in world.cloud.roles.get(PAYMENTS, []) if role.role_id == STRANGER]
    return [a_strangers_role(world, name) for name in there]


def a_strangers_role(world: World, name: str) -> CloudRole:
    """Open to all, and with the very tags of the request."""
    [request] = {event["request_id"] for event in world.events()}
    tags = list(plan_of(world.request(request)).tags(request, APPROVER.user_id))
    return CloudRole(name, f"arn:aws:iam::{PAYMENTS}:role/{name}", STRANGER, OPEN_TO_ALL, tags)


def plant(name: str) -> Change:
    def change(world: World) -> None:
        if world.cloud.find(PAYMENTS, name) is None:
            world.cloud.roles.setdefault(PAYMENTS, []).append(a_strangers_role(world, name))

    return change


def lose_principal(world: World) -> None:
    world.cloud.gone_principals |= set(an_account().trusted_principals)


def is_undone_or_said(world: World, request: RemediationRequest) -> None:
    """Undone; or untouched; or what has become of the role is said."""
    ended, role = world.request(request.id), world.cloud.find(PAYMENTS, NAME)
    if ended.state is RequestState.UNDONE:
        is_undone(world, request)
        return
    is_untouched = role is not None and role.policies == [POLICY]
    assert world.request(ended.undoes or "").state is RequestState.APPLIED
    assert is_untouched or ended.outcome.left_behind or ended.state is RequestState.APPLIED_UNVERIFIED
    assert is_legal(ended, word_of(world.events(request.id)))


def is_taken_back(world: World, request: RemediationRequest) -> None:
    """Refused in the middle: the role is gone again, by one call, and the record says both."""
    ended = world.request(request.id)
    assert (ended.state, ended.outcome.left_behind) == (RequestState.EXPIRED, "")
    assert world.cloud.find(PAYMENTS, NAME) is None
    assert world.cloud.calls == [f"CreateRole {PAYMENTS}", f"DeleteRole {PAYMENTS}"]
    assert world.kinds(request.id) == [*FIX_TRAIL[:3], "fix.expired"]
    assert "deleted again" in ended.outcome.text or not ended.outcome.role_id
    is_told(world, request)
    # Twice where the process ended between Slack's answer and its record: at least once is what is promised.
    assert {words.partition(":")[0] for words in world.told()} == {ASKER.user_id}


FIX = Story(ask_for_a_fix, "prepare_fix", "remediate", is_applied)
UNDO = Story(ask_for_an_undo, "prepare_undo", "undo", is_undone)


def test_a_fix_that_is_cut_short_anywhere_is_ended_by_the_next_run(engine: Engine) -> None:
    moments = FIX.cut_everywhere(engine)

    assert {"before CreateRole", "after CreateRole", "after AttachRolePolicy"} <= set(moments)
    assert moments.count("after a commit") >= 10


def test_an_undo_that_is_cut_short_anywhere_is_ended_by_the_next_run(engine: Engine) -> None:
    moments = UNDO.cut_everywhere(engine)

    assert {"after DetachRolePolicy", "before DeleteRole", "after DeleteRole"} <= set(moments)


def test_a_fix_that_may_not_go_on_after_a_crash_leaves_nothing_wherever_it_was_cut_short(
    sqlite_engine: Engine,
) -> None:
    replace(FIX, check=is_all_or_nothing).cut_everywhere(sqlite_engine, pause)


@pytest.mark.parametrize(
    "change",
    [
        pause,
        lambda world: world.set_policy(mode=Mode.DRY_RUN),
        lambda world: world.cloud.faults.update(ReadAccount=AwsError("STS is away", "Throttling")),
    ],
    ids=["pause", "dry run", "unreadable"],
)
def test_an_undo_that_may_not_go_on_after_a_crash_says_what_has_become_of_the_role(
    sqlite_engine: Engine, change: Change
) -> None:
    replace(UNDO, check=is_undone_or_said).cut_everywhere(sqlite_engine, change)


@pytest.mark.parametrize(
    "change",
    [
        plant(NAME),
        plant(NAME.upper()),
        pause,
        lose_principal,
        lambda world: world.clock.move(hours=2),
        lambda world: world.messenger.change(APPROVER.user_id, is_restricted=True),
    ],
    ids=["stranger", "stranger in another case", "pause", "principal", "expiry", "approver becomes a guest"],
)
def test_whatever_changes_at_any_moment_after_the_approval_a_fix_is_whole_or_nothing(
    sqlite_engine: Engine, change: Change
) -> None:
    moments = replace(FIX, check=is_all_or_nothing).disturb_everywhere(sqlite_engine, change)

    assert {"before ReadTarget", "before CreateRole", "before AttachRolePolicy"} <= set(moments)


def is_undone_beside_a_stranger(world: World, request: RemediationRequest) -> None:
    ended = world.request(request.id)
    assert (ended.state, world.request(ended.undoes or "").state) == (
        RequestState.UNDONE,
        RequestState.UNDONE,
    )
    assert world.cloud.roles[PAYMENTS] == planted(world)
    assert world.cloud.calls == UNDONE
    assert world.kinds(request.id) == UNDO_TRAIL


def test_an_undo_whose_role_was_made_anew_by_a_stranger_after_a_crash_is_done_and_leaves_it(
    sqlite_engine: Engine,
) -> None:
    replace(UNDO, check=is_undone_beside_a_stranger).cut_everywhere(sqlite_engine, plant(NAME))


def test_a_fix_that_is_refused_half_way_takes_its_role_back_wherever_that_is_cut_short(
    sqlite_engine: Engine,
) -> None:
    story = replace(FIX, ask=ask_for_a_fix_that_expires_half_way, check=is_taken_back)

    moments = story.cut_everywhere(sqlite_engine)

    assert {"after CreateRole", "before DeleteRole", "after DeleteRole"} <= set(moments)


def in_flight(world: World) -> int:
    """How many calls were on their way when it happened: one, or none."""
    assert isinstance(world.cloud, CutCloud)
    moments = world.cloud.cut.moments
    return int(bool(moments) and moments[-1].endswith("is on its way"))


@pytest.mark.parametrize("story", [FIX, UNDO], ids=["fix", "undo"])
def test_after_a_pause_at_any_moment_there_is_no_write_but_to_take_back(
    sqlite_engine: Engine, story: Story
) -> None:
    """Whatever was not on its way to AWS at that moment never goes."""
    before: list[int] = []

    def stop(world: World) -> None:
        before[:] = [len(world.cloud.calls)]
        pause(world)

    def nothing_followed(world: World, request: RemediationRequest) -> None:
        is_fix = request.undoes is None
        taken_back = {f"DetachRolePolicy {PAYMENTS}", f"DeleteRole {PAYMENTS}"} if is_fix else set()
        later = world.cloud.calls[before[0] :] if before else []
        assert set(later[in_flight(world) :]) <= taken_back
        before.clear()

    replace(story, check=nothing_followed).disturb_everywhere(sqlite_engine, stop)
