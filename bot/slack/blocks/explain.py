"""An explanation for one person: the verdict, why, the evidence role by role, and what to do next."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.account import Account
from bot.domain.control import CONTROL
from bot.domain.evidence import Evidence, Weight
from bot.domain.explanation import Explanation
from bot.domain.finding import Finding, RoleFinding, Verdict
from bot.domain.request import Mode
from bot.domain.status import KnownFinding
from bot.domain.waiver import Waiver, spelled
from bot.slack.blocks import kit
from bot.slack.blocks.kit import Block, Message
from bot.slack.blocks.mrkdwn import Mrkdwn, code, cut_mrkdwn, escape, join, md, mention, moment, one_line
from bot.slack.blocks.words import MEANINGS, ago, counted, marked, reason
from bot.slack.ids import COMMAND, ActionId

MOST_ROLES = 12
"""Each takes a section, and small print with its calls; those that are not sound come first."""
SPOKEN_ROLES = 5
ROLE_CHARACTERS = 1_500
EVIDENCE_CHARACTERS = 7_000
"""For all roles together: leaves room for the rest of a message."""
SENTENCE = 400
CALL = 80
MOST_CALLS = 8
"""Of one role, or of the account."""
MEANING = {
    Verdict.PASS: "a named person can assume a role that carries AWSSupportAccess",
    Verdict.SKIPPED: "the account is not active, so it is not checked",
    **MEANINGS,
}
MARKS = {
    Weight.SAYS: "\N{BULLET}",
    Weight.AGAINST: "\N{CROSS MARK}",
    Weight.UNREAD: "\N{WHITE QUESTION MARK ORNAMENT}",
}
BY_HAND = frozenset({"trusts-everyone"})
"""Reasons that no new role beside makes good."""


def begun(account: Account, known: KnownFinding | None, *, now: datetime) -> Message:
    """The first answer: what the last scan found, while the account is read anew."""
    label = one_line(account.label, 120)
    reading = md("Reading the account now. The evidence comes here in a moment.")
    if known is None:
        said = md("{account} was not checked yet.", account=label)
        return kit.message(join("\n", [said, reading]), [kit.section(said), kit.context(reading)])
    finding = known.finding
    said = md(
        "*{verdict}* {account}, as of {age}\n{why}",
        verdict=marked(finding.verdict),
        account=label,
        age=ago(finding.checked_at, now),
        why=one_line(_why(finding), SENTENCE),
    )
    return kit.message(
        join("\n", [said, reading]), [kit.section(said), kit.context(reading), kit.context(_standards())]
    )


def explanation(explanation: Explanation, *, mode: Mode, waiver: Waiver | None = None) -> Message:
    """The whole answer. Roles that do not fit are counted, with the command that shows them all."""
    finding = explanation.finding
    roles = sorted(finding.roles, key=lambda role: role.sound)
    shown = _shown_roles(explanation, roles)
    left = len(roles) - len(shown)
    blocks = [
        kit.header(f"{marked(finding.verdict)} · {one_line(finding.account.label, 120)}"),
        kit.section(_verdict(explanation)),
        kit.context(_waived(waiver)) if waiver else None,
        _next(finding),
        kit.divider(),
        *_evidence_of_account(explanation),
        *[block for role in shown for block in role],
        kit.context(_left_out(finding, left)) if left else None,
        kit.context(
            md("Read {when}. Only you can see this.", when=moment(finding.checked_at)), _every_call(finding)
        ),
        kit.context(_standards()),
        _buttons(explanation, mode, waiver),
    ]
    return kit.message(_spoken(explanation, roles, waiver), blocks)


def _why(finding: Finding) -> str:
    return reason(finding) or MEANING.get(finding.verdict, "")


def _verdict(explanation: Explanation) -> Mrkdwn:
    finding = explanation.finding
    meaning = md("*{verdict}*: {what}.", verdict=finding.verdict, what=MEANING.get(finding.verdict, ""))
    why = [md("{why}", why=one_line(each.text, SENTENCE)) for each in finding.reasons[:5]]
    stricter = md(
        "The scan alone finds {scanned}: the deeper look makes it stricter.", scanned=explanation.scanned
    )
    # The reason of a FAIL is what the word means.
    head = [] if finding.verdict is Verdict.FAIL and why else [meaning]
    return join("\n", [*head, *why, stricter if explanation.is_stricter else Mrkdwn(), _letter(finding)])


def _letter(finding: Finding) -> Mrkdwn:
    if finding.meets_benchmark is None:
        return Mrkdwn()
    words = "met" if finding.meets_benchmark else "not met"
    return md("_By the letter of CIS and Security Hub: {words}._", words=words)


def _waived(waiver: Waiver) -> Mrkdwn:
    return md(
        "Waived until {day}; {owner} answers for it. Why: {reason}",
        day=spelled(waiver.until),
        owner=mention(waiver.owner),
        reason=one_line(waiver.reason, 200),
    )


def _next(finding: Finding) -> Block | None:
    if not finding.next_step:
        return None
    return kit.section(md("*Next:* {step}", step=one_line(finding.next_step, SENTENCE)))


def _evidence_of_account(explanation: Explanation) -> list[Block]:
    # What could not be entered has its reason for its only evidence, and that is said already.
    if explanation.finding.meets_benchmark is None:
        return []
    evidence = explanation.about("")
    lines = [md("*The account*"), *_lines(evidence)]
    return [kit.section(cut_mrkdwn(join("\n", lines), kit.SECTION_LIMIT)), *_calls(evidence, "")]


def _shown_roles(explanation: Explanation, roles: Sequence[RoleFinding]) -> list[list[Block]]:
    """The blocks of each role, as long as they fit."""
    shown: list[list[Block]] = []
    left = EVIDENCE_CHARACTERS
    for role in roles[:MOST_ROLES]:
        blocks = _role(explanation, role)
        left -= kit.characters(blocks)
        if left < 0:
            break
        shown.append(blocks)
    return shown


def _role(explanation: Explanation, role: RoleFinding) -> list[Block]:
    head = md("*{arn}* is *{sound}*", arn=code(role.arn), sound="sound" if role.sound else "not sound")
    against_first = sorted(explanation.about(role.arn), key=lambda each: each.weight is not Weight.AGAINST)
    lines = join("\n", _lines(against_first))
    section = kit.section(join("\n", [head, cut_mrkdwn(lines, ROLE_CHARACTERS)]))
    return [section, *_calls(against_first, role.arn)]


def _lines(evidence: Sequence[Evidence]) -> list[Mrkdwn]:
    return [
        md("{mark} {text}", mark=MARKS[each.weight], text=escape(one_line(each.text, SENTENCE)))
        for each in evidence
    ]


def _calls(evidence: Sequence[Evidence], arn: str) -> list[Block]:
    """The calls that showed all that, each once; `arn` is of the role that stands above them."""
    calls = list(dict.fromkeys(_short(call, arn) for each in evidence for call in each.calls))
    listed = join(", ", [code(one_line(call, CALL)) for call in calls[:MOST_CALLS]])
    more = md(" and {n} more", n=len(calls) - MOST_CALLS) if len(calls) > MOST_CALLS else Mrkdwn()
    return [kit.context(md("Seen with {calls}{more}", calls=listed, more=more))] if calls else []


def _short(call: str, arn: str) -> str:
    """`iam:GetRole role/support` of `iam:GetRole arn:aws:iam::111122223333:role/support`.

    The action alone where it is about `arn`.
    """
    action, _, resource = call.partition(" ")
    return action if resource == arn else f"{action} {resource.rpartition(':')[2]}"


def _left_out(finding: Finding, count: int) -> Mrkdwn:
    return md(
        "{roles} not shown here. All of them: {command}",
        roles=counted(count, "more role is", "more roles are"),
        command=code(_check_command(finding)),
    )


def _every_call(finding: Finding) -> Mrkdwn:
    return md("Every call with its resource: {command}", command=code(_check_command(finding)))


def _check_command(finding: Finding) -> str:
    return f"support-role check {finding.account.id} --explain"


def _standards() -> Mrkdwn:
    return md(
        "Datadog {datadog} · {cis} · Security Hub {hub} · Prowler {prowler}",
        datadog=CONTROL.datadog,
        cis=CONTROL.cis_in_words(),
        hub=CONTROL.security_hub,
        prowler=CONTROL.prowler,
    )


def _buttons(explanation: Explanation, mode: Mode, waiver: Waiver | None) -> Block | None:
    if mode is Mode.OFF or waiver is not None or not _fix_helps(explanation):
        return None
    account = explanation.finding.account
    text = f"Fix {one_line(account.label, 68)}…"
    return kit.actions(kit.button(text, ActionId.STATUS_FIX, value=account.id, style="primary"))


def _fix_helps(explanation: Explanation) -> bool:
    """A fix goes by what a scan finds, and adds a role; it takes no open door away."""
    codes = {each.code for each in explanation.finding.reasons}
    return explanation.scanned in (Verdict.FAIL, Verdict.WEAK) and not codes & BY_HAND


def _spoken(explanation: Explanation, roles: Sequence[RoleFinding], waiver: Waiver | None) -> Mrkdwn:
    finding = explanation.finding
    shown = [
        md("{arn}: {sound}", arn=one_line(role.arn, 200), sound="sound" if role.sound else "not sound")
        for role in roles[:SPOKEN_ROLES]
    ]
    left = len(roles) - len(shown)
    step = md("Next: {step}", step=one_line(finding.next_step, SENTENCE)) if finding.next_step else Mrkdwn()
    account = md("{account}: {verdict}", account=one_line(finding.account.label, 80), verdict=finding.verdict)
    more = md("and {n}", n=counted(left, "more role")) if left > 0 else Mrkdwn()
    said = [account, _verdict(explanation), *shown, more, _waived(waiver) if waiver else Mrkdwn(), step]
    return join(
        "\n", [*said, md("All evidence: {command}", command=f"{COMMAND} explain {finding.account.id}")]
    )
