"""The kill switch, turned from Slack. Nothing of AWS: guards read it at each click and before each write."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from bot.domain.audit import AuditEvent
from bot.domain.guards import Refused, first_refusal
from bot.domain.pause import AT_SWITCH, REASON_LONGEST, Pause, Turning
from bot.flows.ask import Decider
from bot.flows.desk import Desk
from bot.store import audit, operations, requests


@dataclass(frozen=True, slots=True)
class Turned:
    """How the switch stands now, and whether this turned it."""

    pause: Pause | None
    """None: fixes are not paused."""
    is_new: bool
    pending: int
    """Requests that wait for a decision."""
    ended: Pause | None = None
    """The pause that this ended."""


def pause(desk: Desk, decider: Decider, reason: str = "") -> Turned | Refused:
    """Pause fixes and undos; when they are paused already, the first pause stands with its reason."""
    with desk.engine.begin() as connection:
        refusal = _refusal(desk, connection, decider, "pause")
        if refusal is not None:
            return refusal
        before = operations.read_pause(connection)
        if before is None:
            _turn(desk, connection, decider, paused=True, reason=" ".join(reason.split())[:REASON_LONGEST])
        return _turned(connection, is_new=before is None)


def resume(desk: Desk, decider: Decider) -> Turned | Refused:
    """Let fixes and undos go on; what was refused meanwhile stays refused."""
    with desk.engine.begin() as connection:
        refusal = _refusal(desk, connection, decider, "resume")
        if refusal is not None:
            return refusal
        before = operations.read_pause(connection)
        if before is not None:
            _turn(desk, connection, decider, paused=False)
        return replace(_turned(connection, is_new=before is not None), ended=before)


def _refusal(desk: Desk, connection: Connection, decider: Decider, wanted: str) -> Refused | None:
    # Whoever turns the switch holds the chain: of two at once the second sees what the first did.
    audit.lock_chain(connection)
    context = Turning(desk.policy, decider.click, decider.facts, decider.group_members)
    refusal = first_refusal(AT_SWITCH, context)
    if refusal is not None:
        who = f"<@{decider.click.person.user_id}>"
        text = f"{who} wanted to {wanted} fixes. {refusal.reason}"
        _record(desk, connection, decider, "settings.refused", text, guard=refusal.guard)
    return refusal


def _turn(desk: Desk, connection: Connection, decider: Decider, *, paused: bool, reason: str = "") -> None:
    person = decider.click.person
    operations.set_paused(connection, paused=paused, by=person.user_id, now=desk.clock(), reason=reason)
    requests.show_pending_anew(connection)
    kind = "settings.paused" if paused else "settings.resumed"
    effect = "nothing is approved or written" if paused else "approvals and writes go on"
    text = f"<@{person.user_id}> {'paused' if paused else 'resumed'} fixes and undos: {effect}."
    _record(desk, connection, decider, kind, text, reason=reason)


def _turned(connection: Connection, *, is_new: bool) -> Turned:
    return Turned(operations.read_pause(connection), is_new, requests.count_pending(connection))


def _record(
    desk: Desk, connection: Connection, decider: Decider, kind: str, outcome: str, **detail: str
) -> None:
    person = decider.click.person
    event = AuditEvent(
        kind=kind,
        at=desk.clock(),
        actor=f"{person.team_id}/{person.user_id}",
        outcome=outcome,
        detail=tuple((name, value) for name, value in sorted(detail.items()) if value),
    )
    audit.record(connection, event, channel=desk.audit_channel)
