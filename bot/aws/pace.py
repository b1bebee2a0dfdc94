"""The pace of STS: all accounts of a scan ask the same STS, and AWS counts their calls together."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

SLOW_DOWN = 0.7
SLOW_DOWN_SPACING = 0.2
"""Seconds. Answers to calls that were sent before a slow-down say nothing about the pace after it."""
RECOVERY = 0.001
"""Part of the full rate that each further call wins back."""


@dataclass(slots=True)
class Pace:
    """Calls a second, in even steps; slower while AWS throttles, since others use the same allowance.

    Not thread-safe: one event loop's.
    """

    full_rate: float
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _rate: float = 0.0
    _next: float = 0.0
    _slowed_at: float = 0.0

    def __post_init__(self) -> None:
        self._rate = self.full_rate

    @property
    def rate(self) -> float:
        """Calls a second at the moment."""
        return self._rate

    async def take(self) -> None:
        """Wait for the next free slot."""
        now = self.clock()
        slot = max(now, self._next)
        self._rate = min(self.full_rate, self._rate + self.full_rate * RECOVERY)
        self._next = slot + 1 / self._rate
        if slot > now:
            await self.sleep(slot - now)

    def throttled(self) -> None:
        """AWS said that it was too fast."""
        now = self.clock()
        if now - self._slowed_at >= SLOW_DOWN_SPACING:
            self._slowed_at = now
            self._rate = max(1.0, self._rate * SLOW_DOWN)
