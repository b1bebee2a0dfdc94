"""Socket Mode: tickets, envelopes, acknowledgements, and what happens when connections go."""

import asyncio
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import RILEY, NotDone, SocketSettings
from tests.sandbox.slack.stage import Play, Stage

IMPATIENT = SocketSettings(ack_seconds=0.2, connection_grace_seconds=0.05, resend_events_after=(0, 0))


async def new_url(stage: Stage):
    app = AsyncWebClient(stage.slack.workspace.bot.app_token, base_url=stage.slack.api_url)
    return (await app.apps_connections_open(app_token=app.token))["url"]


@asynccontextmanager
async def a_socket(stage: Stage):
    """A connection of our own, past its hello."""
    async with aiohttp.ClientSession() as session, session.ws_connect(await new_url(stage)) as socket:
        hello = await socket.receive_json()
        assert hello["type"] == "hello"
        yield socket


async def ack(
    socket: aiohttp.ClientWebSocketResponse, envelope: dict[str, Any], payload: dict[str, Any] | None = None
):
    answer = {"envelope_id": envelope["envelope_id"]}
    await socket.send_json(answer if payload is None else answer | {"payload": payload})


def test_a_ticket_opens_one_connection(play: Play):
    async def story(stage: Stage):
        url = await new_url(stage)
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
            hello = await socket.receive_json()
            assert (hello["type"], hello["num_connections"]) == ("hello", 1)
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(url)

    play(story)


def test_the_bot_token_opens_no_socket(play: Play):
    async def story(stage: Stage):
        call = stage.client.apps_connections_open(app_token=stage.slack.workspace.bot.token)
        assert await stage.error_of(call) == "not_allowed_token_type"

    play(story)


def test_an_eleventh_connection_is_one_too_many(play: Play):
    async def story(stage: Stage):
        async with aiohttp.ClientSession() as session:
            sockets = [await session.ws_connect(await new_url(stage)) for _ in range(11)]
            first_words = [await socket.receive_json() for socket in sockets]
            assert [word["type"] for word in first_words] == ["hello"] * 10 + ["disconnect"]
            assert first_words[-1]["reason"] == "too_many_websockets"
            for socket in sockets:
                await socket.close()

    play(story)


def test_a_command_travels_in_an_envelope_with_all_its_fields(play: Play):
    async def story(stage: Stage):
        async with a_socket(stage) as socket, stage.person(RILEY) as riley:
            typing = asyncio.create_task(riley.command("/support-role status prod", "cloud-security"))
            envelope = await socket.receive_json()
            await ack(socket, envelope)
            await typing
        payload = envelope["payload"]
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
        assert (payload["command"], payload["text"]) == ("/support-role", "status prod")
        assert (payload["user_id"], payload["user_name"]) == (RILEY, "riley")
        assert payload["channel_name"] == "cloud-security"
        assert payload["is_enterprise_install"] == "false"
        assert "enterprise_id" not in payload
        assert payload["response_url"].startswith(stage.slack.url)
        assert payload["trigger_id"].count(".") == 2

    play(story)


def test_the_acknowledgement_may_carry_the_answer(play: Play):
    async def story(stage: Stage):
        async with a_socket(stage) as socket, stage.person(RILEY) as riley:
            typing = asyncio.create_task(riley.command("/x", "cloud-security"))
            await ack(socket, await socket.receive_json(), {"text": "hello", "response_type": "in_channel"})
            await typing
            seen = await riley.last_message("cloud-security")
            assert (seen.text, seen.is_ephemeral) == ("hello", False)

    play(story)


def test_without_an_acknowledgement_the_person_sees_a_timeout(play: Play):
    async def story(stage: Stage):
        async with a_socket(stage), stage.person(RILEY) as riley:
            with pytest.raises(NotDone, match="operation_timeout"):
                await riley.command("/support-role status", "cloud-security")
            seen = await riley.last_message("cloud-security")
            assert seen.text == '/support-role failed with the error "operation_timeout"'
            assert seen.is_ephemeral

    play(story, sockets=IMPATIENT)


def test_without_an_app_a_command_cannot_be_dispatched(play: Play):
    async def story(stage: Stage):
        async with stage.person(RILEY) as riley:
            with pytest.raises(NotDone, match="dispatch_failed"):
                await riley.command("/support-role status", "cloud-security")

    play(story, sockets=IMPATIENT)


def test_an_envelope_whose_connection_breaks_comes_over_another(play: Play):
    async def story(stage: Stage):
        async with a_socket(stage) as first, stage.person(RILEY) as riley:
            typing = asyncio.create_task(riley.command("/x", "cloud-security"))
            before = await first.receive_json()
            async with a_socket(stage) as second:
                await first.close()
                after = await second.receive_json()
                await ack(second, after)
                await typing
            assert after == before

    play(story)


def test_each_envelope_goes_to_one_connection_alone(play: Play):
    async def story(stage: Stage):
        async with a_socket(stage) as one, a_socket(stage) as two, stage.person(RILEY) as riley:
            got = {one: 0, two: 0}

            async def answer(socket: aiohttp.ClientWebSocketResponse):
                async for _ in socket:
                    got[socket] += 1
                    await ack(socket, _.json())

            answering = [asyncio.create_task(answer(socket)) for socket in got]
            for _ in range(20):
                await riley.command("/x", "cloud-security")
            for task in answering:
                task.cancel()
            assert sum(got.values()) == 20
            assert all(got.values())

    play(story)


def test_an_event_that_nobody_acknowledges_comes_again(play: Play):
    async def story(stage: Stage):
        async with a_socket(stage) as socket, stage.person(RILEY) as riley:
            await riley.open_home()
            attempts = [await socket.receive_json() for _ in range(3)]
            assert [one["retry_attempt"] for one in attempts] == [0, 1, 2]
            assert [one["retry_reason"] for one in attempts] == ["", "timeout", "timeout"]
            assert len({one["payload"]["event_id"] for one in attempts}) == 1

    play(story, sockets=IMPATIENT)


def test_the_same_envelope_can_be_sent_twice(play: Play):
    async def story(stage: Stage):
        async with a_socket(stage) as socket, stage.person(RILEY) as riley:
            seen = []
            for deed in (riley.command("/x", "cloud-security"), riley.redeliver()):
                doing = asyncio.create_task(deed)
                seen.append(await socket.receive_json())
                await ack(socket, seen[-1])
                await doing
            assert seen[0] == seen[1]

    play(story)


def test_a_refresh_asks_the_app_to_reconnect_and_loses_nothing(play: Play):
    answered = []

    def app(bolt: AsyncApp):
        @bolt.command("/x")
        async def answer(ack: AsyncAck, command: dict[str, Any]):
            await ack()
            answered.append(command["text"])

    async def story(stage: Stage):
        async with stage.person(RILEY) as riley:
            for number in range(6):
                if number % 2:
                    await riley.disconnect_app()
                await riley.command(f"/x {number}", "cloud-security")
        assert answered == [str(number) for number in range(6)]

    play(story, app)


def test_connections_are_refreshed_by_themselves_when_told_so(play: Play):
    async def story(stage: Stage):
        async with a_socket(stage) as socket:
            word = await socket.receive_json()
            assert (word["type"], word["reason"]) == ("disconnect", "refresh_requested")

    play(story, sockets=SocketSettings(refresh_seconds=0.05))


def test_an_outage_cuts_the_app_off_until_it_ends(play: Play):
    async def story(stage: Stage):
        async with a_socket(stage) as socket, stage.person(RILEY) as riley:
            await riley.outage(60)
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
            url = stage.slack.api_url + "auth.test"
            async with aiohttp.ClientSession() as session, session.post(url) as response:
                assert response.status == 503
            await riley.outage(0)
            assert (await stage.client.auth_test())["ok"]

    play(story)
