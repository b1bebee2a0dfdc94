"""The payloads that Slack sends, in its own shapes (docs.slack.dev: interaction payloads, Events API)."""

from typing import Any

Json = dict[str, Any]

TEAM = "T0SANDBOX0"
APP = {"api_app_id": "A0SUPPORTBOT", "token": "verification-token"}


def slash_command(
    text: str,
    *,
    user: str,
    channel: str,
    trigger_id: str,
    response_url: str,
    team: str = TEAM,
    command: str = "/support-role",
) -> Json:
    return {
        **APP,
        "team_id": team,
        "team_domain": "northwind-cloud",
        "channel_id": channel,
        "channel_name": "a-channel",
        "user_id": user,
        "user_name": "somebody",
        "command": command,
        "text": text,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def block_action(action_id: str, value: str, *, user: str, trigger_id: str, team: str = TEAM) -> Json:
    """A button; where it stands is added by one of the three below."""
    return {
        **APP,
        "type": "block_actions",
        "user": {"id": user, "username": "somebody", "name": "somebody", "team_id": team},
        "team": {"id": TEAM, "domain": "northwind-cloud"},
        "enterprise": None,
        "is_enterprise_install": False,
        "trigger_id": trigger_id,
        "actions": [
            {
                "type": "button",
                "action_id": action_id,
                "block_id": "b1",
                "text": {"type": "plain_text", "text": "A button", "emoji": True},
                "value": value,
                "action_ts": "1769828400.000100",
            },
        ],
    }


def on_message(channel: str, response_url: str, *, text: str = "", blocks: list[Json] | None = None) -> Json:
    ts = "1769828400.000100"
    return {
        "container": {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": False},
        "channel": {"id": channel, "name": "a-channel"},
        "message": {
            "type": "message",
            "user": "U0SUPPORTBOT",
            "bot_id": "B0SUPPORTBOT",
            "app_id": "A0SUPPORTBOT",
            "team": TEAM,
            "ts": ts,
            "text": text,
            "blocks": blocks or [],
        },
        "state": {"values": {}},
        "response_url": response_url,
    }


def on_view(view_type: str) -> Json:
    """In a modal or on the home tab: no channel and no response_url."""
    view = a_view("V0VIEW", "", "", {}) | {"type": view_type}
    return {"container": {"type": "view", "view_id": "V0VIEW"}, "view": view}


def view_submission(view: Json, *, user: str, trigger_id: str, team: str = TEAM) -> Json:
    return {
        **APP,
        "type": "view_submission",
        "user": {"id": user, "username": "somebody", "name": "somebody", "team_id": team},
        "team": {"id": TEAM, "domain": "northwind-cloud"},
        "enterprise": None,
        "is_enterprise_install": False,
        "trigger_id": trigger_id,
        "view": view,
        "response_urls": [],
    }


def a_view(view_id: str, callback_id: str, form_id: str, values: Json) -> Json:
    return {
        "id": view_id,
        "team_id": TEAM,
        "type": "modal",
        "blocks": [],
        "private_metadata": form_id,
        "callback_id": callback_id,
        "state": {"values": values},
        "hash": "1769828400.abcdef",
        "title": {"type": "plain_text", "text": "A modal", "emoji": True},
        "clear_on_close": False,
        "notify_on_close": False,
        "close": None,
        "submit": None,
        "previous_view_id": None,
        "root_view_id": view_id,
        "app_id": "A0SUPPORTBOT",
        "external_id": "",
        "app_installed_team_id": TEAM,
        "bot_id": "B0SUPPORTBOT",
    }


def typed(block_id: str, action_id: str, value: str | None) -> Json:
    """What stands in a text field, as it stands in a view's state; null when it was left empty."""
    return {block_id: {action_id: {"type": "plain_text_input", "value": value}}}


def selected(block_id: str, action_id: str, value: str) -> Json:
    option = {"text": {"type": "plain_text", "text": "An option", "emoji": True}, "value": value}
    return {block_id: {action_id: {"type": "static_select", "selected_option": option}}}


def several_selected(block_id: str, action_id: str, *values: str) -> Json:
    text = {"type": "plain_text", "text": "An option", "emoji": True}
    options = [{"text": text, "value": value} for value in values]
    return {block_id: {action_id: {"type": "multi_static_select", "selected_options": options}}}


def wished_waiver(owner: str | None, until: str | None, reason: str | None) -> Json:
    """What stands in the form of a waiver; null for what was left empty."""
    return {
        "waive.owner.block": {"waive.owner": {"type": "users_select", "selected_user": owner}},
        "waive.until.block": {"waive.until": {"type": "datepicker", "selected_date": until}},
        **typed("waive.reason.block", "waive.reason", reason),
    }


def event(inner: Json) -> Json:
    return {
        **APP,
        "team_id": TEAM,
        "event": inner,
        "type": "event_callback",
        "event_id": "Ev0123456789",
        "event_time": 1769828400,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": "U0SUPPORTBOT",
                "is_bot": True,
                "is_enterprise_install": False,
            },
        ],
        "is_ext_shared_channel": False,
        "event_context": "4-abc",
    }


def home_opened(user: str) -> Json:
    channel = "D" + user[1:]
    return event(
        {
            "type": "app_home_opened",
            "user": user,
            "channel": channel,
            "tab": "home",
            "event_ts": "1769828400.1",
        },
    )
