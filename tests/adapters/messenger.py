"""Slack as the flows see it: what stands in each channel now, and who was told what."""

from dataclasses import dataclass, field, replace
from itertools import count
from threading import Lock
from typing import Any

from building.values import APPROVER, a_member

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
from bot.flows.ports import Messenger


@dataclass(frozen=True, slots=True)
class RequestMessage:
    request: RemediationRequest
    progress: ApplyProgress | None
    pause: Pause | None = None


@dataclass(slots=True)
class FakeMessenger(Messenger):
    down: str = ""
    """Slack's error word for every call while it is set."""
    refusing: dict[str, str] = field(default_factory=dict)
    """Slack's error word for messages in a channel, while it stands there."""
    unreachable: dict[str, str] = field(default_factory=dict)
    """Slack's error word for a word to a person, while it stands there."""
    refusals: int = 0
    people: dict[str, PersonFacts] = field(default_factory=lambda: {APPROVER.user_id: a_member()})
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    shared_channels: set[str] = field(default_factory=set)
    told: list[tuple[str, str, Notice]] = field(default_factory=list)
    explained: list[tuple[str, str, Explanation]] = field(default_factory=list)
    reported: list[tuple[str, str, Report]] = field(default_factory=list)
    messages: dict[tuple[str, str], Any] = field(default_factory=dict)
    """What stands where, by channel and ts, in the order in which it was first posted."""
    updates: int = 0
    _ts: Any = field(default_factory=lambda: count(1))
    _lock: Lock = field(default_factory=Lock)

    def shown(self, channel: str) -> list[Any]:
        """What a channel shows now, oldest first."""
        with self._lock:
            return [value for (where, _), value in self.messages.items() if where == channel]

    def show_status(self, channel: str, status: Status, at: MessageRef | None) -> MessageRef:
        return self._put(channel, status, at)

    def show_request(
        self,
        channel: str,
        request: RemediationRequest,
        at: MessageRef | None,
        progress: ApplyProgress | None,
        pause: Pause | None = None,
    ) -> MessageRef:
        return self._put(channel, RequestMessage(request, progress, pause), at)

    def show_bulk(
        self, channel: str, report: BulkReport, at: MessageRef | None, pause: Pause | None = None
    ) -> MessageRef:
        return self._put(channel, report, at)

    def show_waiver(self, channel: str, waiver: Waiver, at: MessageRef | None) -> MessageRef:
        return self._put(channel, waiver, at)

    def post_audit(self, channel: str, event: ChainedEvent) -> MessageRef:
        return self._put(channel, event, None)

    def post_digest(self, channel: str, digest: Digest, key: str) -> MessageRef:
        return self._put(channel, digest, None)

    def tell(self, user_id: str, channel: str, notice: Notice) -> None:
        self._reach_slack()
        if user_id in self.unreachable:
            raise MessengerError(f"Slack answered {self.unreachable[user_id]}", self.unreachable[user_id])
        self.told.append((user_id, channel, notice))

    def show_explanation(
        self, user_id: str, channel: str, explanation: Explanation, mode: Mode, waiver: Waiver | None
    ) -> None:
        self._reach_slack()
        self.explained.append((user_id, channel, explanation))

    def show_doctor(self, user_id: str, channel: str, report: Report) -> None:
        self._reach_slack()
        self.reported.append((user_id, channel, report))

    def read_person(self, user_id: str) -> PersonFacts:
        self._reach_slack()
        if user_id not in self.people:
            raise MessengerError(f"users.info {user_id}: user_not_found", "user_not_found")
        return self.people[user_id]

    def read_group(self, group_id: str) -> frozenset[str]:
        self._reach_slack()
        if group_id not in self.groups:
            raise MessengerError(f"usergroups.users.list {group_id}: no_such_subteam", "no_such_subteam")
        return self.groups[group_id]

    def read_is_shared(self, channel: str) -> bool:
        self._reach_slack()
        return channel in self.shared_channels

    def change(self, user_id: str, **facts: Any) -> None:
        """Let Slack say something else about a person from now on."""
        self.people[user_id] = replace(self.people[user_id], **facts)

    def _put(self, channel: str, value: object, at: MessageRef | None) -> MessageRef:
        self._reach_slack()
        if channel in self.refusing:
            self.refusals += 1
            raise MessengerError(f"Slack answered {self.refusing[channel]}", self.refusing[channel])
        with self._lock:
            self.updates += at is not None
            where = at or MessageRef(channel, f"{next(self._ts)}.0")
            if at is not None and (at.channel, at.ts) not in self.messages:
                raise MessengerError("chat.update: message_not_found", "message_not_found")
            self.messages[where.channel, where.ts] = value
            return where

    def _reach_slack(self) -> None:
        if self.down:
            raise MessengerError(f"Slack answered {self.down}", self.down)
