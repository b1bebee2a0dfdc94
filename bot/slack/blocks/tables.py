"""Tables and charts, as Slack draws them from rows and series. Limits: docs.slack.dev/reference/block-kit."""

from collections.abc import Sequence

from bot.slack.blocks.kit import Block
from bot.slack.blocks.mrkdwn import one_line


def cell(text: str, limit: int) -> Block:
    """A table's cell; Slack parses nothing in it and refuses an empty one."""
    return {"type": "raw_text", "text": one_line(text, limit) or "-"}


def person_cell(user_id: str) -> Block:
    """A cell that shows a person by name, and notifies them when the message is new."""
    person = {"type": "user", "user_id": user_id}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [person]}]}


def data_table(caption: str, head: Sequence[str], rows: Sequence[Sequence[Block]], *, page: int) -> Block:
    """Slack sorts, filters and pages it. 1 to 100 rows besides the head."""
    return {
        "type": "data_table",
        "caption": one_line(caption, 200),
        "page_size": page,
        "rows": [[cell(name, 50) for name in head], *(list(row) for row in rows)],
    }


def table(head: Sequence[str], rows: Sequence[Sequence[Block]]) -> Block:
    """The older table: up to 99 rows besides the head, one a message."""
    return {
        "type": "table",
        "column_settings": [{"is_wrapped": True} for _ in head],
        "rows": [[cell(name, 50) for name in head], *(list(row) for row in rows)],
    }


def line_chart(title: str, labels: Sequence[str], series: Sequence[tuple[str, Sequence[int]]]) -> Block:
    """Up to 12 lines over 1 to 20 labels, each label once; a line has a value for each of them."""
    return {
        "type": "data_visualization",
        "title": one_line(title, 50),
        "chart": {
            "type": "line",
            "series": [
                {
                    "name": one_line(name, 20),
                    "data": [
                        {"label": label, "value": value} for label, value in zip(labels, values, strict=True)
                    ],
                }
                for name, values in series
            ],
            "axis_config": {"categories": list(labels)},
        },
    }
