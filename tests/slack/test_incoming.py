"""What is read out of Slack's payloads, and what is not."""

import json

import pytest

from bot.domain.request import Person
from bot.slack.incoming import from_action, from_command, from_home, from_view
from tests.slack.listeners.payloads import (
    TEAM,
    Json,
    a_view,
    block_action,
    home_opened,
    on_message,
    on_view,
    selected,
    slash_command,
    typed,
    view_submission,
    wished_waiver,
)

URL = "https://hooks.slack.example/commands/1"


def a_command(**more: object) -> Json:
    return slash_command("status prod", user="U1", channel="C1", trigger_id="1.2.a", response_url=URL) | dict(
        more
    )


def an_action(**more: object) -> Json:
    action = block_action("request.approve", "fix-1", user="U1", trigger_id="1.2.a")
    return action | on_message("C1", URL, text="words") | dict(more)


def test_a_command_says_who_where_and_what():
    incoming = from_command(a_command())

    assert incoming.person == Person(TEAM, "U1")
    assert (incoming.channel, incoming.text) == ("C1", "status prod")
    assert (incoming.trigger_id, incoming.response_url) == ("1.2.a", URL)


def test_a_command_without_words_has_empty_ones():
    body = a_command()
    del body["text"]

    assert from_command(body).text == ""


def test_in_an_enterprise_a_person_is_the_same_by_command_button_and_form():
    """Four eyes are counted by these ids: one human must not be two people."""
    enterprise = {"id": "E1", "name": "Northwind"}
    view = a_view("V1", "fix.submit", "form-1", {})

    command = from_command(a_command(enterprise_id="E1", enterprise_name="Northwind"))
    action = from_action(an_action(enterprise=enterprise))
    form = from_view(view_submission(view, user="U1", trigger_id="1.2.a") | {"enterprise": enterprise})

    assert command.person == action.person == form.person == Person(TEAM, "U1", "E1")


def test_in_a_shared_channel_the_team_is_the_persons_own():
    body = an_action()
    body["user"]["team_id"] = "T0PARTNER"

    assert from_action(body).person == Person("T0PARTNER", "U1")


def test_a_button_says_what_its_value_is_and_nothing_of_its_message():
    incoming = from_action(an_action())

    assert (incoming.action_id, incoming.value) == ("request.approve", "fix-1")
    assert (incoming.channel, incoming.text) == ("C1", "")


def test_a_button_without_a_value_has_an_empty_one():
    body = an_action()
    del body["actions"][0]["value"]

    assert from_action(body).value == ""


def test_a_select_says_what_was_chosen():
    body = an_action()
    body["actions"] = [{"type": "static_select", "action_id": "a", "selected_option": {"value": "chosen"}}]

    assert from_action(body).value == "chosen"


def test_in_a_modal_there_is_no_channel_and_no_way_back_but_a_direct_message():
    incoming = from_action(block_action("a", "", user="U1", trigger_id="1.2.a") | on_view("modal"))

    assert (incoming.channel, incoming.response_url) == ("", "")
    assert incoming.view_id == "V0VIEW"


def test_a_click_on_the_home_tab_is_one_and_a_click_anywhere_else_is_not():
    """Where a decision is made hangs on it: a modal has a view, too, and a message has a channel."""
    action = block_action("a", "", user="U1", trigger_id="1.2.a")

    assert from_action(action | on_view("home")).is_home
    assert not from_action(action | on_view("modal")).is_home
    assert not from_action(an_action()).is_home
    assert not from_action(an_action() | on_view("home")).is_home


def test_a_form_says_what_was_entered_by_action_id():
    values = typed("b1", "reason", "why") | selected("b2", "account", "111122223333") | typed("b3", "x", None)
    view = a_view("V1", "fix.submit", "form-1", values)

    incoming = from_view(view_submission(view, user="U1", trigger_id="1.2.a"))

    assert (incoming.view_id, incoming.form_id) == ("V1", "form-1")
    assert incoming.entered("reason") == "why"
    assert incoming.entered("account") == "111122223333"
    assert incoming.entered("x") == ""
    assert incoming.entered("not there") == ""


def test_a_person_and_a_date_that_were_picked_are_their_ids():
    view = a_view("V1", "waive.submit", "form-1", wished_waiver("U2", "2026-04-01", None))

    incoming = from_view(view_submission(view, user="U1", trigger_id="1.2.a"))

    assert (incoming.entered("waive.owner"), incoming.entered("waive.until")) == ("U2", "2026-04-01")


def test_opening_the_home_tab_says_who():
    incoming = from_home(home_opened("U1"))

    assert incoming.person == Person(TEAM, "U1")
    assert (incoming.channel, incoming.trigger_id) == ("", "")


@pytest.mark.parametrize("unstorable", ["\x00", "\ud83d"])
def test_what_no_database_can_hold_comes_in_as_a_replacement_character(unstorable: str):
    """Slack sends JSON, in which both can be written; half of an emoji is cut off by some clients."""
    view = a_view("V1", "fix.submit", "form-1", typed("b1", "fix.reason", f"why{unstorable}not"))
    body = json.loads(json.dumps(view_submission(view, user="U1", trigger_id="1.2.a")))

    command = from_command(a_command(text=f"pause too{unstorable}late"))
    incoming = from_view(body)

    assert command.text == "pause too\N{REPLACEMENT CHARACTER}late"
    assert incoming.entered("fix.reason") == "why\N{REPLACEMENT CHARACTER}not"


def test_a_whole_emoji_comes_in_as_it_was_typed():
    command = json.loads(json.dumps(a_command(text="pause \N{SNOWMAN WITHOUT SNOW} \N{ROCKET}")))

    assert from_command(command).text == "pause \N{SNOWMAN WITHOUT SNOW} \N{ROCKET}"
