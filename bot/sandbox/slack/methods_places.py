"""conversations.*, users.*, usergroups.*, auth.test: the workspace as an app may see it."""

from collections.abc import Sequence
from typing import TypeVar

from bot.sandbox.slack.calls import Call
from bot.sandbox.slack.method_table import TIER_2, TIER_3, TIER_4, Method
from bot.sandbox.slack.places import find_channel, readable_place, require_scope, show_channel, show_dm
from bot.sandbox.slack.site import Site, SlackRefusal
from bot.sandbox.slack.workspace import Channel, Json, Member, UserGroup

CREATED = 1_700_000_000
T = TypeVar("T")


def api_test(_site: Site, call: Call) -> Json:
    if error := call.text("error"):
        raise SlackRefusal(error, {"args": dict(call.arguments)})
    return {"args": dict(call.arguments)}


def auth_test(site: Site, _call: Call) -> Json:
    workspace, bot = site.workspace, site.bot
    return {
        "url": f"https://{workspace.domain}.slack.com/",
        "team": workspace.name,
        "user": bot.name,
        "team_id": workspace.team_id,
        "user_id": bot.user_id,
        "bot_id": bot.bot_id,
        "is_enterprise_install": False,
    }


def connections_open(site: Site, _call: Call) -> Json:
    # ws follows http, as it stands on the loopback of this machine.
    address = site.base_url.replace("http", "ws", 1)
    return {"url": f"{address}/link/?ticket={site.sockets.issue_ticket()}&app_id={site.bot.app_id}"}


def conversations_info(site: Site, call: Call) -> Json:
    channel_id = readable_place(site, call.required("channel"), "read")
    channel = site.workspace.channel(channel_id)
    return {"channel": show_channel(site, channel) if channel else show_dm(site, channel_id)}


def conversations_list(site: Site, call: Call) -> Json:
    wanted = {kind.strip() for kind in call.text("types", "public_channel").split(",")}
    for kind, scope in {"public_channel": "channels:read", "private_channel": "groups:read"}.items():
        if kind in wanted:
            require_scope(site, scope)
    found = [channel for channel in site.workspace.channels if _listed(site, call, channel, wanted)]
    page, cursor = _page(found, call)
    shown = [show_channel(site, channel) for channel in page]
    return {"channels": shown, "response_metadata": {"next_cursor": cursor}}


def conversations_members(site: Site, call: Call) -> Json:
    channel_id = readable_place(site, call.required("channel"), "read")
    bot = [site.bot.user_id]
    if person := site.state.dm_person(channel_id):
        everyone = [person, *bot]
    else:
        everyone = [*site.state.members[channel_id], *(bot if channel_id in site.state.with_bot else [])]
    page, cursor = _page(everyone, call)
    return {"members": list(page), "response_metadata": {"next_cursor": cursor}}


def conversations_open(site: Site, call: Call) -> Json:
    users = [user for user in call.text("users").split(",") if user]
    if not users:
        return {"channel": show_dm(site, find_channel(site, call.required("channel")))}
    if len(users) > 1:
        raise SlackRefusal("missing_scope", {"needed": "mpim:write", "provided": ",".join(site.bot.scopes)})
    if site.workspace.member(users[0]) is None:
        raise SlackRefusal("user_not_found")
    channel_id = site.state.dm_of(users[0])
    return {"channel": show_dm(site, channel_id) if call.flag("return_im") else {"id": channel_id}}


def conversations_join(site: Site, call: Call) -> Json:
    channel_id = find_channel(site, call.required("channel"))
    channel = site.workspace.channel(channel_id)
    if channel is None:
        raise SlackRefusal("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackRefusal("is_archived")
    site.state.with_bot.add(channel_id)
    site.state.tell_all({"type": "channels"})
    return {"channel": show_channel(site, channel)}


def users_info(site: Site, call: Call) -> Json:
    user_id = call.required("user")
    if user_id == site.bot.user_id:
        return {"user": show_bot_user(site)}
    person = site.workspace.member(user_id)
    if person is None:
        raise SlackRefusal("user_not_found")
    return {"user": show_person(site, person)}


def users_list(site: Site, call: Call) -> Json:
    everyone = [show_person(site, person) for person in site.workspace.people]
    page, cursor = _page([*everyone, show_bot_user(site)], call)
    return {
        "members": list(page),
        "cache_ts": int(site.state.clock()),
        "response_metadata": {"next_cursor": cursor},
    }


def usergroups_list(site: Site, call: Call) -> Json:
    with_users = call.flag("include_users")
    return {"usergroups": [_show_group(site, group, with_users) for group in site.workspace.user_groups]}


def usergroups_users_list(site: Site, call: Call) -> Json:
    wanted = call.required("usergroup")
    for group in site.workspace.user_groups:
        if group.id == wanted:
            return {"users": list(group.users)}
    raise SlackRefusal("no_such_subteam")


def show_person(site: Site, person: Member) -> Json:
    stranger = site.workspace.is_stranger(person)
    return {
        "id": person.id,
        "team_id": site.workspace.home_team(person),
        "name": person.name,
        "deleted": person.is_deleted,
        "real_name": person.real_name,
        "tz": person.tz,
        "tz_label": person.tz,
        "tz_offset": person.tz_offset,
        "profile": {
            "real_name": person.real_name,
            "display_name": person.real_name,
            "title": person.title,
            "team": site.workspace.home_team(person),
        },
        "is_admin": person.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": person.is_restricted,
        "is_ultra_restricted": False,
        "is_bot": False,
        "is_app_user": False,
        "updated": CREATED,
    } | ({"is_stranger": True} if stranger else {})


def show_bot_user(site: Site) -> Json:
    bot, team_id = site.bot, site.workspace.team_id
    return {
        "id": bot.user_id,
        "team_id": team_id,
        "name": bot.name,
        "deleted": False,
        "real_name": bot.display_name,
        "profile": {
            "real_name": bot.display_name,
            "display_name": "",
            "bot_id": bot.bot_id,
            "api_app_id": bot.app_id,
        },
        "is_admin": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": True,
        "is_app_user": False,
        "updated": CREATED,
    }


def _show_group(site: Site, group: UserGroup, with_users: bool) -> Json:  # noqa: FBT001 - Slack's own flag
    return {
        "id": group.id,
        "team_id": site.workspace.team_id,
        "is_usergroup": True,
        "name": group.name,
        "handle": group.handle,
        "description": "",
        "is_external": False,
        "date_create": CREATED,
        "date_delete": 0,
        "user_count": len(group.users),
    } | ({"users": list(group.users)} if with_users else {})


def _listed(site: Site, call: Call, channel: Channel, wanted: set[str]) -> bool:
    kind = "private_channel" if channel.is_private else "public_channel"
    hidden = channel.is_private and channel.id not in site.state.with_bot
    return kind in wanted and not hidden and not (call.flag("exclude_archived") and channel.is_archived)


def _page(items: Sequence[T], call: Call) -> tuple[Sequence[T], str]:
    """One page and the cursor of the next; here a cursor is a position, for apps it is only a word."""
    cursor = call.text("cursor") or "0"
    if not cursor.isdecimal():
        raise SlackRefusal("invalid_cursor")
    start, limit = int(cursor), call.number("limit", 0) or len(items)
    if limit < 0:
        raise SlackRefusal("invalid_limit")
    end = start + limit
    return items[start:end], str(end) if end < len(items) else ""


PLACE_METHODS = {
    "api.test": Method(api_test, needs_token=False),
    "auth.test": Method(auth_test),
    "apps.connections.open": Method(connections_open, needs_app_token=True),
    "conversations.info": Method(conversations_info, "", TIER_3),
    "conversations.list": Method(conversations_list, "", TIER_2),
    "conversations.members": Method(conversations_members, "", TIER_4),
    "conversations.open": Method(conversations_open, "im:write", TIER_3),
    "conversations.join": Method(conversations_join, "channels:join", TIER_3),
    "users.info": Method(users_info, "users:read", TIER_4),
    "users.list": Method(users_list, "users:read", TIER_2),
    "usergroups.list": Method(usergroups_list, "usergroups:read", TIER_2),
    "usergroups.users.list": Method(usergroups_users_list, "usergroups:read", TIER_2),
}
