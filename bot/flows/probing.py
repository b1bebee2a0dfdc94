"""Probes, side by side and each bounded in time: whatever one of them does, the others are told of.

Nothing of the durable engine, of Slack or of AWS: the command line runs them as well as a worker.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue

from bot.domain.doctor import Diagnosis, Probe, group, skipped
from bot.domain.errors import SupportRoleError

log = logging.getLogger(__name__)

AT_ONCE = 16
LONGEST_SECONDS = 300.0
Found = tuple[Diagnosis | Probe, ...]
OnProgress = Callable[[int, int], None]
"""How many probes have ended, and how many are known of."""


def run_probes(
    probes: Iterable[Probe],
    *,
    at_once: int = AT_ONCE,
    seconds: float = LONGEST_SECONDS,
    on_progress: OnProgress = lambda _ended, _known: None,
) -> tuple[Diagnosis, ...]:
    """Run them, and all that they lead to; the diagnoses grouped. Never raises what a probe raises.

    After `seconds` no further probe is begun. One that is late is given up: its thread ends by itself, when
    the call ends that it waits for.
    """
    course = _Course(probes, at_once, time.monotonic() + seconds, on_progress)
    return group(course.run())


class _Course:
    def __init__(
        self, probes: Iterable[Probe], at_once: int, ends_at: float, on_progress: OnProgress
    ) -> None:
        self._waiting = deque(probes)
        self._at_once = at_once
        self._ends_at = ends_at
        self._on_progress = on_progress
        self._running: dict[int, tuple[Probe, float]] = {}
        """By the number of its run: what runs, and when it is late."""
        self._ended: SimpleQueue[tuple[int, Found]] = SimpleQueue()
        self._begun = 0
        self._done = 0
        self._found: list[Diagnosis] = []
        self._openers: list[Probe] = []
        """Those that were to lead on, in the order in which they ended."""

    def run(self) -> list[Diagnosis]:
        while self._waiting or self._running:
            self._begin_what_may()
            self._take_one_that_ended()
            self._give_up_the_late()
            self._on_progress(self._done, self._done + len(self._running) + len(self._waiting))
        return [*self._found, *self._never_reached()]

    def _begin_what_may(self) -> None:
        while self._waiting and len(self._running) < self._at_once:
            probe = self._waiting.popleft()
            if time.monotonic() >= self._ends_at:
                text = "Not looked at: all the time was used up by what came before."
                self._end(probe, (skipped(probe.id, text),))
                continue
            self._begun += 1
            self._running[self._begun] = (probe, time.monotonic() + probe.seconds)
            run = threading.Thread(target=self._look, args=(self._begun, probe), name=probe.id, daemon=True)
            run.start()

    def _look(self, number: int, probe: Probe) -> None:
        self._ended.put((number, look(probe)))

    def _take_one_that_ended(self) -> None:
        if not self._running:
            return
        next_late = min(late_at for _, late_at in self._running.values())
        try:
            number, found = self._ended.get(timeout=max(0.0, next_late - time.monotonic()))
        except Empty:
            return
        if number in self._running:
            probe, _ = self._running.pop(number)
            self._end(probe, found)

    def _give_up_the_late(self) -> None:
        now = time.monotonic()
        for number, (probe, late_at) in list(self._running.items()):
            if late_at <= now and self._ended.empty():
                del self._running[number]
                self._end(probe, (probe.late(),))

    def _end(self, probe: Probe, found: Found) -> None:
        self._done += 1
        further = [each for each in found if isinstance(each, Probe)]
        self._found += [each for each in found if isinstance(each, Diagnosis)]
        if probe.about:
            self._found += probe.unopened(each.id for each in found)
        else:
            self._openers.append(probe)
        self._waiting.extend(further)

    def _never_reached(self) -> list[Diagnosis]:
        """What nothing was found of, with the probe that leads there; of several, the one that ended last."""
        unreached: list[Diagnosis] = []
        for probe in reversed(self._openers):
            known = [each.id for each in (*self._found, *unreached)]
            unreached += probe.unopened(known)
        return unreached


def look(probe: Probe) -> Found:
    """What a probe finds; a fault of the probe itself is a diagnosis too, with its place in the log."""
    try:
        return tuple(probe.look())
    except SupportRoleError as fault:
        return (probe.refused(str(fault)),)
    except Exception as fault:
        # One probe's fault must not end the others.
        log.info("a probe failed", exc_info=fault, extra={"check": probe.id})
        return (probe.failed(type(fault).__name__),)
