"""OCSF: what schema.ocsf.io 1.3.0 says of a Compliance Finding, kept here as a table.

No OCSF library is a dependency. Of the class and of each object that is used the table holds the attributes
with their types, which of them are required, and the enums. What the table does not name is refused.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from building.strategies import FINDINGS
from building.values import EXTERNAL_ID, a_finding, an_account
from hypothesis import given

from bot.domain.exports.ocsf import ocsf_chunks, ocsf_json, ocsf_lines
from bot.domain.finding import Finding, Reason, RoleFinding, Severity, Verdict

REQUIRED: dict[str, str] = {
    "": "activity_id category_uid class_uid type_uid time severity_id metadata finding_info compliance cloud",
    "metadata": "version product",
    "metadata.product": "vendor_name",
    "finding_info": "uid title",
    "compliance": "standards",
    "cloud": "provider",
    "remediation": "desc",
}
ONE_OF = ("name", "uid")
ONE_OF_IN = frozenset({"cloud.account", "cloud.org", "resources", "resources.owner"})
"""Objects of a kind that has to be known by a name or an id."""
KINDS: dict[str, dict[str, type]] = {
    "": {
        **dict.fromkeys(
            ["activity_id", "category_uid", "class_uid", "type_uid", "time", "severity_id", "status_id"], int
        ),
        **dict.fromkeys(
            ["confidence_id", "confidence_score", "count", "duration", "end_time", "start_time"], int
        ),
        **dict.fromkeys(
            ["activity_name", "category_name", "class_name", "type_name", "severity", "status"], str
        ),
        **dict.fromkeys(
            ["message", "comment", "confidence", "raw_data", "status_code", "status_detail"], str
        ),
        **dict.fromkeys(["metadata", "finding_info", "compliance", "cloud", "remediation", "unmapped"], dict),
        "resources": list,
    },
    "metadata": {
        **dict.fromkeys(["version", "event_code", "uid", "correlation_uid", "log_name", "log_provider"], str),
        "product": dict,
        "profiles": list,
        "labels": list,
    },
    "metadata.product": dict.fromkeys(
        ["name", "vendor_name", "version", "uid", "feature", "lang", "path"], str
    ),
    "cloud": {"provider": str, "region": str, "zone": str, "project_uid": str, "account": dict, "org": dict},
    "cloud.account": {"uid": str, "name": str, "type": str, "type_id": int, "labels": list},
    "cloud.org": dict.fromkeys(["name", "uid", "ou_name", "ou_uid"], str),
    "finding_info": {
        **dict.fromkeys(["uid", "uid_alt", "title", "desc", "src_url", "product_uid"], str),
        **dict.fromkeys(["created_time", "first_seen_time", "last_seen_time", "modified_time"], int),
        "types": list,
        "data_sources": list,
    },
    "compliance": {
        **dict.fromkeys(["control", "status", "status_code", "status_detail"], str),
        "status_id": int,
        "standards": list,
        "requirements": list,
    },
    "resources": {
        **dict.fromkeys(
            ["uid", "name", "type", "region", "cloud_partition", "namespace", "version", "criticality"], str
        ),
        "owner": dict,
        "group": dict,
        "labels": list,
    },
    "resources.owner": dict.fromkeys(
        ["name", "uid", "uid_alt", "email_addr", "full_name", "type", "domain"], str
    ),
    "remediation": {"desc": str, "references": list},
}
"""Of each object its attributes with their types; those that are objects and are not used are left out."""
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


def problems(found: dict[str, Any], where: str = "") -> Iterator[str]:
    """What a validator of the schema would say of an object and of those in it."""
    yield from (f"{where}: no {name}" for name in REQUIRED.get(where, "").split() if name not in found)
    if where in ONE_OF_IN and not any(name in found for name in ONE_OF):
        yield f"{where}: neither name nor uid"
    for name, value in found.items():
        path = f"{where}.{name}".removeprefix(".")
        kind = KINDS[where].get(name)
        if kind is None:
            yield f"{path}: there is no such attribute"
        elif type(value) is not kind:
            yield f"{path}: {value!r}"
        elif path in KINDS:
            for each in value if kind is list else [value]:
                yield from problems(each, path)
        elif kind is list:
            yield from (f"{path}: {each!r}" for each in value if type(each) is not str)


def assert_follows_the_schema(event: dict[str, Any]) -> None:
    assert list(problems(event)) == []
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
    assert "org" not in event["cloud"]
    assert event["unmapped"]["ou"] == "Workloads/Prod"
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


def test_the_array_holds_what_the_lines_hold():
    findings = [a_finding(verdict) for verdict in Verdict]

    array = json.loads("".join(ocsf_chunks(findings)))

    assert array == [json.loads(line) for line in ocsf_lines(findings)]
    assert json.loads("".join(ocsf_chunks([]))) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"finding_information": {}}, "finding_information: there is no such attribute"),
        ({"time": "2026-03-02"}, "time: '2026-03-02'"),
        ({"resources": [{"type": "AwsAccount"}]}, "resources: neither name nor uid"),
        ({"cloud": {"provider": "AWS", "org": {"ou_name": "Prod"}}}, "cloud.org: neither name nor uid"),
        ({"compliance": {"standards": [1]}}, "compliance.standards: 1"),
        ({"remediation": {}}, "remediation: no desc"),
    ],
)
def test_the_table_refuses_what_the_schema_does_not_have(change: dict[str, Any], problem: str):
    assert list(problems({**ocsf_json(a_finding()), **change})) == [problem]


def test_how_an_account_is_reached_is_no_part_of_it():
    line = json.dumps(ocsf_json(a_finding()))

    assert EXTERNAL_ID not in line
    assert "Scanner" not in line
