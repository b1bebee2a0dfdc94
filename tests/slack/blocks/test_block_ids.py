from bot.slack.blocks import kit
from bot.slack.blocks.block_ids import named
from bot.slack.blocks.mrkdwn import md
from bot.slack.ids import ActionId


def _row(value: str) -> dict:
    return kit.actions(kit.button("Approve", ActionId.REQUEST_APPROVE, value=value)) or {}


def _ids(*blocks: dict) -> list[str]:
    return [block.get("block_id", "") for block in named(blocks)]


def test_a_row_of_buttons_shown_again_keeps_its_id():
    first = kit.message(md("Asked"), [kit.section(md("one minute ago")), _row("REQ-1")])
    again = kit.message(md("Asked"), [kit.section(md("an hour ago")), kit.divider(), _row("REQ-1")])

    assert first.blocks[-1]["block_id"] == again.blocks[-1]["block_id"]


def test_a_row_for_something_else_has_another_id():
    assert _ids(_row("REQ-1")) != _ids(_row("REQ-2"))


def test_the_same_row_twice_has_two_ids():
    one, other = _ids(_row("REQ-1"), _row("REQ-1"))

    assert one != other


def test_a_button_beside_a_text_counts_and_a_text_alone_needs_no_id():
    button = kit.button("Approve", ActionId.REQUEST_APPROVE, value="REQ-1")
    beside = kit.section(md("payments-prod")) | {"accessory": button}

    assert _ids(beside, kit.section(md("payments-prod"))) == [*_ids(_row("REQ-1")), ""]


def test_an_id_that_a_block_has_is_kept():
    assert _ids(_row("REQ-1") | {"block_id": "mine"}) == ["mine"]
