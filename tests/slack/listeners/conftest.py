from collections.abc import Iterator

import pytest

from tests.slack.listeners.workplace import Workplace, a_workplace


@pytest.fixture
def work() -> Iterator[Workplace]:
    with a_workplace() as workplace:
        yield workplace
