"""ASFF, held against botocore's model of Security Hub, and against the limits that its documentation adds."""

import json
from typing import Any

import botocore.session
import pytest
from botocore.model import OperationModel, StringShape
from botocore.validate import ParamValidator
from building.strategies import FINDINGS
from building.values import EXTERNAL_ID, a_finding, an_account
from hypothesis import given

from bot.domain.exports.asff import asff_chunks, asff_json
from bot.domain.finding import Finding, Reason, RoleFinding, Verdict


@pytest.fixture(scope="module")
def operation() -> OperationModel:
    return (
        botocore.session.get_session().get_service_model("securityhub").operation_model("BatchImportFindings")
    )


def enum_problems(value: Any, shape: Any, path: str = "") -> list[str]:
    """What botocore's validator leaves out: words that are not in an enum."""
    if isinstance(value, dict) and shape.type_name == "structure":
        return [p for k, v in value.items() for p in enum_problems(v, shape.members[k], f"{path}.{k}")]
    if isinstance(value, list):
        return [p for v in value for p in enum_problems(v, shape.member, f"{path}[]")]
    if isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        return [f"{path}: {value}"]
    return []


def assert_taken(operation: OperationModel, findings: list[Any]) -> None:
    shape = operation.input_shape
    assert shape is not None
    call = {"Findings": findings}
    assert ParamValidator().validate(call, shape).generate_report() == ""
    assert enum_problems(call, shape) == []
    for each in findings:
        assert len(each["Title"]) <= 256
        assert len(each["Description"]) <= 1024
        assert len(each["Remediation"]["Recommendation"]["Text"]) <= 512
        assert len(each["GeneratorId"]) <= 512
        assert len(each["Resources"]) <= 32
        assert len(each["Compliance"]["RelatedRequirements"]) <= 32
        assert len(json.dumps(each)) <= 240_000


@given(FINDINGS)
def test_every_finding_is_one_that_security_hub_takes(operation: OperationModel, finding: Finding):
    assert_taken(operation, [asff_json(finding)])


def test_the_file_is_an_array_of_all_findings(operation: OperationModel):
    findings = [a_finding(verdict, an_account(f"{number:012d}")) for number, verdict in enumerate(Verdict)]

    found = json.loads("".join(asff_chunks(findings)))

    assert [each["AwsAccountId"] for each in found] == [f"{number:012d}" for number in range(len(Verdict))]
    assert_taken(operation, found)


def test_no_findings_are_an_empty_array():
    assert json.loads("".join(asff_chunks([]))) == []


@pytest.mark.parametrize(
    ("verdict", "compliance", "workflow", "record"),
    [
        (Verdict.PASS, "PASSED", "RESOLVED", "ACTIVE"),
        (Verdict.WEAK, "WARNING", "NEW", "ACTIVE"),
        (Verdict.FAIL, "FAILED", "NEW", "ACTIVE"),
        (Verdict.UNKNOWN, "NOT_AVAILABLE", "NEW", "ACTIVE"),
        (Verdict.WAIVED, "FAILED", "SUPPRESSED", "ACTIVE"),
        (Verdict.SKIPPED, "NOT_AVAILABLE", "NEW", "ARCHIVED"),
    ],
)
def test_each_verdict_has_its_place(verdict: Verdict, compliance: str, workflow: str, record: str):
    found: Any = asff_json(a_finding(verdict))

    assert found["Compliance"]["Status"] == compliance
    assert found["Workflow"]["Status"] == workflow
    assert found["RecordState"] == record


@pytest.mark.parametrize(
    ("partition", "region", "product"),
    [
        ("aws", "", "arn:aws:securityhub:us-east-1:111122223333:product/111122223333/default"),
        ("aws-cn", "", "arn:aws-cn:securityhub:cn-north-1:111122223333:product/111122223333/default"),
        (
            "aws-us-gov",
            "",
            "arn:aws-us-gov:securityhub:us-gov-west-1:111122223333:product/111122223333/default",
        ),
        ("aws", "eu-central-1", "arn:aws:securityhub:eu-central-1:111122223333:product/111122223333/default"),
    ],
)
def test_the_product_is_the_accounts_own_in_its_partition_and_region(
    partition: str, region: str, product: str
):
    found: Any = asff_json(a_finding(account=an_account(partition=partition)), region=region)

    assert found["ProductArn"] == product
    assert found["Resources"][0] == {
        "Type": "AwsAccount",
        "Id": "AWS::::Account:111122223333",
        "Partition": partition,
        "Region": product.split(":")[3],
    }


def test_the_generator_names_the_standards():
    found: Any = asff_json(a_finding())

    assert "IAM.18" in found["GeneratorId"]
    assert "cis-aws-foundations-benchmark/v5.0/1.16" in found["GeneratorId"]
    assert "CIS AWS Foundations Benchmark v3.0/1.17" in found["Compliance"]["RelatedRequirements"]


def test_texts_that_security_hub_would_refuse_are_cut(operation: OperationModel):
    long = "x" * 5_000
    reasons = tuple(Reason(f"code-{number}", long) for number in range(20))
    roles = tuple(
        RoleFinding(f"arn:aws:iam::111122223333:role/r{number}", sound=False) for number in range(60)
    )
    account = an_account(name=long, owner=long, ou=long)

    found: Any = asff_json(a_finding(Verdict.WEAK, account, reasons=reasons, roles=roles, next_step=long))

    assert_taken(operation, [found])
    assert found["Resources"][0]["Type"] == "AwsAccount"
    assert all(len(value) <= 2_048 for value in found["ProductFields"].values())


def test_how_an_account_is_reached_is_no_part_of_it():
    line = json.dumps(asff_json(a_finding()))

    assert EXTERNAL_ID not in line
    assert "Scanner" not in line
