"""`check --save`: what the bot knows afterwards, and what it does not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.domain.audit import ChainIntact
from bot.domain.finding import Verdict
from bot.store import accounts, audit, findings, scans
from bot.store.engine import build_engine

Call = Callable[..., Any]
MIXED = ("pass:2", "fail-none", "deny-assume")


@pytest.fixture
def kept(empty_folder: Path) -> Any:
    """A connection to the database that settings name by default."""
    engine = build_engine("sqlite:///support-role.db")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_nothing_is_kept_unless_it_is_asked_for(
    call: Call, aws: Any, settings: Any, empty_folder: Path
) -> None:
    settings(aws.accounts(*MIXED))

    call("check")

    assert [each.name for each in empty_folder.iterdir()] == ["support-role.toml"]


def test_a_saved_check_is_what_the_bot_goes_by(call: Call, aws: Any, settings: Any, kept: Any) -> None:
    settings(aws.accounts(*MIXED))

    ended = call("check", "--save", "--format", "json")

    assert (ended.code, ended.err.count("4 findings")) == (1, 1)
    assert {a.id for a in accounts.read_accounts(kept)} == {k.finding.account.id for k in _known(kept)}
    assert sorted(k.finding.verdict for k in _known(kept)) == ["FAIL", "PASS", "PASS", "UNKNOWN"]
    scan = scans.read_last_scan(kept)
    assert scan is not None
    assert scan.id in ended.err
    assert isinstance(audit.verify(kept), ChainIntact)
    (event,) = audit.read_events(kept)
    assert '"by":"command line"' in event.body


def test_one_saved_account_leaves_the_others_in_scope_and_as_they_were(
    call: Call, aws: Any, settings: Any, kept: Any
) -> None:
    settings(aws.accounts(*MIXED))
    call("check", "--save")
    failing = aws.kinds["fail-none"][0]

    ended = call("check", failing, "--save")

    assert "1 finding." in ended.err
    assert len(_known(kept)) == len(accounts.read_accounts(kept)) == 4
    last = scans.read_last_scan(kept)
    assert last is not None
    assert (last.scope, last.total) == ("", 4)


def test_the_evidence_pack_needs_no_more_than_a_saved_check(call: Call, aws: Any, settings: Any) -> None:
    settings(aws.accounts("pass"))

    call("check", "--save")

    ended = call("evidence", "--output", "pack.zip")
    assert ended.code == 0
    assert "1 of 1 accounts checked" in ended.err


def test_a_database_that_cannot_be_opened_is_told_before_anything_is_read(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPORT_ROLE_STORE__URL", "sqlite:////no/such/folder/x.db")

    ended = call("check", "--save")

    assert (ended.code, ended.out) == (2, "")
    assert "Check store.url in settings." in ended.err


@pytest.mark.parametrize(
    "line", [("check", "--save"), ("audit", "verify"), ("audit", "export"), ("evidence", "--output", "x.zip")]
)
def test_where_the_database_is_may_be_kept_in_aws(
    call: Call, aws: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, line: tuple[str, ...]
) -> None:
    settings(aws.accounts("pass"))
    assert call("check", "--save").code == 0
    secrets = {"aws-sm://store": "sqlite:///support-role.db"}
    monkeypatch.setattr("bot.aws.secrets.read_secret", lambda reference, *_: secrets[reference])
    monkeypatch.setenv("SUPPORT_ROLE_STORE__URL", "aws-sm://store")

    assert call(*line).code == 0


def _known(kept: Any) -> list[Any]:
    return findings.read_findings(kept, list(Verdict))
