"""One line that says how it stands, and never more than is known."""

from bot.domain.finding import Summary, Verdict


def headline(summary: Summary) -> str:
    """`7 of 412 accounts have no support role · 3 could not be read · coverage 99 %`."""
    if not summary.in_scope:
        return "No account has what was asked for"
    weak, unknown = summary.count(Verdict.WEAK), summary.unknown
    parts = [
        _first(summary),
        f"{weak} {_have(weak)} only a weak one" if weak else "",
        f"{unknown} could not be read" if unknown else "",
        _counted(summary, Verdict.WAIVED, "waived"),
        _counted(summary, Verdict.SKIPPED, "skipped"),
        f"coverage {summary.coverage_percent} %",
    ]
    return " · ".join(part for part in parts if part)


def _first(summary: Summary) -> str:
    failed, total = summary.count(Verdict.FAIL), summary.in_scope
    accounts = "account" if total == 1 else "accounts"
    if failed:
        return f"{failed} of {total} {accounts} {_have(failed)} no support role"
    sound = summary.count(Verdict.PASS)
    if sound == total > 1:
        return f"All {total} accounts have a sound support role"
    return f"{sound} of {total} {accounts} {_have(1 if total == 1 else sound)} a sound support role"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _counted(summary: Summary, verdict: Verdict, word: str) -> str:
    count = summary.count(verdict)
    return f"{count} {word}" if count else ""
