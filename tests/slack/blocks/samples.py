"""Domain values to show, and every message and view made of them, in every state and size."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import product
from zoneinfo import ZoneInfo

from bot.domain.account import Account, AccountId
from bot.domain.audit import GENESIS, AuditEvent, ChainedEvent, chain
from bot.domain.bulk import BulkState
from bot.domain.digest import Change, Digest, TrendPoint
from bot.domain.facts import AccountFacts
from bot.domain.finding import Finding, Reason, Summary, Verdict, summarize
from bot.domain.home import Asked, DueDigest, HomePage
from bot.domain.pause import Pause
from bot.domain.people import Notice
from bot.domain.plan import Plan, RoleSettings, build_plan
from bot.domain.request import (
    ApplyProgress,
    ApplyStep,
    Approval,
    MessageRef,
    Mode,
    Outcome,
    Person,
    RemediationRequest,
    RequestId,
    RequestKind,
    RequestState,
)
from bot.domain.status import KnownFinding, ScanProgress, Status, order_attention
from bot.domain.subscription import WEEKDAYS, Schedule, Subscription
from bot.domain.undo import Removal
from bot.domain.waiver import Waiver, WaiverDecision, WaiverId, WaiverState
from bot.slack.blocks import fix
from bot.slack.blocks.audit import audit_message
from bot.slack.blocks.audit_words import VERBS
from bot.slack.blocks.digest import details, digest
from bot.slack.blocks.help import help_message
from bot.slack.blocks.home import closed_home, home
from bot.slack.blocks.kit import Form, Message, View
from bot.slack.blocks.mrkdwn import channel
from bot.slack.blocks.notice import error, notice, notice_modal
from bot.slack.blocks.request import request
from bot.slack.blocks.status import status
from bot.slack.blocks.status_modals import explain_modal, export_modal
from bot.slack.blocks.waiver import waive_modal, waiver
from bot.slack.blocks.waivers import waivers
from tests.slack.blocks.bulk_samples import a_course, bulk_messages, bulk_views
from tests.slack.blocks.doctor_samples import doctor_messages
from tests.slack.blocks.record_samples import record_messages

NOW = datetime(2026, 1, 31, 3, 0, tzinfo=UTC)
FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
HOSTILE = {
    "ping": "<!channel> <@U0VICTIM> <!here> <!subteam^S0TEAM>",
    "link": "<https://evil.example|AWS console>",
    "markup": "*bold* _it_ ~gone~ `code` ```block```",
    "lines": "one\ntwo\r\n> three\n\n# four",
    "rtl": "\u202egnp.exe\u202c \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "emoji": FAMILY * 16,
    "entity": "&lt;!channel&gt; & &amp;amp;",
    "braces": "{account} {0} {} %s",
    "control": "a\x00b\x1b[31mc\ud800d\u2028e",
    "long": "x" * 5_000,
    "blank": " \t\n",
}


def an_account(number: int = 1, *, name: str = "payments", owner: str = "U0OWNER") -> Account:
    account_id = AccountId(f"{number:012d}")
    principal = f"arn:aws:iam::{account_id}:role/IncidentManager"
    return Account(id=account_id, name=name, owner=owner, trusted_principals=(principal,))


def a_known(
    verdict: Verdict = Verdict.FAIL,
    number: int = 1,
    *,
    name: str = "payments",
    owner: str = "U0OWNER",
    why: str = "No role carries AWSSupportAccess.",
    next_step: str = "Ask for the fix.",
    days: int = 12,
) -> KnownFinding:
    finding = Finding(
        account=an_account(number, name=name, owner=owner),
        verdict=verdict,
        meets_benchmark=None,
        checked_at=NOW,
        reasons=(Reason("code", why),),
        next_step=next_step,
    )
    return KnownFinding(finding, first_seen=NOW - timedelta(days=90), changed_at=NOW - timedelta(days=days))


def a_status(*known: KnownFinding, **changes: object) -> Status:
    """All accounts of a scope, read an hour ago, in dry-run mode unless told otherwise."""
    base = Status(
        scope="",
        summary=summarize([item.finding for item in known]),
        attention=order_attention(known),
        mode=Mode.DRY_RUN,
        now=NOW,
        last_scan_at=NOW - timedelta(hours=1),
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name


def a_summary(**counts: int) -> Summary:
    by_verdict = [(verdict, counts.get(verdict.value.lower(), 0)) for verdict in Verdict]
    return Summary(in_scope=sum(counts.values()), counts=tuple(by_verdict))


def a_plan(account: Account | None = None, **changes: object) -> Plan:
    account = account or an_account()
    plan = build_plan(account, RoleSettings(), AccountFacts(account, NOW))
    return replace(plan, **changes)  # type: ignore[arg-type]  # fields by name


def a_request(state: RequestState = RequestState.PENDING, **changes: object) -> RemediationRequest:
    account = an_account()
    base = RemediationRequest(
        id=RequestId("req-7f3a"),
        account_id=account.id,
        account_name=account.name,
        requester=Person("T0TEAM", "U0ASKER"),
        reason="Ticket 4711: no way to reach AWS Support",
        mode=Mode.APPLY,
        state=state,
        created_at=NOW,
        expires_at=NOW + timedelta(hours=4),
        plan=a_plan(account),
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name


def an_approval() -> Approval:
    return Approval(Person("T0TEAM", "U0SECOND"), "C0CHANNEL", a_plan().hash, NOW)


def a_waiver(state: WaiverState = WaiverState.GRANTED, number: int = 1, **changes: object) -> Waiver:
    """Until 9 February, ten days to go; asked for an hour ago."""
    account = an_account(number)
    decision = WaiverDecision(Person("T0TEAM", "U0SECOND"), NOW)
    base = Waiver(
        id=WaiverId(f"waiver-{number}"),
        account_id=account.id,
        account_name=account.name,
        requester=Person("T0TEAM", "U0ASKER"),
        owner="U0OWNER",
        reason="Moves to another organization in March",
        until=date(2026, 2, 9),
        ends_at=datetime(2026, 2, 10, tzinfo=UTC),
        state=state,
        created_at=NOW - timedelta(hours=1),
        decide_by=NOW + timedelta(hours=3),
        decision=None if state in (WaiverState.PENDING, WaiverState.UNDECIDED) else decision,
        revocation=decision if state is WaiverState.REVOKED else None,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name


def many_waivers(count: int, state: WaiverState = WaiverState.GRANTED, text: str = "") -> list[Waiver]:
    """With the longest texts that a form lets through."""
    words = {"account_name": text or "n" * 50, "reason": text or "r" * 500}
    later = timedelta(days=1)
    return [
        a_waiver(state, n, ends_at=NOW + (n + 1) * later, until=(NOW + n * later).date(), **words)
        for n in range(count)
    ]


def an_event(kind: str = "fix.approved", seq: int = 3, **changes: object) -> ChainedEvent:
    base = AuditEvent(
        kind=kind,
        at=NOW,
        actor="T0TEAM/U0SECOND",
        outcome="The plan was approved.",
        account_id=an_account().id,
        request_id="req-7f3a",
        plan_hash=a_plan().hash,
        aws_request_ids=("aws-1", "aws-2"),
        detail=(("role_arn", a_plan().role_arn), ("account_name", "payments")),
    )
    return chain(seq, GENESIS, replace(base, **changes))  # type: ignore[arg-type]  # fields by name


def a_change(
    known: KnownFinding, before: Verdict | None = Verdict.PASS, *, fixed_by: str = "", regressed: bool = False
) -> Change:
    return Change(known, before, fixed_by=fixed_by, regressed_after_our_fix=regressed)


def a_digest(*known: KnownFinding, **changes: object) -> Digest:
    """A quiet day unless told otherwise."""
    base = Digest(
        day=date(2026, 1, 31),
        now=NOW,
        summary=summarize([item.finding for item in known]),
        newly_failing=(),
        fixed=(),
        regressed=(),
        open_findings=order_attention(known),
        pending_requests=0,
        chain_length=1_234,
        chain_head="ab" * 32,
        last_scan_at=NOW - timedelta(minutes=5),
        previous_day=date(2026, 1, 30),
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name


def many(count: int, *verdicts: Verdict, text: str = "") -> list[KnownFinding]:
    """Findings with the longest texts that AWS and people come up with."""
    return [
        a_known(
            verdicts[number % len(verdicts)],
            number,
            name=text or f"account-{number}-" + "w" * 30,
            why=text or "AssumeRole into SupportRoleScanner: AccessDenied. " * 6,
            next_step=text or "Deploy the role with support-role iam, or exclude the account. " * 4,
            days=number % 900,
        )
        for number in range(count)
    ]


ALL_BAD = (Verdict.UNKNOWN, Verdict.FAIL, Verdict.WEAK)


def statuses() -> Iterator[tuple[str, Status]]:
    progress = ScanProgress("scan-1", total=412, done=120, started_at=NOW - timedelta(seconds=3))
    mixed = [a_known(verdict, number) for number, verdict in enumerate(Verdict)]
    yield "never scanned", a_status(last_scan_at=None)
    yield "first scan", a_status(last_scan_at=None, progress=progress)
    yield "scan without accounts yet", a_status(progress=replace(progress, total=0, done=0, started_at=NOW))
    yield "empty scope", a_status(scope="ou:Nowhere")
    yield "all good", a_status(a_known(Verdict.PASS))
    yield "mixed", a_status(*mixed)
    yield "running", a_status(*mixed, progress=progress)
    yield "problem", a_status(*mixed, problem="STS refused: AccessDenied.\nDeploy the role.")
    yield "old", a_status(*mixed, last_scan_at=NOW - timedelta(days=9))
    yield "apply", a_status(*mixed, mode=Mode.APPLY)
    yield "off", a_status(*mixed, mode=Mode.OFF)
    yield "10,000", a_status(*many(10_000, *ALL_BAD), scope="verdict:fail " * 100)
    yield "10,000 unreadable", a_status(*many(10_000, Verdict.UNKNOWN))
    yield "waived", a_status(waived=(a_waiver(),), summary=a_summary(waived=1))
    yield "much waived", a_status(*many(10_000, *ALL_BAD), waived=tuple(many_waivers(1_000)))
    for name, text in HOSTILE.items():
        hostile = [a_known(v, 1, name=text, owner=text, why=text, next_step=text) for v in ALL_BAD]
        yield f"hostile {name}", a_status(*hostile, scope=text, problem=text)
        yield (
            f"300 hostile {name}",
            a_status(*many(300, *ALL_BAD, text=text), waived=tuple(many_waivers(9, text=text))),
        )


def requests() -> Iterator[tuple[str, RemediationRequest]]:
    outcome = Outcome("It ended.", "Look at it.", a_plan().role_arn, "AROA1", ("aws-1",), "a role")
    for state in RequestState:
        for mode in (Mode.APPLY, Mode.DRY_RUN):
            yield f"{state.value} {mode.value}", a_request(state, mode=mode)
            yield (
                f"{state.value} {mode.value}, decided",
                a_request(state, mode=mode, decision=an_approval(), outcome=outcome),
            )
        yield f"{state.value} without a plan", a_request(state, plan=None)
        yield f"{state.value}, all as long as can be", a_long_request(state)
        for name, text in HOSTILE.items():
            yield f"{state.value} hostile {name}", a_hostile_request(state, text)


def a_long_request(state: RequestState) -> RemediationRequest:
    arns = ",".join(f'"arn:aws:iam::111122223333:role/{"p" * 60}{number}"' for number in range(60))
    plan = a_plan(
        role_path="/" + "p" * 510 + "/",
        role_name="r" * 64,
        trust=f'{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":[{arns}]}}}}]}}',
        permissions_boundary="arn:aws:iam::111122223333:policy/" + "b" * 600,
    )
    outcome = Outcome(
        "t" * 5_000, "n" * 5_000, plan.role_arn, "AROA", ("aws-request-id" * 4,) * 20, "l" * 5_000
    )
    return a_request(
        state, plan=plan, reason="r" * 3_000, outcome=outcome, decision=an_approval(), account_name="a" * 50
    )


def a_hostile_request(state: RequestState, text: str) -> RemediationRequest:
    return a_request(
        state,
        account_name=text,
        reason=text,
        decision=an_approval(),
        outcome=Outcome(text, text, text, text, (text,), text),
        plan=a_plan(trust=text, role_name=text, permissions_boundary=text),
    )


def digests() -> Iterator[tuple[str, Digest]]:
    bad = [a_known(verdict, number) for number, verdict in enumerate(ALL_BAD)]
    crowd = many(10_000, *ALL_BAD)
    fixed = a_known(Verdict.PASS, 9)
    yield "nothing known", a_digest(last_scan_at=None, previous_day=None)
    yield "first", a_digest(*bad, previous_day=None)
    yield "quiet", a_digest(*bad, pending_requests=2)
    yield "all good", a_digest(fixed)
    yield "eventful", an_eventful_digest()
    yield "quiet with waivers", a_digest(*bad, ending_waivers=tuple(many_waivers(14)))
    yield "eventful with waivers", replace(an_eventful_digest(), ending_waivers=tuple(many_waivers(1_000)))
    yield (
        "10,000",
        a_digest(*crowd, newly_failing=tuple(a_change(k) for k in crowd), regressed=(a_change(crowd[0]),)),
    )
    for name, text in HOSTILE.items():
        one = a_known(Verdict.FAIL, 1, name=text, owner=text, why=text, next_step=text)
        change = a_change(one, fixed_by=text)
        yield (
            f"hostile {name}",
            a_digest(
                one,
                newly_failing=(change,),
                fixed=(change,),
                regressed=(change,),
                chain_head=text,
                ending_waivers=tuple(many_waivers(9, text=text)),
            ),
        )


def an_eventful_digest() -> Digest:
    failing, back = a_known(Verdict.FAIL, 1), a_known(Verdict.FAIL, 2, name="ledger")
    ours = a_known(Verdict.PASS, 3, name="web")
    theirs = a_known(Verdict.PASS, 4, name="mail")
    return a_digest(
        failing,
        back,
        ours,
        theirs,
        newly_failing=(a_change(failing),),
        regressed=(a_change(back, regressed=True),),
        fixed=(a_change(ours, Verdict.FAIL, fixed_by="U0SECOND"), a_change(theirs, Verdict.WEAK)),
        pending_requests=1,
    )


def events() -> Iterator[tuple[str, ChainedEvent]]:
    for kind in [*VERBS, "something.new"]:
        yield kind, an_event(kind)
    yield "bare", an_event(account_id="", request_id="", plan_hash="", aws_request_ids=(), detail=())
    yield "broken", ChainedEvent(1, GENESIS, "no json <!channel>", "cd" * 32)
    for name, text in HOSTILE.items():
        hostile = {"outcome": text, "actor": text, "account_id": text, "request_id": text, "plan_hash": text}
        detail = tuple((f"{text}{number}", text) for number in range(30))
        yield (
            f"hostile {name}",
            an_event(
                "fix.denied",
                detail=(*detail, ("account_name", text)),
                aws_request_ids=(text,) * 30,
                **hostile,
            ),
        )


@cache
def messages() -> list[tuple[str, Message]]:
    """Every message there is."""
    return [
        *status_messages(),
        *request_messages(),
        *bulk_messages(HOSTILE),
        *record_messages(HOSTILE),
        *doctor_messages(HOSTILE),
        *waiver_messages(),
        *digest_messages(),
        *audit_messages(),
        *short_messages(),
    ]


def status_messages() -> Iterator[tuple[str, Message]]:
    for (name, value), form in product(statuses(), Form):
        for quiet in (True, False):
            yield f"status {name}, {form.value}, quiet={quiet}", status(value, form=form, quiet=quiet)


def request_messages() -> Iterator[tuple[str, Message]]:
    steps = (None, ApplyProgress(ApplyStep.ATTACH), ApplyProgress(ApplyStep.VERIFY, failed=True))
    for (name, asked), form, progress in product(requests(), Form, steps):
        yield f"request {name}, {form.value}, {progress}", request(asked, progress=progress, form=form)


def digest_messages() -> Iterator[tuple[str, Message]]:
    for name, day in digests():
        yield f"digest {name}", digest(day)
        for form in Form:
            thread = details(day, form=form, quiet=True)
            if thread:
                yield f"details {name}, {form.value}", thread


def audit_messages() -> Iterator[tuple[str, Message]]:
    for name, event in events():
        yield f"audit {name}", audit_message(event)


def waiver_messages() -> Iterator[tuple[str, Message]]:
    for state in WaiverState:
        yield f"waiver {state.value}", waiver(a_waiver(state))
        for name, text in HOSTILE.items():
            hostile = a_waiver(state, account_name=text, reason=text, owner=text)
            yield f"waiver {state.value} hostile {name}", waiver(hostile)
    where = channel("C0CHANNEL")
    for count in (0, 1, 8, 9, 1_000):
        pending = many_waivers(count, WaiverState.PENDING)
        for scope in ("", "ou:Prod " * 100):
            shown = waivers(many_waivers(count), pending, now=NOW, approval_channel=where, scope=scope)
            yield f"waivers {count} of {scope[:8]}", shown
    for name, text in HOSTILE.items():
        some = many_waivers(9, text=text)
        yield f"waivers hostile {name}", waivers(some, some, now=NOW, approval_channel=where, scope=text)


def short_messages() -> Iterator[tuple[str, Message]]:
    yield "help", help_message()
    yield "error", error("ab12cd34")
    yield "notice without a next step", notice(Notice("Not done", "It cannot be done."))
    for name, text in HOSTILE.items():
        yield f"help {name}", help_message(text, text)
        yield f"error {name}", error(text)


@cache
def modals() -> list[tuple[str, View]]:
    return [*_modals(), *bulk_views(HOSTILE)]


def _modals() -> Iterator[tuple[str, View]]:
    """Every modal there is."""
    account = an_account()
    for mode in Mode:
        yield f"fix {mode.value}", fix.fix_modal(account, a_plan(), mode=mode, form_id="form-1")
    yield "choose nothing", fix.choose_modal([], form_id="form-1")
    for count in (1, 100, 101, 10_000):
        accounts = [an_account(number) for number in range(count)]
        yield f"choose {count}", fix.choose_modal(accounts, form_id="form-1")
    for name, asked in requests():
        yield f"plan {name}", fix.plan_modal(asked)
    yield from waive_modals()
    yield from status_modals()
    for name, text in HOSTILE.items():
        hostile = an_account(name=text, owner=text)
        plan = a_plan(trust=text, role_name=text)
        yield f"fix {name}", fix.fix_modal(hostile, plan, mode=Mode.APPLY, form_id="form-1")
        yield f"choose {name}", fix.choose_modal([hostile], form_id="form-1")
        yield f"word {name}", fix.message_modal(text, "Nothing was done.")


def status_modals() -> Iterator[tuple[str, View]]:
    for scope in ("", "verdict:fail " * 20):
        yield f"export {scope[:8]}", export_modal(scope)
    for count in (1, 100, 101):
        yield f"explain {count}", explain_modal(many(count, *ALL_BAD), form_id="form-1")
    for name, text in HOSTILE.items():
        yield f"explain {name}", explain_modal([a_known(name=text)], form_id="form-1")
        yield f"export {name}", export_modal(text[:300])
        yield f"told {name}", notice_modal(error(text))


def waive_modals() -> Iterator[tuple[str, View]]:
    terms = {"latest": date(2026, 5, 1), "max_days": 90, "form_id": "form-1"}
    finding = a_known().finding
    yield "waive", waive_modal(finding, owner="U0OWNER", **terms)
    yield "waive without a known owner", waive_modal(finding, owner="", **terms)
    yield "waive anew", waive_modal(finding, owner="", current=a_waiver(), **terms)
    plan = {"mode": Mode.APPLY, "form_id": "form-1"}
    yield "fix of a waived account", fix.fix_modal(an_account(), a_plan(), waiver=a_waiver(), **plan)
    for name, text in HOSTILE.items():
        hostile = a_known(name=text, owner=text, why=text).finding
        current = a_waiver(account_name=text, owner=text, reason=text)
        yield f"waive hostile {name}", waive_modal(hostile, owner="", current=current, **terms)
        yield (
            f"fix of a waived account, hostile {name}",
            fix.fix_modal(an_account(name=text), a_plan(), waiver=current, **plan),
        )


@cache
def homes() -> list[tuple[str, View]]:
    return list(_homes())


def _homes() -> Iterator[tuple[str, View]]:
    for name, value in statuses():
        yield name, home(HomePage(replace(value, scope="")))
    yield "crowded with 10,000", home(a_crowded_page("payments", 10_000))
    for name, text in HOSTILE.items():
        page = a_crowded_page(text)
        for form in Form:
            yield f"crowded {name}, {form.value}", home(page, form=form)
        yield f"crowded for others {name}", home(replace(page, for_reader=(), doubt=text))
        yield f"closed {name}", closed_home(text)


def a_crowded_page(text: str, accounts: int = 100) -> HomePage:
    """As much as there can be of everything; with `text` for all that can be named."""
    asked = some_asked(text)
    return HomePage(
        status=a_status(
            *many(accounts, *ALL_BAD, text=text),
            waived=tuple(many_waivers(100, text=text)),
            problem=text,
            pause=Pause("U0SECOND", NOW, text),
        ),
        trend=some_trend(30),
        for_reader=asked * 20,
        for_others=asked * 20,
        asked=asked * 20,
        ending=tuple(many_waivers(100, text=text)),
        digests=some_digests(50, text),
        archive="https://team.slack.example/archives/",
    )


def some_asked(text: str = "payments") -> tuple[Asked, ...]:
    """One of every kind, which waits for a decision; and a fix whose plan is as long as can be."""
    at = MessageRef("C0CHANNEL", "1769828400.000100")
    fix = a_request(account_name=text, reason=text, message=at)
    plan = a_plan()
    removal = Removal(RequestId("req-1"), plan, "AROA1", plan.tags("req-1", "U0SECOND"))
    bulk = a_course(BulkState.PENDING, 12, name=text, text=text)
    asker = Person("T0TEAM", "U0ASKER")
    return (
        fix,
        replace(fix, id=RequestId("req-2"), kind=RequestKind.UNDO, removal=removal),
        replace(bulk, bulk=replace(bulk.bulk, message=at, requester=asker)),
        a_waiver(WaiverState.PENDING, account_name=text, reason=text, message=at),
        a_long_request(RequestState.PENDING),
    )


def some_trend(days: int) -> tuple[TrendPoint, ...]:
    first = NOW.date() - timedelta(days=days - 1)
    summaries = [a_summary(**{"pass": 70 + day, "fail": 30 - day, "unknown": 3}) for day in range(days)]
    return tuple(TrendPoint(first + timedelta(days=day), each) for day, each in enumerate(summaries))


def some_digests(count: int, text: str = "") -> tuple[DueDigest, ...]:
    schedule = Schedule(time(9), ZoneInfo("America/Argentina/Buenos_Aires"), WEEKDAYS)
    one = Subscription("C0CHANNEL", schedule, "U0ASKER", NOW, problem=text)
    return (DueDigest(one, NOW + timedelta(hours=6)),) * count
