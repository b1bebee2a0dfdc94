"""Explanations to show: of every verdict, of many roles, and with names that nobody should trust."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product

from building.explaining import DENIED, DENY_SUPPORT, a_policy_on, an_explanation
from building.values import a_known, a_role, an_account, facts_of

from bot.domain.account import Account, AccountState
from bot.domain.deep_facts import Carriers, DeepFacts, PolicyKind, administrator_arn, support_user_arn
from bot.domain.explanation import Explanation, explain
from bot.domain.facts import AccountFacts, RoleFacts
from bot.domain.finding import Verdict
from bot.domain.plan import Existence, PrincipalFact
from bot.domain.request import Mode
from bot.slack.blocks.explain import begun, explanation
from bot.slack.blocks.kit import Message
from tests.slack.blocks.samples import HOSTILE, a_waiver

ACCOUNT = an_account()


def many_roles(count: int, *, account: Account = ACCOUNT, path: str = "/") -> AccountFacts:
    """Roles with the longest names; each trusts twenty users, and every second one lets nobody in."""
    return facts_of(account, *(_long_role(account, number, path) for number in range(count)))


def _long_role(account: Account, number: int, path: str) -> RoleFacts:
    users = [f"arn:aws:iam::{account.id}:user{path}{'u' * 50}{n}" for n in range(20)]
    trusted: object = {"AWS": users} if number % 2 else {"Service": "ec2.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    name = f"{'r' * 60}{number}"
    return RoleFacts(
        name, f"arn:aws:iam::{account.id}:role{path}{name}", json.dumps({"Statement": statement})
    )


def a_hostile_explanation(text: str) -> Explanation:
    """Everything that AWS could have told by that name."""
    account = an_account(name=text, owner=text)
    facts = facts_of(account, replace(a_role(account, text), trust=None, unreadable=None), users=(text,))
    sound = a_role(account, f"{text} sound")
    carriers = (
        Carriers(administrator_arn(account), roles=(text,) * 3, users=(text,)),
        Carriers(support_user_arn(account), groups=(text,)),
    )
    facts = replace(facts, roles=(*facts.roles, sound))
    return an_explanation(
        facts,
        roles=(a_policy_on(sound.arn, PolicyKind.INLINE, DENY_SUPPORT, name=text),),
        principals=(PrincipalFact(account.trusted_principals[0], None, replace(DENIED, text=text)),),
        carriers=carriers,
    )


@cache
def explanations() -> list[tuple[str, Explanation]]:
    return list(_explanations())


def _explanations() -> Iterator[tuple[str, Explanation]]:
    sound, closed = facts_of(ACCOUNT, a_role(ACCOUNT)), an_account(state=AccountState.CLOSED)
    gone = tuple(PrincipalFact(arn, Existence.MISSING) for arn in ACCOUNT.trusted_principals)
    yield "pass", an_explanation(sound)
    yield "weak by the deeper look", an_explanation(sound, principals=gone)
    yield "fail", an_explanation(facts_of(ACCOUNT))
    yield "unknown", explain(facts_of(ACCOUNT, unreadable=DENIED), DeepFacts(), frozenset())
    yield "skipped", an_explanation(facts_of(closed))
    yield "not looked into", explain(sound, DeepFacts(unreadable=DENIED), frozenset())
    for count, path in product((1, 13, 100), ("/", "/" + "p" * 500 + "/")):
        yield f"{count} roles, {len(path)}", an_explanation(many_roles(count, path=path))
    for name, text in HOSTILE.items():
        yield f"hostile {name}", a_hostile_explanation(text)


def explanation_messages() -> Iterator[tuple[str, Message]]:
    for (name, told), mode in product(explanations(), Mode):
        yield f"explanation {name}, {mode.value}", explanation(told, mode=mode)
    for name, text in {**HOSTILE, "none": ""}.items():
        account = an_account(name=text)
        known = a_known(Verdict.FAIL)
        waiver = a_waiver(reason=text, owner=text)
        told = an_explanation(facts_of(account))
        yield f"waived {name}", explanation(told, mode=Mode.APPLY, waiver=waiver)
        yield f"begun {name}", begun(account, known, now=known.changed_at)
        yield f"begun, never checked {name}", begun(account, None, now=known.changed_at)
