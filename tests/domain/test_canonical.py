"""RFC 8785: one spelling for a JSON value."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.canonical import Json, canonical_json, sha256

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        # The RFC's own examples (section 3.2), without their floats.
        (
            {"string": '€$\u000f\nA\'B"\\\\"/', "literals": [None, True, False]},
            '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
        ),
        (
            {"€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\u0080": 6, "ö": 7},
            '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
        ),
        ({}, "{}"),
        ([], "[]"),
        ({"b": {"d": 1, "c": 2}, "a": []}, '{"a":[],"b":{"c":2,"d":1}}'),
        ("\x00\x1f\x7f", '"\\u0000\\u001f\x7f"'),
        (("a", 1), '["a",1]'),
    ],
)
def test_a_value_has_the_spelling_of_the_rfc(value: Json, text: str):
    assert canonical_json(value) == text


@pytest.mark.parametrize("value", [1.0, [0.5], {"a": {"b": float("nan")}}])
def test_floats_are_refused(value: Any):
    with pytest.raises(TypeError, match="no floats"):
        canonical_json(value)


@given(VALUES)
def test_nothing_is_lost_and_the_spelling_is_stable(value: Any):
    text = canonical_json(value)

    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


@given(st.dictionaries(st.text(max_size=4), st.integers(), min_size=2), st.randoms())
def test_the_order_of_keys_makes_no_difference(value: dict[str, int], random: Any):
    keys = list(value)
    random.shuffle(keys)

    assert canonical_json({key: value[key] for key in keys}) == canonical_json(value)


@given(VALUES, VALUES)
def test_different_values_have_different_spellings(one: Any, other: Any):
    # json.dumps tells True from 1, which Python does not.
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)

    assert (canonical_json(one) == canonical_json(other)) is same


def test_a_hash_is_of_the_utf_8_text():
    assert sha256("€") == "c4cc90ed3d26f12d4b08a75140970a7904035c31cbb4515a83f19b9003c00d1d"
    assert len(sha256("\ud800")) == 64
