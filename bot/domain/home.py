"""What one person's home tab shows: how things stand, what waits for them, and what they asked for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.bulk import BulkReport
from bot.domain.digest import TrendPoint
from bot.domain.guards import (
    ActorIsAMember,
    ApproverAllowed,
    Click,
    GuardOf,
    Policy,
    Refused,
    WorkspaceAndChannel,
    first_refusal,
)
from bot.domain.people import PersonFacts
from bot.domain.request import MessageRef, Person, RemediationRequest
from bot.domain.status import Status
from bot.domain.subscription import Subscription
from bot.domain.waiver import Waiver

Asked = RemediationRequest | BulkReport | Waiver
"""Whatever somebody can ask a second person for."""


@dataclass(frozen=True, slots=True)
class DueDigest:
    subscription: Subscription
    next_at: datetime | None
    """When the next one is due; None where there is none."""


@dataclass(frozen=True, slots=True)
class HomePage:
    status: Status
    trend: tuple[TrendPoint, ...] = ()
    """Oldest first, with today."""
    for_reader: tuple[Asked, ...] = ()
    """What the reader may decide, least time first."""
    for_others: tuple[Asked, ...] = ()
    """What others asked for and somebody else must decide."""
    doubt: str = ""
    """Why it cannot be told what the reader may decide, or why nobody may; empty when it is known."""
    asked: tuple[Asked, ...] = ()
    """What the reader asked for: what waits, then the last of the rest; the newest first."""
    ending: tuple[Waiver, ...] = ()
    """Waivers in force that end soon, soonest first."""
    digests: tuple[DueDigest, ...] = ()
    archive: str = ""
    """Where messages are found: a channel and a message's time follow. Empty where that is not known."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever looks at the tab, as guards of people and places see them; a click there would be this one."""

    policy: Policy
    click: Click
    clicker: PersonFacts | None
    group_members: Mapping[str, frozenset[str] | None]

    def refusal(self) -> Refused | None:
        """Why the reader may approve nothing at all, whatever it is; None when they may."""
        return first_refusal(_WHO_MAY, self)

    def doubt(self) -> str:
        """The refusal, unless it is just that the reader is no approver."""
        refusal = self.refusal()
        is_known = all(members is not None for members in self.group_members.values())
        is_plain = refusal is not None and refusal.guard == ApproverAllowed().name and is_known
        return "" if refusal is None or is_plain else refusal.reason

    def may_approve(self, waiting: Iterable[Asked]) -> tuple[Asked, ...]:
        """What the reader may approve of all that waits, least time first."""
        if self.refusal() is not None:
            return ()
        theirs = (asked for asked in waiting if not requester_of(asked).may_be(self.click.person))
        return tuple(sorted(theirs, key=decide_by))

    def asked_for(self, asked: Iterable[Asked]) -> tuple[Asked, ...]:
        """What the reader asked for among all that, the newest first."""
        own = (each for each in asked if requester_of(each).is_same_as(self.click.person))
        return tuple(sorted(own, key=asked_at, reverse=True))


_WHO_MAY: tuple[GuardOf[Reader], ...] = (WorkspaceAndChannel(), ActorIsAMember(), ApproverAllowed())


def requester_of(asked: Asked) -> Person:
    return asked.bulk.requester if isinstance(asked, BulkReport) else asked.requester


def decide_by(asked: Asked) -> datetime:
    match asked:
        case BulkReport():
            return asked.bulk.expires_at
        case Waiver():
            return asked.decide_by
        case _:
            return asked.expires_at


def asked_at(asked: Asked) -> datetime:
    return asked.bulk.created_at if isinstance(asked, BulkReport) else asked.created_at


def message_of(asked: Asked) -> MessageRef | None:
    """Its approval message, once posted."""
    return asked.bulk.message if isinstance(asked, BulkReport) else asked.message
