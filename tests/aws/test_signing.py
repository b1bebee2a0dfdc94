"""Forms are signed word for word as botocore signs them."""

import time

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from bot.aws.sessions import Credentials
from bot.aws.signing import FORM, FormSigner

URLS = (
    "https://sts.us-east-1.amazonaws.com/",
    "https://iam.amazonaws.com:443/",
    "http://127.0.0.1:4600/",
    "http://[::1]:5000/",
    "http://aws.test:80/",
    "https://vpce-1.sts.us-east-1.vpce.amazonaws.com:8443/",
    "https://gateway.example/aws/../sts%20calls/",
    "https://gateway.example/sts?tenant=b%20c&Mode=x",
)
WORDS = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S")), min_size=1, max_size=200)
"""Keys and tokens, as headers can carry them."""


def signed_by_botocore(url: str, service: str, region: str, keys: Credentials, body: bytes) -> dict[str, str]:
    """No Host is said, so that botocore takes it from the address."""
    request = AWSRequest("POST", url, headers={"Content-Type": FORM}, data=body)
    SigV4Auth(keys, service, region).add_auth(request)
    return dict(request.headers.items())


def assert_signed_alike(url: str, service: str, region: str, keys: Credentials, body: bytes) -> None:
    expected = signed_by_botocore(url, service, region, keys, body)
    now = time.strptime(expected["X-Amz-Date"], "%Y%m%dT%H%M%SZ")

    headers = FormSigner(service, region, URL(url, encoded=True)).headers(body, keys, now)

    assert {name: value for name, value in headers.items() if name != "Host"} == expected


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("token", [None, "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJ="])
def test_an_address_is_signed_as_botocore_would(url: str, token: str | None) -> None:
    keys = Credentials("AKIAEXAMPLE", "secret/key+", token)

    assert_signed_alike(url, "sts", "us-east-1", keys, b"Action=GetCallerIdentity&Version=2011-06-15")


@given(
    keys=st.builds(Credentials, WORDS, WORDS, st.none() | WORDS),
    service=st.sampled_from(["sts", "iam"]),
    region=st.sampled_from(["us-east-1", "cn-north-1", "us-gov-west-1"]),
    body=st.binary(min_size=1, max_size=300),
)
def test_whatever_the_keys_and_the_form_are(
    keys: Credentials, service: str, region: str, body: bytes
) -> None:
    assert_signed_alike(URLS[0], service, region, keys, body)
