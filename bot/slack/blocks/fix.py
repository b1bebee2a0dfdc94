"""The modals of a fix: choose the account, see the exact plan, give a reason; and the plan of a request."""

from collections.abc import Sequence

from bot.domain.account import Account
from bot.domain.plan import Plan
from bot.domain.request import Mode, RemediationRequest
from bot.domain.waiver import Waiver, spelled
from bot.slack.blocks import kit, menus, plan_details, plan_text
from bot.slack.blocks.kit import Block, View
from bot.slack.blocks.mrkdwn import Mrkdwn, code, escape, md, mention, one_line, sentence
from bot.slack.blocks.reason import reason_input
from bot.slack.blocks.words import FORM_MODES, MODES, counted
from bot.slack.ids import COMMAND, ActionId, BlockId, CallbackId


def fix_modal(
    account: Account, plan: Plan, *, mode: Mode, form_id: str, waiver: Waiver | None = None
) -> View:
    """Show the exact plan and ask for a reason; the submission asks a second person, and writes nothing.

    `form_id` comes back as `private_metadata`. The plan's hash is not shown: the account is read anew before
    anybody is asked, and the approval message has the hash that counts. `waiver` is the one in force.
    """
    blocks = [
        kit.alert(md("{mode}", mode=FORM_MODES[mode]), "info" if mode is Mode.DRY_RUN else "warning"),
        kit.section(md("A support role for {account}", account=account.label)),
        kit.context(_waived(waiver)) if waiver else None,
        reason_input("Why is this needed?", BlockId.FIX_REASON, ActionId.FIX_REASON),
        kit.divider(),
        *_plan_blocks(plan, request_id="", approver="", facts=_without_hash(plan)),
        plan_text.button(form_id),
        kit.context(md("Next: a second person is asked to approve.")),
    ]
    return kit.modal(
        "Fix an account",
        blocks,
        callback_id=CallbackId.FIX,
        submit="Ask for approval",
        close="Cancel",
        private_metadata=form_id,
    )


def _waived(waiver: Waiver) -> Mrkdwn:
    return md(
        "This account is waived until {day}; {owner} answers for it. Why: {reason}",
        day=spelled(waiver.until),
        owner=mention(waiver.owner),
        reason=escape(one_line(waiver.reason, 200)),
    )


def choose_modal(accounts: Sequence[Account], *, form_id: str, most: int = kit.OPTIONS_LIMIT) -> View:
    """Choose among the failing accounts, in the order given; as many as `most` allows are chosen already.

    Says so where a menu cannot hold them all, or where one request may not be about so many.
    """
    if not accounts:
        return message_modal("Nothing to fix", "No account fails any more. Press Re-check to be sure.")
    hidden = len(accounts) - kit.OPTIONS_LIMIT
    limit = min(most, kit.OPTIONS_LIMIT)
    blocks = [
        menus.multi_select_input(
            "Which accounts?",
            BlockId.FIX_ACCOUNT,
            ActionId.FIX_ACCOUNT,
            [(account.id, option(account)) for account in accounts],
            most=limit,
        ),
        kit.context(_not_listed(hidden)) if hidden > 0 else None,
        kit.context(_most(limit, len(accounts))) if len(accounts) > limit else None,
        kit.context(md("Take out what is to stay as it is. Next: the exact plan, and a reason.")),
    ]
    return kit.modal(
        "Fix accounts",
        blocks,
        callback_id=CallbackId.FIX_CHOOSE,
        submit="See the plan",
        close="Cancel",
        private_metadata=form_id,
    )


def option(account: Account) -> str:
    """The id first: it is never cut off."""
    return f"{account.id} {account.name}".rstrip()


def _most(limit: int, total: int) -> Mrkdwn:
    return md(
        "One request is about {n} at most, so the first of {total} are chosen; ask again for the others.",
        n=counted(limit, "account"),
        total=f"{total:,}",
    )


def _not_listed(hidden: int) -> Mrkdwn:
    return md(
        "{n} not fit here. To be offered them, type which ones are meant: {one}, {ou}, {tag}, {verdict}, "
        "or several names or ids.",
        n=counted(hidden, "more account does", "more accounts do"),
        one=code(f"{COMMAND} fix ACCOUNT"),
        ou=code("ou:NAME"),
        tag=code("tag:KEY=VALUE"),
        verdict=code("verdict:weak"),
    )


def plan_modal(request: RemediationRequest) -> View:
    """The whole plan of a request, to read."""
    if request.plan is None:
        return message_modal("The plan", "This request has no plan: it was never asked of anybody.")
    approver = request.decision.person.user_id if request.decision else ""
    blocks = [
        kit.section(md("A support role for {account}", account=request.label)),
        *_plan_blocks(
            request.plan,
            request_id=request.id,
            approver=approver,
            facts=plan_details.facts(request.plan),
        ),
        kit.context(md("Plan hash: {hash}", hash=code(request.plan.hash))),
        kit.context(md("{mode}", mode=MODES[request.mode])),
        plan_text.button(request.id) if plan_text.is_offered(request) else None,
    ]
    return kit.modal("The plan", blocks)


def _plan_blocks(
    plan: Plan, *, request_id: str, approver: str, facts: list[tuple[str, Mrkdwn]]
) -> list[Block]:
    return [
        kit.section(md("*What is done, in this order*")),
        plan_details.calls(plan),
        kit.fields(facts),
        *plan_details.trust(plan),
        *plan_details.tags(plan, request_id, approver=approver),
    ]


def _without_hash(plan: Plan) -> list[tuple[str, Mrkdwn]]:
    return [pair for pair in plan_details.facts(plan) if pair[0] != plan_details.HASH_FACT]


def message_modal(title: str, text: str) -> View:
    """A word to one person in a modal; `text` is a sentence of the domain's."""
    return kit.modal(title, [kit.section(sentence(text, private=True))])
