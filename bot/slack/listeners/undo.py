"""Asking for an undo: the button on a fix's record opens a modal; submitting it has the role read anew."""

from bot.domain.guards import Refused
from bot.domain.request import RemediationRequest
from bot.flows.undo import ask_for_undo
from bot.slack.blocks.request import title
from bot.slack.blocks.undo import undo_modal
from bot.slack.ids import ActionId
from bot.slack.incoming import Incoming
from bot.slack.listeners.asking import open_form, own_form
from bot.slack.reception import Reception
from bot.store import forms, requests

NOT_UNDONE = "Nothing was asked for"


def open_undo(reception: Reception, incoming: Incoming) -> None:
    """Open the modal that shows what would go; somebody may have been faster, and the message be old."""
    desk = reception.desk
    with desk.engine.begin() as connection:
        fix = requests.read_request(connection, incoming.value)
        removal = fix.leaves if fix else None
        if fix is not None and removal is not None:
            form_id = forms.add_form(
                connection,
                incoming.person,
                channel=incoming.channel,
                account_id=fix.account_id,
                request_id=fix.id,
                now=desk.clock(),
            )
    if fix is None or removal is None:
        reception.answers.tell(incoming, "There is nothing to undo", *_why_nothing(fix))
        return
    view = undo_modal(fix, removal, mode=desk.policy.mode, form_id=form_id)
    open_form(reception, incoming, view)


def submit_undo(reception: Reception, incoming: Incoming) -> None:
    """Ask for the undo; whoever asked hears privately if it is refused at once."""
    form = own_form(reception, incoming, NOT_UNDONE)
    if form is None:
        return
    answer = ask_for_undo(
        reception.desk,
        fix_id=form.request_id,
        requester=incoming.person,
        reason=incoming.entered(ActionId.UNDO_REASON).strip(),
        channel=form.channel,
    )
    back = Incoming(incoming.person, form.channel, "", "")
    if isinstance(answer, Refused):
        reception.answers.refuse(back, answer, title=NOT_UNDONE)
        return
    where = f"<#{reception.desk.policy.approval_channel}>"
    text = (
        "The role is read anew. If it is exactly as the fix left it, your request is put before the "
        f"approvers in {where}; if not, you are told what differs, and nothing is touched."
    )
    reception.answers.tell(
        back, f"Your undo of {answer.label} is on its way", text, "You are told how it ends."
    )


def _why_nothing(fix: RemediationRequest | None) -> tuple[str, str]:
    if fix is None:
        return "This fix is not known here any more.", "/support-role history shows what was done."
    text = f"{title(fix)}. The fix has left no role that could be taken away."
    return text, f"/support-role history {fix.account_id} shows what happened."
