"""Findings in the AWS Security Finding Format, as Security Hub's BatchImportFindings takes them.

Source: docs.aws.amazon.com/securityhub, "Required top-level ASFF attributes" and those after it.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from bot.domain.account import Account
from bot.domain.canonical import Json
from bot.domain.control import CONTROL
from bot.domain.exports.standards import CIS, REQUIREMENTS
from bot.domain.finding import Finding, Verdict

SCHEMA_VERSION = "2018-10-08"
GENERATOR_ID = (
    f"{CONTROL.id}/{CONTROL.security_hub}/cis-aws-foundations-benchmark/v5.0/{CONTROL.cis_id('5.0')}"
)
"""The newest CIS version that Security Hub has."""
TYPES = (f"Software and Configuration Checks/Industry and Regulatory Standards/{CIS}",)
REGIONS = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}
"""Where IAM answers in each partition: the region of a finding, unless another is wanted."""

COMPLIANCE = {
    Verdict.PASS: "PASSED",
    Verdict.WEAK: "WARNING",
    Verdict.FAIL: "FAILED",
    Verdict.UNKNOWN: "NOT_AVAILABLE",
    Verdict.WAIVED: "FAILED",
    Verdict.SKIPPED: "NOT_AVAILABLE",
}
WORKFLOW = {Verdict.PASS: "RESOLVED", Verdict.WAIVED: "SUPPRESSED"}
"""What is not NEW. Security Hub takes it for a new finding alone: later on it belongs to people there."""

_NOTHING_WRONG = frozenset({Verdict.PASS, Verdict.SKIPPED})
# Not in the API's model, but in its documentation; a longer text would have the finding refused.
_TITLE, _DESCRIPTION, _REMEDIATION, _FIELD = 256, 1024, 512, 2048
_REASONS, _RESOURCES = 10, 32


def asff_chunks(findings: Iterable[Finding], *, region: str = "") -> Iterator[str]:
    """A JSON array with all findings, one a line; a call of BatchImportFindings takes 100 of them."""
    yield "["
    comma = "\n"
    for finding in findings:
        yield comma + json.dumps(asff_json(finding, region=region))
        comma = ",\n"
    yield "\n]\n"


def asff_json(finding: Finding, *, region: str = "") -> dict[str, Json]:
    """One finding, about its account; with no `region`, that of the account's partition where IAM answers.

    The same account keeps its Id, so that a later import updates the finding.
    """
    account, verdict = finding.account, finding.verdict
    region = region or REGIONS.get(account.partition, REGIONS["aws"])
    at = _utc(finding.checked_at)
    why = " ".join(reason.text for reason in finding.reasons)
    severity = "INFORMATIONAL" if verdict in _NOTHING_WRONG else finding.severity.value.upper()
    next_step = finding.next_step or "Nothing is to be done."
    return {
        "SchemaVersion": SCHEMA_VERSION,
        "Id": f"{CONTROL.id}/{account.partition}/{account.id}",
        "ProductArn": _product_arn(account, region),
        "ProductName": "support-role-bot",
        "CompanyName": "support-role-bot",
        "Region": region,
        "GeneratorId": GENERATOR_ID,
        "AwsAccountId": account.id,
        "Types": list(TYPES),
        "CreatedAt": at,
        "UpdatedAt": at,
        "LastObservedAt": at,
        "Severity": {"Label": severity, "Original": finding.severity.value},
        "Title": _fit(f"{CONTROL.security_hub} {CONTROL.title}", _TITLE),
        "Description": _fit(why or f"{account.label} has a sound support role.", _DESCRIPTION),
        "Remediation": {"Recommendation": {"Text": _fit(next_step, _REMEDIATION)}},
        "ProductFields": _product_fields(finding),
        "Resources": _resources(finding, region),
        "Compliance": _compliance(finding),
        "Workflow": {"Status": WORKFLOW.get(verdict, "NEW")},
        # An account that is suspended or closed has nothing that anybody could mend.
        "RecordState": "ARCHIVED" if verdict is Verdict.SKIPPED else "ACTIVE",
    }


def _product_arn(account: Account, region: str) -> str:
    return f"arn:{account.partition}:securityhub:{region}:{account.id}:product/{account.id}/default"


def _compliance(finding: Finding) -> dict[str, Json]:
    reasons: list[Json] = [
        {"ReasonCode": reason.code, "Description": _fit(reason.text, _DESCRIPTION)}
        for reason in finding.reasons[:_REASONS]
    ]
    return {
        "Status": COMPLIANCE[finding.verdict],
        "RelatedRequirements": list(REQUIREMENTS),
        **({"StatusReasons": reasons} if reasons else {}),
    }


def _resources(finding: Finding, region: str) -> list[Json]:
    account = finding.account
    shared: dict[str, Json] = {"Partition": account.partition, "Region": region}
    roles = [{"Type": "AwsIamRole", "Id": role.arn, **shared} for role in finding.roles]
    whole = {"Type": "AwsAccount", "Id": f"AWS::::Account:{account.id}", **shared}
    return [whole, *roles[: _RESOURCES - 1]]


def _product_fields(finding: Finding) -> dict[str, Json]:
    account = finding.account
    fields = {
        "support-role/verdict": finding.verdict.value,
        "support-role/meets-benchmark": json.dumps(finding.meets_benchmark),
        "support-role/account-name": account.name,
        "support-role/owner": account.owner,
        "support-role/ou": account.ou,
        "support-role/notes": "; ".join(note.code for note in finding.notes),
        "support-role/datadog": CONTROL.datadog,
        "support-role/prowler": CONTROL.prowler,
    }
    return {name: _fit(value, _FIELD) for name, value in fields.items() if value.strip()}


def _fit(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
