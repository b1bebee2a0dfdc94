"""The kill switch: while it is on, nothing is approved or written in AWS. Only administrators turn it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.guards import ActorIsAMember, AdministratorAllowed, Click, Clicked, GuardOf, Policy
from bot.domain.people import PersonFacts

REASON_LONGEST = 300
"""Characters of a reason that are kept."""


@dataclass(frozen=True, slots=True)
class Pause:
    """That fixes are paused: by whom, since when and why."""

    by: str
    """Slack user id."""
    since: datetime
    reason: str = ""
    """As typed; shown escaped."""


@dataclass(frozen=True, slots=True)
class Turning:
    """Somebody turns the switch: what its guards look at. None always means: could not be read."""

    policy: Policy
    click: Click
    clicker: PersonFacts | None
    group_members: Mapping[str, frozenset[str] | None] = field(default_factory=dict)


AT_SWITCH: tuple[GuardOf[Clicked], ...] = (
    ActorIsAMember(),
    AdministratorAllowed("pause or resume fixes", "Set slack.admins, or set remediation.mode to off."),
)
"""Run when somebody turns the switch, in either direction and from any channel."""
