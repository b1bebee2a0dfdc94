"""How a channel's subscription is told, and what the digest says of its days."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.digest import Digest, TrendPoint
from bot.domain.finding import Verdict, summary_of
from bot.domain.subscription import WEEKDAYS, Schedule, Subscription
from bot.sandbox.slack.lint import lint
from bot.slack.blocks.digest import digest, missed_line
from bot.slack.blocks.kit import Form
from bot.slack.blocks.subscription import subscribed_message, subscription_message, unsubscribed_message
from bot.slack.blocks.trend import MOST_POINTS
from tests.slack.blocks.samples import HOSTILE, a_change, a_digest, an_eventful_digest, many

SINCE = datetime(2026, 1, 30, 12, 0, tzinfo=UTC)
NEXT = datetime(2026, 3, 30, 7, 0, tzinfo=UTC)
FOUND = Subscription(
    "C0CHANNEL", Schedule(time(9), ZoneInfo("Europe/Berlin"), WEEKDAYS), "U0ASKER", since=SINCE
)


def test_a_subscription_says_when_by_whom_and_what_comes_next():
    lines = subscription_message(FOUND, NEXT).text.splitlines()

    assert lines[0] == "*This channel gets its digest at 09:00 Europe/Berlin, on weekdays.*"
    assert lines[1].startswith("Subscribed by <@U0ASKER>, <!date^")
    assert lines[2] == "The next one is due on Monday, 30 March at 09:00."
    assert lines[3].startswith("To change it: `/support-role digest 09:00 Europe/Berlin weekdays` · ")
    assert "`/support-role digest off`" in lines[3]


def test_a_digest_of_settings_says_so():
    assert "Settings say so" in subscription_message(replace(FOUND, by="", since=None), NEXT).text


def test_who_switched_it_off_is_named():
    text = subscription_message(replace(FOUND, is_off=True), None).text

    assert text.startswith("*The daily digest of this channel is switched off.*\nSwitched off by <@U0ASKER>")
    assert "next one" not in text


def test_a_channel_without_one_is_told_how_to_have_one():
    text = subscription_message(None, None).text

    assert text.startswith("*This channel gets no daily digest.*\nTo have one: `/support-role digest on`")
    assert "`/support-role digest 09:00 Europe/Berlin weekdays`" in text
    assert "digest off" not in text


def test_why_the_last_one_was_not_posted_is_said():
    text = subscription_message(replace(FOUND, problem="Slack answered is_archived."), NEXT).text

    assert "*The last one was not posted.* Slack answered is_archived." in text


def test_slack_takes_every_word_about_a_subscription():
    shown = [subscription_message(replace(FOUND, problem=text, by=text), NEXT) for text in HOSTILE.values()]
    shown += [subscription_message(None, None), subscribed_message(FOUND.schedule, NEXT)]
    shown += [unsubscribed_message(), subscription_message(replace(FOUND, is_off=True), None)]

    assert [lint(list(message.blocks), "message") for message in shown] == [[]] * len(shown)


@pytest.mark.parametrize(
    ("days", "line"),
    [
        ([], ""),
        ([date(2026, 3, 3)], "1 digest was missed: 3 March."),
        ([date(2026, 3, 3), date(2026, 3, 4)], "2 digests were missed: 3 and 4 March."),
        (
            [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)],
            "3 digests were missed: 27, 28 February and 1 March.",
        ),
        (
            [date(2026, 2, 27) + timedelta(days=n) for n in range(12)],
            "12 digests were missed, from 27 February to 10 March.",
        ),
    ],
)
def test_digests_that_were_missed_are_named_by_their_days(days: list[date], line: str):
    assert missed_line(days) == line


@pytest.mark.parametrize("day", [a_digest(), an_eventful_digest()], ids=["quiet", "eventful"])
def test_a_digest_says_which_ones_were_missed(day: Digest):
    shown = digest(replace(day, missed=(date(2026, 1, 30),)))

    assert "1 digest was missed: 30 January." in shown.text
    assert "1 digest was missed: 30 January." in str(shown.blocks)


def trend(*passing: int, unknown: int = 0) -> tuple[TrendPoint, ...]:
    """Of a hundred accounts in scope, how many passed on each day up to 31 January."""
    first = date(2026, 1, 31) - timedelta(days=len(passing) - 1)
    return tuple(
        TrendPoint(
            first + timedelta(days=number),
            summary_of({Verdict.PASS: count, Verdict.UNKNOWN: unknown, Verdict.FAIL: 100 - count - unknown}),
        )
        for number, count in enumerate(passing)
    )


def chart_of(points: tuple[TrendPoint, ...]) -> dict[str, object]:
    (chart,) = [
        block["chart"]
        for block in digest(replace(an_eventful_digest(), trend=points)).blocks
        if block["type"] == "data_visualization"
    ]
    return dict(chart)


def test_a_day_with_changes_shows_the_trend_with_coverage_beside_it():
    chart = chart_of(trend(80, 90, unknown=5))

    assert chart["axis_config"] == {"categories": ["30 Jan", "31 Jan"]}
    assert chart["series"] == [
        {
            "name": "Compliance",
            "data": [{"label": "30 Jan", "value": 84}, {"label": "31 Jan", "value": 94}],
        },
        {
            "name": "Coverage",
            "data": [{"label": "30 Jan", "value": 95}, {"label": "31 Jan", "value": 95}],
        },
    ]


@pytest.mark.parametrize("days", range(2, 31))
def test_of_any_number_of_days_slack_takes_the_chart_with_the_first_and_the_last(days: int):
    found = replace(an_eventful_digest(), trend=trend(*range(days)))
    shown = digest(found)
    axis = chart_of(found.trend)["axis_config"]

    assert lint(list(shown.blocks), "message") == []
    assert isinstance(axis, dict)
    labels = axis["categories"]
    first = found.trend[0].day
    assert (labels[0], labels[-1]) == (f"{first.day} {first:%b}", "31 Jan")
    assert len(labels) == len(set(labels)) == min(days, MOST_POINTS)


def test_on_the_worst_of_days_nothing_is_left_out_for_the_trend():
    crowd = tuple(a_change(item) for item in many(10_000, Verdict.FAIL))
    worst = a_digest(newly_failing=crowd, regressed=crowd, fixed=crowd, trend=trend(*range(30)))

    for form in Form:
        blocks = digest(worst, form=form).blocks
        assert lint(list(blocks), "message") == []
        assert "has been shortened" not in str(blocks)


def test_where_slack_draws_no_charts_the_trend_is_a_line():
    found = replace(an_eventful_digest(), trend=trend(80, 80, 85, 88, 94, unknown=4))
    line = "Since 27 January: ▁▁▃▅█ compliance 83 % → 97 % · coverage 96 % → 96 %"

    for form in (Form.TABLE, Form.PLAIN):
        blocks = digest(found, form=form).blocks
        assert line in str(blocks)
        assert "data_visualization" not in str(blocks)
        assert lint(list(blocks), "message") == []
    assert line in digest(found).text


def test_a_trend_that_does_not_move_is_a_level_line():
    assert "▅▅▅ compliance 80 % → 80 %" in digest(replace(an_eventful_digest(), trend=trend(80, 80, 80))).text


@pytest.mark.parametrize("form", Form)
def test_a_quiet_day_and_a_first_day_have_no_trend(form: Form):
    quiet = digest(a_digest(trend=trend(80, 90)), form=form)
    first = digest(replace(an_eventful_digest(), trend=trend(80)), form=form)

    assert len(quiet.blocks) == 1
    assert len(quiet.text.splitlines()) == 3
    assert "data_visualization" not in str(first.blocks)
    assert "compliance 80 %" not in first.text
