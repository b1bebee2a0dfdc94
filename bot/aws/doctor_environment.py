"""Where this machine's calls to AWS go: endpoints, proxies and certificates, as botocore will use them."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from botocore.exceptions import BotoCoreError

from bot.aws.boto3_reader import make_client, make_session
from bot.aws.sessions import AwsConfig
from bot.domain.doctor import Diagnosis, good, warning, wrong

CHECK = "aws.environment"
AWS_HOSTS = (
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "api.aws",
    "api.amazonwebservices.com.cn",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
)
"""The ends of AWS's own host names, in every partition; those of VPC endpoints end so as well."""
BUNDLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")


def look_at_environment(config: AwsConfig, *, organization: bool) -> Iterator[Diagnosis]:
    """Makes no call: only asks botocore where it would go."""
    services = ("sts", "iam", "organizations") if organization else ("sts", "iam")
    yield from _bundles()
    try:
        urls = sorted({_endpoint(service, config) for service in services})
    except (BotoCoreError, ValueError) as fault:
        step = "Correct AWS_ENDPOINT_URL, AWS_PROFILE and AWS_REGION, or the AWS configuration file."
        yield wrong(CHECK, f"No AWS client can be made ({type(fault).__name__}).", step)
        return
    for url in urls:
        yield _where(url)


def _endpoint(service: str, config: AwsConfig) -> str:
    return str(make_client(service, config, make_session()).meta.endpoint_url)


def _bundles() -> Iterator[Diagnosis]:
    for name in BUNDLES:
        path = os.environ.get(name, "")
        if path and not Path(path).exists():
            text = f"{name} names {path}, which is not there: no certificate of AWS's can be checked."
            yield wrong(CHECK, text, f"Correct {name}, or unset it.")


def _where(url: str) -> Diagnosis:
    # A host alone: a URL may bear a user and a password.
    parts = urlsplit(url)
    host = parts.hostname or ""
    through = _proxy(parts.scheme, host)
    if not any(host == end or host.endswith(f".{end}") for end in AWS_HOSTS):
        port = f":{parts.port}" if parts.port else ""
        text = f"Calls go to {parts.scheme}://{host}{port}, not to AWS{through}."
        return warning(CHECK, text, "Unset AWS_ENDPOINT_URL, unless that is a stand-in for AWS or a gateway.")
    return good(CHECK, f"Calls go to {host}{through}.")


def _proxy(scheme: str, host: str) -> str:
    proxy = urlsplit(getproxies().get(scheme, ""))
    if not proxy.hostname or proxy_bypass(host):
        return ""
    return f", through the proxy {proxy.hostname}{f':{proxy.port}' if proxy.port else ''}"
