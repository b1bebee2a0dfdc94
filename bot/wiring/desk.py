"""What the Slack side and the worker share."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from bot.domain.subscription import Schedule
from bot.flows.desk import Desk, DigestSettings
from bot.flows.engine import build_enqueue
from bot.settings import Settings
from bot.store.engine import build_engine


def utc_now() -> datetime:
    return datetime.now(UTC)


def open_store(settings: Settings) -> Engine:
    return build_engine(settings.store.url.get_secret_value())


def build_desk(settings: Settings, engine: Engine) -> Desk:
    return Desk(
        engine=engine,
        enqueue=build_enqueue(engine),
        clock=utc_now,
        policy=settings.policy(),
        role=settings.role_settings(),
        request_ttl=timedelta(minutes=settings.remediation.request_ttl_minutes),
        audit_channel=settings.remediation.audit_channel,
        digest=_digest(settings),
        waiver_days=settings.waivers.max_days,
        usual_digest=Schedule(settings.digest.time, settings.digest.zone),
    )


def _digest(settings: Settings) -> DigestSettings | None:
    wanted = settings.digest
    return DigestSettings(wanted.channel, wanted.time, wanted.zone) if wanted.channel else None
