"""What one person sees, as the page and `Person` read it."""

from dataclasses import dataclass

from bot.sandbox.slack.elements import initial_values
from bot.sandbox.slack.messages import Message, View
from bot.sandbox.slack.methods_places import show_person
from bot.sandbox.slack.site import Site
from bot.sandbox.slack.workspace import Channel, Json


@dataclass(frozen=True, slots=True)
class Tip:
    """One of the things to try that the page's welcome shows. A click types `text` for the person."""

    title: str
    text: str
    why: str = ""
    channel: str = ""
    """A channel's name; empty for the one in front."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A page of the host's own, which the sidebar links to. `path` must be one of its extra routes."""

    title: str
    path: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """What the program around this Slack adds to the page."""

    tips: tuple[Tip, ...] = ()
    panels: tuple[Panel, ...] = ()


def snapshot(site: Site, user: str, host: Host) -> Json:
    channels = [_channel(site, user, channel) for channel in site.state.channels_of(user)]
    channels.append(_dm(site, user))
    home = site.state.homes.get(user)
    return {
        "workspace": _workspace(site),
        "me": user,
        "now": site.state.clock(),
        "people": [_person(site, person.id) for person in site.workspace.people],
        "channels": channels,
        "messages": {channel["id"]: messages(site, user, channel["id"]) for channel in channels},
        "views": [_view(site, view) for view in site.state.open_stack(user)],
        "home": _view(site, home) if home else None,
        "app": app(site),
        "tips": [{"title": t.title, "text": t.text, "why": t.why, "channel": t.channel} for t in host.tips],
        "panels": [{"title": p.title, "path": p.path, "about": p.about} for p in host.panels],
    }


def messages(site: Site, user: str, channel_id: str) -> list[Json]:
    return [message(site, user, m) for m in site.state.history(channel_id, user)]


def message(site: Site, user: str, m: Message) -> Json:
    entered = site.state.choices.get((user, m.ts), {})
    return site.show_message(m) | {
        "is_ephemeral": bool(m.ephemeral_to),
        "values": initial_values(m.blocks, entered),
    }


def app(site: Site) -> Json:
    over_http = site.delivery is not site.sockets
    return {"connections": 1 if over_http else site.sockets.count, "is_out": site.is_out}


def _view(site: Site, view: View) -> Json:
    entered = site.state.choices.get((view.user, view.id), {})
    return site.show_view(view) | {"values": initial_values(view.blocks, entered)}


def _workspace(site: Site) -> Json:
    workspace, bot = site.workspace, site.bot
    commands = bot.commands or ()
    return {
        "team_id": workspace.team_id,
        "name": workspace.name,
        "domain": workspace.domain,
        "bot": {
            "user_id": bot.user_id,
            "bot_id": bot.bot_id,
            "app_id": bot.app_id,
            "name": bot.name,
            "display_name": bot.display_name,
            "description": bot.description,
            "color": bot.color,
        },
        "commands": [
            {"name": c.name, "description": c.description, "usage_hint": c.usage_hint} for c in commands
        ],
        "user_groups": [
            {"id": g.id, "handle": g.handle, "name": g.name, "users": list(g.users)}
            for g in workspace.user_groups
        ],
        "channel_names": {channel.id: channel.name for channel in workspace.channels},
    }


def _person(site: Site, user_id: str) -> Json:
    person = site.workspace.member(user_id)
    if person is None:
        return {}
    return show_person(site, person) | {"about": person.about, "title": person.title}


def _channel(site: Site, user: str, channel: Channel) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "topic": channel.topic,
        "is_im": False,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_ext_shared": channel.is_ext_shared,
        "has_bot": channel.id in site.state.with_bot,
        "members": list(site.state.members[channel.id]),
        "unread": site.state.unread(channel.id, user),
    }


def _dm(site: Site, user: str) -> Json:
    channel_id = site.state.dm_of(user)
    return {
        "id": channel_id,
        "name": site.bot.display_name,
        "topic": "",
        "is_im": True,
        "is_private": True,
        "is_archived": False,
        "is_ext_shared": False,
        "has_bot": True,
        "members": [user, site.bot.user_id],
        "unread": site.state.unread(channel_id, user),
    }
