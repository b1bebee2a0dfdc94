"""The doctor's page is about all that the doctor looks at, and about nothing else."""

import re
from pathlib import Path

from bot.domain.doctor import CHECKS

PAGE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text("utf-8")


def test_every_check_is_explained_once_and_no_other():
    rows = [line for line in PAGE.splitlines() if line.startswith("| `") and "." in line.split("|")[1]]
    explained = [check for row in rows for check in re.findall(r"`([a-z]+\.[a-z.-]+)`", row.split("|")[1])]

    assert explained == list(CHECKS)
