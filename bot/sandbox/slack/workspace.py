"""The workspace that is played: its people, channels, user groups and the one app installed in it.

All values are frozen; what changes while it runs (messages, memberships, open views) is in `state`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

Json = dict[str, Any]
"""A JSON object as Slack's protocols carry it."""

DEFAULT_SCOPES = (
    "commands",
    "chat:write",
    "im:write",
    "users:read",
    "usergroups:read",
    "channels:read",
    "groups:read",
    "files:write",
)


@dataclass(frozen=True, slots=True)
class Member:
    """A person. `about` is what the page says of them to whoever chooses to be them."""

    id: str
    name: str
    real_name: str
    about: str = ""
    title: str = ""
    team_id: str = ""
    """Another workspace's id for a stranger; empty for this one's."""
    is_admin: bool = False
    is_restricted: bool = False
    is_deleted: bool = False
    tz: str = "Europe/Berlin"
    tz_offset: int = 3600


@dataclass(frozen=True, slots=True)
class Channel:
    id: str
    name: str
    members: tuple[str, ...]
    topic: str = ""
    has_bot: bool = True
    is_private: bool = False
    is_archived: bool = False
    is_ext_shared: bool = False


@dataclass(frozen=True, slots=True)
class UserGroup:
    id: str
    handle: str
    name: str
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    description: str = ""
    usage_hint: str = ""


@dataclass(frozen=True, slots=True)
class Bot:
    """The app as installed. Tokens are made up and open nothing but this server."""

    name: str = "support-role"
    display_name: str = "Support Role"
    description: str = ""
    color: str = "#4a154b"
    user_id: str = "U0SUPPORTBOT"
    bot_id: str = "B0SUPPORTBOT"
    app_id: str = "A0SUPPORTBOT"
    token: str = field(default="xoxb-local-slack-bot-token", repr=False)
    app_token: str = field(default="xapp-1-local-slack-app-token", repr=False)
    signing_secret: str = field(default="local-slack-signing-secret", repr=False)
    verification_token: str = field(default="local-slack-verification", repr=False)
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    commands: tuple[Command, ...] | None = None
    """None accepts any slash command, as no manifest says which exist."""
    events: tuple[str, ...] | None = None
    """None delivers every event this server knows."""


@dataclass(frozen=True, slots=True)
class Workspace:
    team_id: str
    name: str
    domain: str
    bot: Bot
    people: tuple[Member, ...]
    channels: tuple[Channel, ...]
    user_groups: tuple[UserGroup, ...] = ()

    def member(self, user_id: str) -> Member | None:
        return next((person for person in self.people if person.id == user_id), None)

    def channel(self, channel_id: str) -> Channel | None:
        return next((channel for channel in self.channels if channel.id == channel_id), None)

    def with_bot(self, bot: Bot) -> "Workspace":
        return replace(self, bot=bot)

    def home_team(self, person: Member) -> str:
        return person.team_id or self.team_id

    def is_stranger(self, person: Member) -> bool:
        return self.home_team(person) != self.team_id


RILEY, ANA, SAM, PRIYA, GUS, EVE = (
    "U0RILEY001",
    "U0ANAORTIZ",
    "U0SAMWEBER",
    "U0PRIYANAT",
    "U0GUSGUEST",
    "U0EVEXTERN",
)
CLOUD_SECURITY, APPROVALS, CLOUD_AUDIT, RANDOM, PARTNERS = (
    "C0CLOUDSEC",
    "C0APPROVAL",
    "C0CLDAUDIT",
    "C0RANDOM00",
    "C0PARTNERS",
)
CLOUD_APPROVERS = "S0APPROVER"


def default_workspace(bot: Bot | None = None) -> Workspace:
    """A security team of four, a guest, and a stranger from a partner's workspace."""
    return Workspace(
        team_id="T0SANDBOX0",
        name="Northwind Cloud",
        domain="northwind-cloud",
        bot=bot or Bot(),
        people=tuple(_people()),
        channels=tuple(_channels()),
        user_groups=(UserGroup(CLOUD_APPROVERS, "cloud-approvers", "Cloud approvers", (ANA, SAM)),),
    )


def _people() -> Iterable[Member]:
    yield Member(
        RILEY, "riley", "Riley Chen", "Looks after a few accounts and asks for fixes.", "Platform engineer"
    )
    yield Member(ANA, "ana", "Ana Ortiz", "May approve: a member of @cloud-approvers.", "Security engineer")
    yield Member(
        SAM, "sam", "Sam Weber", "The second approver, also in @cloud-approvers.", "Security engineer"
    )
    yield Member(
        PRIYA, "priya", "Priya Natarajan", "Runs the workspace and the app.", "Administrator", is_admin=True
    )
    yield Member(GUS, "gus", "Gus Guest", "A guest who sees one channel.", "Contractor", is_restricted=True)
    yield Member(
        EVE, "eve", "Eve External", "Works for a partner, in a shared channel.", "Partner", "T0PARTNER0"
    )


def _channels() -> Iterable[Channel]:
    team = (RILEY, ANA, SAM, PRIYA)
    yield Channel(CLOUD_SECURITY, "cloud-security", (*team, GUS), "Accounts, roles and what needs attention")
    yield Channel(APPROVALS, "approvals", team, "Requests that wait for a second pair of eyes")
    yield Channel(CLOUD_AUDIT, "cloud-audit", team, "What was changed, by whom, and why")
    yield Channel(RANDOM, "random", team, "The app is not a member here", has_bot=False)
    yield Channel(PARTNERS, "partners", (*team, EVE), "Shared with Contoso", is_ext_shared=True)
