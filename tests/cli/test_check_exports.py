"""`check --format markdown|ocsf|asff`: the same findings in the forms of others, whole, on stdout."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.conftest import Ended

Call = Callable[..., Ended]


def test_ocsf_is_one_finding_a_line(call: Call, aws: Any, settings: Any) -> None:
    settings(aws.accounts("pass", "fail-none", "deny-assume"))

    ended = call("check", "--format", "ocsf")

    found = [json.loads(line) for line in ended.out.splitlines()]
    assert [each["compliance"]["status"] for each in found] == ["Pass", "Fail", "Unknown"]
    assert found[1]["cloud"]["account"]["uid"] == aws.kinds["fail-none"][0]


@pytest.mark.parametrize(
    ("arguments", "region"), [((), "eu-west-3"), (("--asff-region", "eu-north-1"), "eu-north-1")]
)
def test_asff_is_an_array_for_the_region_that_is_wanted(
    call: Call,
    aws: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    region: str,
) -> None:
    settings(aws.accounts("pass", "fail-none", "fail-trust", "deny-assume"))
    monkeypatch.setenv("AWS_REGION", "eu-west-3")

    found = json.loads(call("check", "--format", "asff", *arguments).out)

    assert [each["Compliance"]["Status"] for each in found] == [
        "PASSED",
        "FAILED",
        "WARNING",
        "NOT_AVAILABLE",
    ]
    assert {each["Region"] for each in found} == {region}


def test_markdown_is_a_document_in_a_file(call: Call, aws: Any, settings: Any, tmp_path: Any) -> None:
    settings(aws.accounts("pass", "fail-none"))

    ended = call("check", "--format", "markdown", "--output", "report.md")

    assert ended.out == ""
    shown = (tmp_path / "report.md").read_text("utf-8")
    assert shown.startswith("# Support roles should be created")
    assert f"| **FAIL** | n{aws.kinds['fail-none'][0][-4:]} | {aws.kinds['fail-none'][0]} |" in shown
