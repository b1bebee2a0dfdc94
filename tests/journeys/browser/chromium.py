"""The browser of this machine, driven by Playwright; none is downloaded."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright, expect

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 60_000.0
NO_BROWSER = f"No browser: none of {', '.join(NAMES)} is on PATH (on Debian: apt-get install chromium)."

# Several tests at once share few cores: what a person would call slow is no failure.
expect.set_options(timeout=PATIENCE_MS)


def find_chromium() -> str | None:
    """Its path, or None."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def chromium_or_skip() -> str:
    """Its path; without one the test is skipped, and fails where CI promises that nothing is left out."""
    path = find_chromium()
    if path is None and os.environ.get("CI"):
        pytest.fail(NO_BROWSER, pytrace=False)
    return path or pytest.skip(NO_BROWSER)


@asynccontextmanager
async def a_browser(path: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=QUIET)
        try:
            yield browser
        finally:
            await browser.close()
