"""One browser, one sandbox and one gallery for all the journeys here; each is opened when first asked for."""

from collections.abc import Callable, Iterator

import pytest
from playwright.async_api import Browser

from journeys.browser.chromium import a_browser, chromium_or_skip
from journeys.browser.gallery_app import a_gallery_stage
from journeys.browser.stage import Journey, a_stage
from journeys.house import House


@pytest.fixture(scope="package")
def browser_house(patient_slack: None) -> Iterator[House]:
    """Closed when the last journey in a browser is over."""
    with House() as house:
        yield house


@pytest.fixture(scope="package")
def chromium(browser_house: House) -> Browser:
    return browser_house.open(a_browser(chromium_or_skip()))


@pytest.fixture(scope="package")
def browse(browser_house: House, chromium: Browser) -> Callable[[Journey], None]:
    """Run a journey on the stage, where the unchanged bot is."""
    stage = browser_house.open(a_stage(chromium))
    return lambda journey: browser_house.run(stage.run(journey))


@pytest.fixture(scope="package")
def look(browser_house: House, chromium: Browser) -> Callable[[Journey], None]:
    """Run a journey through the gallery: the page with every block, and no bot."""
    gallery = browser_house.open(a_gallery_stage(chromium))
    return lambda journey: browser_house.run(gallery.run(journey))
