"""Rate limits: Slack's tiers as token buckets."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class RateLimits:
    """How strict the server is. Messages: so many at once in a channel, then so many a second."""

    enabled: bool = True
    message_burst: int = 3
    messages_per_second: float = 1.0


@dataclass(frozen=True, slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class Limiter:
    def __init__(self, limits: RateLimits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def take_message(self, channel: str) -> int:
        """Seconds to wait before the next message to a channel; 0 when it may go now."""
        return self._take(("message", channel), self._limits.message_burst, self._limits.messages_per_second)

    def take_call(self, method: str, per_minute: int) -> int:
        """Seconds to wait before a method may be called again; 0 when it may be now."""
        return self._take((method, ""), per_minute, per_minute / 60)

    def _take(self, key: tuple[str, str], burst: int, per_second: float) -> int:
        if not self._limits.enabled:
            return 0
        now = self._clock()
        bucket = self._buckets.get(key, _Bucket(burst, now))
        tokens = min(burst, bucket.tokens + (now - bucket.filled_at) * per_second)
        spent = tokens >= 1
        self._buckets[key] = _Bucket(tokens - 1 if spent else tokens, now)
        return 0 if spent else max(1, ceil((1 - tokens) / per_second))
