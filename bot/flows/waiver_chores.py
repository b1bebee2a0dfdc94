"""The worker's half of waivers: they end on time, their messages are true, and their owners are told.

Everything here looks at rows and acts by conditional writes, so that a second worker, a crash or a Slack
outage only delays it.
"""

import logging
from datetime import datetime

from bot.domain.errors import MessengerError
from bot.domain.people import Notice
from bot.domain.waiver import REMINDERS, Told, Waiver, WaiverState, spelled, word_due
from bot.domain.waiver_words import words_about
from bot.flows.parts import Parts
from bot.flows.waive import record_event
from bot.store import audit, waivers

log = logging.getLogger(__name__)

BOT = "support-role-bot"
GONE_MESSAGES = frozenset({"message_not_found", "cant_update_message"})
"""The approval message was removed in Slack: there is nothing left to bring in line."""
GONE_PEOPLE = frozenset({"user_not_found", "user_disabled", "cannot_dm_bot", "users_not_found"})
"""Slack's words for an owner who cannot be reached any more."""


class WaiverChores:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._desk = parts.desk

    def end(self) -> None:
        """Close what nobody decided in time and what is over; guards and findings went by the time before."""
        now = self._desk.clock()
        with self._desk.engine.connect() as connection:
            undecided = waivers.read_undecided(connection, now=now)
            over = waivers.read_over(connection, now=now)
        for waiver in undecided:
            outcome = f"Nobody decided in time about the waiver for {waiver.label}."
            self._close(waiver, WaiverState.UNDECIDED, "waiver.undecided", outcome)
        for waiver in over:
            outcome = f"The waiver for {waiver.label} ended: {spelled(waiver.until)} was its last day."
            self._close(waiver, WaiverState.ENDED, "waiver.expired", outcome)

    def _close(self, waiver: Waiver, after: WaiverState, kind: str, outcome: str) -> None:
        with self._desk.engine.begin() as connection:
            audit.lock_chain(connection)
            if waivers.move(connection, waiver.id, before=waiver.state, after=after):
                record_event(self._desk, connection, waiver, kind, actor=BOT, outcome=outcome)

    def show(self) -> None:
        """Post the approval messages that are wanted, and bring the others in line with their waivers."""
        with self._desk.engine.connect() as connection:
            stale = waivers.read_stale_messages(connection)
        for waiver in stale:
            with self._desk.engine.begin() as connection:
                is_ours = waivers.claim_message(connection, waiver, now=self._desk.clock())
            if is_ours:
                self._show(waiver)

    def _show(self, waiver: Waiver) -> None:
        channel = waiver.message.channel if waiver.message else self._desk.policy.approval_channel
        try:
            at = self._parts.messenger.show_waiver(channel, waiver, waiver.message)
        except MessengerError as fault:
            log.warning("waiver not shown", extra={"waiver": waiver.id, "problem": str(fault)})
            if waiver.message is None or fault.code not in GONE_MESSAGES:
                return
            at = waiver.message
        with self._desk.engine.begin() as connection:
            waivers.place_message(connection, waiver, at)

    def tell(self) -> None:
        """Send each word that is due once: that it was granted, that its end is near, and how it ended."""
        now = self._desk.clock()
        with self._desk.engine.connect() as connection:
            untold = waivers.read_untold(connection, now=now)
        for waiver in untold:
            word = word_due(waiver, now)
            if word is None:
                continue
            with self._desk.engine.begin() as connection:
                is_ours = waivers.claim_word(connection, waiver, now=now)
            reached = self._send(waiver, word, now) if is_ours else None
            if reached is not None:
                self._keep(waiver, word, reached)

    def _send(self, waiver: Waiver, word: Told, now: datetime) -> tuple[str, ...] | None:
        """Tell the owner, or in their place whoever asked for it: who was reached; None to try it again.

        In direct messages, which wait for their reader: what one person alone is shown in a channel is gone
        when they come back.
        """
        notice = words_about(waiver, word, now)
        first, *others = _readers(waiver)
        problem = self._try(waiver, first, notice)
        if problem and problem not in GONE_PEOPLE:
            return None
        reached = () if problem else (first,)
        if reached and word in REMINDERS:
            return reached
        return reached + tuple(user_id for user_id in others if not self._try(waiver, user_id, notice))

    def _try(self, waiver: Waiver, user_id: str, notice: Notice) -> str:
        """Tell one person; Slack's error word when they could not be told."""
        try:
            self._parts.messenger.tell(user_id, "", notice)
        except MessengerError as fault:
            log.warning("waiver not told", extra={"waiver": waiver.id, "problem": str(fault)})
            return fault.code
        return ""

    def _keep(self, waiver: Waiver, word: Told, reached: tuple[str, ...]) -> None:
        with self._desk.engine.begin() as connection:
            audit.lock_chain(connection)
            if waivers.mark_told(connection, waiver, word) and word in REMINDERS:
                who = " and ".join(f"<@{user_id}>" for user_id in reached) or "Nobody (none could be reached)"
                outcome = f"{who} was reminded that {spelled(waiver.until)} is the last day."
                more = {"reminder": f"{REMINDERS[word].days} days before"}
                record_event(
                    self._desk, connection, waiver, "waiver.reminded", actor=BOT, outcome=outcome, more=more
                )


def _readers(waiver: Waiver) -> tuple[str, ...]:
    """Who is to know: first whoever must, then whoever else may want to."""
    owner, requester = waiver.owner, waiver.requester.user_id
    never_granted = waiver.state in (WaiverState.DENIED, WaiverState.UNDECIDED)
    return (requester,) if never_granted else tuple(dict.fromkeys((owner, requester)))
