"""AWS over aiohttp: botocore's endpoints, parsers and credentials, without botocore's clients.

A botocore client costs 60 ms to make and about 1.2 ms of CPU a call; this costs a third of that a call. Where
a call goes is not reckoned here: botocore is asked (`rehearse`), so that whatever it honours is honoured.
"""

import asyncio
import os
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

import aiohttp
import botocore.config
import botocore.session
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import BotoCoreError
from botocore.httpsession import ProxyConfiguration, get_cert_path
from botocore.parsers import PROTOCOL_PARSERS, ResponseParserError
from botocore.utils import get_environ_proxies
from yarl import URL

from bot.aws.faults import UNUSABLE, answered, from_botocore, unparseable, unreachable, untrusted, unusable
from bot.aws.inspection import Answer, Call
from bot.aws.sessions import AwsConfig, Credentials, botocore_session
from bot.aws.signing import FormSigner
from bot.domain.errors import AwsError

if TYPE_CHECKING:
    from botocore.model import ServiceModel

REHEARSED = {"sts": "get_caller_identity", "iam": "list_saml_providers"}
"""A call without parameters for each service, made to see where botocore would send it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service is, and how its calls are signed and parsed."""

    url: URL
    signer: FormSigner
    proxy: str | None
    model: "ServiceModel"


def build_parser() -> Any:
    """Botocore's own parser, which leaves times as the text they are.

    Nothing here reads them, and finding out what a time is took a fifteenth of a scan.
    """
    return PROTOCOL_PARSERS["query"](timestamp_parser=str)


class Wire:
    """Sends calls. One event loop's; an async context manager, which holds the pooled connections."""

    def __init__(self, config: AwsConfig, connections: int) -> None:
        session = botocore_session()
        self._own = OwnCredentials(session)
        try:
            self._endpoints = {service: rehearse(session, config, service) for service in REHEARSED}
        except (BotoCoreError, ValueError) as error:
            raise unusable(error) from error
        self._parser = build_parser()
        self._connections = connections
        self._timeout = aiohttp.ClientTimeout(
            total=None,
            sock_connect=config.connect_timeout,
            sock_read=config.read_timeout,
        )
        self._tls = trust_roots(session)
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, ssl=self._tls, ttl_dns_cache=60),
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "support-role-bot", "Accept-Encoding": "identity"},
            skip_auto_headers=("Accept",),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def send(self, call: Call) -> Answer:
        """Make a call once; CallError when it is refused, fails, or is answered with something else."""
        credentials = call.credentials or await self._own.current()
        endpoint = self._endpoints[call.service]
        status, body = await self._post(endpoint, *signed(call, credentials, endpoint))
        return self._parse(call, endpoint, status, body)

    async def _post(self, endpoint: Endpoint, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        if self._http is None:
            raise RuntimeError("the wire is not open: use it in `async with`")
        try:
            async with self._http.post(
                endpoint.url,
                data=body,
                headers=headers,
                proxy=endpoint.proxy,
                allow_redirects=False,
            ) as response:
                return response.status, await response.read()
        except aiohttp.ClientSSLError as error:
            raise untrusted() from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unreachable(error) from error

    def _parse(self, call: Call, endpoint: Endpoint, status: int, body: bytes) -> Answer:
        shape = endpoint.model.operation_model(call.operation).output_shape
        try:
            answer = self._parser.parse({"headers": {}, "status_code": status, "body": body}, shape)
        except (ResponseParserError, KeyError) as error:
            # botocore looks up `<Operation>Result` in any XML: a stranger's answer is a KeyError.
            if status >= 300:
                raise answered("", status) from error
            raise unparseable("an answer that is not AWS's") from error
        if status >= 300:
            refusal = answer.get("Error", {})
            raise answered(refusal.get("Code", ""), status, refusal.get("Message", ""))
        return dict(answer)


class OwnCredentials:
    """The caller's own keys, through botocore's chain: environment, profile, SSO, container, instance."""

    def __init__(self, session: botocore.session.Session) -> None:
        try:
            found = session.get_credentials()
        except BotoCoreError as error:
            raise _no_credentials(type(error).__name__) from error
        if found is None:
            raise _no_credentials("NoCredentialsError")
        self._found = found

    async def current(self) -> Credentials:
        """The keys as they are now; renews them first, off the event loop, when they run out."""
        renewable = getattr(self._found, "refresh_needed", None)
        try:
            if renewable is not None and renewable():
                frozen = await asyncio.to_thread(self._found.get_frozen_credentials)
            else:
                frozen = self._found.get_frozen_credentials()
        except BotoCoreError as error:
            raise from_botocore(error) from error
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)


def signed(call: Call, credentials: Credentials, endpoint: Endpoint) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a call, signed with exactly these credentials."""
    form = {"Action": call.operation, "Version": endpoint.model.api_version, **call.parameters}
    body = urlencode(form).encode()
    return body, endpoint.signer.headers(body, credentials, time.gmtime())


def rehearse(session: botocore.session.Session, config: AwsConfig, service: str) -> Endpoint:
    """Let botocore prepare a call, and see where it would go; nothing is sent."""
    client = session.create_client(
        service,
        region_name=config.region_in(session),
        aws_access_key_id="rehearsal",
        aws_secret_access_key="rehearsal",  # noqa: S106 - signs a request that is never sent
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )
    client.meta.events.register("before-send", _stop)
    try:
        getattr(client, REHEARSED[service])()
    except _RehearsedError as rehearsed:
        return _endpoint(rehearsed.request, client.meta.service_model)
    raise AssertionError("botocore sent a call that was stopped")


class _RehearsedError(Exception):
    def __init__(self, request: AWSPreparedRequest) -> None:
        super().__init__(request)
        self.request = request


def _stop(request: AWSPreparedRequest, **_: Any) -> None:
    raise _RehearsedError(request)


def _endpoint(request: AWSPreparedRequest, model: "ServiceModel") -> Endpoint:
    # Authorization: AWS4-HMAC-SHA256 Credential=<key>/<date>/<region>/<service>/aws4_request, …
    header = request.headers["Authorization"]
    scope = (header.decode() if isinstance(header, bytes) else header).partition("Credential=")[2]
    _, _, region, service, *_ = scope.split("/")
    url = URL(request.url, encoded=True)
    proxies = ProxyConfiguration(get_environ_proxies(request.url))
    return Endpoint(url, FormSigner(service, region, url), proxies.proxy_url_for(request.url), model)


def trust_roots(session: botocore.session.Session) -> ssl.SSLContext:
    """The same certificate authorities as botocore: AWS_CA_BUNDLE or the profile's, else its default."""
    bundle = session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
    path = get_cert_path(bundle or True)
    try:
        if Path(path).is_dir():
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except OSError as error:
        raise AwsError(
            f"The certificates in {path} cannot be read. Correct AWS_CA_BUNDLE, or unset it.", UNUSABLE
        ) from error


def _no_credentials(code: str) -> AwsError:
    return AwsError(
        f"No AWS credentials were found ({code}). Set AWS_PROFILE or AWS_ACCESS_KEY_ID, "
        "or run with an instance, task or web identity role.",
        "no-credentials",
    )
