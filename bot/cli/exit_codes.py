"""What a pipeline goes by: the exit codes of what reads accounts."""

from collections.abc import Iterable
from typing import Literal

from bot.domain.errors import AwsError
from bot.domain.finding import Finding, Verdict
from bot.domain.rule import counts_as_non_compliant

EXIT_COMPLIANT = 0
EXIT_NON_COMPLIANT = 1
EXIT_CONFIGURATION = 2
EXIT_UNKNOWN = 3
EXIT_INTERRUPTED = 130

CONFIGURATION_CODES = frozenset(
    {
        "NoCredentialsError",
        "ParameterNotFound",
        "PartialCredentialsError",
        "ProfileNotFound",
        "ResourceNotFoundException",
        "aws-configuration",
        "bad-reference",
        "bad-secret",
        "no-credentials",
        "unknown-ou",
    }
)
"""Codes of AwsError that no second try would mend."""

FailOn = Literal["fail", "weak", "never"]


def exit_code(findings: Iterable[Finding], *, fail_on: FailOn, strict: bool, left_out: int = 0) -> int:
    """UNKNOWN is never taken for compliant, nor for a failure.

    `left_out` accounts could not be read, and are not among the findings.
    """
    counted = list(findings)
    harsh = strict or fail_on == "weak"
    if fail_on != "never" and any(counts_as_non_compliant(each, strict=harsh) for each in counted):
        return EXIT_NON_COMPLIANT
    is_unknown = left_out or any(each.verdict is Verdict.UNKNOWN for each in counted)
    return EXIT_UNKNOWN if is_unknown else EXIT_COMPLIANT


def after_fault(error: AwsError) -> int:
    """When AWS does not say which accounts there are, or nobody can be asked."""
    return EXIT_CONFIGURATION if error.code in CONFIGURATION_CODES else EXIT_UNKNOWN
