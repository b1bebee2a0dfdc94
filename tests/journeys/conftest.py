"""What is dear to open and not free to keep is opened once: the journeys come together, and first."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from unittest import mock

import pytest

from bot.sandbox.slack.sockets import SocketSettings
from journeys.house import House
from journeys.town import Journey, Town, busy, small

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    """Those in a browser, then the others here, then all else."""
    return 0 if HERE / "browser" in item.path.parents else 1 if HERE in item.path.parents else 2


@pytest.fixture(scope="package")
def patient_slack() -> Iterator[None]:
    """A Slack that waits longer than three seconds: how fast the bot acks is for the benchmarks to tell."""
    patient = partial(SocketSettings, ack_seconds=30.0, connection_grace_seconds=30.0)
    with (
        mock.patch("bot.sandbox.slack.server.SocketSettings", patient),
        mock.patch("bot.sandbox.slack.state.TRIGGER_SECONDS", 30.0),
    ):
        yield


@pytest.fixture(scope="package")
def house(patient_slack: None) -> Iterator[House]:
    with House() as house:
        yield house


@pytest.fixture(scope="package")
def together(house: House) -> Callable[[Journey], None]:
    """Run a journey through the sandbox that most others have too."""
    return _through(house, Town(busy))


@pytest.fixture(scope="package")
def among_the_stories(house: House) -> Callable[[Journey], None]:
    """Run a journey through a sandbox of a few accounts, which nobody but it has read."""
    return _through(house, Town(small))


def _through(house: House, town: Town) -> Callable[[Journey], None]:
    house.open(town)
    return lambda journey: house.run(town.go(journey))
