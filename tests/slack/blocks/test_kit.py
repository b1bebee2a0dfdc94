from bot.slack.blocks import kit, tables
from bot.slack.blocks.mrkdwn import md
from bot.slack.ids import ActionId

BUTTONS = kit.actions(kit.button("Go", ActionId.STATUS_RECHECK))


def test_a_message_with_too_many_blocks_keeps_its_first_ones_and_its_buttons_and_says_so():
    sections = [kit.section(md("part {n}", n=n)) for n in range(80)]

    shown = kit.message(md("text"), [*sections, BUTTONS])

    assert len(shown.blocks) == kit.MESSAGE_BLOCKS
    assert shown.blocks[0] == sections[0]
    assert shown.blocks[-2]["elements"] == BUTTONS["elements"]
    assert "shortened" in shown.blocks[-1]["elements"][0]["text"]


def test_a_message_with_too_many_characters_is_shortened_to_what_slack_takes():
    sections = [kit.section(md("{text}", text=md("x" * 2_900))) for _ in range(10)]

    shown = kit.message(md("text"), sections)

    assert kit.characters(shown.blocks) <= kit.MESSAGE_CHARACTERS


def test_a_message_that_fits_is_left_alone():
    sections = [kit.section(md("part {n}", n=n)) for n in range(kit.MESSAGE_BLOCKS)]

    assert kit.message(md("text"), sections).blocks == tuple(sections)


def test_the_text_of_a_message_fits_an_update():
    shown = kit.message(md("{text}", text=md("&amp;" * 2_000)), [])

    assert len(shown.text) <= kit.TEXT_LIMIT
    assert shown.text.endswith("&amp;…")


def test_slack_is_told_to_find_no_links_or_names_in_plain_words():
    assert kit.section(md("see #general and evil.example"))["text"]["verbatim"] is True


def test_an_empty_cell_is_shown_as_a_dash_because_slack_refuses_it():
    assert tables.cell(" \n", 10) == {"type": "raw_text", "text": "-"}
