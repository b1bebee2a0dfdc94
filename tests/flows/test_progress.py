"""How far a fix is gets shown beside the fix: the newest step only, and nothing after the record."""

from threading import Event

import pytest
from building.values import a_request
from building.waiting import eventually
from building.world import World

from bot.domain.errors import MessengerError
from bot.domain.request import ApplyProgress, ApplyStep, RemediationRequest
from bot.flows.progress import ProgressBoard


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
