"""The evidence of an explanation for people: role by role, each sentence with the AWS calls behind it."""

from collections.abc import Iterator

from rich.text import Text

from bot.domain.control import CONTROL
from bot.domain.evidence import Evidence, Weight
from bot.domain.explanation import Explanation
from bot.logs import escaped

MARKS = {Weight.SAYS: "·", Weight.AGAINST: "✗", Weight.UNREAD: "?"}
STYLES = {Weight.SAYS: "", Weight.AGAINST: "red", Weight.UNREAD: "magenta"}


def evidence_lines(explanation: Explanation) -> Iterator[Text]:
    """One line for each sentence and each call; names from AWS are plain text, and escaped.

    None for an account that was not read: why not is its only evidence, and stands with the verdict.
    """
    if explanation.finding.meets_benchmark is None:
        return
    if explanation.is_stricter:
        yield Text(f"Without the deeper look it would be {explanation.scanned.value}.")
    yield Text("Evidence", style="bold")
    for each in explanation.about(""):
        yield from _lines(each, "  ")
    for role in explanation.finding.roles:
        yield Text(f"  {escaped(role.arn)}: {'sound' if role.sound else 'not sound'}", style="bold")
        for each in explanation.about(role.arn):
            yield from _lines(each, "    ")


def control_line() -> str:
    """The control's names in the standards that findings are matched by."""
    return f"Datadog {CONTROL.datadog} · {CONTROL.cis_in_words()} · Security Hub {CONTROL.security_hub}"


def _lines(evidence: Evidence, indent: str) -> Iterator[Text]:
    text = f"{indent}{MARKS[evidence.weight]} {escaped(evidence.text)}"
    yield Text(text, style=STYLES[evidence.weight])
    for call in evidence.calls:
        yield Text(f"{indent}    {escaped(call)}", style="dim")
