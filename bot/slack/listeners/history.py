"""`/support-role history [ACCOUNT]`: how verdicts changed and what was done, privately."""

from sqlalchemy import Connection

from bot.domain.history import History, mark_regressions, newest_first, steps_of
from bot.domain.scope import Scope
from bot.domain.status import waive_known
from bot.flows.desk import Desk
from bot.slack.blocks.history import SHOWN
from bot.slack.blocks.history import history as history_message
from bot.slack.incoming import Incoming
from bot.slack.listeners.asking import known_scope, the_one
from bot.slack.reception import Reception
from bot.store import findings, waivers
from bot.store import history as store


def show_history(reception: Reception, incoming: Incoming, words: str) -> None:
    scope = known_scope(reception, incoming, words)
    if scope is None:
        return
    desk = reception.desk
    with desk.engine.connect() as connection:
        about = _of_all(connection) if scope == Scope() else _of_one(desk, connection, scope)
    if isinstance(about, str):
        step = "Name one account: /support-role history 111122223333"
        reception.answers.tell(incoming, "Whose history?", about, step)
        return
    reception.answers.give(incoming, history_message(about, now=desk.clock()))


def _of_all(connection: Connection) -> History:
    # One more than are shown, so that it can be said whether there are older ones.
    changes = store.read_changes(connection, limit=SHOWN + 1)
    fixes = store.read_fixes_in_place(connection, [change.account_id for change in changes])
    deeds = store.read_deeds(connection, limit=SHOWN + 1)
    return History(newest_first([*mark_regressions(changes, fixes), *deeds]))


def _of_one(desk: Desk, connection: Connection, scope: Scope) -> History | str:
    """The history of the account that is meant, or why that cannot be told."""
    account = the_one(desk, connection, scope, what="This is about")
    if isinstance(account, str):
        return account
    changes = store.read_changes(connection, account_id=account.id, limit=SHOWN + 1)
    fixes = store.read_fixes_in_place(connection, [account.id])
    deeds = store.read_deeds(connection, account_id=account.id, limit=SHOWN + 1)
    steps = [step for each in waivers.read_all_for(connection, account.id) for step in steps_of(each)]
    known = findings.read_finding(connection, account.id)
    in_force = waivers.read_in_force(connection, now=desk.clock())
    return History(
        newest_first([*mark_regressions(changes, fixes), *deeds, *steps]),
        label=account.label,
        account_id=account.id,
        current=waive_known([known], in_force)[0] if known else None,
    )
