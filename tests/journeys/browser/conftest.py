"""One stage for the journeys of a module: they run one after another in the same event loop."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
from journeys.browser.chromium import chromium_or_skip
from journeys.browser.stage import Journey, a_stage


@pytest.fixture(scope="module")
def browse() -> Iterator[Callable[[Journey], None]]:
    """Run a journey on the module's stage."""
    chromium = chromium_or_skip()
    with asyncio.Runner() as runner:
        opening = a_stage(chromium)
        stage = runner.run(opening.__aenter__())
        try:
            yield lambda journey: runner.run(stage.run(journey))
        finally:
            runner.run(opening.__aexit__(None, None, None))
