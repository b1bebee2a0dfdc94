"""Taking a plan as text: from the form of a fix a draft, from a request the plan that it asks for."""

from sqlalchemy import Connection

from bot.domain.facts import AccountFacts
from bot.domain.plan import build_plan
from bot.domain.plan_forms import PlanForm, problem_with_draft
from bot.slack.blocks import plan_text
from bot.slack.blocks.fix import message_modal
from bot.slack.blocks.kit import View
from bot.slack.incoming import Incoming
from bot.slack.reception import Reception
from bot.store import accounts, forms, requests

TITLE = "The plan as text"


def open_text(reception: Reception, incoming: Incoming) -> None:
    """Put the text on top of the modal that shows the plan, which keeps what was typed there."""
    view = _view(reception, incoming, incoming.value, PlanForm.CLI)
    reception.views.push(incoming.trigger_id, view)


def change_form(reception: Reception, incoming: Incoming) -> None:
    """Show the same plan in another form."""
    chosen = [form for form in PlanForm if form == incoming.value]
    view = _view(reception, incoming, incoming.form_id, *chosen) if chosen else _unknown()
    reception.views.update(incoming.view_id, view)


def _view(reception: Reception, incoming: Incoming, subject: str, form: PlanForm) -> View:
    with reception.desk.engine.connect() as connection:
        request = requests.read_request(connection, subject)
        if request is None:
            return _draft_view(reception, connection, incoming, subject, form)
    if request.plan is None or not plan_text.is_offered(request):
        return message_modal(TITLE, "Only the plan of a fix that nobody denied is handed out.")
    return plan_text.request_modal(request, request.plan, form)


def _draft_view(
    reception: Reception, connection: Connection, incoming: Incoming, subject: str, form: PlanForm
) -> View:
    row = forms.read_form(connection, subject)
    if row is None or not row.person.is_same_as(incoming.person):
        return _unknown()
    account = accounts.read_account(connection, row.account_id)
    if account is None:
        return message_modal(TITLE, "That account is no longer in scope.")
    problem = problem_with_draft(account)
    if problem:
        return message_modal(TITLE, problem)
    desk = reception.desk
    draft = build_plan(account, desk.role, AccountFacts(account, desk.clock()))
    return plan_text.draft_modal(row.id, account.name, draft, form)


def _unknown() -> View:
    return message_modal(TITLE, "This form is too old. Close it and try again.")
