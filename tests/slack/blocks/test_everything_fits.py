"""Every message, modal and home tab in every state and size: Slack takes it, and it pings nobody."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.request import RequestState
from bot.sandbox.slack.lint import lint, lint_view
from bot.slack.blocks.kit import MESSAGE_CHARACTERS, Form, Message, characters
from bot.slack.blocks.request import request
from bot.slack.blocks.status import status
from tests.slack.blocks.samples import (
    ALL_BAD,
    HOSTILE,
    a_hostile_request,
    a_known,
    a_status,
    homes,
    messages,
    modals,
)

ADDRESS = r"https://team\.slack\.example/archives/C0CHANNEL/p\d+\|see the message"
OURS = re.compile(rf"<(!date\^\d+\^[^|<>]*\|[^<>]*|@U0(OWNER|ASKER|SECOND)|#C0CHANNEL|{ADDRESS})>")
"""The references that the samples put there on purpose; all others came from data."""


def test_every_message_is_one_that_slack_takes():
    wrong = {name: found for name, m in messages() if (found := lint(list(m.blocks), "message"))}

    assert wrong == {}


def test_every_modal_and_home_is_one_that_slack_takes():
    wrong = {name: found for name, view in [*modals(), *homes()] if (found := lint_view(view.body))}

    assert wrong == {}


def test_every_message_stays_well_below_the_sum_that_slack_does_not_document():
    assert [name for name, m in messages() if characters(m.blocks) > MESSAGE_CHARACTERS] == []


def test_every_message_has_a_text_that_fits_an_update():
    assert [name for name, m in messages() if not 0 < len(m.text) <= 4_000] == []


def test_no_message_lets_a_reference_from_data_through():
    for name, m in messages():
        for text in [m.text, *parsed_texts(list(m.blocks))]:
            assert "<" not in OURS.sub("", text), (name, text)


def test_no_view_lets_a_reference_from_data_through():
    for name, view in [*modals(), *homes()]:
        for text in parsed_texts(view.body):
            assert "<" not in OURS.sub("", text), (name, text)


def test_no_message_had_to_be_shortened():
    cut = [name for name, m in messages() if "has been shortened" in json.dumps(m.blocks)]

    assert cut == []


@given(st.text(), st.sampled_from(list(Form)))
def test_whatever_an_account_is_called_its_status_fits_and_pings_nobody(text: str, form: Form):
    known = [a_known(v, name=text, owner=text, why=text, next_step=text) for v in ALL_BAD]

    assert faults(status(a_status(*known, scope=text, problem=text), form=form)) == []


@given(st.text(), st.sampled_from(list(RequestState)))
def test_whatever_people_type_their_request_fits_and_pings_nobody(text: str, state: RequestState):
    assert faults(request(a_hostile_request(state, text))) == []


def faults(shown: Message) -> list[str]:
    """What Slack would refuse, and references that nobody put there on purpose."""
    texts = [shown.text, *parsed_texts(list(shown.blocks))]
    return lint(list(shown.blocks), "message") + [text for text in texts if "<" in OURS.sub("", text)]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_every_message_can_be_sent_as_utf8(text: str):
    shown = status(a_status(a_known(name=text, why=text)))

    assert json.dumps(shown.blocks, ensure_ascii=False).encode()


def parsed_texts(part: object) -> list[str]:
    """The texts that Slack parses, anywhere in blocks or a view."""
    if isinstance(part, dict):
        own = [part["text"]] if part.get("type") == "mrkdwn" else []
        return own + [text for value in part.values() for text in parsed_texts(value)]
    if isinstance(part, (list, tuple)):
        return [text for item in part for text in parsed_texts(item)]
    return []
