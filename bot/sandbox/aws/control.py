"""The sandbox's own endpoints under `/_sandbox/`: JSON in, JSON out."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

from bot.sandbox.aws.cloud import Cloud
from bot.sandbox.aws.journal import Journal
from bot.sandbox.aws.switches import Failure, Pause, Switches
from bot.sandbox.aws.wire import Environ
from bot.sandbox.landing_zone import SUPPORT_POLICY, RoleStory

PREFIX = "/_sandbox/"
Given = Mapping[str, Any]
Reply = tuple[int, dict[str, Any]]

WRITTEN_AT_MOST = 20

STATUS_OF = {"AccessDenied": 403, "ServiceFailure": 500, "InternalFailure": 500, "NoSuchEntity": 404}


class Control:
    def __init__(self, cloud: Cloud, switches: Switches, journal: Journal) -> None:
        self._cloud = cloud
        self._switches = switches
        self._journal = journal
        self._posts: dict[str, Callable[[Given], dict[str, Any]]] = {
            "allow": self._allow,
            "clock": self._clock,
            "delete": self._delete,
            "deny": self._deny,
            "fail": self._fail,
            "pause": self._pause,
            "release": self._release,
            "role": self._role,
            "role_back": self._role_back,
            "throttle": self._throttle,
        }

    def answer(self, environ: Environ) -> Reply:
        name = environ["PATH_INFO"].removeprefix(PREFIX)
        if environ["REQUEST_METHOD"] == "GET":
            return self._get(name, environ.get("QUERY_STRING", ""))
        # A page of another site can post a form to loopback, but no JSON: the browser would ask first.
        if environ.get("CONTENT_TYPE", "").partition(";")[0] != "application/json":
            return 415, {"error": "send application/json"}
        if name not in self._posts:
            return 404, {"error": f"no such switch: {name}", "known": sorted(self._posts)}
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            return 200, self._posts[name](json.loads(body or b"{}"))
        except (KeyError, ValueError, TypeError) as error:
            return 400, {"error": f"{type(error).__name__}: {error}"}

    def _get(self, name: str, query: str) -> Reply:
        given = parse_qs(query)
        if name in ("calls", "notable"):
            since, last = (int(given.get(name, ["0"])[0]) for name in ("since", "last"))
            if name == "notable":
                return 200, {"calls": self._journal.notable(since, last)}
            return 200, {"calls": self._journal.as_json(since)[-last:]}
        if name == "state":
            return 200, self._state(given.get("account", []))
        return 404, {"error": f"no such page: {name}", "known": ["calls", "notable", "state"]}

    def _state(self, wanted: list[str]) -> dict[str, Any]:
        """`account`, any number of times: those alone; else all that anybody has looked at."""
        with self._cloud.lock:
            known = [account_id for account_id in wanted if self._cloud.knows(account_id)]
            chosen = [(self._cloud.stories[each], self._cloud.iam(each)) for each in known]
            accounts = {
                story.id: _account(story.name, backend)
                for story, backend in (chosen if wanted else self._cloud.planted())
            }
            replaced = [{"account": account, "role": role} for account, role in self._cloud.replaced()]
        return {
            "accounts": accounts,
            "switches": self._switches.as_json(),
            "replaced": replaced,
            "written": self._journal.written(WRITTEN_AT_MOST),
        }

    def _clock(self, given: Given) -> dict[str, Any]:
        """`ahead_seconds`: by how much the journal's clock is before the machine's."""
        self._switches.ahead = timedelta(seconds=float(given["ahead_seconds"]))
        return self._switches.as_json()

    def _deny(self, given: Given) -> dict[str, Any]:
        """`account`, `role`: nobody may assume that role any more."""
        self._switches.denied.add(_role_arn(given))
        return self._switches.as_json()

    def _allow(self, given: Given) -> dict[str, Any]:
        self._switches.denied.discard(_role_arn(given))
        return self._switches.as_json()

    def _throttle(self, given: Given) -> dict[str, Any]:
        """`calls`: so many of the next calls are answered with Throttling; 0 ends it."""
        self._switches.throttle(int(given["calls"]))
        return self._switches.as_json()

    def _fail(self, given: Given) -> dict[str, Any]:
        """`action`, and `code` (AccessDenied), `status`, `times` (1), `account` (any)."""
        code = str(given.get("code", "AccessDenied"))
        status = int(given.get("status", STATUS_OF.get(code, 400)))
        times, account_id = int(given.get("times", 1)), str(given.get("account", ""))
        self._switches.fail(Failure(given["action"], code, status, times, account_id))
        return self._switches.as_json()

    def _pause(self, given: Given) -> dict[str, Any]:
        """`action`, and `nth` (1), `after` (hang once it is done, before it is answered), `account` (any)."""
        nth, after = int(given.get("nth", 1)), bool(given.get("after", False))
        self._switches.pause(Pause(given["action"], nth, after, str(given.get("account", ""))))
        return self._switches.as_json()

    def _release(self, _: Given) -> dict[str, Any]:
        """Let all hanging calls go; one whose caller is gone is dropped."""
        return {"released": self._switches.release()}

    def _role(self, given: Given) -> dict[str, Any]:
        """`account`, `name`, `trust` (a document), and `policies` (AWSSupportAccess), `path`, `boundary`."""
        role = RoleStory(
            given["name"],
            json.dumps(given["trust"]),
            tuple(given.get("policies", (SUPPORT_POLICY,))),
            given.get("path", "/"),
            given.get("boundary", ""),
        )
        with self._cloud.lock:
            self._cloud.plant_role(given["account"], role)
        return {"planted": role.name}

    def _role_back(self, given: Given) -> dict[str, Any]:
        """`account`, `name`: what stood there before a role was planted stands there again."""
        with self._cloud.lock:
            return {"taken_back": self._cloud.take_role_back(given["account"], given["name"])}

    def _delete(self, given: Given) -> dict[str, Any]:
        """`principal`: the ARN of a user or role, which is taken away."""
        with self._cloud.lock:
            return {"deleted": self._cloud.delete_principal(given["principal"])}


def _role_arn(given: Given) -> str:
    return f"arn:aws:iam::{given['account']}:role/{given['role']}"


def _account(name: str, backend: Any) -> dict[str, Any]:
    roles = list(backend.get_roles())
    return {
        "name": name,
        "roles": sorted(role.name for role in roles),
        "users": sorted(backend.users),
        "support_roles": [_role(role) for role in roles if SUPPORT_POLICY in role.managed_policies],
    }


def _role(role: Any) -> dict[str, Any]:
    return {
        "name": role.name,
        "arn": role.arn,
        "role_id": role.id,
        "trust": json.loads(role.assume_role_policy_document),
        "policies": sorted(role.managed_policies),
        "boundary": role.permissions_boundary_arn or "",
        "tags": {tag["Key"]: tag["Value"] for tag in role.tags},
    }
