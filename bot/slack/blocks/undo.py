"""An undo: its modal, and what its approval message shows of the role that is to go."""

from bot.domain.request import Mode, RemediationRequest
from bot.domain.undo import Removal
from bot.slack.blocks import kit, plan_details
from bot.slack.blocks.kit import Block, Confirm, View
from bot.slack.blocks.mrkdwn import Mrkdwn, code, join, md
from bot.slack.blocks.reason import reason_input
from bot.slack.blocks.words import DRY_RUN, DRY_RUN_FORM
from bot.slack.ids import ActionId, BlockId, CallbackId

TAKES_AWAY = "Nothing is taken away in AWS until a second person approves."
OFF = "Undos are switched off (remediation.mode is off)."
MODES = {Mode.DRY_RUN: DRY_RUN, Mode.OFF: OFF, Mode.APPLY: TAKES_AWAY}
FORM_MODES = {**MODES, Mode.DRY_RUN: DRY_RUN_FORM}


def undo_modal(fix: RemediationRequest, removal: Removal, *, mode: Mode, form_id: str) -> View:
    """Show what an undo would take away and ask for a reason; the submission asks a second person.

    `form_id` comes back as `private_metadata`.
    """
    blocks = [
        kit.alert(md("{mode}", mode=FORM_MODES[mode]), "info" if mode is Mode.DRY_RUN else "warning"),
        kit.section(md("Take the support role of {account} away again", account=fix.label)),
        reason_input("Why should it go?", BlockId.UNDO_REASON, ActionId.UNDO_REASON),
        kit.divider(),
        *_removal_blocks(removal),
        kit.context(
            md(
                "Next: the role is read anew. If it is exactly as the fix left it, a second person is asked; "
                "else you are told all that differs, and nothing is touched."
            )
        ),
    ]
    return kit.modal(
        "Undo a fix",
        blocks,
        callback_id=CallbackId.UNDO,
        submit="Ask for approval",
        close="Cancel",
        private_metadata=form_id,
    )


def removal_modal(request: RemediationRequest, removal: Removal) -> View:
    """What an undo takes away, in full, to read."""
    blocks = [
        kit.section(md("Take the support role of {account} away again", account=request.label)),
        *_removal_blocks(removal),
        kit.context(md("Hash of what goes: {hash}", hash=code(removal.hash))),
        kit.context(md("{mode}", mode=MODES[request.mode])),
    ]
    return kit.modal("What goes", blocks)


def facts(removal: Removal) -> list[tuple[str, Mrkdwn]]:
    return [
        ("Role to delete", code(removal.role_arn)),
        ("Its id", code(removal.role_id)),
        ("Policy to detach", code(removal.plan.policy_arn)),
        ("Made by the fix", code(removal.fix_id)),
        ("Hash of what goes", code(removal.short_hash)),
    ]


def tags(removal: Removal) -> Block:
    pairs = [code(f"{name} = {value}") for name, value in removal.tags]
    return kit.context(md("Its tags, all and only these: {tags}", tags=join(", ", pairs)))


def spoken(removal: Removal) -> Mrkdwn:
    return md(
        "To be removed ({hash}): role {role}, id {id}, with {policy}.",
        hash=removal.short_hash,
        role=removal.role_arn,
        id=removal.role_id,
        policy=removal.plan.policy_arn,
    )


def approve_button(request: RemediationRequest, role: str, label: str) -> Block:
    dry_run = request.mode is Mode.DRY_RUN
    effect = "Nothing is written: this is a dry run." if dry_run else "This deletes the role in AWS."
    confirm = Confirm(
        title="Rehearse this removal?" if dry_run else "Remove this role?",
        text=f"{role} in {label}. {effect}",
        yes="Rehearse" if dry_run else "Remove",
        danger=True,
    )
    return kit.button(
        "Approve removal", ActionId.REQUEST_APPROVE, value=request.id, style="danger", confirm=confirm
    )


def deny_button(request: RemediationRequest, role: str, label: str) -> Block:
    confirm = Confirm(title="Deny this removal?", text=f"{role} stays in {label}.", yes="Deny", danger=True)
    return kit.button("Deny", ActionId.REQUEST_DENY, value=request.id, confirm=confirm)


def undo_button(fix: RemediationRequest) -> Block:
    """On the record of a fix whose role is there; it opens the modal, and asks nobody yet."""
    return kit.button("Undo…", ActionId.REQUEST_UNDO, value=fix.id)


def _removal_blocks(removal: Removal) -> list[Block]:
    return [
        kit.section(md("*What is done, in this order*")),
        _calls(removal),
        kit.fields(facts(removal)),
        *plan_details.trust(removal.plan),
        tags(removal),
    ]


def _calls(removal: Removal) -> Block:
    """The calls in their order: the second and the third write."""
    return kit.section(
        md(
            "1. {read} show that nothing differs from what the fix left\n"
            "2. {detach} takes {policy} off\n"
            "3. {delete} deletes the role {role}\n"
            "4. {gone} shows that it is gone",
            read=code("iam:GetRole, iam:ListAttachedRolePolicies, iam:ListRolePolicies"),
            detach=code("iam:DetachRolePolicy"),
            policy=code(removal.plan.policy_arn),
            delete=code("iam:DeleteRole"),
            role=code(removal.plan.role_name),
            gone=code("iam:GetRole"),
        ),
    )
