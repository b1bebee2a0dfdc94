"""What the panel shows, as the JSON that its script draws; all of it is text there."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.audit import ChainedEvent
from bot.sandbox.aws.journal import JournalEntry
from bot.sandbox.aws.switches_client import AwsState, SupportRole
from bot.sandbox.configuration import DIGEST_AT, DIGEST_ZONE
from bot.sandbox.panel.stage import Stage
from bot.sandbox.slack import Workspace
from bot.sandbox.world import STORIES, Story, World

Json = dict[str, Any]
CALLS = 120
EVENTS = 30
FOUND_AT_MOST = 20
OPEN = "*"
SHORT = 10
"""Characters of a hash that are shown: enough to tell events apart by eye."""


@dataclass(frozen=True, slots=True)
class Names:
    """What people call an account, or somebody in Slack."""

    accounts: Mapping[str, str]
    people: Mapping[str, str]

    @classmethod
    def of(cls, world: World, workspace: Workspace) -> "Names":
        return cls(
            {story.id: story.name for story in world.stories},
            {person.id: person.real_name for person in workspace.people},
        )

    def account(self, account_id: str) -> str:
        return self.accounts.get(account_id, account_id)

    def person(self, named: str) -> str:
        """Somebody given as `team/user` or `user`."""
        user_id = named.rpartition("/")[2]
        return self.people.get(user_id, user_id)


def show(stage: Stage, *, since: int, find: str) -> Json:
    """Everything that changes. Blocking: it asks AWS and reads the database.

    `since` is the number of the last call that the page has; `find` adds accounts by name or id.
    """
    names = Names.of(stage.world, stage.workspace)
    aws = stage.aws
    calls = aws.notable_calls(since=since, last=CALLS)
    told = [story.id for story in stage.world.stories[: STORIES + 1]]
    found = found_accounts(stage.world, find)
    state = aws.state([*told, *found])
    # One that was written to is shown, though nobody tells its story.
    late = [each for each in reversed(state.written) if each not in told and each not in found]
    more = aws.state(late) if late else None
    return {
        "clock": _clock(stage),
        "calls": [call(each, names) for each in calls],
        "accounts": [
            account(story, each.support_roles.get(story.id, ()), written=story.id in state.written)
            for each in (state, more)
            if each is not None
            for story in stage.world.stories
            if story.id in each.support_roles
        ],
        "accounts_in_all": len(stage.world.stories),
        "audit": _audit(stage, names),
        "thrown": thrown(state, stage, names),
    }


def found_accounts(world: World, find: str) -> list[str]:
    """Ids of accounts whose name or id has the words in it; those by name first."""
    words = find.strip().lower()
    if not words:
        return []
    by_name = [story.id for story in world.stories if words in story.name.lower()]
    by_id = [story.id for story in world.stories if words in story.id and story.id not in by_name]
    return [*by_name, *by_id][:FOUND_AT_MOST]


def _clock(stage: Stage) -> Json:
    return {
        "now": stage.clock.now().timestamp(),
        "ahead_seconds": stage.clock.ahead.total_seconds(),
        "morning": f"{DIGEST_AT:%H:%M} {DIGEST_ZONE.key}",
    }


def call(entry: JournalEntry, names: Names) -> Json:
    who = entry.caller.partition(":assumed-role/")[2] or entry.caller.rpartition("/")[2]
    return {
        "number": entry.number,
        "at": entry.at,
        "account": names.account(entry.account_id),
        "action": entry.action,
        "subject": entry.subject.rpartition("/")[2],
        "caller": who or "somebody unknown",
        "approver": names.person(entry.source_identity),
        "error": entry.error,
        "is_write": entry.is_write,
    }


def account(story: Story, roles: Iterable[SupportRole], *, written: bool) -> Json:
    return {
        "id": story.id,
        "name": story.name,
        "about": story.about,
        "written": written,
        "roles": [_role(each) for each in roles],
    }


def _role(role: SupportRole) -> Json:
    principals = list(_principals(role))
    return {
        "name": role.name,
        "trusts": principals,
        "is_open": OPEN in principals,
        "is_ours": role.tags.get("managed-by") == "support-role-bot",
    }


def _principals(role: SupportRole) -> Iterator[str]:
    for statement in role.trust.get("Statement", ()):
        principal = statement.get("Principal", "")
        values = principal.values() if isinstance(principal, dict) else [principal]
        for value in values:
            yield from (value if isinstance(value, list) else [value])


def _audit(stage: Stage, names: Names) -> Json:
    if stage.trail is None:
        return {"events": [], "length": 0, "unposted": 0}
    events, length = stage.trail.last(EVENTS)
    return {
        "events": [event(each, names) for each in events],
        "length": length,
        "unposted": stage.trail.unposted(),
    }


def event(chained: ChainedEvent, names: Names) -> Json:
    body = json.loads(chained.body)["event"]
    return {
        "seq": chained.seq,
        "at": body["at"],
        "kind": body["kind"],
        "actor": names.person(body["actor"]),
        "account": names.account(body["account_id"]),
        "outcome": body["outcome"],
        "hash": chained.hash[:SHORT],
        "previous": chained.prev_hash[:SHORT] if chained.seq > 1 else "",
    }


def thrown(state: AwsState, stage: Stage, names: Names) -> list[Json]:
    """The switches that are on, each with what takes it back: a name of `deeds.DEEDS` and what to give it."""
    found: list[Json] = []
    if state.throttled_calls:
        found.append(_on(f"{state.throttled_calls} more calls are throttled", "throttle", calls=0))
    for arn in state.denied:
        account_id, role = arn.split(":")[4], arn.rpartition("/")[2]
        text = f"{role} is denied in {names.account(account_id)}"
        found.append(_on(text, "allow", account=account_id, role=role))
    for account_id, role in state.planted:
        text = f"{role} was planted in {names.account(account_id)}"
        found.append(_on(text, "take_back", account=account_id, role=role))
    if stage.slack_is_out_for:
        found.append(_on("Slack is cut off", "outage", seconds=0))
    if stage.will_kill_worker:
        found.append(_on("The next fix kills the worker", "spare"))
    return found


def _on(text: str, back: str, **given: object) -> Json:
    return {"text": text, "back": back, "given": given}
