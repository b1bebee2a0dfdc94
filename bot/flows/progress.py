"""Showing how far a fix is, without making the fix wait for Slack."""

import logging
import threading
from collections.abc import Callable

from bot.domain.errors import MessengerError
from bot.domain.request import ApplyProgress, RemediationRequest

log = logging.getLogger(__name__)

WAIT_SECONDS = 5.0
"""A Slack that does not answer may take minutes, and the fix has ended."""

Show = Callable[[RemediationRequest, ApplyProgress], None]


class ProgressBoard:
    """Show the newest progress of one fix from a thread of its own; what is overtaken is never posted.

    After `close` nothing more is posted. A post that is still under way by then may come after the record: it
    is for `show` to have that shown once more.
    """

    def __init__(self, show: Show) -> None:
        self._show = show
        self._news = threading.Condition()
        self._next: tuple[RemediationRequest, ApplyProgress] | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="fix-progress", daemon=True)
        self._thread.start()

    def post(self, request: RemediationRequest, progress: ApplyProgress) -> None:
        with self._news:
            self._next = (request, progress)
            self._news.notify()

    def close(self) -> None:
        """Drop what was not posted yet, and wait a moment for a post that is under way."""
        with self._news:
            self._closed, self._next = True, None
            self._news.notify()
        self._thread.join(timeout=WAIT_SECONDS)

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._closed or self._next is not None)
                if self._closed or self._next is None:
                    return
                (request, progress), self._next = self._next, None
            try:
                self._show(request, progress)
            except MessengerError as fault:
                log.info("progress not shown", extra={"request": request.id, "problem": str(fault)})
            except Exception:
                # It looks into the database first, which may be away for a moment; later news may be shown.
                log.exception("progress not shown", extra={"request": request.id})
