"""The control's ids, as other tools know it."""

import json

import pytest

from bot.domain.control import CONTROL


@pytest.mark.parametrize(
    ("version", "id_there"),
    [
        ("1.1", "1.22"),
        ("1.2", "1.20"),
        ("1.3", "1.17"),
        ("1.5", "1.17"),
        ("3.0", "1.17"),
        ("4.0", "1.17"),
        ("5.0", "1.16"),
        ("6.0", "2.16"),
        ("7.0", "2.15"),
        ("99.0", ""),
    ],
)
def test_each_version_of_cis_numbers_the_control_its_own_way(version: str, id_there: str):
    assert CONTROL.cis_id(version) == id_there


def test_the_json_names_the_control_in_every_standard():
    told = CONTROL.as_json()

    assert {name: value for name, value in told.items() if isinstance(value, str)} == {
        "id": "support-role",
        "title": "Support roles should be created to manage incidents with AWS Support",
        "datadog": "def-000-fz8",
        "security_hub": "IAM.18",
        "config_rule": "iam-policy-in-use",
        "prowler": "iam_support_role_created",
    }
    assert told["cis"] == dict(CONTROL.cis)
    assert told["pci_dss"] == {"4.0.1": "12.10.3"}
    assert told["nist_800_171"] == {"r2": "3.1.2"}
    assert told["nist_csf"] == {"2.0": "RS.MA-04"}


def test_the_json_survives_a_round_trip():
    assert json.loads(json.dumps(CONTROL.as_json())) == CONTROL.as_json()
