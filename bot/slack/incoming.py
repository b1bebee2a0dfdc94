"""What comes in from Slack, read once at the edge: who, where, and what was said or clicked.

Everything here is from a payload that Slack signed or sent over our own socket. Nothing is read from the text
of a message, and a button's value is only ever an id to look up.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.request import Person

HOME = "home"


@dataclass(frozen=True, slots=True)
class Incoming:
    person: Person
    channel: str
    """Where it was said or clicked; empty in a modal or on the home tab."""
    trigger_id: str
    response_url: str
    text: str = ""
    """The words after the slash command."""
    value: str = ""
    """The value of the button or option."""
    action_id: str = ""
    view_id: str = ""
    form_id: str = ""
    """The modal's private_metadata: the id of a form in the store."""
    inputs: tuple[tuple[str, str], ...] = ()
    """What was entered in a modal: action id and value."""
    view_type: str = ""
    """`home` or `modal` for a click in one; empty for everything else."""

    @property
    def is_home(self) -> bool:
        """Clicked on the home tab, where there is no channel and nobody else."""
        return self.view_type == HOME and not self.channel

    def entered(self, action_id: str) -> str:
        return dict(self.inputs).get(action_id, "")


def from_command(body: Mapping[str, Any]) -> Incoming:
    return Incoming(
        person=Person(body["team_id"], body["user_id"], body.get("enterprise_id") or ""),
        channel=body["channel_id"],
        trigger_id=body["trigger_id"],
        response_url=body["response_url"],
        text=_storable(body.get("text") or ""),
    )


def from_action(body: Mapping[str, Any]) -> Incoming:
    action = body["actions"][0]
    view = body.get("view") or {}
    return Incoming(
        person=_person(body),
        channel=(body.get("channel") or {}).get("id", ""),
        trigger_id=body["trigger_id"],
        response_url=body.get("response_url") or "",
        value=action.get("value") or (action.get("selected_option") or {}).get("value") or "",
        action_id=action["action_id"],
        view_id=view.get("id", ""),
        form_id=view.get("private_metadata", ""),
        view_type=view.get("type", ""),
    )


def from_view(body: Mapping[str, Any]) -> Incoming:
    view = body["view"]
    return Incoming(
        person=_person(body),
        channel="",
        trigger_id=body.get("trigger_id") or "",
        response_url="",
        view_id=view["id"],
        form_id=view.get("private_metadata") or "",
        inputs=entered_in(view),
    )


def from_home(body: Mapping[str, Any]) -> Incoming:
    """From the event app_home_opened, which has no trigger: seeing the tab twice is no harm."""
    person = Person(body["team_id"], body["event"]["user"], body.get("enterprise_id") or "")
    return Incoming(person, channel="", trigger_id="", response_url="")


def entered_in(view: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The values of a modal's inputs, by action id; several are one text, nothing an empty one."""
    fields = [field for block in view["state"]["values"].values() for field in block.items()]
    return tuple((action_id, _value(field)) for action_id, field in fields)


def _value(field: Mapping[str, Any]) -> str:
    several = [each["value"] for each in field.get("selected_options") or ()]
    option = (field.get("selected_option") or {}).get("value") or " ".join(several)
    value = field.get("value") or option or field.get("selected_user") or field.get("selected_date") or ""
    return _storable(value)


def _storable(typed: str) -> str:
    """What was typed, with U+FFFD for what PostgreSQL or UTF-8 has no place for: NUL and lone surrogates."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", typed)


_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def _person(body: Mapping[str, Any]) -> Person:
    user, enterprise = body["user"], body.get("enterprise") or {}
    # The person's own team, which in a shared channel is not the one the app is installed in.
    return Person(user.get("team_id") or body["team"]["id"], user["id"], enterprise.get("id", ""))
