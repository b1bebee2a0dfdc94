"""Asking for a digest now. When the daily one is due, `bot.domain.subscription` says. Nothing of AWS."""

from bot.flows.desk import Desk
from bot.flows.engine import FIXES


def ask_for_digest(desk: Desk, channel: str, asker: str) -> None:
    """Have a digest posted in a channel now, beside the daily one and without taking its place."""
    now = desk.clock()
    with desk.engine.begin() as connection:
        key = f"digest-now:{channel}:{now.isoformat()}"
        desk.enqueue(connection, "digest_now", channel, asker, queue=FIXES, key=key)
