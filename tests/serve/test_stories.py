"""A stop waits for what was acked and not answered yet, though not for ever."""

import asyncio
import logging

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.serve.stories import Stories


def told(*, seconds: float, after: float) -> bool:
    """Whether a story that takes as long as `after` is told when the wait for it is over."""

    async def go() -> bool:
        done: list[bool] = []

        async def story() -> None:
            await asyncio.sleep(after)
            done.append(True)

        stories = Stories(logging.getLogger(__name__))
        stories.start(story, AsyncBoltRequest(mode="socket_mode", body={}))
        await stories.finish(seconds=seconds)
        return bool(done)

    return asyncio.run(go())


def test_a_story_that_has_begun_is_told():
    assert told(seconds=10, after=0.01)


def test_one_that_takes_too_long_is_let_go_and_said(caplog: pytest.LogCaptureFixture):
    assert not told(seconds=0.01, after=10)

    assert "stopped before everything was answered" in caplog.text


def test_without_any_there_is_nothing_to_wait_for():
    asyncio.run(Stories(logging.getLogger(__name__)).finish(seconds=0))
