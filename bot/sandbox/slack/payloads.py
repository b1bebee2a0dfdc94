"""The payloads an app receives, in the shapes in which Slack sends them."""

import secrets

from bot.sandbox.slack.elements import initial_values
from bot.sandbox.slack.messages import Message, View
from bot.sandbox.slack.site import Site
from bot.sandbox.slack.workspace import Json


def slash_command(site: Site, user_id: str, channel_id: str, command: str, text: str) -> Json:
    person = site.workspace.member(user_id)
    return {
        "token": site.bot.verification_token,
        "team_id": site.workspace.team_id,
        "team_domain": site.workspace.domain,
        "channel_id": channel_id,
        "channel_name": site.state.name_of(channel_id),
        "user_id": user_id,
        "user_name": person.name if person else "",
        "command": command,
        "text": text,
        "api_app_id": site.bot.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url(site, "commands", site.state.mint_response_url(user_id, channel_id)),
        "trigger_id": site.state.mint_trigger(user_id),
    }


def response_url(site: Site, kind: str, secret: str) -> str:
    return f"{site.base_url}/{kind}/{site.workspace.team_id}/{secret}"


def actions_on_message(site: Site, user_id: str, message: Message, action: Json) -> Json:
    secret = site.state.mint_response_url(user_id, message.channel, message.ts)
    return (
        _interaction(site, "block_actions", user_id)
        | on_message(site, message)
        | {
            "trigger_id": site.state.mint_trigger(user_id),
            "state": {"values": _entered(site, user_id, message)},
            "response_url": response_url(site, "actions", secret),
            "actions": [action],
        }
    )


def on_message(site: Site, message: Message) -> Json:
    """The part of a payload that says on which message it happened. An ephemeral one is not repeated."""
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": bool(message.ephemeral_to),
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    part: Json = {
        "container": container,
        "channel": {"id": message.channel, "name": site.state.name_of(message.channel)},
    }
    return part if message.ephemeral_to else part | {"message": site.show_message(message)}


def actions_on_view(site: Site, user_id: str, view: View, action: Json) -> Json:
    return (
        _interaction(site, "block_actions", user_id)
        | on_view(site, view)
        | {
            "trigger_id": site.state.mint_trigger(user_id, "" if view.is_home else view.id),
            "actions": [action],
        }
    )


def on_view(site: Site, view: View) -> Json:
    return {"container": {"type": "view", "view_id": view.id}, "view": site.show_view(view)}


def view_submission(site: Site, view: View) -> Json:
    return _interaction(site, "view_submission", view.user) | {
        "trigger_id": site.state.mint_trigger(view.user, view.id),
        "view": site.show_view(view),
        "response_urls": [],
    }


def view_closed(site: Site, view: View, *, is_cleared: bool) -> Json:
    return _interaction(site, "view_closed", view.user) | {
        "view": site.show_view(view),
        "is_cleared": is_cleared,
    }


def block_suggestion(site: Site, user_id: str, ids: tuple[str, str], value: str, place: Json) -> Json:
    """`ids`: the block's and the action's; `place`: from `on_message` or `on_view`."""
    block_id, action_id = ids
    asked = {"block_id": block_id, "action_id": action_id, "value": value}
    return _interaction(site, "block_suggestion", user_id) | place | asked


def event(site: Site, inner: Json) -> Json:
    """An Events API callback around one event."""
    workspace = site.workspace
    return {
        "token": site.bot.verification_token,
        "team_id": workspace.team_id,
        "api_app_id": site.bot.app_id,
        "event": inner,
        "type": "event_callback",
        "event_id": "Ev" + secrets.token_hex(5).upper(),
        "event_time": int(site.state.clock()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.team_id,
                "user_id": site.bot.user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": "4-" + secrets.token_urlsafe(24),
    }


def app_home_opened(site: Site, user_id: str, tab: str) -> Json:
    view = site.state.homes.get(user_id)
    inner: Json = {
        "type": "app_home_opened",
        "user": user_id,
        "channel": site.state.dm_of(user_id),
        "tab": tab,
        "event_ts": site.state.mint_ts(),
    }
    if view and tab == "home":
        inner["view"] = site.show_view(view)
    return event(site, inner)


def member_joined_channel(site: Site, channel_id: str, inviter: str) -> Json:
    inner = {
        "type": "member_joined_channel",
        "user": site.bot.user_id,
        "channel": channel_id,
        "channel_type": "C",
        "team": site.workspace.team_id,
        "inviter": inviter,
        "event_ts": site.state.mint_ts(),
    }
    return event(site, inner)


def _interaction(site: Site, kind: str, user_id: str) -> Json:
    person = site.workspace.member(user_id)
    team_id = site.workspace.home_team(person) if person else site.workspace.team_id
    name = person.name if person else ""
    return {
        "type": kind,
        "user": {"id": user_id, "username": name, "name": name, "team_id": team_id},
        "api_app_id": site.bot.app_id,
        "token": site.bot.verification_token,
        "team": {"id": site.workspace.team_id, "domain": site.workspace.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _entered(site: Site, user_id: str, message: Message) -> Json:
    return initial_values(message.blocks, site.state.choices.get((user_id, message.ts), {}))
