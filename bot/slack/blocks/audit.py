"""One event of the audit chain, as a sentence in the audit channel."""

import json
from dataclasses import dataclass

from bot.domain.audit import ChainedEvent
from bot.slack.blocks import kit
from bot.slack.blocks.audit_words import (
    ACCOUNT_NAME,
    APPROVER,
    CHANNEL,
    LABELS,
    MODE,
    MODE_WORDS,
    OF_A_CLICK,
    OF_AN_UNDO,
    OWNER,
    PRESSED,
    REASON,
    REQUESTER,
    ROLE_ARN,
    SAY_IT_ALL,
    UNDECIDED,
    UNDOES,
    VERBS,
    WHERE,
)
from bot.slack.blocks.kit import Block, Message
from bot.slack.blocks.mrkdwn import Mrkdwn, channel, code, is_user_id, join, md, mention, sentence
from bot.slack.blocks.reason import REASON_LONGEST

DETAILS_SHOWN = 8
SHORT_HASH = 12
"""Characters, as in the message that was approved."""


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
    outcome = _outcome(told, 600)
    place = md("Audit event {seq} · hash {hash}", seq=event.seq, hash=code(event.hash))
    blocks = [
        kit.section(join("\n", [md("*{said}*", said=said), outcome])),
        _facts(told),
        *_reason(told),
        kit.context(place, md("Kind {kind}", kind=code(told.kind))),
    ]
    spoken = join("\n", [md("{said}.", said=said), outcome, _spoken_facts(told), place])
    return kit.message(spoken, blocks)


def told_briefly(event: ChainedEvent) -> Mrkdwn:
    """An event in a list that one reader sees: what happened, its outcome, kind and request."""
    told = _read(event.body)
    outcome = _outcome(told, 200)
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
    of_an_undo = OF_AN_UNDO if _detail(told, UNDOES) else {}
    of_a_click = OF_A_CLICK if _detail(told, WHERE) else {}
    template = of_an_undo.get(told.kind) or of_a_click.get(told.kind) or VERBS.get(told.kind)
    if template is None:
        return md("{kind} {account}", kind=told.kind, account=_account(told) if told.account_id else "")
    return md(
        template,
        who=_person(_actor_id(told) or _detail(told, REQUESTER) or told.actor),
        asker=_person(_detail(told, REQUESTER)),
        approver=_person(_detail(told, APPROVER)),
        account=_account(told),
    )


def _outcome(told: _Told, limit: int) -> Mrkdwn:
    """What came of it, unless the kind says it already."""
    says_it_all = told.kind in SAY_IT_ALL or (told.kind in UNDECIDED and not _detail(told, APPROVER))
    return Mrkdwn() if says_it_all else sentence(told.outcome, limit, people=_people(told))


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
        ("Plan", told.plan_hash[:SHORT_HASH]),
    ]
    calls = join(", ", [code(one) for one in told.aws_request_ids[:DETAILS_SHOWN]])
    shown = [(name, code(value)) for name, value in pairs if value]
    return shown + ([("AWS request ids", calls)] if calls else []) + _others(told)


def _others(told: _Told) -> list[tuple[str, Mrkdwn]]:
    known = {ROLE_ARN, ACCOUNT_NAME}
    rest = [(name, value) for name, value in told.detail if name not in known and value]
    return [(_label(told, name), _shown(name, value)) for name, value in rest[:DETAILS_SHOWN]]


def _label(told: _Told, name: str) -> str:
    if name == WHERE and told.kind.endswith(".refused"):
        return PRESSED
    return LABELS.get(name) or name[:1].upper() + name[1:].replace("_", " ")


def _shown(name: str, value: str) -> Mrkdwn:
    if name in {WHERE, CHANNEL}:
        return channel(value)
    if name in {REQUESTER, APPROVER, OWNER}:
        return mention(value)
    return md("{value}", value=MODE_WORDS.get(value, value) if name == MODE else value)


def _facts(told: _Told) -> Block | None:
    pairs = [pair for pair in _pairs(told) if pair[0] != _label(told, REASON)]
    return kit.fields(pairs) if pairs else None


def _reason(told: _Told) -> list[Block]:
    """Letter for letter, as it was typed: this is the record, and Slack would read its markup."""
    reason = _detail(told, REASON)
    return [kit.context(md("Reason given:")), kit.quote(reason, REASON_LONGEST)] if reason else []


def _spoken_facts(told: _Told) -> Mrkdwn:
    return join(" · ", [md("{name} {value}", name=name, value=value) for name, value in _pairs(told)])
