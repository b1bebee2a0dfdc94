"""Findings as OCSF Compliance Findings (class 2003), one JSON object a line.

Source: schema.ocsf.io, version 1.3.0, class `compliance_finding` with the profile `cloud`.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from bot.domain.canonical import Json
from bot.domain.control import CONTROL
from bot.domain.exports.standards import REQUIREMENTS, STANDARDS
from bot.domain.finding import Finding, Severity, Verdict

VERSION = "1.3.0"
CATEGORY, CLASS = 2, 2003
CREATE, CLOSE = (1, "Create"), (3, "Close")
AWS_ACCOUNT = 10
"""`account.type_id` of an AWS account."""

COMPLIANCE = {
    Verdict.PASS: (1, "Pass"),
    # The letter is met, but nobody can use the role, or too many can.
    Verdict.WEAK: (2, "Warning"),
    Verdict.FAIL: (3, "Fail"),
    Verdict.UNKNOWN: (0, "Unknown"),
    Verdict.WAIVED: (3, "Fail"),
    Verdict.SKIPPED: (99, "Skipped"),
}
"""`compliance.status_id` and its caption. A waiver changes who looks at it, not what was found."""

STATUSES = {
    Verdict.PASS: (4, "Resolved"),
    Verdict.WAIVED: (3, "Suppressed"),
    Verdict.SKIPPED: (99, "Skipped"),
}
"""`status_id` and its caption, where it is not New."""
NEW = (1, "New")

SEVERITIES = {
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
INFORMATIONAL = (1, "Informational")
_NOTHING_WRONG = frozenset({Verdict.PASS, Verdict.SKIPPED})


def ocsf_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """One finding a line."""
    for finding in findings:
        yield json.dumps(ocsf_json(finding)) + "\n"


def ocsf_chunks(findings: Iterable[Finding]) -> Iterator[str]:
    """The same as one JSON array, a finding a line."""
    yield "["
    comma = "\n"
    for finding in findings:
        yield comma + json.dumps(ocsf_json(finding))
        comma = ",\n"
    yield "\n]\n"


def ocsf_json(finding: Finding) -> dict[str, Json]:
    """One finding; the same account keeps its `finding_info.uid` from export to export.

    How the account is reached is no part of it. Times are milliseconds since 1970.
    """
    account, verdict = finding.account, finding.verdict
    activity_id, activity = CLOSE if verdict in _NOTHING_WRONG else CREATE
    severity_id, severity = INFORMATIONAL if verdict in _NOTHING_WRONG else SEVERITIES[finding.severity]
    status_id, status = STATUSES.get(verdict, NEW)
    why = " ".join(reason.text for reason in finding.reasons)
    return {
        "activity_id": activity_id,
        "activity_name": activity,
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Compliance Finding",
        "type_uid": CLASS * 100 + activity_id,
        "type_name": f"Compliance Finding: {activity}",
        "time": _milliseconds(finding.checked_at),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "message": f"{verdict.value} {account.label}",
        "metadata": {
            "version": VERSION,
            "profiles": ["cloud"],
            "product": {"name": "support-role-bot", "vendor_name": "support-role-bot"},
            "event_code": CONTROL.id,
        },
        "cloud": {
            "provider": "AWS",
            "account": {
                "uid": account.id,
                "name": account.name or account.id,
                "type": "AWS Account",
                "type_id": AWS_ACCOUNT,
            },
        },
        "finding_info": {
            "uid": f"{CONTROL.id}/{account.partition}/{account.id}",
            "title": CONTROL.title,
            "desc": why or f"{account.label} has a sound support role.",
            "last_seen_time": _milliseconds(finding.checked_at),
            "types": ["Compliance"],
        },
        "compliance": _compliance(finding),
        "resources": [_account(finding), *_roles(finding)],
        **({"remediation": {"desc": finding.next_step}} if finding.next_step else {}),
        "unmapped": {
            "verdict": verdict.value,
            "meets_benchmark": finding.meets_benchmark,
            "notes": [note.code for note in finding.notes],
            # `cloud.org` would need the organization's name or id, which a finding does not have.
            **({"ou": account.ou} if account.ou else {}),
        },
    }


def _compliance(finding: Finding) -> dict[str, Json]:
    status_id, status = COMPLIANCE[finding.verdict]
    detail = " ".join(reason.text for reason in finding.reasons)
    codes = ", ".join(reason.code for reason in finding.reasons)
    return {
        "control": CONTROL.security_hub,
        "standards": list(STANDARDS),
        "requirements": list(REQUIREMENTS),
        "status_id": status_id,
        "status": status,
        **({"status_code": codes} if codes else {}),
        **({"status_detail": detail} if detail else {}),
    }


def _account(finding: Finding) -> Json:
    account = finding.account
    return {
        "uid": account.id,
        "name": account.name or account.id,
        "type": "AwsAccount",
        "cloud_partition": account.partition,
        **({"owner": {"uid": account.owner}} if account.owner else {}),
    }


def _roles(finding: Finding) -> list[Json]:
    return [
        {"uid": role.arn, "type": "AwsIamRole", "cloud_partition": finding.account.partition}
        for role in finding.roles
    ]


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000)
