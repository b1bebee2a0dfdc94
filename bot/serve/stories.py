"""What goes on after an ack: kept in view, so that a stop can wait for what was promised."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from slack_bolt.async_app import AsyncApp
from slack_bolt.lazy_listener.async_internals import to_runnable_function
from slack_bolt.lazy_listener.async_runner import AsyncLazyListenerRunner
from slack_bolt.request.async_request import AsyncBoltRequest

log = logging.getLogger(__name__)


class Stories(AsyncLazyListenerRunner):
    """Starts each as Bolt would, and remembers it until it is told.

    Bolt forgets them: a process that stopped right after an ack never did what it had said yes to.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self.logger = logger
        self._untold: set[asyncio.Task[None]] = set()

    def start(self, function: Callable[..., Awaitable[None]], request: AsyncBoltRequest) -> None:
        story = to_runnable_function(internal_func=function, logger=self.logger, request=request)
        task = asyncio.get_running_loop().create_task(story)
        self._untold.add(task)
        task.add_done_callback(self._untold.discard)

    async def finish(self, *, seconds: float) -> None:
        """Wait until all that has begun is told; what takes longer is let go, and said in the log."""
        if not self._untold:
            return
        _, untold = await asyncio.wait(self._untold, timeout=seconds)
        if untold:
            log.warning("stopped before everything was answered", extra={"stories": len(untold)})


def keep_stories(app: AsyncApp) -> Stories:
    """Have the app tell its stories where they can be waited for."""
    stories = Stories(app.logger)
    app.listener_runner.lazy_listener_runner = stories
    return stories
