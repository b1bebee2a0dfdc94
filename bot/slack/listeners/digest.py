"""`/support-role digest now`."""

from bot.flows.digest import ask_for_digest
from bot.slack.incoming import Incoming
from bot.slack.reception import Reception


def post_digest(reception: Reception, incoming: Incoming, words: str) -> None:
    if words.strip().lower() in ("", "now"):
        ask_for_digest(reception.desk, incoming.channel, incoming.person.user_id)
        return
    settings = reception.desk.digest
    when = f"{settings.at:%H:%M} {settings.zone.key} in <#{settings.channel}>" if settings else "not set"
    reception.answers.tell(
        incoming,
        "The daily digest is set in settings",
        f"Its time is {when}.",
        "Change digest.at and digest.timezone there, or post one now: /support-role digest now",
    )
