"""The fast reader for threads: one event loop of its own, shared by all batches of a worker."""

import asyncio
import threading
from collections.abc import Callable, Sequence

from bot.aws.reader import Reader
from bot.domain.account import Account
from bot.domain.facts import AccountFacts


class ReaderThread:
    """Runs a Reader in a loop of its own, so that batches in several threads share connections and pace."""

    def __init__(self, build: Callable[[], Reader]) -> None:
        """`build` makes the Reader, once, when the first account is read; it may raise AwsError."""
        self._build = build
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="aws-reader", daemon=True)
        self._thread.start()
        self._opening = asyncio.Lock()
        self._reader: Reader | None = None

    def read_accounts(self, accounts: Sequence[Account]) -> list[AccountFacts]:
        """The facts of every account, in any order. Raises AwsError when there are no credentials at all."""
        return asyncio.run_coroutine_threadsafe(self._read(accounts), self._loop).result()

    async def _read(self, accounts: Sequence[Account]) -> list[AccountFacts]:
        reader = await self._opened()
        return [facts async for facts in reader.read_accounts(accounts)]

    async def _opened(self) -> Reader:
        async with self._opening:
            if self._reader is None:
                self._reader = await self._build().__aenter__()
        return self._reader

    def close(self) -> None:
        """Close the connections and end the thread; what is being read is given up."""
        if self._reader is not None:
            asyncio.run_coroutine_threadsafe(self._reader.__aexit__(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()
