"""Where a journey takes place: windows that are opened for it and closed after it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Self

from playwright.async_api import Browser

from journeys.browser.window import Window
from journeys.people import PATIENCE


class Room:
    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url
        self._windows: list[Window] = []

    async def open(self, who: str, where: str = "cloud-security", *, url: str = "", **look: Any) -> Window:
        """A window in which somebody sits, at the address of another sandbox if one is given."""
        window = await Window.open(self.browser, url or self.url, who, where, **look)
        self._windows.append(window)
        return window

    async def run(self, journey: Callable[[Self], Awaitable[None]]) -> None:
        """Go through a journey; no window's console may complain."""
        try:
            async with asyncio.timeout(PATIENCE):
                await journey(self)
            assert [complaint for window in self._windows for complaint in window.complaints] == []
        finally:
            for window in self._windows:
                await window.close()
            self._windows.clear()
