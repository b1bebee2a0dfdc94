"""What the Slack side and the worker share."""

from datetime import timedelta

from sqlalchemy import Engine

from bot.domain.subscription import Schedule
from bot.flows.desk import Desk, DigestSettings, Keep
from bot.flows.engine import build_enqueue
from bot.settings import Settings
from bot.store.engine import build_engine
from bot.store.schema import require_tables
from bot.wiring.clock import build_clock, utc_now
from bot.wiring.doctor import probes_beside_aws


def open_store(settings: Settings) -> Engine:
    return build_engine(settings.store.url.get_secret_value())


def open_store_to_read(settings: Settings) -> Engine:
    """The store as it is: StoreError where there is none, instead of a new and empty one."""
    engine = open_store(settings)
    require_tables(engine)
    return engine


def build_desk(settings: Settings, engine: Engine) -> Desk:
    return Desk(
        engine=engine,
        enqueue=build_enqueue(engine),
        clock=build_clock(settings),
        heartbeat=utc_now,
        policy=settings.policy(),
        role=settings.role_settings(),
        request_ttl=timedelta(minutes=settings.remediation.request_ttl_minutes),
        audit_channel=settings.remediation.audit_channel,
        digest=_digest(settings),
        waiver_days=settings.waivers.max_days,
        usual_digest=Schedule(settings.digest.time, settings.digest.zone),
        keep=_keep(settings),
        commands_per_minute=settings.slack.commands_per_minute,
        probes=lambda: probes_beside_aws(settings),
    )


def _digest(settings: Settings) -> DigestSettings | None:
    wanted = settings.digest
    return DigestSettings(wanted.channel, wanted.time, wanted.zone) if wanted.channel else None


def _keep(settings: Settings) -> Keep:
    wanted = settings.retention
    return Keep(
        scans=timedelta(days=wanted.scan_days),
        history=timedelta(days=wanted.history_days),
        digests=timedelta(days=wanted.digest_days),
        workflows=timedelta(days=wanted.workflow_days),
    )
