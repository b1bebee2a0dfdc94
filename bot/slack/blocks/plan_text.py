"""A plan as text to copy, for those who do not click in production."""

from collections.abc import Iterator

from bot.domain.plan import Plan
from bot.domain.plan_forms import PlanForm, write_plan
from bot.domain.request import RemediationRequest, RequestKind, RequestState
from bot.slack.blocks import kit, menus
from bot.slack.blocks.kit import Block, View
from bot.slack.blocks.mrkdwn import Mrkdwn, code, length, md, moment
from bot.slack.ids import ActionId

PIECE = 2_400
"""Characters in one block, as of a trust policy."""
PIECES = 8
"""More would be no text to copy by hand."""

NAMES = {
    PlanForm.CLI: "AWS CLI (shell script)",
    PlanForm.CLOUDFORMATION: "CloudFormation (YAML)",
    PlanForm.TERRAFORM: "Terraform (HCL)",
    PlanForm.JSON: "JSON (the calls)",
}
HOW = {
    PlanForm.CLI: "Save it, and run it with sh and credentials of that account; with others it stops.",
    PlanForm.CLOUDFORMATION: "Deploy it in that account with CAPABILITY_NAMED_IAM; any other refuses it.",
    PlanForm.TERRAFORM: "Apply it with a provider for that account; with any other the plan fails.",
    PlanForm.JSON: "For programs: the plan's fields, and the calls in their order.",
}
NOT_OURS = "A role made by hand is not this bot's: it does not verify it, record it, or undo it."


def button(subject: str) -> Block | None:
    """A row with the button that opens the text; `subject` is the id of a request or of a form."""
    return kit.actions(kit.button("Take it as text…", ActionId.PLAN_AS_TEXT, value=subject))


def is_offered(request: RemediationRequest) -> bool:
    """A plan that somebody denied is not handed out to be run all the same; an undo creates nothing."""
    is_fix = request.kind is RequestKind.FIX and request.plan is not None
    return is_fix and request.state is not RequestState.DENIED


def draft_modal(subject: str, account_name: str, draft: Plan, form: PlanForm) -> View:
    """The text of a plan for which the account was not read."""
    command = code(f"support-role plan {draft.account_id}")
    note = md(
        "A draft: the account was not read for it, and may have such a role by now. {command} reads it.",
        command=command,
    )
    text = write_plan(draft, form, account_name=account_name, is_draft=True)
    return _modal(subject, draft, form, text, note)


def request_modal(request: RemediationRequest, plan: Plan, form: PlanForm) -> View:
    """The text of the very plan that a request asks for."""
    at = moment(request.created_at)
    note = md("From what was read for the request of {at}; a change since then is not in it.", at=at)
    return _modal(request.id, plan, form, write_plan(plan, form, account_name=request.account_name), note)


def _modal(subject: str, plan: Plan, form: PlanForm, text: str, note: Mrkdwn) -> View:
    pieces = list(_pieces(text))
    options = [(each.value, name) for each, name in NAMES.items()]
    blocks = [
        kit.section(md("{role}", role=code(plan.role_arn))),
        kit.actions(menus.select(ActionId.PLAN_FORM, options, chosen=form.value)),
        kit.context(note),
        kit.context(md("{how}", how=HOW[form])),
        *(_shown(pieces) if _fits(pieces) else [kit.section(_too_long(plan, form))]),
        kit.context(md("{what}", what=NOT_OURS)),
    ]
    return kit.modal("The plan as text", blocks, private_metadata=subject)


def _pieces(text: str) -> Iterator[str]:
    """Whole lines, as many as one block takes."""
    piece = ""
    for line in text.splitlines():
        if piece and length(piece) + length(line) + 1 > PIECE:
            yield piece
            piece = ""
        piece = f"{piece}\n{line}" if piece else line
    yield piece


def _fits(pieces: list[str]) -> bool:
    """A text that is not whole would be worse than none."""
    return len(pieces) <= PIECES and all(length(piece) <= PIECE for piece in pieces)


def _shown(pieces: list[str]) -> list[Block]:
    several = md("It is in {n} parts: copy all of them, in this order.", n=len(pieces))
    return [*([kit.context(several)] if len(pieces) > 1 else []), *map(kit.verbatim, pieces)]


def _too_long(plan: Plan, form: PlanForm) -> Mrkdwn:
    command = code(f"support-role plan {plan.account_id} --as {form}")
    return md("This is too long for Slack. On the command line: {command}", command=command)
