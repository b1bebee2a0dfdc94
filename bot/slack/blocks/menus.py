"""Menus to choose from: in a form, or in a row of actions."""

from collections.abc import Sequence

from bot.slack.blocks import kit
from bot.slack.blocks.kit import OPTIONS_LIMIT, Block
from bot.slack.ids import ActionId, BlockId

Options = Sequence[tuple[str, str]]
"""Value and text of each; Slack takes a hundred, and there must be one."""


def select_input(
    label: str, block_id: BlockId, action_id: ActionId, options: Options, *, chosen: str
) -> Block:
    """A menu in a form; `chosen` is the value that stands there already."""
    listed = _listed(options)
    element: Block = {"type": "static_select", "action_id": action_id.value, "options": listed}
    initial = next((option for option in listed if option["value"] == chosen), None)
    if initial:
        element["initial_option"] = initial
    return kit.labelled(label, block_id, element)


def multi_select_input(
    label: str, block_id: BlockId, action_id: ActionId, options: Options, *, most: int
) -> Block:
    """A menu in a form of which several can be chosen; as many as `most` allows are so already."""
    listed = _listed(options)
    element: Block = {
        "type": "multi_static_select",
        "action_id": action_id.value,
        "options": listed,
        "initial_options": listed[:most],
        "max_selected_items": most,
    }
    return kit.labelled(label, block_id, element)


def select(action_id: ActionId, options: Options, *, chosen: str) -> Block:
    """A menu that acts at once, in a row of actions; it shows the `chosen` value."""
    listed = _listed(options)
    initial = next(option for option in listed if option["value"] == chosen)
    return {
        "type": "static_select",
        "action_id": action_id.value,
        "options": listed,
        "initial_option": initial,
    }


def menu(action_id: ActionId, placeholder: str, options: Options) -> Block:
    """A menu that acts at once, in a row of actions; nothing is chosen yet."""
    return {
        "type": "static_select",
        "action_id": action_id.value,
        "placeholder": kit.plain(placeholder, 150),
        "options": _listed(options),
    }


def _listed(options: Options) -> list[Block]:
    return [{"text": kit.plain(text, 75), "value": value} for value, text in options[:OPTIONS_LIMIT]]
