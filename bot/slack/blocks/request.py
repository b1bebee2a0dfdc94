"""The approval message: the question to a second person, its progress, then the record of its end."""

from bot.domain.pause import Pause
from bot.domain.request import (
    ApplyProgress,
    ApplyStep,
    Mode,
    Outcome,
    RemediationRequest,
    RequestKind,
    RequestState,
    UndoStep,
)
from bot.domain.undo import Removal
from bot.slack.blocks import kit, plan_details, undo, undo_words
from bot.slack.blocks.kit import Block, Confirm, Form, Message
from bot.slack.blocks.mrkdwn import Mrkdwn, code, escape, join, md, mention, moment, one_line, sentence, utc
from bot.slack.blocks.pause import pause_line
from bot.slack.blocks.request_words import NEXT_STEPS, SENTENCES, STEP_MARKS, STEP_TITLES, TITLES
from bot.slack.blocks.words import DRY_RUN
from bot.slack.ids import COMMAND, ActionId

REASON_LIMIT = 500
OUTCOME_LIMIT = 800
UNDER_WAY = frozenset({RequestState.APPROVED, RequestState.APPLYING})
BEFORE_DECISION = frozenset({RequestState.PREPARING, RequestState.PENDING})
SAYS_IT_ALL = frozenset({RequestState.APPLIED, RequestState.REHEARSED, RequestState.DENIED})
"""States of which the outcome, written for the audit log, says nothing that the message does not."""


def request(
    request: RemediationRequest,
    *,
    progress: ApplyProgress | None = None,
    form: Form = Form.NATIVE,
    pause: Pause | None = None,
) -> Message:
    """Show a request in whatever state it is; buttons only for what can be done about it.

    `pause` is said while a decision is wanted: it could not be made.
    """
    paused = [kit.section(pause_line(pause))] if pause and request.state is RequestState.PENDING else []
    blocks = [
        kit.header(title(request)),
        kit.section(join("\n", [_dry_run(request), md("{what}", what=_what(request))])),
        *paused,
        *_steps(request, progress, form),
        *([] if request.state in BEFORE_DECISION else _outcome(request)),
        kit.fields(_facts(request)),
        *_reason(request),
        *_plan(request),
        *decision_buttons(request),
        *_record_buttons(request),
        kit.context(md("Request {id}", id=code(request.id))),
    ]
    return kit.message(_spoken(request, progress, pause), blocks)


def title(request: RemediationRequest) -> str:
    prefix = "Dry run · " if _is_dry_run(request) else ""
    if request.kind is RequestKind.UNDO:
        template = undo_words.TITLES.get(request.state, undo_words.TITLE)
    else:
        template = TITLES[request.state]
    return prefix + template.format(label=_label(request))


def _what(request: RemediationRequest) -> str:
    """What the state means for the account; two states can be reached before and after a decision."""
    decided = request.decision is not None
    if request.state is RequestState.EXPIRED and decided:
        return "It was approved, but its time ran out before anything was written. Nothing was changed."
    if request.state is RequestState.FAILED and not decided:
        return "It could not be prepared. Nothing was changed."
    if request.kind is RequestKind.UNDO:
        return undo_words.SENTENCES.get(request.state, "")
    return SENTENCES[request.state]


def _label(request: RemediationRequest) -> str:
    """The name is cut and the id never is."""
    name = one_line(request.account_name, 50)
    return f"{name} ({request.account_id})" if name else request.account_id


def _dry_run(request: RemediationRequest) -> Mrkdwn:
    return md("*{words}*", words=DRY_RUN) if _is_dry_run(request) else Mrkdwn()


def _is_dry_run(request: RemediationRequest) -> bool:
    """A request made to be applied is rehearsed too, when the mode was turned down in between."""
    return request.mode is Mode.DRY_RUN or request.state is RequestState.REHEARSED


def _people(request: RemediationRequest) -> frozenset[str]:
    """Whom the record names: they may be mentioned in its sentences."""
    decision = request.decision
    return frozenset({request.requester.user_id} | ({decision.person.user_id} if decision else set()))


def _facts(request: RemediationRequest) -> list[tuple[str, Mrkdwn]]:
    pairs = [
        ("Account", md("{label}", label=_label(request))),
        (
            "Asked by",
            md("{who}, {when}", who=mention(request.requester.user_id), when=moment(request.created_at)),
        ),
        *_decided(request),
    ]
    if request.state in BEFORE_DECISION:
        pairs.append(("Expires", moment(request.expires_at)))
    return pairs + _decided_about(request)


def _decided_about(request: RemediationRequest) -> list[tuple[str, Mrkdwn]]:
    if request.kind is RequestKind.UNDO:
        return undo.facts(request.removal) if request.removal else []
    return plan_details.facts(request.plan) if request.plan else []


def _decided(request: RemediationRequest) -> list[tuple[str, Mrkdwn]]:
    if request.decision is None:
        return []
    when = request.decided_at or request.decision.at
    who = mention(request.decision.person.user_id)
    return [(_decision_word(request), md("{who}, {when}", who=who, when=moment(when)))]


def _decision_word(request: RemediationRequest) -> str:
    return "Denied by" if request.state is RequestState.DENIED else "Approved by"


def _reason(request: RemediationRequest) -> list[Block]:
    return [kit.context(md("Reason given:")), kit.quote(request.reason, REASON_LIMIT)]


def _plan(request: RemediationRequest) -> list[Block]:
    """The whole plan while it matters for a decision; afterwards the record names whom the role trusts."""
    if request.plan is None:
        return []
    if request.removal is not None:
        return [kit.context(plan_details.trusted_line(request.plan)), undo.tags(request.removal)]
    if request.state is RequestState.PENDING:
        return plan_details.trust(request.plan) + plan_details.tags(request.plan, request.id, approver="")
    return [kit.context(plan_details.trusted_line(request.plan))]


def _outcome(request: RemediationRequest) -> list[Block]:
    outcome, step = request.outcome, _next_step(request)
    has_field = bool(_decided_about(request))
    rows = [
        _how_it_ended(request),
        md("*Left behind:* {what}", what=sentence(outcome.left_behind, OUTCOME_LIMIT))
        if outcome.left_behind
        else Mrkdwn(),
        md("*Role:* {arn}", arn=code(outcome.role_arn)) if outcome.role_arn and not has_field else Mrkdwn(),
        md("*Next:* {step}", step=step) if step else Mrkdwn(),
    ]
    words = join("\n", rows)
    calls = [kit.context(_aws_requests(outcome))] if outcome.aws_request_ids else []
    return ([kit.section(words)] if words else []) + calls


def _how_it_ended(request: RemediationRequest) -> Mrkdwn:
    """Empty where it would say again what the state and the facts say."""
    is_done_undo = request.kind is RequestKind.UNDO and request.state is RequestState.UNDONE
    if request.state in SAYS_IT_ALL or is_done_undo:
        return Mrkdwn()
    return sentence(
        request.outcome.text, OUTCOME_LIMIT, people=_people(request) | set(request.outcome.people)
    )


def _next_step(request: RemediationRequest) -> Mrkdwn:
    if request.outcome.next_step:
        return sentence(request.outcome.next_step, OUTCOME_LIMIT, people=_people(request))
    steps = undo_words.NEXT_STEPS if request.kind is RequestKind.UNDO else NEXT_STEPS
    return md(steps.get(request.state, ""), command=COMMAND, account=request.account_id)


def _aws_requests(outcome: Outcome) -> Mrkdwn:
    return md("AWS request ids: {ids}", ids=join(", ", [code(one) for one in outcome.aws_request_ids[:8]]))


def _steps(request: RemediationRequest, progress: ApplyProgress | None, form: Form) -> list[Block]:
    if progress is None or request.state not in {*UNDER_WAY, RequestState.FAILED}:
        return []
    if form is Form.NATIVE:
        return [kit.plan(_steps_title(progress), [_task(step, progress) for step in progress.steps])]
    return [kit.section(join("\n", [_check_line(step, progress) for step in progress.steps]))]


def _steps_title(progress: ApplyProgress) -> str:
    steps = progress.steps
    return "Stopped" if progress.failed else f"Step {steps.index(progress.at) + 1} of {len(steps)}"


def _step_title(step: ApplyStep | UndoStep) -> str:
    return undo_words.STEP_TITLES[step.value] if isinstance(step, UndoStep) else STEP_TITLES[step]


def _task(step: ApplyStep | UndoStep, progress: ApplyProgress) -> Block:
    return kit.task(step.value, _step_title(step), progress.state_of(step).value)


def _check_line(step: ApplyStep | UndoStep, progress: ApplyProgress) -> Mrkdwn:
    return md("{mark} {title}", mark=STEP_MARKS[progress.state_of(step)], title=_step_title(step))


def decision_buttons(request: RemediationRequest) -> list[Block]:
    if request.state is not RequestState.PENDING:
        return []
    shown = request.plan is not None and plan_details.is_shown_whole(request.plan)
    if request.removal is not None:
        row = kit.actions(*_undo_decisions(request, request.removal), _see_plan(request))
    else:
        row = kit.actions(_approve(request) if shown else None, _deny(request), _see_plan(request))
    return [row] if row else []


def _undo_decisions(request: RemediationRequest, removal: Removal) -> tuple[Block, Block]:
    role = f"Role {one_line(removal.plan.role_name, 64)} ({one_line(removal.role_id, 32)})"
    label = _label(request)
    return undo.approve_button(request, role, label), undo.deny_button(request, role, label)


def _record_buttons(request: RemediationRequest) -> list[Block]:
    row = kit.actions(undo.undo_button(request)) if request.leaves else None
    return [row] if row else []


def _approve(request: RemediationRequest) -> Block:
    dry_run = request.mode is Mode.DRY_RUN
    effect = "Nothing is written: this is a dry run." if dry_run else "This changes AWS."
    confirm = Confirm(
        title="Rehearse this fix?" if dry_run else "Create this role?",
        text=f"{_role(request)} in {_label(request)}. {effect}",
        yes="Rehearse" if dry_run else "Approve",
    )
    return kit.button("Approve", ActionId.REQUEST_APPROVE, value=request.id, style="primary", confirm=confirm)


def _deny(request: RemediationRequest) -> Block:
    confirm = Confirm(
        title="Deny this fix?",
        text=f"{_role(request)} will not be created in {_label(request)}.",
        yes="Deny",
        danger=True,
    )
    return kit.button("Deny", ActionId.REQUEST_DENY, value=request.id, style="danger", confirm=confirm)


def _see_plan(request: RemediationRequest) -> Block:
    text = "See what goes" if request.kind is RequestKind.UNDO else "See the plan"
    return kit.button(text, ActionId.REQUEST_PLAN, value=request.id)


def _role(request: RemediationRequest) -> str:
    if request.plan is None:
        return "The role"
    return f"Role {one_line(request.plan.role_name, 64)}, plan {request.plan.short_hash},"


def _spoken(request: RemediationRequest, progress: ApplyProgress | None, pause: Pause | None) -> Mrkdwn:
    """The whole message for a notification or a screen reader."""
    parts = [
        md("{title}. {what}", title=title(request), what=_what(request)),
        md("{words}", words=DRY_RUN) if _is_dry_run(request) else Mrkdwn(),
        pause_line(pause) if pause and request.state is RequestState.PENDING else Mrkdwn(),
        _spoken_step(progress) if progress and request.state in UNDER_WAY else Mrkdwn(),
        _spoken_outcome(request),
        _spoken_people(request),
        md("Reason: {reason}", reason=escape(one_line(request.reason, REASON_LIMIT))),
        _spoken_plan(request),
    ]
    return join("\n", parts)


def _spoken_plan(request: RemediationRequest) -> Mrkdwn:
    if request.removal is not None:
        return undo.spoken(request.removal)
    return plan_details.spoken(request.plan) if request.plan else Mrkdwn()


def _spoken_step(progress: ApplyProgress) -> Mrkdwn:
    return md("{step}: {title}.", step=_steps_title(progress), title=_step_title(progress.at))


def _spoken_outcome(request: RemediationRequest) -> Mrkdwn:
    outcome, step = request.outcome, _next_step(request)
    parts = [
        _how_it_ended(request),
        md("Left behind: {what}", what=sentence(outcome.left_behind, OUTCOME_LIMIT))
        if outcome.left_behind
        else Mrkdwn(),
        md("Next: {step}", step=step) if step else Mrkdwn(),
    ]
    return join("\n", parts)


def _spoken_people(request: RemediationRequest) -> Mrkdwn:
    decision = request.decision
    parts = [
        md("Asked by {who}.", who=mention(request.requester.user_id)),
        md("{word} {who}.", word=_decision_word(request), who=mention(decision.person.user_id))
        if decision
        else Mrkdwn(),
        md("Expires {when}.", when=utc(request.expires_at)) if request.state in BEFORE_DECISION else Mrkdwn(),
    ]
    return join(" ", parts)
