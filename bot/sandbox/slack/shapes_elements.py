"""Interactive elements and images. Source: docs.slack.dev/reference/block-kit/block-elements."""

from bot.sandbox.slack.schema import (
    Check,
    anything,
    boolean,
    every,
    exactly_one,
    fields,
    integer,
    items,
    one_of,
    string,
)
from bot.sandbox.slack.shapes_text import (
    CONFIRM,
    DISPATCH,
    FILTER,
    IS_TYPE,
    OPTION_GROUP,
    PLAIN_OPTION,
    RICH_OPTION,
    RICH_TEXT,
    plain_text,
)

_DATE = string(pattern=r"\d{4}-\d\d-\d\d")
_TIME = string(pattern=r"([01]\d|2[0-3]):[0-5]\d")
_STYLE = one_of("primary", "danger")
_SLACK_FILE = every(fields({}, {"id": string(), "url": string()}), exactly_one("id", "url"))
_ACCESSIBLE = {"accessibility_label": string(75)}


def _element(
    required: dict[str, Check], optional: dict[str, Check] | None = None, *, confirms: bool = True
) -> Check:
    common = {"action_id": string(255)} | ({"confirm": CONFIRM} if confirms else {})
    return fields({"type": IS_TYPE} | required, common | (optional or {}))


def _select(
    required: dict[str, Check] | None = None, optional: dict[str, Check] | None = None, *, multi: bool = False
) -> Check:
    common: dict[str, Check] = {"placeholder": plain_text(150), "focus_on_load": boolean}
    most: dict[str, Check] = {"max_selected_items": integer(1)} if multi else {}
    return _element(required or {}, common | most | (optional or {}))


def _static(initial: dict[str, Check], *, multi: bool = False) -> Check:
    options = {"options": items(PLAIN_OPTION, 100), "option_groups": items(OPTION_GROUP, 100)}
    return every(_select({}, options | initial, multi=multi), exactly_one("options", "option_groups"))


def _written(optional: dict[str, Check], required: dict[str, Check] | None = None) -> Check:
    common: dict[str, Check] = {
        "initial_value": string(3_000, least=0),
        "placeholder": plain_text(150),
        "dispatch_action_config": DISPATCH,
        "focus_on_load": boolean,
    }
    return _element(required or {}, common | optional, confirms=False)


IMAGE = every(
    fields(
        {"type": IS_TYPE, "alt_text": string(2_000, least=0)},
        {"image_url": string(3_000), "slack_file": _SLACK_FILE},
    ),
    exactly_one("image_url", "slack_file"),
)
BUTTON = _element(
    {"text": plain_text(75)},
    {
        "value": string(2_000, least=0),
        "url": string(3_000),
        "style": _STYLE,
        "agent_prompt": string(4_000),
        **_ACCESSIBLE,
    },
)
_ID = string(50)
_CONVERSATIONS: dict[str, Check] = {"default_to_current_conversation": boolean, "filter": FILTER}
_RESPONSE: dict[str, Check] = {"response_url_enabled": boolean}
_CHOICES: dict[str, Check] = {"options": items(RICH_OPTION, 10)}
_QUERY: dict[str, Check] = {"min_query_length": integer(0)}
_FEEDBACK = fields({"text": plain_text(75), "value": string(2_000)}, _ACCESSIBLE)

SELECTS: dict[str, Check] = {
    "static_select": _static({"initial_option": PLAIN_OPTION}),
    "external_select": _select({}, {"initial_option": PLAIN_OPTION, **_QUERY}),
    "users_select": _select({}, {"initial_user": _ID}),
    "conversations_select": _select({}, {"initial_conversation": _ID, **_CONVERSATIONS, **_RESPONSE}),
    "channels_select": _select({}, {"initial_channel": _ID, **_RESPONSE}),
    "multi_static_select": _static({"initial_options": items(PLAIN_OPTION, 100)}, multi=True),
    "multi_external_select": _select({}, {"initial_options": items(PLAIN_OPTION), **_QUERY}, multi=True),
    "multi_users_select": _select({}, {"initial_users": items(_ID)}, multi=True),
    "multi_conversations_select": _select(
        {}, {"initial_conversations": items(_ID), **_CONVERSATIONS}, multi=True
    ),
    "multi_channels_select": _select({}, {"initial_channels": items(_ID)}, multi=True),
}
PICKERS: dict[str, Check] = {
    "datepicker": _select({}, {"initial_date": _DATE}),
    "timepicker": _select({}, {"initial_time": _TIME, "timezone": string()}),
    "datetimepicker": _element({}, {"initial_date_time": integer(0), "focus_on_load": boolean}),
    "checkboxes": _element(_CHOICES, {"initial_options": items(RICH_OPTION, 10), "focus_on_load": boolean}),
    "radio_buttons": _element(_CHOICES, {"initial_option": RICH_OPTION, "focus_on_load": boolean}),
}
WRITTEN: dict[str, Check] = {
    "plain_text_input": _written(
        {"multiline": boolean, "min_length": integer(0, 3_000), "max_length": integer(1, 3_000)}
    ),
    "email_text_input": _written({}),
    "url_text_input": _written({}),
    "number_input": _written({"min_value": string(), "max_value": string()}, {"is_decimal_allowed": boolean}),
    "rich_text_input": _element(
        {},
        {
            "initial_value": RICH_TEXT,
            "placeholder": plain_text(150),
            "dispatch_action_config": DISPATCH,
            "focus_on_load": boolean,
            "min_lines": integer(1, 100),
            "max_lines": integer(1, 100),
        },
        confirms=False,
    ),
    "file_input": _element({}, {"filetypes": items(string()), "max_files": integer(1, 10)}, confirms=False),
}
BUTTONS: dict[str, Check] = {
    "button": BUTTON,
    "overflow": _element({"options": items(PLAIN_OPTION, 5)}),
    "workflow_button": _element(
        {"text": plain_text(75), "workflow": anything}, {"style": _STYLE, **_ACCESSIBLE}
    ),
}
CONTEXT_BUTTONS: dict[str, Check] = {
    "feedback_buttons": _element(
        {"positive_button": _FEEDBACK, "negative_button": _FEEDBACK}, confirms=False
    ),
    "icon_button": _element(
        {"icon": one_of("trash"), "text": plain_text(75)},
        {"value": string(2_000), "visible_to_user_ids": items(_ID, 10), **_ACCESSIBLE},
    ),
}
