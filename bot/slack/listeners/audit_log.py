"""`/support-role audit [ACCOUNT or REQUEST]`: the last events of the audit chain, privately."""

from dataclasses import dataclass
from difflib import get_close_matches

from sqlalchemy import Connection

from bot.domain.scope import Scope, ScopeError, words_of
from bot.slack.blocks.audit_log import SHOWN, audit_log
from bot.slack.incoming import Incoming
from bot.slack.listeners.asking import parse_known_scope, the_one
from bot.slack.reception import Reception
from bot.store import audit

REMEMBERED = 500
"""Among how many of the last requests a word is looked for that is none of them."""
LONGEST_ID = 40
STEP = "Name one account or the id of a request: /support-role audit 111122223333"


@dataclass(frozen=True, slots=True)
class _About:
    """What the events are about; nothing for all of them."""

    label: str = ""
    account_id: str = ""
    request_id: str = ""


def show_audit(reception: Reception, incoming: Incoming, words: str) -> None:
    about = _meant(reception, words)
    if isinstance(about, str):
        reception.answers.tell(incoming, "Which events?", about, STEP)
        return
    with reception.desk.engine.connect() as connection:
        events, total = audit.read_last(
            connection, request_id=about.request_id, account_id=about.account_id, limit=SHOWN
        )
        length, head = audit.read_head(connection)
    message = audit_log(events, total=total, length=length, head=head, about=about.label)
    reception.answers.give(incoming, message)


def _meant(reception: Reception, words: str) -> _About | str:
    """What is meant, or why it cannot be told: a request by its id, else an account."""
    typed = words_of(words)
    with reception.desk.engine.connect() as connection:
        word = _one_word(typed)
        if _has_events(connection, request_id=word):
            return _About(word, request_id=word)
        scope = parse_known_scope(reception, words)
        if isinstance(scope, ScopeError):
            # An account that has left the scope keeps its events.
            gone = word.replace("-", "")
            if _has_events(connection, account_id=gone):
                return _About(gone, account_id=gone)
            return f"{scope}{_near_request(connection, typed)}"
        if scope == Scope():
            return _About()
        account = the_one(reception.desk, connection, scope, what="This is about")
    return account if isinstance(account, str) else _About(account.label, account_id=account.id)


def _one_word(typed: list[str]) -> str:
    """The only word that was typed; empty where there are more."""
    return typed[0].lower()[:LONGEST_ID] if len(typed) == 1 else ""


def _has_events(connection: Connection, *, request_id: str = "", account_id: str = "") -> bool:
    if not request_id and not account_id:
        return False
    _, total = audit.read_last(connection, request_id=request_id, account_id=account_id, limit=1)
    return total > 0


def _near_request(connection: Connection, typed: list[str]) -> str:
    known = audit.read_request_ids(connection, limit=REMEMBERED)
    near = get_close_matches(_one_word(typed), known, n=1, cutoff=0.7)
    return f" Did you mean the request {near[0]}?" if near else ""
