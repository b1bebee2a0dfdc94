from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.domain.digest import TrendPoint
from bot.domain.errors import MessengerError
from bot.domain.finding import Verdict, summary_of
from bot.domain.people import Notice, PersonFacts
from bot.domain.request import ApplyProgress, ApplyStep, MessageRef, RequestState
from bot.flows.ports import Messenger
from bot.slack.blocks.kit import Form
from bot.slack.client import build_client
from bot.slack.messenger import SlackMessenger
from tests.slack.blocks.samples import a_digest, a_known, a_request, a_status, an_event, an_eventful_digest
from tests.slack.stand_in import Answer, Call, StandIn, accept, refuse, running

AT = MessageRef("C0CHANNEL", "1769828400.000100")
WORD = Notice("Not approved", "You asked for this fix.", "Ask <@U0SECOND>.")


@pytest.fixture
def slack() -> Iterator[StandIn]:
    with running() as stand_in:
        yield stand_in


@pytest.fixture
def messenger(slack: StandIn) -> SlackMessenger:
    return SlackMessenger(build_client("xoxb-test", slack.url, timeout=5))


def test_it_is_the_messenger_that_flows_ask_for(messenger: SlackMessenger):
    port: Messenger = messenger

    assert port.show_request("C0CHANNEL", a_request(), None, None) == AT


def test_a_new_status_notifies_no_owner_and_is_then_given_their_names(
    slack: StandIn, messenger: SlackMessenger
):
    at = messenger.show_status("C0CHANNEL", a_status(a_known(owner="U0OWNER")), None)

    assert at == AT
    assert slack.methods == ["chat.postMessage", "chat.update"]
    posted, updated = slack.calls
    assert "user_id" not in str(posted.arguments["blocks"])
    assert "user_id" in str(updated.arguments["blocks"])


def test_a_status_without_owners_takes_one_call(slack: StandIn, messenger: SlackMessenger):
    messenger.show_status("C0CHANNEL", a_status(a_known(owner="")), None)

    assert slack.methods == ["chat.postMessage"]


def test_a_status_is_updated_where_it_stands(slack: StandIn, messenger: SlackMessenger):
    at = messenger.show_status("C0CHANNEL", a_status(a_known()), AT)

    assert at == AT
    assert [(call.method, call.arguments["ts"]) for call in slack.calls] == [("chat.update", AT.ts)]


def test_a_message_has_a_text_beside_its_blocks_and_unfurls_nothing(
    slack: StandIn, messenger: SlackMessenger
):
    messenger.show_request("C0CHANNEL", a_request(), None, None)

    sent = slack.calls[0].arguments
    assert sent["text"].startswith("Approval needed: a support role for payments (000000000001).")
    assert sent["blocks"][0]["type"] == "header"
    assert (sent["unfurl_links"], sent["unfurl_media"]) == (False, False)


def refusing(*types: str) -> Any:
    """A workspace to which Slack has not rolled out these types of block."""

    def answer(call: Call) -> Answer:
        found = {block["type"] for block in call.arguments.get("blocks", [])}
        return refuse("invalid_blocks") if found & set(types) else accept(call)

    return answer


@pytest.mark.parametrize(
    ("refused", "form", "shown"),
    [
        (["data_table"], Form.TABLE, "table"),
        (["data_table", "table"], Form.PLAIN, "section"),
        ([], Form.NATIVE, "data_table"),
    ],
)
def test_blocks_that_a_workspace_lacks_are_replaced_by_plainer_ones(
    slack: StandIn, messenger: SlackMessenger, refused: list[str], form: Form, shown: str
):
    slack.responder = refusing(*refused)

    messenger.show_status("C0CHANNEL", a_status(a_known(owner="")), None)

    assert messenger.form is form
    assert shown in [block["type"] for block in slack.calls[-1].arguments["blocks"]]


def test_the_plainer_form_is_remembered(slack: StandIn, messenger: SlackMessenger):
    slack.responder = refusing("data_table", "table")
    messenger.show_status("C0CHANNEL", a_status(a_known(owner="")), None)
    before = len(slack.calls)

    messenger.show_status("C0CHANNEL", a_status(a_known(owner="")), AT)

    assert len(slack.calls) == before + 1


def test_a_refused_plan_block_becomes_a_checklist(slack: StandIn, messenger: SlackMessenger):
    slack.responder = refusing("plan")

    messenger.show_request("C0CHANNEL", a_request(RequestState.APPLYING), AT, ApplyProgress(ApplyStep.CREATE))

    assert "✅ Check all rules again" in str(slack.calls[-1].arguments["blocks"])


def test_a_message_that_slack_takes_in_no_form_is_a_fault_and_gives_up_no_form(
    slack: StandIn, messenger: SlackMessenger
):
    slack.responder = lambda _: refuse("invalid_blocks")

    with pytest.raises(MessengerError) as fault:
        messenger.show_status("C0CHANNEL", a_status(a_known()), AT)

    assert fault.value.code == "invalid_blocks"
    assert messenger.form is Form.NATIVE


def test_a_message_without_plainer_form_is_sent_once_only(slack: StandIn, messenger: SlackMessenger):
    slack.responder = lambda _: refuse("invalid_blocks")

    with pytest.raises(MessengerError):
        messenger.post_audit("C0AUDIT", an_event())

    assert slack.methods == ["chat.postMessage"]


def test_a_message_too_long_is_sent_plainer_and_the_next_one_is_not(
    slack: StandIn, messenger: SlackMessenger
):
    slack.responder = lambda call: (
        refuse("msg_blocks_too_long") if "data_table" in str(call.arguments) else accept(call)
    )

    messenger.show_status("C0CHANNEL", a_status(a_known()), AT)

    assert "'type': 'table'" in str(slack.calls[-1].arguments["blocks"])
    assert messenger.form is Form.NATIVE


def test_an_audit_event_bears_its_number_for_whoever_looks_for_it(slack: StandIn, messenger: SlackMessenger):
    event = an_event(seq=17)

    messenger.post_audit("C0AUDIT", event)

    assert slack.calls[0].arguments["metadata"] == {
        "event_type": "support_role_audit",
        "event_payload": {"seq": 17, "hash": event.hash},
    }


def test_a_digest_bears_its_key_and_has_its_details_in_the_thread(slack: StandIn, messenger: SlackMessenger):
    at = messenger.post_digest("C0CHANNEL", a_digest(a_known()), "C0CHANNEL/2026-01-31")

    posted, thread, named = slack.calls
    assert posted.arguments["metadata"]["event_payload"] == {"key": "C0CHANNEL/2026-01-31"}
    assert (thread.method, thread.arguments["thread_ts"]) == ("chat.postMessage", at.ts)
    assert "user_id" not in str(thread.arguments["blocks"])
    assert named.method == "chat.update"
    assert "user_id" in str(named.arguments["blocks"])


def test_a_refused_chart_becomes_a_line_of_bars(slack: StandIn, messenger: SlackMessenger):
    slack.responder = refusing("data_visualization")
    days = tuple(TrendPoint(date(2026, 1, day), summary_of({Verdict.PASS: day})) for day in (30, 31))

    messenger.post_digest("C0CHANNEL", replace(an_eventful_digest(), trend=days), "key")

    (posted,) = [
        call
        for call in slack.calls[1:]
        if call.method == "chat.postMessage" and "thread_ts" not in call.arguments
    ]
    assert "▅▅ compliance 100 % → 100 %" in str(posted.arguments["blocks"])


def test_a_digest_with_nothing_open_has_no_thread(slack: StandIn, messenger: SlackMessenger):
    messenger.post_digest("C0CHANNEL", a_digest(a_known(Verdict.PASS)), "key")

    assert slack.methods == ["chat.postMessage"]


def test_details_that_slack_refuses_do_not_have_the_digest_posted_again(
    slack: StandIn, messenger: SlackMessenger
):
    slack.responder = lambda call: (
        refuse("restricted_action") if "thread_ts" in call.arguments else accept(call)
    )

    assert messenger.post_digest("C0CHANNEL", a_digest(a_known()), "key") == AT


def test_a_word_to_one_person_is_shown_to_them_alone(slack: StandIn, messenger: SlackMessenger):
    messenger.tell("U0ASKER", "C0CHANNEL", WORD)

    (call,) = slack.calls
    assert (call.method, call.arguments["channel"], call.arguments["user"]) == (
        "chat.postEphemeral",
        "C0CHANNEL",
        "U0ASKER",
    )


@pytest.mark.parametrize(
    "code", ["user_not_in_channel", "not_in_channel", "channel_not_found", "is_archived"]
)
def test_whoever_cannot_be_told_in_the_channel_gets_a_direct_message(
    slack: StandIn, messenger: SlackMessenger, code: str
):
    slack.responder = lambda call: refuse(code) if call.method == "chat.postEphemeral" else accept(call)

    messenger.tell("U0ASKER", "C0CHANNEL", WORD)

    assert slack.methods == ["chat.postEphemeral", "conversations.open", "chat.postMessage"]
    assert slack.calls[1].arguments["users"] == "U0ASKER"
    assert slack.calls[2].arguments["channel"] == "D0DIRECT"


def test_without_a_channel_a_word_is_a_direct_message(slack: StandIn, messenger: SlackMessenger):
    messenger.tell("U0ASKER", "", WORD)

    assert slack.methods == ["conversations.open", "chat.postMessage"]


def test_a_person_is_read_with_all_that_decides_whether_they_may_act(
    slack: StandIn, messenger: SlackMessenger
):
    user = {
        "id": "U0SECOND",
        "team_id": "T0TEAM",
        "enterprise_user": {"enterprise_id": "E0GRID"},
        "is_bot": False,
        "deleted": False,
        "is_restricted": True,
        "is_ultra_restricted": True,
        "is_stranger": True,
    }
    slack.responder = lambda _: Answer({"ok": True, "user": user})

    assert messenger.read_person("U0SECOND") == PersonFacts(
        user_id="U0SECOND",
        team_id="T0TEAM",
        enterprise_id="E0GRID",
        is_restricted=True,
        is_ultra_restricted=True,
        is_stranger=True,
    )
    assert slack.calls == [Call("users.info", {"user": "U0SECOND"})]


@pytest.mark.parametrize("marks", [{"is_bot": True}, {"is_workflow_bot": True}])
def test_a_bot_is_known_as_one(slack: StandIn, messenger: SlackMessenger, marks: dict[str, bool]):
    slack.responder = lambda _: Answer({"ok": True, "user": {"id": "U0BOT", "team_id": "T0TEAM", **marks}})

    assert messenger.read_person("U0BOT").is_bot


def test_the_members_of_a_group_are_read(slack: StandIn, messenger: SlackMessenger):
    slack.responder = lambda _: Answer({"ok": True, "users": ["U0A", "U0B"]})

    assert messenger.read_group("S0CLOUD") == {"U0A", "U0B"}
    assert slack.calls == [Call("usergroups.users.list", {"usergroup": "S0CLOUD"})]


@pytest.mark.parametrize("shared", [True, False])
def test_a_channel_shared_with_another_company_is_told_apart(
    slack: StandIn,
    messenger: SlackMessenger,
    shared: bool,  # noqa: FBT001 - the value under test
):
    slack.responder = lambda _: Answer({"ok": True, "channel": {"is_ext_shared": shared}})

    assert messenger.read_is_shared("C0CHANNEL") is shared


@pytest.mark.parametrize(
    "body", [{}, {"channel": {}}, {"user": None}, {"users": None}, {"channel": {"is_ext_shared": "no"}}]
)
def test_an_answer_that_does_not_say_is_a_fault_and_never_a_guess(
    slack: StandIn, messenger: SlackMessenger, body: dict[str, Any]
):
    slack.responder = lambda _: Answer({"ok": True, **body})

    for read in (messenger.read_person, messenger.read_group, messenger.read_is_shared):
        with pytest.raises(MessengerError) as fault:
            read("X0")
        assert fault.value.code == "bad_answer"


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (
            refuse("not_in_channel"),
            "not_in_channel",
            (
                "chat.postMessage for C0AUDIT: Slack answered not_in_channel. "
                "The bot is not in that channel. Type /invite @support-role there."
            ),
        ),
        (
            refuse("channel_not_found"),
            "channel_not_found",
            (
                "chat.postMessage for C0AUDIT: Slack answered channel_not_found. There is no such channel, "
                "or it is private and the bot is not in it. Type /invite @support-role there."
            ),
        ),
        (
            refuse("is_archived"),
            "is_archived",
            (
                "chat.postMessage for C0AUDIT: Slack answered is_archived. "
                "That channel is archived. Unarchive it, or name another one in settings."
            ),
        ),
        (
            refuse("missing_scope", needed="chat:write", provided="commands"),
            "missing_scope",
            (
                "chat.postMessage for C0AUDIT: Slack answered missing_scope. The app lacks the scope "
                "chat:write. Add it under OAuth & Permissions, and install the app again."
            ),
        ),
        (
            refuse("invalid_auth"),
            "invalid_auth",
            (
                "chat.postMessage for C0AUDIT: Slack answered invalid_auth. The bot token is not valid. "
                "Install the app again and set SLACK_BOT_TOKEN to its new bot token."
            ),
        ),
        (
            refuse("something_new"),
            "something_new",
            (
                "chat.postMessage for C0AUDIT: Slack answered something_new. "
                "See this word in Slack's API reference for that method."
            ),
        ),
        (
            Answer({}, status=404, raw="<html>proxy says no</html>"),
            "http_404",
            (
                "chat.postMessage for C0AUDIT: Slack answered http_404. "
                "See this word in Slack's API reference for that method."
            ),
        ),
    ],
)
def test_a_fault_says_what_happened_where_and_what_to_do(
    slack: StandIn, messenger: SlackMessenger, answer: Answer, code: str, said: str
):
    slack.responder = lambda _: answer

    with pytest.raises(MessengerError) as fault:
        messenger.post_audit("C0AUDIT", an_event())

    assert (fault.value.code, str(fault.value)) == (code, said)


def test_a_rate_limit_is_waited_out(slack: StandIn, messenger: SlackMessenger):
    answers = iter([Answer({"ok": False, "error": "ratelimited"}, 429, (("Retry-After", "0"),))])
    slack.responder = lambda call: next(answers, None) or accept(call)

    assert messenger.post_audit("C0AUDIT", an_event()).ts == AT.ts
    assert slack.methods == ["chat.postMessage"] * 2


def test_slack_that_does_not_answer_is_a_fault_that_says_so():
    with running() as gone:
        url = gone.url
    client = build_client("xoxb-test", url, timeout=1)
    client.retry_handlers.clear()

    with pytest.raises(MessengerError) as fault:
        SlackMessenger(client).post_audit("C0AUDIT", an_event())

    assert fault.value.code == "no_connection"
    assert "Slack did not answer" in str(fault.value)


def test_no_fault_shows_the_token(slack: StandIn, messenger: SlackMessenger):
    slack.responder = lambda _: refuse("invalid_auth")

    with pytest.raises(MessengerError) as fault:
        messenger.post_audit("C0AUDIT", an_event())

    assert "xoxb" not in repr(fault.value)
