"""`/support-role status`: at once from the last scan, then progress, then the result, all in one message."""

from sqlalchemy import Connection

from bot.domain.errors import MessengerError
from bot.domain.scope import Scope
from bot.domain.status import Status
from bot.flows import scan
from bot.slack.incoming import Incoming
from bot.slack.listeners.asking import known_scope
from bot.slack.reception import Reception
from bot.store import scans


def show_status(reception: Reception, incoming: Incoming, words: str) -> None:
    """Post the status where it was asked for; from the home tab, as a direct message."""
    desk = reception.desk
    scope = known_scope(reception, incoming, words)
    if scope is None:
        return
    with desk.engine.begin() as connection:
        scan_id, status = _start(reception, connection, scope)
    try:
        # Slack takes a person for the conversation with them.
        where = incoming.channel or incoming.person.user_id
        at = reception.messenger.show_status(where, status, None)
    except MessengerError as fault:
        reception.answers.tell(incoming, "The status cannot be posted here", str(fault))
        return
    with desk.engine.begin() as connection:
        scans.follow_scan(connection, at, scan_id=scan_id, scope=str(scope), now=desk.clock())


def _start(reception: Reception, connection: Connection, scope: Scope) -> tuple[str, Status]:
    scan_id = scan.start(reception.desk, connection, scope=str(scope), reason="status")
    status = scan.read_status(reception.desk, connection, scope=scope, words=str(scope), scan_id=scan_id)
    return scan_id, status
