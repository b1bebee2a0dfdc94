"""AWS for tests: a stand-in that answers from a script, the fake of the benchmarks as a process, and moto
over HTTP."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote
from urllib.request import Request, urlopen

import pytest

from bot.aws.boto3_reader import Boto3Reader, make_client, make_session
from bot.aws.reader import Reader, ReaderLimits
from bot.aws.sessions import AwsConfig, Credentials
from bot.domain.account import Access, Account, AccountId
from bot.domain.facts import AccountFacts, ProviderKind
from bot.domain.plan import Plan

BENCH = Path(__file__).parents[2] / "bench" / "fake_aws.py"
OWN_ACCOUNT = "999999999999"
ACCOUNT = "111122223333"
OTHER = "444455556666"
EXTERNAL_ID = "external-id-that-nobody-may-see"
TRUST = '{"Version":"2012-10-17","Statement":[]}'

ProvidersNeeded = Callable[[AccountFacts], frozenset[ProviderKind]]
Answer = tuple[int, str]


def no_providers(facts: AccountFacts) -> frozenset[ProviderKind]:
    return frozenset()


@dataclass(frozen=True)
class Sent:
    """One call as it came over the wire."""

    action: str
    parameters: dict[str, str]
    account: str
    """Whose credentials it was signed with."""
    service: str
    region: str


@dataclass
class StandIn:
    """An AWS that answers what a test tells it to, and keeps what it was sent."""

    url: str = ""
    sent: list[Sent] = field(default_factory=list)
    script: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    def on(self, action: str, *answers: Answer | Callable[[Sent], Answer]) -> None:
        """Answer calls of this action with these, one after the other; the last one stays."""
        self.script[action] = list(answers)

    def calls(self, action: str) -> list[Sent]:
        return [sent for sent in self.sent if sent.action == action]

    def answer(self, sent: Sent) -> Any:
        self.sent.append(sent)
        answers = self.script[sent.action]
        if not answers:
            return getattr(self, f"_{sent.action}")(sent)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer(sent) if callable(answer) else answer

    def _AssumeRole(self, sent: Sent) -> Answer:  # noqa: N802 - AWS's name
        return self.assumed(sent.parameters["RoleArn"].split(":")[4])

    def _GetCallerIdentity(self, sent: Sent) -> Answer:  # noqa: N802 - AWS's name
        return self.identity(sent.account)

    def _ListEntitiesForPolicy(self, sent: Sent) -> Answer:  # noqa: N802 - AWS's name
        return self.entities()

    def _GetRole(self, sent: Sent) -> Answer:  # noqa: N802 - AWS's name
        return self.error("NoSuchEntity", 404)

    def _ListAttachedRolePolicies(self, sent: Sent) -> Answer:  # noqa: N802 - AWS's name
        return self.attached()

    def ok(self, action: str, inner: str = "", number: int = 1) -> Answer:
        result = f"<{action}Result>{inner}</{action}Result>"
        meta = f"<ResponseMetadata><RequestId>request-{action}-{number}</RequestId></ResponseMetadata>"
        return 200, f"<{action}Response>{result}{meta}</{action}Response>"

    def error(self, code: str, status: int = 403, message: str = "no") -> Answer:
        inner = f"<Code>{code}</Code><Message>{message}</Message>"
        return status, (
            f"<ErrorResponse><Error>{inner}</Error><RequestId>request-{code}</RequestId></ErrorResponse>"
        )

    def assumed(self, account: str, partition: str = "aws") -> Answer:
        keys = (
            f"<AccessKeyId>ASIA{account}FAKE</AccessKeyId><SecretAccessKey>secret-of-{account}</SecretAccessKey>"
            f"<SessionToken>token-of-{account}</SessionToken><Expiration>2040-01-01T00:00:00Z</Expiration>"
        )
        user = (
            f"<AssumedRoleId>AROA:x</AssumedRoleId><Arn>arn:{partition}:sts::{account}:assumed-role/r/x</Arn>"
        )
        return self.ok(
            "AssumeRole",
            f"<Credentials>{keys}</Credentials><AssumedRoleUser>{user}</AssumedRoleUser>",
        )

    def identity(self, account: str, partition: str = "aws") -> Answer:
        arn = f"<Arn>arn:{partition}:sts::{account}:assumed-role/bot/x</Arn>"
        return self.ok("GetCallerIdentity", f"{arn}<UserId>x</UserId><Account>{account}</Account>")

    def entities(
        self,
        roles: Iterable[str] = (),
        users: Iterable[str] = (),
        groups: Iterable[str] = (),
        marker: str = "",
    ) -> Answer:
        def members(kind: str, names: Iterable[str]) -> str:
            each = "".join(f"<member><{kind}Name>{name}</{kind}Name></member>" for name in names)
            return f"<Policy{kind}s>{each}</Policy{kind}s>"

        inner = members("Role", roles) + members("User", users) + members("Group", groups)
        inner += f"<IsTruncated>{'true' if marker else 'false'}</IsTruncated>"
        return self.ok("ListEntitiesForPolicy", inner + (f"<Marker>{marker}</Marker>" if marker else ""))

    def role(
        self,
        name: str,
        account: str = ACCOUNT,
        path: str = "/",
        trust: str = TRUST,
        tags: Iterable[tuple[str, str]] = (),
        role_id: str = "AROAEXAMPLE",
        action: str = "GetRole",
    ) -> Answer:
        labels = "".join(f"<member><Key>{key}</Key><Value>{value}</Value></member>" for key, value in tags)
        inner = (
            f"<Path>{path}</Path><RoleName>{name}</RoleName><RoleId>{role_id}</RoleId>"
            f"<Arn>arn:aws:iam::{account}:role{path}{name}</Arn><CreateDate>2024-01-01T00:00:00Z</CreateDate>"
            f"<AssumeRolePolicyDocument>{quote(trust, safe='')}</AssumeRolePolicyDocument>"
            f"<MaxSessionDuration>3600</MaxSessionDuration><Tags>{labels}</Tags>"
        )
        return self.ok(action, f"<Role>{inner}</Role>")

    def attached(self, *arns: str) -> Answer:
        each = "".join(
            f"<member><PolicyName>x</PolicyName><PolicyArn>{arn}</PolicyArn></member>" for arn in arns
        )
        inner = f"<IsTruncated>false</IsTruncated><AttachedPolicies>{each}</AttachedPolicies>"
        return self.ok("ListAttachedRolePolicies", inner)

    def providers(self, listing: str, *arns: str) -> Answer:
        action = {
            "SAMLProviderList": "ListSAMLProviders",
            "OpenIDConnectProviderList": "ListOpenIDConnectProviders",
        }[listing]
        each = "".join(f"<member><Arn>{arn}</Arn></member>" for arn in arns)
        return self.ok(action, f"<{listing}>{each}</{listing}>")


def handler_for(aws: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet for an answer: two of them wait 40 ms for each other

        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            scope = self.headers["Authorization"].partition("Credential=")[2].split("/")
            account = scope[0][4:16] if scope[0].startswith("ASIA") else OWN_ACCOUNT
            token = self.headers.get("X-Amz-Security-Token", f"token-of-{account}")
            sent = Sent(form.pop("Action"), form, account, scope[3], scope[2])
            mixed = token != f"token-of-{account}"
            status, text = aws.error("InvalidClientTokenId") if mixed else aws.answer(sent)
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests stay quiet."""

    return Handler


@contextmanager
def listening(aws: StandIn) -> Iterator[StandIn]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(aws))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    aws.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield aws
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def made_up_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy") or name == "REQUESTS_CA_BUNDLE":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAFAKE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-bot")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with listening(StandIn()) as stand_in:
        monkeypatch.setenv("AWS_ENDPOINT_URL", stand_in.url)
        yield stand_in


@dataclass
class Fake:
    """The benchmarks' AWS, in a process of its own."""

    url: str

    def configure(self, **settings: float) -> None:
        """Reset its buckets, then set its rates; whatever is not named is off."""
        off = {"rate_sts": 0, "rate_account": 0, "rate_global": 0, "error_rate": 0, "latency_ms": 0}
        query = "&".join(f"{name}={value}" for name, value in (off | settings).items())
        for path in ("/_fake/reset", f"/_fake/config?{query}"):
            with urlopen(Request(self.url + path, method="POST")) as response:
                assert response.status == 200


@contextmanager
def fake_process(*options: str) -> Iterator[Fake]:
    command = [
        sys.executable,
        str(BENCH),
        "serve",
        "--port",
        "0",
        "--accounts",
        "2000",
        "--no-uvloop",
        *options,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Fake(process.stdout.readline().split()[1])
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="session")
def fake_server() -> Iterator[Fake]:
    with fake_process() as fake:
        yield fake


@pytest.fixture(scope="session")
def start_fake() -> Callable[..., AbstractContextManager[Fake]]:
    """Start another, with options of its own."""
    return fake_process


@pytest.fixture
def fake(fake_server: Fake, monkeypatch: pytest.MonkeyPatch) -> Fake:
    monkeypatch.setenv("AWS_ENDPOINT_URL", fake_server.url)
    fake_server.configure()
    return fake_server


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - half a second that only some tests need

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def moto(moto_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """moto's URL, with nothing left over in the accounts of these tests afterwards.

    moto's own reset would make it read all of AWS's managed policies again, a second or two an account.
    """
    # moto reads it whenever it meets an account for the first time; without it, AWS has no policies there.
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server)
    yield moto_server
    for account in (ACCOUNT, OTHER):
        empty(iam_inside(account))


def iam_inside(account: str) -> Any:
    """A plain boto3 IAM client inside an account of moto's, to see what is really there."""
    sts = make_client("sts", AwsConfig(), make_session())
    arn = f"arn:aws:iam::{account}:role/TestsOwn"
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="tests")["Credentials"]
    session = make_session(Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]))
    return session.client("iam", region_name="us-east-1")


def empty(iam: Any) -> None:
    for role in [each["RoleName"] for each in iam.list_roles()["Roles"]]:
        for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=role, PolicyArn=attached["PolicyArn"])
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            iam.delete_role_policy(RoleName=role, PolicyName=policy)
        iam.delete_role(RoleName=role)
    for user in iam.list_users()["Users"]:
        iam.delete_user(UserName=user["UserName"])
    for policy in iam.list_policies(Scope="Local")["Policies"]:
        iam.delete_policy(PolicyArn=policy["Arn"])
    for provider in iam.list_saml_providers()["SAMLProviderList"]:
        iam.delete_saml_provider(SAMLProviderArn=provider["Arn"])


@pytest.fixture
def iam_of(moto: str) -> Callable[[str], Any]:
    return iam_inside


@pytest.fixture
def an_account() -> Callable[..., Account]:
    def make(account_id: str = ACCOUNT, **given: Any) -> Account:
        roles = Access("SupportRoleScanner", "SupportRoleRemediator", EXTERNAL_ID)
        return Account(AccountId(account_id), **{"access": roles, **given})

    return make


@pytest.fixture
def read_fast() -> Callable[..., dict[str, AccountFacts]]:
    """Read accounts with the fast reader; facts by account id."""

    def read(
        accounts: Iterable[Account],
        providers: ProvidersNeeded = no_providers,
        config: AwsConfig | None = None,
        **limits: Any,
    ) -> dict[str, AccountFacts]:
        async def collect() -> dict[str, AccountFacts]:
            async with Reader(config or AwsConfig(), providers, ReaderLimits(**limits)) as reader:
                return {facts.account.id: facts async for facts in reader.read_accounts(accounts)}

        return asyncio.run(collect())

    return read


@pytest.fixture(params=["fast", "boto3"])
def read(request: pytest.FixtureRequest, read_fast: Any) -> Callable[..., AccountFacts]:
    """Read one account, with each of the two readers: what holds for one holds for the other."""

    def one(account: Account, providers: ProvidersNeeded = no_providers, attempts: int = 1) -> AccountFacts:
        if request.param == "boto3":
            return Boto3Reader(AwsConfig(), providers, max_attempts=attempts).read_account(account)
        limits = {"max_attempts": attempts, "max_throttled": attempts}
        facts: AccountFacts = read_fast([account], providers, **limits)[account.id]
        return facts

    return one


@pytest.fixture
def a_plan() -> Callable[..., Plan]:
    def make(**given: Any) -> Plan:
        account_id = given.get("account_id", ACCOUNT)
        principal = f"arn:aws:iam::{account_id}:role/IncidentManager"
        statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
        planned: dict[str, Any] = {
            "account_id": AccountId(account_id),
            "partition": "aws",
            "role_name": "aws-support-access",
            "role_path": "/",
            "trust": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
            "policy_arn": "arn:aws:iam::aws:policy/AWSSupportAccess",
            "permissions_boundary": "",
            "max_session_seconds": 3600,
            "fingerprint": "",
        }
        return Plan(**(planned | given))

    return make
