"""What a Web API method is: who may call it, how often, and what it does."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.slack.calls import Call
from bot.sandbox.slack.site import Site
from bot.sandbox.slack.workspace import Json

TIER_2, TIER_3, TIER_4 = 20, 50, 100
"""Calls a minute. Slack documents them as lower bounds (docs.slack.dev/apis/web-api/rate-limits)."""


@dataclass(frozen=True, slots=True)
class Method:
    run: Callable[[Site, Call], Json]
    scope: str = ""
    per_minute: int = 0
    """0: not limited by a count of its own."""
    needs_app_token: bool = False
    needs_token: bool = True
