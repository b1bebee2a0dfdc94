"""An event loop in a thread of its own: what is open in it lives on between tests, and is always served."""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Self, TypeVar

T = TypeVar("T")


class House:
    """`with House() as house`: all that was opened in it is closed at the end, the last one first."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="house")
        self._opened = AsyncExitStack()

    def open(self, thing: AbstractAsyncContextManager[T]) -> T:
        return self.run(self._opened.enter_async_context(thing))

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        """Do something in the house, and wait for it."""
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.run(self._opened.aclose())
            self.run(self._loop.shutdown_asyncgens())
            self.run(self._loop.shutdown_default_executor())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
