"""`/support-role export [FORM] [SCOPE]`: the findings of the last scans as a file, to whoever asked.

`export evidence` is another story: see `bot.slack.listeners.evidence`.
"""

from contextlib import suppress
from dataclasses import replace
from difflib import get_close_matches

from bot.domain.errors import MessengerError
from bot.domain.export import FORMS, Export, file_of
from bot.domain.scope import Scope, ScopeError
from bot.domain.status import waive_known
from bot.slack.blocks.export import export_comment
from bot.slack.blocks.fix import message_modal
from bot.slack.blocks.status_modals import export_modal
from bot.slack.blocks.words import counted
from bot.slack.incoming import Incoming
from bot.slack.listeners.asking import parse_known_scope
from bot.slack.listeners.evidence import export_evidence
from bot.slack.reception import Reception
from bot.store import accounts, findings, waivers

NOTHING = "Nothing was exported"
DEFAULT = "csv"
EVIDENCE = "evidence"


def export_findings(reception: Reception, incoming: Incoming, words: str) -> None:
    """Send a file in a direct message; it holds what is known now, and no scan is started for it."""
    first, rest = [*words.split(maxsplit=1), "", ""][:2]
    if first.lower() == EVIDENCE:
        export_evidence(reception, incoming, rest)
        return
    form, scope_words = _form(words)
    scope = parse_known_scope(reception, scope_words)
    if isinstance(scope, ScopeError):
        reception.answers.tell(incoming, NOTHING, f"{scope}{_near_form(words)}", _forms())
        return
    export = _read(reception, scope)
    if export is None:
        why = f"No account of {scope} was checked yet." if str(scope) else "Nothing was checked yet."
        reception.answers.tell(incoming, NOTHING, why, "/support-role status checks the accounts now.")
        return
    _send(reception, incoming, export, form)


def open_export(reception: Reception, incoming: Incoming) -> None:
    """Let choose among the forms, for the scope of the button that was pressed."""
    reception.views.open(incoming.trigger_id, export_modal(incoming.value))


def export_chosen(reception: Reception, incoming: Incoming) -> None:
    """Export what was chosen in the modal, in which the answer stands as well."""
    # Somebody who has closed the modal wants the file all the same.
    with suppress(MessengerError):
        view = message_modal("Export findings", "The file is being written …")
        reception.views.update(incoming.view_id, view)
    # A large file takes longer than a trigger is good for.
    export_findings(reception, replace(incoming, trigger_id=""), incoming.value)


def _form(words: str) -> tuple[str, str]:
    """The form and the words of the scope: the first word names a form, or there is none named."""
    first, rest = [*words.split(maxsplit=1), "", ""][:2]
    return (first.lower(), rest) if first.lower() in FORMS else (DEFAULT, words)


def _near_form(words: str) -> str:
    first = [*words.split(maxsplit=1), ""][0].lower()
    near = get_close_matches(first[:40], [*FORMS, EVIDENCE], n=1)
    return f" Did you mean /support-role export {near[0]}?" if near else ""


def _forms() -> str:
    return (
        f"Forms are {', '.join(FORMS)}; a scope can follow: /support-role export csv ou:NAME. "
        f"{EVIDENCE} is a zip for an auditor, about all accounts."
    )


def _read(reception: Reception, scope: Scope) -> Export | None:
    """The findings of a scope as they are shown, by account name; None when there are none."""
    with reception.desk.engine.connect() as connection:
        in_force = waivers.read_in_force(connection, now=reception.desk.clock())
        shown = waive_known(findings.read_findings(connection), in_force)
        known = accounts.read_accounts(connection)
    by_id = {item.finding.account.id: item.finding for item in shown}
    found = [by_id[account.id] for account in known if account.id in by_id]
    unread = [account for account in known if account.id not in by_id and scope.matches(account, None)]
    kept = tuple(finding for finding in found if scope.matches(finding.account, finding.verdict))
    return Export(kept, str(scope), len(unread)) if kept else None


def _send(reception: Reception, incoming: Incoming, export: Export, form: str) -> None:
    now = reception.desk.clock()
    name, content = file_of(export, form, now=now)
    comment = export_comment(export, now=now)
    try:
        reception.files.send(incoming.person.user_id, name=name, content=content, comment=comment)
    except MessengerError as fault:
        way_out = f"Without it: support-role check --format {form} on the command line."
        reception.answers.tell(incoming, NOTHING, str(fault), way_out)
        return
    findings = counted(len(export.findings), "finding")
    text = f"{name}, with {findings}, is in your direct messages with me, for you alone."
    reception.answers.tell(incoming, "Your file is there", text)
