"""Modals and the home tab: opened, updated and published. Raises MessengerError."""

from collections.abc import Callable
from http.client import HTTPException

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.slack.blocks.kit import View
from bot.slack.faults import messenger_error


class Views:
    def __init__(self, client: WebClient) -> None:
        self._client = client

    def open(self, trigger_id: str, view: View) -> None:
        """Open a modal; a trigger is good for three seconds and one modal."""
        self._try("views.open", lambda: self._client.views_open(trigger_id=trigger_id, view=view.body))

    def push(self, trigger_id: str, view: View) -> None:
        """Put a modal on top of the one that was clicked in."""
        self._try("views.push", lambda: self._client.views_push(trigger_id=trigger_id, view=view.body))

    def update(self, view_id: str, view: View) -> None:
        self._try("views.update", lambda: self._client.views_update(view_id=view_id, view=view.body))

    def publish_home(self, user_id: str, view: View) -> None:
        self._try("views.publish", lambda: self._client.views_publish(user_id=user_id, view=view.body))

    def _try(self, name: str, call: Callable[[], object]) -> None:
        try:
            call()
        except (SlackClientError, OSError, HTTPException) as fault:
            raise messenger_error(fault, name, "a form") from fault
