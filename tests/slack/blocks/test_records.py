"""What is said of what waits, what changed and what was recorded; and in which order."""

from datetime import timedelta

import pytest
from building.values import NOW, a_request, an_event
from building.waivers import a_waiver

from bot.domain.audit import GENESIS, ChainedEvent, chain
from bot.domain.finding import Verdict
from bot.domain.history import History, VerdictChange
from bot.domain.request import MessageRef, RequestId, RequestState
from bot.domain.waiver import WaiverState
from bot.slack.blocks.audit_log import audit_log
from bot.slack.blocks.history import history
from bot.slack.blocks.requests import requests
from tests.slack.blocks.record_samples import COUNTS, a_change, every_item, some_requests


def test_what_waits_comes_before_what_runs_and_what_expires_first_before_the_rest():
    running = a_request(RequestState.APPLYING, id=RequestId("running"), expires_at=NOW)
    late = a_request(id=RequestId("late"), expires_at=NOW + timedelta(hours=3))
    soon = a_request(id=RequestId("soon"), expires_at=NOW + timedelta(hours=1))
    waiver = a_waiver(WaiverState.PENDING, decide_by=NOW + timedelta(hours=2))

    text = requests([running, late, soon], [], [waiver], now=NOW).text

    assert "3 requests wait for a decision · 1 is under way." in text
    places = [text.index(word) for word in ("soon", "waiver-1", "late", "running")]
    assert places == sorted(places)


def test_a_request_says_who_asked_when_where_and_how_long_it_has():
    request = a_request(
        created_at=NOW - timedelta(minutes=5),
        expires_at=NOW + timedelta(minutes=55),
        message=MessageRef("C0APPROVALS", "1.2"),
    )

    text = requests([request], [], [], now=NOW).text

    assert "*Support role for payments (111122223333)*" in text
    assert "waits for a decision, expires in 55 minutes" in text
    assert "asked by <@U0ASKER> 5 minutes ago · in <#C0APPROVALS> · `fix-1`" in text


def test_a_request_whose_time_is_over_does_not_look_as_if_it_had_any():
    text = requests([a_request(expires_at=NOW - timedelta(minutes=1))], [], [], now=NOW).text

    assert "its time is over" in text
    assert "expires in" not in text


@pytest.mark.parametrize("count", [count for count in COUNTS if count > 20])
def test_of_many_requests_it_is_said_how_many_are_left_out(count: int):
    assert "Showing 20 of " in some_requests(count).text


def test_nothing_open_says_what_can_be_asked_for():
    text = requests([], [], [], now=NOW).text

    assert text.startswith("No request is open.")
    assert "/support-role fix ACCOUNT" in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (a_change(None, Verdict.FAIL, "payments"), "checked for the first time: *"),
        (a_change(Verdict.UNKNOWN, Verdict.PASS, "payments"), "went from UNKNOWN to *"),
        (
            a_change(Verdict.PASS, Verdict.FAIL, "payments", is_regression=True),
            "*regressed after our fix*: PASS to *",
        ),
    ],
)
def test_a_change_of_verdict_is_called_what_it_is(change: VerdictChange, said: str):
    text = history(History((change,)), now=NOW).text

    assert f"payments (111122223333) {said}" in text


def test_every_item_of_a_history_is_a_sentence_of_its_own():
    for item in every_item():
        text = history(History((item,)), now=NOW).text

        assert "payments production" in text
        assert "{label}" not in text


@pytest.mark.parametrize(("count", "said"), [(20, False), (21, True)])
def test_older_items_are_left_out_and_that_is_said(count: int, said: bool):  # noqa: FBT001 - a table
    items = tuple(a_change(Verdict.FAIL, Verdict.PASS, f"n{number}") for number in range(count))

    text = history(History(items), now=NOW).text

    assert ("The last 20 are shown." in text) is said
    assert "n19 " in text
    assert "n20 " not in text


def events(count: int) -> list[ChainedEvent]:
    return [chain(seq, GENESIS, an_event(request_id="fix-1")) for seq in range(1, count + 1)]


def test_an_event_has_its_number_time_kind_person_request_and_hash():
    (event,) = events(1)

    text = audit_log([event], total=1, length=1, head=event.hash).text

    assert "*1* · <!date^" in text
    assert "<@U0ASKER> asked for a support role" in text
    assert "`fix.requested` · `fix-1`" in text
    assert f"hash `{event.hash[:16]}`" in text


def test_the_chain_is_named_by_length_and_head_and_how_to_verify_it():
    text = audit_log(events(2), total=2, length=342, head="ab" * 32, about="payments").text

    assert "The chain has 342 events" in text
    assert "ab" * 32 in text
    assert "`support-role audit verify`" in text


def test_of_many_events_it_is_said_how_many_there_are():
    shown = audit_log(events(10), total=342, length=500, head=GENESIS)

    assert shown.text.startswith("Audit log: the last 10 of 342 events.")


def test_an_event_that_cannot_be_read_is_shown_all_the_same():
    text = audit_log([ChainedEvent(7, GENESIS, "no json", "ff")], total=1, length=7, head="ff").text

    assert "*7* · at an unknown time" in text
    assert "no json" in text
