import pytest

from bot.slack.client import build_async_client, build_client, goes_direct, is_loopback


@pytest.fixture(autouse=True)
def behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8765/api/", "http://localhost/api", "http://[::1]:1/api/"])
def test_this_machine_is_reached_without_the_proxy(url: str):
    assert is_loopback(url)
    assert build_client("xoxb-test", url).proxy is None
    assert build_async_client("xoxb-test", url).proxy is None


@pytest.mark.parametrize(
    "url", ["https://slack.com/api/", "https://slack-gov.com/api/", "http://127.0.0.1.example/"]
)
def test_slack_is_reached_through_the_proxy(url: str):
    assert not is_loopback(url)
    assert build_client("xoxb-test", url).proxy == "http://proxy.example:3128"
    assert build_async_client("xoxb-test", url).proxy == "http://proxy.example:3128"


def test_a_host_that_no_proxy_names_is_reached_directly(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_PROXY", "slack.internal.example")

    assert goes_direct("https://slack.internal.example/api/")
    assert build_client("xoxb-test", "https://slack.internal.example/api/").proxy is None


def test_an_api_url_without_its_last_slash_is_completed():
    assert build_client("xoxb-test", "https://slack-gov.com/api").base_url == "https://slack-gov.com/api/"


def test_both_clients_wait_out_limits_and_faults_and_not_for_ever():
    for client in (build_client("xoxb-test"), build_async_client("xoxb-test")):
        kinds = [type(handler).__name__.removeprefix("Async") for handler in client.retry_handlers]
        assert kinds == [
            "RateLimitErrorRetryHandler",
            "ConnectionErrorRetryHandler",
            "ServerErrorRetryHandler",
        ]
        assert all(1 <= handler.max_retry_count <= 5 for handler in client.retry_handlers)
        assert client.timeout == 15
