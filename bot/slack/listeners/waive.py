"""Waivers: asking for one in a modal, deciding about it, seeing those there are, and taking one back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.domain.account import Account, AccountId
from bot.domain.guards import Refused
from bot.domain.scope import Scope
from bot.domain.waiver import Waiver, problem_with_end, spelled
from bot.flows import waive
from bot.flows.desk import Desk
from bot.flows.waive import WaiverWish, ask_for_waiver, why_not_to_ask
from bot.slack.blocks.kit import View
from bot.slack.blocks.mrkdwn import channel, is_user_id
from bot.slack.blocks.reason import problem_with_reason
from bot.slack.blocks.waiver import waive_modal
from bot.slack.blocks.waivers import waivers as waivers_message
from bot.slack.ids import ActionId, BlockId
from bot.slack.incoming import Incoming, entered_in
from bot.slack.listeners.asking import known_scope, meant, open_form, own_form, the_one
from bot.slack.listeners.home import show_decided
from bot.slack.reception import Reception
from bot.store import findings, forms, waivers

NOTHING_ASKED = "No waiver was asked for"


def open_waive(reception: Reception, incoming: Incoming, words: str) -> None:
    """Open the form for the one account that is meant, if a waiver of it could have an effect."""
    scope = known_scope(reception, incoming, words)
    if scope is None:
        return
    with reception.desk.engine.connect() as connection:
        account = the_one(reception.desk, connection, scope, what="A waiver is for")
    if isinstance(account, str):
        next_step = "Name one account: /support-role waive 111122223333"
        reception.answers.tell(incoming, NOTHING_ASKED, account, next_step)
        return
    view = _form(reception, incoming, account)
    if isinstance(view, Refused):
        reception.answers.refuse(incoming, view, title=NOTHING_ASKED)
        return
    open_form(reception, incoming, view)


def _form(reception: Reception, incoming: Incoming, account: Account) -> View | Refused:
    desk, now = reception.desk, reception.desk.clock()
    with desk.engine.begin() as connection:
        refusal = why_not_to_ask(connection, account.id, account.label)
        known = findings.read_finding(connection, account.id)
        if refusal is not None or known is None:
            text = f"{account.label} was not checked yet."
            step = f"Run /support-role status {account.id} first."
            return refusal or Refused("finding_can_be_waived", text, step)
        form_id = forms.add_form(
            connection, incoming.person, channel=incoming.channel, account_id=account.id, now=now
        )
        current = waivers.read_in_force_for(connection, account.id, now=now)
    return waive_modal(
        known.finding,
        owner=_known_owner(reception, account),
        latest=now.astimezone(desk.zone).date() + timedelta(days=desk.waiver_days),
        max_days=desk.waiver_days,
        form_id=form_id,
        current=current,
    )


def _known_owner(reception: Reception, account: Account) -> str:
    """The account's owner as a suggestion; Slack would refuse a form with somebody whom it does not know."""
    if not is_user_id(account.owner):
        return ""
    facts = reception.people.facts(account.owner)
    return account.owner if facts is not None and not facts.is_deleted else ""


def waive_problems(desk: Desk, view: Mapping[str, Any]) -> dict[BlockId, str]:
    """What is wrong in the submitted form, by field; asks nobody, for Slack waits for the answer."""
    entered = dict(entered_in(view))
    until = entered.get(ActionId.WAIVE_UNTIL, "")
    problems = {
        BlockId.WAIVE_OWNER: "" if entered.get(ActionId.WAIVE_OWNER) else "Name who answers for it.",
        BlockId.WAIVE_UNTIL: problem_with_end(
            until, now=desk.clock(), zone=desk.zone, max_days=desk.waiver_days
        ),
        BlockId.WAIVE_REASON: problem_with_reason(entered.get(ActionId.WAIVE_REASON, "")),
    }
    return {block_id: problem for block_id, problem in problems.items() if problem}


def submit_waive(reception: Reception, incoming: Incoming) -> None:
    """Put the waiver before the approvers; whoever asked hears privately if it is refused at once."""
    form = own_form(reception, incoming, NOTHING_ASKED)
    if form is None:
        return
    owner = incoming.entered(ActionId.WAIVE_OWNER)
    wish = WaiverWish(
        account_id=AccountId(form.account_id),
        requester=incoming.person,
        owner=owner,
        owner_facts=reception.people.facts(owner),
        reason=incoming.entered(ActionId.WAIVE_REASON).strip(),
        until=incoming.entered(ActionId.WAIVE_UNTIL),
        channel=form.channel,
    )
    answer = ask_for_waiver(reception.desk, wish)
    back = Incoming(incoming.person, form.channel, "", "")
    if isinstance(answer, Refused):
        reception.answers.refuse(back, answer, title=NOTHING_ASKED)
        return
    where = f"<#{reception.desk.policy.approval_channel}>"
    text = (
        f"It is put before the approvers in {where}: until {spelled(answer.until)}, owner <@{answer.owner}>."
    )
    title = f"Your waiver for {answer.label} is asked for"
    reception.answers.tell(back, title, text, "You are told how it ends.")


def grant_waiver(reception: Reception, incoming: Incoming) -> None:
    decider = reception.decider(incoming)
    answer = waive.grant(reception.desk, incoming.value, decider)
    if isinstance(answer, Refused):
        reception.answers.refuse(incoming, answer, title="Not granted")
    else:
        show_decided(reception, incoming)


def deny_waiver(reception: Reception, incoming: Incoming) -> None:
    decider = reception.decider(incoming)
    answer = waive.deny(reception.desk, incoming.value, decider)
    if isinstance(answer, Refused):
        reception.answers.refuse(incoming, answer, title="Not denied")
    else:
        show_decided(reception, incoming)


def revoke_waiver(reception: Reception, incoming: Incoming) -> None:
    decider = reception.decider(incoming)
    answer = waive.revoke(reception.desk, incoming.value, decider)
    if isinstance(answer, Refused):
        reception.answers.refuse(incoming, answer, title="Not revoked")
        return
    text = "From now on the account is shown as what it is."
    step = f"/support-role status {answer.account_id} shows it."
    reception.answers.tell(incoming, f"The waiver for {answer.label} is revoked", text, step)


def show_waivers(reception: Reception, incoming: Incoming, words: str) -> None:
    """The waivers in force and those that wait, privately: a list with buttons is for whoever asked."""
    scope = known_scope(reception, incoming, words)
    if scope is None:
        return
    desk, now = reception.desk, reception.desk.clock()
    with desk.engine.connect() as connection:
        in_force = waivers.read_in_force(connection, now=now)
        shown, waiting = list(in_force.values()), list(waivers.read_pending(connection))
        if scope != Scope():
            ids = {account.id for account in meant(connection, scope, in_force)}
            shown, waiting = _about(ids, shown), _about(ids, waiting)
    where = channel(desk.policy.approval_channel)
    message = waivers_message(shown, waiting, now=now, approval_channel=where, scope=str(scope))
    reception.answers.give(incoming, message)


def _about(ids: set[AccountId], some: list[Waiver]) -> list[Waiver]:
    return [waiver for waiver in some if waiver.account_id in ids]
