"""The pictures of README.md and docs/: made by clicking through the sandbox as the journeys do."""

import asyncio
import re
import sys
from collections.abc import Callable
from pathlib import Path

from journeys.browser.chromium import NO_BROWSER, a_browser, find_chromium
from journeys.browser.small_png import reduced
from journeys.browser.window import Window
from playwright.async_api import Browser, FloatRect, Locator, Page, ViewportSize, expect

from bot.sandbox.door import Sandbox

IMAGES = Path(__file__).parents[2] / "docs" / "images"
LARGEST_BYTES = 250_000
SHARP = 2
"""Pixels of a picture for one of the page."""
TALL = ViewportSize(width=1280, height=2400)
"""No message is higher: what is scrolled out of the window is in no picture."""
WHOLE = ViewportSize(width=1280, height=800)
MANY = 2_000
PAYMENTS = "payments-prod"
SCAN_MS = 120_000
HALF_WAY = re.compile("1,[0-9]{3} of 2,001 accounts")


ALONE = """
(part, rows) => {
  if (!part.isConnected) return null;
  for (const node of document.querySelectorAll("#app *"))
    if (!node.contains(part) && !part.contains(node)) node.style.visibility = "hidden";
  const { left, top, right, bottom } = part.getBoundingClientRect();
  if (part.matches("dialog")) return { x: left, y: top, width: right - left, height: bottom - top };
  const edge = (node, side) => node.getBoundingClientRect()[side];
  const end = rows ? edge(part.querySelectorAll("tbody tr")[rows - 1], "bottom") : bottom + 4;
  const wide = Math.max(...[...part.querySelectorAll(".block")].map((block) => edge(block, "right"))) + 20;
  const from = part.matches("article") ? left : left - 20;
  return { x: from, y: top - 4, width: wide - from, height: end - top + 4 };
}
"""
"""Hides what stands around a part of the page, which keeps its place, and tells where it is.

A message is as wide as its widest block; of one with a table only so many rows, or all of it for 0.
"""
TOGETHER = (
    "() => document.querySelectorAll('#app *').forEach((node) => node.style.removeProperty('visibility'))"
)


class Camera:
    """Takes pictures, and says which it took; the page is for making the files small."""

    def __init__(self, page: Page, say: Callable[[str], None] = print) -> None:
        self._page = page
        self._say = say

    async def take(self, window: Window, name: str, of: Locator | None = None, *, rows: int = 0) -> None:
        """The whole window, or a part of it alone; of a long table only so many rows."""
        await window.page.mouse.move(1, 1)
        clip = None if of is None else await _alone(of, rows)
        taken = await window.page.screenshot(clip=clip, animations="disabled", caret="hide")
        await window.page.evaluate(TOGETHER)
        path = IMAGES / f"{name}.png"
        size = path.write_bytes(await reduced(taken, self._page))
        too_large = f" more than {LARGEST_BYTES // 1000}: too large" if size > LARGEST_BYTES else ""
        self._say(f"{path.name:18} {size / 1000:6.1f} kB{too_large}")


async def _alone(part: Locator, rows: int) -> FloatRect:
    clip: FloatRect | None = None
    # A message that is drawn anew at this moment is found, and gone when it is asked: then once more.
    while clip is None:
        clip = await part.evaluate(ALONE, rows)
    return clip


async def take_the_main_job(browser: Browser, camera: Camera) -> None:
    """From the status to the digest, in an organization of a few accounts."""
    async with Sandbox(rate_limited=False) as sandbox:
        riley = await Window.open(browser, sandbox.url, "riley", size=TALL, scale=SHARP)
        await riley.say("/support-role status")
        await camera.take(riley, "status", riley.status())
        await _take_asking(riley, camera)
        ana = await Window.open(browser, sandbox.url, "ana", "approvals", size=TALL, scale=SHARP)
        await ana.approve(PAYMENTS)
        await camera.take(ana, "applied", ana.message("Done:", PAYMENTS, "Undo"))
        await ana.go("cloud-audit")
        await camera.take(ana, "audit", ana.message("was read back and is in place"))
        await _take_reports(riley, camera)
        await _take_rooms(browser, sandbox, camera)


async def _take_asking(riley: Window, camera: Camera) -> None:
    await riley.say(f"/support-role fix {PAYMENTS}")
    modal = riley.modal("Fix an account")
    await modal.get_by_role("textbox").fill("Audit finding 7: nobody in payments can open a case. SEC-12")
    await camera.take(riley, "modal", modal)
    await riley.press(modal, "Ask for approval")
    await riley.go("approvals")
    question = riley.message("Approval needed", PAYMENTS)
    await camera.take(riley, "approval", question)
    await riley.approve(PAYMENTS)
    await camera.take(riley, "refusal", riley.private("Not approved"))


async def _take_reports(riley: Window, camera: Camera) -> None:
    await riley.go("cloud-security")
    await riley.say("/support-role digest now")
    await camera.take(riley, "digest", riley.message("first digest", "1 reply"))
    await riley.page.get_by_role("button", name="Support Role").first.click()
    await riley.page.get_by_role("tab", name="Home").click()
    await camera.take(riley, "home", riley.page.locator(".home-inner"))


async def _take_rooms(browser: Browser, sandbox: Sandbox, camera: Camera) -> None:
    """The whole page: as a newcomer finds it after the first command, and in the dark."""
    riley = await Window.open(browser, sandbox.url, "riley", size=WHOLE, scale=SHARP)
    await expect(riley.status()).to_be_visible()
    await riley.status().hover()
    await riley.page.mouse.wheel(0, -10_000)
    await expect(riley.page.get_by_role("region", name="Things to try")).to_be_in_viewport(ratio=1)
    await camera.take(riley, "sandbox")
    ana = await Window.open(browser, sandbox.url, "ana", "approvals", size=WHOLE, dark=True, scale=SHARP)
    await expect(ana.message("Done:", PAYMENTS)).to_be_visible()
    await camera.take(ana, "dark")


async def take_many_accounts(browser: Browser, camera: Camera) -> None:
    async with Sandbox(accounts=MANY) as sandbox:
        riley = await Window.open(browser, sandbox.url, "riley", size=TALL, scale=SHARP)
        await riley.say("/support-role status")
        progress = riley.message(HALF_WAY)
        await expect(progress).to_be_visible(timeout=SCAN_MS)
        await camera.take(riley, "progress", progress, rows=2)
        await expect(riley.status()).to_be_visible(timeout=SCAN_MS)
        await riley.status().get_by_role("button", name="Next page").click()
        await camera.take(riley, "status-huge", riley.status())


async def take_all(chromium: str) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    async with a_browser(chromium) as browser:
        camera = Camera(await browser.new_page())
        await take_the_main_job(browser, camera)
        await take_many_accounts(browser, camera)


if __name__ == "__main__":
    asyncio.run(take_all(find_chromium() or sys.exit(NO_BROWSER)))
