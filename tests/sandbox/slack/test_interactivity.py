"""Buttons, selects, modals and the home tab: a person's deeds reach a Bolt app and its answers the person."""

import asyncio
import re
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import (
    ANA,
    CLOUD_SECURITY,
    EVE,
    RANDOM,
    RILEY,
    Bot,
    Command,
    NotDone,
    default_workspace,
)
from tests.sandbox.slack.stage import FakeClock, Play, Stage


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(action_id: str, text: str = "Go", **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": plain(text), **more}


def option(value: str) -> dict[str, Any]:
    return {"text": plain(value.title()), "value": value}


def field(block_id: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": element, **more}


def text_input(action_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "plain_text_input", "action_id": action_id, **more}


def modal(*blocks: dict[str, Any], title: str = "Form", **more: Any) -> dict[str, Any]:
    return {
        "type": "modal", "callback_id": "form", "title": plain(title), "submit": plain("Send"),
        "blocks": list(blocks), **more,
    }  # fmt: skip


NUMBER = {"type": "number_input", "action_id": "a", "is_decimal_allowed": False}
REASON = field("why", text_input("reason", min_length=5))


class Recorder:
    """An app that acknowledges all there is and keeps what it got."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.answer: dict[str, Any] = {}
        self.view: dict[str, Any] = modal(REASON)

    def __call__(self, bolt: Any) -> None:
        @bolt.command("/x")
        async def command(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient):
            await ack()
            self.bodies.append(body)
            if body["text"] == "modal":
                await client.views_open(trigger_id=body["trigger_id"], view=self.view)

        @bolt.action(re.compile(".*"))
        @bolt.view_closed("form")
        async def keep(ack: AsyncAck, body: dict[str, Any]):
            await ack()
            self.bodies.append(body)

        @bolt.view("form")
        async def submitted(ack: AsyncAck, body: dict[str, Any]):
            self.bodies.append(body)
            await ack(**self.answer)

        @bolt.options("account")
        async def options(ack: AsyncAck, payload: dict[str, Any]):
            found = [name for name in ("data-lake", "data-mart", "web") if payload["value"] in name]
            await ack(options=[option(name) for name in found])


async def post(stage: Any, *elements: dict[str, Any]) -> str:
    blocks = [{"type": "actions", "block_id": "row", "elements": list(elements)}]
    answer = await stage.client.chat_postMessage(channel=CLOUD_SECURITY, text="choose", blocks=blocks)
    return str(answer["ts"])


async def open_modal(person: Any) -> Any:
    await person.command("/x modal", "cloud-security")
    return await person.wait_for_modal()


def test_a_click_carries_the_whole_message(play: Play):
    app = Recorder()

    async def story(stage: Stage):
        ts = await post(stage, button("go", value="7"))
        async with stage.person(RILEY) as riley:
            await riley.click(await riley.last_message("cloud-security"), "Go")
        body = app.bodies[0]
        assert body["type"] == "block_actions"
        assert body["user"] == {
            "id": RILEY, "username": "riley", "name": "riley", "team_id": stage.slack.workspace.team_id,
        }  # fmt: skip
        assert body["container"] == {
            "type": "message", "message_ts": ts, "channel_id": CLOUD_SECURITY, "is_ephemeral": False,
        }  # fmt: skip
        assert body["channel"] == {"id": CLOUD_SECURITY, "name": "cloud-security"}
        assert body["message"]["blocks"][0]["block_id"] == "row"
        action = body["actions"][0]
        assert (action["type"], action["action_id"], action["block_id"], action["value"]) == (
            "button", "go", "row", "7",
        )  # fmt: skip
        assert re.fullmatch(r"\d+\.\d{6}", action["action_ts"])

    play(story, app)


def test_a_click_on_an_ephemeral_message_does_not_repeat_it(play: Play):
    app = Recorder()

    async def story(stage: Stage):
        blocks = [{"type": "actions", "elements": [button("go")]}]
        await stage.client.chat_postEphemeral(
            channel=CLOUD_SECURITY, user=RILEY, text="choose", blocks=blocks
        )
        async with stage.person(RILEY) as riley:
            await riley.click(await riley.last_message("cloud-security"), "Go")
        assert app.bodies[0]["container"]["is_ephemeral"]
        assert "message" not in app.bodies[0]

    play(story, app)


def test_only_what_is_displayed_can_be_pressed(play: Play):
    app = Recorder()

    async def story(stage: Stage):
        ts = await post(stage, button("go"))
        async with stage.person(RILEY) as riley, stage.person(EVE) as eve:
            message = await riley.last_message("cloud-security")
            await stage.client.chat_update(channel=CLOUD_SECURITY, ts=ts, text="decided", blocks=[])
            with pytest.raises(NotDone, match="not_displayed"):
                await riley.click(message, "Go")
            await post(stage, button("go"))
            with pytest.raises(NotDone, match="not_displayed"):
                await eve.click(await riley.last_message("cloud-security"), "Go")
        assert app.bodies == []

    play(story, app)


def test_buttons_with_one_action_id_are_told_apart_by_their_value(play: Play):
    app = Recorder()

    async def story(stage: Stage):
        rows = [{"type": "actions", "elements": [button("go", value=value)]} for value in ("1", "2")]
        await stage.client.chat_postMessage(channel=CLOUD_SECURITY, text="rows", blocks=rows)
        async with stage.person(RILEY) as riley:
            await riley.click(await riley.last_message("cloud-security"), "go", value="2")
        assert app.bodies[0]["actions"][0]["value"] == "2"

    play(story, app)


CHOICES = [
    ({"type": "static_select", "options": [option("a"), option("b")]}, "b", "selected_option", option("b")),
    ({"type": "multi_static_select", "options": [option("b")]}, ["b"], "selected_options", [option("b")]),
    ({"type": "radio_buttons", "options": [option("a")]}, "a", "selected_option", option("a")),
    ({"type": "checkboxes", "options": [option("a")]}, ["a"], "selected_options", [option("a")]),
    ({"type": "overflow", "options": [option("a")]}, "a", "selected_option", option("a")),
    ({"type": "users_select"}, ANA, "selected_user", ANA),
    ({"type": "multi_users_select"}, [ANA], "selected_users", [ANA]),
    ({"type": "channels_select"}, CLOUD_SECURITY, "selected_channel", CLOUD_SECURITY),
    ({"type": "multi_channels_select"}, [RANDOM], "selected_channels", [RANDOM]),
    ({"type": "conversations_select"}, CLOUD_SECURITY, "selected_conversation", CLOUD_SECURITY),
    ({"type": "datepicker"}, "2026-12-01", "selected_date", "2026-12-01"),
    ({"type": "timepicker"}, "09:00", "selected_time", "09:00"),
    ({"type": "datetimepicker"}, 1_790_000_000, "selected_date_time", 1_790_000_000),
]  # fmt: skip


@pytest.mark.parametrize(("element", "choice", "name", "value"), CHOICES, ids=lambda v: str(v)[:30])
def test_every_kind_of_choice_arrives_under_its_own_name(
    play: Play, element: dict[str, Any], choice: Any, name: str, value: Any
):
    app = Recorder()

    async def story(stage: Stage):
        await post(stage, element | {"action_id": "pick"})
        async with stage.person(RILEY) as riley:
            await riley.click(await riley.last_message("cloud-security"), "pick", selected=choice)
        body = app.bodies[0]
        assert body["actions"][0][name] == value
        if element["type"] != "overflow":
            assert body["state"]["values"]["row"]["pick"][name] == value

    play(story, app)


def test_an_option_that_is_not_offered_cannot_be_chosen(play: Play):
    async def story(stage: Stage):
        await post(stage, {"type": "static_select", "action_id": "pick", "options": [option("a")]})
        async with stage.person(RILEY) as riley:
            with pytest.raises(NotDone, match="not_displayed"):
                await riley.click(await riley.last_message("cloud-security"), "pick", selected="z")

    play(story, Recorder())


def test_a_trigger_opens_one_modal_within_three_seconds(play: Play, clock: FakeClock):
    app = Recorder()

    async def story(stage: Stage):
        async with stage.person(RILEY) as riley:
            for text in ("one", "two"):
                await riley.command(f"/x {text}", "cloud-security")
        triggers = [body["trigger_id"] for body in app.bodies]
        await stage.client.views_open(trigger_id=triggers[0], view=modal(REASON))
        open_again = stage.client.views_open(trigger_id=triggers[0], view=modal(REASON))
        assert await stage.error_of(open_again) == "exchanged_trigger_id"
        made_up = stage.client.views_open(trigger_id="1.2.abc", view=modal(REASON))
        assert await stage.error_of(made_up) == "invalid_trigger_id"
        clock.now += 3.5
        late = stage.client.views_open(trigger_id=triggers[1], view=modal(REASON))
        assert await stage.error_of(late) == "expired_trigger_id"

    play(story, app, clock=clock)


def test_a_bad_view_is_refused_and_its_trigger_kept(play: Play):
    app = Recorder()

    async def story(stage: Stage):
        async with stage.person(RILEY) as riley:
            await riley.command("/x", "cloud-security")
            trigger_id = app.bodies[0]["trigger_id"]
            bad = stage.client.views_open(trigger_id=trigger_id, view=modal(REASON, title="x" * 25))
            refusal = await stage.refusal_of(bad)
            assert refusal["error"] == "invalid_arguments"
            assert "/view/title/text" in refusal["response_metadata"]["messages"][0]
            await stage.client.views_open(trigger_id=trigger_id, view=modal(REASON))
            assert (await riley.wait_for_modal()).title == "Form"

    play(story, app)


def test_a_submission_carries_what_was_entered(play: Play):
    app = Recorder()
    app.view = modal(
        REASON,
        field("when", {"type": "datepicker", "action_id": "end", "initial_date": "2026-12-01"}),
        field("who", {"type": "users_select", "action_id": "owner"}, optional=True),
        private_metadata="form 7",
    )

    async def story(stage: Stage):
        async with stage.person(RILEY) as riley:
            assert await riley.submit(await open_modal(riley), {"reason": "It is empty"}) == {}
            assert (await riley.screen()).modal is None
        view = app.bodies[-1]["view"]
        assert view["private_metadata"] == "form 7"
        assert view["state"]["values"] == {
            "why": {"reason": {"type": "plain_text_input", "value": "It is empty"}},
            "when": {"end": {"type": "datepicker", "selected_date": "2026-12-01"}},
            "who": {"owner": {"type": "users_select", "selected_user": None}},
        }
        bot = stage.slack.workspace.bot
        assert (view["root_view_id"], view["app_id"], view["bot_id"]) == (view["id"], bot.app_id, bot.bot_id)

    play(story, app)


@pytest.mark.parametrize(
    ("element", "entered", "problem"),
    [
        (text_input("a"), "", "Please complete this required field."),
        (text_input("a", min_length=5), "abc", "at least 5"),
        (text_input("a", max_length=2), "abc", "at most 2"),
        (NUMBER, "1.5", "whole number"),
        (NUMBER | {"is_decimal_allowed": True, "max_value": "9"}, "9.5", "at most 9"),
        ({"type": "email_text_input", "action_id": "a"}, "riley", "valid email"),
        ({"type": "url_text_input", "action_id": "a"}, "riley", "valid URL"),
    ],
)  # fmt: skip
def test_a_form_that_is_not_right_never_reaches_the_app(
    play: Play, element: dict[str, Any], entered: str, problem: str
):
    app = Recorder()
    app.view = modal(field("one", element))

    async def story(stage: Stage):
        async with stage.person(RILEY) as riley:
            errors = await riley.submit(await open_modal(riley), {"a": entered})
        assert problem in errors["one"]
        assert [body.get("type") for body in app.bodies] == [None]

    play(story, app)


def test_the_app_can_object_to_a_field(play: Play):
    app = Recorder()
    app.answer = {"response_action": "errors", "errors": {"why": "Say more."}}

    async def story(stage: Stage):
        async with stage.person(RILEY) as riley:
            form = await open_modal(riley)
            assert await riley.submit(form, {"reason": "because"}) == {"why": "Say more."}
            assert (await riley.screen()).modal is not None

    play(story, app)


def test_an_objection_to_a_field_that_is_not_there_is_refused(play: Play):
    app = Recorder()
    app.answer = {"response_action": "errors", "errors": {"other": "What?"}}

    async def story(stage: Stage):
        async with stage.person(RILEY) as riley:
            with pytest.raises(NotDone, match="invalid_view_response"):
                await riley.submit(await open_modal(riley), {"reason": "because"})

    play(story, app)


def test_a_submission_can_change_the_modal_push_another_or_clear_all(play: Play):
    app = Recorder()

    async def story(stage: Stage):
        async with stage.person(RILEY) as riley:
            form = await open_modal(riley)
            app.answer = {"response_action": "update", "view": modal(REASON, title="Second")}
            await riley.submit(form, {"reason": "because"})
            second = await riley.wait_for_modal("Second")
            assert second.id == form.id
            app.answer = {"response_action": "push", "view": modal(REASON, title="Third")}
            await riley.submit(second, {"reason": "because"})
            third = await riley.wait_for_modal("Third")
            assert third.raw["previous_view_id"] == form.id
            app.answer = {"response_action": "clear"}
            await riley.submit(third, {"reason": "because"})
            assert (await riley.screen()).modal is None

    play(story, app)


def test_no_more_than_three_modals_lie_on_each_other(play: Play):
    app = Recorder()

    async def story(stage: Stage):
        async with stage.person(RILEY) as riley:
            view = await open_modal(riley)
            for title in ("Two", "Three"):
                app.answer = {"response_action": "push", "view": modal(REASON, title=title)}
                await riley.submit(view, {"reason": "because"})
                view = await riley.wait_for_modal(title)
            with pytest.raises(NotDone, match="invalid_view_response"):
                await riley.submit(view, {"reason": "because"})

    play(story, app)


def test_an_update_must_know_the_newest_hash(play: Play):
    app = Recorder()

    async def story(stage: Stage):
        async with stage.person(RILEY) as riley:
            form = await open_modal(riley)
            old = form.raw["hash"]
            await stage.client.views_update(view_id=form.id, hash=old, view=modal(REASON, title="New"))
            stale = stage.client.views_update(view_id=form.id, hash=old, view=modal(REASON))
            assert await stage.error_of(stale) == "hash_conflict"
            assert (await riley.wait_for_modal("New")).id == form.id

    play(story, app)


def test_closing_tells_the_app_only_if_it_asked(play: Play):
    app = Recorder()

    async def story(stage: Stage):
        async with stage.person(RILEY) as riley:
            await riley.close(await open_modal(riley))
            assert [body.get("type") for body in app.bodies] == [None]
            app.view = modal(REASON, notify_on_close=True)
            await riley.close(await open_modal(riley))
            assert app.bodies[-1]["type"] == "view_closed"
            assert app.bodies[-1]["is_cleared"] is False

    play(story, app)


def test_an_external_select_asks_the_app(play: Play):
    app = Recorder()
    app.view = modal(field("acc", {"type": "external_select", "action_id": "account"}))

    async def story(stage: Stage):
        async with stage.person(RILEY) as riley:
            form = await open_modal(riley)
            assert await riley.suggestions(form, "account", "data") == ["Data-Lake", "Data-Mart"]
            await riley.submit(form, {"account": "data-mart"})
        values = app.bodies[-1]["view"]["state"]["values"]
        assert values["acc"]["account"]["selected_option"]["value"] == "data-mart"

    play(story, app)


def test_the_home_tab_is_published_to_one_person(play: Play):
    def app(bolt: AsyncApp):
        @bolt.event("app_home_opened")
        async def opened(event: dict[str, Any], client: AsyncWebClient):
            view = {"type": "home", "blocks": [{"type": "header", "text": plain(event["tab"])}]}
            await client.views_publish(user_id=event["user"], view=view)

    async def story(stage: Stage):
        async with stage.person(RILEY) as riley, stage.person(ANA) as ana:
            await riley.open_home()
            home = await riley.wait_for(lambda screen: screen.home)
            assert home.words == "home"
            assert (await ana.screen()).home is None

    play(story, app)


def test_a_response_url_replaces_answers_and_deletes(play: Play):
    app = Recorder()

    async def story(stage: Stage):
        await post(stage, button("go"))
        async with stage.person(RILEY) as riley, aiohttp.ClientSession() as session:
            await riley.click(await riley.last_message("cloud-security"), "Go")
            url = app.bodies[0]["response_url"]
            await session.post(url, json={"text": "private"})
            await session.post(url, json={"text": "open", "response_type": "in_channel"})
            await session.post(url, json={"text": "decided", "replace_original": True})
            seen = await riley.messages("cloud-security")
            assert [(m.text, m.is_ephemeral, m.is_edited) for m in seen] == [
                ("decided", False, True), ("private", True, False), ("open", False, False),
            ]  # fmt: skip
            await session.post(url, json={"delete_original": True})
            assert [m.text for m in await riley.messages("cloud-security")] == ["private", "open"]

    play(story, app)


def test_a_response_url_works_five_times_in_half_an_hour(play: Play, clock: FakeClock):
    app = Recorder()

    async def story(stage: Stage):
        async with stage.person(RILEY) as riley, aiohttp.ClientSession() as session:
            await riley.command("/x", "random")
            await riley.command("/x", "random")
            first, second = (body["response_url"] for body in app.bodies)
            answers = [await session.post(first, json={"text": "hi"}) for _ in range(6)]
            assert [answer.status for answer in answers] == [200] * 5 + [404]
            clock.now += 30 * 60 + 1
            assert (await session.post(second, json={"text": "late"})).status == 404
            assert len(await riley.messages("random")) == 5

    play(story, app, clock=clock)


def test_a_command_that_the_manifest_does_not_name_is_not_valid(play: Play):
    async def story(stage: Stage):
        async with stage.person(RILEY) as riley:
            with pytest.raises(NotDone, match="invalid_command"):
                await riley.command("/unknown", "cloud-security")
            assert (await riley.last_message("cloud-security")).text == "`/unknown` is not a valid command."

    play(story, workspace=default_workspace(Bot(commands=(Command("/x"),))))


def test_an_invitation_brings_the_app_into_a_channel(play: Play):
    joined = asyncio.Event()

    def app(bolt: AsyncApp):
        @bolt.event("member_joined_channel")
        async def on_join():
            joined.set()

    async def story(stage: Stage):
        async with stage.person(RILEY) as riley:
            await riley.command("/invite @support-role", "random")
            await asyncio.wait_for(joined.wait(), 30)
        await stage.client.chat_postMessage(channel=RANDOM, text="hi")

    play(story, app)


def test_hostile_words_stay_words(play: Play):
    async def story(stage: Stage):
        async with stage.person(RILEY) as riley:
            await riley.type("<!channel> & <script>", "cloud-security")
            assert (
                await riley.last_message("cloud-security")
            ).text == "&lt;!channel&gt; &amp; &lt;script&gt;"

    play(story)
