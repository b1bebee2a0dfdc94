"""A scan from start to result: accounts in batches, findings as they are read, one message that settles."""

import threading
from typing import Any

import pytest
from building.racing import at_once
from building.values import NOW, an_account
from building.world import World
from sqlalchemy import Engine

from bot.domain.account import AccountId, AccountState
from bot.domain.errors import AwsError
from bot.domain.facts import Unreadable, UnreadableCode
from bot.domain.finding import Verdict
from bot.domain.scope import Scope
from bot.domain.status import Status
from bot.flows import scan
from bot.flows.fresh_scan import NotScannedError, scan_now
from bot.flows.scan import STALE_AFTER
from bot.flows.scanner import Scanner
from bot.store import findings, scans

CHANNEL = "C0STATUS"
IDS = [AccountId(f"{number:012d}") for number in range(230)]


def start(world: World, scope: str = "") -> str:
    """Start a scan, with a message that follows it; its id."""
    with world.engine.begin() as connection:
        scan_id = scan.start(world.desk, connection, scope=scope, reason="status")
        status = scan.read_status(world.desk, connection, scope=Scope(), words=scope, scan_id=scan_id)
    at = world.messenger.show_status(CHANNEL, status, None)
    with world.engine.begin() as connection:
        scans.follow_scan(connection, at, scan_id=scan_id, scope=scope, now=world.clock())
    return scan_id


def shown(world: World) -> Status:
    """The one status message."""
    (status,) = world.messenger.shown(CHANNEL)
    assert isinstance(status, Status)
    return status


def the_scan(world: World, scan_id: str) -> scans.Scan:
    with world.engine.connect() as connection:
        found = scans.read_scan(connection, scan_id)
    assert found is not None
    return found


def fill(world: World, *ids: AccountId) -> None:
    world.cloud.accounts = {one: an_account(one, name=f"account {one}") for one in ids}


def test_a_scan_reads_every_account_and_its_result_stands_in_the_one_message(world: World):
    fill(world, *IDS)
    for one in IDS[:200]:
        world.cloud.add_role(world.cloud.accounts[one])
    world.cloud.unreadable[IDS[-1]] = Unreadable(UnreadableCode.TIMEOUT, "GetRole: timeout", "Try again.")
    world.start()

    scan_id = start(world)
    world.wait()
    world.upkeep().show_scans()

    status = shown(world)
    assert (status.progress, status.problem, status.last_scan_at) == (None, "", NOW)
    assert status.summary.in_scope == 230
    counts = [status.summary.count(v) for v in (Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN)]
    assert counts == [200, 29, 1]
    assert status.summary.coverage_percent == 99
    assert status.attention[0].finding.verdict is Verdict.UNKNOWN
    assert the_scan(world, scan_id).total == 230
    assert world.kinds() == ["scan.finished"]
    assert world.events()[0]["detail"]["PASS"] == "200"


def test_after_its_result_a_message_is_left_alone(world: World):
    world.start()
    start(world)
    world.wait()
    world.upkeep().show_scans()
    updates = world.messenger.updates

    world.upkeep().show_scans()

    assert world.messenger.updates == updates


def test_while_a_scan_runs_its_message_shows_how_far_it_is_but_not_too_often(world: World):
    fill(world, *IDS)
    scan_id = start(world)
    scanner, upkeep = Scanner(world.parts), world.upkeep()
    scanner.plan(scan_id)
    scanner.read(scan_id, 0)

    upkeep.show_scans()
    assert world.messenger.updates == 0

    world.clock.move(seconds=2)
    upkeep.show_scans()
    progress = shown(world).progress
    assert progress is not None
    assert (progress.done, progress.total) == (100, 230)


def test_why_a_scan_could_not_run_stands_in_its_message(world: World):
    world.cloud.faults["ListAccounts"] = AwsError("ListAccounts: AccessDenied. Allow it.", "AccessDenied")
    world.start()

    start(world)
    world.wait()
    world.upkeep().show_scans()

    assert shown(world).problem == "ListAccounts: AccessDenied. Allow it."
    assert world.events()[0]["outcome"] == "ListAccounts: AccessDenied. Allow it."


@pytest.mark.parametrize("call", ["Reach", "ReadAccount"])
def test_a_batch_that_cannot_be_read_at_all_ends_the_scan_with_its_reason(world: World, call: str):
    world.cloud.faults[call] = AwsError("GetCallerIdentity: ExpiredToken", "ExpiredToken")
    world.start()

    scan_id = start(world)
    world.wait()
    world.upkeep().show_scans()

    assert the_scan(world, scan_id).finished_at is not None
    assert shown(world).problem == "GetCallerIdentity: ExpiredToken"


@pytest.mark.parametrize(("accounts", "scope"), [((), ""), (IDS[:2], "nobody-is-called-so")])
def test_a_scope_without_accounts_says_so(world: World, accounts: Any, scope: str):
    fill(world, *accounts)
    scan_id = start(world, scope)

    Scanner(world.parts).plan(scan_id)
    world.upkeep().show_scans()

    assert shown(world).problem == "No account is in this scope."


def test_only_what_is_in_the_scope_is_read(world: World):
    fill(world, *IDS[:5])
    scan_id = start(world, IDS[3])
    scanner = Scanner(world.parts)

    scanner.plan(scan_id)
    scanner.read(scan_id, 0)

    with world.engine.connect() as connection:
        assert set(findings.read_verdicts(connection)) == {IDS[3]}


def test_a_suspended_account_is_skipped(world: World):
    world.cloud.accounts = {IDS[0]: an_account(IDS[0], state=AccountState.SUSPENDED)}
    scan_id = start(world)
    scanner = Scanner(world.parts)

    scanner.plan(scan_id)
    scanner.read(scan_id, 0)

    with world.engine.connect() as connection:
        assert findings.read_verdicts(connection) == {IDS[0]: Verdict.SKIPPED}


def test_a_batch_that_runs_again_changes_nothing_and_ends_nothing_twice(world: World):
    scan_id = start(world)
    scanner = Scanner(world.parts)
    scanner.plan(scan_id)
    scanner.plan(scan_id)

    at_once(3, lambda _: scanner.read(scan_id, 0))
    scanner.read(scan_id, 0)

    assert world.kinds() == ["scan.finished"]


def test_a_second_scan_of_the_same_scope_joins_the_running_one(world: World):
    first = start(world)

    with world.engine.begin() as connection:
        again = scan.start(world.desk, connection, scope="", reason="status")
        other = scan.start(world.desk, connection, scope="prod", reason="status")

    assert again == first
    assert other != first


def test_a_scan_that_never_ended_is_neither_joined_nor_waited_for(world: World):
    first = start(world)
    world.clock.move(seconds=STALE_AFTER.total_seconds() + 1)

    with world.engine.begin() as connection:
        assert scan.start(world.desk, connection, scope="", reason="status") != first
    world.upkeep().close_stuck_scans()
    world.upkeep().show_scans()

    assert "did not end" in shown(world).problem


@pytest.mark.parametrize(("code", "is_given_up"), [("message_not_found", True), ("internal_error", False)])
def test_a_message_that_is_gone_is_followed_no_longer(world: World, code: str, *, is_given_up: bool):
    scan_id = start(world)
    Scanner(world.parts).plan(scan_id)
    Scanner(world.parts).read(scan_id, 0)
    world.messenger.down = code

    world.upkeep().show_scans()

    with world.engine.connect() as connection:
        assert (scans.read_following(connection) == ()) is is_given_up
    world.messenger.down = ""
    world.upkeep().show_scans()
    assert (shown(world).progress is None) is not is_given_up


def test_what_is_known_of_a_scope_is_told_before_any_scan(world: World):
    with world.engine.connect() as connection:
        status = scan.read_status(world.desk, connection, scope=Scope(), words="")

    assert (status.last_scan_at, status.summary.in_scope, status.progress) == (None, 0, None)


def ten_ask_at_once(world: World) -> tuple[int, int]:
    """How many scans that costs, and how many workflows wait for a worker."""
    ids = at_once(10, lambda _: start(world))
    return len(set(ids)), len(world.desk.enqueue.client.list_workflows())


def test_ten_who_ask_at_once_cost_one_scan_and_have_a_message_each(world: World):
    assert ten_ask_at_once(world) == (1, 1)
    assert len(world.messenger.shown(CHANNEL)) == 10


@pytest.mark.postgres
def test_ten_who_ask_at_once_cost_one_scan_on_postgresql_too(postgres_engine: Engine):
    assert ten_ask_at_once(World(postgres_engine)) == (1, 1)


def test_another_scope_at_the_same_time_is_another_scan(world: World):
    ids = at_once(6, lambda number: start(world, "" if number % 2 else IDS[0]))

    assert len(set(ids)) == 2


# --- for whoever is not in Slack ------------------------------------------------------------------------


def pause() -> None:
    threading.Event().wait(0.02)


def test_a_scan_that_is_waited_for_has_ended_when_it_returns(world: World):
    world.start()
    world.upkeep().beat()

    scan_now(world.desk, rest=pause)

    with world.engine.connect() as connection:
        assert findings.count_verdicts(connection).in_scope == 1
    assert world.kinds() == ["scan.finished"]


def test_without_a_worker_nobody_waits_for_a_scan(world: World):
    with pytest.raises(NotScannedError, match="No worker is running"):
        scan_now(world.desk, rest=pause)

    assert world.desk.enqueue.client.list_workflows() == []


def test_what_keeps_a_scan_from_aws_is_told_to_whoever_waits(world: World):
    world.cloud.faults["ListAccounts"] = AwsError("AccessDenied: ListAccounts", "AccessDenied")
    world.start()
    world.upkeep().beat()

    with pytest.raises(NotScannedError, match="AccessDenied: ListAccounts"):
        scan_now(world.desk, rest=pause)


def test_a_worker_that_dies_meanwhile_keeps_nobody_waiting_for_ever(world: World):
    world.upkeep().beat()

    with pytest.raises(NotScannedError, match="did not end"):
        scan_now(world.desk, rest=lambda: world.clock.move(minutes=10))
