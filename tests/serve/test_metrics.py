"""The page that Prometheus reads, over HTTP and through Prometheus's own parser."""

import asyncio
import re
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
import yaml
from building.values import NOW, a_finding, a_request, an_account, an_event
from building.waivers import a_waiver
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine

from bot import __version__
from bot.domain.account import AccountId
from bot.domain.finding import Verdict
from bot.serve import metrics as module
from bot.serve.address import Address
from bot.serve.metrics import Meters, Metrics, Page
from bot.serve.ops import start_ops
from bot.serve.readiness import Readiness
from bot.store import accounts, audit, findings, operations, requests, scans, waivers
from bot.store.engine import build_engine
from bot.store.metrics import Measures, read_measures
from bot.store.schema import migrate

MINUTE = timedelta(minutes=1)
Samples = dict[str, float]


def asked(metrics: Metrics, accept: str = "", *, slack_ready: bool = True) -> tuple[str, str]:
    """Content type and text of the page, as an HTTP client gets it."""

    async def measure(wanted: str) -> Page:
        return await metrics.page(wanted, slack_ready=slack_ready)

    async def look() -> Readiness:
        return Readiness(())

    async def go() -> tuple[str, str]:
        runner = await start_ops(Address("127.0.0.1", 0), look, measure)
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/metrics"
        headers = {"Accept": accept} if accept else {}
        try:
            async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
                assert answer.status == 200
                return answer.headers["Content-Type"], await answer.text()
        finally:
            await runner.cleanup()

    return asyncio.run(go())


def ours(text: str) -> Samples:
    """Each of our samples, spelled as in the page, without the prefix."""
    return {
        sample.name.removeprefix("support_role_") + _labels(sample.labels): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("support_role_")
    }


def _labels(labels: dict[str, str]) -> str:
    return "{" + ",".join(f"{name}={value}" for name, value in sorted(labels.items())) + "}" if labels else ""


@contextmanager
def a_store(folder: Path) -> Iterator[Engine]:
    engine = build_engine(f"sqlite:///{folder / 'store.db'}")
    try:
        yield engine
    finally:
        engine.dispose()


def metrics_of(engine: Engine, meters: Meters | None = None) -> Metrics:
    def read() -> Measures:
        with engine.connect() as connection:
            return read_measures(connection, now=NOW, alive_since=NOW - MINUTE)

    return Metrics(meters or Meters(), read, lambda: NOW)


def fill(engine: Engine) -> None:
    """Four accounts, one never read and one waived; a scan; a request; two audit messages; a worker."""
    known = [an_account(f"{number:012}", name="must-stay-out") for number in range(4)]
    verdicts = (Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN)
    with engine.begin() as connection:
        accounts.save_accounts(connection, known, now=NOW)
        found = [a_finding(verdict, account) for verdict, account in zip(verdicts, known, strict=False)]
        findings.save_findings(connection, found, scan_id="scan-1")
        scans.start_scan(connection, "scan-1", scope="", reason="schedule", now=NOW - 31 * MINUTE)
        scans.finish_scan(connection, "scan-1", now=NOW - 30 * MINUTE)
        requests.add_request(connection, a_request(created_at=NOW - 5 * MINUTE))
        waivers.add_waiver(connection, a_waiver(account_id=AccountId("000000000001")))
        audit.record(connection, an_event(at=NOW - 3 * MINUTE), channel="C0AUDIT")
        audit.record(connection, an_event(at=NOW), channel="C0AUDIT")
        operations.beat(connection, "worker-1", problem="ExpiredToken", now=NOW)
        operations.set_paused(connection, paused=True, by="U0ADMIN", now=NOW)


def test_the_page_says_what_the_store_holds(tmp_path: Path):
    with a_store(tmp_path) as engine:
        migrate(engine)
        fill(engine)
        content_type, text = asked(metrics_of(engine))

    assert content_type.startswith("text/plain; version=0.0.4")
    expected = {
        "database_up": 1,
        "slack_ready": 1,
        "accounts{verdict=pass}": 1,
        "accounts{verdict=weak}": 0,
        "accounts{verdict=fail}": 0,
        "accounts{verdict=unknown}": 1,
        "accounts{verdict=waived}": 1,
        "accounts{verdict=skipped}": 0,
        "accounts_in_scope": 4,
        "coverage_ratio": 0.5,
        "last_scan_timestamp_seconds": (NOW - 30 * MINUTE).timestamp(),
        "last_scan_age_seconds": 1800,
        "last_scan_duration_seconds": 60,
        "requests{kind=fix,state=pending}": 1,
        "requests{kind=waiver,state=pending}": 0,
        "requests{kind=bulk,state=running}": 0,
        "oldest_undecided_request_age_seconds": 300,
        "changes_last_hour": 0,
        "waivers_active": 1,
        "outbox_messages": 2,
        "outbox_oldest_age_seconds": 180,
        "audit_chain_length": 2,
        "workers": 1,
        "workers_without_aws": 1,
        "paused": 1,
        f"build_info{{version={__version__}}}": 1,
        "worker_starts_total": 0,
    }
    found = ours(text)
    assert {name: found.get(name) for name in expected} == expected


def test_no_label_names_an_account_or_a_person(tmp_path: Path):
    with a_store(tmp_path) as engine:
        migrate(engine)
        fill(engine)
        _, text = asked(metrics_of(engine))

    assert "must-stay-out" not in text
    assert not re.search(r'"\d{12}"|U0|C0|T0', text)


def test_before_the_first_scan_there_is_no_age_and_no_coverage_to_be_mistaken_for_a_good_one(tmp_path: Path):
    with a_store(tmp_path) as engine:
        migrate(engine)
        found = ours(asked(metrics_of(engine))[1])

    assert found["database_up"] == 1
    assert not [name for name in found if name.startswith(("last_scan", "coverage"))]


def test_without_a_database_the_page_has_what_the_process_knows(tmp_path: Path):
    meters = Meters()
    meters.acked("slash_commands", 0.004)
    meters.acked("interactive", 0.4)
    meters.acked("what nobody knows yet", 4)
    meters.refused("stale")
    meters.worker_started()
    with a_store(tmp_path / "gone") as engine:
        found = ours(asked(metrics_of(engine, meters), slack_ready=False)[1])

    assert found["database_up"] == 0
    assert found["slack_ready"] == 0
    assert found["ack_seconds_bucket{kind=slash_commands,le=0.0025}"] == 0
    assert found["ack_seconds_bucket{kind=slash_commands,le=0.005}"] == 1
    assert found["ack_seconds_sum{kind=interactive}"] == 0.4
    assert found["ack_seconds_bucket{kind=other,le=3.0}"] == 0
    assert found["ack_seconds_count{kind=other}"] == 1
    assert found["http_refused_total{reason=stale}"] == 1
    assert found["worker_starts_total"] == 1
    assert not [name for name in found if name.startswith(("accounts", "outbox", "workers"))]


def test_a_database_that_hangs_is_asked_once_and_waited_for_in_vain_but_shortly(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(module, "READ_SECONDS", 0.01)
    may_end, asked_for = threading.Event(), []

    def hangs() -> Measures:
        asked_for.append(1)
        may_end.wait(10)
        raise AssertionError

    async def go() -> list[Page]:
        metrics = Metrics(Meters(), hangs, lambda: NOW)
        try:
            return [await metrics.page("", slack_ready=True) for _ in range(3)]
        finally:
            may_end.set()
            await asyncio.gather(metrics._reading or asyncio.sleep(0), return_exceptions=True)

    pages = asyncio.run(go())

    assert [ours(page.body.decode())["database_up"] for page in pages] == [0, 0, 0]
    assert len(asked_for) == 1


def test_openmetrics_is_spoken_with_whoever_asks_for_it(tmp_path: Path):
    with a_store(tmp_path) as engine:
        migrate(engine)
        content_type, text = asked(metrics_of(engine), "application/openmetrics-text; version=1.0.0")

    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    names = {family.name for family in parse_openmetrics(text)}
    assert {"support_role_ack_seconds", "support_role_build", "support_role_paused"} <= names


def test_names_and_texts_follow_prometheus_own_conventions(tmp_path: Path):
    with a_store(tmp_path) as engine:
        migrate(engine)
        fill(engine)
        _, text = asked(metrics_of(engine))

    for family in text_string_to_metric_families(text):
        if family.name.startswith("support_role_"):
            assert family.documentation
            assert re.fullmatch(r"[a-z][a-z0-9_]*", family.name)
            assert "milli" not in family.name
            assert "minutes" not in family.name


def test_every_metric_is_in_the_documentation_and_no_other(tmp_path: Path):
    with a_store(tmp_path) as engine:
        migrate(engine)
        fill(engine)
        meters = Meters()
        _, text = asked(metrics_of(engine, meters))

    told = set(re.findall(r"^\| `(support_role_\w+)", DOCS.read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"^# HELP (support_role_\w+)", text, re.MULTILINE))
    assert told == named


def test_the_alerts_in_the_documentation_ask_for_metrics_that_there_are(tmp_path: Path):
    text = DOCS.read_text("utf-8")
    block = text[text.index("    groups:") : text.index("## Figures")]
    (group,) = yaml.safe_load(textwrap.dedent(block))["groups"]
    with a_store(tmp_path) as engine:
        migrate(engine)
        fill(engine)
        _, page = asked(metrics_of(engine))

    for rule in group["rules"]:
        names = set(re.findall(r"support_role_\w+", rule["expr"]))
        assert names
        assert names <= set(re.findall(r"^support_role_\w+", page, re.MULTILINE))


DOCS = Path(__file__).parents[2] / "docs" / "running.md"
