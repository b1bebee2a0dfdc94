"""A private word to one person: what happened, why, and what would help."""

from bot.domain.people import Notice
from bot.slack.blocks import kit
from bot.slack.blocks.kit import Message, View
from bot.slack.blocks.mrkdwn import Mrkdwn, code, join, md, sentence
from bot.slack.ids import COMMAND

TELL_SOMEONE = "Then try again; if it happens again, give this number to whoever runs this bot."


def notice(notice: Notice) -> Message:
    """Show a notice. Its sentences may mention people and channels: nobody but the reader sees it."""
    title = md("*{title}*", title=notice.title)
    text = sentence(notice.text, 2_000, private=True)
    step = sentence(notice.next_step, 600, private=True)
    said = join("\n", [title, text, md("*Next:* {step}", step=step) if step else Mrkdwn()])
    return kit.message(said, [kit.section(said)])


def notice_modal(message: Message) -> View:
    """A private word as a modal, where a click has no channel to answer in."""
    return kit.modal("Support Role", message.blocks)


def error(reference_id: str) -> Message:
    """Say that something failed that nobody foresaw, with the number that the log bears too."""
    said = md(
        "*Something failed here, and it is not your doing.* It may have taken effect all the same.\n"
        "*Next:* Look first: {requests} and {audit} show what was recorded. {step} Reference {id}",
        requests=code(f"{COMMAND} requests"),
        audit=code(f"{COMMAND} audit"),
        step=TELL_SOMEONE,
        id=code(reference_id),
    )
    return kit.message(said, [kit.section(said)])
