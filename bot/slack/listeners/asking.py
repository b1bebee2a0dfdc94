"""What stories ask first: which accounts are meant, whose form it is. Where they cannot go on, it is told."""

from sqlalchemy import Connection

from bot.domain.account import Account
from bot.domain.errors import MessengerError
from bot.domain.scope import Scope, ScopeError, parse_scope, words_of
from bot.domain.trust_notes import few
from bot.domain.waiver import InForce, waive_verdicts
from bot.flows.desk import Desk
from bot.slack.blocks.kit import View
from bot.slack.incoming import Incoming
from bot.slack.reception import Reception
from bot.store import accounts, findings, forms, waivers
from bot.store.forms import FormRow

NAME_THEM = (
    "Name accounts by id, name, ou:NAME, tag:KEY=VALUE or verdict:fail. "
    "/support-role export csv is a file with all of them."
)


def parse_known_scope(reception: Reception, words: str) -> Scope | ScopeError:
    """The scope that words mean, checked against the accounts that are known."""
    scope = parse_scope(words_of(words))
    if isinstance(scope, ScopeError) or scope == Scope():
        return scope
    with reception.desk.engine.connect() as connection:
        known = accounts.read_accounts(connection)
    chosen = scope.select(known) if known else ()
    return chosen if isinstance(chosen, ScopeError) else scope


def known_scope(reception: Reception, incoming: Incoming, words: str) -> Scope | None:
    """The same; whoever typed what means none is told so."""
    scope = parse_known_scope(reception, words)
    if not isinstance(scope, ScopeError):
        return scope
    reception.answers.tell(incoming, "Which accounts?", str(scope), NAME_THEM)
    return None


def the_one(desk: Desk, connection: Connection, scope: Scope, *, what: str) -> Account | str:
    """The one account that is meant, or why it cannot be told; `what` begins that, as "A waiver is for"."""
    if scope == Scope():
        return f"{what} one account, and none was named."
    chosen = meant(connection, scope, waivers.read_in_force(connection, now=desk.clock()))
    if len(chosen) == 1:
        return chosen[0]
    if not chosen and not accounts.read_account_ids(connection):
        return "No account was checked yet. /support-role status checks them all."
    which = f": {few([account.label for account in chosen], 5)}" if chosen else ""
    return f"{what} one account, and {scope} means {len(chosen):,}{which}."


def meant(connection: Connection, scope: Scope, in_force: InForce) -> list[Account]:
    """The accounts of a scope, by the verdicts that are shown."""
    verdicts = waive_verdicts(findings.read_verdicts(connection), in_force)
    known = accounts.read_accounts(connection)
    return [account for account in known if scope.matches(account, verdicts.get(account.id))]


def own_form(reception: Reception, incoming: Incoming, title: str) -> FormRow | None:
    """The form that was submitted, if by whoever opened it; anybody else is told so, under `title`."""
    with reception.desk.engine.connect() as connection:
        form = forms.read_form(connection, incoming.form_id)
    if form is not None and form.person.is_same_as(incoming.person):
        return form
    reception.answers.tell(incoming, title, "This form is too old.", "Open it again.")
    return None


def open_form(reception: Reception, incoming: Incoming, view: View) -> None:
    """Open a modal; that Slack did not take it is told to whoever waits for it."""
    try:
        reception.views.open(incoming.trigger_id, view)
    except MessengerError as fault:
        reception.answers.tell(incoming, "The form could not be opened", str(fault), "Try again.")
