"""One of each block and element that Slack has and this project may show, as an app would send them."""

from typing import Any

Json = dict[str, Any]
DOT = "https://pictures.example/dot.svg"
"""A picture that no network has: whoever shows the gallery puts another address in its place."""


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def raw(text: str) -> Json:
    return {"type": "raw_text", "text": text}


def count(value: float) -> Json:
    return {"type": "raw_number", "value": value, "text": f"{value:,}"}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


def words(text: str, **style: bool) -> Json:
    return {"type": "text", "text": text} | ({"style": style} if style else {})


def option(label: str, about: str = "") -> Json:
    described = {"description": plain(about)} if about else {}
    return {"text": plain(label), "value": label.lower()} | described


def button(label: str, **more: Any) -> Json:
    return {"type": "button", "text": plain(label), "action_id": f"button-{label}", "value": label} | more


def field(label: str, element: Json, **more: Any) -> Json:
    """An input block."""
    named = {"action_id": label} | element
    return {"type": "input", "block_id": f"field-{label}", "label": plain(label), "element": named} | more


CONFIRM = {
    "title": plain("Approve this fix?"),
    "text": mrkdwn("*payments-prod* gets the role `aws-support-access`."),
    "confirm": plain("Approve"),
    "deny": plain("Not yet"),
}
DANGER = CONFIRM | {"title": plain("Remove it?"), "confirm": plain("Remove"), "style": "danger"}
OPTIONS = [option("Payments", "111122223333"), option("Data lake", "222233334444"), option("Checkout")]
GROUPS = [
    {"label": plain("Production"), "options": OPTIONS[:2]},
    {"label": plain("Development"), "options": [option("Playground")]},
]
RICH_OPTIONS = [
    {"text": mrkdwn("*Create* the role"), "value": "create", "description": plain("in payments-prod")},
    {"text": mrkdwn("_Attach_ the policy"), "value": "attach"},
]

SELECTS: dict[str, Json] = {
    "static_select": {"options": OPTIONS, "initial_option": OPTIONS[1], "placeholder": plain("An account")},
    "multi_static_select": {
        "option_groups": GROUPS,
        "initial_options": [OPTIONS[0]],
        "max_selected_items": 2,
    },
    "external_select": {"min_query_length": 1, "placeholder": plain("Search accounts")},
    "multi_external_select": {"min_query_length": 1},
    "users_select": {"placeholder": plain("Who")},
    "multi_users_select": {"initial_users": ["U0ANAORTIZ", "U0SAMWEBER"]},
    "conversations_select": {"placeholder": plain("Where")},
    "multi_conversations_select": {},
    "channels_select": {"initial_channel": "C0CLOUDSEC"},
    "multi_channels_select": {"initial_channels": ["C0APPROVAL"]},
}
PICKERS: dict[str, Json] = {
    "datepicker": {"initial_date": "2026-03-01"},
    "timepicker": {"initial_time": "09:30"},
    "datetimepicker": {"initial_date_time": 1_772_355_600},
    "checkboxes": {"options": RICH_OPTIONS, "initial_options": RICH_OPTIONS[:1]},
    "radio_buttons": {"options": RICH_OPTIONS, "initial_option": RICH_OPTIONS[1]},
}
WRITTEN: dict[str, Json] = {
    "plain_text_input": {"multiline": True, "max_length": 60, "placeholder": plain("Why is this needed?")},
    "number_input": {"is_decimal_allowed": False, "min_value": "1", "max_value": "90"},
    "email_text_input": {"placeholder": plain("name@example.com")},
    "url_text_input": {},
    "rich_text_input": {},
    "file_input": {"filetypes": ["csv"], "max_files": 1},
}
ELEMENTS = {kind: {"type": kind} | more for kind, more in {**SELECTS, **PICKERS, **WRITTEN}.items()}
FORM = [field(kind, element, optional=True) for kind, element in ELEMENTS.items()]
"""Every element that an input may hold."""

ROWS = [
    [raw("payments-prod"), raw("FAIL"), count(3)],
    [raw("data-lake"), raw("PASS"), count(12)],
    [rich(words("checkout"), words(" prod", bold=True)), raw("WEAK"), count(1)],
    [raw("core-network"), raw("UNKNOWN"), count(104)],
    [raw("batch-jobs"), raw("FAIL"), count(20)],
]
DAYS = {"Mon": (91, 9), "Tue": (95, 5), "Wed": (99, 1)}
SERIES = [
    {"name": name, "data": [{"label": day, "value": counts[at]} for day, counts in DAYS.items()]}
    for at, name in enumerate(("Covered", "Failing"))
]
AXES = {"categories": list(DAYS), "x_label": "Day", "y_label": "Accounts"}
TASKS = [
    {"task_id": "read", "title": "Read the account", "status": "complete", "output": rich(words("3 roles"))},
    {"task_id": "create", "title": "Create the role", "status": "in_progress", "details": rich(words("now"))},
    {"task_id": "attach", "title": "Attach the policy", "status": "error"},
    {
        "task_id": "audit",
        "title": "Write the audit event",
        "status": "pending",
        "sources": [{"type": "url", "url": "https://docs.aws.amazon.com/", "text": "IAM"}],
    },
]


def chart(title: str, **of: Any) -> Json:
    return {"type": "data_visualization", "title": title, "chart": of}


CARD: Json = {
    "type": "card",
    "icon": {"type": "image", "image_url": DOT, "alt_text": "Shield"},
    "title": mrkdwn("*payments-prod*"),
    "subtitle": mrkdwn("111122223333"),
    "body": mrkdwn("No role carries `AWSSupportAccess`."),
    "actions": [button("Explain"), button("Fix", style="primary")],
}
RICH_TEXT: Json = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [
                words("bold", bold=True),
                words(" italic", italic=True),
                words(" struck", strike=True),
                words(" under", underline=True),
                words(" code", code=True),
                words(" "),
                {"type": "user", "user_id": "U0ANAORTIZ"},
                words(" "),
                {"type": "channel", "channel_id": "C0CLOUDSEC"},
                words(" "),
                {"type": "usergroup", "usergroup_id": "S0APPROVER"},
                words(" "),
                {"type": "link", "url": "https://example.com/", "text": "a link"},
                words(" "),
                {"type": "emoji", "name": "white_check_mark"},
                words(" "),
                {"type": "date", "timestamp": 1_772_355_600, "format": "{date_short}", "fallback": "March"},
                words(" "),
                {"type": "color", "value": "#1a9b78"},
            ],
        },
        {
            "type": "rich_text_list",
            "style": "ordered",
            "elements": [
                {"type": "rich_text_section", "elements": [words("first")]},
                {"type": "rich_text_section", "elements": [words("second")]},
            ],
        },
        {
            "type": "rich_text_list",
            "style": "bullet",
            "indent": 1,
            "elements": [{"type": "rich_text_section", "elements": [words("further in")]}],
        },
        {"type": "rich_text_quote", "elements": [words("Nobody can open a case.")]},
        {"type": "rich_text_preformatted", "elements": [words('{"Effect": "Allow"}')]},
    ],
}
MARKDOWN = """# Markdown

**bold**, _italic_, ~~struck~~, `code` and [a link](https://example.com/)

- one
- [x] two

1. first
2. second

> quoted

| Account | Verdict |
| --- | --- |
| payments | FAIL |

```
aws iam get-role
```"""

MESSAGE_BLOCKS: dict[str, list[Json]] = {
    "header": [{"type": "header", "text": plain("7 of 412 accounts have no support role")}],
    "section": [
        {"type": "section", "text": mrkdwn("*Bold*, _italic_, ~struck~, `code`, <@U0ANAORTIZ>\n>quoted")},
        {"type": "section", "fields": [mrkdwn("*Account*\npayments-prod"), mrkdwn("*Verdict*\nFAIL")]},
        {"type": "section", "text": plain("With a button"), "accessory": button("Explain…")},
        {
            "type": "section",
            "text": plain("With a picture"),
            "accessory": {"type": "image", "image_url": DOT, "alt_text": "A shield"},
        },
        {
            "type": "section",
            "text": plain("With a menu"),
            "accessory": {"type": "overflow", "action_id": "more", "options": OPTIONS},
        },
        {
            "type": "section",
            "text": plain("With a select"),
            "accessory": ELEMENTS["static_select"] | {"action_id": "pick"},
        },
    ],
    "context": [
        {
            "type": "context",
            "elements": [
                {"type": "image", "image_url": DOT, "alt_text": "Shield"},
                mrkdwn("Read *just now*"),
            ],
        }
    ],
    "divider": [{"type": "divider"}],
    "actions": [
        {
            "type": "actions",
            "elements": [
                button("Approve", style="primary", confirm=CONFIRM),
                button("Remove", style="danger", confirm=DANGER),
                button("Plain"),
                {"type": "overflow", "action_id": "overflow", "options": OPTIONS, "confirm": CONFIRM},
                ELEMENTS["users_select"] | {"action_id": "who"},
                ELEMENTS["datepicker"] | {"action_id": "day"},
            ],
        }
    ],
    "image": [{"type": "image", "image_url": DOT, "alt_text": "A shield", "title": plain("Coverage")}],
    "rich_text": [RICH_TEXT],
    "markdown": [{"type": "markdown", "text": MARKDOWN}],
    "table": [
        {
            "type": "table",
            "column_settings": [{"is_wrapped": True}, {"align": "center"}, {"align": "right"}],
            "rows": [[raw("Account"), raw("Verdict"), raw("Days")], *ROWS],
        }
    ],
    "data_table": [
        {
            "type": "data_table",
            "caption": "Accounts that need attention",
            "page_size": 3,
            "rows": [[raw("Account"), raw("Verdict"), raw("Days")], *ROWS],
        }
    ],
    "charts": [
        chart("Coverage", type="line", series=SERIES, axis_config=AXES),
        chart("Accounts by day", type="bar", series=SERIES, axis_config=AXES),
    ],
    "more charts": [
        chart("Filled", type="area", series=SERIES, axis_config=AXES),
        chart(
            "Verdicts", type="pie", segments=[{"label": "Pass", "value": 90}, {"label": "Fail", "value": 7}]
        ),
    ],
    "plan": [{"type": "plan", "title": "Fix payments-prod", "tasks": TASKS}],
    "task_card": [{"type": "task_card"} | TASKS[0]],
    "card": [CARD],
    "carousel": [{"type": "carousel", "elements": [CARD, CARD | {"title": mrkdwn("*data-lake*")}]}],
    "container": [
        {
            "type": "container",
            "title": plain("Why"),
            "subtitle": plain("The evidence"),
            "is_collapsible": True,
            "child_blocks": [{"type": "section", "text": mrkdwn("No role carries `AWSSupportAccess`.")}],
        },
        {
            "type": "container",
            "rich_text_title": rich(words("Evidence", bold=True)),
            "icon": {"type": "image", "image_url": DOT, "alt_text": "Shield"},
            "width": "narrow",
            "has_header_divider": True,
            "child_blocks": [{"type": "divider"}, {"type": "actions", "elements": [button("Open")]}],
        },
    ],
    "context_actions": [
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "useful",
                    "positive_button": {"text": plain("Useful"), "value": "yes"},
                    "negative_button": {"text": plain("Not useful"), "value": "no"},
                },
                {"type": "icon_button", "action_id": "bin", "icon": "trash", "text": plain("Delete")},
            ],
        }
    ],
    "input": [field("A note", {"type": "plain_text_input"}, hint=plain("In a message, too"))],
}
ALERTS = [
    {"type": "alert", "level": level, "text": mrkdwn(f"An alert of level *{level}*")}
    for level in ("default", "info", "warning", "error", "success")
]
MODAL: Json = {
    "type": "modal",
    "callback_id": "gallery",
    "title": plain("Every field"),
    "submit": plain("Send"),
    "close": plain("Leave"),
    "blocks": [*ALERTS, *FORM],
}
HOME: Json = {
    "type": "home",
    "blocks": [
        block for name in ("header", "section", "data_table", "charts") for block in MESSAGE_BLOCKS[name]
    ],
}
