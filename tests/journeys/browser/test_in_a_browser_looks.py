"""The page itself: strange names, dark, narrow, by keyboard."""

from collections.abc import Callable

from playwright.async_api import Locator, expect

from journeys.browser.stage import Journey, Stage
from journeys.browser.window import PHONE, REASON, Window

Browse = Callable[[Journey], None]
HOSTILE, HOSTILE_ID = "<!channel> *dev* \N{TEST TUBE}", "888899990000"
MANY_TABS = 120

FAINT = """
() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    const [x, y, z] = [r, g, b].map((part) => linear(part / 255));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if ((color[3] ?? 1) === 1) return color;
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility()) continue;
    const [text, back] = [light(parse(getComputedStyle(node).color)), light(behind(node))];
    const contrast = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
    if (contrast < 4.5) faint.add(`${contrast.toFixed(1)} ${walker.currentNode.data.trim().slice(0, 40)}`);
  }
  return [...faint];
}
"""
"""Texts in the conversation whose contrast is below WCAG's 4.5 : 1."""


def test_a_name_full_of_markup_is_text_everywhere(browse: Browse) -> None:
    async def journey(stage: Stage) -> None:
        riley = await stage.open("riley")
        await riley.status().get_by_role("searchbox").fill("channel")
        await expect(riley.status()).to_contain_text(HOSTILE)
        await riley.say(f"/support-role fix {HOSTILE_ID}")
        await expect(riley.modal("Fix an account")).to_contain_text("<!channel>")
        await riley.give_reason("Fix an account", "Why is this needed?")
        await riley.go("approvals")
        question = riley.message("Approval needed", HOSTILE_ID)
        await expect(question.get_by_role("heading")).to_contain_text(HOSTILE)
        await expect(riley.page.locator(".broadcast")).to_have_count(0)

    browse(journey)


def test_dark_follows_the_system_can_be_turned_and_all_text_can_be_read(browse: Browse) -> None:
    async def journey(stage: Stage) -> None:
        account = stage.account()
        riley = await stage.open("riley", dark=True)
        page, root = riley.page, riley.page.locator("html")
        await expect(root).to_have_attribute("data-theme", "dark")
        await riley.ask_for_fix(account.id)
        assert await page.evaluate(FAINT) == []
        await riley.go("approvals")
        await expect(riley.message("Approval needed", account.id)).to_be_visible()
        assert await page.evaluate(FAINT) == []

        await page.get_by_role("button", name="Turn light or dark").click()
        await page.reload()
        await expect(root).to_have_attribute("data-theme", "light")
        await expect(riley.message("Approval needed", account.id)).to_be_visible()
        assert await page.evaluate(FAINT) == []

    browse(journey)


def test_a_narrow_window_shows_all_of_it_without_scrolling_sideways(browse: Browse) -> None:
    async def journey(stage: Stage) -> None:
        account = stage.account()
        riley = await stage.open("riley", size=PHONE)
        await expect(riley.status()).to_be_visible()
        await _fits(riley)
        await riley.say(f"/support-role fix {account.id}")
        await expect(riley.modal("Fix an account")).to_be_visible()
        await _fits(riley)
        await riley.give_reason("Fix an account", "Why is this needed?")
        await riley.page.get_by_role("button", name="Channels", exact=True).click()
        await riley.go("approvals")
        await expect(riley.message("Approval needed", account.id)).to_be_visible()
        await _fits(riley)

    browse(journey)


async def _fits(window: Window) -> None:
    """Nothing to press and no text sticks out of the window, but inside a box that scrolls by itself."""
    out = await window.page.evaluate(
        """() => [...document.querySelectorAll("main *, dialog *")]
          .filter((node) => !node.closest(".table-scroll, pre, .sr-only") && node.checkVisibility())
          .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
          .map((node) => node.outerHTML.slice(0, 80))"""
    )
    assert out == []


def test_a_fix_is_asked_for_and_approved_with_the_keyboard_alone(browse: Browse) -> None:
    async def journey(stage: Stage) -> None:
        account, window = stage.account(), await stage.open("riley")
        page = window.page
        await page.evaluate("document.activeElement.blur()")
        await _tab_to(window, window.box)
        await page.keyboard.type(f"/support-role fix {account.id}")
        await page.keyboard.press("Enter")
        modal = window.modal("Fix an account")
        await expect(modal.get_by_role("textbox")).to_be_focused()
        await page.keyboard.type(REASON)
        await _tab_to(window, modal.get_by_role("button", name="Ask for approval"))
        await page.keyboard.press("Enter")
        await expect(modal).to_be_hidden()
        await expect(window.box).to_be_focused()

        await _tab_to(window, page.get_by_role("button", name="You are Riley Chen"), back=True)
        await page.keyboard.press("Enter")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="You are Ana Ortiz")).to_be_visible()
        await _tab_to(window, page.locator("nav").get_by_role("button", name="approvals"))
        await page.keyboard.press("Enter")
        await expect(window.box).to_be_focused()
        question = window.message("Approval needed", account.id)
        await _tab_to(window, question.get_by_role("button", name="Approve"), back=True)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alertdialog")).to_be_visible()
        await page.keyboard.press("Enter")
        await expect(window.message("Done:", account.id)).to_be_visible()
        assert stage.sandbox.aws.support_roles(account.id) != ()

    browse(journey)


def test_a_message_that_arrives_does_not_take_the_focus(browse: Browse) -> None:
    async def journey(stage: Stage) -> None:
        riley, ana = await stage.open("riley", "random"), await stage.open("ana", "random")
        await riley.box.press_sequentially("I was about to")
        await ana.say("good morning")
        await expect(riley.message("good morning")).to_be_visible()
        await expect(riley.box).to_be_focused()
        answer = riley.message("good morning").get_by_role("button", name="Reply in thread")
        await answer.focus()
        await ana.say("and a second one")
        await expect(riley.message("and a second one")).to_be_visible()
        await expect(answer).to_be_focused()

    browse(journey)


async def _tab_to(window: Window, control: Locator, *, back: bool = False) -> None:
    await control.wait_for()
    for _ in range(MANY_TABS):
        if await control.evaluate("node => node === document.activeElement"):
            return
        await window.page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"{control} is not reached with Tab")
