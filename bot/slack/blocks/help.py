"""What can be typed, with examples: the answer to help, to nothing, and to anything not understood."""

from bot.slack.blocks import kit
from bot.slack.blocks.kit import Block, Message
from bot.slack.blocks.mrkdwn import Mrkdwn, code, join, md
from bot.slack.ids import COMMAND

COMMANDS = (
    ("status", "every account: who has no support role, and what could not be read"),
    ("status ou:Workloads/Prod", "the same for some: an id, a name, ou:NAME, tag:KEY=VALUE or verdict:fail"),
    ("explain 111122223333", "the evidence for one account: its roles, who can assume each, and why"),
    ("fix 111122223333", "ask a second person to approve a support role for one account"),
    (
        "fix ou:Workloads/Dev",
        "the same for several: choose them, one goes first, the first failure stops the rest",
    ),
    ("waive 111122223333", "ask a second person to set one account aside until a day, with an owner"),
    ("waivers", "what is waived, until when, who answers for it, and what waits"),
    ("requests", "what waits for a decision and what is under way, with who asked and how long it has"),
    ("history 111122223333", "what changed and who did it; without an account, the last changes of all"),
    ("audit 111122223333", "the audit log of an account, or of a request by its id; without either, its end"),
    ("export csv", "the findings as a file, to you alone: csv, json, ocsf or asff; a scope can follow"),
    ("export evidence", "a zip for an auditor: findings, coverage, waivers, fixes and the audit log"),
    ("digest", "when this channel gets its digest, and how to change that; digest now posts one"),
    ("digest 09:00 Europe/Berlin weekdays", "a digest here every weekday; digest off ends it"),
    ("pause REASON", "administrators: stop every approval and write; resume lets them go on"),
    ("doctor", "administrators: is everything right, from settings to AWS, and how to mend what is not"),
    ("help", "this"),
)
"""What can be typed after the command, and what it does."""

PURPOSE = (
    "I check AWS accounts for a role that carries AWSSupportAccess, so that somebody can open a case with "
    "AWS Support during an incident. I create the role where it is missing, after a second person's "
    "approval; Undo on the record of a fix takes it away again, in the same way."
)


def help_message(word: str = "", suggestion: str = "") -> Message:
    """Help; with `word`, says first that it was not understood; `suggestion` is what may have been meant."""
    blocks = [_misunderstood(word, suggestion), *help_blocks()]
    spoken = join("\n", [_misunderstood_words(word, suggestion), md("{what}", what=PURPOSE), _commands()])
    return kit.message(spoken, blocks)


def help_blocks(title: Mrkdwn | None = None) -> list[Block]:
    """What the bot is for and what can be typed; `title` stands above the commands."""
    return [
        kit.section(md("{what}", what=PURPOSE)),
        kit.section(join("\n", [title or Mrkdwn(), _commands()])),
    ]


def _commands() -> Mrkdwn:
    return join("\n", [md("{word}  {what}", word=code(f"{COMMAND} {w}"), what=what) for w, what in COMMANDS])


def _misunderstood(word: str, suggestion: str) -> Block | None:
    said = _misunderstood_words(word, suggestion)
    return kit.section(said) if said else None


def _misunderstood_words(word: str, suggestion: str) -> Mrkdwn:
    if not word:
        return Mrkdwn()
    unknown = md("I do not know {word}.", word=code(word))
    if not suggestion:
        return unknown
    return md("{unknown} Did you mean {other}?", unknown=unknown, other=code(f"{COMMAND} {suggestion}"))
