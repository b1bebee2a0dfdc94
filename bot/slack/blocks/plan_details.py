"""A plan in full: what would be created, letter for letter, so that nobody approves what they cannot see."""

import json
from datetime import timedelta

from bot.domain.plan import TAG_APPROVER, TAG_PLAN, TAG_REQUEST, Plan
from bot.slack.blocks import kit
from bot.slack.blocks.kit import Block
from bot.slack.blocks.mrkdwn import Mrkdwn, code, join, md
from bot.slack.blocks.words import span

PIECE = 2_400
"""Characters of the trust policy in one block."""
PIECES = 3
"""Enough for 7,200 characters: IAM takes trust policies of 4,096 at most."""
PRINCIPALS_SHOWN = 5
HASH_FACT = "Plan"


def facts(plan: Plan) -> list[tuple[str, Mrkdwn]]:
    """Name and value of everything that fits in a word or two."""
    return [
        ("Role", code(plan.role_arn)),
        ("Policy", code(plan.policy_arn)),
        ("Longest session", md("{span}", span=span(timedelta(seconds=plan.max_session_seconds)))),
        (
            "Permissions boundary",
            code(plan.permissions_boundary) if plan.permissions_boundary else md("none"),
        ),
        (HASH_FACT, code(plan.short_hash)),
    ]


def is_shown_whole(plan: Plan) -> bool:
    """Whether the whole trust policy fits into a message: what cannot be seen must not be approved."""
    return len(trust_text(plan)) <= PIECE * PIECES


def trust(plan: Plan) -> list[Block]:
    """The exact trust policy, over as many blocks as it needs."""
    text = trust_text(plan)
    starts = range(0, min(len(text), PIECE * PIECES), PIECE)
    blocks = [kit.context(md("Who may use the role (its exact trust policy):"))]
    blocks += [kit.preformatted(text[start : start + PIECE], PIECE) for start in starts]
    return blocks if is_shown_whole(plan) else [*blocks, kit.context(_cut_off())]


def _cut_off() -> Mrkdwn:
    return md(
        "\N{WARNING SIGN} *The trust policy is longer than Slack can show: it cannot be approved here.*"
    )


def trust_text(plan: Plan) -> str:
    """Indented for people; the plan's own text where that would be too long, or is not JSON."""
    try:
        indented = json.dumps(json.loads(plan.trust), indent=2, ensure_ascii=False)
    except ValueError:
        return plan.trust
    return indented if len(indented) <= PIECE * PIECES else plan.trust


def tags(plan: Plan, request_id: str, *, approver: str) -> list[Block]:
    return [kit.context(_tags_line(plan, request_id, approver))]


def _tags_line(plan: Plan, request_id: str, approver: str) -> Mrkdwn:
    known = dict(plan.tags(request_id, approver))
    if not request_id:
        known |= {TAG_REQUEST: "(the request's id)", TAG_PLAN: "(the plan's hash)"}
    if not approver:
        known |= {TAG_APPROVER: "(whoever approves)"}
    pairs = [code(f"{name} = {value}") for name, value in known.items()]
    return md("Tags: {tags}", tags=join(", ", pairs))


def calls(plan: Plan) -> Block:
    """The calls in their order: the first two write."""
    return kit.section(
        md(
            "1. {create} makes the role {role}\n"
            "2. {attach} gives it {policy}\n"
            "3. {read} shows that both are there",
            create=code("iam:CreateRole"),
            role=code(plan.role_name),
            attach=code("iam:AttachRolePolicy"),
            policy=code(plan.policy_arn),
            read=code("iam:GetRole, iam:ListAttachedRolePolicies"),
        ),
    )


def principals(plan: Plan) -> list[str]:
    """Whom the trust policy names, in its own words."""
    try:
        statements = json.loads(plan.trust)["Statement"]
        named = [value for one in statements for value in one["Principal"].values()]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
    return [arn for value in named for arn in (value if isinstance(value, list) else [value])]


def trusted_line(plan: Plan) -> Mrkdwn:
    found = principals(plan)
    shown = join(", ", [code(arn) for arn in found[:PRINCIPALS_SHOWN]])
    hidden = len(found) - PRINCIPALS_SHOWN
    more = md(" and {n} more", n=hidden) if hidden > 0 else ""
    return md("Trusts {arns}{more}", arns=shown or md("nobody"), more=more)


def spoken(plan: Plan) -> Mrkdwn:
    return md(
        "Plan {hash}: role {role} with {policy}. {trusted}.",
        hash=plan.short_hash,
        role=plan.role_arn,
        policy=plan.policy_arn,
        trusted=trusted_line(plan),
    )
