"""The Web API answers as Slack's does, called by slack_sdk's own client."""

import re
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import (
    ANA,
    APPROVALS,
    CLOUD_APPROVERS,
    CLOUD_SECURITY,
    EVE,
    GUS,
    PARTNERS,
    RANDOM,
    RILEY,
    SAM,
    Bot,
    Channel,
    RateLimits,
    Workspace,
    default_workspace,
)
from tests.sandbox.slack.stage import FakeClock, Play, Stage


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def with_scopes(*scopes: str) -> Workspace:
    return default_workspace(Bot(scopes=scopes))


def with_channel(channel: Channel) -> Workspace:
    workspace = default_workspace()
    return replace(workspace, channels=(*workspace.channels, channel))


def test_tokens_are_checked_before_anything_else(play: Play):
    async def story(stage: Stage):
        api = stage.slack.api_url
        bot = stage.slack.workspace.bot
        assert await stage.error_of(AsyncWebClient(base_url=api).auth_test()) == "not_authed"
        assert await stage.error_of(AsyncWebClient("xoxb-wrong", base_url=api).auth_test()) == "invalid_auth"
        app_token = AsyncWebClient(bot.app_token, base_url=api)
        assert await stage.error_of(app_token.auth_test()) == "not_allowed_token_type"
        assert await stage.error_of(stage.client.api_call("no.such")) == "unknown_method"

    play(story)


def test_auth_test_says_who_the_app_is(play: Play):
    async def story(stage: Stage):
        answer = await stage.client.auth_test()
        bot = stage.slack.workspace.bot
        assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == (
            bot.user_id, bot.bot_id, stage.slack.workspace.team_id,
        )  # fmt: skip
        assert answer.headers["X-OAuth-Scopes"].split(",") == list(bot.scopes)

    play(story)


def test_form_and_json_bodies_mean_the_same(play: Play):
    async def story(stage: Stage):
        token = stage.slack.workspace.bot.token
        form = {"token": token, "channel": CLOUD_SECURITY, "text": "hi", "blocks": '[{"type": "divider"}]'}
        url = stage.slack.api_url + "chat.postMessage"
        async with aiohttp.ClientSession() as session, session.post(url, data=form) as response:
            first = await response.json()
        second = await stage.client.chat_postMessage(
            channel=CLOUD_SECURITY, text="hi", blocks=[{"type": "divider"}]
        )
        kinds = [[b["type"] for b in answer["message"]["blocks"]] for answer in (first, second.data)]
        assert kinds == [["divider"], ["divider"]]

    play(story)


def test_a_missing_scope_is_named(play: Play):
    async def story(stage: Stage):
        refusal = await stage.refusal_of(stage.client.chat_postMessage(channel=CLOUD_SECURITY, text="hi"))
        assert (refusal["error"], refusal["needed"], refusal["provided"]) == (
            "missing_scope", "chat:write", "users:read",
        )  # fmt: skip

    play(story, workspace=with_scopes("users:read"))


@pytest.mark.parametrize(
    ("channel", "error"),
    [("C0NOWHERE0", "channel_not_found"), (RANDOM, "not_in_channel"), ("C0ARCHIVED", "is_archived"),
     ("C0SECRET00", "channel_not_found")],
)  # fmt: skip
def test_the_app_posts_only_where_it_may(play: Play, channel: str, error: str):
    workspace = default_workspace()
    more = (
        Channel("C0ARCHIVED", "old", (RILEY,), is_archived=True),
        Channel("C0SECRET00", "secret", (RILEY,), has_bot=False, is_private=True),
    )

    async def story(stage: Stage):
        assert await stage.error_of(stage.client.chat_postMessage(channel=channel, text="hi")) == error

    play(story, workspace=replace(workspace, channels=(*workspace.channels, *more)))


def test_with_the_public_scope_the_app_posts_in_any_public_channel(play: Play):
    async def story(stage: Stage):
        await stage.client.chat_postMessage(channel=RANDOM, text="hi")
        async with stage.person(RILEY) as riley:
            assert (await riley.last_message("random")).text == "hi"

    play(story, workspace=with_scopes("chat:write", "chat:write.public"))


def test_a_message_can_be_posted_changed_and_deleted(play: Play):
    async def story(stage: Stage):
        posted = await stage.client.chat_postMessage(channel=CLOUD_SECURITY, text="one")
        await stage.client.chat_update(channel=CLOUD_SECURITY, ts=posted["ts"], text="two")
        async with stage.person(RILEY) as riley:
            seen = await riley.last_message("cloud-security")
            assert (seen.text, seen.is_edited) == ("two", True)
            await stage.client.chat_delete(channel=CLOUD_SECURITY, ts=posted["ts"])
            assert await riley.messages("cloud-security") == []

    play(story)


def test_metadata_survives_an_update_that_does_not_mention_it(play: Play):
    metadata = {"event_type": "request", "event_payload": {"id": "7"}}

    async def story(stage: Stage):
        posted = await stage.client.chat_postMessage(channel=CLOUD_SECURITY, text="one", metadata=metadata)
        changed = await stage.client.chat_update(channel=CLOUD_SECURITY, ts=posted["ts"], text="two")
        assert changed["message"]["metadata"] == metadata

    play(story)


def test_what_cannot_be_changed_says_why(play: Play):
    async def story(stage: Stage):
        async with stage.person(RILEY) as riley:
            await riley.type("mine", "cloud-security")
            ts = (await riley.last_message("cloud-security")).id
        hidden = await stage.client.chat_postEphemeral(channel=CLOUD_SECURITY, user=RILEY, text="psst")
        change = stage.client.chat_update
        place = {"channel": CLOUD_SECURITY, "text": "x"}
        assert await stage.error_of(change(ts=ts, **place)) == "cant_update_message"
        assert await stage.error_of(change(ts="1.000001", **place)) == "message_not_found"
        assert await stage.error_of(change(ts=hidden["message_ts"], **place)) == "message_not_found"

    play(story)


def test_a_message_says_something_and_not_too_much(play: Play):
    async def story(stage: Stage):
        post = stage.client.chat_postMessage
        # The client's own method warns of a missing text before it sends anything.
        silent = stage.client.api_call("chat.postMessage", json={"channel": CLOUD_SECURITY})
        assert await stage.error_of(silent) == "no_text"
        assert await stage.error_of(post(channel=CLOUD_SECURITY, text="x" * 40_001)) == "msg_too_long"
        posted = await post(channel=CLOUD_SECURITY, text="x" * 4_001)
        update = stage.client.chat_update(channel=CLOUD_SECURITY, ts=posted["ts"], text="x" * 4_001)
        assert await stage.error_of(update) == "msg_too_long"

    play(story)


def test_bad_blocks_are_refused_with_their_places(play: Play):
    async def story(stage: Stage):
        post = stage.client.chat_postMessage
        refusal = await stage.refusal_of(post(channel=CLOUD_SECURITY, text="x", blocks=[section("")]))
        assert refusal["error"] == "invalid_blocks"
        assert "[json-pointer:/blocks/0/text/text]" in refusal["response_metadata"]["messages"][0]
        too_long = post(channel=CLOUD_SECURITY, text="x", blocks=[section("x" * 2_900)] * 5)
        assert await stage.error_of(too_long) == "msg_blocks_too_long"
        not_json = post(channel=CLOUD_SECURITY, text="x", blocks="[")
        assert await stage.error_of(not_json) == "invalid_blocks_format"

    play(story)


def test_an_ephemeral_message_is_seen_by_one_person_alone(play: Play):
    async def story(stage: Stage):
        await stage.client.chat_postEphemeral(channel=CLOUD_SECURITY, user=RILEY, text="only you")
        async with stage.person(RILEY) as riley, stage.person(ANA) as ana:
            assert [m.is_ephemeral for m in await riley.messages("cloud-security")] == [True]
            assert await ana.messages("cloud-security") == []
        outsider = stage.client.chat_postEphemeral(channel=CLOUD_SECURITY, user=EVE, text="x")
        assert await stage.error_of(outsider) == "user_not_in_channel"

    play(story)


def test_a_reply_needs_its_thread(play: Play):
    async def story(stage: Stage):
        post = stage.client.chat_postMessage
        parent = await post(channel=CLOUD_SECURITY, text="parent")
        await post(channel=CLOUD_SECURITY, text="child", thread_ts=parent["ts"])
        lost = post(channel=CLOUD_SECURITY, text="lost", thread_ts="1.000001")
        assert await stage.error_of(lost) == "thread_not_found"
        replies = await stage.client.conversations_replies(channel=CLOUD_SECURITY, ts=parent["ts"])
        assert [m["text"] for m in replies["messages"]] == ["parent", "child"]
        history = await stage.client.conversations_history(channel=CLOUD_SECURITY)
        assert [m["text"] for m in history["messages"]] == ["parent"]

    play(story, workspace=with_scopes("chat:write", "channels:history"))


def test_a_channel_takes_a_burst_and_then_one_message_a_second(play: Play, clock: FakeClock):
    async def story(stage: Stage):
        for _ in range(3):
            await stage.client.chat_postMessage(channel=CLOUD_SECURITY, text="x")
        await stage.client.chat_postMessage(channel=APPROVALS, text="another channel is not concerned")
        refused = stage.client.chat_postMessage(channel=CLOUD_SECURITY, text="x")
        assert await stage.error_of(refused) == "ratelimited"
        clock.now += 1
        await stage.client.chat_postMessage(channel=CLOUD_SECURITY, text="x")

    play(story, limits=RateLimits(), clock=clock)


def test_a_rate_limit_is_a_429_that_says_when_to_come_back(play: Play, clock: FakeClock):
    async def story(stage: Stage):
        form = {"token": stage.slack.workspace.bot.token}
        async with aiohttp.ClientSession() as session:
            for _ in range(20):
                async with session.post(stage.slack.api_url + "usergroups.list", data=form) as response:
                    assert response.status == 200
            async with session.post(stage.slack.api_url + "usergroups.list", data=form) as response:
                assert (response.status, response.headers["Retry-After"]) == (429, "3")

    play(story, limits=RateLimits(), clock=clock)


def test_channels_are_described_as_slack_does(play: Play):
    async def story(stage: Stage):
        shared = (await stage.client.conversations_info(channel=PARTNERS))["channel"]
        assert (shared["name"], shared["is_ext_shared"], shared["is_member"]) == ("partners", True, True)
        random = (await stage.client.conversations_info(channel=RANDOM))["channel"]
        assert random["is_member"] is False
        assert await stage.error_of(stage.client.conversations_info(channel="C0")) == "channel_not_found"

    play(story)


def test_lists_come_in_pages(play: Play):
    async def story(stage: Stage):
        names, cursor = [], ""
        for _ in range(3):
            page = await stage.client.conversations_list(limit=2, cursor=cursor)
            names += [channel["name"] for channel in page["channels"]]
            cursor = page["response_metadata"]["next_cursor"]
        assert names == ["cloud-security", "approvals", "cloud-audit", "random", "partners"]
        assert cursor == ""

    play(story)


def test_people_are_described_with_what_makes_them_special(play: Play):
    async def story(stage: Stage):
        guest = (await stage.client.users_info(user=GUS))["user"]
        stranger = (await stage.client.users_info(user=EVE))["user"]
        assert guest["is_restricted"]
        assert stranger["is_stranger"]
        assert stranger["team_id"] != stage.slack.workspace.team_id
        assert await stage.error_of(stage.client.users_info(user="U0NOBODY00")) == "user_not_found"
        everyone = (await stage.client.users_list())["members"]
        assert [user["is_bot"] for user in everyone] == [False] * 6 + [True]

    play(story)


def test_user_groups_list_their_members(play: Play):
    async def story(stage: Stage):
        groups = (await stage.client.usergroups_list(include_users=True))["usergroups"]
        assert [(group["handle"], group["users"]) for group in groups] == [("cloud-approvers", [ANA, SAM])]
        members = await stage.client.usergroups_users_list(usergroup=CLOUD_APPROVERS)
        assert members["users"] == [ANA, SAM]
        unknown = stage.client.usergroups_users_list(usergroup="S0")
        assert await stage.error_of(unknown) == "no_such_subteam"

    play(story)


def test_a_direct_message_reaches_one_person(play: Play):
    async def story(stage: Stage):
        channel = (await stage.client.conversations_open(users=RILEY))["channel"]["id"]
        assert re.fullmatch(r"D[A-Z0-9]+", channel)
        await stage.client.chat_postMessage(channel=channel, text="by channel")
        await stage.client.chat_postMessage(channel=RILEY, text="by person")
        async with stage.person(RILEY) as riley, stage.person(ANA) as ana:
            assert [m.text for m in await riley.messages("app")] == ["by channel", "by person"]
            assert await ana.messages("app") == []

    play(story)


def test_the_app_can_join_a_public_channel(play: Play):
    async def story(stage: Stage):
        assert (await stage.client.conversations_join(channel=RANDOM))["channel"]["is_member"]
        await stage.client.chat_postMessage(channel=RANDOM, text="hi")

    play(story, workspace=with_scopes("channels:join", "chat:write"))


def test_a_file_is_uploaded_and_downloaded_again(play: Play):
    async def story(stage: Stage):
        await stage.client.files_upload_v2(
            channel=CLOUD_SECURITY, content="a,b\n1,2", filename="findings.csv", title="Findings"
        )
        async with stage.person(RILEY) as riley:
            file = (await riley.last_message("cloud-security")).files[0]
            assert (file["title"], await riley.download(file)) == ("Findings", b"a,b\n1,2")

    play(story)


def test_an_upload_must_be_as_long_as_it_was_said_to_be(play: Play):
    async def story(stage: Stage):
        place = await stage.client.files_getUploadURLExternal(filename="a.txt", length=10)
        upload = place["upload_url"]
        async with aiohttp.ClientSession() as session, session.post(upload, data=b"short") as response:
            assert response.status == 404
        done = stage.client.files_completeUploadExternal(files=[{"id": place["file_id"], "title": "A"}])
        assert await stage.error_of(done) == "file_not_found"

    play(story)


def test_a_planned_failure_happens_once(play: Play):
    async def story(stage: Stage):
        async with stage.person(RILEY) as riley:
            await riley.fail_next("chat.postMessage", "invalid_blocks")
        refused = stage.client.chat_postMessage(channel=CLOUD_SECURITY, text="x")
        assert await stage.error_of(refused) == "invalid_blocks"
        await stage.client.chat_postMessage(channel=CLOUD_SECURITY, text="x")

    play(story)


def test_private_channels_are_known_to_their_members_alone(play: Play):
    async def story(stage: Stage):
        names = (await stage.client.conversations_list(types="public_channel,private_channel"))["channels"]
        assert "war-room" not in [channel["name"] for channel in names]
        hidden = stage.client.conversations_info(channel="C0WARROOM0")
        assert await stage.error_of(hidden) == "channel_not_found"

    play(
        story,
        workspace=with_channel(Channel("C0WARROOM0", "war-room", (ANA,), has_bot=False, is_private=True)),
    )
