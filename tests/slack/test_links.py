"""The addresses of messages: Slack is asked once, and nothing that it says is taken for more than it is."""

import pytest
from slack_sdk import WebClient

from bot.domain.request import MessageRef
from bot.slack.blocks.mrkdwn import message_link
from bot.slack.links import Links
from tests.slack.stand_in import Answer, refuse, running

AT = MessageRef("C0CHANNEL", "1769828400.000100")
OTHER = MessageRef("C0OTHER", "1769828401.000200")
ADDRESS = "https://team.enterprise.slack.com/archives/C0CHANNEL/p1769828400000100"


def test_one_address_tells_them_all():
    with running() as slack:
        slack.responder = lambda _: Answer({"ok": True, "permalink": ADDRESS})
        links = Links(WebClient("xoxb-1", base_url=slack.url))

        archives = [links.archive(AT), links.archive(OTHER), links.archive(None)]

        assert archives == ["https://team.enterprise.slack.com/archives/"] * 3
        assert slack.methods == ["chat.getPermalink"]
        assert message_link(archives[0], OTHER, "there") == (
            "<https://team.enterprise.slack.com/archives/C0OTHER/p1769828401000200|there>"
        )


@pytest.mark.parametrize(
    "answer",
    [
        refuse("message_not_found"),
        Answer({}, raw="<html>busy</html>"),
        Answer({"ok": True, "permalink": "https://team.slack.com/elsewhere"}),
        Answer({"ok": True, "permalink": "javascript:alert(1)/C0CHANNEL/p1769828400000100"}),
        Answer({"ok": True, "permalink": "https://a|b>/C0CHANNEL/p1769828400000100"}),
    ],
)
def test_where_slack_does_not_tell_there_is_no_link_and_the_next_message_is_asked_about(answer: Answer):
    with running() as slack:
        slack.responder = lambda _: answer
        links = Links(WebClient("xoxb-1", base_url=slack.url))

        assert links.archive(AT) == ""
        assert links.archive(AT) == ""
        assert len(slack.calls) == 2
        assert message_link("", AT, "there") == "in <#C0CHANNEL>"


def test_without_a_message_nothing_is_asked():
    with running() as slack:
        assert Links(WebClient("xoxb-1", base_url=slack.url)).archive(None) == ""
        assert slack.calls == []
