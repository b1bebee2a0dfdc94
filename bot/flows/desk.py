"""What both processes work with: the database, the rules of settings, and the clock. Nothing of AWS."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from bot.domain.doctor import Probe
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
class Keep:
    """For how long rows are kept that nothing needs any more."""

    scans: timedelta = timedelta(days=30)
    history: timedelta = timedelta(days=730)
    digests: timedelta = timedelta(days=400)
    workflows: timedelta = timedelta(days=7)


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
    keep: Keep = Keep()
    commands_per_minute: int = 0
    """How many costly commands one person may give in a minute; 0 is no limit."""
    heartbeat: Clock | None = None
    """By which workers' signs of life are measured, if not by `clock`: where that can be moved, all of them
    would be dead for a moment."""
    probes: Callable[[], Sequence[Probe]] = lambda: ()
    """The doctor's looks at all but AWS."""

    @property
    def pulse(self) -> Clock:
        """The clock for workers' signs of life."""
        return self.heartbeat or self.clock

    @property
    def zone(self) -> tzinfo:
        """The zone in which dates are counted: the digest's."""
        return self.digest.zone if self.digest else UTC
