"""Many accounts in one request: its modal, and the buttons of its message."""

from collections.abc import Sequence

from sqlalchemy import Connection

from bot.domain.account import Account, AccountId
from bot.domain.bulk import WAVE_SIZE, WAVE_SIZES
from bot.domain.facts import AccountFacts
from bot.domain.guards import Refused
from bot.domain.plan import build_plan
from bot.flows import bulk
from bot.flows.bulk import BulkWish
from bot.slack.blocks.bulk_modals import bulk_modal, plans_modal
from bot.slack.blocks.fix import message_modal
from bot.slack.blocks.kit import View
from bot.slack.blocks.words import counted
from bot.slack.ids import ActionId
from bot.slack.incoming import Incoming
from bot.slack.listeners.asking import own_form
from bot.slack.listeners.home import show_decided
from bot.slack.reception import Reception
from bot.store import bulks, forms

NOTHING_ASKED = "Nothing was asked for"


def bulk_view(
    reception: Reception,
    connection: Connection,
    incoming: Incoming,
    chosen: Sequence[Account],
    *,
    channel: str,
) -> View:
    """The modal for several accounts; the plans in it are drafts, for nothing was read in AWS yet."""
    desk = reception.desk
    now = desk.clock()
    form_id = forms.add_form(
        connection,
        incoming.person,
        channel=channel,
        account_id="",
        account_ids=tuple(account.id for account in chosen),
        now=now,
    )
    return bulk_modal(
        chosen,
        [build_plan(account, desk.role, AccountFacts(account, now)) for account in chosen],
        mode=desk.policy.mode,
        changes_per_hour=desk.policy.max_changes_per_hour,
        form_id=form_id,
    )


def submit_bulk(reception: Reception, incoming: Incoming) -> None:
    """Ask for all the fixes; whoever asked hears privately if that is refused at once."""
    form = own_form(reception, incoming, NOTHING_ASKED)
    if form is None:
        return
    wish = BulkWish(
        account_ids=_in_order(form.account_ids, incoming.entered(ActionId.BULK_CANARY)),
        requester=incoming.person,
        reason=incoming.entered(ActionId.FIX_REASON).strip(),
        channel=form.channel,
        wave_size=_wave_size(incoming.entered(ActionId.BULK_WAVE)),
    )
    answer = bulk.ask_for_bulk(reception.desk, wish)
    back = Incoming(incoming.person, form.channel, "", "")
    if isinstance(answer, Refused):
        reception.answers.refuse(back, answer, title=NOTHING_ASKED)
        return
    where = f"<#{reception.desk.policy.approval_channel}>"
    text = f"Each account is read once more, then all are put before the approvers in {where} as one request."
    title = f"Your fixes of {counted(len(answer.members), 'account')} are on their way"
    reception.answers.tell(back, title, text, "You are told how it ends.")


def approve_bulk(reception: Reception, incoming: Incoming) -> None:
    decider = reception.decider(incoming)
    answer = bulk.approve_bulk(reception.desk, incoming.value, decider)
    if isinstance(answer, Refused):
        reception.answers.refuse(incoming, answer, title="Not approved")
    else:
        show_decided(reception, incoming)


def deny_bulk(reception: Reception, incoming: Incoming) -> None:
    decider = reception.decider(incoming)
    answer = bulk.deny_bulk(reception.desk, incoming.value, decider)
    if isinstance(answer, Refused):
        reception.answers.refuse(incoming, answer, title="Not denied")
    else:
        show_decided(reception, incoming)


def stop_bulk(reception: Reception, incoming: Incoming) -> None:
    decider = reception.decider(incoming)
    answer = bulk.stop_bulk(reception.desk, incoming.value, decider)
    if isinstance(answer, Refused):
        reception.answers.refuse(incoming, answer, title="Not stopped")


def show_plans(reception: Reception, incoming: Incoming) -> None:
    with reception.desk.engine.connect() as connection:
        report = bulks.read_report(connection, incoming.value)
    if report is None:
        view = message_modal("The plans", "This request is not known here any more.")
    else:
        view = plans_modal(report)
    reception.views.open(incoming.trigger_id, view)


def _in_order(account_ids: Sequence[str], canary: str) -> tuple[AccountId, ...]:
    """The canary first; one that is not among the form's accounts is no canary."""
    others = [AccountId(each) for each in account_ids if each != canary]
    return (AccountId(canary), *others) if canary in account_ids else tuple(others)


def _wave_size(entered: str) -> int:
    known = {str(size): size for size in WAVE_SIZES}
    return known.get(entered, WAVE_SIZE)
