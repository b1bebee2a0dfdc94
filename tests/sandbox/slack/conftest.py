import pytest

from tests.sandbox.slack.stage import FakeClock, Play, perform


@pytest.fixture
def play() -> Play:
    return perform


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
