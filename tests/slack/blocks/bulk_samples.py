"""Bulk requests to show, in every state and size, and every message and modal made of them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from building.bulk_values import a_bulk, a_member, some_accounts
from building.values import NOW, a_plan, an_account

from bot.domain.bulk import BulkReport, BulkState
from bot.domain.pause import Pause
from bot.domain.plan import Plan
from bot.domain.request import Approval, Mode, Outcome, Person, RemediationRequest, RequestState
from bot.slack.blocks.bulk import bulk
from bot.slack.blocks.bulk_modals import bulk_modal, plans_modal
from bot.slack.blocks.kit import Message, View

SECOND = Person("T0TEAM", "U0SECOND")
S = RequestState
MOST = 500
"""What settings allow at most."""
CROWDED = (BulkState.PENDING, BulkState.RUNNING, BulkState.STOPPED)
COURSES: dict[BulkState, tuple[RequestState, ...]] = {
    BulkState.PREPARING: (S.PREPARING, S.PREPARING),
    BulkState.PENDING: (S.PENDING, S.PENDING, S.PENDING),
    BulkState.RUNNING: (S.APPLIED, S.APPLYING, S.APPROVED, S.APPROVED),
    BulkState.STOPPING: (S.APPLIED, S.FAILED, S.APPLYING, S.SKIPPED),
    BulkState.DONE: (S.APPLIED, S.APPLIED, S.UNDONE),
    BulkState.STOPPED: tuple(set(S) - {S.PREPARING, S.PENDING, S.APPROVED, S.APPLYING}),
    BulkState.DENIED: (S.DENIED, S.DENIED),
    BulkState.EXPIRED: (S.EXPIRED, S.EXPIRED),
    BulkState.REFUSED: (),
}


def a_course(
    state: BulkState, count: int = 0, *, name: str = "", why: str = "", text: str = ""
) -> BulkReport:
    """A bulk request in a state, with members in the states that go with it; `count` repeats them."""
    states = COURSES[state]
    wanted = [states[number % len(states)] for number in range(count or len(states))] if states else []
    members = tuple(
        _member(number, one, name=name or f"account {number}", why=why or "It could not be done.")
        for number, one in enumerate(wanted, start=1)
    )
    members = tuple(replace(m, plan=None) if state is BulkState.PREPARING else m for m in members)
    decided = state not in {BulkState.PREPARING, BulkState.PENDING, BulkState.EXPIRED, BulkState.REFUSED}
    made = a_bulk(
        state,
        reason=text or "Ticket 4711: no way to reach AWS Support",
        released=len(members),
        decision=Approval(SECOND, "C0CHANNEL", "ab" * 32, NOW) if decided else None,
        stopped_by=SECOND if state is BulkState.STOPPED else None,
        outcome=Outcome(text or "So it ended.", text) if decided else Outcome(),
    )
    return _hashed(BulkReport(made, members))


def _hashed(report: BulkReport) -> BulkReport:
    return replace(report, bulk=replace(report.bulk, hash=report.plans_hash))


def _member(number: int, state: RequestState, *, name: str, why: str) -> RemediationRequest:
    outcome = Outcome(why, why, role_arn="arn", role_id=f"AROA{number}")
    account = an_account(f"{number:012d}", name=name)
    return a_member(
        1,
        state,
        account_id=account.id,
        account_name=name,
        plan=a_plan(account),
        outcome=outcome,
        decision=Approval(SECOND, "C0CHANNEL", "ab" * 32, NOW),
    )


def left_out(
    report: BulkReport, count: int, *, name: str = "", why: str = "It cannot be read."
) -> BulkReport:
    """The same with members besides that could not be asked for."""
    out = tuple(
        replace(_member(number, S.REFUSED, name=name or f"out {number}", why=why), plan=None)
        for number in range(9_001, 9_001 + count)
    )
    return replace(report, members=(*report.members, *out))


def reports(hostile: Mapping[str, str]) -> Iterator[tuple[str, BulkReport]]:
    for state in BulkState:
        yield state.value, a_course(state)
        yield f"{state.value}, left out", left_out(a_course(state), 3)
        yield f"{state.value}, dry run", _with_mode(a_course(state), Mode.DRY_RUN)
        for name, text in hostile.items():
            one = a_course(state, name=text, why=text, text=text)
            yield f"{state.value}, hostile {name}", left_out(one, 30, name=text, why=text)
    for state in CROWDED:
        yield f"{state.value}, {MOST}", left_out(a_course(state, MOST), MOST)
        yield f"{state.value}, {MOST}, long", a_course(state, MOST, name="n" * 50, why="w" * 3_000)
    for name in ("emoji", "entity"):
        crowd = a_course(BulkState.STOPPED, MOST, name=hostile[name], why=hostile[name])
        yield f"{MOST} hostile {name}", left_out(crowd, MOST, name=hostile[name], why=hostile[name])
    yield "many kinds of plans", with_plans(a_course(BulkState.PENDING, 30), 30)
    yield "some kinds of plans", with_plans(a_course(BulkState.PENDING, 30), 4)
    yield "long plans", with_plans(a_course(BulkState.PENDING, 3), 1, size=7_000)
    yield "plans that cannot be shown", with_plans(a_course(BulkState.PENDING, 3), 1, size=9_000)
    yield "six long kinds", with_plans(a_course(BulkState.PENDING, 12), 6, size=7_000)


def _with_mode(report: BulkReport, mode: Mode) -> BulkReport:
    return replace(report, bulk=replace(report.bulk, mode=mode))


def with_plans(report: BulkReport, kinds: int, *, size: int = 0) -> BulkReport:
    """The same with so many kinds of plans among its members, each trust policy at least `size` long."""

    def changed(number: int, plan: Plan | None) -> Plan | None:
        trust = f'"{"p" * size}"' if size else plan.trust if plan else ""
        return plan and replace(plan, max_session_seconds=3600 + number % kinds, trust=trust)

    members = tuple(replace(m, plan=changed(number, m.plan)) for number, m in enumerate(report.members))
    return _hashed(replace(report, members=members))


def bulk_messages(hostile: Mapping[str, str]) -> Iterator[tuple[str, Message]]:
    for name, report in reports(hostile):
        yield f"bulk {name}", bulk(report)
    for name, text in hostile.items():
        yield f"bulk paused {name}", bulk(a_course(BulkState.PENDING), pause=Pause("U0SECOND", NOW, text))


def bulk_views(hostile: Mapping[str, str]) -> Iterator[tuple[str, View]]:
    for name, report in reports(hostile):
        yield f"bulk plans {name}", plans_modal(report)
    for mode in Mode:
        for count in (2, 100):
            yield f"bulk {mode.value} {count}", a_modal(count, mode=mode)
    for name, text in hostile.items():
        yield f"bulk hostile {name}", a_modal(100, name=text)


def a_modal(count: int, *, mode: Mode = Mode.APPLY, name: str = "", changes_per_hour: int = 10) -> View:
    accounts = [replace(each, name=name or each.name) for each in some_accounts(count)]
    plans = [a_plan(account) for account in accounts]
    return bulk_modal(accounts, plans, mode=mode, changes_per_hour=changes_per_hour, form_id="form-1")
