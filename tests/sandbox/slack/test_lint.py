"""What Slack refuses in blocks and views, one row a rule."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack import lint, lint_view
from bot.sandbox.slack.lint import refusal_of


def plain(text: str = "words", **more: Any) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, **more}


def mrkdwn(text: str = "words") -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "words", **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(action_id: str = "go", **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Go"), "action_id": action_id, **more}


def actions(*elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements) or [button()], **more}


def option(value: str = "a", text: str = "A") -> dict[str, Any]:
    return {"text": plain(text), "value": value}


def select(**more: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "pick", "options": [option()], **more}


def field(element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "input", "label": plain("Label"), "element": element, **more}


def rich(text: str = "words") -> dict[str, Any]:
    inner = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [inner]}


def raw(text: str = "cell") -> dict[str, Any]:
    return {"type": "raw_text", "text": text}


def data_table(rows: list[list[dict[str, Any]]] | None = None, **more: Any) -> dict[str, Any]:
    return {"type": "data_table", "caption": "All", "rows": rows or [[raw("Head")], [raw()]], **more}


def table(rows: list[list[dict[str, Any]]] | None = None, **more: Any) -> dict[str, Any]:
    return {"type": "table", "rows": rows or [[raw()]], **more}


def chart(of: dict[str, Any] | None = None, title: str = "Trend") -> dict[str, Any]:
    return {"type": "data_visualization", "title": title, "chart": of or pie()}


def pie(**more: Any) -> dict[str, Any]:
    return {"type": "pie", "segments": [{"label": "Pass", "value": 1}], **more}


def line(labels: list[str], categories: list[str] | None = None, **more: Any) -> dict[str, Any]:
    data = [{"label": label, "value": 1} for label in labels]
    axis = {"categories": labels if categories is None else categories}
    return {"type": "line", "series": [{"name": "All", "data": data}], "axis_config": axis, **more}


def task(status: str = "complete", task_id: str = "1", **more: Any) -> dict[str, Any]:
    return {"task_id": task_id, "title": "Step", "status": status, **more}


def plan(*tasks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "plan", "title": "Fix", "tasks": list(tasks) or [task()]}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain("Title"), "blocks": list(blocks) or [section()], **more}


IMAGE = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "A picture"}
CONFIRM = {
    "title": plain(),
    "text": mrkdwn(),
    "confirm": plain("Yes"),
    "deny": plain("No"),
    "style": "danger",
}
ALERT = {"type": "alert", "level": "warning", "text": mrkdwn()}
CARD = {"type": "card", "title": mrkdwn(), "body": mrkdwn(), "actions": [button()]}
CONTAINER = {"type": "container", "title": plain(), "child_blocks": [section()], "is_collapsible": True}
WRITTEN = {"type": "plain_text_input", "action_id": "why", "multiline": True, "max_length": 300}

TAKEN = [
    ("message", section(fields=[mrkdwn(), plain()], accessory=button(), block_id="b", expand=True)),
    ("message", {"type": "header", "text": plain("x" * 150, emoji=True)}),
    ("message", {"type": "context", "elements": [mrkdwn(), plain(), IMAGE]}),
    ("message", actions(button(confirm=CONFIRM, style="danger", value="v" * 2_000), select())),
    ("message", {"type": "divider"}),
    ("message", rich()),
    ("message", {"type": "markdown", "text": "# x"}),
    ("message", IMAGE | {"title": plain()}),
    ("message", table(column_settings=[{"align": "right", "is_wrapped": True}])),
    ("message", data_table(page_size=100, row_header_column_index=0)),
    ("message", data_table([[raw("Head")], [{"type": "raw_number", "value": 1.5, "text": "1.5"}]])),
    ("message", chart()),
    ("message", chart(line(["a", "b"]))),
    ("message", plan(task("pending"), task("in_progress", "2", details=rich(), type="task_card"))),
    ("message", {"type": "task_card", **task("error")}),
    ("message", CARD),
    ("message", CONTAINER),
    ("modal", ALERT),
    ("modal", field(WRITTEN, hint=plain(), optional=True)),
    ("modal", field({"type": "number_input", "is_decimal_allowed": False, "action_id": "n"})),
    ("home", data_table()),
    ("home", chart()),
    ("home", actions({"type": "overflow", "action_id": "more", "options": [option()]})),
]


@pytest.mark.parametrize(("surface", "block"), TAKEN, ids=lambda value: str(value)[:50])
def test_what_slack_takes_passes(surface: Any, block: dict[str, Any]) -> None:
    assert lint([block], surface) == []


REFUSED = [
    ("message", {"type": "hero"}, "unsupported type: hero"),
    ("message", {"text": plain()}, "missing required field: type"),
    ("message", section(colour="red"), "invalid additional property: colour"),
    ("message", section("x" * 3_001), "less than 3001 characters"),
    ("message", section(""), "more than 0 characters"),
    ("message", {"type": "section"}, "needs at least one of text, fields"),
    ("message", {"type": "section", "fields": [mrkdwn()] * 11}, "no more than 10 items"),
    ("message", {"type": "section", "fields": [mrkdwn("x" * 2_001)]}, "less than 2001 characters"),
    ("message", {"type": "header", "text": mrkdwn()}, "unsupported type: mrkdwn"),
    ("message", {"type": "header", "text": plain("x" * 151)}, "less than 151 characters"),
    ("message", {"type": "header", "text": plain("🛡" * 76)}, "less than 151 characters"),
    ("message", {"type": "context", "elements": [mrkdwn()] * 11}, "no more than 10 items"),
    ("message", actions(*[button(str(n)) for n in range(26)]), "no more than 25 items"),
    ("message", actions(WRITTEN), "unsupported type: plain_text_input"),
    ("message", actions(button(text=plain("x" * 76))), "less than 76 characters"),
    ("message", actions(button(text=mrkdwn())), "unsupported type: mrkdwn"),
    ("message", actions(button(value="x" * 2_001)), "less than 2001 characters"),
    ("message", actions(button("x" * 256)), "less than 256 characters"),
    ("message", actions(button(style="warning")), "must be one of primary, danger"),
    ("message", actions(button(confirm={"title": plain()})), "missing required field: text"),
    ("message", actions(button(confirm=CONFIRM | {"title": plain("x" * 101)})), "less than 101"),
    ("message", actions(button(confirm=CONFIRM | {"text": plain("x" * 301)})), "less than 301"),
    ("message", actions(button(confirm=CONFIRM | {"deny": plain("x" * 31)})), "less than 31"),
    ("message", actions(button(), button()), "action_id already exists: go"),
    ("message", actions(select(options=[option()] * 101)), "no more than 100 items"),
    ("message", actions(select(options=[option(text="x" * 76)])), "less than 76 characters"),
    ("message", actions(select(options=None)), "needs at least one of options, option_groups"),
    ("message", section(block_id="x" * 256), "less than 256 characters"),
    ("message", IMAGE | {"alt_text": ""}, "more than 0 characters"),
    ("message", {"type": "image", "alt_text": "x"}, "needs at least one of image_url, slack_file"),
    ("message", {"type": "markdown", "text": "x" * 12_001}, "less than 12001 characters"),
    ("message", table([[raw()]] * 101), "no more than 100 items"),
    ("message", table([[raw()] * 21]), "no more than 20 items"),
    ("message", table([[raw()], [raw(), raw()]]), "same number of cells"),
    ("message", data_table([[raw()]]), "no less than 2 items"),
    ("message", data_table([[raw()]] * 102), "no more than 101 items"),
    ("message", data_table([[rich()], [raw()]]), "rich_text is not allowed in the header"),
    ("message", data_table(caption=None), "missing required field: caption"),
    ("message", data_table(page_size=0), "must be at least 1"),
    ("message", data_table(page_size=101), "must be at most 100"),
    ("message", data_table(row_header_column_index=1), "must be less than 1"),
    ("message", data_table([[raw("Head")], [raw("")]]), "more than 0 characters"),
    ("message", data_table([[raw("Head")], [raw("x" * 20_001)]]), "less than 20001 characters in all"),
    ("message", chart(title="x" * 51), "less than 51 characters"),
    ("message", chart(pie(segments=[{"label": str(n), "value": 1} for n in range(13)])), "no more than 12"),
    ("message", chart(pie(segments=[{"label": "None", "value": 0}])), "must be greater than 0"),
    ("message", chart(pie(segments=[{"label": "x" * 21, "value": 1}])), "less than 21 characters"),
    ("message", chart(line([str(n) for n in range(21)])), "no more than 20 items"),
    ("message", chart(line(["a"], ["b"])), "must match axis_config.categories"),
    ("message", chart(line(["a", "a"])), "categories must be unique"),
    ("message", chart({"type": "radar"}), "unsupported type: radar"),
    ("message", plan(task("completed")), "must be one of pending, in_progress, complete, error"),
    ("message", plan(task(), task()), "task_id must be unique"),
    ("message", {"type": "task_card", **task("pending")}, "must be one of in_progress"),
    ("message", CARD | {"body": mrkdwn("x" * 201)}, "less than 201 characters"),
    ("message", CARD | {"actions": [button(str(n)) for n in range(4)]}, "no more than 3 items"),
    ("message", {"type": "card", "subtitle": mrkdwn()}, "needs at least one of hero_image"),
    ("message", CONTAINER | {"child_blocks": [section()] * 11}, "no more than 10 items"),
    ("message", CONTAINER | {"child_blocks": [CARD]}, "unsupported type: card"),
    ("message", CONTAINER | {"title": None}, "needs at least one of title, rich_text_title"),
    ("message", CONTAINER | {"is_collapsible": False, "default_collapsed": True}, "needs is_collapsible"),
    ("message", ALERT, "alert blocks are not allowed in a message"),
    ("modal", table(), "table blocks are not allowed in a modal"),
    ("modal", plan(), "plan blocks are not allowed in a modal"),
    ("home", plan(), "plan blocks are not allowed in a home"),
    ("home", {"type": "markdown", "text": "x"}, "markdown blocks are not allowed in a home"),
    ("modal", ALERT | {"level": "fatal"}, "must be one of default, info"),
    ("modal", ALERT | {"text": mrkdwn("x" * 201)}, "less than 201 characters"),
    ("modal", field(button()), "unsupported type: button"),
    ("modal", field({"type": "number_input"}), "missing required field: is_decimal_allowed"),
    ("modal", field({"type": "datepicker", "initial_date": "1.2.2026"}), "does not match"),
    ("modal", field(WRITTEN, label=mrkdwn()), "unsupported type: mrkdwn"),
    ("message", {"type": "rich_text", "elements": [{"type": "text", "text": "x"}]}, "unsupported type: text"),
]


@pytest.mark.parametrize(("surface", "block", "problem"), REFUSED, ids=lambda value: str(value)[:60])
def test_what_slack_refuses_is_named(surface: Any, block: dict[str, Any], problem: str) -> None:
    assert problem in "\n".join(lint([block], surface))


def test_a_problem_says_where_it_stands_as_slack_does() -> None:
    problems = lint([section(), {"type": "header", "text": plain("x" * 151)}], "message")
    assert problems == ["[ERROR] must be less than 151 characters [json-pointer:/blocks/1/text/text]"]


WHOLE_MESSAGES = [
    ([section()] * 51, "no more than 50 items"),
    ([table(), table()], "no more than 1 table blocks"),
    ([chart(), chart(), chart()], "no more than 2 data_visualization blocks"),
    ([section(block_id="same"), section(block_id="same")], "block_id already exists: same"),
    ([section("x" * 2_900)] * 5, "msg_blocks_too_long"),
    ([{"type": "markdown", "text": "x" * 6_500}] * 2, "markdown text must be less than 12001"),
    ([CONTAINER | {"child_blocks": [table()]}, table()], "no more than 1 table blocks"),
]


@pytest.mark.parametrize(("blocks", "problem"), WHOLE_MESSAGES, ids=lambda value: str(value)[-40:])
def test_a_message_has_limits_as_a_whole(blocks: list[dict[str, Any]], problem: str) -> None:
    assert problem in "\n".join(lint(blocks, "message"))


def test_two_rows_of_buttons_may_use_the_same_action_id() -> None:
    assert lint([actions(button("approve")), actions(button("approve"))], "message") == []


def test_a_message_that_is_only_too_long_gets_a_code_of_its_own() -> None:
    assert refusal_of(lint([section("x" * 2_900)] * 5, "message")) == "msg_blocks_too_long"
    assert refusal_of(lint([section("x" * 3_001)], "message")) == "invalid_blocks"


VIEWS = [
    (modal(title=plain("x" * 25)), "less than 25 characters"),
    (modal(submit=plain("x" * 25)), "less than 25 characters"),
    (modal(close=plain("x" * 25)), "less than 25 characters"),
    (modal(private_metadata="x" * 3_001), "less than 3001 characters"),
    (modal(callback_id="x" * 256), "less than 256 characters"),
    (modal(*[section()] * 101), "no more than 100 items"),
    (modal(*[section("é" * 2_900)] * 30), "must be less than 250000 bytes"),
    (modal(field(WRITTEN)), "submit is required"),
    (modal(hash="x"), "invalid additional property: hash"),
    ({"type": "modal", "blocks": []}, "missing required field: title"),
    ({"type": "home", "title": plain(), "blocks": []}, "invalid additional property: title"),
    ({"type": "wizard"}, "unsupported type: wizard"),
    ([], "must be an object"),
]


@pytest.mark.parametrize(("view", "problem"), VIEWS, ids=lambda value: str(value)[:60])
def test_a_view_has_limits_of_its_own(view: Any, problem: str) -> None:
    assert problem in "\n".join(lint_view(view))


def test_a_form_with_a_submit_button_passes() -> None:
    view = modal(field(WRITTEN), submit=plain("Send"), notify_on_close=True, private_metadata="17")
    assert lint_view(view) == []


names = st.sampled_from(["type", "text", "blocks", "elements", "rows", "chart", "tasks", "element", "series"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["section", "actions", "plan", "table", "data_table", "data_visualization", "input"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(values)
def test_nothing_that_json_can_hold_makes_it_fail(anything: Any) -> None:
    assert isinstance(lint(anything, "message"), list)
    assert isinstance(lint_view(anything), list)
