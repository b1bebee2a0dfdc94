"""`/support-role export evidence`: a zip with all that an auditor asks for, to whoever asked."""

from pathlib import Path
from tempfile import TemporaryDirectory

from bot import __version__
from bot.domain.errors import MessengerError
from bot.domain.exports.pack import PackFacts
from bot.flows.pack import write_pack
from bot.slack.blocks.export import evidence_comment
from bot.slack.blocks.words import counted
from bot.slack.incoming import Incoming
from bot.slack.reception import Reception

NOTHING = "No evidence was sent"


def export_evidence(reception: Reception, incoming: Incoming, words: str) -> None:
    """Send the pack in a direct message; it holds what is known now, and no scan is started for it."""
    if words.strip():
        step = "Type /support-role export evidence, or /support-role export csv SCOPE for some accounts."
        reception.answers.tell(incoming, NOTHING, "An evidence pack is about all accounts.", step)
        return
    desk, now = reception.desk, reception.desk.clock()
    name = f"support-role-evidence-{now:%Y-%m-%d-%H%M}.zip"
    with TemporaryDirectory(prefix="support-role-") as folder:
        path = Path(folder) / name
        with path.open("w+b") as file:
            facts = write_pack(desk.engine, file, version=__version__, now=now)
        if facts is None:
            step = "/support-role status checks the accounts now."
            reception.answers.tell(incoming, NOTHING, "Nothing was checked yet.", step)
        else:
            _send(reception, incoming, path, facts)


def _send(reception: Reception, incoming: Incoming, path: Path, facts: PackFacts) -> None:
    comment = evidence_comment(facts)
    try:
        reception.files.send(incoming.person.user_id, name=path.name, content=path, comment=comment)
    except MessengerError as fault:
        way_out = f"Without it: support-role evidence --output {path.name} on the command line."
        reception.answers.tell(incoming, NOTHING, str(fault), way_out)
        return
    findings = counted(facts.summary.in_scope, "finding")
    text = f"{path.name}, with {findings}, is in your direct messages with me, for you alone."
    step = "README.txt in it says what is what, and how it can be checked."
    reception.answers.tell(incoming, "Your file is there", text, step)
