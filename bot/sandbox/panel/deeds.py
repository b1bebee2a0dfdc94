"""The switches: what each does, and what to watch for once it is thrown."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.sandbox.clock import until_morning
from bot.sandbox.configuration import DIGEST_AT, DIGEST_ZONE
from bot.sandbox.landing_zone import (
    INCIDENT_ROLE,
    REMEDIATION_ROLE,
    SCAN_ROLE,
    SUPPORT_ROLE,
    incident_role,
    trusting,
)
from bot.sandbox.panel.stage import Stage

Given = Mapping[str, Any]
OUTAGE_SECONDS = 10.0
OUTAGE_AT_MOST = 600.0
THROTTLED_CALLS = 20
THROTTLED_AT_MOST = 100_000
EVERYBODY: Mapping[str, Any] = json.loads(trusting({"AWS": "*"}))


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, and what to watch for now."""

    said: str
    watch: str = ""


async def move(stage: Stage, given: Given) -> Done:
    """`seconds`, or `to`: `morning` for the digest's time of the next day."""
    if given.get("to") == "morning":
        by = until_morning(stage.clock.now(), DIGEST_AT, DIGEST_ZONE)
        watch = (
            "Now look at #cloud-security: within half a minute the digest stands there, after a fresh check."
        )
    else:
        by = timedelta(seconds=float(given["seconds"]))
        watch = "Now look at #approvals: what nobody decided in time expires within a few seconds."
    now = await stage.move_clock(by)
    return Done(f"It is now {now.astimezone(DIGEST_ZONE):%a %d %b %Y, %H:%M} {DIGEST_ZONE.key}.", watch)


async def throttle(stage: Stage, given: Given) -> Done:
    calls = min(max(int(given.get("calls", THROTTLED_CALLS)), 0), THROTTLED_AT_MOST)
    await asyncio.to_thread(stage.aws.throttle, calls)
    if not calls:
        return Done("No call is throttled any more.")
    return Done(
        f"The next {calls} calls are answered with Throttling.",
        "Now run /support-role status: it takes longer, and every account still gets its verdict.",
    )


async def deny(stage: Stage, given: Given) -> Done:
    account_id, role = _account(stage, given), str(given["role"])
    if role not in (SCAN_ROLE, REMEDIATION_ROLE):
        raise ValueError(f"The bot has no role {role}.")
    await asyncio.to_thread(stage.aws.deny, account_id, role)
    watch = {
        SCAN_ROLE: "Now run /support-role status: the account is UNKNOWN, with the reason and the next step.",
        REMEDIATION_ROLE: "Now approve a fix there: it fails, and the record says that nothing was written.",
    }
    return Done(f"Nobody may assume {role} in {_name(stage, account_id)}.", watch[role])


async def allow(stage: Stage, given: Given) -> Done:
    account_id, role = _account(stage, given), str(given["role"])
    await asyncio.to_thread(stage.aws.allow, account_id, role)
    return Done(
        f"{role} may be assumed again in {_name(stage, account_id)}.",
        "Now run /support-role status: the account is read as before.",
    )


async def hostile(stage: Stage, given: Given) -> Done:
    account_id = _account(stage, given)
    await asyncio.to_thread(stage.aws.plant_role, account_id, SUPPORT_ROLE, EVERYBODY)
    return Done(
        f"{SUPPORT_ROLE} in {_name(stage, account_id)} now lets in anybody in any AWS account.",
        "Now run /support-role status: trusts-everyone, critical. A fix there leaves the role alone, "
        "and says why.",
    )


async def take_back(stage: Stage, given: Given) -> Done:
    account_id, role = _account(stage, given), str(given["role"])
    if not await asyncio.to_thread(stage.aws.take_role_back, account_id, role):
        return Done("It was taken back already.")
    return Done(
        f"{role} in {_name(stage, account_id)} is as it was before.",
        "Now run /support-role status: the account has its old verdict.",
    )


async def orphan(stage: Stage, given: Given) -> Done:
    account_id = _account(stage, given)
    principal = f"arn:aws:iam::{account_id}:role/{INCIDENT_ROLE}"
    if not await asyncio.to_thread(stage.aws.delete, principal):
        return Done(f"There is no {INCIDENT_ROLE} in {_name(stage, account_id)}.")
    return Done(
        f"{INCIDENT_ROLE} in {_name(stage, account_id)} is gone; who trusted it now trusts a dead id.",
        "Now run /support-role status: where a role trusted it, nobody gets in any more. Else ask for a fix "
        "there: it is refused, since nobody could use the role.",
    )


async def revive(stage: Stage, given: Given) -> Done:
    account_id = _account(stage, given)
    role = incident_role(account_id)
    if INCIDENT_ROLE in (await asyncio.to_thread(stage.aws.state, [account_id])).roles[account_id]:
        return Done(f"{INCIDENT_ROLE} is there in {_name(stage, account_id)}.")
    await asyncio.to_thread(
        stage.aws.plant_role, account_id, role.name, json.loads(role.trust), role.policies
    )
    return Done(
        f"{INCIDENT_ROLE} in {_name(stage, account_id)} was made anew.",
        "Now run /support-role status: as in IAM, a new role of the old name is another one. Trust in "
        "the old one stays broken.",
    )


async def outage(stage: Stage, given: Given) -> Done:
    seconds = min(max(float(given.get("seconds", OUTAGE_SECONDS)), 0.0), OUTAGE_AT_MOST)
    await stage.cut_slack_off(seconds)
    if not seconds:
        return Done("Slack answers again.")
    return Done(
        f"Slack is cut off for {seconds:g} seconds.",
        "Now watch the audit chain: what happens meanwhile waits there, and is posted in order afterwards.",
    )


async def kill(stage: Stage, _: Given) -> Done:
    pid = await stage.kill_worker()
    return Done(
        f"The worker (process {pid}) is dead.",
        "Now run /support-role status: the bot has started another, which answers within seconds.",
    )


async def ambush(stage: Stage, _: Given) -> Done:
    await stage.kill_worker_in_next_fix()
    return Done(
        "The next role that is made costs the worker its life, before the policy is attached.",
        "Now approve a fix in #approvals, and see it finished by the next worker: one role, one trail.",
    )


async def spare(stage: Stage, _: Given) -> Done:
    await stage.spare_worker()
    return Done("The worker lives on.")


async def approve_twice(stage: Stage, _: Given) -> Done:
    await stage.approve_twice()
    return Done(
        "Ana and Sam pressed Approve on the newest question at the same moment.",
        "Now look at #approvals as both: one is the approver, the other was told who came first.",
    )


def _account(stage: Stage, given: Given) -> str:
    """The account that is meant, by id or name."""
    meant = str(given["account"]).strip()
    for story in stage.world.stories:
        if meant in (story.id, story.name):
            return story.id
    raise ValueError(f"There is no account {meant!r}.")


def _name(stage: Stage, account_id: str) -> str:
    return next(story.name for story in stage.world.stories if story.id == account_id)


Deed = Callable[[Stage, Given], Awaitable[Done]]
"""Takes the running sandbox and what the page sends; KeyError or ValueError for what is wrong in that."""

DEEDS: Mapping[str, Deed] = {
    "allow": allow,
    "ambush": ambush,
    "approve_twice": approve_twice,
    "deny": deny,
    "hostile": hostile,
    "kill": kill,
    "move": move,
    "orphan": orphan,
    "outage": outage,
    "revive": revive,
    "spare": spare,
    "take_back": take_back,
    "throttle": throttle,
}
