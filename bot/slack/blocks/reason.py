"""Why somebody asks: mandatory in every form that a second person decides about."""

from bot.slack.blocks import kit
from bot.slack.blocks.kit import Block
from bot.slack.ids import ActionId, BlockId

REASON_SHORTEST = 10
REASON_LONGEST = 500


def reason_input(label: str, block_id: BlockId, action_id: ActionId) -> Block:
    return kit.text_input(
        label,
        block_id,
        action_id,
        hint="Whoever approves reads this, and the audit log keeps it. A ticket number helps.",
        shortest=REASON_SHORTEST,
        longest=REASON_LONGEST,
    )


def problem_with_reason(typed: str) -> str:
    """What is wrong with a reason, white space around it aside; empty when nothing is."""
    if len(typed.strip()) >= REASON_SHORTEST:
        return ""
    return f"Say why, in at least {REASON_SHORTEST} characters: the approver decides by it."
