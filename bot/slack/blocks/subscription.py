"""A channel's subscription to the digest: how it stands, and how to change it."""

from datetime import datetime

from bot.domain.subscription import Schedule, Subscription
from bot.domain.subscription_words import spelled_schedule
from bot.slack.blocks import kit
from bot.slack.blocks.kit import Message
from bot.slack.blocks.mrkdwn import Mrkdwn, code, join, md, mention, moment, sentence
from bot.slack.ids import COMMAND

CHANGES = ("digest 09:00 Europe/Berlin weekdays", "digest mondays, thursdays", "digest off")
BEGINNINGS = ("digest on", "digest 09:00 Europe/Berlin weekdays")
ONCE = "digest now"


def subscription_message(found: Subscription | None, next_at: datetime | None) -> Message:
    """What this channel has, and what can be typed; `next_at` is when the next digest is due."""
    title = _title(found)
    return _message(title, _origin(found), _next(found, next_at), _problem(found), _examples(found))


def subscribed_message(schedule: Schedule, next_at: datetime | None) -> Message:
    """Tell whoever subscribed what they have now."""
    title = md("*This channel gets its digest {when}.*", when=spelled_schedule(schedule))
    told = md(
        "If I cannot post here, you are told privately: I have to be a member of this channel "
        "(/invite @support-role)."
    )
    return _message(title, _due(schedule, next_at), told)


def unsubscribed_message() -> Message:
    """Tell whoever switched it off."""
    again = md("To have it again: {what}", what=code(f"{COMMAND} digest on"))
    return _message(md("*This channel gets no daily digest any more.*"), again)


def _title(found: Subscription | None) -> Mrkdwn:
    if found is None:
        return md("*This channel gets no daily digest.*")
    if found.is_off:
        return md("*The daily digest of this channel is switched off.*")
    return md("*This channel gets its digest {when}.*", when=spelled_schedule(found.schedule))


def _origin(found: Subscription | None) -> Mrkdwn:
    if found is None:
        return Mrkdwn()
    if found.since is None:
        return md("Settings say so (digest.channel).")
    verb = "Switched off" if found.is_off else "Subscribed"
    return md("{verb} by {who}, {when}.", verb=verb, who=mention(found.by), when=moment(found.since))


def _next(found: Subscription | None, next_at: datetime | None) -> Mrkdwn:
    return _due(found.schedule, next_at) if found and not found.is_off else Mrkdwn()


def _due(schedule: Schedule, next_at: datetime | None) -> Mrkdwn:
    if next_at is None:
        return Mrkdwn()
    local = next_at.astimezone(schedule.zone)
    return md("The next one is due on {day}.", day=f"{local:%A}, {local.day} {local:%B} at {local:%H:%M}")


def _problem(found: Subscription | None) -> Mrkdwn:
    if found is None or found.is_off or not found.problem:
        return Mrkdwn()
    return md("*The last one was not posted.* {why}", why=sentence(found.problem, 600, private=True))


def _examples(found: Subscription | None) -> Mrkdwn:
    has_one = found is not None and not found.is_off
    words = join(" · ", [code(f"{COMMAND} {each}") for each in (CHANGES if has_one else BEGINNINGS)])
    purpose = "To change it" if has_one else "To have one"
    return md(
        "{purpose}: {words}. One at once: {once}",
        purpose=purpose,
        words=words,
        once=code(f"{COMMAND} {ONCE}"),
    )


def _message(*lines: Mrkdwn) -> Message:
    said = join("\n", list(lines))
    return kit.message(said, [kit.section(said)])
