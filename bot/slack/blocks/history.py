"""What has changed, newest first, for one reader: verdicts, fixes, undos and waivers."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.domain.history import Deed, History, HistoryItem, VerdictChange, WaiverStep
from bot.domain.request import Mode, RemediationRequest, RequestKind, RequestState
from bot.domain.waiver import WaiverState, spelled
from bot.slack.blocks import kit
from bot.slack.blocks.kit import Block, Message
from bot.slack.blocks.mrkdwn import Mrkdwn, code, join, md, mention, moment, one_line
from bot.slack.blocks.words import ago, marked, reason
from bot.slack.ids import COMMAND

SHOWN = 20
TOGETHER = 4
"""Lines in a section: the longest that there can be still fit."""
LABEL_LIMIT = 80

DEEDS = {
    RequestKind.FIX: {
        RequestState.APPLIED: "Support role created in {label}",
        RequestState.APPLIED_UNVERIFIED: "Support role created in {label}, but not read back",
        RequestState.UNDONE: "Support role created in {label}; it was undone later",
        RequestState.REHEARSED: "Support role for {label} rehearsed, nothing written",
    },
    RequestKind.UNDO: {
        RequestState.UNDONE: "Support role of {label} taken away again",
        RequestState.APPLIED_UNVERIFIED: "Support role of {label} deleted, but it still showed",
        RequestState.REHEARSED: "Removal of the support role of {label} rehearsed, nothing touched",
    },
}
OTHER_DEEDS = {
    RequestKind.FIX: "Request for a support role in {label}: {state}",
    RequestKind.UNDO: "Request to take the support role of {label} away: {state}",
}
WAIVER_STEPS = {
    WaiverState.PENDING: "Waiver for {label} until {day} asked for by {who}",
    WaiverState.GRANTED: "Waiver for {label} until {day} granted by {who}",
    WaiverState.DENIED: "Waiver for {label} until {day} denied by {who}",
    WaiverState.REVOKED: "Waiver for {label} revoked by {who}",
    WaiverState.ENDED: "Waiver for {label} ended",
    WaiverState.UNDECIDED: "Nobody decided in time about a waiver for {label}",
    WaiverState.REPLACED: "Waiver for {label} replaced by a newer one",
}


def history(history: History, *, now: datetime) -> Message:
    """Show a history; items that are more than fit are left out from the oldest on, and that is said."""
    shown = history.items[:SHOWN]
    lines = [_line(item) for item in shown]
    is_whole = history.is_whole and len(shown) == len(history.items)
    now_line, note = _now(history, now), _note(history, is_whole=is_whole)
    headline = _headline(history)
    blocks: list[Block | None] = [
        kit.header(headline),
        kit.section(now_line) if now_line else None,
        *_sections(lines or [_nothing(history)]),
        kit.context(note),
    ]
    spoken = [md("{headline}.", headline=headline), now_line, *(lines or [_nothing(history)]), note]
    return kit.message(join("\n", spoken), blocks)


def _headline(history: History) -> str:
    if history.label:
        return f"History of {one_line(history.label, 120)}"
    return "What changed lately" if history.items else "Nothing has changed yet"


def _sections(lines: Sequence[Mrkdwn]) -> Iterator[Block]:
    for start in range(0, len(lines), TOGETHER):
        yield kit.section(join("\n", list(lines[start : start + TOGETHER])))


def _now(history: History, now: datetime) -> Mrkdwn:
    if not history.label:
        return Mrkdwn()
    if history.current is None:
        return md(
            "It was never checked. Check it: `{command} status {id}`", command=COMMAND, id=history.account_id
        )
    finding = history.current.finding
    return md(
        "*Now: {verdict}* since {since} ({age}), read {read}. {why}",
        verdict=marked(finding.verdict),
        since=moment(history.current.changed_at),
        age=ago(history.current.changed_at, now),
        read=ago(finding.checked_at, now),
        why=reason(finding),
    )


def _nothing(history: History) -> Mrkdwn:
    if history.label:
        return md("Nothing has happened there yet.")
    return md(
        "No verdict has changed since the first check, and nothing was fixed. `{command} status` checks all "
        "accounts now; `{command} fix ACCOUNT` asks for a support role.",
        command=COMMAND,
    )


def _note(history: History, *, is_whole: bool) -> Mrkdwn:
    if history.label:
        older = "" if is_whole else f"Older than the last {SHOWN} is left out. "
        return md(
            "{older}Every decision is in the audit log: `{command} audit {id}`",
            older=older,
            command=COMMAND,
            id=history.account_id,
        )
    older = "" if is_whole else f"The last {SHOWN} are shown. "
    return md(
        "{older}First checks are left out. All about one account: `{command} history ACCOUNT`",
        older=older,
        command=COMMAND,
    )


def _line(item: HistoryItem) -> Mrkdwn:
    match item:
        case VerdictChange():
            said = _changed(item)
        case Deed():
            said = _done(item.request)
        case WaiverStep():
            said = _waived(item)
    return md("{when}  {said}", when=moment(item.at), said=said)


def _changed(change: VerdictChange) -> Mrkdwn:
    label, after = _short(change.label), marked(change.after)
    if change.before is None:
        return md("{label} checked for the first time: *{after}*", label=label, after=after)
    if change.is_regression:
        return md(
            "{label} *regressed after our fix*: {before} to *{after}*",
            label=label,
            before=change.before,
            after=after,
        )
    return md("{label} went from {before} to *{after}*", label=label, before=change.before, after=after)


def _done(request: RemediationRequest) -> Mrkdwn:
    template = DEEDS[request.kind].get(request.state, OTHER_DEEDS[request.kind])
    said = md(template, label=_short(request.label), state=request.state.value.replace("-", " "))
    people = [md("asked for by {who}", who=mention(request.requester.user_id))]
    if request.decision is not None:
        verb = "denied" if request.state is RequestState.DENIED else "approved"
        people.append(md("{verb} by {who}", verb=verb, who=mention(request.decision.person.user_id)))
    dry = md(" (dry run)") if request.mode is Mode.DRY_RUN else Mrkdwn()
    return md(
        "{said}{dry}, {people} · {id}", said=said, dry=dry, people=join(", ", people), id=code(request.id)
    )


def _waived(step: WaiverStep) -> Mrkdwn:
    return md(
        WAIVER_STEPS[step.state],
        label=_short(step.waiver.label),
        day=spelled(step.waiver.until),
        who=mention(step.by.user_id) if step.by else Mrkdwn("nobody"),
    )


def _short(label: str) -> str:
    return one_line(label, LABEL_LIMIT)
