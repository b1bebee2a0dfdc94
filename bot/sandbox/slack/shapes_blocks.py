"""The blocks. Source: docs.slack.dev/reference/block-kit/blocks.

Where those pages and Slack's own types (@slack/types) differ, the stricter of the two.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack.schema import (
    Check,
    boolean,
    error,
    every,
    exactly_one,
    fields,
    integer,
    items,
    kinds,
    listed,
    needs_any,
    not_both,
    number,
    one_of,
    string,
)
from bot.sandbox.slack.shapes_elements import (
    BUTTON,
    BUTTONS,
    CONTEXT_BUTTONS,
    IMAGE,
    PICKERS,
    SELECTS,
    WRITTEN,
)
from bot.sandbox.slack.shapes_text import IS_TYPE, RICH_TEXT, mrkdwn, plain_text, text

TABLE_CHARACTERS = 20_000
_CELL = kinds(
    {
        "raw_text": fields({"type": IS_TYPE, "text": string()}),
        "raw_number": fields({"type": IS_TYPE, "value": number(), "text": string()}),
        "rich_text": RICH_TEXT,
    }
)
_COLUMN = fields({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})


def _block(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    return fields({"type": IS_TYPE} | required, {"block_id": string(255)} | (optional or {}))


def _same_width(value: Any, pointer: str) -> Iterator[str]:
    if len({len(row) for row in listed(value.get("rows")) if isinstance(row, list)}) > 1:
        yield error("all rows must have the same number of cells", f"{pointer}/rows")


def _plain_header(value: Any, pointer: str) -> Iterator[str]:
    header = listed(next(iter(listed(value.get("rows"))), None))
    for index, cell in enumerate(header):
        if isinstance(cell, dict) and cell.get("type") == "rich_text":
            yield error("rich_text is not allowed in the header", f"{pointer}/rows/0/{index}")
    column = value.get("row_header_column_index")
    if isinstance(column, int) and header and column >= len(header):
        yield error(f"must be less than {len(header)}", f"{pointer}/row_header_column_index")


def _matching_labels(value: Any, pointer: str) -> Iterator[str]:
    axis, series = value.get("axis_config"), listed(value.get("series"))
    categories = Counter(map(str, listed(axis.get("categories") if isinstance(axis, dict) else None)))
    if categories and max(categories.values()) > 1:
        yield error("categories must be unique", f"{pointer}/axis_config/categories")
    names = [one.get("name") for one in series if isinstance(one, dict)]
    if len(set(map(str, names))) != len(names):
        yield error("series names must be unique", f"{pointer}/series")
    for index, one in enumerate(series):
        data = listed(one.get("data") if isinstance(one, dict) else None)
        labels = Counter(str(point.get("label")) for point in data if isinstance(point, dict))
        if labels != categories:
            yield error("data labels must match axis_config.categories", f"{pointer}/series/{index}/data")


def _unique_tasks(value: Any, pointer: str) -> Iterator[str]:
    ids = [task.get("task_id") for task in listed(value.get("tasks")) if isinstance(task, dict)]
    if len(set(map(str, ids))) != len(ids):
        yield error("task_id must be unique within a plan", f"{pointer}/tasks")


def _container_rules(value: Any, pointer: str) -> Iterator[str]:
    if value.get("default_collapsed") and not value.get("is_collapsible"):
        yield error("default_collapsed needs is_collapsible", f"{pointer}/default_collapsed")
    if value.get("has_header_divider") and value.get("is_collapsible"):
        yield error("has_header_divider needs a container that is not collapsible", pointer)


_POINT = fields({"label": string(20), "value": number()})
_SERIES = fields({"name": string(20), "data": items(_POINT, 20)})
_AXES = fields({"categories": items(string(20), 20)}, {"x_label": string(50), "y_label": string(50)})
_AXIS_CHART = every(
    fields({"type": IS_TYPE, "series": items(_SERIES, 12), "axis_config": _AXES}), _matching_labels
)
_SEGMENT = fields({"label": string(20), "value": number(above=0)})
_PIE = fields({"type": IS_TYPE, "segments": items(_SEGMENT, 12)})
_CHART = kinds({"pie": _PIE, "bar": _AXIS_CHART, "area": _AXIS_CHART, "line": _AXIS_CHART})

_SOURCE = fields({"type": one_of("url"), "url": string(3_000), "text": string()})
_TASK: dict[str, Check] = {"details": RICH_TEXT, "output": RICH_TEXT, "sources": items(_SOURCE)}
_TASK_NAMES: dict[str, Check] = {"task_id": string(255), "title": string()}
_STATUSES = ("pending", "in_progress", "complete", "error")
_PLAN_TASK = fields(
    _TASK_NAMES | {"status": one_of(*_STATUSES)},
    _TASK | {"type": one_of("task_card"), "block_id": string(255)},
)

_IN_ACTIONS = kinds(BUTTONS | SELECTS | PICKERS | {"rich_text_input": WRITTEN["rich_text_input"]})
_IN_SECTION = kinds(BUTTONS | SELECTS | PICKERS | {"image": IMAGE})
_IN_INPUT = kinds(WRITTEN | SELECTS | PICKERS)
_IN_CONTEXT = kinds({"image": IMAGE, "plain_text": plain_text(3_000), "mrkdwn": mrkdwn(3_000)})

_CARD = every(
    _block(
        {},
        {
            "hero_image": IMAGE,
            "icon": IMAGE,
            "slack_icon": fields({"type": one_of("icon"), "name": string()}),
            "title": text(150),
            "subtitle": text(150),
            "body": text(200),
            "subtext": text(200),
            "actions": items(BUTTON, 3),
        },
    ),
    needs_any("hero_image", "title", "actions", "body"),
    not_both("icon", "slack_icon"),
)

_PLAIN_BLOCKS: dict[str, Check] = {
    "actions": _block({"elements": items(_IN_ACTIONS, 25)}),
    "context": _block({"elements": items(_IN_CONTEXT, 10)}),
    "divider": _block({}),
    "file": _block({"external_id": string(), "source": one_of("remote")}),
    "header": _block({"text": plain_text(150)}, {"level": integer(1, 6)}),
    "image": every(
        _block(
            {"alt_text": string(2_000)},
            {
                "image_url": string(3_000),
                "slack_file": fields({}, {"id": string(), "url": string()}),
                "title": plain_text(2_000),
            },
        ),
        exactly_one("image_url", "slack_file"),
    ),
    "input": _block(
        {"label": plain_text(2_000), "element": _IN_INPUT},
        {"hint": plain_text(2_000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": RICH_TEXT,
    "section": every(
        _block(
            {},
            {
                "text": text(3_000),
                "fields": items(text(2_000), 10),
                "accessory": _IN_SECTION,
                "expand": boolean,
            },
        ),
        needs_any("text", "fields"),
    ),
    "table": every(
        _block(
            {"rows": items(items(_CELL, 20), 100)},
            {"column_settings": items(_COLUMN, 20)},
        ),
        _same_width,
    ),
    "video": _block(
        {
            "alt_text": string(2_000),
            "title": plain_text(200),
            "thumbnail_url": string(3_000),
            "video_url": string(3_000),
        },
        {
            "author_name": string(50),
            "description": plain_text(200),
            "provider_icon_url": string(2_000),
            "provider_name": string(50),
            "title_url": string(2_000),
        },
    ),
}
BLOCKS: dict[str, Check] = _PLAIN_BLOCKS | {
    "alert": _block({"text": text(200)}, {"level": one_of("default", "info", "warning", "error", "success")}),
    "card": _CARD,
    "carousel": _block({"elements": items(kinds({"card": _CARD}), 10)}),
    "container": every(
        _block(
            {"child_blocks": items(kinds(_PLAIN_BLOCKS), 10)},
            {
                "title": plain_text(150),
                "rich_text_title": RICH_TEXT,
                "subtitle": text(150),
                "width": one_of("narrow", "standard", "wide", "full"),
                "icon": IMAGE,
                "is_collapsible": boolean,
                "default_collapsed": boolean,
                "has_header_divider": boolean,
            },
        ),
        needs_any("title", "rich_text_title"),
        _container_rules,
    ),
    "context_actions": _block({"elements": items(kinds(CONTEXT_BUTTONS), 5)}),
    "data_table": every(
        _block(
            {"rows": items(items(_CELL, 20), 101, least=2), "caption": string()},
            {"page_size": integer(1, 100), "row_header_column_index": integer(0)},
        ),
        _same_width,
        _plain_header,
    ),
    "data_visualization": _block({"title": string(50), "chart": _CHART}),
    "markdown": _block({"text": string(12_000)}),
    "plan": every(_block({"title": string()}, {"tasks": items(_PLAN_TASK, 50)}), _unique_tasks),
    # A task that stands alone has begun: only those within a plan can be pending.
    "task_card": _block(_TASK_NAMES | {"status": one_of(*_STATUSES[1:])}, _TASK),
}
