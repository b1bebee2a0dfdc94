"""The scan's reader: many accounts at once, over pooled connections, each with its own retries and deadline.

Facts come as they are finished, in any order; never more than `concurrency` accounts are held, however many
there are.
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Self, TypeVar

from bot.aws.faults import CallError, Place, UnreadableError, timed_out
from bot.aws.inspection import Answer, Call, ProvidersNeeded, Steps, identify, inspect_account
from bot.aws.pace import Pace
from bot.aws.sessions import AwsConfig, Identity
from bot.aws.wire import Wire
from bot.domain.account import Account
from bot.domain.facts import AccountFacts, UnreadableCode

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ReaderLimits:
    """STS lets an account's callers have about 600 calls a second in a Region, all together."""

    concurrency: int = 64
    sts_calls_per_second: float = 550.0
    max_attempts: int = 10
    """Of one call."""
    max_throttled: int = 16
    """The same, where AWS throttles. Reckoned with ten, four workers that were left 100 calls a second in all
    lost one account in a hundred; sixteen take some 40 seconds."""
    first_backoff: float = 0.1
    longest_backoff: float = 5.0
    account_seconds: float = 60.0
    """An account that is not read by then is UNKNOWN, `timeout`."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Reader:
    """Reads accounts in one event loop: `async with Reader(...) as reader`.

    Making one costs some 200 ms and raises AwsError when there are no credentials at all; keep it for the
    life of a worker, so that batches share connections and the pace of STS.
    """

    def __init__(
        self,
        config: AwsConfig,
        providers_needed: ProvidersNeeded,
        limits: ReaderLimits | None = None,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._config = config
        self._providers_needed = providers_needed
        self._limits = limits or ReaderLimits()
        self._now = now
        self._sleep = sleep
        self._wire = Wire(config, self._limits.concurrency)
        self._pace = Pace(self._limits.sts_calls_per_second, time.monotonic)
        # Of all batches together: each of them may start as many, so that none waits for another's slowest.
        self._slots = asyncio.Semaphore(self._limits.concurrency)
        self._caller: Identity | None = None
        self._identifying = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._wire.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._wire.__aexit__()

    async def read_accounts(self, accounts: Iterable[Account]) -> AsyncGenerator[AccountFacts, None]:
        """Yield the facts of every account; whatever cannot be read is in the facts, never raised."""
        waiting = iter(accounts)
        finished: asyncio.Queue[asyncio.Task[AccountFacts]] = asyncio.Queue()
        running: set[asyncio.Task[AccountFacts]] = set()

        def start(count: int) -> None:
            for account in islice(waiting, count):
                task = asyncio.create_task(self._read_account(account))
                running.add(task)
                task.add_done_callback(finished.put_nowait)

        try:
            start(self._limits.concurrency)
            while running:
                task = await finished.get()
                running.discard(task)
                yield task.result()
                start(1)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _read_account(self, account: Account) -> AccountFacts:
        if not account.is_checked:
            return AccountFacts(account, self._now())

        def plan(caller: Identity) -> Steps[AccountFacts]:
            name = self._config.session_name
            return inspect_account(account, caller, name, self._providers_needed, self._now)

        async with self._slots:
            try:
                return await self.run(account, plan)
            except UnreadableError as error:
                return AccountFacts(account, self._now(), unreadable=error.unreadable)

    async def run(self, account: Account, plan: Callable[[Identity], Steps[T]]) -> T:
        """Make the calls of a plan for one account, given whose the own credentials are.

        UnreadableError when these are nobody's, and when the account's deadline runs out.
        """
        seconds = self._limits.account_seconds
        last = _LastCall(Place(account, "sts", "GetCallerIdentity"))
        try:
            async with asyncio.timeout(seconds):
                return await self._drive(plan(await self._identify(last)), last)
        except TimeoutError:
            unreadable = timed_out(last.place, seconds)
            raise UnreadableError(unreadable, unreadable.code) from None

    async def _identify(self, last: "_LastCall") -> Identity:
        """Whose the own credentials are: asked once, unless it fails."""
        async with self._identifying:
            if self._caller is None:
                self._caller = await self._drive(identify(self._config.partition), last)
            return self._caller

    async def _drive(self, steps: Steps[T], last: "_LastCall") -> T:
        try:
            call = next(steps)
            while True:
                last.place = call.place
                try:
                    answer = await self._call(call)
                except CallError as error:
                    call = steps.throw(error)
                else:
                    call = steps.send(answer)
        except StopIteration as done:
            result: T = done.value
            return result
        finally:
            steps.close()

    async def _call(self, call: Call) -> Answer:
        """Make a call, again and again while that may help; the count and the delay are this call's own."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._attempt(call)
            except CallError as error:
                if not error.transient or attempt >= self._most_attempts(error):
                    raise
            await self._sleep(self._backoff(attempt))

    def _most_attempts(self, error: CallError) -> int:
        is_throttled = error.kind is UnreadableCode.THROTTLED
        return self._limits.max_throttled if is_throttled else self._limits.max_attempts

    async def _attempt(self, call: Call) -> Answer:
        if call.service != "sts":
            return await self._wire.send(call)
        await self._pace.take()
        try:
            return await self._wire.send(call)
        except CallError as error:
            if error.kind is UnreadableCode.THROTTLED:
                self._pace.throttled()
            raise

    def _backoff(self, attempt: int) -> float:
        longest = min(self._limits.longest_backoff, self._limits.first_backoff * 2.0 ** (attempt - 1))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, guards nothing


@dataclass(slots=True)
class _LastCall:
    """Where an account's reading has come to, for the words of a time-out."""

    place: Place
