"""What somebody asked for, on the home tab: to be decided there, by others, or to see how it stands."""

from datetime import datetime

from bot.domain.bulk import BulkReport, BulkState
from bot.domain.home import Asked, HomePage, asked_at, decide_by, message_of, requester_of
from bot.domain.request import Mode, RemediationRequest, RequestKind, RequestState
from bot.domain.waiver import Waiver, WaiverState, spelled
from bot.slack.blocks import bulk as bulk_blocks
from bot.slack.blocks import kit, plan_details
from bot.slack.blocks import request as request_blocks
from bot.slack.blocks import waiver as waiver_blocks
from bot.slack.blocks.kit import Block
from bot.slack.blocks.mrkdwn import Mrkdwn, code, join, md, mention, message_link, one_line
from bot.slack.blocks.words import ago, counted, span
from bot.slack.ids import COMMAND

DECISIONS_SHOWN = 8
"""Each takes four blocks, of the hundred that a view may have."""
LINES_SHOWN = 5
NAMED = 3
"""Accounts of a bulk request that are named."""
LABEL_LIMIT = 60
REASON_LIMIT = 300

STATES: dict[str, str] = {
    RequestState.PREPARING: "being prepared",
    RequestState.APPROVED: "approved, starts in a moment",
    RequestState.APPLYING: "being applied",
    RequestState.APPLIED: "done",
    RequestState.APPLIED_UNVERIFIED: "applied, but not seen in AWS yet",
    RequestState.REHEARSED: "rehearsed",
    RequestState.FAILED: "failed",
    RequestState.DENIED: "denied",
    RequestState.EXPIRED: "expired: nobody decided in time",
    RequestState.REFUSED: "refused by a rule",
    RequestState.SUPERSEDED: "out of date: the account had changed",
    RequestState.ALREADY_FIXED: "nothing to do: there was a support role already",
    RequestState.UNDONE: "undone",
    RequestState.SKIPPED: "not attempted",
    BulkState.RUNNING: "under way",
    BulkState.STOPPING: "being stopped",
    BulkState.DONE: "done",
    BulkState.STOPPED: "stopped before its end",
    WaiverState.GRANTED: "granted",
    WaiverState.UNDECIDED: "expired: nobody decided in time",
    WaiverState.ENDED: "ended",
    WaiverState.REVOKED: "revoked",
    WaiverState.REPLACED: "replaced by a newer one",
}
"""How it stands; what is pending waits for a decision."""
DONE_WELL = frozenset({"applied", "rehearsed", "undone", "already-fixed", "done", "granted"})
BADLY = frozenset({"failed", "refused", "superseded", "stopped", "applied-unverified"})
WELL_MARK, BAD_MARK = "\N{WHITE HEAVY CHECK MARK}", "\N{WARNING SIGN}"
OPEN_MARK, ASIDE_MARK = "\N{HOURGLASS WITH FLOWING SAND}", "\N{WHITE CIRCLE}"
OPEN = frozenset({"preparing", "pending", "approved", "applying", "running", "stopping"})


def to_decide(page: HomePage) -> list[Block]:
    """What the reader may decide, with the buttons of its approval message."""
    shown = page.for_reader[:DECISIONS_SHOWN]
    hidden = len(page.for_reader) - len(shown)
    if not shown:
        return [kit.context(md("Nothing waits for your decision."))]
    total = counted(len(page.for_reader), "decision")
    return [
        kit.header(f"Waiting for you: {total}"),
        *[block for asked in shown for block in (*_decision(asked, page), kit.divider())][:-1],
        *([kit.context(_more(hidden))] if hidden else []),
    ]


def for_others(page: HomePage) -> list[Block]:
    """What others have to decide, a line each; and why, where the reader might think it is theirs."""
    if not page.for_others:
        return []
    shown = page.for_others[:LINES_SHOWN]
    hidden = len(page.for_others) - len(shown)
    title = md("*Waiting for others: {n}*", n=f"{len(page.for_others):,}")
    lines = [_waiting_line(asked, page) for asked in shown]
    more = [_more(hidden)] if hidden else []
    doubt = [kit.context(md("\N{WARNING SIGN} {why}", why=page.doubt))] if page.doubt else []
    return [kit.section(join("\n", [title, *lines, *more])), *doubt]


def _more(hidden: int) -> Mrkdwn:
    return md("… and {n} more: `{command} requests`", n=f"{hidden:,}", command=COMMAND)


def own_requests(page: HomePage) -> list[Block]:
    """What the reader asked for last, and how it stands."""
    if not page.asked:
        return []
    lines = [_own_line(asked, page) for asked in page.asked[:LINES_SHOWN]]
    is_more = len(page.asked) > LINES_SHOWN
    more = [md("… and more: `{command} requests`", command=COMMAND)] if is_more else []
    return [kit.section(join("\n", [md("*My requests*"), *lines, *more]))]


def _decision(asked: Asked, page: HomePage) -> list[Block]:
    match asked:
        case BulkReport():
            row, reason = kit.actions(*bulk_blocks.buttons(asked)), asked.bulk.reason
        case Waiver():
            row, reason = waiver_blocks.buttons(asked), asked.reason
        case _:
            row, reason = next(iter(request_blocks.decision_buttons(asked)), None), asked.reason
    said = join("\n", [_title(asked), _asked_by(asked, page), *_terms(asked)])
    return [
        kit.section(said),
        kit.quote(one_line(reason, REASON_LIMIT), REASON_LIMIT),
        *([row] if row else []),
    ]


def _title(asked: Asked) -> Mrkdwn:
    dry = md(" (dry run)") if _mode(asked) is Mode.DRY_RUN else Mrkdwn()
    return md("*{what}* {about}{dry}", what=_what(asked), about=_about(asked), dry=dry)


def _what(asked: Asked) -> str:
    match asked:
        case BulkReport():
            return f"Support roles for {counted(len(asked.planned or asked.members), 'account')}"
        case Waiver():
            return "Waiver for"
        case _:
            is_undo = asked.kind is RequestKind.UNDO
            return "Removal of the support role of" if is_undo else "Support role for"


def _about(asked: Asked) -> Mrkdwn:
    """In monospace, in which Slack reads no markup: names may have asterisks."""
    if not isinstance(asked, BulkReport):
        return code(_label(asked.account_name, asked.account_id))
    members = asked.planned or asked.members
    named = [code(_label(member.account_name, member.account_id)) for member in members[:NAMED]]
    return md("{named}{dots}", named=join(", ", named), dots=", …" if len(members) > NAMED else "")


def _label(name: str, account_id: str) -> str:
    """The name is cut and the id never is."""
    short = one_line(name, LABEL_LIMIT)
    return f"{short} ({account_id})" if short else account_id


def _mode(asked: Asked) -> Mode | None:
    match asked:
        case BulkReport():
            return asked.bulk.mode
        case Waiver():
            return None
        case _:
            return asked.mode


def _asked_by(asked: Asked, page: HomePage) -> Mrkdwn:
    now = page.status.now
    parts = [
        md("Asked by {who} {age}", who=mention(requester_of(asked).user_id), age=ago(asked_at(asked), now)),
        md("{left}", left=_time_left(asked, now)),
        _link(asked, page),
    ]
    return join(" · ", parts)


def _time_left(asked: Asked, now: datetime) -> str:
    left = decide_by(asked) - now
    return f"{span(left)} left" if left.total_seconds() > 0 else "its time is over"


def _link(asked: Asked, page: HomePage) -> Mrkdwn:
    at = message_of(asked)
    return message_link(page.archive, at, "see the message") if at else Mrkdwn()


def _terms(asked: Asked) -> list[Mrkdwn]:
    """What is decided about, as far as fits; the whole of it is behind the button."""
    match asked:
        case BulkReport():
            found = bulk_blocks.shapes(asked)
            return [plan_details.trusted_line(found[0].plan)] if len(found) == 1 else []
        case Waiver():
            until = spelled(asked.until)
            return [md("Until {until}, owner {owner}", until=until, owner=mention(asked.owner))]
        case _:
            return _role_terms(asked)


def _role_terms(request: RemediationRequest) -> list[Mrkdwn]:
    if request.removal is not None:
        return [md("Goes: {role}", role=code(request.removal.role_arn))]
    if request.plan is None:
        return []
    plan = request.plan
    role = md("Role {arn}, plan {hash}", arn=code(plan.role_arn), hash=code(plan.short_hash))
    return [role, plan_details.trusted_line(plan)]


def _waiting_line(asked: Asked, page: HomePage) -> Mrkdwn:
    return join(" · ", [_title(asked), _asked_by(asked, page)])


def _own_line(asked: Asked, page: HomePage) -> Mrkdwn:
    now, state = page.status.now, _state(asked)
    is_pending = state == RequestState.PENDING.value
    stands = f"waits for a decision, {_time_left(asked, now)}" if is_pending else STATES.get(state, state)
    return join(
        " · ",
        [
            md("{mark} {title}: {stands}", mark=_mark(state), title=_title(asked), stands=stands),
            md("asked {age}", age=ago(asked_at(asked), now)),
            _link(asked, page),
        ],
    )


def _state(asked: Asked) -> str:
    return asked.bulk.state.value if isinstance(asked, BulkReport) else asked.state.value


def _mark(state: str) -> str:
    if state in OPEN:
        return OPEN_MARK
    if state in DONE_WELL:
        return WELL_MARK
    return BAD_MARK if state in BADLY else ASIDE_MARK
