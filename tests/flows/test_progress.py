"""How far a fix is gets shown beside the fix: the newest step only, and nothing after the record."""

from threading import Event

import pytest
from adapters.messenger import FakeMessenger, RequestMessage
from building.databases import ON_BOTH
from building.values import APPROVALS, a_request
from building.waiting import eventually
from building.world import World

from bot.domain.errors import MessengerError
from bot.domain.pause import Pause
from bot.domain.request import ApplyProgress, ApplyStep, MessageRef, RemediationRequest, RequestState
from bot.flows import progress
from bot.flows.progress import ProgressBoard
from bot.flows.remediate import Run
from bot.store import progress as rows
from bot.store import requests


class Slow:
    """A Slack that is asked to show something, and takes its time."""

    def __init__(self) -> None:
        self.shown: list[ApplyStep] = []
        self.asked, self.may_go_on = Event(), Event()

    def __call__(self, request: RemediationRequest, progress: ApplyProgress) -> None:
        self.asked.set()
        assert self.may_go_on.wait(timeout=15)
        self.shown.append(ApplyStep(progress.at))


def test_a_slow_slack_holds_nothing_up_and_what_is_overtaken_is_never_shown():
    slack = Slow()
    board = ProgressBoard(slack)
    board.post(a_request(), ApplyProgress(ApplyStep.GUARDS))
    assert slack.asked.wait(timeout=15)
    for step in (ApplyStep.CREATE, ApplyStep.ATTACH, ApplyStep.VERIFY):
        board.post(a_request(), ApplyProgress(step))

    slack.may_go_on.set()
    eventually(lambda: len(slack.shown) == 2, "the newest step is shown")
    board.close()

    assert slack.shown == [ApplyStep.GUARDS, ApplyStep.VERIFY]


def test_after_it_is_closed_nothing_more_is_shown():
    slack = Slow()
    slack.may_go_on.set()
    board = ProgressBoard(slack)
    board.close()

    board.post(a_request(), ApplyProgress(ApplyStep.VERIFY))
    board.close()

    assert slack.shown == []


def test_a_slack_that_refuses_one_step_is_shown_the_next():
    shown: list[ApplyStep] = []
    refused = Event()

    def show(request: RemediationRequest, progress: ApplyProgress) -> None:
        if progress.at is ApplyStep.GUARDS:
            refused.set()
            raise MessengerError("ratelimited", "ratelimited")
        shown.append(ApplyStep(progress.at))

    board = ProgressBoard(show)
    board.post(a_request(), ApplyProgress(ApplyStep.GUARDS))
    assert refused.wait(timeout=15)
    board.post(a_request(), ApplyProgress(ApplyStep.CREATE))
    eventually(lambda: shown == [ApplyStep.CREATE], "the next step is shown")
    board.close()


@pytest.mark.parametrize("call", ["CreateRole", "AttachRolePolicy", "ReadBack"])
def test_while_it_applies_the_message_shows_the_step(world: World, call: str):
    steps = {
        "CreateRole": ApplyStep.ASSUME,
        "AttachRolePolicy": ApplyStep.ATTACH,
        "ReadBack": ApplyStep.VERIFY,
    }
    request = world.approved()

    def look() -> None:
        eventually(lambda: progress_at(world) is steps[call], f"the message shows {steps[call]}")

    world.cloud.before[call] = look
    world.fix(request)

    assert world.shown_request().progress is None


def progress_at(world: World) -> object:
    progress = world.shown_request().progress
    return progress and progress.at


class LateMessenger(FakeMessenger):
    """A Slack that takes a post about the progress, and shows it only when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.is_slow = True
        self.asked, self.may_go_on = Event(), Event()

    def show_request(
        self,
        channel: str,
        request: RemediationRequest,
        at: MessageRef | None,
        progress: ApplyProgress | None,
        pause: Pause | None = None,
    ) -> MessageRef:
        if progress is not None and self.is_slow:
            self.asked.set()
            assert self.may_go_on.wait(timeout=15)
        return super().show_request(channel, request, at, progress, pause)


@pytest.fixture
def slack(world: World, monkeypatch: pytest.MonkeyPatch) -> LateMessenger:
    monkeypatch.setattr(progress, "WAIT_SECONDS", 0.01)
    world.messenger = LateMessenger()
    return world.messenger


def is_shown_as_it_ended(world: World, request: RemediationRequest) -> bool:
    return world.shown_request() == RequestMessage(world.request(request.id), None)


@ON_BOTH
def test_a_post_under_way_that_comes_after_the_record_is_shown_over_by_it(world: World, slack: LateMessenger):
    request = world.approved()
    world.cloud.before["CreateRole"] = lambda: slack.asked.wait(timeout=15)
    ended = world.fix(request)
    assert is_shown_as_it_ended(world, ended)

    slack.may_go_on.set()
    eventually(lambda: not is_shown_as_it_ended(world, ended), "the late post is there")
    eventually(lambda: is_stale(world), "the record is owed again")
    world.upkeep().show_requests()

    assert is_shown_as_it_ended(world, ended)
    assert not is_stale(world)


def test_a_record_that_is_just_being_shown_while_the_late_post_comes_is_shown_once_more(
    world: World, slack: LateMessenger
):
    """The record was on its way first, and may have come first: nobody can tell."""
    request = world.approved()
    other = Run(world.parts, request.id)
    other.begin()
    other._board.post(world.request(request.id), ApplyProgress(ApplyStep.GUARDS))
    assert slack.asked.wait(timeout=15)
    slack.is_slow = False
    ended = world.fix(request)
    with world.engine.connect() as connection:
        seen = rows.read_seen(connection, request.id)

    slack.may_go_on.set()
    eventually(lambda: is_stale(world), "the record is owed again")
    with world.engine.begin() as connection:
        shown = rows.after_showing(ended.state, seen, now=world.clock())
        requests.place_message(connection, request.id, MessageRef(APPROVALS, "1.0"), **shown)

    assert is_stale(world)
    world.upkeep().show_requests()
    assert is_shown_as_it_ended(world, ended)
    other.close()


def test_a_post_whose_process_died_may_come_as_late_as_slack_takes_and_the_record_stands_then(world: World):
    request = world.approved()
    with world.engine.begin() as connection:
        requests.move(
            connection,
            request.id,
            before=RequestState.APPROVED,
            after=RequestState.APPLYING,
            now=world.clock(),
        )
        assert rows.claim_progress(connection, request.id, now=world.clock())
    ended = world.fix(request)
    assert not is_stale(world)
    late = world.messenger.show_request(APPROVALS, request, ended.message, ApplyProgress(ApplyStep.CREATE))
    assert late == ended.message

    world.clock.move(seconds=rows.ON_ITS_WAY.total_seconds() + 1)
    world.upkeep().show_requests()

    assert is_shown_as_it_ended(world, ended)
    assert not is_stale(world)


def test_two_attempts_at_once_do_not_both_post_their_progress(world: World):
    request = world.approved()
    run = Run(world.parts, request.id)
    run.begin()
    with world.engine.begin() as connection:
        assert rows.claim_progress(connection, request.id, now=world.clock())

    run._show_progress(world.request(request.id), ApplyProgress(ApplyStep.GUARDS))
    run.close()

    assert world.shown_request().progress is None


def is_stale(world: World) -> bool:
    with world.engine.connect() as connection:
        return bool(requests.read_stale_messages(connection, now=world.clock()))
