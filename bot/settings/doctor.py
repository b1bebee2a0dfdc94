"""Settings under the doctor's eyes: each can be read, and yet together they may stop what they are for."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from bot.domain.doctor import Diagnosis, Probe, good, skipped, warning, wrong
from bot.domain.freeze import FreezeWindow
from bot.domain.request import Mode
from bot.settings.models import Settings

SERVING_CHECKS = (
    "settings.serving",
    "settings.mode",
    "settings.approvers",
    "settings.admins",
    "settings.freeze",
    "settings.limits",
    "settings.digest",
)
MODES = {
    Mode.OFF: "remediation.mode is off: the bot checks and reports, and nothing can be fixed.",
    Mode.DRY_RUN: "remediation.mode is dry-run: all is done and recorded but the write itself.",
    Mode.APPLY: "remediation.mode is apply: an approved fix is written in AWS.",
}
FREEZES_FOR_EVER = timedelta(days=31)
MOST_WINDOWS = 2_000
"""Windows one after the other that are followed to their end: a month of those that begin every half hour."""


def settings_probes(settings: Settings, now: datetime) -> tuple[Probe, ...]:
    """Look at what the bot would be served with; pure but for the look itself, which takes no time."""
    return (Probe("settings.serving", lambda: diagnose_settings(settings, now), SERVING_CHECKS),)


def diagnose_settings(settings: Settings, now: datetime) -> Iterator[Diagnosis]:
    yield from _serving(settings)
    yield good("settings.mode", MODES[Mode(settings.remediation.mode)])
    yield _approvers(settings)
    yield _admins(settings)
    yield from _freeze(settings, now)
    yield _limits(settings)
    yield _digest(settings, now)


def goes_over_http(settings: Settings) -> bool:
    """Without an app-level token but with a signing secret, `serve --http` is what is meant."""
    slack = settings.slack
    return not slack.app_token.get_secret_value() and bool(slack.signing_secret.get_secret_value())


def _serving(settings: Settings) -> Iterable[Diagnosis]:
    http = goes_over_http(settings)
    problems = settings.problems_for_serving(http=http)
    if not problems:
        how = "requests over HTTP (serve --http)" if http else "Socket Mode"
        return [good("settings.serving", f"All is there that serving needs, with {how}.")]
    step = "Set it in support-role.toml, or in the environment as SUPPORT_ROLE_SECTION__NAME."
    return [wrong("settings.serving", f"{each}.", step) for each in problems]


def _approvers(settings: Settings) -> Diagnosis:
    check, fix = "settings.approvers", settings.remediation
    if fix.mode == "off":
        return skipped(check, "Nothing is approved while remediation.mode is off.")
    if fix.approver_groups:
        return good(check, "Approvers are the members of a user group.")
    if not fix.approvers:
        return skipped(check, "No approvers are configured; see settings.serving.")
    if len(fix.approvers) == 1:
        text = "There is one approver: what they ask for themselves, nobody can approve."
        return warning(check, text, "Name a second person in remediation.approvers.")
    return good(check, f"{len(fix.approvers)} people may approve.")


def _admins(settings: Settings) -> Diagnosis:
    check, count = "settings.admins", len(settings.slack.admins)
    if count:
        people = "1 person" if count == 1 else f"{count} people"
        return good(check, f"{people} may pause fixes and use the doctor in Slack.")
    text = "Nobody may pause fixes or use the doctor in Slack: slack.admins is empty."
    return warning(check, text, "Name the administrators' user ids in slack.admins.")


def _freeze(settings: Settings, now: datetime) -> Iterator[Diagnosis]:
    check = "settings.freeze"
    windows = settings.policy().freeze
    if not windows or settings.remediation.mode == "off":
        yield skipped(
            check, "No freeze windows are configured." if not windows else "Nothing is fixed at all."
        )
        return
    yield _thaw(check, windows, now)


def _thaw(check: str, windows: Sequence[FreezeWindow], now: datetime) -> Diagnosis:
    ends_at = end_of_freeze(windows, now)
    if ends_at is None:
        text = (
            "The freeze windows never end: one begins before the last one is over, and nothing can be fixed."
        )
        step = "Shorten `minutes` in remediation.freeze; to stop fixes for good, set remediation.mode to off."
        return wrong(check, text, step)
    if ends_at > now:
        return warning(check, f"Changes are frozen now, until {ends_at:%Y-%m-%d %H:%M %Z}.")
    return good(check, "No freeze window is open now, and each of them ends.")


def end_of_freeze(windows: Sequence[FreezeWindow], now: datetime) -> datetime | None:
    """When the windows that hold `now` have all ended, `now` itself outside of them; None for never."""
    at = now
    for _ in range(MOST_WINDOWS):
        ends = [end for window in windows if (end := window.end_if_frozen(at)) is not None]
        if not ends:
            return at
        at = max(ends)
        if at - now > FREEZES_FOR_EVER and at - now > timedelta(minutes=max(w.minutes for w in windows)):
            return None
    return None


def _limits(settings: Settings) -> Diagnosis:
    check, fix = "settings.limits", settings.remediation
    if fix.mode == "off":
        return skipped(check, "Nothing is fixed while remediation.mode is off.")
    if fix.max_changes_per_hour == 0:
        text = "remediation.max_changes_per_hour is 0: every fix is refused."
        return wrong(check, text, "Allow at least 1, or set remediation.mode to off.")
    an_hour = f"{fix.max_changes_per_hour:,} changes an hour"
    return good(check, f"{an_hour} and {fix.max_accounts_per_request:,} accounts a request are let through.")


def _digest(settings: Settings, now: datetime) -> Diagnosis:
    check, digest = "settings.digest", settings.digest
    there = f"{digest.at} {digest.timezone}, where it is {now.astimezone(digest.zone):%H:%M} now"
    if digest.channel:
        return good(check, f"A digest is posted every day at {there}.")
    return good(check, f"No channel is configured: those that subscribe get theirs at {there}.")
