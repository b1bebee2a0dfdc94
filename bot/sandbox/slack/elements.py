"""Interactive elements: finding what is displayed, and turning what a person chose into Slack's values.

Nothing can be chosen that is not there: an option must be among those offered, a person must exist.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.messages import elements_of
from bot.sandbox.slack.workspace import Json

Choice = Any
"""What a person chose, in plain words: a text, an option's value, an id, or a list of those."""

_LISTED = {
    "static_select": "selected_option",
    "radio_buttons": "selected_option",
    "external_select": "selected_option",
    "overflow": "selected_option",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "checkboxes": "selected_options",
}
_PLAIN = {
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "multi_users_select": "selected_users",
    "multi_channels_select": "selected_channels",
    "multi_conversations_select": "selected_conversations",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "plain_text_input": "value",
    "number_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "rich_text_input": "rich_text_value",
    "file_input": "files",
}
_INITIAL = {
    "selected_option": "initial_option",
    "selected_options": "initial_options",
    "selected_user": "initial_user",
    "selected_users": "initial_users",
    "selected_channel": "initial_channel",
    "selected_channels": "initial_channels",
    "selected_conversation": "initial_conversation",
    "selected_conversations": "initial_conversations",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_date_time": "initial_date_time",
    "value": "initial_value",
    "rich_text_value": "initial_value",
}
_STATELESS = {"button", "overflow", "workflow_button", "feedback_buttons", "icon_button", "image"}
_ECHOED = ("text", "value", "style", "placeholder", "initial_option", "initial_options")


class NotOffered(Exception):  # noqa: N818 - what a person may not do, not a fault
    """The thing clicked or chosen is not on the screen."""


@dataclass(frozen=True, slots=True)
class Placed:
    block: Json
    element: Json

    @property
    def block_id(self) -> str:
        return str(self.block["block_id"])

    @property
    def action_id(self) -> str:
        return str(self.element["action_id"])

    @property
    def kind(self) -> str:
        return str(self.element["type"])

    @property
    def field(self) -> str:
        """The name under which Slack puts what was chosen; empty for a button."""
        return _LISTED.get(self.kind) or _PLAIN.get(self.kind) or ""

    @property
    def is_stateful(self) -> bool:
        return self.kind not in _STATELESS

    @property
    def dispatches(self) -> bool:
        """Whether a change is sent to the app at once, and not only when the form is submitted."""
        return self.block["type"] != "input" or bool(self.block.get("dispatch_action"))


def placed_in(blocks: Iterable[Json]) -> Iterator[Placed]:
    """Every interactive element in blocks, in the order of the screen."""
    for block in blocks:
        for element in elements_of(block):
            yield Placed(block, element)
        yield from placed_in(block.get("child_blocks") or ())


def find(blocks: Iterable[Json], action_id: str, block_id: str = "", value: str | None = None) -> Placed:
    """The one element meant. `value` tells buttons with one action id in several blocks apart."""
    found = [
        placed
        for placed in placed_in(blocks)
        if placed.action_id == action_id and block_id in {"", placed.block_id}
    ]
    buttons = [placed for placed in found if placed.kind == "button" and value is not None]
    found = [placed for placed in buttons if placed.element.get("value") == value] if buttons else found
    if not found:
        raise NotOffered(f"No element with the action id {action_id!r} is displayed there.")
    return found[0]


def initial_values(blocks: Iterable[Json], entered: Json) -> Json:
    """A state's `values`: what was entered, else what each element starts with."""
    values: Json = {}
    for placed in placed_in(blocks):
        if placed.is_stateful:
            already = entered.get(placed.block_id, {}).get(placed.action_id)
            values.setdefault(placed.block_id, {})[placed.action_id] = already or _initial(placed)
    return values


def _initial(placed: Placed) -> Json:
    empty: Any = [] if placed.field.endswith("s") and placed.kind != "file_input" else None
    return {
        "type": placed.kind,
        placed.field: placed.element.get(_INITIAL.get(placed.field, ""), empty),
    }


def chosen(placed: Placed, choice: Choice, suggested: Iterable[Json], knows: Callable[[str], bool]) -> Json:
    """What Slack's state and action say of a choice.

    `suggested`: options the app offered for a search; `knows` says whether an id is that of a person or
    channel that can be seen.
    """
    if not placed.is_stateful and placed.kind != "overflow":
        return {"type": placed.kind}
    if placed.kind in _LISTED:
        value = _options(placed, choice, list(suggested))
    else:
        value = _plain(placed, choice, knows)
    return {"type": placed.kind, placed.field: value}


def _options(placed: Placed, choice: Choice, suggested: list[Json]) -> Any:
    offered = {option["value"]: option for option in (*_offered(placed.element), *suggested)}
    wanted = choice if isinstance(choice, list) else [choice] if choice not in {None, ""} else []
    unknown = [value for value in wanted if value not in offered]
    if unknown:
        raise NotOffered(f"{unknown[0]!r} is not among the options of {placed.action_id!r}.")
    options = [offered[value] for value in wanted]
    if placed.field == "selected_options":
        return options
    return options[0] if options else None


def _offered(element: Json) -> Iterator[Json]:
    yield from element.get("options") or ()
    for group in element.get("option_groups") or ():
        yield from group["options"]
    initial = element.get("initial_option")
    yield from [*(element.get("initial_options") or ()), *([initial] if initial else [])]


def _plain(placed: Placed, choice: Choice, knows: Callable[[str], bool]) -> Any:
    if placed.kind.endswith(("users_select", "channels_select", "conversations_select")):
        wanted = choice if isinstance(choice, list) else [choice] if choice else []
        for value in wanted:
            if not knows(value):
                raise NotOffered(f"{value!r} cannot be chosen in {placed.action_id!r}.")
        return wanted if placed.kind.startswith("multi_") else next(iter(wanted), None)
    if placed.kind == "datetimepicker":
        return int(choice) if choice not in {None, ""} else None
    if placed.kind == "rich_text_input" and isinstance(choice, str):
        return _as_rich_text(choice) if choice else None
    if placed.kind == "file_input":
        return list(choice or [])
    return str(choice) if choice not in {None, ""} else None


def _as_rich_text(text: str) -> Json:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}


def as_action(placed: Placed, value: Json, action_ts: str) -> Json:
    """The entry in a payload's `actions`."""
    echoed = {name: placed.element[name] for name in _ECHOED if name in placed.element}
    ids = {"action_id": placed.action_id, "block_id": placed.block_id, "action_ts": action_ts}
    return echoed | value | ids
