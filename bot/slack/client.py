"""Slack's Web API clients: one synchronous for the worker, one asynchronous for Bolt, set up alike.

Both wait out Slack's rate limits, and try again a bounded number of times when the connection or the server
fails.
"""

import ipaddress
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

import aiohttp
from slack_sdk import WebClient
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)
from slack_sdk.http_retry.handler import RetryHandler
from slack_sdk.web.async_client import AsyncWebClient

SLACK_API_URL = "https://slack.com/api/"
TIMEOUT_SECONDS = 15
RATE_LIMIT_RETRIES = 5
FAULT_RETRIES = 2


def build_client(token: str, api_url: str = SLACK_API_URL, *, timeout: int = TIMEOUT_SECONDS) -> WebClient:
    """A client for threads: safe to share. `api_url` may be GovSlack's or a stand-in on this machine."""
    client = WebClient(
        token=token, base_url=_with_slash(api_url), timeout=timeout, retry_handlers=_retry_handlers()
    )
    if goes_direct(api_url):
        client.proxy = None
    return client


def build_async_client(
    token: str,
    api_url: str = SLACK_API_URL,
    *,
    session: aiohttp.ClientSession | None = None,
    timeout: int = TIMEOUT_SECONDS,
) -> AsyncWebClient:
    """A client for Bolt. Without a `session` of the caller's it opens one for each call."""
    client = AsyncWebClient(
        token=token,
        base_url=_with_slash(api_url),
        timeout=timeout,
        session=session,
        retry_handlers=_async_retry_handlers(),
    )
    if goes_direct(api_url):
        client.proxy = None
    return client


def goes_direct(url: str) -> bool:
    """Whether a URL is this machine's or in NO_PROXY, which slack_sdk ignores once HTTPS_PROXY is set."""
    return is_loopback(url) or bool(proxy_bypass(urlsplit(url).netloc))


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _with_slash(url: str) -> str:
    return url if url.endswith("/") else url + "/"


def _retry_handlers() -> list[RetryHandler]:
    return [
        RateLimitErrorRetryHandler(max_retry_count=RATE_LIMIT_RETRIES),
        ConnectionErrorRetryHandler(max_retry_count=FAULT_RETRIES),
        ServerErrorRetryHandler(max_retry_count=FAULT_RETRIES),
    ]


def _async_retry_handlers() -> list[AsyncRetryHandler]:
    return [
        AsyncRateLimitErrorRetryHandler(max_retry_count=RATE_LIMIT_RETRIES),
        AsyncConnectionErrorRetryHandler(max_retry_count=FAULT_RETRIES),
        AsyncServerErrorRetryHandler(max_retry_count=FAULT_RETRIES),
    ]
