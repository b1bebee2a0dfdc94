"""The one thin layer through which Block Kit is built: plain dicts with Slack's limits held here.

Plain dicts, because slack_sdk's models turn a block that they do not know into None, and they do not know
Slack's newest. Limits: docs.slack.dev/reference/block-kit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.slack.blocks.block_ids import named
from bot.slack.blocks.mrkdwn import Mrkdwn, clean, cut, cut_mrkdwn, length, md, one_line
from bot.slack.ids import ActionId, BlockId, CallbackId

Block = dict[str, Any]
"""A block, or a part of one, as Slack takes it."""

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MESSAGE_CHARACTERS = 12_000
"""Slack says msg_blocks_too_long at about 13,200; the limit is not documented."""
TEXT_LIMIT = 4_000
"""chat.update's limit for `text`; chat.postMessage takes ten times as much."""
SECTION_LIMIT = 3_000
OPTIONS_LIMIT = 100
BUTTON_VALUE = 2_000


class Form(StrEnum):
    """Which blocks a workspace takes. Slack rolls new ones out in phases and refuses them elsewhere."""

    NATIVE = "native"
    TABLE = "table"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Message:
    """What chat.postMessage and chat.update take. `text` alone says all that matters."""

    text: Mrkdwn
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A modal or a home tab, as views.* take it."""

    body: Block

    @property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(self.body["blocks"])


@dataclass(frozen=True, slots=True)
class Confirm:
    """The question that stands between a click and its effect; the other answer is always Back."""

    title: str
    text: str
    yes: str
    danger: bool = False


def message(text: Mrkdwn, blocks: Iterable[Block | None]) -> Message:
    """Put a message together. What does not fit any more is left out from the end, buttons last, and said."""
    kept = [block for block in blocks if block]
    if not _fits(kept):
        note = context(md("This message was too long for Slack and has been shortened."))
        while not _fits([*kept, note]):
            del kept[_least_needed(kept)]
        kept.append(note)
    return Message(text=cut_mrkdwn(text, TEXT_LIMIT), blocks=named(kept))


def _fits(blocks: Sequence[Block]) -> bool:
    return len(blocks) <= MESSAGE_BLOCKS and characters(blocks) <= MESSAGE_CHARACTERS


def _least_needed(blocks: Sequence[Block]) -> int:
    others = [index for index, block in enumerate(blocks) if block["type"] != "actions"]
    return others[-1] if others else len(blocks) - 1


def characters(part: object) -> int:
    """How many characters of text a block, or a list of them, shows."""
    if isinstance(part, dict):
        shown = (value if key != "type" else "" for key, value in part.items())
        return sum(length(value) if isinstance(value, str) else characters(value) for value in shown)
    if isinstance(part, (list, tuple)):
        return sum(characters(item) for item in part)
    return 0


def modal(
    title: str,
    blocks: Iterable[Block | None],
    *,
    callback_id: CallbackId | None = None,
    submit: str = "",
    close: str = "Close",
    private_metadata: str = "",
) -> View:
    """A modal; with `submit` it must have a callback id, without it is only read."""
    body: Block = {
        "type": "modal",
        "title": plain(title, 24),
        "close": plain(close, 24),
        "blocks": _of_a_view(blocks),
    }
    if submit:
        body["submit"] = plain(submit, 24)
    if callback_id:
        body["callback_id"] = callback_id.value
    if private_metadata:
        body["private_metadata"] = private_metadata
    return View(body)


def home(blocks: Iterable[Block | None]) -> View:
    return View({"type": "home", "blocks": _of_a_view(blocks)})


def _of_a_view(blocks: Iterable[Block | None]) -> list[Block]:
    return list(named([block for block in blocks if block][:VIEW_BLOCKS]))


def plain(text: str, limit: int) -> Block:
    """Text that Slack does not parse, but for `:emoji:`."""
    return {"type": "plain_text", "text": one_line(text, limit) or "-", "emoji": True}


def parsed(text: Mrkdwn, limit: int) -> Block:
    """Text that Slack parses. `verbatim` keeps it from finding links and names in plain words."""
    return {"type": "mrkdwn", "text": cut_mrkdwn(text, limit) or Mrkdwn("-"), "verbatim": True}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, 150)}


def section(text: Mrkdwn) -> Block:
    return {"type": "section", "text": parsed(text, SECTION_LIMIT)}


def fields(pairs: Sequence[tuple[str, Mrkdwn]]) -> Block:
    """Up to ten name and value pairs, in two columns. The names are ours."""
    return {
        "type": "section",
        "fields": [
            parsed(md("*{name}*\n{value}", name=name, value=value), 2_000) for name, value in pairs[:10]
        ],
    }


def context(*texts: Mrkdwn) -> Block:
    """Small grey print, up to ten pieces."""
    return {"type": "context", "elements": [parsed(text, 2_000) for text in texts if text][:10]}


def divider() -> Block:
    return {"type": "divider"}


def alert(text: Mrkdwn, level: str = "info") -> Block:
    """A coloured box; in modals only."""
    return {"type": "alert", "level": level, "text": parsed(text, 200)}


def quote(text: str, limit: int) -> Block:
    """What a person typed, letter for letter: Slack parses nothing in it."""
    return _rich("rich_text_quote", text, limit)


def preformatted(text: str, limit: int) -> Block:
    return _rich("rich_text_preformatted", text, limit)


def verbatim(text: str) -> Block:
    """Text to be copied, preformatted and never cut: it must be clean and short enough already."""
    code = {"type": "rich_text_preformatted", "elements": [_literal(text)]}
    return {"type": "rich_text", "elements": [code]}


def _rich(kind: str, text: str, limit: int) -> Block:
    return {
        "type": "rich_text",
        "elements": [{"type": kind, "elements": [_literal(cut(clean(text), limit) or "-")]}],
    }


def _literal(text: str) -> Block:
    return {"type": "text", "text": text}


def actions(*buttons: Block | None) -> Block | None:
    """A row of buttons, or nothing where there are none."""
    shown = [one for one in buttons if one]
    return {"type": "actions", "elements": shown} if shown else None


def button(
    text: str,
    action_id: ActionId,
    *,
    value: str = "",
    style: str = "",
    confirm: Confirm | None = None,
) -> Block:
    """A button; `value` comes back with the click, `style` is `primary`, `danger` or neither."""
    block: Block = {"type": "button", "action_id": action_id.value, "text": plain(text, 75)}
    if value:
        block["value"] = value
    if style:
        block["style"] = style
    if confirm:
        block["confirm"] = _confirm(confirm)
    return block


def _confirm(confirm: Confirm) -> Block:
    block: Block = {
        "title": plain(confirm.title, 100),
        "text": plain(confirm.text, 300),
        "confirm": plain(confirm.yes, 30),
        "deny": plain("Back", 30),
    }
    return block | {"style": "danger"} if confirm.danger else block


def text_input(
    label: str, block_id: BlockId, action_id: ActionId, *, hint: str, shortest: int, longest: int
) -> Block:
    element = {
        "type": "plain_text_input",
        "action_id": action_id.value,
        "multiline": True,
        "min_length": shortest,
        "max_length": longest,
    }
    return labelled(label, block_id, element) | {"hint": plain(hint, 2_000)}


def person_input(label: str, block_id: BlockId, action_id: ActionId, *, initial: str, hint: str) -> Block:
    """A menu of the workspace's people; `initial` is a user id that Slack knows, or empty."""
    element: Block = {"type": "users_select", "action_id": action_id.value}
    if initial:
        element["initial_user"] = initial
    return labelled(label, block_id, element) | {"hint": plain(hint, 2_000)}


def date_input(label: str, block_id: BlockId, action_id: ActionId, *, hint: str) -> Block:
    """A date picker; Slack lets any date be picked."""
    element = {"type": "datepicker", "action_id": action_id.value}
    return labelled(label, block_id, element) | {"hint": plain(hint, 2_000)}


def labelled(label: str, block_id: BlockId, element: Block) -> Block:
    return {"type": "input", "block_id": block_id.value, "label": plain(label, 2_000), "element": element}


def task(task_id: str, title: str, status: str) -> Block:
    return {"type": "task_card", "task_id": task_id, "title": one_line(title, 150), "status": status}


def plan(title: str, tasks: Sequence[Block]) -> Block:
    """A list of tasks that Slack draws with their states; in messages only."""
    return {"type": "plan", "title": one_line(title, 150), "tasks": list(tasks)}
