"""What was seen lately, in this process's memory."""

from collections import OrderedDict


class Seen:
    """Keys for as many seconds as given, the oldest let go first when there are too many.

    For one thread. What was let go, or came to another replica, the database still knows: no story is told
    twice of one trigger id.
    """

    def __init__(self, *, seconds: float, most: int) -> None:
        self._seconds = seconds
        self._most = most
        self._at: OrderedDict[str, float] = OrderedDict()

    def is_first(self, key: str, *, now: float) -> bool:
        """Whether the key is new, and remember it; `now` in seconds, and never going back."""
        while self._at and next(iter(self._at.values())) < now - self._seconds:
            self._at.popitem(last=False)
        if key in self._at:
            return False
        self._at[key] = now
        if len(self._at) > self._most:
            self._at.popitem(last=False)
        return True

    def forget(self, key: str) -> None:
        """As if the key had never come."""
        self._at.pop(key, None)
