"""Many at once: the same call from many threads, all let go at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

T = TypeVar("T")


def at_once(calls: int, call: Callable[[int], T]) -> list[T]:
    """What each of `calls` threads got; `call` is given its number. The first fault is raised."""
    ready = Barrier(calls)

    def run(number: int) -> T:
        ready.wait(timeout=30)
        return call(number)

    with ThreadPoolExecutor(max_workers=calls) as pool:
        return list(pool.map(run, range(calls)))
