"""Whatever anybody sends: a plain 4xx, no traceback in the log, and not a word of what is secret."""

import asyncio
import logging
from pathlib import Path

import pytest
from prometheus_client.exposition import generate_latest

from bot.serve import http_mode
from bot.serve.signed import MAX_BODY
from tests.serve.over_http import FORM, OverHttp, run

COMMAND = b"command=%2Fsupport-role&text=status"
OLD = 1_600_000_000
LINE = b"POST /slack/events HTTP/1.1\r\nHost: bot\r\n"


async def raw(work: OverHttp, sent: bytes) -> bytes:
    """Everything that is said to some bytes, until the other side hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", work.first.mode.port)
    try:
        writer.write(sent)
        async with asyncio.timeout(30):
            return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


def clean(log: pytest.LogCaptureFixture, work: OverHttp, *said: str) -> None:
    """Nothing that was said or logged holds a traceback or a secret."""
    bot = work.slack.workspace.bot
    words = "\n".join([*said, *(f"{record.getMessage()} {vars(record)}" for record in log.records)])
    for secret in (bot.signing_secret, bot.token, bot.app_token):
        assert secret not in words
    assert "Traceback" not in words
    assert not any(record.exc_info for record in log.records)
    assert not any(record.levelno >= logging.ERROR for record in log.records)


def test_requests_that_are_not_slacks_are_turned_away(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    async def play(work: OverHttp) -> None:
        good = work.signed(COMMAND)
        sent: list[tuple[int, bytes, dict[str, str]]] = [
            (401, COMMAND, {}),
            (401, COMMAND, {"Content-Type": FORM}),
            (401, COMMAND + b"&more=1", good),
            (401, COMMAND, work.signed(COMMAND, at=OLD)),
            (401, COMMAND, good | {"X-Slack-Request-Timestamp": "soon"}),
            (401, COMMAND, good | {"X-Slack-Request-Timestamp": "٣"}),
            (401, COMMAND, good | {"X-Slack-Signature": "v0=é"}),
            (400, b"command=\xff", work.signed(b"command=\xff")),
            (400, b"{", work.signed(b"{", kind="application/json")),
            (415, COMMAND, work.signed(COMMAND, kind="text/xml")),
            (413, b"x" * (MAX_BODY + 1), {}),
            # Bolt would run one listener alone, chosen by a header that nobody has signed.
            (401, COMMAND, {"X-Slack-Bolt-Lazy-Only": "1", "X-Slack-Bolt-Lazy-Function-Name": "x"}),
            # A small body that would become a large one.
            (401, b"\x1f\x8b" + b"\0" * 20, good | {"Content-Encoding": "gzip"}),
        ]
        answers = [await work.first.post(body, headers) for _, body, headers in sent]

        assert [status for status, _ in answers] == [wanted for wanted, _, _ in sent]
        clean(caplog, work, *(said for _, said in answers))
        assert all(len(said) < 80 for _, said in answers)

    run(tmp_path, play)


def test_another_method_or_path_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    async def play(work: OverHttp) -> None:
        for request, wanted in (
            (b"GET /slack/events", b"405"),
            (b"PUT /slack/events", b"405"),
            (b"HEAD /slack/events", b"405"),
            (b"GET /slack/events?ssl_check=1", b"200"),
            (b"POST /slack/events/", b"404"),
            (b"GET /", b"404"),
            (b"GET /metrics", b"404"),
            (b"POST /../etc/passwd", b"404"),
        ):
            said = await raw(work, request + b" HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n\r\n")

            assert said.split()[1] == wanted, request
            assert b"aiohttp" not in said
            clean(caplog, work, said.decode())

    run(tmp_path, play)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",  # somebody speaks TLS
        b"POST /slack/events\r\n\r\n",
        b"POST /slack/events HTTP/9.9\r\n\r\n",
        LINE + b"X: " + b"y" * 20_000 + b"\r\n\r\n",
        LINE + b"Content-Length: -1\r\n\r\n",
        LINE + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        LINE + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        LINE + b"Transfer-Encoding: chunked\r\n\r\nno size\r\n\r\n",
        LINE + b"Bad Name: x\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_without_a_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, sent: bytes
):
    async def play(work: OverHttp) -> None:
        said = await raw(work, sent)

        assert said.split()[1] in {b"400", b"401"}
        clean(caplog, work, said.decode())

    run(tmp_path, play)


def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http_mode, "BODY_SECONDS", 0.01)

    async def play(work: OverHttp) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", work.first.mode.port)
        writer.write(LINE + b"Content-Length: 10\r\n\r\nabc")

        async with asyncio.timeout(30):
            assert (await reader.readline()).split()[1] == b"408"
        writer.close()
        await writer.wait_closed()

    run(tmp_path, play)


def test_somebody_who_hangs_up_half_way_leaves_nothing_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    async def play(work: OverHttp) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", work.first.mode.port)
        writer.write(LINE + b"Content-Length: 10\r\n\r\nabc")
        async with asyncio.timeout(30):
            while not work.first.begun:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0)
        writer.close()
        await writer.wait_closed()
        await work.first.mode.disconnect()

        clean(caplog, work)

    run(tmp_path, play)


def test_refusals_are_counted_and_told_once_a_minute(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """A signing secret that is wrong must be seen; a flood must not fill the log."""

    async def play(work: OverHttp) -> None:
        forged = work.signed(b"another body")
        for _ in range(3):
            await work.first.post(COMMAND, forged)
        await work.first.post(COMMAND)

        page = generate_latest(work.first.meters.registry).decode()
        assert 'support_role_http_refused_total{reason="bad-signature"} 3.0' in page
        assert 'support_role_http_refused_total{reason="unsigned"} 1.0' in page

    run(tmp_path, play)

    told = [vars(each) for each in caplog.records if each.getMessage() == "request turned away"]
    assert [each["reason"] for each in told] == ["bad-signature", "unsigned"]
    assert "slack.signing_secret" in told[0]["hint"]
