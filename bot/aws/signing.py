"""AWS's Signature Version 4 for the one kind of request that a scan makes: a form that is posted.

botocore's signer takes any request apart and puts it together again, which was a quarter of the scan reader's
time. What these requests have in common is worked out once here, by botocore; the tests hold the rest to it.
"""

import time
from hashlib import sha256
from hmac import digest

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from yarl import URL

from bot.aws.sessions import Credentials

FORM = "application/x-www-form-urlencoded; charset=utf-8"
ALGORITHM = "AWS4-HMAC-SHA256"


class FormSigner:
    """Signs forms for one service at one address; it remembers no keys."""

    def __init__(self, service: str, region: str, url: URL) -> None:
        self._service = service
        self.region = region
        self._host = url.host_port_subcomponent or ""
        bare = AWSRequest("POST", str(url), headers={"Host": self._host})
        # Method, path and query as AWS wants them written, each on a line.
        canonical = SigV4Auth(None, service, region).canonical_request(bare)
        self._resource = "\n".join(canonical.split("\n")[:3])

    def headers(self, body: bytes, keys: Credentials, now: time.struct_time) -> dict[str, str]:
        """All headers that the form needs, signed with exactly these keys; `now` is in UTC."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", now)
        said: dict[str, str] = {"Content-Type": FORM, "Host": self._host, "X-Amz-Date": stamp}
        if keys.token:
            said["X-Amz-Security-Token"] = keys.token
        lines = "".join(f"{name.lower()}:{value}\n" for name, value in said.items())
        names = ";".join(said).lower()
        request = f"{self._resource}\n{lines}\n{names}\n{sha256(body).hexdigest()}"
        scope = f"{stamp[:8]}/{self.region}/{self._service}/aws4_request"
        text = f"{ALGORITHM}\n{stamp}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        signature = _signature(keys.secret_key, scope, text)
        credential = f"{keys.access_key}/{scope}"
        said["Authorization"] = (
            f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
        )
        return said


def _signature(secret_key: str, scope: str, text: str) -> str:
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = digest(key, part.encode(), "sha256")
    return digest(key, text.encode(), "sha256").hex()
