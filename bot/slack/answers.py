"""Answering one person privately, by whatever way is open: where they clicked, channel or direct message."""

import logging
from http.client import HTTPException

from slack_sdk.webhook import WebhookClient

from bot.domain.errors import MessengerError
from bot.domain.guards import Refused
from bot.domain.people import Notice
from bot.slack.blocks.kit import Message, View
from bot.slack.blocks.notice import notice, notice_modal
from bot.slack.client import is_loopback
from bot.slack.incoming import Incoming
from bot.slack.messenger import SlackMessenger
from bot.slack.views import Views

log = logging.getLogger(__name__)


class Answers:
    """Private answers. Somebody who cannot be answered is logged, and costs nobody else anything."""

    def __init__(self, messenger: SlackMessenger, views: Views) -> None:
        self._messenger = messenger
        self._views = views

    def give(self, incoming: Incoming, message: Message) -> None:
        if incoming.response_url and _by_response_url(incoming.response_url, message):
            return
        if incoming.view_type and self._by_modal(incoming, notice_modal(message)):
            return
        try:
            self._messenger.give(incoming.person.user_id, incoming.channel, message)
        except MessengerError as fault:
            log.warning(
                "private answer refused", extra={"user": incoming.person.user_id, "problem": str(fault)}
            )

    def _by_modal(self, incoming: Incoming, view: View) -> bool:
        """Before the eyes of whoever clicked: over the home tab, or over the modal that it was in.

        Without a trigger it takes the modal's place.
        """
        try:
            if incoming.is_home:
                self._views.open(incoming.trigger_id, view)
            elif incoming.trigger_id:
                self._views.push(incoming.trigger_id, view)
            else:
                self._views.update(incoming.view_id, view)
        except MessengerError as fault:
            # The trigger was used or is too old, or the modal was closed meanwhile.
            log.info("modal not shown", extra={"problem": str(fault)})
            return False
        return True

    def refuse(self, incoming: Incoming, refusal: Refused, *, title: str) -> None:
        self.tell(incoming, title, refusal.reason, refusal.next_step)

    def tell(self, incoming: Incoming, title: str, text: str, next_step: str = "") -> None:
        self.give(incoming, notice(Notice(title, text, next_step)))


def _by_response_url(url: str, message: Message) -> bool:
    # A response_url works even in channels that the bot is not in.
    client = WebhookClient(url, timeout=10)
    if is_loopback(url):
        client.proxy = None
    try:
        answer = client.send(
            text=message.text,
            blocks=list(message.blocks),
            response_type="ephemeral",
            replace_original=False,
        )
    except (OSError, HTTPException) as fault:
        log.warning("response_url failed", extra={"problem": type(fault).__name__})
        return False
    if answer.status_code != 200:
        log.warning("response_url refused", extra={"status": answer.status_code, "body": answer.body[:200]})
    return answer.status_code == 200
