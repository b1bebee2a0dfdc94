"""Modals and the home tab: opened, updated and published. Raises MessengerError."""

import logging
from collections.abc import Callable
from http.client import HTTPException

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.domain.errors import MessengerError
from bot.slack.blocks.kit import Form, View
from bot.slack.faults import messenger_error

_LOG = logging.getLogger(__name__)
_FORMS = tuple(Form)
"""From the richest to the plainest."""
_BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "invalid_arguments"})
"""For a view Slack's word is mostly the last one, which says nothing of blocks by itself."""


class Views:
    """May be shared by threads.

    Slack refuses blocks that it has not rolled out to a workspace yet. The next plainer form of the home tab
    is tried then, and remembered for as long as this object lives.
    """

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._form = Form.NATIVE

    def open(self, trigger_id: str, view: View) -> None:
        """Open a modal; a trigger is good for three seconds and one modal."""
        self._try("views.open", lambda: self._client.views_open(trigger_id=trigger_id, view=view.body))

    def push(self, trigger_id: str, view: View) -> None:
        """Put a modal on top of the one that was clicked in."""
        self._try("views.push", lambda: self._client.views_push(trigger_id=trigger_id, view=view.body))

    def update(self, view_id: str, view: View) -> None:
        self._try("views.update", lambda: self._client.views_update(view_id=view_id, view=view.body))

    def publish_home(self, user_id: str, build: Callable[[Form], View]) -> None:
        """Publish somebody's home tab in the richest form that Slack takes."""
        sent: View | None = None
        refusal: MessengerError | None = None
        for form in _FORMS[_FORMS.index(self._form) :]:
            view = build(form)
            if view == sent:
                continue
            sent = view
            try:
                self._publish(user_id, view)
            except MessengerError as fault:
                if fault.code not in _BLOCKS_REFUSED:
                    raise
                refusal = fault
            else:
                self._remember(form, refusal)
                return
        raise refusal or MessengerError("There was no home tab to publish.", "no_view")

    def _publish(self, user_id: str, view: View) -> None:
        self._try("views.publish", lambda: self._client.views_publish(user_id=user_id, view=view.body))

    def _remember(self, form: Form, refusal: MessengerError | None) -> None:
        """A form is given up only once a plainer one was taken: then it was the blocks that Slack refused."""
        if refusal is not None:
            _LOG.warning("Slack refused richer blocks; home tabs are published as %s from now on", form.value)
            self._form = form

    def _try(self, name: str, call: Callable[[], object]) -> None:
        try:
            call()
        except (SlackClientError, OSError, HTTPException) as fault:
            raise messenger_error(fault, name, "a form") from fault
