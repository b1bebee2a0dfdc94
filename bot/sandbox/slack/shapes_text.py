"""Text, rich text, options and confirm dialogs: the shapes that blocks and elements are made of.

Sources: docs.slack.dev/reference/block-kit/composition-objects and /rich-text-block.
"""

from bot.sandbox.slack.schema import (
    Check,
    boolean,
    every,
    fields,
    integer,
    items,
    kinds,
    needs_any,
    one_of,
    string,
)

IS_TYPE = string(50)
"""What a `type` field is checked with once `kinds` has chosen by it."""


def plain_text(most: int) -> Check:
    shape = fields({"type": IS_TYPE, "text": string(most)}, {"emoji": boolean})
    return kinds({"plain_text": shape})


def mrkdwn(most: int) -> Check:
    shape = fields({"type": IS_TYPE, "text": string(most)}, {"verbatim": boolean})
    return kinds({"mrkdwn": shape})


def text(most: int) -> Check:
    return kinds({"plain_text": plain_text(most), "mrkdwn": mrkdwn(most)})


STYLE = fields(
    {},
    dict.fromkeys(
        ("bold", "code", "italic", "strike", "underline", "highlight", "client_highlight", "unlink"), boolean
    ),
)


def _inline(**required: Check) -> Check:
    return fields({"type": IS_TYPE, **required}, {"style": STYLE})


_TEXT = _inline(text=string())
_LINK = fields({"type": IS_TYPE, "url": string(3_000)}, {"text": string(), "unsafe": boolean, "style": STYLE})
_DATE = fields(
    {"type": IS_TYPE, "timestamp": integer(0), "format": string()},
    {"url": string(3_000), "fallback": string(), "style": STYLE},
)
_EMOJI = fields(
    {"type": IS_TYPE, "name": string()},
    {"unicode": string(), "url": string(), "skin_tone": integer(1, 6), "style": STYLE},
)
INLINE = kinds(
    {
        "text": _TEXT,
        "link": _LINK,
        "emoji": _EMOJI,
        "date": _DATE,
        "user": _inline(user_id=string()),
        "channel": _inline(channel_id=string()),
        "usergroup": _inline(usergroup_id=string()),
        "team": _inline(team_id=string()),
        "broadcast": _inline(range=one_of("here", "channel", "everyone")),
        "color": _inline(value=string()),
    }
)
_SECTION = fields({"type": IS_TYPE, "elements": items(INLINE, least=0)})
_BORDER = {"border": integer(0, 1)}
_LIST = fields(
    {
        "type": IS_TYPE,
        "style": one_of("bullet", "ordered"),
        "elements": items(kinds({"rich_text_section": _SECTION})),
    },
    {"indent": integer(0, 8), "offset": integer(0), **_BORDER},
)
_QUOTE = fields({"type": IS_TYPE, "elements": items(INLINE, least=0)}, _BORDER)
_PREFORMATTED = fields(
    {"type": IS_TYPE, "elements": items(kinds({"text": _TEXT, "link": _LINK}), least=0)},
    {"language": string(), **_BORDER},
)
RICH_TEXT = kinds(
    {
        "rich_text": fields(
            {
                "type": IS_TYPE,
                "elements": items(
                    kinds(
                        {
                            "rich_text_section": _SECTION,
                            "rich_text_list": _LIST,
                            "rich_text_quote": _QUOTE,
                            "rich_text_preformatted": _PREFORMATTED,
                        }
                    )
                ),
            },
            {"block_id": string(255)},
        )
    }
)

CONFIRM = fields(
    {"text": text(300)},
    {
        "title": plain_text(100),
        "confirm": plain_text(30),
        "deny": plain_text(30),
        "style": one_of("primary", "danger"),
    },
)


def option(label: Check) -> Check:
    described = {"description": plain_text(75), "url": string(3_000)}
    return fields({"text": label, "value": string(150)}, described)


PLAIN_OPTION = option(plain_text(75))
RICH_OPTION = option(text(75))
OPTION_GROUP = fields({"label": plain_text(75), "options": items(PLAIN_OPTION, 100)})
FILTER = every(
    fields(
        {},
        {
            "include": items(one_of("im", "mpim", "private", "public"), 4),
            "exclude_external_shared_channels": boolean,
            "exclude_bot_users": boolean,
        },
    ),
    needs_any("include", "exclude_external_shared_channels", "exclude_bot_users"),
)
DISPATCH = fields({}, {"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), 2)})
