"""Where calls go, how they are signed, and through what: as botocore would have it."""

import asyncio
import datetime as dt
import ipaddress
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.aws.sessions import AwsConfig, Credentials, botocore_session
from bot.aws.wire import OwnCredentials, Wire, rehearse
from bot.domain.errors import AwsError
from bot.domain.facts import AccountFacts, UnreadableCode

ACCOUNT = "111122223333"


def endpoint(service: str, **config: Any) -> tuple[str, str]:
    found = rehearse(botocore_session(), AwsConfig(**config), service)
    return str(found.url), found.signer.region


@pytest.mark.parametrize(
    ("config", "sts", "iam"),
    [
        (
            {},
            ("https://sts.us-east-1.amazonaws.com/", "us-east-1"),
            ("https://iam.amazonaws.com/", "us-east-1"),
        ),
        (
            {"region": "eu-central-1"},
            ("https://sts.eu-central-1.amazonaws.com/", "eu-central-1"),
            ("https://iam.amazonaws.com/", "us-east-1"),
        ),
        (
            {"partition": "aws-cn"},
            ("https://sts.cn-north-1.amazonaws.com.cn/", "cn-north-1"),
            ("https://iam.cn-north-1.amazonaws.com.cn/", "cn-north-1"),
        ),
        (
            {"partition": "aws-us-gov"},
            ("https://sts.us-gov-west-1.amazonaws.com/", "us-gov-west-1"),
            ("https://iam.us-gov.amazonaws.com/", "us-gov-west-1"),
        ),
        (
            {"partition": "aws-iso"},
            ("https://sts.us-iso-east-1.c2s.ic.gov/", "us-iso-east-1"),
            ("https://iam.us-iso-east-1.c2s.ic.gov/", "us-iso-east-1"),
        ),
        (
            {"partition": "aws-eusc"},
            ("https://sts.eusc-de-east-1.amazonaws.eu/", "eusc-de-east-1"),
            ("https://iam.eusc-de-east-1.amazonaws.eu/", "eusc-de-east-1"),
        ),
    ],
)
def test_each_partition_has_its_endpoints_and_signing_region(config: Any, sts: Any, iam: Any) -> None:
    assert endpoint("sts", **config) == sts
    assert endpoint("iam", **config) == iam


def test_fips_endpoints_are_used_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")

    assert endpoint("sts", region="us-east-2")[0] == "https://sts-fips.us-east-2.amazonaws.com/"
    assert endpoint("iam", region="us-east-2") == ("https://iam-fips.amazonaws.com/", "us-east-1")


@pytest.mark.parametrize("name", ["AWS_DEFAULT_REGION", "AWS_REGION"])
def test_the_region_comes_from_the_environment_unless_settings_name_one(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setenv(name, "ap-south-1")

    assert endpoint("sts")[1] == "ap-south-1"
    assert endpoint("sts", region="eu-west-1")[1] == "eu-west-1"


def test_one_service_can_have_an_endpoint_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1000")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "https://vpce-1.sts.example")

    assert endpoint("sts")[0] == "https://vpce-1.sts.example/"
    assert endpoint("iam")[0] == "http://127.0.0.1:1000/"


def test_an_endpoint_from_the_profile_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        "[profile audit]\nregion = eu-west-3\nendpoint_url = http://127.0.0.1:2000\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "audit")

    assert endpoint("iam") == ("http://127.0.0.1:2000/", "eu-west-3")


def test_a_proxy_is_used_by_both_readers(read: Any, fake: Any, an_account: Any, monkeypatch: Any) -> None:
    """The fake plays the proxy: it takes the absolute form of a target that exists nowhere."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://aws.example")
    monkeypatch.setenv("HTTP_PROXY", fake.url.removeprefix("http://"))

    facts: AccountFacts = read(an_account("100000000000"))

    assert facts.unreadable is None
    assert [role.name for role in facts.roles] == ["AWSSupportRole"]


def test_no_proxy_is_honoured_by_both_readers(read: Any, aws: Any, an_account: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    assert read(an_account()).unreadable is None


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody has signed, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture(scope="module")
def fake_tls(certificate: tuple[Path, Path], start_fake: Any) -> Any:
    cert, key = certificate
    with start_fake("--tls", "--tls-cert", str(cert), "--tls-key", str(key)) as fake:
        yield fake


@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_ca_bundle_is_trusted_by_both_readers(
    read: Any,
    fake_tls: Any,
    certificate: tuple[Path, Path],
    an_account: Any,
    monkeypatch: Any,
    name: str,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", fake_tls.url)
    monkeypatch.setenv(name, str(certificate[0]))

    assert read(an_account("100000000000")).unreadable is None


def test_a_certificate_that_is_not_trusted_ends_the_call_at_once(
    read: Any,
    fake_tls: Any,
    an_account: Any,
    monkeypatch: Any,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", fake_tls.url)

    unreadable = read(an_account("100000000000"), attempts=3).unreadable

    assert unreadable.code is UnreadableCode.TIMEOUT
    assert unreadable.next_step.startswith("Set AWS_CA_BUNDLE")


@pytest.mark.parametrize(
    ("variable", "told"),
    [("AWS_CA_BUNDLE", "Correct AWS_CA_BUNDLE, or unset it."), ("AWS_RETRY_MODE", "(InvalidRetryModeError)")],
)
def test_a_machine_from_which_aws_cannot_be_asked_is_told_before_any_call(
    aws: Any, monkeypatch: Any, variable: str, told: str
) -> None:
    monkeypatch.setenv(variable, "/no/such/thing")

    with pytest.raises(AwsError) as raised:
        Wire(AwsConfig(), connections=1)

    assert told in str(raised.value)


def test_calls_are_signed_for_their_own_service_and_region(aws: Any, an_account: Any, read_fast: Any) -> None:
    read_fast([an_account()], config=AwsConfig(region="eu-west-1"))

    assert {(sent.service, sent.region) for sent in aws.sent} == {("sts", "eu-west-1"), ("iam", "eu-west-1")}


def test_own_credentials_are_renewed_off_the_event_loop() -> None:
    class Renewable:
        def __init__(self) -> None:
            self.renewed_in: list[str] = []

        def refresh_needed(self) -> bool:
            return not self.renewed_in

        def get_frozen_credentials(self) -> Any:
            self.renewed_in.append(threading.current_thread().name)
            return Credentials(f"key-{len(self.renewed_in)}", "secret", "token")

    class Session:
        def get_credentials(self) -> Renewable:
            return found

    found = Renewable()
    own = OwnCredentials(Session())

    async def twice() -> tuple[Credentials, Credentials]:
        return await own.current(), await own.current()

    first, second = asyncio.run(twice())

    assert (first.access_key, second.access_key) == ("key-1", "key-2")
    assert found.renewed_in[0] != threading.main_thread().name
    assert found.renewed_in[1] == threading.main_thread().name


def test_credentials_never_show_in_a_repr() -> None:
    assert repr(Credentials("AKIAEXAMPLE", "secret", "token")) == "Credentials()"
