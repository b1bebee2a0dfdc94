"""The addresses of messages."""

import re
from http.client import HTTPException
from threading import Lock

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.domain.request import MessageRef
from bot.slack.blocks.mrkdwn import address_end

_ARCHIVE = re.compile(r"https?://[^\s<>|]+/")


class Links:
    """Slack is asked once for the address of one message: all others differ in channel and time alone.

    Its host is the workspace's, the enterprise's or GovSlack's, which nothing else tells. For threads.
    """

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._lock = Lock()
        self._archive = ""

    def archive(self, known: MessageRef | None) -> str:
        """What stands before channel and time in every address; empty where it cannot be told."""
        with self._lock:
            if not self._archive and known is not None:
                self._archive = self._ask(known)
            return self._archive

    def _ask(self, known: MessageRef) -> str:
        try:
            answer = self._client.chat_getPermalink(channel=known.channel, message_ts=known.ts)
        except (SlackClientError, OSError, HTTPException):
            # The message may be deleted: the next one asked about tells as much.
            return ""
        link, end = str(answer.get("permalink", "")), address_end(known)
        archive = link.removesuffix(end)
        return archive if archive != link and _ARCHIVE.fullmatch(archive) else ""
