"""HTTP mode as Slack sees it: real requests, the real app, a real store."""

import asyncio
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bot.domain.finding import Verdict
from bot.sandbox.slack import CLOUD_SECURITY, RILEY, LocalSlack, NotDone, Person
from bot.serve import http_mode
from bot.serve.address import Address
from bot.serve.errors import ListenError, StartError
from bot.serve.http_mode import HttpMode
from bot.serve.metrics import Meters
from bot.wiring.clock import utc_now
from bot.wiring.slack_side import build_slack_app
from tests.serve.over_http import OverHttp, Replica, free_port, run, settings_for
from tests.slack.listeners import payloads
from tests.slack.listeners.workplace import PAYMENTS, REASON, a_desk, a_policy, fresh_store, know


def a_command(work: OverHttp, words: str = "help") -> bytes:
    state = work.slack._site.state
    url = f"{work.slack.url}/commands/{payloads.TEAM}/{state.mint_response_url(RILEY, CLOUD_SECURITY)}"
    command = payloads.slash_command(
        words,
        user=RILEY,
        channel=CLOUD_SECURITY,
        trigger_id=state.mint_trigger(RILEY),
        response_url=url,
    )
    return urlencode(command).encode()


def shown(work: OverHttp, user: str = "") -> int:
    """How many messages there are in the channel for everybody, or for one person alone."""
    messages = work.slack._site.state.messages.get(CLOUD_SECURITY, {}).values()
    return sum(message.ephemeral_to == user for message in messages)


def seen_acks(replica: Replica) -> dict[str, float]:
    page = generate_latest(replica.meters.registry).decode()
    return {
        sample.labels["kind"]: sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == "support_role_ack_seconds_count"
    }


def test_a_command_a_click_and_a_modal_go_their_way_over_http(tmp_path: Path):
    async def play(work: OverHttp) -> None:
        with work.engine.begin() as connection:
            know(connection, (PAYMENTS, Verdict.FAIL))
        async with Person(work.slack.url, RILEY) as riley:
            await riley.command("/support-role status", CLOUD_SECURITY)
            status = await riley.wait_for_message(CLOUD_SECURITY, "payments")
            await riley.click(status, "status.fix")
            modal = await riley.wait_for_modal()

            assert await riley.submit(modal, {"fix.reason": " " * 20})  # an ack with words in it
            assert await riley.submit(modal, {"fix.reason": REASON}) == {}
            await work.first.settle()

            await riley.open_home()
            await riley.wait_for(lambda screen: screen.home)

        assert work.requests() == 1
        assert seen_acks(work.first) == {"slash_commands": 1, "interactive": 3, "events_api": 1}

    run(tmp_path, play)


def test_a_word_that_bolt_stumbles_over_is_a_word_like_any_other(tmp_path: Path):
    async def play(work: OverHttp) -> None:
        async with Person(work.slack.url, RILEY) as riley:
            await riley.command("/support-role payload", CLOUD_SECURITY)
            await riley.wait_for_message(CLOUD_SECURITY, "payload")

    run(tmp_path, play)


def test_a_replay_is_refused_and_does_nothing(tmp_path: Path):
    async def play(work: OverHttp) -> None:
        async with Person(work.slack.url, RILEY) as riley:
            await riley.command("/support-role help", CLOUD_SECURITY)
            with pytest.raises(NotDone):
                await riley.redeliver()
            await work.first.settle()

        assert shown(work, RILEY) == 1

    run(tmp_path, play)


def test_a_replay_at_another_replica_does_nothing_either(tmp_path: Path):
    """That one has not seen the signature; the database has seen the trigger."""

    async def play(work: OverHttp) -> None:
        second = await work.another()
        body = a_command(work)
        headers = work.signed(body)

        first, again = await work.first.post(body, headers), await second.post(body, headers)
        await work.first.settle()
        await second.settle()

        assert (first[0], again[0]) == (200, 200)
        assert shown(work, RILEY) == 1

    run(tmp_path, play)


def test_two_of_the_same_at_the_same_moment_are_one(tmp_path: Path):
    async def play(work: OverHttp) -> None:
        body = a_command(work)
        headers = work.signed(body)

        answers = await asyncio.gather(*(work.first.post(body, headers) for _ in range(5)))
        await work.first.settle()

        assert sorted(status for status, _ in answers) == [200, 403, 403, 403, 403]
        assert shown(work, RILEY) == 1

    run(tmp_path, play)


def test_an_event_that_slack_sends_again_is_acked_and_shown_once(tmp_path: Path):
    async def play(work: OverHttp) -> None:
        event = json.dumps(payloads.home_opened(RILEY) | {"event_id": "Ev0HOME"}).encode()
        signed = work.signed(event, kind="application/json")
        await work.first.post(event, signed)
        await work.first.settle()
        work.slack._site.state.homes.clear()

        retry = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}
        status, said = await work.first.post(event, signed | retry)
        await work.first.settle()

        assert (status, said) == (200, "")
        assert work.slack._site.state.homes == {}

    run(tmp_path, play)


def test_what_was_not_acked_may_come_again(tmp_path: Path):
    """The app knows no such type of event; Slack's next try is no replay."""

    async def play(work: OverHttp) -> None:
        body = json.dumps({"type": "of tomorrow", "event_id": "Ev1"}).encode()
        headers = work.signed(body, kind="application/json")

        assert (await work.first.post(body, headers))[0] == 404
        assert (await work.first.post(body, headers))[0] == 404

    run(tmp_path, play)


def test_slack_may_verify_the_url_and_look_at_the_certificate(tmp_path: Path):
    async def play(work: OverHttp) -> None:
        body = json.dumps({"type": "url_verification", "token": "t", "challenge": "3eZbrw1aB"}).encode()

        status, said = await work.first.post(body, work.signed(body, kind="application/json"))
        assert (status, json.loads(said)) == (200, {"challenge": "3eZbrw1aB"})

        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert (await work.first.post(b"ssl_check=1&token=t", form)) == (200, "")

    run(tmp_path, play)


def test_a_stop_finishes_the_request_that_is_here_and_its_story(tmp_path: Path):
    async def play(work: OverHttp) -> bytes:
        body = a_command(work)
        port = work.first.mode.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = {"Host": "bot", "Content-Length": str(len(body)), **work.signed(body)}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        writer.write(f"POST /slack/events HTTP/1.1\r\n{lines}\r\n".encode() + body[:10])
        await writer.drain()
        async with asyncio.timeout(30):
            while not work.first.begun:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0)

        stopping = asyncio.create_task(work.first.mode.disconnect())
        await asyncio.sleep(0)
        writer.write(body[10:])
        answer = await reader.readline()
        await stopping
        await work.first.settle()
        writer.close()
        await writer.wait_closed()

        assert shown(work, RILEY) == 1
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        return answer

    assert run(tmp_path, play).startswith(b"HTTP/1.1 200")


def test_it_is_ready_once_slack_has_accepted_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http_mode, "TRY_AGAIN_SECONDS", 0.0)

    async def go() -> tuple[str, str]:
        engine = fresh_store(tmp_path)
        async with LocalSlack() as slack, Person(slack.url, RILEY) as riley:
            await riley.fail_next("auth.test", "internal_error", times=2)
            settings = settings_for(slack)
            mode = HttpMode(settings, Address("127.0.0.1", 0), Meters())
            before = await mode.problem()
            await mode.connect(build_slack_app(settings, a_desk(engine, utc_now, a_policy())))
            after = await mode.problem()
            await mode.disconnect()
        engine.dispose()
        return before, after

    assert asyncio.run(go()) == ("auth.test has not been accepted yet", "")


def test_a_token_that_slack_refuses_ends_the_start(tmp_path: Path):
    async def go() -> None:
        engine = fresh_store(tmp_path)
        async with LocalSlack() as slack, Person(slack.url, RILEY) as riley:
            await riley.fail_next("auth.test", "invalid_auth")
            settings = settings_for(slack)
            mode = HttpMode(settings, Address("127.0.0.1", 0), Meters())
            try:
                await mode.connect(build_slack_app(settings, a_desk(engine, utc_now, a_policy())))
            finally:
                await mode.disconnect()
                engine.dispose()

    with pytest.raises(StartError, match=r"Slack does not take slack\.bot_token: invalid_auth"):
        asyncio.run(go())


@pytest.mark.parametrize("host", ["127.0.0.1", "no.such.host.invalid"])
def test_an_address_that_cannot_be_had_is_said_before_anything_begins(tmp_path: Path, host: str):
    async def play(work: OverHttp) -> None:
        HttpMode(work.settings, Address(host, work.first.mode.port), Meters())

    with pytest.raises(
        ListenError, match=r"Cannot take Slack's requests on .* Give another --port or --host\."
    ):
        run(tmp_path, play)


def test_of_two_that_reserved_the_same_port_one_is_told_so(tmp_path: Path):
    async def play(work: OverHttp) -> None:
        address = Address("127.0.0.1", free_port())
        app = build_slack_app(work.settings, a_desk(work.engine, utc_now, a_policy()))
        modes = [HttpMode(work.settings, address, Meters()) for _ in range(2)]
        try:
            for mode in modes:
                await mode.connect(app)
        finally:
            for mode in modes:
                await mode.disconnect()

    with pytest.raises(ListenError):
        run(tmp_path, play)
