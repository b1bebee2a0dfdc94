"""What time does to a request, and what the next morning brings: the clock is moved in the panel."""

import re
from collections.abc import Callable

from playwright.async_api import expect

from journeys.browser.stage import Journey, Stage
from journeys.browser.window import Window

Browse = Callable[[Journey], None]
MORNING_MS = 90_000


def test_what_nobody_decides_expires_and_the_next_morning_brings_one_digest(browse: Browse) -> None:
    async def journey(stage: Stage) -> None:
        account, riley = stage.account(), await stage.open("riley")
        before = await riley.messages("Audit chain: ").count()
        await riley.ask_for_fix(account.id)
        await _move_clock(riley, "Tomorrow 09:00")
        digest = riley.message(re.compile(f"{stage.sandbox.clock.now():%B %Y}"), "Audit chain: ")
        await expect(digest).to_be_visible(timeout=MORNING_MS)
        assert await riley.messages("Audit chain: ").count() == before + 1

        await riley.go("approvals")
        record = riley.message("Expired:", account.id)
        await expect(record).to_be_visible()
        await expect(record.get_by_role("button", name="Approve")).to_have_count(0)
        assert stage.sandbox.aws.support_roles(account.id) == ()

    browse(journey)


async def _move_clock(window: Window, label: str) -> None:
    """With the panel, which is closed again."""
    panel = window.page.get_by_role("button", name="Behind the scenes", exact=True)
    await panel.click()
    beside = window.page.frame_locator("iframe")
    await beside.get_by_role("button", name=label).click()
    await expect(beside.get_by_role("status").first).to_contain_text("It is now")
    await panel.click()
