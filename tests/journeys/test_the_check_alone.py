"""`support-role check` against moto, around the seed's own two calls: FAIL before, PASS after."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

ACCOUNT = "123456789012"
POLICY = "arn:aws:iam::aws:policy/AWSSupportAccess"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    for name, value in {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    yield url
    server.stop()


def _check() -> tuple[int, dict[str, Any]]:
    command = (sys.executable, "-m", "bot", "check", "--format", "json")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_the_seeds_two_calls_turn_a_fail_into_a_pass(endpoint: str) -> None:
    iam = boto3.Session().client("iam", endpoint_url=endpoint, region_name="us-east-1")
    person = iam.create_user(UserName="oncall")["User"]["Arn"]
    code, before = _check()
    assert (code, before["findings"][0]["verdict"]) == (1, "FAIL")

    statement = {"Effect": "Allow", "Principal": {"AWS": person}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_role(RoleName="aws_support_iam_role", AssumeRolePolicyDocument=trust)
    iam.attach_role_policy(PolicyArn=POLICY, RoleName="aws_support_iam_role")
    code, after = _check()

    assert (code, after["findings"][0]["verdict"]) == (0, "PASS")
    _is_the_contract(after, person)


def _is_the_contract(report: dict[str, Any], person: str) -> None:
    [finding] = report.pop("findings")
    assert list(report) == ["schema", "control", "started_at", "finished_at", "coverage", "summary"]
    assert report["schema"] == "support-role/check/1"
    assert (report["control"]["id"], report["control"]["datadog"]) == ("support-role", "def-000-fz8")
    assert report["coverage"] == {"in_scope": 1, "checked": 1, "unknown": 0, "skipped": 0}
    assert report["summary"] == {"PASS": 1, "WEAK": 0, "FAIL": 0, "UNKNOWN": 0, "WAIVED": 0, "SKIPPED": 0}
    moments = (report["started_at"], report["finished_at"], finding.pop("checked_at"))
    assert all(MOMENT.fullmatch(moment) for moment in moments)
    assert finding == {
        "account": {"id": ACCOUNT, "name": "", "owner": "", "partition": "aws", "ou": ""},
        "verdict": "PASS",
        "meets_benchmark": True,
        "reasons": [],
        "notes": [],
        "roles": [
            {
                "arn": f"arn:aws:iam::{ACCOUNT}:role/aws_support_iam_role",
                "sound": True,
                "reasons": [],
                "notes": [],
                "trusts": [person],
            },
        ],
        "next_step": "",
    }
