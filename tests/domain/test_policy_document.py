"""Policies are compared by what they say, for IAM gives them back spelled otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.policy_document import says_the_same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": 1, "b": 2}', '{"b":2,"a":1}'),
        ('{"AWS": ["x"]}', '{"AWS": "x"}'),
        ('{"AWS": ["x", "y"]}', '{"AWS": ["y", "x"]}'),
        ('[{"a": 1}, {"b": [2]}]', '[{"b": 2}, {"a": 1}]'),
        ('{"AWS": "\\u00e9"}', '{"AWS": "é"}'),
    ],
)
def test_what_iam_does_not_keep_makes_no_difference(one: str, other: str) -> None:
    assert says_the_same(one, other)
    assert says_the_same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"AWS": ["x", "y"]}', '{"AWS": ["x"]}'),
        ('{"AWS": ["x", "x"]}', '{"AWS": ["x"]}'),
        ('{"AWS": "x"}', '{"AWS": "y"}'),
        ('{"AWS": "x"}', '{"AWS": "X"}'),
        ('{"AWS": "x"}', '{"AWS": "x", "Condition": {}}'),
        ('{"Bool": true}', '{"Bool": 1}'),
        ('{"Bool": true}', '{"Bool": "true"}'),
    ],
)
def test_everything_else_does(one: str, other: str) -> None:
    assert not says_the_same(one, other)
    assert not says_the_same(other, one)


@pytest.mark.parametrize("text", ["nonsense", "", '{"Id": 1.5}', "[0.5, 0.25]", "[" * 100_000])
def test_what_is_no_policy_is_not_even_the_same_as_itself(text: str) -> None:
    assert not says_the_same(text, text)


@given(st.text(max_size=20))
def test_no_text_raises(text: str) -> None:
    assert not says_the_same(text, '{"Version":"2012-10-17","Statement":[]}')
