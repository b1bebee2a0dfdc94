"""The other way to an app: signed requests to its URL.

What is signed and how it is encoded: docs.slack.dev/authentication/verifying-requests-from-slack.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.slack.delivery import Acked, Kind, NotAcked
from bot.sandbox.slack.workspace import Json


@dataclass(frozen=True, slots=True)
class SignedRequest:
    body: str
    headers: dict[str, str]


class RequestsOverHttp:
    """Times in seconds; `clock` gives the timestamps that are signed."""

    def __init__(
        self,
        url: str,
        signing_secret: str,
        clock: Callable[[], float],
        *,
        ack_seconds: float = 3.0,
        resend_events_after: tuple[float, ...] = (0, 60, 300),
    ) -> None:
        self._url = url
        self._secret = signing_secret.encode()
        self._clock = clock
        self._ack_seconds = ack_seconds
        self._resend_events_after = resend_events_after
        self._last: SignedRequest | None = None
        self._session: aiohttp.ClientSession | None = None
        self._retries: set[asyncio.Task[None]] = set()

    async def deliver(self, kind: Kind, payload: Json) -> Acked | NotAcked:
        return await self._send(self.signed(kind, payload))

    async def deliver_event(self, payload: Json) -> Acked | NotAcked:
        """Send an event; one that is not acknowledged is sent again later, in the background."""
        outcome = await self._send(self.signed("events_api", payload))
        if isinstance(outcome, NotAcked):
            retry = asyncio.get_running_loop().create_task(self._retry(payload, outcome))
            self._retries.add(retry)
            retry.add_done_callback(self._retries.discard)
        return outcome

    async def redeliver(self) -> Acked | NotAcked:
        """The last request again, byte for byte, with its old timestamp and signature: a replay."""
        return await self._send(self._last) if self._last else NotAcked("dispatch_failed")

    def signed(self, kind: Kind, payload: Json) -> SignedRequest:
        body, content_type = _encoded(kind, payload)
        timestamp = str(int(self._clock()))
        digest = hmac.new(self._secret, f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
        return SignedRequest(
            body,
            {
                "Content-Type": content_type,
                "X-Slack-Request-Timestamp": timestamp,
                "X-Slack-Signature": f"v0={digest}",
                "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            },
        )

    async def stop(self) -> None:
        for retry in list(self._retries):
            retry.cancel()
        await asyncio.gather(*self._retries, return_exceptions=True)
        if self._session:
            await self._session.close()

    async def _retry(self, payload: Json, outcome: NotAcked) -> None:
        reason = "http_timeout" if outcome.error == "operation_timeout" else "http_error"
        for number, seconds in enumerate(self._resend_events_after, start=1):
            await asyncio.sleep(seconds)
            request = self.signed("events_api", payload)
            retry = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
            if isinstance(await self._send(replace(request, headers=request.headers | retry)), Acked):
                return

    async def _send(self, request: SignedRequest) -> Acked | NotAcked:
        self._last = request
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False)
        try:
            async with asyncio.timeout(self._ack_seconds):
                async with self._session.post(
                    self._url, data=request.body.encode(), headers=request.headers
                ) as response:
                    answer = await response.text()
                    ok = response.status == 200
                    return Acked(_decoded(answer)) if ok else NotAcked("dispatch_failed")
        except TimeoutError:
            return NotAcked("operation_timeout")
        except aiohttp.ClientError:
            return NotAcked("dispatch_failed")


def _encoded(kind: Kind, payload: Json) -> tuple[str, str]:
    if kind == "events_api":
        return json.dumps(payload), "application/json"
    fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(fields), "application/x-www-form-urlencoded"


def _decoded(answer: str) -> Json:
    """An answer's payload: JSON, or the text of a message."""
    if not answer.strip():
        return {}
    try:
        decoded = json.loads(answer)
    except ValueError:
        return {"text": answer}
    return decoded if isinstance(decoded, dict) else {"text": answer}
