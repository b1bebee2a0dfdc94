"""A window of the browser in which somebody sits: what they press, type and see."""

from datetime import UTC, datetime, timedelta
from re import Pattern
from typing import Self

from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from journeys.browser.chromium import PATIENCE_MS

REASON = "Audit finding 7, ticket SEC-12"
DESK = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=390, height=800)


class Window:
    """Has cookies and storage of its own, as another person's browser has; `complaints` is its console's."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda word: self.complaints.append(word.text) if word.type == "error" else None)

    @classmethod
    async def open(
        cls,
        browser: Browser,
        url: str,
        who: str,
        where: str = "cloud-security",
        *,
        size: ViewportSize = DESK,
        dark: bool = False,
        scale: float = 1,
    ) -> Self:
        context = await browser.new_context(
            viewport=size,
            device_scale_factor=scale,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            locale="en-US",
            timezone_id="UTC",
        )
        window = cls(await context.new_page())
        await window.page.goto(f"{url}/#/{who}/{where}")
        await expect(window.page.get_by_role("heading", level=1)).to_have_text(where)
        return window

    async def close(self) -> None:
        await self.page.context.close()

    # --- seeing ---

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message", exact=True)

    def message(self, *words: str | Pattern[str]) -> Locator:
        """The newest message of this channel that has all these words."""
        return self.messages(*words).last

    def messages(self, *words: str | Pattern[str]) -> Locator:
        """All messages of this channel that have all these words."""
        found = self.page.get_by_role("log", name="Messages").get_by_role("article")
        for word in words:
            found = found.filter(has_text=word)
        return found

    def private(self, *words: str) -> Locator:
        """The newest message that only this person sees and that has all these words."""
        return self.message("Only visible to you", *words)

    def status(self) -> Locator:
        """The newest status, once its scan is done."""
        return (
            self.page.get_by_role("article").filter(has=self.page.get_by_role("button", name="Re-check")).last
        )

    def modal(self, title: str) -> Locator:
        return self.page.get_by_role("dialog", name=title, exact=True)

    # --- doing ---

    async def go(self, channel: str) -> None:
        await self.page.get_by_role("navigation", name="Channels").get_by_role("button", name=channel).click()
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(channel)

    async def become(self, name: str) -> None:
        await self.page.get_by_role("button", name="You are").click()
        await self.page.get_by_role("menuitemradio", name=name).click()
        await expect(self.page.get_by_role("button", name=f"You are {name}")).to_be_visible()

    async def say(self, text: str) -> None:
        await self.box.fill(text)
        await self.box.press("Enter")

    async def press(self, where: Locator, name: str) -> None:
        await where.get_by_role("button", name=name, exact=True).click()

    async def confirm(self, yes: str) -> None:
        await self.press(self.page.get_by_role("alertdialog"), yes)

    # --- the bot's stories ---

    async def ask_for_fix(self, account_id: str) -> None:
        await self.say(f"/support-role fix {account_id}")
        await self.give_reason("Fix an account", "Why is this needed?")

    async def ask_for_waiver(self, account_id: str, owner: str) -> None:
        """First with a day that is over, which the form does not take, then with one in ten days."""
        await self.say(f"/support-role waive {account_id}")
        modal = self.modal("Waive an account")
        await modal.get_by_role("combobox", name="Who answers").fill(owner)
        await self.page.keyboard.press("Enter")
        last_day = modal.get_by_label("Last day of the waiver")
        await last_day.fill("2020-01-01")
        await modal.get_by_role("textbox", name="Why is it waived?").fill(REASON)
        await self.press(modal, "Ask for approval")
        await expect(modal.get_by_role("alert")).to_be_visible()
        await last_day.fill((datetime.now(UTC) + timedelta(days=10)).date().isoformat())
        await self.press(modal, "Ask for approval")
        await expect(modal).to_be_hidden()

    async def give_reason(self, title: str, label: str) -> None:
        """Fill in the modal's one field and send it."""
        modal = self.modal(title)
        await modal.get_by_role("textbox", name=label).fill(REASON)
        await self.press(modal, "Ask for approval")
        await expect(modal).to_be_hidden()

    async def approve(self, *words: str) -> None:
        """Approve the newest question with these words, and say yes to the confirm dialog."""
        await self.press(self.message("Approval needed", *words), "Approve")
        await self.confirm("Approve")
