"""Asking for a fix: a modal shows the exact plan; submitting it puts it before the approvers."""

from datetime import datetime

from sqlalchemy import Connection

from bot.domain.account import Account, AccountId
from bot.domain.facts import AccountFacts
from bot.domain.finding import Finding, Verdict
from bot.domain.guards import Refused
from bot.domain.plan import build_plan
from bot.domain.scope import Scope
from bot.domain.status import KnownFinding
from bot.domain.waiver import InForce, waive
from bot.flows.ask import ask_for_fix
from bot.slack.blocks.fix import choose_modal, fix_modal, message_modal
from bot.slack.blocks.kit import View
from bot.slack.blocks.words import ago, reason
from bot.slack.ids import ActionId
from bot.slack.incoming import Incoming
from bot.slack.listeners.asking import known_scope, meant, open_form, own_form
from bot.slack.listeners.bulk import bulk_view
from bot.slack.reception import Reception
from bot.store import accounts, findings, forms, waivers

FIXABLE = (Verdict.FAIL, Verdict.WEAK)
NOTHING_SHOWN = "Nothing was asked for"


def open_fix(reception: Reception, incoming: Incoming, words: str) -> None:
    """Open the modal for the one account meant, or the one that lets choose among several."""
    scope = known_scope(reception, incoming, words)
    if scope is None:
        return
    with reception.desk.engine.begin() as connection:
        failing = _fixable(reception, connection, scope)
        if len(failing) == 1:
            view = _fix_view(reception, connection, incoming, failing[0])
        else:
            view = _choose_view(reception, connection, incoming, failing)
    if not failing:
        reception.answers.tell(incoming, "There is nothing to fix", *_why_nothing(reception, scope))
        return
    open_form(reception, incoming, view)


def choose_account(reception: Reception, incoming: Incoming) -> None:
    """Turn the modal that chooses into the one that shows the plan, of one account or of several."""
    refusal = reception.why_not_served(incoming.person)
    view = message_modal(NOTHING_SHOWN, refusal) if refusal else _chosen_view(reception, incoming)
    reception.views.update(incoming.view_id, view)


def _chosen_view(reception: Reception, incoming: Incoming) -> View:
    with reception.desk.engine.begin() as connection:
        form = forms.read_form(connection, incoming.form_id)
        if form is None or not form.person.is_same_as(incoming.person):
            return message_modal(NOTHING_SHOWN, "This form is too old. Close it and try again.")
        ids = incoming.entered(ActionId.FIX_ACCOUNT).split()
        known = [account for each in ids if (account := accounts.read_account(connection, each))]
        if not known:
            text = "That account is not known any more. Close this and try again."
            return message_modal(NOTHING_SHOWN, text)
        if len(known) > 1:
            return bulk_view(reception, connection, incoming, known, channel=form.channel)
        return _fix_view(reception, connection, incoming, known[0], channel=form.channel)


def submit_fix(reception: Reception, incoming: Incoming) -> None:
    """Ask for the fix; whoever asked hears privately if it is refused at once."""
    form = own_form(reception, incoming, NOTHING_SHOWN)
    if form is None:
        return
    answer = ask_for_fix(
        reception.desk,
        account_id=AccountId(form.account_id),
        requester=incoming.person,
        reason=incoming.entered(ActionId.FIX_REASON).strip(),
        channel=form.channel,
    )
    back = Incoming(incoming.person, form.channel, "", "")
    if isinstance(answer, Refused):
        reception.answers.refuse(back, answer, title=NOTHING_SHOWN)
        return
    where = f"<#{reception.desk.policy.approval_channel}>"
    text = f"The account is read once more, then your request is put before the approvers in {where}."
    reception.answers.tell(
        back, f"Your fix of {answer.label} is on its way", text, "You are told how it ends."
    )


def _fixable(reception: Reception, connection: Connection, scope: Scope) -> list[Account]:
    known = findings.read_findings(connection, FIXABLE)
    in_force = waivers.read_in_force(connection, now=reception.desk.clock())
    chosen = [item for item in known if _is_offered(scope, item.finding, in_force)]
    chosen.sort(key=lambda item: (FIXABLE.index(item.finding.verdict), item.finding.account.label.casefold()))
    current = {account.id: account for account in accounts.read_accounts(connection)}
    ids = [item.finding.account.id for item in chosen]
    return [current[account_id] for account_id in ids if account_id in current]


def _is_offered(scope: Scope, finding: Finding, in_force: InForce) -> bool:
    """A waived account is set aside: it is offered only to whoever names it, or asks for waived ones."""
    shown = waive(finding, in_force)
    is_named = bool(scope.ids or scope.names or scope.verdicts)
    return scope.matches(shown.account, shown.verdict) and (shown.verdict is not Verdict.WAIVED or is_named)


def _fix_view(
    reception: Reception,
    connection: Connection,
    incoming: Incoming,
    account: Account,
    *,
    channel: str = "",
) -> View:
    desk = reception.desk
    form_id = forms.add_form(
        connection,
        incoming.person,
        channel=channel or incoming.channel,
        account_id=account.id,
        now=desk.clock(),
    )
    draft = build_plan(account, desk.role, AccountFacts(account, desk.clock()))
    waiver = waivers.read_in_force_for(connection, account.id, now=desk.clock())
    return fix_modal(account, draft, mode=desk.policy.mode, form_id=form_id, waiver=waiver)


def _choose_view(
    reception: Reception,
    connection: Connection,
    incoming: Incoming,
    failing: list[Account],
) -> View:
    form_id = forms.add_form(
        connection,
        incoming.person,
        channel=incoming.channel,
        account_id="",
        now=reception.desk.clock(),
    )
    return choose_modal(failing, form_id=form_id, most=reception.desk.policy.max_accounts_per_request)


def _why_nothing(reception: Reception, scope: Scope) -> tuple[str, str]:
    with reception.desk.engine.connect() as connection:
        unread = findings.read_findings(connection, (Verdict.UNKNOWN,))
        was_scanned = findings.read_newest_check(connection) is not None
        failing = findings.read_findings(connection, FIXABLE)
        in_force = waivers.read_in_force(connection, now=reception.desk.clock())
        named = meant(connection, scope, in_force) if scope.ids or scope.names else []
        known = findings.read_finding(connection, named[0].id) if len(named) == 1 else None
    waived = sum(
        item.finding.account.id in in_force and scope.matches(item.finding.account, item.finding.verdict)
        for item in failing
    )
    if not was_scanned:
        return "No account was checked yet.", "Run /support-role status first."
    if len(named) == 1:
        return _why_not_this(named[0], known, reception.desk.clock())
    unknown = sum(scope.matches(item.finding.account, item.finding.verdict) for item in unread)
    if unknown:
        return (
            f"No account that was read needs a fix; {unknown} could not be read.",
            "/support-role status says why, and what to do.",
        )
    if waived:
        return (
            f"Every account that was asked for and fails is waived ({waived}).",
            "/support-role waivers lists them. To have one fixed all the same: /support-role fix ACCOUNT",
        )
    return "No account that was asked for fails.", "/support-role status checks anew."


def _why_not_this(account: Account, known: KnownFinding | None, now: datetime) -> tuple[str, str]:
    """Why the one account that was named cannot be fixed."""
    anew = f"/support-role status {account.id} checks it anew."
    if known is None:
        return f"{account.label} was not checked yet.", anew
    finding = known.finding
    if finding.verdict is Verdict.PASS:
        return f"{account.label} has a support role, as of {ago(finding.checked_at, now)}.", anew
    return f"{account.label} is {finding.verdict.value}: {reason(finding)}", finding.next_step or anew
