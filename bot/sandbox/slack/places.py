"""Where an app may post and read: channels, direct conversations, and the errors for those it may not."""

from bot.sandbox.slack.site import Site, SlackRefusal
from bot.sandbox.slack.workspace import Channel, Json

_FAMILY = {"C": "channels", "G": "groups", "D": "im"}


def require_scope(site: Site, scope: str) -> None:
    if scope and scope not in site.bot.scopes:
        raise SlackRefusal("missing_scope", {"needed": scope, "provided": ",".join(site.bot.scopes)})


def find_channel(site: Site, given: str) -> str:
    """The id of a channel that the app can know of: given by id, by #name, or by a person for their DM."""
    if site.workspace.member(given):
        return site.state.dm_of(given)
    if site.state.dm_person(given):
        return given
    channel = site.workspace.channel(given) or _by_name(site, given.removeprefix("#"))
    if channel is None or (channel.is_private and channel.id not in site.state.with_bot):
        raise SlackRefusal("channel_not_found")
    return channel.id


def bot_place(site: Site, given: str) -> str:
    """The id of a channel in which the app may post."""
    channel_id = find_channel(site, given)
    channel = site.workspace.channel(channel_id)
    if channel is None:
        return channel_id
    if channel.is_archived:
        raise SlackRefusal("is_archived")
    if channel_id not in site.state.with_bot and "chat:write.public" not in site.bot.scopes:
        raise SlackRefusal("not_in_channel")
    return channel_id


def readable_place(site: Site, given: str, what: str) -> str:
    """The id of a channel of which the app may read `history` (a member only) or just facts (`read`)."""
    channel_id = find_channel(site, given)
    channel = site.workspace.channel(channel_id)
    family = "groups" if channel and channel.is_private else _FAMILY[channel_id[0]]
    require_scope(site, f"{family}:{what}")
    if what == "history" and channel and channel_id not in site.state.with_bot:
        raise SlackRefusal("not_in_channel")
    return channel_id


def show_channel(site: Site, channel: Channel) -> Json:
    """A channel as conversations.info shows it to the app."""
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_general": False,
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_org_shared": False,
        "is_member": channel.id in site.state.with_bot,
        "context_team_id": site.workspace.team_id,
        "creator": site.workspace.people[0].id,
        "created": 1_700_000_000,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": channel.topic, "creator": "", "last_set": 0},
        "num_members": len(site.state.members[channel.id]),
    }


def show_dm(site: Site, channel_id: str) -> Json:
    user = site.state.dm_person(channel_id)
    return {
        "id": channel_id,
        "created": 1_700_000_000,
        "is_archived": False,
        "is_im": True,
        "is_org_shared": False,
        "context_team_id": site.workspace.team_id,
        "user": user,
        "is_open": True,
    }


def _by_name(site: Site, name: str) -> Channel | None:
    return next((channel for channel in site.workspace.channels if channel.name == name), None)
