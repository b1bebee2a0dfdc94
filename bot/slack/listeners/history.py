"""`/support-role history [ACCOUNT]`: how verdicts changed and what was done, privately."""

from sqlalchemy import Connection

from bot.domain.account import Account
from bot.domain.history import History, mark_regressions, newest_first, steps_of
from bot.domain.scope import Scope, ScopeError
from bot.domain.status import waive_known
from bot.domain.trust_notes import few
from bot.flows.desk import Desk
from bot.slack.blocks.history import SHOWN
from bot.slack.blocks.history import history as history_message
from bot.slack.incoming import Incoming
from bot.slack.listeners.status import parse_known_scope, tell_scope_error
from bot.slack.reception import Reception
from bot.store import accounts, findings, waivers
from bot.store import history as store


def show_history(reception: Reception, incoming: Incoming, words: str) -> None:
    scope = parse_known_scope(reception, words)
    if isinstance(scope, ScopeError):
        tell_scope_error(reception, incoming, scope)
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
    account = meant(connection, scope)
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


def meant(connection: Connection, scope: Scope) -> Account | str:
    """The one account that a scope means, or why it cannot be told."""
    verdicts = findings.read_verdicts(connection)
    known = accounts.read_accounts(connection)
    if not known:
        return "No account was checked yet. /support-role status checks them all."
    chosen = [account for account in known if scope.matches(account, verdicts.get(account.id))]
    if len(chosen) == 1:
        return chosen[0]
    which = f": {few([account.label for account in chosen], 5)}" if chosen else ""
    return f"This is about one account, and {scope} means {len(chosen):,}{which}."
