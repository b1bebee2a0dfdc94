"""When a digest is due, and asking for one now. Nothing of AWS."""

from datetime import UTC, date, datetime, timedelta

from bot.flows.desk import Desk, DigestSettings
from bot.flows.engine import FIXES

CATCH_UP = timedelta(hours=6)
"""A digest that was missed is still posted within this time; after it, the next day's will do."""

FIRST_TIME = timedelta(minutes=15)
"""A channel that never had one has missed none: a bot that is set up at noon waits for the morning."""


def due_day(settings: DigestSettings, now: datetime, *, has_history: bool) -> date | None:
    """The local date whose digest is due now, or None; `has_history`: the channel has had one before.

    Counted in elapsed time from the local wall-clock time of that date. A time that the clocks skip in spring
    is read as the moment they are put forward to, and one that comes twice in autumn as the first: either way
    there is one date, and so one digest.
    """
    catch_up = CATCH_UP if has_history else FIRST_TIME
    local = now.astimezone(settings.zone)
    for day in (local.date(), local.date() - timedelta(days=1)):
        due = datetime.combine(day, settings.at, settings.zone).astimezone(UTC)
        if due <= now < due + catch_up:
            return day
    return None


def ask_for_digest(desk: Desk, channel: str, asker: str) -> None:
    """Have a digest posted in a channel now, beside the daily one and without taking its place."""
    now = desk.clock()
    with desk.engine.begin() as connection:
        key = f"digest-now:{channel}:{now.isoformat()}"
        desk.enqueue(connection, "digest_now", channel, asker, queue=FIXES, key=key)
