"""`/metrics`: what this process counts, and what the database says at the moment it is asked.

The database's numbers are those of the whole bot: the same at every replica, and after a restart. No label
names an account or a person.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from bot import __version__
from bot.domain.finding import Summary
from bot.store.metrics import Measures

log = logging.getLogger(__name__)

READ_SECONDS = 5.0
"""Prometheus waits 10 s for a scrape, unless told otherwise."""
ACK_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
"""Seconds; after three, Slack tells whoever clicked that the app failed."""
KINDS = frozenset({"slash_commands", "interactive", "events_api"})
PREFIX = "support_role_"


class Meters:
    """What only this process knows."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's own
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        build = Info(f"{PREFIX}build", "The version that runs.", registry=self.registry)
        build.info({"version": __version__})
        self._acks = Histogram(
            f"{PREFIX}ack_seconds",
            "From a request's arrival to its ack, by Slack's word for what it was.",
            ["kind"],
            buckets=ACK_BUCKETS,
            registry=self.registry,
        )
        self._refused = Counter(
            f"{PREFIX}http_refused", "Requests turned away in HTTP mode.", ["reason"], registry=self.registry
        )
        self._starts = Counter(
            f"{PREFIX}worker_starts", "How often the worker child was started.", registry=self.registry
        )

    def acked(self, kind: str, seconds: float) -> None:
        self._acks.labels(kind if kind in KINDS else "other").observe(seconds)

    def refused(self, reason: str) -> None:
        self._refused.labels(reason).inc()

    def worker_started(self) -> None:
        self._starts.inc()


@dataclass(frozen=True, slots=True)
class Page:
    body: bytes
    content_type: str


class Metrics:
    """Writes the page. The database is read once at a time, however many ask."""

    def __init__(self, meters: Meters, read: Callable[[], Measures], clock: Callable[[], datetime]) -> None:
        """`read` is called in a thread, and `clock` is the one by which the measures were taken."""
        self._meters = meters
        self._read = read
        self._clock = clock
        self._reading: asyncio.Task[Measures | None] | None = None

    async def page(self, accept: str, *, slack_ready: bool) -> Page:
        """In the format that `accept`, an Accept header, asks for."""
        measures = await self._measures()
        registry = CollectorRegistry()
        registry.register(self._meters.registry)
        registry.register(Reading(measures, self._clock(), slack_ready=slack_ready))
        encode, content_type = choose_encoder(accept)
        return Page(encode(registry), content_type)

    async def _measures(self) -> Measures | None:
        """None when the database does not answer, or not soon."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(asyncio.to_thread(self._read_or_none))
        try:
            return await asyncio.wait_for(asyncio.shield(self._reading), READ_SECONDS)
        except TimeoutError:
            log.warning("the database takes too long to be measured")
            return None

    def _read_or_none(self) -> Measures | None:
        try:
            return self._read()
        except SQLAlchemyError as fault:
            log.warning("the database cannot be measured", extra={"problem": type(fault).__name__})
            return None


class Reading(Collector):
    """One reading of the database, as metrics."""

    def __init__(self, measures: Measures | None, now: datetime, *, slack_ready: bool) -> None:
        self._measures = measures
        self._now = now
        self._slack_ready = slack_ready

    def collect(self) -> Iterator[Metric]:
        yield _gauge("slack_ready", "1 while Slack's requests can come in.", self._slack_ready)
        yield _gauge("database_up", "1 when the database could be read just now.", self._measures is not None)
        if self._measures is not None:
            yield from _of_accounts(self._measures)
            yield from _of_scans(self._measures, self._now)
            yield from _of_requests(self._measures)
            yield from _of_the_bot(self._measures)


def _of_accounts(measures: Measures) -> Iterator[Metric]:
    in_scope, summary = measures.accounts_in_scope, measures.summary
    verdicts = [(str(verdict).lower(), count) for verdict, count in summary.counts]
    yield _by("accounts", "Accounts in scope by their last verdict, as shown.", "verdict", verdicts)
    yield _gauge("accounts_in_scope", "Accounts in scope, read or not.", in_scope)
    coverage = _coverage(in_scope, summary)
    if coverage is not None:
        yield _gauge("coverage_ratio", "Accounts with an answer, of those that can have one.", coverage)


def _coverage(in_scope: int, summary: Summary) -> float | None:
    """An account that was never read has no answer; None while no account can have one."""
    readable = in_scope - summary.skipped
    return summary.checked / readable if readable > 0 else None


def _of_scans(measures: Measures, now: datetime) -> Iterator[Metric]:
    scan = measures.last_scan
    if scan is None:
        return
    finished, age = scan.finished_at.timestamp(), now - scan.finished_at
    yield _gauge("last_scan_timestamp_seconds", "When the last whole scan ended, since 1970.", finished)
    yield _gauge("last_scan_age_seconds", "How long ago the last whole scan ended.", age.total_seconds())
    yield _gauge(
        "last_scan_duration_seconds", "How long the last whole scan took.", scan.duration.total_seconds()
    )


def _of_requests(measures: Measures) -> Iterator[Metric]:
    requests = GaugeMetricFamily(
        f"{PREFIX}requests", "Requests that are open, by kind and state.", labels=["kind", "state"]
    )
    for kind, state, count in measures.open_requests:
        requests.add_metric([kind, state], count)
    yield requests
    oldest = measures.undecided.oldest.total_seconds()
    yield _gauge("oldest_undecided_request_age_seconds", "0 when nobody's decision is waited for.", oldest)
    yield _gauge("changes_last_hour", "As max_changes_per_hour counts them.", measures.changes_last_hour)
    yield _gauge("waivers_active", "Waivers in force.", measures.waivers_in_force)


def _of_the_bot(measures: Measures) -> Iterator[Metric]:
    outbox = measures.outbox
    yield _gauge("outbox_messages", "Audit messages that Slack has not taken yet.", outbox.count)
    yield _gauge("outbox_oldest_age_seconds", "0 when the outbox is empty.", outbox.oldest.total_seconds())
    yield _gauge("audit_chain_length", "The number of the chain's last event.", measures.chain_length)
    yield _gauge("workers", "Workers heard of within a quarter of a minute.", measures.workers)
    yield _gauge("workers_without_aws", "Workers that AWS does not let in.", measures.workers_without_aws)
    yield _gauge("paused", "1 while an administrator has paused fixes.", measures.is_paused)
    yield _by("queue_depth", "Work that no worker has taken up.", "queue", measures.queues)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, text, value=value)


def _by(name: str, text: str, label: str, values: Iterable[tuple[str, float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(PREFIX + name, text, labels=[label])
    for each, value in values:
        family.add_metric([each], value)
    return family
