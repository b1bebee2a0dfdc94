"""What axe-core finds on a page that keeps people out."""

from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

GRAVE = ("serious", "critical")
_AXE = Axe()
_OPTIONS = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
}


async def barriers(page: Page, within: str | None = None) -> list[str]:
    """The serious and critical violations, by any of axe's rules, each with the places where it is.

    `within` is a CSS selector; without one all of the page is looked at, and contrast where it is in sight.
    """
    found = await _AXE.run(page, within)
    return [_told(rule) for rule in found.response["violations"] if rule["impact"] in GRAVE]


def _told(rule: dict[str, Any]) -> str:
    places = "; ".join(f"{node['target']} {node['html'][:120]}" for node in rule["nodes"][:5])
    return f"{rule['id']} ({rule['impact']}): {rule['help']}: {len(rule['nodes'])} x {places}"
