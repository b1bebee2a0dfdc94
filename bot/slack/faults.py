"""Slack's error words, turned into what happened, where, and what to do next."""

import re
from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.domain.errors import MessengerError

# For a body that is no JSON, slack_sdk puts a sentence with the body where Slack's word would be.
_WORD = re.compile(r"[a-z0-9_:.-]{1,80}")
NO_CONNECTION = "no_connection"
"""Our own word for Slack not answering at all."""

_INVITE = "Type /invite @support-role there."
_TOKEN = "Install the app again and set SLACK_BOT_TOKEN to its new bot token."  # noqa: S105 - words, no secret
_NEXT_STEPS = {
    "not_in_channel": f"The bot is not in that channel. {_INVITE}",
    "channel_not_found": f"There is no such channel, or it is private and the bot is not in it. {_INVITE}",
    "is_archived": "That channel is archived. Unarchive it, or name another one in settings.",
    "restricted_action": "This workspace does not let the bot post there. Ask a workspace administrator.",
    "ratelimited": "Slack asks for fewer calls. It is tried again later.",
    "invalid_auth": f"The bot token is not valid. {_TOKEN}",
    "not_authed": f"No bot token was sent. {_TOKEN}",
    "account_inactive": f"The app was removed from the workspace. {_TOKEN}",
    "token_revoked": f"The bot token was revoked. {_TOKEN}",
    "token_expired": f"The bot token has expired. {_TOKEN}",
    "message_not_found": "The message was deleted. A new one is needed.",
    "cant_update_message": "The message belongs to somebody else. A new one is needed.",
    "edit_window_closed": "The message is too old to be changed here. A new one is needed.",
    "user_not_found": "Slack does not know that person. Check the user id in settings.",
    "no_such_subteam": "There is no such user group. Check remediation.approver_groups in settings.",
    "subteam_not_found": "There is no such user group. Check remediation.approver_groups in settings.",
    "cannot_dm_bot": "A bot cannot be sent a direct message. Check the user id in settings.",
    "user_disabled": "That person's account is deactivated. Check the user id in settings.",
    "invalid_blocks": "Slack did not take the message, in any form. Please report this with the log.",
    "msg_blocks_too_long": "Slack did not take the message: it is too long. Narrow the scope.",
}


def messenger_error(fault: Exception, call: str, where: str) -> MessengerError:
    """Translate whatever slack_sdk raised; `call` is the API method, `where` a channel, person or group."""
    if not isinstance(fault, SlackApiError):
        text = f"{call} for {where}: Slack did not answer ({type(fault).__name__}). It is tried again later."
        return MessengerError(text, NO_CONNECTION)
    answer = answer_of(fault)
    code = code_of(fault)
    return MessengerError(f"{call} for {where}: Slack answered {code}. {_next_step(code, answer)}", code)


def code_of(fault: SlackApiError) -> str:
    """Slack's own error word; for an answer that is not Slack's, its HTTP status."""
    answer = answer_of(fault)
    word = answer.get("error")
    if isinstance(word, str) and _WORD.fullmatch(word):
        return word
    status = _status(fault, answer)
    return "ratelimited" if status == 429 else f"http_{status}"


def answer_of(fault: SlackApiError) -> Mapping[str, Any]:
    """The answer as a mapping: slack_sdk gives a response object, a dict or, for HTML, text."""
    data = getattr(fault.response, "data", fault.response)
    return data if isinstance(data, Mapping) else {}


def _status(fault: SlackApiError, answer: Mapping[str, Any]) -> int:
    status = getattr(fault.response, "status_code", None) or answer.get("status")
    return status if isinstance(status, int) else 0


def _next_step(code: str, answer: Mapping[str, Any]) -> str:
    if code == "missing_scope":
        needed = answer.get("needed") or "one that Slack did not name"
        return (
            f"The app lacks the scope {needed}. Add it under OAuth & Permissions, and install the app again."
        )
    return _NEXT_STEPS.get(code, "See this word in Slack's API reference for that method.")
