"""What a modal demands of a person before it sends anything to the app, as Slack's own clients do."""

import re
from typing import Any

from bot.sandbox.slack.elements import Placed, placed_in
from bot.sandbox.slack.workspace import Json

REQUIRED = "Please complete this required field."
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"https?://\S+")


def problems_of(blocks: list[Json], values: Json) -> dict[str, str]:
    """What must be put right first, by block id; empty when the form can be submitted."""
    found = {}
    for placed in placed_in(blocks):
        if placed.block["type"] == "input":
            value = values.get(placed.block_id, {}).get(placed.action_id, {}).get(placed.field)
            problem = _problem(placed, value)
            if problem:
                found[placed.block_id] = problem
    return found


def _problem(placed: Placed, value: Any) -> str:
    if value in (None, "", []):
        return "" if placed.block.get("optional") else REQUIRED
    checks = {
        "plain_text_input": _text_problem,
        "number_input": _number_problem,
        "email_text_input": _email_problem,
        "url_text_input": _url_problem,
    }
    check = checks.get(placed.kind)
    return check(placed.element, value) if check else ""


def _text_problem(element: Json, value: str) -> str:
    least, most = element.get("min_length", 0), element.get("max_length", 3_000)
    if len(value) < least:
        return f"This must be at least {least} characters long."
    return f"This must be at most {most} characters long." if len(value) > most else ""


def _number_problem(element: Json, value: str) -> str:
    pattern = r"-?\d+(\.\d+)?" if element.get("is_decimal_allowed") else r"-?\d+"
    if not re.fullmatch(pattern, value):
        return "Enter a number." if element.get("is_decimal_allowed") else "Enter a whole number."
    least, most = element.get("min_value"), element.get("max_value")
    if least is not None and float(value) < float(least):
        return f"Enter a number that is at least {least}."
    return (
        f"Enter a number that is at most {most}." if most is not None and float(value) > float(most) else ""
    )


def _email_problem(_element: Json, value: str) -> str:
    return "" if _EMAIL.fullmatch(value) else "Enter a valid email address."


def _url_problem(_element: Json, value: str) -> str:
    return "" if _URL.fullmatch(value) else "Enter a valid URL."
