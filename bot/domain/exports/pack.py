"""The evidence pack: what an auditor gets, each part as pieces of text, and what says how to check it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from bot.domain.account import Account
from bot.domain.audit import ChainBroken, ChainIntact
from bot.domain.canonical import Json
from bot.domain.control import CONTROL
from bot.domain.exports.pack_readme import readme
from bot.domain.exports.standards import REQUIREMENTS
from bot.domain.finding import Finding, Reason, Summary, Verdict
from bot.domain.request import Person, RemediationRequest
from bot.domain.waiver import Waiver

MANIFEST, SUMS, README = "manifest.json", "MANIFEST.sha256", "README.txt"


@dataclass(frozen=True, slots=True)
class PackFacts:
    """What a pack says about itself."""

    made_at: datetime
    version: str
    """Of the program that made it."""
    summary: Summary
    """Of the findings, as they are shown: with the waivers in force."""
    read_between: tuple[datetime, datetime]
    """When the oldest and when the newest of the findings was read."""
    unchecked: int
    """Accounts in scope that were never checked, and so have no finding."""
    chain: ChainIntact | ChainBroken
    chain_length: int
    chain_head: str
    """As the database has it; equal to the chain's own end while that is intact."""

    @property
    def in_scope(self) -> int:
        return self.summary.in_scope + self.unchecked

    @property
    def chain_problem(self) -> str:
        """Empty while the chain is intact."""
        broken = self.chain
        return f"Event {broken.seq}: {broken.reason}." if isinstance(broken, ChainBroken) else ""


@dataclass(frozen=True, slots=True)
class PackFile:
    """One file in the pack, as it was written."""

    name: str
    size: int
    sha256: str


def coverage_chunks(
    facts: PackFacts, *, unread: Iterable[Finding], skipped: Iterable[Finding], unchecked: Iterable[Account]
) -> Iterator[str]:
    """How much of what is in scope was checked and when, and each account that was not with the reason."""
    summary = facts.summary
    readable = summary.in_scope - summary.skipped + facts.unchecked
    head: dict[str, Json] = {
        "schema": "support-role/coverage/1",
        "made_at": _utc(facts.made_at),
        "read_between": [_utc(at) for at in facts.read_between],
        "in_scope": facts.in_scope,
        "checked": summary.checked,
        "unknown": summary.unknown,
        "skipped": summary.skipped,
        "never_checked": facts.unchecked,
        "coverage_percent": 100 if readable == 0 else summary.checked * 100 // readable,
        "verdicts": {verdict.value: summary.count(verdict) for verdict in Verdict},
    }
    lists: dict[str, Iterable[Json]] = {
        "unknown_accounts": (_why(finding) for finding in unread),
        "skipped_accounts": (_why(finding) for finding in skipped),
        "never_checked_accounts": (_account(account) for account in unchecked),
    }
    return _with_lists(head, lists)


def controls_chunks() -> Iterator[str]:
    """The control's ids in each version of each standard."""
    control = {"schema": "support-role/controls/1", **CONTROL.as_json(), "requirements": list(REQUIREMENTS)}
    yield json.dumps(control, indent=2) + "\n"


def waivers_chunks(waivers: Iterable[Waiver], *, now: datetime) -> Iterator[str]:
    """Every waiver that was ever asked for, those in force marked."""
    head: dict[str, Json] = {"schema": "support-role/waivers/1", "made_at": _utc(now)}
    return _with_lists(head, {"waivers": (_waiver(each, now) for each in waivers)})


def change_lines(requests: Iterable[tuple[RemediationRequest, datetime | None]]) -> Iterator[str]:
    """Every fix and undo that was ever asked for, one a line, with when it ended."""
    for request, ended_at in requests:
        yield json.dumps(_change(request, ended_at)) + "\n"


def head_chunks(facts: PackFacts) -> Iterator[str]:
    """The end of the audit chain: what the digest posted in Slack is compared with this."""
    yield json.dumps(_chain(facts), indent=2) + "\n"


def readme_chunks(facts: PackFacts) -> Iterator[str]:
    """What is what, for a person, and how to check it."""
    oldest, newest = facts.read_between
    yield readme(
        made_at=_utc(facts.made_at),
        version=facts.version,
        oldest=_utc(oldest),
        newest=_utc(newest),
        in_scope=facts.in_scope,
        checked=facts.summary.checked,
        unknown=facts.summary.unknown,
        skipped=facts.summary.skipped,
        unchecked=facts.unchecked,
        length=facts.chain_length,
        head=facts.chain_head,
        problem=facts.chain_problem,
    )


def manifest_chunks(facts: PackFacts, files: Sequence[PackFile]) -> Iterator[str]:
    """All files but this one and the sums, for programs."""
    manifest = {
        "schema": "support-role/evidence/1",
        "made_at": _utc(facts.made_at),
        "version": facts.version,
        "chain": _chain(facts),
        "files": [{"file": each.name, "bytes": each.size, "sha256": each.sha256} for each in files],
    }
    yield json.dumps(manifest, indent=2) + "\n"


def sums_lines(files: Sequence[PackFile]) -> Iterator[str]:
    """As `sha256sum -c` takes them; all files but this one."""
    for each in files:
        yield f"{each.sha256}  {each.name}\n"


def _chain(facts: PackFacts) -> dict[str, Json]:
    return {
        "length": facts.chain_length,
        "head": facts.chain_head,
        "intact": not facts.chain_problem,
        "problem": facts.chain_problem,
    }


def _why(finding: Finding) -> dict[str, Json]:
    return {
        "account": _account(finding.account),
        "reasons": [_reason(each) for each in finding.reasons],
        "next_step": finding.next_step,
        "checked_at": _utc(finding.checked_at),
    }


def _account(account: Account) -> dict[str, Json]:
    return {"id": account.id, "name": account.name, "owner": account.owner, "ou": account.ou}


def _reason(reason: Reason) -> dict[str, Json]:
    return {"code": reason.code, "text": reason.text}


def _person(person: Person) -> dict[str, Json]:
    return asdict(person)


def _waiver(waiver: Waiver, now: datetime) -> dict[str, Json]:
    decision, revocation = waiver.decision, waiver.revocation
    return {
        "id": waiver.id,
        "account": {"id": waiver.account_id, "name": waiver.account_name},
        "state": waiver.state.value,
        "in_force": waiver.in_force(now),
        "owner": waiver.owner,
        "reason": waiver.reason,
        "until": waiver.until.isoformat(),
        "ends_at": _utc(waiver.ends_at),
        "asked_by": _person(waiver.requester),
        "asked_at": _utc(waiver.created_at),
        "decided_by": _person(decision.person) if decision else None,
        "decided_at": _utc(decision.at) if decision else None,
        "revoked_by": _person(revocation.person) if revocation else None,
        "revoked_at": _utc(revocation.at) if revocation else None,
    }


def _change(request: RemediationRequest, ended_at: datetime | None) -> dict[str, Json]:
    decision, outcome = request.decision, request.outcome
    return {
        "id": request.id,
        "kind": request.kind.value,
        "state": request.state.value,
        "mode": request.mode.value,
        "account": {"id": request.account_id, "name": request.account_name},
        "reason": request.reason,
        "asked_by": _person(request.requester),
        "asked_at": _utc(request.created_at),
        "decided_by": _person(decision.person) if decision else None,
        "decided_at": _utc(request.decided_at) if request.decided_at else None,
        "plan_hash": request.approved_hash,
        "decided_hash": decision.plan_hash if decision else "",
        "ended_at": _utc(ended_at) if ended_at else None,
        "outcome": outcome.text,
        "role_arn": outcome.role_arn,
        "aws_request_ids": list(outcome.aws_request_ids),
        "left_behind": outcome.left_behind,
        "undoes": request.undoes or "",
        "bulk_id": request.bulk_id,
    }


def _with_lists(head: Mapping[str, Json], lists: Mapping[str, Iterable[Json]]) -> Iterator[str]:
    """A JSON object whose lists are written an item a line, so that no more than one item is held."""
    yield json.dumps(head, indent=1).removesuffix("\n}")
    for name, items in lists.items():
        yield f",\n {json.dumps(name)}: ["
        comma = "\n  "
        for item in items:
            yield comma + json.dumps(item)
            comma = ",\n  "
        yield "]"
    yield "\n}\n"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
