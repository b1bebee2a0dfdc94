"""Tokens are tried before anybody clicks: one that Slack refuses ends the start, an outage does not."""

import asyncio

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import LocalSlack, Person, default_workspace
from bot.sandbox.slack.workspace import RILEY
from bot.serve.auth import BOT_TOKEN, accepted
from bot.serve.errors import StartError
from bot.slack.client import build_async_client

NOT_THIS_ONE = "xoxb-not-this-one"


def tried(token: str, *failures: str) -> object:
    """What comes of trying a token in a workspace whose next answers may be failures."""

    async def go() -> object:
        async with LocalSlack() as slack, Person(slack.url, RILEY) as riley:
            for failure in failures:
                await riley.fail_next("auth.test", failure)
            client: AsyncWebClient = build_async_client(token, slack.api_url)
            return await accepted(client.auth_test(), BOT_TOKEN)

    return asyncio.run(go())


def test_a_good_token_is_accepted():
    assert tried(default_workspace().bot.token)


@pytest.mark.parametrize(
    ("token", "word"),
    [(NOT_THIS_ONE, "invalid_auth"), (default_workspace().bot.app_token, "not_allowed_token_type")],
)
def test_a_token_that_slack_does_not_take_is_said_with_the_way_out(token: str, word: str):
    with pytest.raises(StartError) as fault:
        tried(token)

    assert str(fault.value).startswith(f"Slack does not take slack.bot_token: {word}. Copy the token")
    assert token not in str(fault.value)


@pytest.mark.parametrize("word", ["internal_error", "service_unavailable"])
def test_an_outage_at_the_start_is_waited_out(word: str):
    assert tried(default_workspace().bot.token, word) is None


def test_a_slack_that_is_not_there_is_waited_for():
    async def go() -> object:
        client = build_async_client(NOT_THIS_ONE, "http://127.0.0.1:9/api/")
        client.retry_handlers.clear()
        return await accepted(client.auth_test(), BOT_TOKEN)

    assert asyncio.run(go()) is None
