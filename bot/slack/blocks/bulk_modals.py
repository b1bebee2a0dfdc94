"""The modals of a bulk request: which account first, and how many at a time; and all its plans."""

import json
from collections.abc import Sequence

from bot.domain.account import Account
from bot.domain.bulk import WAVE_SIZE, WAVE_SIZES, BulkReport
from bot.domain.bulk_plans import PLACEHOLDER, PlanShape, shapes_of
from bot.domain.plan import Plan
from bot.domain.request import Mode
from bot.slack.blocks import kit, menus, plan_details
from bot.slack.blocks.bulk import SHAPES_SHOWN, plan_facts, shapes
from bot.slack.blocks.bulk_lines import left_out_lines, line, sections
from bot.slack.blocks.fix import option
from bot.slack.blocks.kit import Block, View
from bot.slack.blocks.mrkdwn import Mrkdwn, code, join, md, one_line
from bot.slack.blocks.reason import reason_input
from bot.slack.blocks.words import FORM_MODES, MODES, counted
from bot.slack.ids import ActionId, BlockId, CallbackId

ACCOUNTS_SHOWN = 20
LIST_BYTES = 120_000
"""Of the lists of accounts in one modal; Slack takes 250,000 of a view, escaped as JSON."""
NAME_LIMIT = 30


def bulk_modal(
    accounts: Sequence[Account], plans: Sequence[Plan], *, mode: Mode, changes_per_hour: int, form_id: str
) -> View:
    """Show what would be created in all of them, and ask which goes first, the size of a wave, and why."""
    found = shapes_of(plans)
    is_held_up = mode is Mode.APPLY and len(accounts) > changes_per_hour
    options = [(account.id, option(account)) for account in accounts]
    blocks = [
        kit.alert(md("{mode}", mode=FORM_MODES[mode]), "info" if mode is Mode.DRY_RUN else "warning"),
        kit.section(md("Support roles for *{n}*", n=counted(len(accounts), "account"))),
        kit.context(_names(accounts)),
        menus.select_input(
            "Which goes first, alone? The others follow only if it ends well.",
            BlockId.BULK_CANARY,
            ActionId.BULK_CANARY,
            options,
            chosen=options[0][0],
        ),
        menus.select_input(
            "How many at a time after that?",
            BlockId.BULK_WAVE,
            ActionId.BULK_WAVE,
            [(str(size), counted(size, "account")) for size in WAVE_SIZES],
            chosen=str(WAVE_SIZE),
        ),
        reason_input("Why is this needed?", BlockId.FIX_REASON, ActionId.FIX_REASON),
        kit.context(_pace(changes_per_hour)) if is_held_up else None,
        kit.divider(),
        *_shape_blocks(found),
        kit.context(md("Next: a second person is asked to approve all of them.")),
    ]
    return kit.modal(
        "Fix accounts",
        blocks,
        callback_id=CallbackId.BULK,
        submit="Ask for approval",
        close="Cancel",
        private_metadata=form_id,
    )


def _names(accounts: Sequence[Account]) -> Mrkdwn:
    shown = [md("{label}", label=one_line(account.label, 60)) for account in accounts[:ACCOUNTS_SHOWN]]
    more = len(accounts) - len(shown)
    return md("{names}{more}", names=join(", ", shown), more=md(" and {n} more", n=more) if more > 0 else "")


def _pace(changes_per_hour: int) -> Mrkdwn:
    return md(
        "At most {n} are changed in an hour (remediation.max_changes_per_hour). It waits then, "
        "and what its approval does not last for is not attempted.",
        n=changes_per_hour,
    )


def _shape_blocks(found: Sequence[PlanShape]) -> list[Block]:
    stands = md("{placeholder} stands for the id of each account.", placeholder=code(PLACEHOLDER))
    blocks = [kit.section(md("*What is created in each account*")), kit.context(stands)]
    for shape in found[:SHAPES_SHOWN]:
        if len(found) > 1:
            blocks.append(kit.section(_whose(shape)))
        blocks += [
            plan_details.calls(shape.plan),
            kit.fields(plan_facts(shape)),
            *plan_details.trust(shape.plan),
        ]
    hidden = len(found) - SHAPES_SHOWN
    if hidden > 0:
        words = counted(hidden, "more kind of plan", "more kinds of plan")
        blocks.append(
            kit.context(md("{n}: too many to be approved at once. Ask for fewer accounts.", n=words))
        )
    return blocks


def _whose(shape: PlanShape) -> Mrkdwn:
    ids = list(shape.account_ids[:ACCOUNTS_SHOWN])
    more = len(shape.account_ids) - len(ids)
    return md(
        "*In {n}:* {ids}{more}",
        n=counted(len(shape.account_ids), "account"),
        ids=join(", ", [md("{one}", one=one) for one in ids]),
        more=md(" and {n} more", n=more) if more > 0 else "",
    )


def plans_modal(report: BulkReport) -> View:
    """Every account with its state and plan, and every plan to the last letter."""
    canary = report.canary
    every = [line(one, is_canary=one is canary, name_limit=NAME_LIMIT) for one in report.planned]
    blocks = [
        kit.context(md("{mode}", mode=MODES[report.bulk.mode])),
        *_shape_blocks(shapes(report)),
        kit.divider(),
        kit.section(md("*{n}, in their order*", n=counted(len(every), "account"))),
        *_list(every),
        kit.context(md("Hash of all plans: {hash}", hash=code(report.bulk.hash)))
        if report.bulk.hash
        else None,
        *_left_out(report),
    ]
    return kit.modal("The plans", blocks)


def _left_out(report: BulkReport) -> list[Block]:
    found = left_out_lines(report)
    head = kit.section(md("*Left out: {n}*", n=counted(len(found), "account")))
    return [head, *_list(found, LIST_BYTES // 2)] if found else []


def _list(lines: Sequence[Mrkdwn], most: int = LIST_BYTES) -> list[Block]:
    """All lines, or as many as Slack takes and how many more there are."""
    kept: list[Mrkdwn] = []
    used = 0
    for said in lines:
        used += len(json.dumps(said)) + 2
        if used > most:
            break
        kept.append(said)
    more = len(lines) - len(kept)
    return [*sections(kept), *([kit.context(md("… and {n} more", n=more))] if more else [])]
