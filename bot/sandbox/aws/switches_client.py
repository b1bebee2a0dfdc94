"""The sandbox's AWS from outside: what was called, what is there, and its switches."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from bot.sandbox.aws.journal import JournalEntry
from bot.sandbox.landing_zone import SUPPORT_POLICY


@dataclass(frozen=True, slots=True)
class SupportRole:
    """A role that carries the policy, as IAM has it now."""

    name: str
    arn: str
    role_id: str
    trust: Mapping[str, Any]
    policies: tuple[str, ...]
    boundary: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AwsState:
    """What stands in some accounts, and which switches are thrown."""

    support_roles: Mapping[str, tuple[SupportRole, ...]]
    """By account id."""
    roles: Mapping[str, tuple[str, ...]]
    """The names of all roles, by account id."""
    denied: tuple[str, ...]
    """ARNs of roles that nobody may assume."""
    throttled_calls: int
    """How many of the next calls are answered with Throttling."""
    paused: tuple[str, ...]
    planted: tuple[tuple[str, str], ...]
    """Account and name of each planted role that can be taken back."""
    written: tuple[str, ...]
    """Accounts in which something was changed, the latest last."""


@dataclass(frozen=True, slots=True)
class AwsSwitches:
    """Blocking; each call is one request to the process at `url`."""

    url: str

    def calls(
        self, action: str = "", account_id: str = "", *, since: int = 0, last: int = 0
    ) -> list[JournalEntry]:
        """The journal, oldest first; `action` as in a policy (`iam:CreateRole`), empty for all.

        `since`: those after that number; `last`: of these so many at most, 0 for all.
        """
        entries = [JournalEntry(**each) for each in self._get(f"calls?since={since}&last={last}")["calls"]]
        return [
            each for each in entries if action in ("", each.action) and account_id in ("", each.account_id)
        ]

    def notable_calls(self, *, since: int, last: int) -> list[JournalEntry]:
        """The last calls after that number, and of those before them what wrote or was refused."""
        return [JournalEntry(**each) for each in self._get(f"notable?since={since}&last={last}")["calls"]]

    def state(self, account_ids: Iterable[str]) -> AwsState:
        """Those accounts as they are now; unknown ids are left out."""
        found = self._get("state?" + urlencode([("account", each) for each in account_ids]))
        accounts, switches = found["accounts"], found["switches"]
        return AwsState(
            support_roles={each: tuple(map(_role, a["support_roles"])) for each, a in accounts.items()},
            roles={each: tuple(account["roles"]) for each, account in accounts.items()},
            denied=tuple(switches["denied"]),
            throttled_calls=switches["throttled_calls_left"],
            paused=tuple(switches["paused"]),
            planted=tuple((each["account"], each["role"]) for each in found["replaced"]),
            written=tuple(found["written"]),
        )

    def support_roles(self, account_id: str) -> tuple[SupportRole, ...]:
        """The roles with the policy; empty as well for an account that nobody has looked at yet."""
        return self.all_support_roles().get(account_id, ())

    def all_support_roles(self) -> dict[str, tuple[SupportRole, ...]]:
        """The same by account id, of all accounts that anybody has looked at."""
        accounts = self._get("state")["accounts"]
        return {account_id: tuple(map(_role, each["support_roles"])) for account_id, each in accounts.items()}

    def roles(self, account_id: str) -> tuple[str, ...]:
        """The names of all its roles; empty for an account that nobody has looked at yet."""
        account: dict[str, Any] = self._get("state")["accounts"].get(account_id, {})
        return tuple(account.get("roles", ()))

    def paused(self) -> tuple[str, ...]:
        """The actions of which a call hangs at this moment."""
        return tuple(self._get("state")["switches"]["paused"])

    def deny(self, account_id: str, role: str) -> None:
        """Nobody may assume the role any more, until `allow`."""
        self._post("deny", account=account_id, role=role)

    def allow(self, account_id: str, role: str) -> None:
        self._post("allow", account=account_id, role=role)

    def throttle(self, calls: int) -> None:
        """Answer so many of the next calls, whatever they are, with Throttling; 0 ends it."""
        self._post("throttle", calls=calls)

    def fail(self, action: str, code: str = "AccessDenied", *, times: int = 1, account_id: str = "") -> None:
        """Answer the next calls of an action, in one account or any, with an error."""
        self._post("fail", action=action, code=code, times=times, account=account_id)

    def pause(self, action: str, *, nth: int = 1, after: bool = False, account_id: str = "") -> None:
        """Let the n-th call of an action from now on hang until `release`.

        Before it is done; with `after`, once it is done and before it is answered.
        """
        self._post("pause", action=action, nth=nth, after=after, account=account_id)

    def release(self) -> int:
        """Let hanging calls go, and forget pauses; a call whose caller is gone is dropped, not done."""
        return int(self._post("release")["released"])

    def plant_role(
        self,
        account_id: str,
        name: str,
        trust: Mapping[str, Any],
        policies: tuple[str, ...] = (SUPPORT_POLICY,),
    ) -> None:
        """Put a role there, as somebody else might; in place of one of that name."""
        self._post("role", account=account_id, name=name, trust=trust, policies=policies)

    def take_role_back(self, account_id: str, name: str) -> bool:
        """Undo `plant_role`: what stood there before it is there again. False: nothing was planted."""
        return bool(self._post("role_back", account=account_id, name=name)["taken_back"])

    def move_clock(self, ahead_seconds: float) -> None:
        """Let the journal's clock be so far before the machine's; credentials expire as ever."""
        self._post("clock", ahead_seconds=ahead_seconds)

    def delete(self, principal: str) -> bool:
        """Delete a user or role by ARN; trust policies then show its unique id. False: there is none."""
        return bool(self._post("delete", principal=principal)["deleted"])

    def _get(self, name: str) -> dict[str, Any]:
        return self._send(Request(f"{self.url}/_sandbox/{name}"))  # noqa: S310 - loopback

    def _post(self, switch: str, /, **given: object) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        body = json.dumps(given).encode()
        return self._send(Request(f"{self.url}/_sandbox/{switch}", body, headers))  # noqa: S310 - loopback

    def _send(self, request: Request) -> dict[str, Any]:
        with urlopen(request, timeout=10) as response:  # noqa: S310 - loopback
            answer: dict[str, Any] = json.load(response)
        return answer


def _role(given: Mapping[str, Any]) -> SupportRole:
    return SupportRole(**{**given, "policies": tuple(given["policies"])})
