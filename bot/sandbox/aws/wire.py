"""AWS's protocols from the server's side: the query protocol of IAM and STS, JSON for Organizations."""

import io
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

NAMESPACES = {
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}
SERVICES = frozenset({*NAMESPACES, "organizations"})

Environ = dict[str, Any]
"""A WSGI environment."""


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call as it came in; parameters of JSON services are their top-level values as text."""

    service: str
    action: str
    parameters: Mapping[str, str]
    access_key: str
    token: str = field(repr=False)

    @property
    def name(self) -> str:
        """As in a policy: `iam:GetRole`."""
        return f"{self.service}:{self.action}"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    content_type: str
    request_id: str
    error: str = ""
    """AWS's error code; empty when the call succeeded."""


class Refusal(Exception):  # noqa: N818 - it is AWS's answer, not a fault of this server
    """AWS says no: its error code, its message, and the HTTP status that goes with it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code, message, status)
        self.code = code
        self.message = message
        self.status = status


def read_call(environ: Environ) -> ApiCall:
    """Read the call and leave the body where the next reader finds it; Refusal when it is none."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    scope = re.search(r"Credential=([^/,]+)/\d{8}/[^/,]+/([^/,]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    if scope is None:
        raise Refusal("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    access_key, service = scope.groups()
    token = environ.get("HTTP_X_AMZ_SECURITY_TOKEN", "")
    if service not in SERVICES:
        raise Refusal("InvalidAction", f"The sandbox plays IAM, STS and Organizations, not {service}.")
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        given: dict[str, Any] = json.loads(body or b"{}")
        parameters = {name: str(value) for name, value in given.items()}
        return ApiCall(service, target.rpartition(".")[2], parameters, access_key, token)
    parameters = dict(parse_qsl(body.decode(), keep_blank_values=True))
    return ApiCall(service, parameters.pop("Action", ""), parameters, access_key, token)


def mint_request_id() -> str:
    return str(uuid.uuid4())


def render_refusal(refusal: Refusal, service: str) -> Answer:
    request_id = mint_request_id()
    if service not in NAMESPACES:
        code = f"{refusal.code}Exception" if refusal.code == "AccessDenied" else refusal.code
        text = json.dumps({"__type": code, "Message": refusal.message})
        return Answer(400, text.encode(), "application/x-amz-json-1.1", request_id, code)
    who = "Sender" if refusal.status < 500 else "Receiver"
    error = (
        f"<Type>{who}</Type><Code>{escape(refusal.code)}</Code><Message>{escape(refusal.message)}</Message>"
    )
    text = (
        f'<ErrorResponse xmlns="{NAMESPACES[service]}"><Error>{error}</Error>'
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return Answer(refusal.status, text.encode(), "text/xml", request_id, refusal.code)


def render_result(call: ApiCall, inner: str) -> Answer:
    """A successful answer of IAM or STS; `inner` is XML, escaped already."""
    request_id = mint_request_id()
    text = (
        f'<{call.action}Response xmlns="{NAMESPACES[call.service]}"><{call.action}Result>{inner}'
        f"</{call.action}Result><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        f"</{call.action}Response>"
    )
    return Answer(200, text.encode(), "text/xml", request_id)


def element(name: str, text: object) -> str:
    return f"<{name}>{escape(str(text))}</{name}>"


def error_code(status: int, body: bytes) -> str:
    """The error code in an answer of moto's; empty for a success."""
    if status < 300:
        return ""
    found = re.search(rb"<Code>([^<]+)</Code>", body) or re.search(rb'"__type": ?"([^"]+)"', body)
    return found[1].decode() if found else f"HTTP {status}"


def request_id_in(body: bytes, headers: Mapping[str, str]) -> str:
    found = re.search(rb"<RequestId>([^<]+)</RequestId>", body)
    return found[1].decode() if found else headers.get("x-amzn-requestid", "")
