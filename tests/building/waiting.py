"""Waiting for something that happens in another thread or process."""

import time
from collections.abc import Callable

POLL_SECONDS = 0.01


def eventually(holds: Callable[[], bool], what: str, *, seconds: float = 60.0) -> None:
    """Return as soon as `holds` does; fail with `what` when it has not within the deadline."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(POLL_SECONDS)
