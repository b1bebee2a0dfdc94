"""Whether anything may be changed at all just now."""

from dataclasses import dataclass

from bot.domain.guards.context import Context
from bot.domain.guards.decision import ALLOWED, Decision, Refused
from bot.domain.request import Mode


@dataclass(frozen=True, slots=True)
class RemediationEnabled:
    name: str = "remediation_enabled"
    what: str = "Fixes"

    def check(self, context: Context) -> Decision:
        if context.policy.mode is Mode.OFF:
            return Refused(
                self.name,
                f"{self.what} are switched off (remediation.mode is off).",
                "Ask an administrator.",
            )
        if context.paused is None:
            text = f"Whether {self.what.lower()} are paused could not be read."
            return Refused(self.name, text, "Try again in a minute.")
        if context.paused:
            return Refused(
                self.name,
                f"{self.what} are paused by an administrator.",
                "An administrator can run /support-role resume.",
            )
        return ALLOWED


@dataclass(frozen=True, slots=True)
class ChangeWindow:
    name: str = "change_window"

    def check(self, context: Context) -> Decision:
        for window in context.policy.freeze:
            end = window.end_if_frozen(context.now)
            if end is not None:
                until = end.strftime("%Y-%m-%d %H:%M %Z")
                return Refused(
                    self.name, f"Changes are frozen until {until}.", f"Decide again after {until}."
                )
        return ALLOWED


@dataclass(frozen=True, slots=True)
class WithinChangeLimit:
    name: str = "within_change_limit"

    def check(self, context: Context) -> Decision:
        limit, made = context.policy.max_changes_per_hour, context.changes_in_last_hour
        if made is None:
            return Refused(
                self.name, "How many changes were made lately could not be read.", "Try again in a minute."
            )
        if made >= limit:
            return Refused(
                self.name,
                f"{made} accounts were changed in the last hour; the limit is {limit}.",
                "Decide again later, or see remediation.max_changes_per_hour.",
            )
        return ALLOWED
