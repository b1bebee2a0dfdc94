"""What both processes work with: the database, the rules of settings, and the clock. Nothing of AWS."""

from dataclasses import dataclass
from datetime import UTC, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from bot.domain.guards import Policy
from bot.domain.plan import RoleSettings
from bot.domain.subscription import Schedule
from bot.flows.engine import Enqueue
from bot.flows.ports import Clock

MORNING = Schedule(time(9), ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class DigestSettings:
    """The digest that settings ask for."""

    channel: str
    at: time
    zone: ZoneInfo

    @property
    def schedule(self) -> Schedule:
        return Schedule(self.at, self.zone)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the Slack side needs: it decides and writes rows, and never talks to AWS."""

    engine: Engine
    enqueue: Enqueue
    clock: Clock
    policy: Policy
    role: RoleSettings
    request_ttl: timedelta
    audit_channel: str
    digest: DigestSettings | None
    waiver_days: int = 90
    """How many days from today a waiver may last."""
    usual_digest: Schedule = MORNING
    """When a channel gets its digest whose subscriber does not say."""

    @property
    def zone(self) -> tzinfo:
        """The zone in which dates are counted: the digest's."""
        return self.digest.zone if self.digest else UTC
