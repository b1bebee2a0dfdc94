"""Two processes at the same work, of which one runs at a time: at every moment it is said who goes on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from threading import Condition, Thread, get_ident

from building.cutting import BEFORE_COMMIT, Cut

PATIENCE = 60.0


@dataclass(slots=True)
class Turns(Cut):
    """Moments at which one may be left where it is, and another goes on.

    `may_hand_over` is asked at each of them: whether somebody else's turn begins there.
    """

    may_hand_over: Callable[[], bool] = lambda: False
    happens_at: dict[int, Callable[[], object]] = field(default_factory=dict)
    """What else happens, by the number of the moment, counted over all."""
    becomes: Callable[[int], object] = lambda _: None
    """What happens when it becomes somebody's turn."""
    _news: Condition = field(default_factory=Condition)
    _whose: int = 0
    _threads: list[int] = field(default_factory=list)
    _running: list[int] = field(default_factory=list)
    _faults: list[BaseException] = field(default_factory=list)
    _is_happening: bool = False

    @property
    def acting(self) -> int:
        """The number of whose turn it is."""
        return self._whose

    def moment(self, words: str) -> None:
        # Nobody is left with a transaction open: whoever came next would wait for it.
        if get_ident() not in self._threads or words == BEFORE_COMMIT or self._is_happening:
            return
        self.moments.append(f"{self._whose}: {words}")
        self._happen(self.happens_at.get(len(self.moments)))
        others = [number for number in self._running if number != self._whose]
        if others and self.may_hand_over():
            self._hand_to(others[0])

    def _happen(self, event: Callable[[], object] | None) -> None:
        self._is_happening = True
        if event is not None:
            event()
        self._is_happening = False

    def run(self, calls: Sequence[Callable[[], object]]) -> None:
        """Do the calls in threads of their own, the first one first; the first fault is raised."""
        self._running = list(range(len(calls)))
        threads = [Thread(target=self._run, args=(number, call)) for number, call in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=PATIENCE)
        if self._faults:
            raise self._faults[0]

    def _run(self, number: int, call: Callable[[], object]) -> None:
        with self._news:
            self._threads.append(get_ident())
            self._news.wait_for(lambda: self._whose == number, timeout=PATIENCE)
        try:
            call()
        except BaseException as fault:  # noqa: BLE001 - raised again in the test's own thread
            self._faults.append(fault)
        with self._news:
            self._running.remove(number)
            if self._running:
                self._happen(lambda: self.becomes(self._running[0]))
                self._whose = self._running[0]
            self._news.notify_all()

    def _hand_to(self, number: int) -> None:
        self._happen(lambda: self.becomes(number))
        with self._news:
            me, self._whose = self._whose, number
            self._news.notify_all()
            if not self._news.wait_for(lambda: self._whose == me, timeout=PATIENCE):
                raise AssertionError(f"{me} had no further turn")


def at_random(seed: int) -> Callable[[], bool]:
    """A schedule of which one can tell by its seed what it was."""
    luck = Random(seed)  # noqa: S311 - a schedule is no secret
    often = luck.choice([0.1, 0.25, 0.5])
    return lambda: luck.random() < often
