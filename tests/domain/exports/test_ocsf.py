"""OCSF: what schema.ocsf.io 1.3.0 requires of a Compliance Finding, kept here as a table.

No OCSF library is a dependency: the table holds the required attributes and the enums of the objects that are
used, and nothing else of the schema.
"""

import json
from typing import Any

import pytest
from building.strategies import FINDINGS
from building.values import EXTERNAL_ID, a_finding, an_account
from hypothesis import given

from bot.domain.exports.ocsf import ocsf_json, ocsf_lines
from bot.domain.finding import Finding, Reason, RoleFinding, Severity, Verdict

REQUIRED: dict[str, dict[str, type]] = {
    "": {
        "activity_id": int,
        "category_uid": int,
        "class_uid": int,
        "type_uid": int,
        "time": int,
        "severity_id": int,
        "metadata": dict,
        "finding_info": dict,
        "compliance": dict,
        "cloud": dict,
    },
    "metadata": {"version": str, "product": dict},
    "metadata.product": {"vendor_name": str},
    "finding_info": {"uid": str, "title": str},
    "compliance": {"standards": list},
    "cloud": {"provider": str},
}
ENUMS: dict[str, dict[int, str]] = {
    "activity_id": {0: "Unknown", 1: "Create", 2: "Update", 3: "Close", 99: "Other"},
    "severity_id": {
        0: "Unknown",
        1: "Informational",
        2: "Low",
        3: "Medium",
        4: "High",
        5: "Critical",
        6: "Fatal",
        99: "Other",
    },
    "status_id": {0: "Unknown", 1: "New", 2: "In Progress", 3: "Suppressed", 4: "Resolved", 99: "Other"},
    "compliance.status_id": {0: "Unknown", 1: "Pass", 2: "Warning", 3: "Fail", 99: "Other"},
}
CAPTIONS = {"activity_id": "activity_name"}


def at(event: Any, path: str) -> Any:
    for name in filter(None, path.split(".")):
        event = event[name]
    return event


def assert_follows_the_schema(event: dict[str, Any]) -> None:
    for where, wanted in REQUIRED.items():
        found = at(event, where)
        assert {name: type(found[name]) for name in wanted} == wanted
    for path, captions in ENUMS.items():
        value, caption = at(event, path), at(event, CAPTIONS.get(path, path.removesuffix("_id")))
        assert value in captions
        # The caption is the enum's own; only of 99 the source may say what it is.
        assert value == 99 or caption == captions[value]
    assert (event["category_uid"], event["class_uid"]) == (2, 2003)
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
    assert event["compliance"]["standards"]
    assert event["resources"]


@given(FINDINGS)
def test_every_finding_is_one_that_the_class_describes(finding: Finding):
    (line,) = ocsf_lines([finding])

    assert line.endswith("\n")
    assert "\n" not in line[:-1]
    assert_follows_the_schema(json.loads(line))


@pytest.mark.parametrize(
    ("verdict", "compliance", "status"),
    [
        (Verdict.PASS, (1, "Pass"), (4, "Resolved")),
        (Verdict.WEAK, (2, "Warning"), (1, "New")),
        (Verdict.FAIL, (3, "Fail"), (1, "New")),
        (Verdict.UNKNOWN, (0, "Unknown"), (1, "New")),
        (Verdict.WAIVED, (3, "Fail"), (3, "Suppressed")),
        (Verdict.SKIPPED, (99, "Skipped"), (99, "Skipped")),
    ],
)
def test_each_verdict_has_its_place(verdict: Verdict, compliance: tuple[int, str], status: tuple[int, str]):
    event: Any = ocsf_json(a_finding(verdict))

    assert (event["compliance"]["status_id"], event["compliance"]["status"]) == compliance
    assert (event["status_id"], event["status"]) == status


def test_it_names_the_account_why_and_what_to_do():
    account = an_account(owner="U0OWNER", ou="Workloads/Prod")
    finding = a_finding(
        Verdict.WEAK,
        account,
        reasons=(Reason("no-human", "Only services can assume it."),),
        roles=(RoleFinding("arn:aws:iam::111122223333:role/support", sound=False),),
        next_step="Trust a person.",
        severity=Severity.HIGH,
    )

    event: Any = ocsf_json(finding)

    assert event["severity"] == "High"
    assert event["cloud"]["account"]["uid"] == "111122223333"
    assert event["cloud"]["org"] == {"ou_name": "Workloads/Prod"}
    assert event["compliance"]["control"] == "IAM.18"
    assert event["compliance"]["status_code"] == "no-human"
    assert event["finding_info"]["uid"] == "support-role/aws/111122223333"
    assert event["finding_info"]["desc"] == "Only services can assume it."
    assert event["remediation"] == {"desc": "Trust a person."}
    assert [resource["uid"] for resource in event["resources"]] == [
        "111122223333",
        "arn:aws:iam::111122223333:role/support",
    ]
    assert event["resources"][0]["owner"] == {"uid": "U0OWNER"}


def test_how_an_account_is_reached_is_no_part_of_it():
    line = json.dumps(ocsf_json(a_finding()))

    assert EXTERNAL_ID not in line
    assert "Scanner" not in line
