"""What Slack says about a person; read anew for a decision, never taken from a payload."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """The fields of `users.info` that decide whether someone may act."""

    user_id: str
    team_id: str
    enterprise_id: str = ""
    is_bot: bool = False
    is_deleted: bool = False
    is_restricted: bool = False
    """A multi-channel guest."""
    is_ultra_restricted: bool = False
    """A single-channel guest."""
    is_stranger: bool = False
    """From another workspace, met in a shared channel."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A private word to one person: what happened and what would help."""

    title: str
    text: str
    next_step: str = ""
