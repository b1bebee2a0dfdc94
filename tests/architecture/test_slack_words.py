"""Ids, scopes, command and events: what the blocks carry, the app listens for and the manifest asks for."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from bot.slack.app import STORIES
from bot.slack.blocks.request import request
from bot.slack.ids import COMMAND, ActionId, BlockId, CallbackId
from tests.slack.blocks.samples import a_request, homes, messages, modals

ROOT = Path(__file__).parents[2]
CODE = {path: path.read_text("utf-8") for path in sorted((ROOT / "bot").rglob("*.py"))}
OURS = {path: text for path, text in CODE.items() if "sandbox" not in path.parts}

SCOPES: dict[str, frozenset[str]] = {
    "chat.postMessage": frozenset({"chat:write"}),
    "chat.postEphemeral": frozenset({"chat:write"}),
    "chat.getPermalink": frozenset(),
    "chat.update": frozenset({"chat:write"}),
    "conversations.open": frozenset({"im:write"}),
    "conversations.info": frozenset({"channels:read", "groups:read"}),
    "users.info": frozenset({"users:read"}),
    "usergroups.users.list": frozenset({"usergroups:read"}),
    "files.getUploadURLExternal": frozenset({"files:write"}),
    "files.completeUploadExternal": frozenset({"files:write"}),
    "files.upload.v2": frozenset({"files:write"}),
    "views.open": frozenset(),
    "views.push": frozenset(),
    "views.update": frozenset(),
    "views.publish": frozenset(),
    "auth.test": frozenset(),
    "apps.connections.open": frozenset(),
}
"""What each method of the Web API needs of a bot (docs.slack.dev/reference/methods)."""

FAMILIES = "apps|auth|chat|conversations|files|reactions|team|usergroups|users|views"
NAMED = re.compile(rf"[\"']((?:{FAMILIES})(?:\.[a-zA-Z0-9]+)+)[\"']")
CALLED = re.compile(rf"client\w*(?:\([^()]*\))?\.((?:{FAMILIES})_\w+)\(")


def methods() -> set[str]:
    """The Web API methods that the code calls, by either of the two ways of calling one."""
    by_name = {name for text in OURS.values() for name in NAMED.findall(text)}
    known = {name.lower().replace(".", "_"): name for name in SCOPES}
    called = {name for text in OURS.values() for name in CALLED.findall(text)}
    return by_name | {known.get(name.lower(), name) for name in called}


def manifest() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text("utf-8"))
    return found


def parts(value: object) -> Iterator[Mapping[str, Any]]:
    """Every object in a block, itself among them."""
    if isinstance(value, Mapping):
        yield value
        for inner in value.values():
            yield from parts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from parts(inner)


def all_blocks() -> list[Any]:
    shown = [list(message.blocks) for _, message in messages()]
    return shown + [view.body["blocks"] for _, view in (*modals(), *homes())]


def test_every_id_in_blocks_is_declared():
    blocks = all_blocks()

    action_ids = {part["action_id"] for part in parts(blocks) if "action_id" in part}
    input_ids = {part["block_id"] for part in parts(blocks) if part.get("type") == "input"}
    callback_ids = {view.body["callback_id"] for _, view in modals() if "callback_id" in view.body}

    assert action_ids <= set(ActionId)
    assert input_ids <= set(BlockId)
    assert callback_ids - {""} <= set(CallbackId)


def test_everything_that_can_be_pressed_has_a_story():
    """A field of a form is read when the form comes; a button is a payload of its own."""
    pressed = {part["action_id"] for part in parts(all_blocks()) if part.get("type") == "button"}

    assert pressed - {None} <= set(STORIES)


def test_every_action_has_a_story_or_is_a_field_of_a_form():
    fields = {ActionId[block.name] for block in BlockId}

    assert set(ActionId) == set(STORIES) | fields


def test_no_two_ids_are_the_same_word():
    words = [*ActionId, *CallbackId, *BlockId]

    assert len({str(word) for word in words}) == len(words)


def test_a_button_of_a_request_carries_its_id_and_nothing_else():
    asked = a_request()
    buttons = [part for part in parts(list(request(asked).blocks)) if part.get("type") == "button"]

    assert {button["action_id"] for button in buttons} == {
        ActionId.REQUEST_APPROVE,
        ActionId.REQUEST_DENY,
        ActionId.REQUEST_PLAN,
    }
    assert {button["value"] for button in buttons} == {asked.id}


def test_every_method_that_is_called_is_known_with_its_scopes():
    assert methods() <= set(SCOPES)
    assert {"chat.postMessage", "views.open", "users.info"} <= methods()


def test_the_manifest_asks_for_what_is_needed_and_no_more():
    scopes = manifest()["oauth_config"]["scopes"]
    needed = {"commands"} | {scope for method in methods() for scope in SCOPES[method]}
    optional = set(scopes["bot_optional"])

    assert set(scopes["bot"]) == needed - optional
    assert "user" not in scopes


def test_the_manifest_has_the_command_that_is_listened_for():
    (command,) = manifest()["features"]["slash_commands"]

    assert command["command"] == COMMAND


def test_the_manifest_subscribes_to_what_is_listened_for():
    listened = set(
        re.findall(r"app\.event\(\"(\w+)\"\)", (ROOT / "bot" / "slack" / "app.py").read_text("utf-8"))
    )
    settings = manifest()["settings"]

    assert set(settings["event_subscriptions"]["bot_events"]) == listened
    assert settings["socket_mode_enabled"] is True
    assert settings["interactivity"]["is_enabled"] is True
