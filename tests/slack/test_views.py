"""Publishing a home tab: the richest form that Slack takes, and what is remembered of its refusals."""

import pytest
from slack_sdk import WebClient

from bot.domain.errors import MessengerError
from bot.slack.blocks import kit
from bot.slack.blocks.kit import Form, View
from bot.slack.blocks.mrkdwn import md
from bot.slack.views import Views
from tests.slack.stand_in import Answer, Call, StandIn, accept, refuse, running

CHART, LINE = "a chart", "a line of bars"


def build(form: Form) -> View:
    """The chart natively; both other forms are the same."""
    return kit.home([kit.section(md(CHART if form is Form.NATIVE else LINE))])


def published(slack: StandIn) -> list[str]:
    return [CHART if CHART in str(call.arguments) else LINE for call in slack.calls]


def no_chart(word: str) -> object:
    def answer(call: Call) -> Answer:
        return refuse(word) if CHART in str(call.arguments) else accept(call)

    return answer


@pytest.mark.parametrize("word", ["invalid_blocks", "invalid_arguments"])
def test_what_slack_does_not_draw_is_published_plainly_and_not_tried_again(word: str):
    with running() as slack:
        slack.responder = no_chart(word)  # type: ignore[assignment]  # a function of a call
        views = Views(WebClient("xoxb-1", base_url=slack.url))

        views.publish_home("U1", build)
        views.publish_home("U2", build)

        assert published(slack) == [CHART, LINE, LINE]


def test_a_refusal_that_a_plainer_form_does_not_mend_is_a_fault_and_is_not_remembered():
    with running() as slack:
        slack.responder = lambda _: refuse("invalid_arguments")
        views = Views(WebClient("xoxb-1", base_url=slack.url))

        with pytest.raises(MessengerError, match="invalid_arguments"):
            views.publish_home("U1", build)
        slack.responder = accept
        views.publish_home("U1", build)

        assert published(slack) == [CHART, LINE, CHART]


def test_a_refusal_of_another_kind_is_a_fault_at_once():
    with running() as slack:
        slack.responder = lambda _: refuse("user_not_found")

        with pytest.raises(MessengerError) as fault:
            Views(WebClient("xoxb-1", base_url=slack.url)).publish_home("U1", build)

        assert fault.value.code == "user_not_found"
        assert published(slack) == [CHART]
