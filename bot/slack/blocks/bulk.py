"""The message of a bulk request: one question about many accounts, a line for each, then the record."""

from bot.domain.bulk import ENDED_WELL, BulkReport, BulkState, result_of
from bot.domain.bulk_plans import PlanShape, shapes_of
from bot.domain.pause import Pause
from bot.domain.request import Mode, RequestState
from bot.slack.blocks import kit, menus, plan_details
from bot.slack.blocks.bulk_lines import label, left_out_summary, lines_of, sections
from bot.slack.blocks.bulk_words import (
    NEXT_STEPS,
    SENTENCES,
    TITLES,
)
from bot.slack.blocks.kit import Block, Confirm, Message
from bot.slack.blocks.mrkdwn import (
    Mrkdwn,
    code,
    escape,
    join,
    md,
    mention,
    moment,
    one_line,
    sentence,
    utc,
)
from bot.slack.blocks.pause import pause_line
from bot.slack.blocks.words import DRY_RUN, counted
from bot.slack.ids import COMMAND, ActionId

LINES_LIMIT = 5_500
"""Characters of all lines together; a message holds 12,000 at most."""
LEFT_OUT_LIMIT = 1_200
SPOKEN_LIMIT = 1_500
OUTCOME_LIMIT = 700
REASON_LIMIT = 500
SHAPES_SHOWN = 6
"""More different plans than this nobody reads: such a request cannot be approved here."""
UNDOS_OFFERED = 25
ENDED = frozenset({BulkState.DONE, BulkState.STOPPED})


def bulk(report: BulkReport, *, pause: Pause | None = None) -> Message:
    """Show a bulk request in whatever state it is; `pause` is said while a decision is wanted."""
    is_pending = report.bulk.state is BulkState.PENDING
    blocks = [
        kit.header(title(report)),
        kit.section(join("\n", [_dry_run(report), md("{what}", what=SENTENCES[report.bulk.state])])),
        kit.section(pause_line(pause)) if pause and is_pending else None,
        *_outcome(report),
        kit.fields(_facts(report)),
        kit.context(md("Reason given:")),
        kit.quote(report.bulk.reason, REASON_LIMIT),
        *_plan(report),
        *sections(lines_of(report, LINES_LIMIT)),
        *sections(left_out_summary(report, LEFT_OUT_LIMIT)),
        kit.actions(*buttons(report)),
        kit.context(md("Bulk request {id}", id=code(report.bulk.id))),
    ]
    return kit.message(_spoken(report, pause if is_pending else None), blocks)


def title(report: BulkReport) -> str:
    asked = report.planned or report.members
    words = {"accounts": counted(len(asked), "account"), "good": str(report.count(*ENDED_WELL))}
    prefix = "Dry run · " if is_dry_run(report) else ""
    return prefix + TITLES[report.bulk.state].format(**words)


def is_dry_run(report: BulkReport) -> bool:
    """A request made to be applied is rehearsed too, when the mode was turned down in between."""
    return report.bulk.mode is Mode.DRY_RUN or report.count(RequestState.REHEARSED) > 0


def shapes(report: BulkReport) -> tuple[PlanShape, ...]:
    return shapes_of([member.plan for member in report.planned if member.plan])


def is_shown_whole(report: BulkReport) -> bool:
    """Whether every plan can be seen to the last letter: what cannot be seen must not be approved."""
    found = shapes(report)
    return 0 < len(found) <= SHAPES_SHOWN and all(plan_details.is_shown_whole(one.plan) for one in found)


def _dry_run(report: BulkReport) -> Mrkdwn:
    return md("*{words}*", words=DRY_RUN) if is_dry_run(report) else Mrkdwn()


def _people(report: BulkReport) -> frozenset[str]:
    """Whom the record names: they may be mentioned in its sentences."""
    bulk = report.bulk
    others = [bulk.decision.person.user_id] if bulk.decision else []
    return frozenset(
        {bulk.requester.user_id, *others, *([bulk.stopped_by.user_id] if bulk.stopped_by else [])}
    )


def _outcome(report: BulkReport) -> list[Block]:
    said = _said(report)
    return [kit.section(said)] if said else []


def _said(report: BulkReport) -> Mrkdwn:
    outcome, people = report.bulk.outcome, _people(report)
    step = sentence(outcome.next_step, OUTCOME_LIMIT, people=people) or md(
        NEXT_STEPS.get(report.bulk.state, ""), command=COMMAND
    )
    running = report.bulk.state is BulkState.RUNNING
    return join(
        "\n",
        [
            md("{so_far}", so_far=result_of(report)) if running else Mrkdwn(),
            _how_it_ended(report),
            md("*Next:* {step}", step=step) if step else Mrkdwn(),
        ],
    )


def _how_it_ended(report: BulkReport) -> Mrkdwn:
    """Empty where title and facts say it: by whom it was denied."""
    if report.bulk.state is BulkState.DENIED:
        return Mrkdwn()
    return sentence(report.bulk.outcome.text, OUTCOME_LIMIT, people=_people(report))


def _facts(report: BulkReport) -> list[tuple[str, Mrkdwn]]:
    bulk = report.bulk
    asked = md("{who}, {when}", who=mention(bulk.requester.user_id), when=moment(bulk.created_at))
    pairs = [("Asked by", asked), *_decided(report)]
    if bulk.stopped_by:
        pairs.append(("Stopped by", mention(bulk.stopped_by.user_id)))
    if bulk.state is BulkState.PENDING:
        pairs.append(("Expires", moment(bulk.expires_at)))
    if report.canary:
        pairs.append(("First, alone", md("{canary}", canary=label(report.canary))))
        pairs.append(("Then", md("{n} at a time", n=bulk.wave_size)))
    return [*pairs, ("All plans", code(bulk.hash[:12]))] if bulk.hash else pairs


def _decided(report: BulkReport) -> list[tuple[str, Mrkdwn]]:
    decision = report.bulk.decision
    if decision is None:
        return []
    who = md("{who}, {when}", who=mention(decision.person.user_id), when=moment(decision.at))
    return [(_decision_word(report), who)]


def _decision_word(report: BulkReport) -> str:
    return "Denied by" if report.bulk.state is BulkState.DENIED else "Approved by"


def _plan(report: BulkReport) -> list[Block]:
    """What would be created, while it matters for a decision: whole, or with the word where it is whole."""
    if report.bulk.state is not BulkState.PENDING:
        return []
    found = shapes(report)
    if not is_shown_whole(report):
        text = (
            "\N{WARNING SIGN} *The plans differ too much to be shown whole: they cannot be approved here.* "
        )
        return [kit.context(md(f"{text}Ask for fewer accounts at a time."))]
    plan = found[0].plan
    if len(found) > 1 or len(plan_details.trust_text(plan)) > plan_details.PIECE:
        return [
            kit.context(
                md("{n}: *See the plans* shows them.", n=counted(len(found), "kind of plan", "kinds of plan"))
            )
        ]
    return [kit.fields(plan_facts(found[0])), *plan_details.trust(plan)]


def plan_facts(shape: PlanShape) -> list[tuple[str, Mrkdwn]]:
    return [pair for pair in plan_details.facts(shape.plan) if pair[0] != plan_details.HASH_FACT]


def buttons(report: BulkReport) -> list[Block | None]:
    bulk = report.bulk
    see = kit.button("See the plans", ActionId.BULK_PLANS, value=bulk.id) if report.members else None
    if bulk.state is BulkState.PENDING:
        return [_approve(report) if is_shown_whole(report) else None, _deny(report), see]
    if bulk.state is BulkState.RUNNING:
        return [_stop(report), see]
    return [see, _undo(report) if bulk.state in ENDED else None]


def _approve(report: BulkReport) -> Block:
    dry = report.bulk.mode is Mode.DRY_RUN
    accounts = counted(len(report.planned), "account")
    effect = "Nothing is written: this is a dry run." if dry else "This changes AWS."
    confirm = Confirm(
        title=f"Rehearse {accounts}?" if dry else f"Create roles in {accounts}?",
        text=f"{_first(report)} goes first, alone. {effect} Plans {report.bulk.hash[:12]}.",
        yes="Rehearse" if dry else "Approve",
    )
    return kit.button(
        "Approve", ActionId.BULK_APPROVE, value=report.bulk.id, style="primary", confirm=confirm
    )


def _deny(report: BulkReport) -> Block:
    accounts = counted(len(report.planned), "account")
    confirm = Confirm(
        title=f"Deny the fixes of {accounts}?",
        text=f"No role will be created in any of them, {_first(report)} among them.",
        yes="Deny",
        danger=True,
    )
    return kit.button("Deny", ActionId.BULK_DENY, value=report.bulk.id, style="danger", confirm=confirm)


def _stop(report: BulkReport) -> Block:
    confirm = Confirm(
        title="Stop here?",
        text="Nothing more is begun. Accounts that are being changed now go to their end.",
        yes="Stop",
        danger=True,
    )
    return kit.button("Stop", ActionId.BULK_STOP, value=report.bulk.id, style="danger", confirm=confirm)


def _undo(report: BulkReport) -> Block | None:
    fixed = [member for member in report.planned if member.leaves is not None][:UNDOS_OFFERED]
    options = [(member.id, f"{member.account_id} {member.account_name}".rstrip()) for member in fixed]
    return menus.menu(ActionId.REQUEST_UNDO, "Undo one…", options) if options else None


def _first(report: BulkReport) -> str:
    return label(report.canary) if report.canary else "The first"


def _spoken(report: BulkReport, pause: Pause | None) -> Mrkdwn:
    """The whole message for a notification or a screen reader."""
    bulk = report.bulk
    decision = bulk.decision
    people = [
        md("Asked by {who}.", who=mention(bulk.requester.user_id)),
        md("{word} {who}.", word=_decision_word(report), who=mention(decision.person.user_id))
        if decision
        else Mrkdwn(),
        md("Expires {when}.", when=utc(bulk.expires_at)) if bulk.state is BulkState.PENDING else Mrkdwn(),
    ]
    return join(
        "\n",
        [
            md("{title}. {what}", title=title(report), what=SENTENCES[bulk.state]),
            md("{words}", words=DRY_RUN) if is_dry_run(report) else Mrkdwn(),
            pause_line(pause) if pause else Mrkdwn(),
            _said(report),
            join(" ", people),
            md("Reason: {reason}", reason=escape(one_line(bulk.reason, 300))),
            *lines_of(report, SPOKEN_LIMIT),
        ],
    )
