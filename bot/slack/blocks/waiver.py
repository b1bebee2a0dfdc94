"""One waiver: the form that asks for it, the question to a second person, and the record of its end."""

from datetime import date

from bot.domain.finding import Finding
from bot.domain.waiver import Waiver, WaiverState, spelled
from bot.slack.blocks import kit
from bot.slack.blocks.kit import Block, Confirm, Message, View
from bot.slack.blocks.mrkdwn import Mrkdwn, code, escape, join, md, mention, moment, one_line, utc
from bot.slack.blocks.reason import REASON_LONGEST, reason_input
from bot.slack.blocks.words import counted, marked, reason
from bot.slack.ids import COMMAND, ActionId, BlockId, CallbackId

TITLES = {
    WaiverState.PENDING: "Approval needed: a waiver for {label}",
    WaiverState.GRANTED: "Waived: {label}",
    WaiverState.DENIED: "Denied: a waiver for {label}",
    WaiverState.UNDECIDED: "Expired: a waiver for {label}",
    WaiverState.ENDED: "Ended: the waiver for {label}",
    WaiverState.REVOKED: "Revoked: the waiver for {label}",
    WaiverState.REPLACED: "Replaced: the waiver for {label}",
}
SENTENCES = {
    WaiverState.PENDING: "A second person decides: approve or deny. Whoever asked cannot approve. It changes "
    "nothing in AWS: until its end the account is shown as WAIVED and never counted as compliant.",
    WaiverState.GRANTED: "The account is shown as WAIVED until its end, and never counted as compliant.",
    WaiverState.DENIED: "Nothing was changed.",
    WaiverState.UNDECIDED: "Nobody decided in time. Nothing was changed.",
    WaiverState.ENDED: "Its time is over: the account is shown as what it is again.",
    WaiverState.REVOKED: "It ended before its time: the account is shown as what it is again.",
    WaiverState.REPLACED: "A newer waiver for the same account was granted.",
}
NEXT_STEPS = {
    WaiverState.PENDING: "",
    WaiverState.GRANTED: "The owner is reminded 14 and 3 days before. `{command} waivers` lists all of them.",
    WaiverState.DENIED: "Ask whoever denied it why; a new request is `{command} waive {account}`",
    WaiverState.UNDECIDED: "Ask again: `{command} waive {account}`",
    WaiverState.ENDED: "Have it fixed: `{command} fix {account}`",
    WaiverState.REVOKED: "Have it fixed: `{command} fix {account}`",
    WaiverState.REPLACED: "`{command} waivers` lists the newer one.",
}


def waive_modal(
    finding: Finding, *, owner: str, latest: date, max_days: int, form_id: str, current: Waiver | None = None
) -> View:
    """Ask for owner, last day and reason; `owner` is a user id that Slack knows, or empty.

    `form_id` comes back as `private_metadata`. `current` is the waiver in force that this one would replace.
    """
    most = f"{counted(max_days, 'day')} at most: {spelled(latest)} is the latest day."
    blocks = [
        kit.alert(md("Nothing is changed in AWS. A second person decides about the waiver."), "info"),
        kit.section(md("A waiver for {account}", account=finding.account.label)),
        kit.context(
            md("{verdict}: {why}", verdict=marked(finding.verdict), why=one_line(reason(finding), 250))
        ),
        kit.context(_current(current)) if current else None,
        kit.person_input(
            "Who answers for the account until then?",
            BlockId.WAIVE_OWNER,
            ActionId.WAIVE_OWNER,
            initial=owner,
            hint="They are told, and reminded 14 and 3 days before the end.",
        ),
        kit.date_input("Last day of the waiver", BlockId.WAIVE_UNTIL, ActionId.WAIVE_UNTIL, hint=most),
        reason_input("Why is it waived?", BlockId.WAIVE_REASON, ActionId.WAIVE_REASON),
    ]
    return kit.modal(
        "Waive an account",
        blocks,
        callback_id=CallbackId.WAIVE,
        submit="Ask for approval",
        close="Cancel",
        private_metadata=form_id,
    )


def _current(waiver: Waiver) -> Mrkdwn:
    return md(
        "It is waived already until {day}; {owner} answers for it. A new waiver takes that one's place.",
        day=spelled(waiver.until),
        owner=mention(waiver.owner),
    )


def waiver(waiver: Waiver) -> Message:
    """Show a waiver in whatever state it is; buttons only for what can be done in that state."""
    blocks = [
        kit.header(title(waiver)),
        kit.section(join("\n", [md("{what}", what=SENTENCES[waiver.state]), _next(waiver)])),
        kit.fields(_facts(waiver)),
        kit.context(md("Reason given:")),
        kit.quote(waiver.reason, REASON_LONGEST),
        buttons(waiver),
        kit.context(md("Waiver {id}", id=code(waiver.id))),
    ]
    return kit.message(_spoken(waiver), blocks)


def title(waiver: Waiver) -> str:
    return TITLES[waiver.state].format(label=label(waiver))


def label(waiver: Waiver) -> str:
    """The name is cut and the id never is."""
    name = one_line(waiver.account_name, 50)
    return f"{name} ({waiver.account_id})" if name else waiver.account_id


def _next(waiver: Waiver) -> Mrkdwn:
    step = md(NEXT_STEPS[waiver.state], command=COMMAND, account=waiver.account_id)
    return md("*Next:* {step}", step=step) if step else Mrkdwn()


def _facts(waiver: Waiver) -> list[tuple[str, Mrkdwn]]:
    asker = md("{who}, {when}", who=mention(waiver.requester.user_id), when=moment(waiver.created_at))
    pairs = [
        ("Account", md("{label}", label=label(waiver))),
        ("Owner", mention(waiver.owner)),
        ("Last day", md("{day}", day=spelled(waiver.until))),
        ("Asked by", asker),
    ]
    taken = [(_decision_word(waiver), waiver.decision), ("Revoked by", waiver.revocation)]
    for name, decision in taken:
        if decision is not None:
            who = mention(decision.person.user_id)
            pairs.append((name, md("{who}, {when}", who=who, when=moment(decision.at))))
    if waiver.state is WaiverState.PENDING:
        pairs.append(("Decide before", moment(waiver.decide_by)))
    return pairs


def _decision_word(waiver: Waiver) -> str:
    return "Denied by" if waiver.state is WaiverState.DENIED else "Approved by"


def buttons(waiver: Waiver) -> Block | None:
    if waiver.state is WaiverState.PENDING:
        return kit.actions(_approve(waiver), _deny(waiver))
    return kit.actions(revoke_button(waiver)) if waiver.state is WaiverState.GRANTED else None


def _approve(waiver: Waiver) -> Block:
    confirm = Confirm(
        title="Grant this waiver?",
        text=f"{_terms(waiver)} Until then it is shown as WAIVED.",
        yes="Approve",
    )
    return kit.button("Approve", ActionId.WAIVER_APPROVE, value=waiver.id, style="primary", confirm=confirm)


def _deny(waiver: Waiver) -> Block:
    confirm = Confirm(
        title="Deny this waiver?",
        text=f"{_terms(waiver)} It will not be waived.",
        yes="Deny",
        danger=True,
    )
    return kit.button("Deny", ActionId.WAIVER_DENY, value=waiver.id, style="danger", confirm=confirm)


def revoke_button(waiver: Waiver) -> Block:
    confirm = Confirm(
        title="Revoke this waiver?",
        text=f"{_terms(waiver)} It is shown as failing again at once.",
        yes="Revoke",
        danger=True,
    )
    return kit.button("Revoke", ActionId.WAIVER_REVOKE, value=waiver.id, style="danger", confirm=confirm)


def _terms(waiver: Waiver) -> str:
    """Account and end; a dialog shows no names of people, only their ids, so the message alone says whose."""
    return f"{label(waiver)}, until {spelled(waiver.until)}."


def _spoken(waiver: Waiver) -> Mrkdwn:
    """The whole message for a notification or a screen reader."""
    decided = [(_decision_word(waiver), waiver.decision), ("Revoked by", waiver.revocation)]
    people = [
        md("{word} {who}.", word=word, who=mention(decision.person.user_id))
        for word, decision in decided
        if decision
    ]
    pending = waiver.state is WaiverState.PENDING
    return join(
        "\n",
        [
            md("{title}. {what}", title=title(waiver), what=SENTENCES[waiver.state]),
            md("Owner {owner}, last day {day}.", owner=mention(waiver.owner), day=spelled(waiver.until)),
            join(" ", [md("Asked by {who}.", who=mention(waiver.requester.user_id)), *people]),
            md("Decide before {when}.", when=utc(waiver.decide_by)) if pending else Mrkdwn(),
            md("Reason: {reason}", reason=escape(one_line(waiver.reason, REASON_LONGEST))),
            _next(waiver),
        ],
    )
