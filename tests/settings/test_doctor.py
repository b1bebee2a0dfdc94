"""Settings that can be read and yet stop what they are for."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.doctor import Diagnosis, State
from bot.domain.freeze import FreezeWindow
from bot.settings import Settings
from bot.settings.doctor import diagnose_settings, end_of_freeze

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
"""A Saturday."""
WHOLE: dict[str, Any] = {
    "remediation": {
        "mode": "apply",
        "approvers": ["U0ANAORTIZ", "U0SAMWEBER"],
        "approval_channel": "C0APPROVAL",
        "audit_channel": "C0CLDAUDIT",
    },
    "slack": {
        "bot_token": "xoxb-1",
        "app_token": "xapp-1",
        "team_ids": ["T0SANDBOX0"],
        "admins": ["U0PRIYANAT"],
    },
}


def diagnose(**changes: dict[str, Any]) -> dict[str, Diagnosis]:
    """By check; changes are to single settings of a section that is all right."""
    sections = {name: {**WHOLE.get(name, {}), **changes.get(name, {})} for name in {*WHOLE, *changes}}
    return {each.id: each for each in diagnose_settings(Settings.model_validate(sections), NOW)}


def freeze(cron: str, minutes: int) -> dict[str, Any]:
    return {"freeze": [{"cron": cron, "minutes": minutes}]}


def test_settings_that_are_whole_have_no_problems():
    assert {each.state for each in diagnose().values()} == {State.OK, State.SKIPPED}


@pytest.mark.parametrize(
    ("changes", "check", "state", "words"),
    [
        ({"slack": {"bot_token": ""}}, "settings.serving", State.WRONG, "slack.bot_token is needed"),
        ({"slack": {"team_ids": []}}, "settings.serving", State.WRONG, "slack.team_ids should name"),
        ({"remediation": {"audit_channel": ""}}, "settings.serving", State.WRONG, "audit_channel"),
        ({"remediation": {"mode": "off"}}, "settings.mode", State.OK, "nothing can be fixed"),
        ({"remediation": {"mode": "dry-run"}}, "settings.mode", State.OK, "dry-run"),
        ({"remediation": {"approvers": []}}, "settings.serving", State.WRONG, "approvers should name people"),
        ({"remediation": {"approvers": []}}, "settings.approvers", State.SKIPPED, "No approvers"),
        ({"remediation": {"approvers": ["U0ANAORTIZ"]}}, "settings.approvers", State.WARNING, "one approver"),
        ({"remediation": {"mode": "off", "approvers": []}}, "settings.approvers", State.SKIPPED, "off"),
        ({"slack": {"admins": []}}, "settings.admins", State.WARNING, "slack.admins is empty"),
        (
            {"remediation": {"max_changes_per_hour": 0}},
            "settings.limits",
            State.WRONG,
            "every fix is refused",
        ),
        ({"remediation": freeze("0 * * * *", 60)}, "settings.freeze", State.WRONG, "never end"),
        ({"remediation": freeze("0 18 * * fri", 3840)}, "settings.freeze", State.WARNING, "2026-02-02 10:00"),
        ({"remediation": freeze("0 0 1 7 *", 60)}, "settings.freeze", State.OK, "No freeze window is open"),
        (
            {"digest": {"channel": "C0CLOUDSEC", "at": "07:30", "timezone": "Asia/Tokyo"}},
            "settings.digest",
            State.OK,
            "07:30 Asia/Tokyo, where it is 18:00 now",
        ),
    ],
)
def test_what_is_wrong_is_told(changes: dict[str, Any], check: str, state: State, words: str):
    found = diagnose(**changes)[check]

    assert found.state is state
    assert words in found.text
    assert found.next_step or state in (State.OK, State.SKIPPED) or "frozen now" in found.text


def test_a_group_is_more_than_one_approver_as_far_as_settings_know():
    found = diagnose(remediation={"approvers": [], "approver_groups": ["S0APPROVER"]})

    assert found["settings.approvers"].state is State.OK


def test_without_an_app_token_but_with_a_signing_secret_http_is_meant():
    found = diagnose(slack={"app_token": "", "signing_secret": "a-signing-secret"})["settings.serving"]

    assert found.state is State.OK
    assert "serve --http" in found.text


def test_windows_that_take_turns_never_end():
    day = FreezeWindow("0 8 * * *", 12 * 60, "UTC")
    night = FreezeWindow("0 20 * * *", 12 * 60, "UTC")

    assert end_of_freeze([day, night], NOW) is None
    assert end_of_freeze([day], NOW) == datetime(2026, 1, 31, 20, tzinfo=UTC)


def test_a_long_window_that_ends_does_not_freeze_for_ever():
    quarter = FreezeWindow("0 0 1 1 *", 92 * 24 * 60, "UTC")

    assert end_of_freeze([quarter], NOW) == datetime(2026, 4, 3, tzinfo=UTC)


def test_no_secret_is_shown():
    assert "xoxb-1" not in str(diagnose())
