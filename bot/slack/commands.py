"""The words of `/support-role`, and which story each one tells."""

from collections.abc import Callable
from difflib import get_close_matches

from bot.slack.blocks.help import help_message
from bot.slack.incoming import Incoming
from bot.slack.limits import COSTLY, is_within_limit
from bot.slack.listeners.audit_log import show_audit
from bot.slack.listeners.digest import digest_command
from bot.slack.listeners.doctor import show_doctor
from bot.slack.listeners.explain import explain_account
from bot.slack.listeners.export import export_findings
from bot.slack.listeners.fix import open_fix
from bot.slack.listeners.history import show_history
from bot.slack.listeners.pause import pause, resume
from bot.slack.listeners.requests import show_requests
from bot.slack.listeners.status import show_status
from bot.slack.listeners.waive import open_waive, show_waivers
from bot.slack.reception import Reception, members_only

Command = Callable[[Reception, Incoming, str], None]

GUARDED: dict[str, Command] = {"pause": pause, "resume": resume, "doctor": show_doctor}
"""Not for members only: their guards turn away whom they must, and record it."""

COMMANDS: dict[str, Command] = {
    "status": show_status,
    "explain": explain_account,
    "fix": open_fix,
    "digest": digest_command,
    "waive": open_waive,
    "waivers": show_waivers,
    "requests": show_requests,
    "history": show_history,
    "audit": show_audit,
    "export": export_findings,
}


def run_command(reception: Reception, incoming: Incoming) -> None:
    """Tell the story of the first word; help for nothing, `help` and anything unknown, never silence."""
    word, rest = _first_word(incoming)
    guarded = GUARDED.get(word.lower())
    if guarded is not None:
        if _may_run(reception, incoming, word):
            guarded(reception, incoming, rest)
    else:
        _run_for_members(reception, incoming)


def _may_run(reception: Reception, incoming: Incoming, word: str) -> bool:
    return word.lower() not in COSTLY or is_within_limit(reception, incoming)


def _first_word(incoming: Incoming) -> tuple[str, str]:
    # Any white space ends a word: pasted text has tabs, line ends and no-break spaces.
    word, rest = [*incoming.text.split(maxsplit=1), "", ""][:2]
    return word, rest


@members_only
def _run_for_members(reception: Reception, incoming: Incoming) -> None:
    word, rest = _first_word(incoming)
    command = COMMANDS.get(word.lower())
    if command is not None:
        if _may_run(reception, incoming, word):
            command(reception, incoming, rest)
        return
    unknown = "" if word.lower() in ("", "help") else word
    near = get_close_matches(word.lower(), [*COMMANDS, *GUARDED], n=1)
    reception.answers.give(incoming, help_message(unknown, near[0] if unknown and near else ""))
