"""Tokens are tried at the start: one that Slack refuses ends it, an outage does not.

The module is not named after them: what follows such a word and a colon is hidden in logs, where each line
begins with its module.
"""

import logging
from collections.abc import Awaitable
from typing import TypeVar

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.serve.errors import StartError
from bot.slack.faults import code_of

log = logging.getLogger(__name__)

T = TypeVar("T")

PASSING = frozenset(
    {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
"""What Slack answers when it is not the token's fault."""

BOT_TOKEN = "slack.bot_token"  # noqa: S105 - a setting's name
APP_TOKEN = "slack.app_token"  # noqa: S105 - likewise
WAYS_OUT = {
    BOT_TOKEN: "Copy the token that starts with xoxb- from OAuth & Permissions.",
    APP_TOKEN: "Make an app-level token (xapp-…) with connections:write under Basic Information.",
}


async def accepted(call: Awaitable[T], setting: str) -> T | None:
    """What Slack answers to a call with a token; None while it cannot be reached, which may pass.

    Raises StartError for a token that it does not take: better now than at the first click.
    """
    try:
        return await call
    except SlackApiError as fault:
        code = code_of(fault)
        if code in PASSING or code.startswith("http_"):
            log.warning("Slack cannot serve just now", extra={"problem": code})
            return None
        raise StartError(f"Slack does not take {setting}: {code}. {WAYS_OUT[setting]}") from fault
    except (SlackClientError, aiohttp.ClientError, OSError) as fault:
        log.warning("Slack does not answer", extra={"problem": type(fault).__name__})
        return None
