"""The words that several messages share: verdicts, modes, counts and spans of time."""

from datetime import datetime, timedelta

from bot.domain.finding import Finding, Summary, Verdict
from bot.domain.request import Mode
from bot.slack.blocks.mrkdwn import Mrkdwn, join, md

MARKS = {
    Verdict.PASS: "\N{WHITE HEAVY CHECK MARK}",
    Verdict.WEAK: "\N{LARGE YELLOW CIRCLE}",
    Verdict.FAIL: "\N{LARGE RED CIRCLE}",
    Verdict.UNKNOWN: "\N{WHITE QUESTION MARK ORNAMENT}",
    Verdict.WAIVED: "\N{WHITE CIRCLE}",
    Verdict.SKIPPED: "\N{WHITE CIRCLE}",
}

MEANINGS = {
    Verdict.UNKNOWN: "could not be read, so it counts as neither good nor bad",
    Verdict.FAIL: "no role carries AWSSupportAccess, the policy for opening cases with AWS Support",
    Verdict.WEAK: "a role carries AWSSupportAccess, but nobody can use it, or too many can",
}

DRY_RUN = "Dry run: everything is checked and recorded, and nothing is written in AWS."
OFF = "Fixes are switched off (remediation.mode is off)."
APPLY = "Nothing changes in AWS until a second person approves."
MODES = {Mode.DRY_RUN: DRY_RUN, Mode.OFF: OFF, Mode.APPLY: APPLY}
DRY_RUN_FORM = "Dry run: nothing changes in AWS, even when it is approved."
FORM_MODES = {**MODES, Mode.DRY_RUN: DRY_RUN_FORM}
"""What a form says that asks for an approval."""


def marked(verdict: Verdict) -> str:
    return f"{MARKS[verdict]} {verdict.value}"


def meanings(verdicts: "list[Verdict]") -> Mrkdwn:
    """What each of these verdicts means, once."""
    known = [verdict for verdict in MEANINGS if verdict in verdicts]
    return join(" · ", [md("*{word}*: {what}", word=word, what=MEANINGS[word]) for word in known])


def counted(count: int, singular: str, plural: str = "") -> str:
    """`1 account`, `412 accounts`, `10,000 accounts`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def counts(summary: Summary) -> str:
    """`412 in scope · 400 pass · 7 fail · …`, without the verdicts that no account has."""
    words = {
        Verdict.PASS: "pass",
        Verdict.FAIL: "fail",
        Verdict.WEAK: "weak",
        Verdict.UNKNOWN: "could not be read",
        Verdict.WAIVED: "waived",
        Verdict.SKIPPED: "skipped (suspended or closed)",
    }
    found = [
        f"{summary.count(verdict):,} {word}" for verdict, word in words.items() if summary.count(verdict)
    ]
    return " · ".join([f"{summary.in_scope:,} in scope", *found])


def posture(summary: Summary) -> str:
    """The whole state in one line; never says that all is well while an account could not be read."""
    scope = counted(summary.in_scope, "account")
    coverage = f"coverage {summary.coverage_percent} %"
    bad = [verdict for verdict in (Verdict.FAIL, Verdict.WEAK, Verdict.UNKNOWN) if summary.count(verdict)]
    if not bad:
        return f"{_all_good(summary, scope)} · {coverage}"
    first, *others = [_bad_part(verdict, summary.count(verdict)) for verdict in bad]
    whom = "The one account" if summary.in_scope == 1 else f"{first[0]} of {scope}"
    return " · ".join([f"{whom} {first[1]}", *[" ".join(part) for part in others], coverage])


def _bad_part(verdict: Verdict, count: int) -> tuple[str, str]:
    have = "has" if count == 1 else "have"
    words = {
        Verdict.FAIL: f"{have} no support role",
        Verdict.WEAK: f"{have} a weak support role",
        Verdict.UNKNOWN: "could not be read",
    }
    return f"{count:,}", words[verdict]


def _all_good(summary: Summary, scope: str) -> str:
    passing, waived, skipped = (summary.count(v) for v in (Verdict.PASS, Verdict.WAIVED, Verdict.SKIPPED))
    if not passing:
        aside = f"{waived:,} waived, {skipped:,} skipped"
        return f"None of {scope} could be judged: {aside}"
    if passing == summary.in_scope:
        return "The one account has a support role" if passing == 1 else f"All {scope} have a support role"
    return (
        f"{passing:,} of {scope} {'has' if passing == 1 else 'have'} a support role, the others are set aside"
    )


def ago(at: datetime, now: datetime) -> str:
    """`just now`, `3 minutes ago`, `12 days ago`."""
    return "just now" if now - at < timedelta(minutes=1) else f"{span(now - at)} ago"


def span(length: timedelta) -> str:
    """In the largest unit that fits: `40 seconds`, `5 minutes`, `3 hours`, `12 days`."""
    seconds = max(0, int(length.total_seconds()))
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            return counted(seconds // size, unit)
    return counted(seconds, "second")


def reason(finding: Finding) -> str:
    """Why the verdict, in one sentence or more."""
    return " ".join(reason.text for reason in finding.reasons) or MEANINGS.get(finding.verdict, "")
