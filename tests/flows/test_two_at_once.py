"""Two attempts at one request, as when a worker that was taken for dead wakes up: one role or none, and it is
said what became of it.

Each has its own memory. Now this one goes on and now that one: they take turns at calls to AWS, at commits,
and while a call is on its way.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import count
from random import Random

import pytest
from building.cutting import CutCloud, cutting_commits
from building.databases import ON_BOTH
from building.emptying import empty, hurry
from building.trails import is_legal, word_of
from building.turns import Turns, at_random
from building.undoing import NAME, already_applied, approved_undo, pause
from building.values import PAYMENTS
from building.world import World
from sqlalchemy import Engine

from bot.domain.audit import ChainIntact
from bot.domain.errors import AwsError
from bot.domain.request import RemediationRequest, RequestState
from bot.flows import attempt
from bot.flows.remediate import Run
from bot.flows.undo_run import UndoRun
from bot.store import audit, operations

POLICY = "arn:aws:iam::aws:policy/AWSSupportAccess"
THERE = {RequestState.APPLIED, RequestState.APPLIED_UNVERIFIED}
SCHEDULES = range(20)

Event = Callable[[World], object]


class NoBoard:
    """Progress is shown by a thread of its own, of which this is not about."""

    def __init__(self, show: object) -> None: ...

    def post(self, request: object, progress: object) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def engine(database: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(attempt, "ProgressBoard", NoBoard)
    return hurry(database) if database.dialect.name == "sqlite" else database


@dataclass
class Both:
    """Two attempts at what is approved, and the turns that they take."""

    world: World
    turns: Turns
    request: RemediationRequest

    def go(self, *attempts: Callable[[], object]) -> RemediationRequest:
        self.turns.moments.clear()
        self.turns.run(attempts)
        return self.world.request(self.request.id)

    def fix(self) -> None:
        run = Run(self.world.parts, self.request.id)
        if run.begin() and run.create() and run.attach():
            run.read_back()

    def undo(self) -> None:
        run = UndoRun(self.world.parts, self.request.id)
        if run.begin() and run.take_away():
            run.see_it_gone()

    def refuse(self, verb: str, number: int = 0) -> None:
        """AWS refuses a call of one of them, whose credentials are no longer good."""

        def check() -> None:
            if self.turns.acting == number:
                raise AwsError(f"{verb}: ExpiredToken", "ExpiredToken")

        self.world.cloud.before[verb] = check


@contextmanager
def both(engine: Engine, *, undoes: bool = False) -> Iterator[Both]:
    empty(engine)
    turns = Turns()
    world = World(engine, CutCloud(turns))
    # One thread alone runs at any time, and may be left in the middle of a call.
    world.cloud.lock = nullcontext()
    request = approved_undo(world, already_applied(world)) if undoes else world.approved()
    with cutting_commits(engine, turns):
        yield Both(world, turns, request)


def is_true(two: Both, ended: RemediationRequest) -> None:
    """The fix has ended; its role is there whole, or nothing is, or it is said; and the trail is one."""
    role = two.world.cloud.find(PAYMENTS, NAME)
    if ended.state in THERE:
        assert role is not None
        assert (role.role_id, role.policies) == (ended.outcome.role_id, [POLICY])
        assert f"DeleteRole {PAYMENTS}" not in two.world.cloud.calls
    else:
        assert ended.state in {RequestState.FAILED, RequestState.REFUSED, RequestState.EXPIRED}
        assert role is None or ended.outcome.left_behind
    assert ended.ending is None or ended.state is not RequestState.APPLYING
    assert is_legal(ended, word_of(two.world.events(ended.id)))
    with two.world.engine.connect() as connection:
        assert isinstance(audit.verify(connection), ChainIntact)


def at_every_moment(
    engine: Engine, prepare: Callable[[Both], object]
) -> Iterator[tuple[Both, RemediationRequest]]:
    """One attempt is left at each of its moments; the other goes all the way; then the first goes on."""
    for number in count(1):
        with both(engine) as two:
            prepare(two)
            two.turns.may_hand_over = lambda two=two, number=number: len(two.turns.moments) == number
            ended = two.go(two.fix, two.fix)
            if two.turns.moments[number:][:1] == []:
                return
            yield two, ended


@ON_BOTH
def test_an_attempt_that_wakes_up_and_fails_takes_away_nothing_that_the_other_has_applied(engine: Engine):
    moments = 0
    for two, ended in at_every_moment(engine, lambda two: two.refuse("AttachRolePolicy")):
        is_true(two, ended)
        moments += 1

    assert moments > 10


def test_an_attempt_that_wakes_up_makes_nothing_after_the_other_was_refused(engine: Engine):
    """Fixes are paused just as the first one is left, and resumed before it goes on."""
    ends = set()
    for two, ended in at_every_moment(engine, paused_for_the_second):
        is_true(two, ended)
        ends.add(ended.state)

    assert ends == {RequestState.REFUSED, RequestState.APPLIED}


def leave_after(two: Both, *counts: int) -> None:
    """Whose turn it is has so many moments before the other goes on; the last of them goes to its end."""
    left, passed = list(counts), 0

    def may_hand_over() -> bool:
        nonlocal passed
        passed += 1
        if not left or passed < left[0]:
            return False
        del left[0]
        passed = 0
        return True

    two.turns.may_hand_over = may_hand_over


def moments_until(engine: Engine, words: str) -> int:
    """How many moments an attempt has from its beginning to there."""
    with both(engine) as two:
        two.go(two.fix)
        return two.turns.moments.index(f"0: {words}") + 1


@pytest.mark.parametrize(
    "words", ["after AttachRolePolicy", "before ReadBack", "AttachRolePolicy is on its way"]
)
def test_one_that_fails_while_the_other_reads_back_has_it_applied_or_taken_back_and_not_both(
    engine: Engine, words: str
):
    """The first is left just before it finds AWS refusing, and again at every moment of taking back."""
    first, ends = moments_until(engine, "before AttachRolePolicy"), set()
    second = moments_until(engine, words) - 2
    for third in range(1, 13):
        with both(engine) as two:
            two.refuse("AttachRolePolicy")
            leave_after(two, first, second, third)

            ended = two.go(two.fix, two.fix)

            is_true(two, ended)
            ends.add(ended.state)
    assert ends == {RequestState.FAILED}


def paused_for_the_second(two: Both) -> None:
    two.turns.becomes = lambda number: set_pause(two.world, paused=number == 1)


def set_pause(world: World, *, paused: bool) -> None:
    with world.engine.begin() as connection:
        operations.set_paused(connection, paused=paused, by="U1", now=world.clock())


EVENTS: list[Event] = [
    lambda _: None,
    pause,
    lambda world: set_pause(world, paused=False),
    lambda world: world.clock.move(hours=2),
]


def shuffled(two: Both, seed: int) -> None:
    """Let them take turns by chance, and something happen at two moments; one may find AWS refusing."""
    luck = Random(seed)  # noqa: S311 - a schedule is no secret
    two.turns.may_hand_over = at_random(seed)
    for _ in range(2):
        event = luck.choice(EVENTS)
        two.turns.happens_at[luck.randrange(1, 40)] = lambda event=event: event(two.world)
    refused = luck.choice(["", "", "CreateRole", "AttachRolePolicy", "ReadBack", "DeleteRole"])
    if refused:
        two.refuse(refused, luck.choice([0, 1]))


@pytest.mark.parametrize("seed", SCHEDULES)
def test_however_two_attempts_at_a_fix_take_turns_it_ends_whole_or_not_at_all(engine: Engine, seed: int):
    with both(engine) as two:
        shuffled(two, seed)

        is_true(two, two.go(two.fix, two.fix))


@pytest.mark.parametrize("seed", SCHEDULES)
def test_however_two_attempts_at_an_undo_take_turns_what_becomes_of_the_role_is_said(
    engine: Engine, seed: int
):
    with both(engine, undoes=True) as two:
        shuffled(two, seed)

        ended = two.go(two.undo, two.undo)

        role = two.world.cloud.find(PAYMENTS, NAME)
        if ended.state is RequestState.UNDONE:
            assert role is None
        else:
            is_whole = role is not None and role.policies == [POLICY]
            is_said = ended.outcome.left_behind or "change.late" in two.world.kinds(ended.id)
            assert is_whole or is_said or ended.state is RequestState.APPLIED_UNVERIFIED
        assert len(set(two.world.cloud.calls)) == len(two.world.cloud.calls)
        assert is_legal(ended, word_of(two.world.events(ended.id)))
