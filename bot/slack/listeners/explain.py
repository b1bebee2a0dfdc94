"""`/support-role explain ACCOUNT`: what is known at once, and the evidence once a worker has read it."""

from dataclasses import replace

from bot.flows.explain import ask_to_explain
from bot.flows.scan import read_status
from bot.slack.blocks.explain import begun
from bot.slack.blocks.status_modals import explain_modal
from bot.slack.ids import ActionId
from bot.slack.incoming import HOME, Incoming
from bot.slack.listeners.asking import known_scope, own_form, the_one
from bot.slack.reception import Reception
from bot.store import findings, forms

NAME_ONE = "Name one account: /support-role explain 111122223333"


def explain_account(reception: Reception, incoming: Incoming, words: str) -> None:
    """Answer privately with what the last scan found, and have the account looked into deeper."""
    scope = known_scope(reception, incoming, words)
    if scope is None:
        return
    desk = reception.desk
    with desk.engine.connect() as connection:
        account = the_one(desk, connection, scope, what="An explanation is of")
    if isinstance(account, str):
        reception.answers.tell(incoming, "Which account?", account, NAME_ONE)
        return
    with desk.engine.begin() as connection:
        known = findings.read_finding(connection, account.id)
        ask_to_explain(
            desk, connection, account.id, user_id=incoming.person.user_id, channel=incoming.channel
        )
    reception.answers.give(incoming, begun(account, known, now=desk.clock()))


def open_explain(reception: Reception, incoming: Incoming) -> None:
    """Let choose among the accounts that need attention, in the scope of the button that was pressed."""
    scope = known_scope(reception, incoming, incoming.value)
    if scope is None:
        return
    desk = reception.desk
    with desk.engine.begin() as connection:
        items = read_status(desk, connection, scope=scope, words=incoming.value).attention
        form_id = forms.add_form(
            connection, incoming.person, channel=incoming.channel, account_id="", now=desk.clock()
        )
    if not items:
        reception.answers.tell(incoming, "No account needs attention", "All that were read pass.", NAME_ONE)
        return
    reception.views.open(incoming.trigger_id, explain_modal(items, form_id=form_id))


def submit_explain(reception: Reception, incoming: Incoming) -> None:
    """Explain the account that was chosen, where the modal was opened from."""
    form = own_form(reception, incoming, "Nothing is explained")
    if form is None:
        return
    back = Incoming(incoming.person, form.channel, "", "")
    explain_account(reception, back, incoming.entered(ActionId.EXPLAIN_ACCOUNT))
    if not form.channel:
        # Opened on the home tab: the answer stands elsewhere.
        at_home = replace(incoming, view_type=HOME)
        text = "The evidence comes to you as a direct message: see *Messages*, beside this tab."
        reception.answers.tell(at_home, "The account is being read", text, "Nothing: it takes a moment.")
