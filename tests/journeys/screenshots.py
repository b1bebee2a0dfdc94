"""The pictures of README.md and docs/: made by clicking through the sandbox as the journeys do.

With a folder as its one argument it puts them there, and leaves docs/ alone.
"""

import asyncio
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.async_api import Browser, FloatRect, Locator, Page, ViewportSize, expect

from bot.sandbox.clock import until_morning
from bot.sandbox.configuration import DIGEST_AT, DIGEST_ZONE
from bot.sandbox.door import Sandbox
from bot.sandbox.landing_zone import trusting
from journeys.browser.chromium import NO_BROWSER, a_browser, find_chromium
from journeys.browser.small_png import reduced
from journeys.browser.window import Window

IMAGES = Path(__file__).parents[2] / "docs" / "images"
LARGEST_BYTES = 250_000
SHARP = 2
"""Pixels of a picture for one of the page."""
TALL = ViewportSize(width=1280, height=2400)
"""No message is higher: what is scrolled out of the window is in no picture."""
WHOLE = ViewportSize(width=1280, height=800)
MANY = 2_000
PAYMENTS, DATA_LAKE = "payments-prod", "222233334444"
SCAN_MS = 120_000
DIGEST_MS = 90_000
DIGEST = "Audit chain:"
"""Words that every digest has, and no other message there."""
MORNINGS = 4
"""Days on the trend before anything is fixed."""
HALF_WAY = re.compile("1,[0-9]{3} of 2,001 accounts")


ALONE = """
async (part, [rows, above]) => {
  if (!part.isConnected) return null;
  if (part.matches(".follows")) {
    let before = part.previousElementSibling;
    while (!before.matches(".message:not(.follows)")) before = before.previousElementSibling;
    const head = before.querySelector(".head").cloneNode(true);
    head.querySelector(".time").textContent = part.querySelector(".time").textContent;
    part.querySelector(".side").replaceWith(before.querySelector(".side").cloneNode(true));
    part.querySelector(".content > .sr-only").replaceWith(head);
    part.classList.remove("follows");
  }
  for (const node of document.querySelectorAll("#app *"))
    if (!node.contains(part) && !part.contains(node)) node.style.visibility = "hidden";
  // The page scrolls to its end once it has seen that a message has grown.
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  if (!part.isConnected) return null;
  const { left, top, right, bottom } = part.getBoundingClientRect();
  if (part.matches("dialog")) return { x: left, y: top, width: right - left, height: bottom - top };
  const edge = (node, side) => node.getBoundingClientRect()[side];
  const blocks = [...part.querySelectorAll(".block")];
  const cut = above && blocks.find((block) => block.textContent.includes(above));
  const last = rows && part.querySelectorAll("tbody tr")[rows - 1];
  const end = last ? edge(last, "bottom") : cut ? edge(cut, "top") - 16 : bottom + 4;
  const wide = Math.max(...blocks.map((block) => edge(block, "right"))) + 20;
  const from = part.matches("article") ? left : left - 20;
  return { x: from, y: top - 4, width: wide - from, height: end - top + 4 };
}
"""
"""Hides what stands around a part of the page, which keeps its place, and tells where it is.

A message is as wide as its widest block; of one with a table only so many rows, or all of it for 0; down to
the block with certain words, if any are given. One that follows another of the same author is given the head
that stands above that one.
"""
TOGETHER = (
    "() => document.querySelectorAll('#app *').forEach((node) => node.style.removeProperty('visibility'))"
)


class Camera:
    """Takes pictures into a folder, and says which it took; the page is for making the files small."""

    def __init__(self, page: Page, folder: Path, say: Callable[[str], None] = print) -> None:
        self._page = page
        self._folder = folder
        self._say = say

    async def take(
        self, window: Window, name: str, of: Locator | None = None, *, rows: int = 0, above: str = ""
    ) -> None:
        """The whole window, or a part of it alone: of a table so many rows, or down to a block with words."""
        await window.page.mouse.move(1, 1)
        clip = None if of is None else await _alone(of, rows, above)
        taken = await window.page.screenshot(clip=clip, animations="disabled", caret="hide")
        await window.page.evaluate(TOGETHER)
        path = self._folder / f"{name}.png"
        size = path.write_bytes(await reduced(taken, self._page))
        too_large = f" more than {LARGEST_BYTES // 1000}: too large" if size > LARGEST_BYTES else ""
        self._say(f"{path.name:18} {size / 1000:6.1f} kB{too_large}")


async def _alone(part: Locator, rows: int, above: str) -> FloatRect:
    clip: FloatRect | None = None
    # A message that is drawn anew at this moment is found, and gone when it is asked: then once more.
    while clip is None:
        clip = await part.evaluate(ALONE, [rows, above])
    return clip


async def take_the_main_job(browser: Browser, camera: Camera) -> None:
    """From the status to the digest, in an organization of a few accounts."""
    async with Sandbox(rate_limited=False) as sandbox:
        riley = await Window.open(browser, sandbox.url, "riley", size=TALL, scale=SHARP)
        await riley.say("/support-role status")
        await camera.take(riley, "status", riley.status())
        await riley.say("/support-role explain marketing-site")
        evidence = riley.private("marketing-site", "agency-support").filter(
            has_not_text="Reading the account"
        )
        await camera.take(riley, "explain", evidence)
        for _ in range(MORNINGS):
            await _until_morning(riley, sandbox)
        await _take_asking(riley, camera)
        await _take_applying(browser, sandbox, camera)
        await _take_reports(riley, sandbox, camera)
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


async def _take_applying(browser: Browser, sandbox: Sandbox, camera: Camera) -> None:
    """Held between the two writes, as long as the picture takes."""
    ana = await Window.open(browser, sandbox.url, "ana", "approvals", size=TALL, scale=SHARP)
    sandbox.aws.pause("iam:AttachRolePolicy")
    await ana.approve(PAYMENTS)
    attaching = ana.page.locator("[aria-current=step]").filter(has_text="Attach")
    await expect(attaching).to_be_visible()
    await camera.take(ana, "applying", ana.message(PAYMENTS).filter(has=attaching))
    sandbox.aws.release()
    await camera.take(ana, "applied", ana.message("Done:", PAYMENTS, "Undo"))
    await ana.go("cloud-audit")
    await camera.take(ana, "audit", ana.message("was read back and is in place"))


async def _take_reports(riley: Window, sandbox: Sandbox, camera: Camera) -> None:
    """The digests of two mornings: one after a fix and a mishap, the other after a day with nothing."""
    await riley.go("cloud-security")
    sandbox.aws.plant_role(DATA_LAKE, "SupportAccess", json.loads(trusting({"AWS": "*"})))
    await _until_morning(riley, sandbox)
    await camera.take(riley, "digest", riley.message(DIGEST))
    await _until_morning(riley, sandbox)
    await camera.take(riley, "digest-quiet", riley.message(DIGEST))
    await riley.page.get_by_role("button", name="Support Role").first.click()
    await riley.page.get_by_role("tab", name="Home").click()
    await camera.take(riley, "home", riley.page.locator(".home-inner"), above="What can be typed")


async def _until_morning(window: Window, sandbox: Sandbox) -> None:
    """The next one; it brings one more digest."""
    before = await window.messages(DIGEST).count()
    await sandbox.move_clock(until_morning(sandbox.clock.now(), DIGEST_AT, DIGEST_ZONE))
    await expect(window.messages(DIGEST)).to_have_count(before + 1, timeout=DIGEST_MS)
    await expect(window.message(DIGEST)).to_contain_text("1 reply")


async def _take_rooms(browser: Browser, sandbox: Sandbox, camera: Camera) -> None:
    """The whole page: as a newcomer finds it after the first command, with the panel, and in the dark."""
    riley = await Window.open(browser, sandbox.url, "riley", size=WHOLE, scale=SHARP)
    await expect(riley.status()).to_be_visible()
    await riley.status().hover()
    await riley.page.mouse.wheel(0, -10_000)
    await expect(riley.page.get_by_role("region", name="Things to try")).to_be_in_viewport(ratio=1)
    await camera.take(riley, "sandbox")
    ana = await Window.open(browser, sandbox.url, "ana", "approvals", size=WHOLE, dark=True, scale=SHARP)
    await expect(ana.message("Done:", PAYMENTS)).to_be_visible()
    await camera.take(ana, "dark")
    sam = await Window.open(browser, sandbox.url, "sam", "cloud-audit", size=WHOLE, scale=SHARP)
    await sam.page.get_by_role("button", name="Behind the scenes").click()
    beside = sam.page.frame_locator("iframe")
    await beside.get_by_role("button", name="Writes").click()
    await expect(beside.get_by_text("AttachRolePolicy").first).to_be_visible()
    await beside.get_by_role("link", name="AWS calls").click()
    await camera.take(sam, "behind")


async def take_many_accounts(browser: Browser, camera: Camera) -> None:
    async with Sandbox(accounts=MANY) as sandbox:
        riley = await Window.open(browser, sandbox.url, "riley", size=TALL, scale=SHARP)
        await riley.say("/support-role status")
        progress = riley.message(HALF_WAY)
        await expect(progress).to_be_visible(timeout=SCAN_MS)
        await camera.take(riley, "progress", progress, rows=2)
        await expect(riley.status()).to_be_visible(timeout=SCAN_MS)
        await camera.take(riley, "status-huge", riley.status(), rows=5)


async def take_all(chromium: str, folder: Path) -> None:
    async with a_browser(chromium) as browser:
        camera = Camera(await browser.new_page(), folder)
        await take_the_main_job(browser, camera)
        await take_many_accounts(browser, camera)


if __name__ == "__main__":
    into = Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    into.mkdir(parents=True, exist_ok=True)
    asyncio.run(take_all(find_chromium() or sys.exit(NO_BROWSER), into))
