"""One browser, one sandbox and one gallery for all the journeys here; each is opened when first asked for."""

from collections.abc import Callable, Iterator

import pytest
from journeys.browser.chromium import a_browser, chromium_or_skip
from journeys.browser.gallery_app import a_gallery_stage
from journeys.browser.house import House
from journeys.browser.stage import Journey, a_stage


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    chromium = chromium_or_skip()
    with House() as house:
        house.browser = house.open(a_browser(chromium))
        yield house


@pytest.fixture(scope="session")
def browse(house: House) -> Callable[[Journey], None]:
    """Run a journey on the stage, where the unchanged bot is."""
    stage = house.open(a_stage(house.browser))
    return lambda journey: house.run(stage.run(journey))


@pytest.fixture(scope="session")
def look(house: House) -> Callable[[Journey], None]:
    """Run a journey through the gallery: the page with every block, and no bot."""
    gallery = house.open(a_gallery_stage(house.browser))
    return lambda journey: house.run(gallery.run(journey))
