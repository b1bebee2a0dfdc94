"""The two ports: what flows need of Slack and of the clock. Both are given by wiring."""

from datetime import datetime
from typing import Protocol

from bot.domain.audit import ChainedEvent
from bot.domain.bulk import BulkReport
from bot.domain.digest import Digest
from bot.domain.doctor import Report
from bot.domain.explanation import Explanation
from bot.domain.pause import Pause
from bot.domain.people import Notice, PersonFacts
from bot.domain.request import ApplyProgress, MessageRef, Mode, RemediationRequest
from bot.domain.status import Status
from bot.domain.waiver import Waiver


class Clock(Protocol):
    def __call__(self) -> datetime:
        """The current time, aware, in UTC."""
        ...


class Messenger(Protocol):
    """Slack, as flows see it: domain values in, where they stand out.

    Every method raises MessengerError with Slack's own error code. `at` is a message of ours to be updated;
    without it a new one is posted. Posting is at least once: after a crash the same call may come again.
    """

    def show_status(self, channel: str, status: Status, at: MessageRef | None) -> MessageRef: ...

    def show_request(
        self,
        channel: str,
        request: RemediationRequest,
        at: MessageRef | None,
        progress: ApplyProgress | None,
        pause: Pause | None = None,
    ) -> MessageRef:
        """`pause` is set while fixes are paused: who waits for a decision should know."""
        ...

    def show_bulk(
        self, channel: str, report: BulkReport, at: MessageRef | None, pause: Pause | None = None
    ) -> MessageRef: ...

    def show_waiver(self, channel: str, waiver: Waiver, at: MessageRef | None) -> MessageRef: ...

    def post_audit(self, channel: str, event: ChainedEvent) -> MessageRef:
        """Post the event, bearing its sequence number: a crash in between can make it stand twice."""
        ...

    def post_digest(self, channel: str, digest: Digest, key: str) -> MessageRef:
        """Post the digest, its details in the thread; a repeat bears the same `key`."""
        ...

    def tell(self, user_id: str, channel: str, notice: Notice) -> None:
        """Answer one person privately: in the channel if they are there, else in a direct message."""
        ...

    def show_explanation(
        self, user_id: str, channel: str, explanation: Explanation, mode: Mode, waiver: Waiver | None
    ) -> None:
        """Show one person the evidence of an account, as `tell` does; `waiver` is the one in force."""
        ...

    def show_doctor(self, user_id: str, channel: str, report: Report) -> None:
        """Show one person what the doctor found, as `tell` does."""
        ...

    def read_person(self, user_id: str) -> PersonFacts: ...

    def read_group(self, group_id: str) -> frozenset[str]:
        """The user ids in a Slack user group."""
        ...

    def read_is_shared(self, channel: str) -> bool:
        """Whether people of another company are in the channel (Slack Connect)."""
        ...
