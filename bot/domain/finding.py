"""A finding: what one account gets from the check, and why."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.account import Account


class Verdict(StrEnum):
    """People act on this; `meets_benchmark` beside it is the benchmark's letter."""

    PASS = "PASS"  # noqa: S105 - a verdict, no password
    WEAK = "WEAK"
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"
    WAIVED = "WAIVED"
    SKIPPED = "SKIPPED"


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Reason:
    """One code (`no-role`, `trusts-everyone`, …) with a sentence for people. Notes have the same shape."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class RoleFinding:
    """One role that carries the policy. Sound: a named human principal can assume it, not everybody."""

    arn: str
    sound: bool
    reasons: tuple[Reason, ...] = ()
    """Why it is not sound; empty when it is."""
    notes: tuple[Reason, ...] = ()
    trusts: tuple[str, ...] = ()
    """Principals that its trust policy lets in, as written (ARNs, `*`, account ids as `:root`)."""


@dataclass(frozen=True, slots=True)
class Finding:
    account: Account
    verdict: Verdict
    meets_benchmark: bool | None
    """The benchmark's letter; None when it could not be read."""
    checked_at: datetime
    reasons: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()
    roles: tuple[RoleFinding, ...] = ()
    next_step: str = ""
    severity: Severity = Severity.LOW


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of one scan. `checked` are those with an answer: all but UNKNOWN and SKIPPED."""

    in_scope: int
    counts: tuple[tuple[Verdict, int], ...]

    def count(self, verdict: Verdict) -> int:
        return dict(self.counts).get(verdict, 0)

    @property
    def unknown(self) -> int:
        return self.count(Verdict.UNKNOWN)

    @property
    def skipped(self) -> int:
        return self.count(Verdict.SKIPPED)

    @property
    def checked(self) -> int:
        return self.in_scope - self.unknown - self.skipped

    @property
    def compliance_percent(self) -> int:
        """PASS among `checked`, rounded down; WAIVED is checked and does not pass. 0 when none was.

        Never 100 while an account is UNKNOWN: 99 then stands for all that is known.
        """
        if self.checked == 0:
            return 0
        return min(99 if self.unknown else 100, self.count(Verdict.PASS) * 100 // self.checked)

    @property
    def coverage_percent(self) -> int:
        """`checked` of the accounts that could have been, rounded down: 100 only when none is UNKNOWN."""
        readable = self.in_scope - self.skipped
        return 100 if readable == 0 else self.checked * 100 // readable


def summarize(findings: Iterable[Finding]) -> Summary:
    """Count verdicts; every verdict is present, in the order of `Verdict`."""
    return summary_of(Counter(finding.verdict for finding in findings))


def summary_of(counts: Mapping[Verdict, int]) -> Summary:
    """The summary of verdicts that were counted elsewhere."""
    every = tuple((verdict, counts.get(verdict, 0)) for verdict in Verdict)
    return Summary(in_scope=sum(count for _, count in every), counts=every)
