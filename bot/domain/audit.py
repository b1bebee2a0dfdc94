"""The audit chain: what an event is, how it is hashed, and how a broken chain is found."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain.canonical import Json, canonical_json, sha256

GENESIS = "0" * 64
"""`prev_hash` of the first event."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One thing that happened: who did what to which account, and how it ended."""

    kind: str
    """Dotted, e.g. `fix.approved`, `change.intended`."""
    at: datetime
    actor: str
    """`team/user` of a person, or `support-role-bot`."""
    outcome: str
    """One sentence for people."""
    account_id: str = ""
    request_id: str = ""
    plan_hash: str = ""
    aws_request_ids: tuple[str, ...] = ()
    detail: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Json]:
        return {
            "kind": self.kind,
            "at": utc_text(self.at),
            "actor": self.actor,
            "outcome": self.outcome,
            "account_id": self.account_id,
            "request_id": self.request_id,
            "plan_hash": self.plan_hash,
            "aws_request_ids": list(self.aws_request_ids),
            "detail": dict(self.detail),
        }


@dataclass(frozen=True, slots=True)
class ChainedEvent:
    """An event in its place. `body` is the exact text that was hashed."""

    seq: int
    prev_hash: str
    body: str
    hash: str


@dataclass(frozen=True, slots=True)
class ChainIntact:
    length: int
    head: str


@dataclass(frozen=True, slots=True)
class ChainBroken:
    """The first event that cannot be trusted, and why."""

    seq: int
    reason: str


def chain(seq: int, prev_hash: str, event: AuditEvent) -> ChainedEvent:
    """Put an event in its place after the one that `prev_hash` belongs to."""
    body = canonical_json({"seq": seq, "event": event.as_json()})
    return ChainedEvent(seq=seq, prev_hash=prev_hash, body=body, hash=sha256(prev_hash + body))


def verify_chain(events: Iterable[ChainedEvent]) -> ChainIntact | ChainBroken:
    """Walk the chain in order of sequence; name the first event that is missing, moved or edited."""
    expected_seq, prev = 1, GENESIS
    for event in events:
        if event.seq != expected_seq:
            return ChainBroken(expected_seq, f"event {expected_seq} is missing; the next one is {event.seq}")
        if event.prev_hash != prev:
            return ChainBroken(event.seq, f"event {event.seq} does not follow event {event.seq - 1}")
        if sha256(prev + event.body) != event.hash:
            return ChainBroken(event.seq, f"event {event.seq} was changed after it was written")
        expected_seq, prev = event.seq + 1, event.hash
    return ChainIntact(length=expected_seq - 1, head=prev)


def utc_text(moment: datetime) -> str:
    """`2026-01-31T09:00:00.000000Z`: sortable, whole, and the same on every machine."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
