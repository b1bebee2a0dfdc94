"""What Slack would refuse in blocks and views: shapes, lengths, counts, sums, surfaces and repeated ids.

Pure: it can be used on what an app is about to send, without any server. An empty list means that Slack
takes it. Each problem is a line in the form of Slack's own `response_metadata.messages`.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from bot.sandbox.slack.schema import Check, boolean, error, fields, kinds, length, listed, one_of, string
from bot.sandbox.slack.shapes_blocks import BLOCKS, TABLE_CHARACTERS
from bot.sandbox.slack.shapes_text import plain_text

Surface = Literal["message", "modal", "home"]

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
MESSAGE_CHARACTERS = 13_200
"""Not documented; measured. Cells of data tables have a sum of their own."""
VIEW_BYTES = 250_000
MARKDOWN_CHARACTERS = 12_000
CHARTS, TABLES = 2, 1
TOO_LONG = "msg_blocks_too_long"

_EVERYWHERE = {
    "actions",
    "card",
    "context",
    "divider",
    "header",
    "image",
    "input",
    "rich_text",
    "section",
    "video",
}
_WIDE = {"carousel", "container", "data_table", "data_visualization", "table"}
SURFACES: dict[Surface, set[str]] = {
    "message": _EVERYWHERE | _WIDE | {"context_actions", "file", "markdown", "plan", "task_card"},
    "modal": _EVERYWHERE | {"alert"},
    "home": _EVERYWHERE | _WIDE,
}
_BLOCK = kinds(BLOCKS)
_COMMON: dict[str, Check] = {
    "private_metadata": string(3_000, least=0),
    "callback_id": string(255, least=0),
    "external_id": string(255, least=0),
}
_VIEWS = kinds(
    {
        "home": fields({"type": one_of("home"), "blocks": lambda _v, _p: iter(())}, _COMMON),
        "modal": fields(
            {
                "type": one_of("modal"),
                "title": plain_text(24),
                "blocks": lambda _v, _p: iter(()),
            },
            _COMMON
            | {
                "submit": plain_text(24),
                "close": plain_text(24),
                "clear_on_close": boolean,
                "notify_on_close": boolean,
                "submit_disabled": boolean,
            },
        ),
    }
)


def lint(blocks: Any, surface: Surface, pointer: str = "/blocks") -> list[str]:
    """What is wrong with blocks on a surface; empty when nothing is. `pointer`: where they stand."""
    if not isinstance(blocks, list):
        return [error("must be an array", pointer)]
    return [
        *_shape_problems(blocks, surface, pointer),
        *_repeated_ids(blocks, pointer),
        *(_message_sums(blocks, pointer) if surface == "message" else ()),
    ]


def lint_view(view: Any) -> list[str]:
    """What is wrong with a modal or a home tab as a whole; empty when nothing is."""
    problems = list(_VIEWS(view, "/view"))
    if not isinstance(view, dict) or view.get("type") not in ["modal", "home"]:
        return problems
    blocks = view.get("blocks")
    problems += lint(blocks, view["type"], "/view/blocks")
    if len(json.dumps(view).encode()) > VIEW_BYTES:
        problems.append(error(f"must be less than {VIEW_BYTES} bytes", "/view"))
    is_form = any(isinstance(block, dict) and block.get("type") == "input" for block in listed(blocks))
    if view["type"] == "modal" and is_form and not view.get("submit"):
        problems.append(error("submit is required when an input block is within blocks", "/view/submit"))
    return problems


def refusal_of(problems: Iterable[str]) -> str:
    """The error code with which Slack answers such problems."""
    return TOO_LONG if all(TOO_LONG in problem for problem in problems) else "invalid_blocks"


def characters(part: Any) -> int:
    """How many characters the texts in blocks have, but for their types and the cells of data tables."""
    if isinstance(part, list):
        return sum(map(characters, part))
    if not isinstance(part, dict):
        return length(part) if isinstance(part, str) else 0
    skipped = {"type", "rows"} if part.get("type") == "data_table" else {"type"}
    return sum(characters(value) for name, value in part.items() if name not in skipped)


def _shape_problems(blocks: list[Any], surface: Surface, pointer: str) -> Iterator[str]:
    most = MESSAGE_BLOCKS if surface == "message" else VIEW_BLOCKS
    if len(blocks) > most:
        yield error(f"no more than {most} items allowed", pointer)
    for index, block in enumerate(blocks):
        here = f"{pointer}/{index}"
        yield from _BLOCK(block, here)
        kind = str(block.get("type")) if isinstance(block, dict) else ""
        if kind in BLOCKS and kind not in SURFACES[surface]:
            yield error(f"{kind} blocks are not allowed in a {surface}", f"{here}/type")


def _message_sums(blocks: list[Any], pointer: str) -> Iterator[str]:
    known = [block for block in _all_blocks(blocks) if isinstance(block, dict)]
    count = Counter(str(block.get("type")) for block in known)
    for kind, most in {"data_visualization": CHARTS, "table": TABLES}.items():
        if count[kind] > most:
            yield error(f"no more than {most} {kind} blocks allowed", pointer)
    markdown = sum(characters(block.get("text")) for block in known if block.get("type") == "markdown")
    if markdown > MARKDOWN_CHARACTERS:
        yield error(f"markdown text must be less than {MARKDOWN_CHARACTERS + 1} characters in all", pointer)
    cells = sum(characters(block.get("rows")) for block in known if block.get("type") == "data_table")
    if cells > TABLE_CHARACTERS:
        yield error(f"data tables must have less than {TABLE_CHARACTERS + 1} characters in all", pointer)
    if characters(blocks) > MESSAGE_CHARACTERS:
        yield error(f"{TOO_LONG}: {characters(blocks)} characters", pointer)


def _repeated_ids(blocks: list[Any], pointer: str) -> Iterator[str]:
    everything = [block for block in _all_blocks(blocks) if isinstance(block, dict)]
    for name, ids in (("block_id", _block_ids(everything)), ("action_id", _action_ids(everything))):
        for repeated, times in Counter(ids).items():
            if times > 1:
                yield error(
                    f"{name} already exists: {repeated if name == 'block_id' else repeated[1]}", pointer
                )


def _block_ids(blocks: Iterable[dict[str, Any]]) -> Iterator[str]:
    return (block["block_id"] for block in blocks if isinstance(block.get("block_id"), str))


def _action_ids(blocks: Iterable[dict[str, Any]]) -> Iterator[tuple[int, str]]:
    # Slack wants them unique within a block alone: two rows may each have their "approve".
    for index, block in enumerate(blocks):
        for element in _elements(block):
            if isinstance(element.get("action_id"), str):
                yield index, element["action_id"]


def _elements(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    found = [*listed(block.get("elements")), *listed(block.get("actions"))]
    for element in [*found, block.get("accessory"), block.get("element")]:
        if isinstance(element, dict):
            yield element


def _all_blocks(blocks: Iterable[Any]) -> Iterator[Any]:
    for block in blocks:
        yield block
        inner = block.get("child_blocks") if isinstance(block, dict) else None
        if isinstance(inner, list):
            yield from _all_blocks(inner)
