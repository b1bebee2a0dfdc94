"""Switches that make this AWS misbehave on purpose: denials, throttling, failures, and calls that hang."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from bot.sandbox.aws.wire import ApiCall, Refusal

LONGEST_PAUSE = 120.0
"""Seconds; then a call that nobody releases goes on."""


@dataclass(slots=True)
class Failure:
    """The next calls of an action are answered with this; in one account, where it names one."""

    action: str
    code: str
    status: int
    left: int
    account_id: str = ""


@dataclass(slots=True)
class Pause:
    """The n-th call of an action from now on hangs: before it is done, or before it is answered."""

    action: str
    left: int
    after: bool
    account_id: str = ""
    reached: bool = False
    released: threading.Event = field(default_factory=threading.Event)


class Switches:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.denied: set[str] = set()
        """ARNs of roles that nobody may assume."""
        self.ahead = timedelta()
        """By how much the journal's clock is moved. Credentials expire by the machine's: their holders do."""
        self._throttled = 0
        self._failures: list[Failure] = []
        self._pauses: list[Pause] = []

    def throttle(self, calls: int) -> None:
        with self._lock:
            self._throttled = calls

    def fail(self, failure: Failure) -> None:
        with self._lock:
            self._failures.append(failure)

    def pause(self, pause: Pause) -> None:
        with self._lock:
            self._pauses.append(pause)

    def release(self) -> int:
        """Let every hanging call go, forget the pauses not reached yet; how many calls were hanging."""
        with self._lock:
            pauses, self._pauses = self._pauses, []
        for pause in pauses:
            pause.released.set()
        return sum(pause.reached for pause in pauses)

    def as_json(self) -> dict[str, object]:
        with self._lock:
            return {
                "ahead_seconds": self.ahead.total_seconds(),
                "denied": sorted(self.denied),
                "throttled_calls_left": self._throttled,
                "failures": [each.action for each in self._failures],
                "paused": [each.action for each in self._pauses if each.reached],
                "pauses_waiting": [each.action for each in self._pauses if not each.reached],
            }

    def refuse_if_told(self, call: ApiCall, account_id: str) -> None:
        with self._lock:
            if self._throttled > 0:
                self._throttled -= 1
                code = "Throttling" if call.service != "organizations" else "TooManyRequestsException"
                raise Refusal(code, "Rate exceeded")
            failure = next((each for each in self._failures if _means(each, call, account_id)), None)
            if failure is None:
                return
            failure.left -= 1
            if failure.left == 0:
                self._failures.remove(failure)
        raise Refusal(failure.code, "The sandbox was told to fail this call.", failure.status)

    def hold(
        self, call: ApiCall, account_id: str, caller_is_gone: Callable[[], bool], *, after: bool
    ) -> None:
        """Hang if a pause says so. Refusal when whoever called is gone by then: the call never arrived."""
        with self._lock:
            pause = self._due(call, account_id, after=after)
        if pause is None:
            return
        pause.released.wait(LONGEST_PAUSE)
        if not after and caller_is_gone():
            raise Refusal("Abandoned", "The caller hung up while the call was held.", 503)

    def _due(self, call: ApiCall, account_id: str, *, after: bool) -> Pause | None:
        waiting = [
            each
            for each in self._pauses
            if not each.reached and each.after is after and _means(each, call, account_id)
        ]
        for pause in waiting:
            pause.left -= 1
            if pause.left == 0:
                pause.reached = True
                return pause
        return None


def _means(switch: Failure | Pause, call: ApiCall, account_id: str) -> bool:
    """`CreateRole` and `iam:CreateRole` are the same."""
    return switch.action in (call.action, call.name) and switch.account_id in ("", account_id)
