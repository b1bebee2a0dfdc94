"""The layer before moto: knows the caller, says no where AWS would, and keeps the journal."""

import json
import logging
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from bot.sandbox.aws.cloud import Cloud
from bot.sandbox.aws.control import PREFIX, Control
from bot.sandbox.aws.creation import require_creatable, require_trustable
from bot.sandbox.aws.entities import list_entities
from bot.sandbox.aws.journal import Journal
from bot.sandbox.aws.resources import Target, target_of
from bot.sandbox.aws.sessions import Caller, Sessions, denied, identity_answer
from bot.sandbox.aws.switches import Switches
from bot.sandbox.aws.wire import (
    Answer,
    ApiCall,
    Environ,
    Refusal,
    error_code,
    mint_request_id,
    read_call,
    render_refusal,
    request_id_in,
)
from bot.sandbox.world import World

log = logging.getLogger(__name__)

Application = Callable[[Environ, Any], Iterable[bytes]]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class _Seen:
    """What the journal will say of a call, as far as it has come."""

    action: str = ""
    service: str = "sts"
    account_id: str = ""
    subject: str = ""
    caller: str = ""
    source_identity: str = ""


class AwsLayer:
    """A WSGI application. `moto` has moto's own by service, which do what is let through."""

    def __init__(
        self, world: World, moto: Mapping[str, Application], now: Callable[[], datetime] = utc_now
    ) -> None:
        self._moto = moto
        self._now = now
        self._cloud = Cloud(world)
        self._sessions = Sessions(self._cloud, now)
        self._switches = Switches()
        self._journal = Journal()
        self._control = Control(self._cloud, self._switches, self._journal)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith(PREFIX):
            return _respond_json(start_response, *self._control.answer(environ))
        answer = self._answer(environ)
        headers = [
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))),
            ("x-amzn-RequestId", answer.request_id),
        ]
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [answer.body]

    def _answer(self, environ: Environ) -> Answer:
        seen = _Seen()
        at = self._now() + self._switches.ahead
        try:
            call = read_call(environ)
            seen.action, seen.service = call.name, call.service
            answer = self._held(call, environ, seen)
        except Refusal as refusal:
            answer = render_refusal(refusal, seen.service)
        except Exception:
            log.exception("the sandbox's AWS has a fault of its own")
            answer = render_refusal(Refusal("InternalFailure", "See the sandbox's log.", 500), seen.service)
        self._journal.add(
            at=at.isoformat(timespec="milliseconds"),
            account_id=seen.account_id,
            caller=seen.caller,
            source_identity=seen.source_identity,
            action=seen.action,
            subject=seen.subject,
            error=answer.error,
            request_id=answer.request_id,
        )
        return answer

    def _held(self, call: ApiCall, environ: Environ, seen: _Seen) -> Answer:
        caller = self._sessions.caller_of(call)
        target = target_of(self._cloud, caller, call)
        seen.caller, seen.source_identity = caller.arn, caller.source_identity
        seen.account_id, seen.subject = target.account_id, target.subject

        def is_gone() -> bool:
            return _hung_up(environ)

        self._switches.refuse_if_told(call, target.account_id)
        self._switches.hold(call, target.account_id, is_gone, after=False)
        with self._cloud.lock:
            answer = self._perform(call, caller, target, environ)
        self._switches.hold(call, target.account_id, is_gone, after=True)
        return answer

    def _perform(self, call: ApiCall, caller: Caller, target: Target, environ: Environ) -> Answer:
        if call.name == "sts:GetCallerIdentity":
            return identity_answer(call, caller)
        if call.name == "sts:AssumeRole":
            if target.subject in self._switches.denied:
                raise denied(caller, call.name, target.subject)
            return self._sessions.assume_role(call, caller)
        self._sessions.require_allowed(caller, call.name, target.resource, target.context)
        if call.name == "iam:ListEntitiesForPolicy":
            return list_entities(self._cloud.iam(caller.account_id), call)
        if call.name == "iam:CreateRole":
            require_creatable(self._cloud, caller.account_id, call)
        if call.name == "iam:UpdateAssumeRolePolicy":
            require_trustable(self._cloud, caller.account_id, call.parameters.get("PolicyDocument", ""))
        return self._through_moto(call, caller, target, environ)

    def _through_moto(self, call: ApiCall, caller: Caller, target: Target, environ: Environ) -> Answer:
        deleted = call.name in ("iam:DeleteRole", "iam:DeleteUser")
        unique_id = self._cloud.unique_id(target.resource) if deleted else ""
        # moto would look through every account for the key; it takes our word for whose it is.
        answer = _run(self._moto[call.service], {**environ, "HTTP_X_MOTO_ACCOUNT_ID": caller.account_id})
        if unique_id and not answer.error:
            self._cloud.show_as_deleted(target.resource, unique_id)
        return answer


def _run(app: Application, environ: Environ) -> Answer:
    from werkzeug.test import run_wsgi_app  # noqa: PLC0415 - part of moto's extra, absent where it is

    chunks, status, headers = run_wsgi_app(app, environ, buffered=True)
    body = b"".join(chunks)
    code = int(status.split()[0])
    known = {name.lower(): value for name, value in headers.items()}
    request_id = request_id_in(body, known) or mint_request_id()
    return Answer(code, body, known.get("content-type", "text/xml"), request_id, error_code(code, body))


def _hung_up(environ: Environ) -> bool:
    connection = environ.get("werkzeug.socket")
    if connection is None:
        return False
    try:
        return bool(connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"")
    except BlockingIOError:
        return False
    except OSError:
        return True


def _respond_json(start_response: Any, status: int, reply: dict[str, Any]) -> Iterable[bytes]:
    body = json.dumps(reply).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(f"{status} {HTTPStatus(status).phrase}", headers)
    return [body]
