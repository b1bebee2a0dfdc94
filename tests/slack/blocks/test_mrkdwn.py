import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.blocks.mrkdwn import (
    Mrkdwn,
    clean,
    code,
    cut,
    cut_mrkdwn,
    length,
    md,
    mention,
    moment,
    one_line,
    sentence,
)
from tests.slack.blocks.samples import FAMILY, NOW

GLYPHS = [
    FAMILY,
    "\N{REGIONAL INDICATOR SYMBOL LETTER D}\N{REGIONAL INDICATOR SYMBOL LETTER E}",
    "\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-5}",
    "e\u0301",
    "1\ufe0f\u20e3",
]
"""Each drawn as one, made of several code points."""


def test_a_value_in_a_template_is_escaped_and_the_template_is_not():
    assert md("*{name}*", name="<!channel> & co") == "*&lt;!channel&gt; &amp; co*"


def test_a_value_that_is_parsed_text_already_is_not_escaped_twice():
    assert md("{who}", who=mention("U0ABC")) == "<@U0ABC>"


def test_a_value_with_braces_is_not_taken_for_a_template():
    assert md("{name} {other}", name="{other}", other="x") == "{other} x"


def test_a_value_stays_on_one_line():
    assert md("{name}", name="one\ntwo\r\n\tthree") == "one two three"


@pytest.mark.parametrize("text", ["", "<!channel>", "U0abc", "U0ABC> <!here", "@U0ABC"])
def test_only_the_id_of_a_person_becomes_a_mention(text: str):
    assert "<" not in mention(text)


def test_a_backtick_cannot_end_a_code_span():
    assert code("a`b").count("`") == 2


def test_marks_that_reorder_text_are_taken_out():
    assert one_line("\u202egpj.exe\u202c\u200f", 50) == "gpj.exe"


def test_a_lone_surrogate_is_replaced():
    assert clean("a\ud800b") == "a\N{REPLACEMENT CHARACTER}b"


def test_a_time_is_shown_in_the_readers_zone_and_says_utc_where_it_cannot_be():
    assert moment(NOW) == "<!date^1769828400^{date_short_pretty} {time}|2026-01-31 03:00 UTC>"


@pytest.mark.parametrize("glyph", GLYPHS)
@pytest.mark.parametrize("limit", range(1, 30))
def test_a_cut_never_falls_inside_a_glyph(glyph: str, limit: int):
    kept = cut(glyph * 20, limit).removesuffix("…")

    assert kept.replace(glyph, "") == ""


@given(st.text(), st.integers(1, 60))
def test_a_cut_text_is_never_longer_than_its_limit(text: str, limit: int):
    assert length(cut(text, limit)) <= limit


@given(st.text(alphabet="ab<&>"), st.integers(1, 40))
def test_cut_parsed_text_holds_no_half_of_an_entity_or_reference(text: str, limit: int):
    kept = cut_mrkdwn(md("{text} <!date^1^x|y> {text}", text=text), limit)

    assert kept.count("<") == kept.count(">")
    assert kept.count("&") == kept.count(";")
    assert length(kept) <= limit


def test_a_sentence_mentions_people_in_private():
    text = "Ask <@U0ABC> or <!subteam^S0ABC> in <#C0ABC>."

    assert sentence(text, private=True) == text


def test_a_sentence_in_a_channel_mentions_nobody():
    shown = sentence("Ask <@U0ABC> or <!subteam^S0ABC> in <#C0ABC>.")

    assert shown == "Ask @U0ABC or @S0ABC in <#C0ABC>."


def test_a_sentence_in_a_channel_mentions_those_whom_its_record_names():
    shown = sentence("<@U0ABC> denied what <@U0DEF> asked.", people=frozenset({"U0ABC"}))

    assert shown == "<@U0ABC> denied what @U0DEF asked."


def test_a_sentence_never_calls_a_whole_channel():
    text = "<!channel> <!here> <!everyone> <https://evil.example|x>"

    assert "<" not in sentence(text, private=True) + sentence(text)


def test_parsed_text_joined_with_plain_text_is_no_parsed_text():
    assert type(Mrkdwn("a") + "<b>") is str
