"""A worker that ends in the middle of a fix: another one goes on, and nothing happens twice."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from adapters.aws import FileCloud
from building.values import PAYMENTS, an_account
from building.waiting import eventually
from building.world import World
from sqlalchemy import Engine

from bot.domain.request import RemediationRequest, RequestState
from bot.flows import engine as durable
from bot.flows.upkeep import SILENT_AFTER

NAME = "aws-support-access"
PATIENCE = 60.0
"""Seconds for a word or an end of the other process."""
FIX_TRAIL = ["fix.requested", "fix.approved", "change.intended", "change.applied", "change.verified"]


@pytest.fixture
def world(database_file: Path, tmp_path: Path, world: World) -> World:
    """A world whose AWS outlives a process."""
    world.cloud = FileCloud(tmp_path / "cloud.json", an_account())
    return world


@pytest.fixture
def postgres_world(postgres_engine: Engine, tmp_path: Path) -> Iterator[World]:
    yield World(postgres_engine, FileCloud(tmp_path / "cloud.json", an_account()))
    durable.stop(seconds=0)


@contextmanager
def worker_at(world: World, folder: Path, call: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has come to a call to AWS, and waits there."""
    tests = Path(__file__).parents[1]
    program = [sys.executable, str(Path(__file__).with_name("a_worker_process.py"))]
    database = world.engine.url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [*program, database, str(folder / "cloud.json"), call],
        env={**os.environ, "PYTHONPATH": str(tests)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert said(process) == "started"
            assert said(process) == f"at {call}"
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    """Its next line, and none if it says nothing for long: it is ended then."""
    assert process.stdout is not None
    too_late = threading.Timer(PATIENCE, process.kill)
    too_late.start()
    try:
        return process.stdout.readline().removesuffix("\n")
    finally:
        too_late.cancel()


def go_on(world: World, request: RemediationRequest) -> RemediationRequest:
    """A second worker takes over; the request when it is done with it."""
    world.start("second-worker")
    upkeep = world.upkeep("second-worker")

    def is_done() -> bool:
        upkeep.take_over()
        return world.request(request.id).state not in {RequestState.APPROVED, RequestState.APPLYING}

    eventually(is_done, "the second worker has ended the request")
    world.wait()
    return world.request(request.id)


def kill_and_take_over(world: World, folder: Path, call: str) -> None:
    request = world.approved()
    with worker_at(world, folder, call) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
    assert world.request(request.id).state is RequestState.APPLYING

    world.clock.move(seconds=SILENT_AFTER.total_seconds() + 1)
    ended = go_on(world, request)

    role = world.cloud.find(PAYMENTS, NAME)
    assert role is not None
    assert ended.plan is not None
    assert ended.state is RequestState.APPLIED
    assert role.policies == [ended.plan.policy_arn]
    assert world.cloud.calls == [f"CreateRole {PAYMENTS}", f"AttachRolePolicy {PAYMENTS}"]
    assert world.kinds(request.id) == FIX_TRAIL


@pytest.mark.parametrize("call", ["CreateRole", "+CreateRole", "+AttachRolePolicy", "ReadBack"])
def test_what_a_killed_worker_began_is_ended_by_another_and_nothing_happens_twice(
    world: World, tmp_path: Path, call: str
):
    kill_and_take_over(world, tmp_path, call)


@pytest.mark.postgres
@pytest.mark.parametrize("call", ["+CreateRole", "+AttachRolePolicy"])
def test_so_it_is_on_postgresql(postgres_world: World, tmp_path: Path, call: str):
    kill_and_take_over(postgres_world, tmp_path, call)


def test_what_a_worker_could_not_end_before_it_was_stopped_is_ended_by_another_at_once(
    world: World, tmp_path: Path
):
    request = world.approved()
    with worker_at(world, tmp_path, "CreateRole") as process:
        assert process.stdin is not None
        process.send_signal(signal.SIGTERM)
        assert said(process) == "stopped"
        process.stdin.write("\n")
        process.stdin.close()
        process.wait(PATIENCE)
    assert world.request(request.id).state is RequestState.APPLYING

    ended = go_on(world, request)

    assert ended.state is RequestState.APPLIED
    assert world.cloud.calls == [f"CreateRole {PAYMENTS}", f"AttachRolePolicy {PAYMENTS}"]
    assert world.kinds(request.id) == FIX_TRAIL
