"""One event of the audit chain, as a sentence in the audit channel."""

import json
from dataclasses import dataclass

from bot.domain.audit import ChainedEvent
from bot.slack.blocks import kit
from bot.slack.blocks.kit import Block, Message
from bot.slack.blocks.mrkdwn import Mrkdwn, channel, code, is_user_id, join, md, mention, sentence

VERBS = {
    "fix.requested": "{who} asked for a support role in {account}",
    "fix.approved": "{who} approved a support role for {account}",
    "fix.denied": "{who} denied a support role for {account}",
    "fix.refused": "A rule refused a support role for {account}, wanted by {who}",
    "fix.expired": "Nobody decided in time about a support role for {account}, asked for by {asker}",
    "fix.superseded": "The plan of a support role for {account} is out of date, asked for by {asker}",
    "fix.already-fixed": "{account} has a support role already, asked for by {asker}",
    "fix.skipped": "{account} was not attempted: the bulk request stopped before it came to it",
    "bulk.requested": "{who} asked for support roles in many accounts",
    "bulk.approved": "{who} approved support roles for many accounts",
    "bulk.denied": "{who} denied support roles for many accounts",
    "bulk.refused": "A rule refused support roles for many accounts, wanted by {who}",
    "bulk.expired": "Nobody decided in time about support roles for many accounts, asked for by {asker}",
    "bulk.stop-asked": "{who} stopped a bulk request",
    "bulk.stopped": "A bulk request stopped before its end, asked for by {asker}",
    "bulk.done": "A bulk request has come to its end, approved by {approver}",
    "change.intended": "About to create a support role in {account}, approved by {approver}",
    "change.applied": "AWS accepted the support role in {account}, approved by {approver}",
    "change.verified": "The support role in {account} was read back and is in place, approved by {approver}",
    "change.unverified": "The support role in {account} cannot be read back yet, approved by {approver}",
    "change.rehearsed": "Dry run: a support role for {account} was rehearsed, and nothing was written",
    "change.failed": "The support role for {account} could not be created, asked for by {asker}",
    "change.late": "A call about the support role in {account} was on its way while its request ended",
    "change.undone": "The support role in {account} was taken away and is gone, approved by {approver}",
    "undo.requested": "{who} asked to take the support role of {account} away again",
    "undo.approved": "{who} approved to take the support role of {account} away",
    "undo.denied": "{who} denied to take the support role of {account} away",
    "undo.refused": "A rule refused to take the support role of {account} away, wanted by {who}",
    "undo.expired": "Nobody decided in time to take the support role of {account} away, asked by {asker}",
    "undo.superseded": "What was to be taken away from {account} is out of date, asked by {asker}",
    "waiver.requested": "{who} asked for a waiver for {account}",
    "waiver.granted": "{who} granted a waiver for {account}",
    "waiver.denied": "{who} denied a waiver for {account}",
    "waiver.refused": "A rule refused {who} about a waiver for {account}",
    "waiver.undecided": "Nobody decided in time about a waiver for {account}, asked for by {asker}",
    "waiver.replaced": "A newer waiver for {account} took the place of this one",
    "waiver.reminded": "The owner of the waiver for {account} was reminded of its end",
    "waiver.revoked": "{who} revoked the waiver for {account}",
    "waiver.expired": "The waiver for {account} ended",
    "settings.paused": "{who} paused all fixes",
    "settings.resumed": "{who} resumed fixes",
    "doctor.refused": "A rule refused {who} the doctor's report",
    "settings.refused": "A rule refused {who} about pausing or resuming fixes",
    "digest.posted": "A digest was posted",
    "digest.failed": "A digest could not be posted",
    "digest.subscribed": "{who} subscribed a channel to the daily digest",
    "digest.unsubscribed": "{who} switched the daily digest of a channel off",
    "scan.finished": "A check of the accounts finished",
}
"""What each kind of event says; a kind that is not here is shown by its name."""

OF_AN_UNDO = {
    "change.intended": "About to take the support role of {account} away, approved by {approver}",
    "change.unverified": "The support role of {account} was deleted, but still shows, approved by {approver}",
    "change.rehearsed": "Dry run: the removal of the support role of {account} was rehearsed",
    "change.failed": "The support role of {account} could not be taken away, asked for by {asker}",
}
"""Kinds that fixes have too, where the event says that it is about an undo."""

SAY_IT_ALL = frozenset(
    {
        "fix.requested",
        "fix.approved",
        "fix.denied",
        "undo.requested",
        "undo.approved",
        "undo.denied",
        "change.intended",
    }
)
"""Kinds whose outcome would say the same again."""

ROLE_ARN = "role_arn"
ACCOUNT_NAME = "account_name"
REQUESTER = "requester"
APPROVER = "approver"
OWNER = "owner"
WHERE = "where"
UNDOES = "undoes"
DETAILS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class _Told:
    """What the body of an event holds, as text; what is missing is empty."""

    kind: str
    actor: str
    outcome: str
    account_id: str
    request_id: str
    plan_hash: str
    aws_request_ids: tuple[str, ...]
    detail: tuple[tuple[str, str], ...]


def audit_message(event: ChainedEvent) -> Message:
    """Show an event with all that finds it again: request, plan, AWS request ids, place in the chain."""
    told = _read(event.body)
    said = _said(told)
    outcome = Mrkdwn() if told.kind in SAY_IT_ALL else sentence(told.outcome, 600, people=_people(told))
    place = md("Audit event {seq} · hash {hash}", seq=event.seq, hash=code(event.hash))
    blocks = [
        kit.section(join("\n", [md("*{said}*", said=said), outcome])),
        _facts(told),
        kit.context(place, md("Kind {kind}", kind=code(told.kind))),
    ]
    spoken = join("\n", [md("{said}.", said=said), outcome, _spoken_facts(told), place])
    return kit.message(spoken, blocks)


def told_briefly(event: ChainedEvent) -> Mrkdwn:
    """An event in a list that one reader sees: what happened, its outcome, kind and request."""
    told = _read(event.body)
    outcome = Mrkdwn() if told.kind in SAY_IT_ALL else sentence(told.outcome, 200, people=_people(told))
    words = [
        md("{said}", said=_said(told)),
        outcome,
        code(told.kind),
        code(told.request_id) if told.request_id else Mrkdwn(),
    ]
    return join(" · ", words)


def _read(body: str) -> _Told:
    """The body is text of our own making; one that is not is shown as it is, never refused."""
    try:
        event = json.loads(body)["event"]
        return _Told(
            kind=str(event["kind"]),
            actor=str(event["actor"]),
            outcome=str(event["outcome"]),
            account_id=str(event["account_id"]),
            request_id=str(event["request_id"]),
            plan_hash=str(event["plan_hash"]),
            aws_request_ids=tuple(str(one) for one in event["aws_request_ids"]),
            detail=tuple((str(name), str(value)) for name, value in event["detail"].items()),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return _Told("unreadable", "", body, "", "", "", (), ())


def _said(told: _Told) -> Mrkdwn:
    template = (OF_AN_UNDO if _detail(told, UNDOES) else {}).get(told.kind) or VERBS.get(told.kind)
    if template is None:
        return md("{kind} {account}", kind=told.kind, account=_account(told) if told.account_id else "")
    return md(
        template,
        who=_person(_actor_id(told) or _detail(told, REQUESTER) or told.actor),
        asker=_person(_detail(told, REQUESTER)),
        approver=_person(_detail(told, APPROVER)),
        account=_account(told),
    )


def _actor_id(told: _Told) -> str:
    """The user id in `team/user`; empty for the bot itself."""
    user_id = told.actor.rpartition("/")[2]
    return user_id if is_user_id(user_id) else ""


def _detail(told: _Told, name: str) -> str:
    return dict(told.detail).get(name, "")


def _person(user_id: str) -> Mrkdwn:
    return mention(user_id) or md("nobody")


def _people(told: _Told) -> frozenset[str]:
    """Whom the event itself names: they may be mentioned in its sentence."""
    named = (_detail(told, name) for name in (REQUESTER, APPROVER, OWNER))
    return frozenset({_actor_id(told), *named})


def _account(told: _Told) -> Mrkdwn:
    name = _detail(told, ACCOUNT_NAME)
    if not told.account_id:
        return md("no account")
    return md("{name} ({id})", name=name, id=told.account_id) if name else md("{id}", id=told.account_id)


def _pairs(told: _Told) -> list[tuple[str, Mrkdwn]]:
    pairs = [
        ("Role", _detail(told, ROLE_ARN)),
        ("Request", told.request_id),
        ("Plan", told.plan_hash),
    ]
    calls = join(", ", [code(one) for one in told.aws_request_ids[:DETAILS_SHOWN]])
    shown = [(name, code(value)) for name, value in pairs if value]
    return shown + ([("AWS request ids", calls)] if calls else []) + _others(told)


def _others(told: _Told) -> list[tuple[str, Mrkdwn]]:
    known = {ROLE_ARN, ACCOUNT_NAME}
    people = {REQUESTER, APPROVER, OWNER}
    rest = [(name, value) for name, value in told.detail if name not in known and value]
    shown = {WHERE: channel, **dict.fromkeys(people, mention)}
    return [
        (name.replace("_", " "), shown[name](value) if name in shown else md("{value}", value=value))
        for name, value in rest[:DETAILS_SHOWN]
    ]


def _facts(told: _Told) -> Block | None:
    pairs = _pairs(told)
    return kit.fields(pairs) if pairs else None


def _spoken_facts(told: _Told) -> Mrkdwn:
    return join(" · ", [md("{name} {value}", name=name, value=value) for name, value in _pairs(told)])
