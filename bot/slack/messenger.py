"""Slack as flows see it: domain values in, messages out; every fault is a MessengerError with a next step."""

import logging
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.domain.audit import ChainedEvent
from bot.domain.bulk import BulkReport
from bot.domain.digest import Digest
from bot.domain.doctor import Report
from bot.domain.errors import MessengerError
from bot.domain.explanation import Explanation
from bot.domain.pause import Pause
from bot.domain.people import Notice, PersonFacts
from bot.domain.request import ApplyProgress, MessageRef, Mode, RemediationRequest
from bot.domain.status import Status
from bot.domain.waiver import Waiver
from bot.slack.blocks import audit as audit_blocks
from bot.slack.blocks import bulk as bulk_blocks
from bot.slack.blocks import digest as digest_blocks
from bot.slack.blocks import doctor as doctor_blocks
from bot.slack.blocks import explain as explain_blocks
from bot.slack.blocks import notice as notice_blocks
from bot.slack.blocks import request as request_blocks
from bot.slack.blocks import status as status_blocks
from bot.slack.blocks import waiver as waiver_blocks
from bot.slack.blocks.kit import Form, Message
from bot.slack.faults import messenger_error
from bot.slack.ids import MetadataEvent

_LOG = logging.getLogger(__name__)
_FAULTS = (SlackClientError, OSError, HTTPException)
"""What slack_sdk lets through: its own errors, and those of urllib underneath."""

_BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format"})
_TOO_LONG = frozenset({"msg_blocks_too_long", "msg_too_long"})
_NOT_THERE = frozenset({"user_not_in_channel", "not_in_channel", "channel_not_found", "is_archived"})
_FORMS = tuple(Form)
"""From the richest to the plainest."""

Answer = Mapping[str, Any]
Build = Callable[[Form], Message | None]


class SlackMessenger:
    """Implements flows' Messenger with a synchronous client; may be shared by threads.

    Slack refuses blocks that it has not rolled out to a workspace yet. The next plainer form is tried then,
    and remembered for as long as this object lives.

    Posting is at least once. Slack has no idempotency key, and looking for an earlier post needs a history
    scope that the app does not ask for: after a crash between a post and its record, an audit event or a
    digest can stand twice. Both bear metadata with their number or key, so that a reader can tell.
    """

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._form = Form.NATIVE

    @property
    def form(self) -> Form:
        """The richest form of message that this workspace may take, as far as is known."""
        return self._form

    def show_status(self, channel: str, status: Status, at: MessageRef | None) -> MessageRef:
        """Post or update. Slack notifies whom a new message mentions, but not whom an update does: a new
        status bears no mention, and an update at once puts the names of owners in.
        """
        if at is None:
            at = self._show(channel, None, lambda form: status_blocks.status(status, form=form, quiet=True))
            if not status.waived and not any(item.finding.account.owner for item in status.attention):
                return at
        return self._show(channel, at, lambda form: status_blocks.status(status, form=form))

    def show_request(
        self,
        channel: str,
        request: RemediationRequest,
        at: MessageRef | None,
        progress: ApplyProgress | None,
        pause: Pause | None = None,
    ) -> MessageRef:
        return self._show(
            channel,
            at,
            lambda form: request_blocks.request(request, progress=progress, form=form, pause=pause),
        )

    def show_bulk(
        self, channel: str, report: BulkReport, at: MessageRef | None, pause: Pause | None = None
    ) -> MessageRef:
        return self._show(channel, at, lambda _: bulk_blocks.bulk(report, pause=pause))

    def show_waiver(self, channel: str, waiver: Waiver, at: MessageRef | None) -> MessageRef:
        return self._show(channel, at, lambda _: waiver_blocks.waiver(waiver))

    def post_audit(self, channel: str, event: ChainedEvent) -> MessageRef:
        """Post the event with its number and hash as metadata; after a crash it may stand twice."""
        extra = _metadata(MetadataEvent.AUDIT, {"seq": event.seq, "hash": event.hash})
        return self._show(channel, None, lambda _: audit_blocks.audit_message(event), extra)

    def post_digest(self, channel: str, digest: Digest, key: str) -> MessageRef:
        """Post the digest with `key` as metadata, then its details in the thread.

        Details that cannot be posted are logged and left out: an error would have it all posted again.
        """
        extra = _metadata(MetadataEvent.DIGEST, {"key": key})
        posted = self._show(channel, None, lambda form: digest_blocks.digest(digest, form=form), extra)
        try:
            self._post_details(posted, digest)
        except MessengerError as fault:
            _LOG.warning("digest details were not posted: %s", fault)
        return posted

    def _post_details(self, posted: MessageRef, digest: Digest) -> None:
        """Post them without a mention, then put the names of owners in: as with a status, nobody is told."""
        if not digest.open_findings:
            return
        in_thread = {"thread_ts": posted.ts}
        at = self._show(
            posted.channel, None, lambda form: digest_blocks.details(digest, form=form, quiet=True), in_thread
        )
        if any(item.finding.account.owner for item in digest.open_findings):
            self._show(at.channel, at, lambda form: digest_blocks.details(digest, form=form))

    def tell(self, user_id: str, channel: str, notice: Notice) -> None:
        """Answer privately in the channel; who is not there, or without a channel, gets a direct message."""
        self.give(user_id, channel, notice_blocks.notice(notice))

    def show_explanation(
        self, user_id: str, channel: str, explanation: Explanation, mode: Mode, waiver: Waiver | None
    ) -> None:
        self.give(user_id, channel, explain_blocks.explanation(explanation, mode=mode, waiver=waiver))

    def show_doctor(self, user_id: str, channel: str, report: Report) -> None:
        self.give(user_id, channel, doctor_blocks.report(report))

    def give(self, user_id: str, channel: str, message: Message) -> None:
        """Show one person a message, as `tell` does."""
        content = _content(message)
        if channel:
            try:
                self._call("chat.postEphemeral", channel, {"channel": channel, "user": user_id, **content})
            except MessengerError as fault:
                if fault.code not in _NOT_THERE:
                    raise
            else:
                return
        opened = self._call("conversations.open", user_id, {"users": user_id})
        direct = _need(opened, "channel", "conversations.open").get("id")
        self._call("chat.postMessage", user_id, {"channel": direct, **content})

    def read_person(self, user_id: str) -> PersonFacts:
        user = _need(
            self._call("users.info", user_id, {"user": user_id}, as_json=False), "user", "users.info"
        )
        enterprise = user.get("enterprise_user") or {}
        return PersonFacts(
            user_id=str(user.get("id", "")),
            team_id=str(user.get("team_id", "")),
            enterprise_id=str(enterprise.get("enterprise_id", "")),
            is_bot=bool(user.get("is_bot")) or bool(user.get("is_workflow_bot")),
            is_deleted=bool(user.get("deleted")),
            is_restricted=bool(user.get("is_restricted")),
            is_ultra_restricted=bool(user.get("is_ultra_restricted")),
            is_stranger=bool(user.get("is_stranger")),
        )

    def read_group(self, group_id: str) -> frozenset[str]:
        """Who is in the group now; nothing is cached here."""
        method = "usergroups.users.list"
        users = self._call(method, group_id, {"usergroup": group_id}, as_json=False).get("users")
        if not isinstance(users, list):
            raise _bad_answer(method, "users")
        return frozenset(str(user) for user in users)

    def read_is_shared(self, channel: str) -> bool:
        """True for a Slack Connect channel. An answer that does not say so either way is an error."""
        method = "conversations.info"
        found = _need(self._call(method, channel, {"channel": channel}, as_json=False), "channel", method)
        shared = found.get("is_ext_shared")
        if not isinstance(shared, bool):
            raise _bad_answer(method, "is_ext_shared")
        return shared

    def _show(
        self,
        channel: str,
        at: MessageRef | None,
        build: Build,
        extra: Answer | None = None,
    ) -> MessageRef:
        """Post, or update the message at `at`, in the richest form that Slack takes."""
        sent: Message | None = None
        refusal: MessengerError | None = None
        for form in _FORMS[_FORMS.index(self._form) :]:
            message = build(form)
            if message is None or message == sent:
                continue
            sent = message
            try:
                shown = self._send(channel, at, message, extra or {})
            except MessengerError as fault:
                if fault.code not in _BLOCKS_REFUSED | _TOO_LONG:
                    raise
                refusal = fault
            else:
                self._remember(form, refusal)
                return shown
        raise refusal or MessengerError("There was no message to send.", "no_message")

    def _remember(self, form: Form, refusal: MessengerError | None) -> None:
        """A form is given up only once a plainer one was taken, and never because one message was long."""
        if refusal is not None and refusal.code in _BLOCKS_REFUSED:
            _LOG.warning("Slack refused richer blocks; messages are sent as %s from now on", form.value)
            self._form = form

    def _send(self, channel: str, at: MessageRef | None, message: Message, extra: Answer) -> MessageRef:
        if at is not None:
            where = {"channel": at.channel, "ts": at.ts}
            self._call("chat.update", at.channel, {**where, **_content(message), **extra})
            return at
        quiet = {"unfurl_links": False, "unfurl_media": False}
        answer = self._call(
            "chat.postMessage", channel, {"channel": channel, **quiet, **_content(message), **extra}
        )
        return MessageRef(channel=str(answer.get("channel", channel)), ts=str(answer.get("ts", "")))

    def _call(self, method: str, where: str, arguments: Answer, *, as_json: bool = True) -> Answer:
        """Call Slack. Methods that read take no JSON: theirs go as a form."""
        try:
            if as_json:
                answer = self._client.api_call(method, json=dict(arguments))
            else:
                answer = self._client.api_call(method, params=dict(arguments))
        except _FAULTS as fault:
            raise messenger_error(fault, method, where) from fault
        return answer.data if isinstance(answer.data, Mapping) else {}


def _content(message: Message) -> dict[str, Any]:
    return {"text": str(message.text), "blocks": list(message.blocks)}


def _metadata(event: MetadataEvent, payload: Answer) -> Answer:
    return {"metadata": {"event_type": event.value, "event_payload": dict(payload)}}


def _need(answer: Answer, name: str, method: str) -> Answer:
    part = answer.get(name)
    if not isinstance(part, Mapping):
        raise _bad_answer(method, name)
    return part


def _bad_answer(method: str, name: str) -> MessengerError:
    text = f"{method}: Slack's answer has no usable {name}. Try again in a minute."
    return MessengerError(text, "bad_answer")
