"""What waits, what changed and what was recorded, to show: in every state and size."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import product

from building.bulk_values import a_bulk, a_member
from building.values import NOW, a_request, an_account, an_approval, an_event
from building.waivers import a_waiver

from bot.domain.account import AccountId
from bot.domain.audit import GENESIS, chain
from bot.domain.bulk import BulkReport, BulkState
from bot.domain.finding import Finding, Reason, Verdict
from bot.domain.history import Deed, History, HistoryItem, VerdictChange, WaiverStep, steps_of
from bot.domain.request import MessageRef, Mode, Person, RequestId, RequestKind, RequestState
from bot.domain.status import KnownFinding
from bot.domain.waiver import WaiverState
from bot.slack.blocks.audit_log import audit_log
from bot.slack.blocks.history import history
from bot.slack.blocks.kit import Message
from bot.slack.blocks.requests import requests

ASKER, SECOND = Person("T0TEAM", "U0ASKER"), Person("T0TEAM", "U0SECOND")
COUNTS = (0, 1, 20, 21, 500)


def record_messages(hostile: Mapping[str, str]) -> Iterator[tuple[str, Message]]:
    for count in COUNTS:
        yield f"requests {count}", some_requests(count)
        yield f"history of {count}", some_history(count)
        yield f"audit log of {count}", some_events(count)
    yield "history of an account", history(of_an_account(), now=NOW)
    yield "history of an account never checked", history(replace(of_an_account(), current=None), now=NOW)
    yield "audit log of nothing about it", audit_log([], total=0, length=3, head=GENESIS, about="payments")
    for name, text in hostile.items():
        yield f"requests {name}", some_requests(1, text)
        yield f"history {name}", some_history(1, text)
        yield f"audit log {name}", some_events(1, text)
        yield f"history of an account {name}", history(of_an_account(text), now=NOW)


def some_requests(count: int, text: str = "payments production") -> Message:
    """As many of each kind and state; with `text` for all that people and AWS can name."""
    at = MessageRef("C0CHANNEL", "1.2")
    kinds = product(RequestKind, (RequestState.PENDING, RequestState.APPLYING))
    alone = [
        a_request(
            state,
            kind=kind,
            account_name=text,
            reason=text,
            requester=ASKER,
            message=at,
            mode=Mode.DRY_RUN,
            expires_at=NOW + timedelta(minutes=number),
        )
        for number in range(count)
        for kind, state in kinds
    ]
    bulks = [
        BulkReport(
            a_bulk(state, requester=ASKER, reason=text, message=at),
            tuple(a_member(n, account_name=text) for n in range(1, 6)),
        )
        for state in (BulkState.PENDING, BulkState.RUNNING)[:count]
    ]
    waivers = [
        a_waiver(WaiverState.PENDING, account_name=text, requester=ASKER, message=at) for _ in range(count)
    ]
    return requests(alone, bulks, waivers, now=NOW)


def a_change(before: Verdict | None, after: Verdict, text: str, **changes: object) -> VerdictChange:
    change = VerdictChange(AccountId("111122223333"), text, before, after, NOW)
    return replace(change, **changes)  # type: ignore[arg-type]  # fields by name


def every_item(text: str = "payments production") -> list[HistoryItem]:
    """One of each kind, in each state."""
    decision = an_approval(SECOND)
    deeds = [
        Deed(a_request(state, kind=kind, account_name=text, requester=ASKER, decision=decision), NOW)
        for kind, state in product(RequestKind, RequestState)
    ]
    waiver = a_waiver(account_name=text, requester=ASKER)
    steps = [WaiverStep(waiver, state, NOW, SECOND) for state in WaiverState]
    return [
        a_change(None, Verdict.FAIL, text),
        a_change(Verdict.FAIL, Verdict.PASS, text),
        a_change(Verdict.PASS, Verdict.FAIL, text, is_regression=True),
        *deeds,
        *steps,
        *steps_of(replace(waiver, decision=None)),
    ]


def some_history(count: int, text: str = "payments production") -> Message:
    items = every_item(text)
    return history(History(tuple(items[n % len(items)] for n in range(count))), now=NOW)


def of_an_account(text: str = "payments production") -> History:
    finding = Finding(
        an_account(name=text),
        Verdict.FAIL,
        meets_benchmark=False,
        checked_at=NOW,
        reasons=(Reason("x", text),),
    )
    known = KnownFinding(finding, NOW, NOW)
    items = tuple(every_item(text))
    return History(items, label=f"{text} (111122223333)", account_id="111122223333", current=known)


def some_events(count: int, text: str = "It was asked for.") -> Message:
    event = an_event(
        actor="T0TEAM/U0ASKER",
        outcome=text,
        account_id="111122223333",
        request_id=RequestId("fix-0123456789"),
        detail=(("account_name", text), ("requester", "U0ASKER"), ("approver", "U0SECOND")),
    )
    kinds = ("fix.requested", "fix.refused", "change.verified", "of.another.kind")
    events = [chain(n, GENESIS, replace(event, kind=kinds[n % len(kinds)])) for n in range(1, count + 1)]
    return audit_log(events, total=count, length=count, head="ab" * 32, about=text)
