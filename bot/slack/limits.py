"""A limit to how often one person may ask for what costs something; decisions and the switch have none."""

import logging
from collections.abc import Callable
from datetime import timedelta

from bot.slack.blocks.words import counted
from bot.slack.incoming import Incoming
from bot.slack.reception import Reception
from bot.store import command_counts

log = logging.getLogger(__name__)

COSTLY = frozenset({"status", "explain", "export", "fix", "digest", "doctor"})
"""Commands that scan, read in AWS, make a file or post in a channel."""


def is_within_limit(reception: Reception, incoming: Incoming) -> bool:
    """Count one more of somebody's commands; False when they have been told to wait instead."""
    desk, now = reception.desk, reception.desk.clock()
    if not desk.commands_per_minute:
        return True
    person = f"{incoming.person.enterprise_id or incoming.person.team_id}/{incoming.person.user_id}"
    with desk.engine.begin() as connection:
        if command_counts.count_command(connection, person, limit=desk.commands_per_minute, now=now):
            return True
    log.info("command limit reached", extra={"user": incoming.person.user_id})
    seconds = 60 - now.second
    again = f"{now + timedelta(seconds=seconds):%H:%M} UTC"
    asked = counted(desk.commands_per_minute, "time")
    text = (
        f"You have asked {asked} in this minute, which is as often as one person may, so this was not done."
    )
    step = (
        f"Try again in {counted(seconds, 'second')}, at {again}. Approving, denying, stopping and "
        "pausing have no such limit."
    )
    reception.answers.tell(incoming, "One moment, please", text, step)
    return False


def limited(story: Callable[[Reception, Incoming], None]) -> Callable[[Reception, Incoming], None]:
    """The story, for those who are within their limit; everybody else is told when to try again."""

    def told(reception: Reception, incoming: Incoming) -> None:
        if is_within_limit(reception, incoming):
            story(reception, incoming)

    return told
