"""What waits, what changed and what was recorded: asked for in Slack, and answered privately."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from building.bulk_values import a_bulk, a_member
from building.values import NOW, a_finding, an_event
from building.waivers import a_waiver
from sqlalchemy import Connection, update

from bot.domain.bulk import BulkState
from bot.domain.finding import Verdict
from bot.domain.request import Person, RequestId, RequestState
from bot.domain.waiver import WaiverState
from bot.sandbox.slack import ANA, CLOUD_SECURITY, RILEY
from bot.sandbox.slack.lint import lint
from bot.store import audit, bulks, findings, requests, tables, waivers
from tests.slack.listeners.workplace import LEDGER, PAYMENTS, TEAM, Workplace, ask, know

FIX = RequestId("fix-1")
HOSTILE = "<!channel> *x* `y`"


@pytest.fixture
def known(work: Workplace) -> Iterator[Workplace]:
    work.change(lambda connection: know(connection, (PAYMENTS, Verdict.FAIL), (LEDGER, Verdict.PASS)))
    yield work
    # Nobody but whoever asked is shown any of this.
    assert work.shown_in(CLOUD_SECURITY) == []


def told(work: Workplace, words: str) -> str:
    work.command(words)
    return work.told_to(RILEY)[-1]


def check_again(work: Workplace, verdict: Verdict, *, after: timedelta) -> None:
    finding = a_finding(verdict, PAYMENTS, checked_at=NOW + after)
    work.change(lambda c: findings.save_findings(c, [finding], scan_id=f"scan-{after}"))


def apply_the_fix(connection: Connection) -> None:
    """`fix-1` as it is once it was approved and applied, an hour after it was asked for."""
    ask(connection)
    for before, after in (
        (RequestState.PENDING, RequestState.APPROVED),
        (RequestState.APPROVED, RequestState.APPLYING),
        (RequestState.APPLYING, RequestState.APPLIED),
    ):
        requests.move(connection, FIX, before=before, after=after, now=NOW + timedelta(hours=1))


# --- requests ---


def test_requests_lists_what_waits_with_its_message_and_a_waiver(known: Workplace):
    known.change(ask)
    waiver = a_waiver(WaiverState.PENDING, requester=Person(TEAM, ANA), account_name=HOSTILE)
    known.change(lambda c: waivers.add_waiver(c, waiver))

    shown = told(known, "requests")

    assert shown.startswith("2 requests wait for a decision.")
    assert "*Support role for payments (111122223333)*" in shown
    assert f"asked by <@{RILEY}>" in shown
    assert f"asked by <@{ANA}>" in shown
    assert "<!channel>" not in shown


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ([BulkState.PENDING], "waits for a decision, expires in 1 hour"),
        ([BulkState.PENDING, BulkState.RUNNING], "under way"),
    ],
)
def test_a_bulk_request_is_listed_as_one_with_its_accounts(
    known: Workplace, states: list[BulkState], said: str
):
    def write(connection: Connection) -> None:
        bulk = a_bulk(BulkState.PREPARING, requester=Person(TEAM, ANA))
        bulks.add_bulk(connection, bulk)
        for number in (1, 2):
            requests.add_request(connection, a_member(number, RequestState.PENDING))
        for before, after in pairwise([BulkState.PREPARING, *states]):
            bulks.move(connection, bulk.id, before=before, after=after)

    known.change(write)

    shown = told(known, "requests")

    assert "*Support roles for 2 accounts: account 1, account 2*" in shown
    assert said in shown
    assert "`bulk-1`" in shown
    assert "fix-1-001" not in shown


def test_requests_says_when_there_is_none_and_what_to_do(known: Workplace):
    assert told(known, "requests").startswith("No request is open.")


def test_a_decided_request_is_no_longer_listed(known: Workplace):
    known.change(apply_the_fix)

    assert told(known, "requests").startswith("No request is open.")


# --- history ---


def test_history_has_the_changes_of_all_accounts_newest_first_without_first_checks(known: Workplace):
    check_again(known, Verdict.PASS, after=timedelta(hours=1))
    check_again(known, Verdict.WEAK, after=timedelta(hours=2))

    shown = told(known, "history")

    assert "ledger" not in shown
    assert "first time" not in shown
    assert shown.index("went from PASS to") < shown.index("went from FAIL to")


def test_history_without_any_change_says_what_to_do(known: Workplace):
    assert told(known, "history").startswith("Nothing has changed yet.")


def test_the_history_of_an_account_has_verdicts_fixes_and_waivers(known: Workplace):
    known.change(apply_the_fix)
    known.change(lambda c: waivers.add_waiver(c, a_waiver(WaiverState.PENDING)))
    check_again(known, Verdict.PASS, after=timedelta(hours=2))

    shown = told(known, "history payments")

    assert shown.startswith("History of payments (111122223333).")
    assert "*Now: \N{WHITE HEAVY CHECK MARK} PASS*" in shown
    for said in ("checked for the first time", "Support role created in payments", "went from FAIL to"):
        assert said in shown
    assert "Waiver for payments (111122223333) until 31 March 2026 asked for by" in shown


def test_an_account_that_fails_again_after_our_fix_has_regressed(known: Workplace):
    known.change(apply_the_fix)
    check_again(known, Verdict.PASS, after=timedelta(hours=2))
    check_again(known, Verdict.FAIL, after=timedelta(hours=3))

    for words in ("history", "history payments"):
        assert "payments (111122223333) *regressed after our fix*: PASS to" in told(known, words)


def test_a_history_is_of_one_account(known: Workplace):
    assert "means 2: ledger (444455556666), payments" in told(known, "history payments ledger")


def test_a_waived_account_is_shown_as_waived(known: Workplace):
    known.change(lambda c: waivers.add_waiver(c, a_waiver(WaiverState.GRANTED)))

    assert "*Now: \N{WHITE CIRCLE} WAIVED*" in told(known, "history payments")


# --- audit ---


def record(work: Workplace, count: int = 1, **changes: str) -> None:
    def write(connection: Connection) -> None:
        for _ in range(count):
            audit.record(connection, an_event(**changes))

    work.change(write)


def test_audit_has_the_last_events_and_the_chains_head(known: Workplace):
    record(known, 30, request_id="fix-1", account_id=PAYMENTS.id)
    length, head = known.look(audit.read_head)

    shown = told(known, "audit")

    assert shown.startswith("Audit log: the last 10 of 30 events.")
    assert (length, head in shown) == (30, True)
    assert shown.index("*30* ·") < shown.index("*21* ·")
    assert "*20* ·" not in shown


@pytest.mark.parametrize("words", ["audit payments", "audit 111122223333", "audit fix-1", "audit FIX-1"])
def test_audit_of_an_account_or_a_request_has_its_events_alone(known: Workplace, words: str):
    record(known, account_id=PAYMENTS.id, request_id="fix-1")
    record(known, account_id=LEDGER.id, request_id="fix-2")

    shown = told(known, words)

    assert shown.startswith("Audit log: 1 event.")
    assert "fix-2" not in shown
    assert "The chain has 2 events" in shown


def test_audit_of_an_account_without_events_says_so(known: Workplace):
    record(known, account_id=PAYMENTS.id, request_id="fix-1")

    assert told(known, "audit ledger").startswith("The audit log has nothing about this.")


def test_an_account_that_left_the_scope_keeps_its_events(known: Workplace):
    record(known, account_id="777788889999", request_id="fix-1")

    assert told(known, "audit 7777-8888-9999").startswith("Audit log: 1 event.")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("history paymnets", "Did you mean payments?"),
        ("audit paymnets", "Did you mean payments?"),
        ("audit fix-012345678x", "Did you mean the request fix-0123456789?"),
        ("audit 999900001111", "No account 999900001111 is in scope."),
    ],
)
def test_what_nobody_knows_is_answered_with_the_nearest(known: Workplace, words: str, meant: str):
    record(known, request_id="fix-0123456789")

    assert meant in told(known, words)


# --- all of them ---


@pytest.mark.parametrize("word", ["requests", "history", "audit"])
def test_a_name_that_pings_everybody_is_shown_as_text_and_slack_takes_it(known: Workplace, word: str):
    known.change(ask)
    known.change(
        lambda c: c.execute(
            update(tables.requests).values(account_name=HOSTILE, state="applied", ended_at=NOW)
        )
    )
    record(known, outcome=HOSTILE, account_id=PAYMENTS.id, request_id=HOSTILE)

    known.command(word)

    (seen,) = known._messages(CLOUD_SECURITY, RILEY)
    assert lint(seen.raw["blocks"], "message") == []
    assert "<!channel>" not in seen.text + seen.words
