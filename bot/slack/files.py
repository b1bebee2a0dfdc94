"""Files to one person, in a direct message. Raises MessengerError."""

from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import TypeVar

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.domain.errors import MessengerError
from bot.slack.blocks.mrkdwn import Mrkdwn
from bot.slack.faults import messenger_error

T = TypeVar("T")


class Files:
    def __init__(self, client: WebClient) -> None:
        self._client = client

    def send(self, user_id: str, *, name: str, content: bytes | Path, comment: Mrkdwn) -> None:
        """Upload a file, which must not be empty, and share it with one person.

        `content` is what is in it, or where it lies on this machine.
        """
        given = {"file": str(content)} if isinstance(content, Path) else {"content": content}
        opened = _try("conversations.open", user_id, lambda: self._client.conversations_open(users=user_id))
        place = opened.get("channel")
        channel = str(place.get("id", "")) if isinstance(place, Mapping) else ""
        if not channel:
            raise MessengerError("conversations.open: Slack's answer has no usable channel.", "bad_answer")
        _try(
            "files.upload.v2",
            user_id,
            lambda: self._client.files_upload_v2(
                channel=channel, filename=name, title=name, initial_comment=comment, **given
            ),
        )


def _try(call: str, where: str, ask: Callable[[], T]) -> T:
    try:
        return ask()
    except (SlackClientError, OSError, HTTPException) as fault:
        raise messenger_error(fault, call, where) from fault
