"""The tables. The durable engine keeps its own beside them in the same database."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class Utc(TypeDecorator[datetime]):
    """Aware UTC in Python, naive UTC in the database: SQLite knows no zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - its signature
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - its signature
        return None if value is None else value.replace(tzinfo=UTC)


metadata = MetaData()

accounts = Table(
    "accounts",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("body", JSON, nullable=False),  # name, owner, ou, tags, state: never how it is reached
    Column("in_scope", Boolean, nullable=False),
    Column("seen_at", Utc, nullable=False),
)

scans = Table(
    "scans",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("scope", Text, nullable=False),  # the words as typed; empty for all accounts
    Column("reason", String(40), nullable=False),  # status, digest or schedule
    Column("total", Integer),  # None until the accounts in scope are known
    Column("batches", Integer),
    Column("started_at", Utc, nullable=False),
    Column("finished_at", Utc),
    Column("problem", Text, nullable=False, default=""),
    Index("ix_scans_finished", "finished_at"),
)

scan_batches = Table(
    "scan_batches",
    metadata,
    Column("scan_id", ForeignKey("scans.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("account_ids", JSON, nullable=False),
    Column("done_at", Utc),
)

findings = Table(
    "findings",
    metadata,
    Column("account_id", String(12), primary_key=True),
    Column("verdict", String(10), nullable=False),
    Column("body", JSON, nullable=False),
    Column("first_seen", Utc, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("checked_at", Utc, nullable=False),
    Column("scan_id", String(40), nullable=False),
    Index("ix_findings_verdict", "verdict"),
)

finding_changes = Table(
    "finding_changes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("account_id", String(12), nullable=False),
    Column("before", String(10)),  # None when the account was new
    Column("after", String(10), nullable=False),
    Column("at", Utc, nullable=False),
    Column("scan_id", String(40), nullable=False),
    UniqueConstraint("account_id", "scan_id"),  # a batch that runs again changes nothing twice
)

status_messages = Table(
    "status_messages",
    metadata,
    Column("channel", String(40), primary_key=True),
    Column("ts", String(40), primary_key=True),
    Column("scan_id", ForeignKey("scans.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("scope", Text, nullable=False),
    Column("shown_at", Utc, nullable=False),
    Column("settled", Boolean, nullable=False),  # True once the result of its scan stands in it
)

requests = Table(
    "requests",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("account_id", String(12), nullable=False, index=True),
    Column("account_name", Text, nullable=False),
    Column("requester", JSON, nullable=False),
    Column("reason", Text, nullable=False),
    Column("mode", String(10), nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("plan", JSON),
    Column("target", JSON),  # the facts of the account when the plan was made
    Column("decision", JSON),
    Column("decided_at", Utc),
    Column("ended_at", Utc),
    Column("outcome", JSON, nullable=False),
    Column("ending", JSON),  # how it is going to end, once what it has made is taken back
    Column("claimed_at", Utc),  # since when somebody is posting its message for the first time
    Column("channel", String(40)),
    Column("ts", String(40)),
    Column("origin_channel", String(40), nullable=False),
    Column("shown_state", String(20), nullable=False, default=""),  # what its message last showed
    Column("progress_until", Utc),  # till when a message about its progress may be on its way
    Column("kind", String(10), nullable=False),
    Column("undoes", String(40), index=True),  # the fix that an undo is about
    Column("removal", JSON),  # what an undo takes away
    Column("remains", JSON),  # what was there of the fix when the undo was prepared
    Column("bulk_id", String(40), nullable=False, default="", index=True),  # the bulk request it is part of
)

bulks = Table(
    "bulks",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("requester", JSON, nullable=False),
    Column("reason", Text, nullable=False),
    Column("mode", String(10), nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("wave_size", Integer, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("released", Integer, nullable=False),  # how many members were let go, in the order of their ids
    Column("hash", String(64), nullable=False),  # over all plans; empty until they are made
    Column("decision", JSON),
    Column("stopped_by", JSON),
    Column("outcome", JSON, nullable=False),
    Column("origin_channel", String(40), nullable=False),
    Column("channel", String(40)),
    Column("ts", String(40)),
    Column("version", Integer, nullable=False),  # rises with every change of it and of its members
    Column("shown_version", Integer, nullable=False),  # what its message last showed
    Column("shown_state", String(20), nullable=False),
    Column("shown_at", Utc),
    Column("showing_at", Utc),  # since when a worker is at its message
)

waivers = Table(
    "waivers",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("account_id", String(12), nullable=False, index=True),
    Column("account_name", Text, nullable=False),
    Column("requester", JSON, nullable=False),
    Column("owner", String(40), nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", Date, nullable=False),  # the last day, in the zone of its time
    Column("ends_at", Utc, nullable=False),  # the instant after it: what is asked
    Column("state", String(20), nullable=False, index=True),
    Column("created_at", Utc, nullable=False),
    Column("decide_by", Utc, nullable=False),
    Column("decision", JSON),
    Column("revocation", JSON),
    Column("origin_channel", String(40), nullable=False),
    Column("channel", String(40)),
    Column("ts", String(40)),
    Column("shown_state", String(20), nullable=False),  # what its message last showed
    Column("showing_at", Utc),  # since when a worker is at its message
    Column("told", String(20), nullable=False),  # the last word that went out about it
    Column("telling_at", Utc),  # since when a worker is at the next one
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True),  # always 1: its row is the lock that makes one writer at a time
    Column("seq", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("body", Text, nullable=False),  # the exact text that was hashed
    Column("kind", String(40), nullable=False),  # copies out of body, for queries; verified with it
    Column("at", String(30), nullable=False),
    Column("account_id", String(12), nullable=False, index=True),
    Column("request_id", String(40), nullable=False, index=True),
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", ForeignKey("audit_events.seq"), primary_key=True),
    Column("channel", String(40), nullable=False),
    Column("claimed_at", Utc),
    Column("posted_at", Utc),
    Column("ts", String(40)),
    Column("attempts", Integer, nullable=False, default=0),
    Column("problem", Text, nullable=False, default=""),
    Index("ix_outbox_posted", "posted_at"),
)

digests = Table(
    "digests",
    metadata,
    Column("channel", String(40), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("claimed_at", Utc, nullable=False),
    Column("posted_at", Utc),
    Column("ts", String(40)),
    Column("verdicts", JSON, nullable=False),  # by account id, as reported: the next digest's baseline
    Column("counts", JSON, nullable=False),  # of each verdict, as reported: a day of the trend
    Column("problem", Text, nullable=False, default=""),  # why it was given up for that day
    Index("ix_digests_day", "day"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("channel", String(40), primary_key=True),
    Column("at", String(5), nullable=False),  # HH:MM, local
    Column("timezone", String(64), nullable=False),
    Column("weekdays", String(7), nullable=False),  # their numbers, Monday is 0
    Column("by", String(40), nullable=False),  # whoever subscribed or switched it off
    Column("since", Utc, nullable=False),
    Column("is_off", Boolean, nullable=False),
)

# Beside subscriptions, for the channel that settings name has no row there.
digest_problems = Table(
    "digest_problems",
    metadata,
    Column("channel", String(40), primary_key=True),
    Column("problem", Text, nullable=False),  # why the last digest was not posted
    Column("told_at", Utc),  # when somebody was told of it, or nobody was found who could be
    Column("told_to", Text, nullable=False, default=""),  # Slack ids; empty when there was nobody
)

notices = Table(
    "notices",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user_id", String(40), nullable=False),
    Column("channel", String(40), nullable=False),
    Column("notice", JSON, nullable=False),
    Column("at", Utc, nullable=False),  # since when somebody should know
    Column("due_at", Utc, nullable=False, index=True),  # when it is tried again
)

executors = Table(
    "executors",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("seen_at", Utc, nullable=False),
    Column("problem", Text, nullable=False, default=""),  # what keeps it from AWS; empty when nothing does
)

switches = Table(
    "switches",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("is_on", Boolean, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("reason", Text, nullable=False, default=""),  # as typed
)

chores = Table(
    "chores",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("at", Utc, nullable=False),  # when a worker last took it up for all of them
)

command_counts = Table(
    "command_counts",
    metadata,
    Column("person", String(80), primary_key=True),
    Column("minute", Utc, nullable=False),  # the one that is counted; the next one starts anew
    Column("count", Integer, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("key", String(120), primary_key=True),
    Column("at", Utc, nullable=False, index=True),
)

forms = Table(
    "forms",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("person", JSON, nullable=False),
    Column("channel", String(40), nullable=False),
    Column("account_id", String(12), nullable=False),
    Column("request_id", String(40), nullable=False, default=""),  # of a form about a request
    Column("account_ids", JSON),  # of a form about several accounts
    Column("at", Utc, nullable=False),
)
