"""Slack under the doctor's eyes: each trouble made real in a local Slack."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.domain.doctor import Diagnosis, State
from bot.flows.probing import run_probes
from bot.sandbox.slack import (
    ANA,
    APPROVALS,
    CLOUD_APPROVERS,
    CLOUD_AUDIT,
    CLOUD_SECURITY,
    EVE,
    GUS,
    PARTNERS,
    PRIYA,
    RANDOM,
    RILEY,
    SAM,
    Bot,
    LocalSlack,
    RateLimits,
    UserGroup,
    Workspace,
    default_workspace,
)
from bot.settings import Settings
from bot.slack import doctor, doctor_people
from bot.slack.doctor import CHECKS_OF_SLACK, OPTIONAL_SCOPES, SCOPES, slack_probes

ROOT = Path(__file__).parents[2]
ALL_SCOPES = (*sorted(SCOPES), *OPTIONAL_SCOPES)
Change = Callable[[LocalSlack], None]


def nothing(_: LocalSlack) -> None:
    """All stays as it is."""


def a_workspace(*, scopes: tuple[str, ...] = ALL_SCOPES, **changes: Any) -> Workspace:
    return replace(default_workspace(Bot(scopes=scopes)), **changes)


def settings_for(api_url: str, bot: Bot | None = None, **sections: dict[str, Any]) -> Settings:
    bot = bot or Bot()
    whole: dict[str, dict[str, Any]] = {
        "slack": {
            "api_url": api_url,
            "bot_token": bot.token,
            "app_token": bot.app_token,
            "team_ids": ["T0SANDBOX0"],
            "admins": [PRIYA],
        },
        "remediation": {
            "mode": "apply",
            "approver_groups": [CLOUD_APPROVERS],
            "approval_channel": APPROVALS,
            "audit_channel": CLOUD_AUDIT,
        },
        "digest": {"channel": CLOUD_SECURITY},
    }
    return Settings.model_validate({name: values | sections.get(name, {}) for name, values in whole.items()})


def examine(
    workspace: Workspace | None = None, *, before: Change = nothing, **sections: dict[str, Any]
) -> tuple[Diagnosis, ...]:
    """What is found in a local Slack, with settings that are right but for what is given."""

    async def inside() -> tuple[Diagnosis, ...]:
        async with LocalSlack(workspace or a_workspace(), limits=RateLimits(enabled=False)) as slack:
            before(slack)
            return await asyncio.to_thread(run_probes, slack_probes(settings_for(slack.api_url, **sections)))

    return asyncio.run(inside())


def of(check: str, found: tuple[Diagnosis, ...]) -> list[Diagnosis]:
    return [each for each in found if each.id == check]


def failing(method: str, error: str) -> Change:
    return lambda slack: slack._site.failures.update({method: [error] * 3})


def group(*users: str) -> dict[str, Any]:
    return {"user_groups": (UserGroup(CLOUD_APPROVERS, "approvers", "Approvers", users),)}


def changed(person: str, **facts: Any) -> dict[str, Any]:
    people = default_workspace().people
    return {"people": tuple(replace(each, **facts) if each.id == person else each for each in people)}


def changed_channel(channel: str, **facts: Any) -> dict[str, Any]:
    channels = default_workspace().channels
    return {"channels": tuple(replace(each, **facts) if each.id == channel else each for each in channels)}


def test_a_workspace_that_is_all_right():
    found = examine()

    assert {each.state for each in found} == {State.OK}
    assert {each.id for each in found} == set(CHECKS_OF_SLACK)


def test_scopes_are_the_manifests():
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text("utf-8"))["oauth_config"]["scopes"]

    assert set(manifest["bot"]) == SCOPES
    assert set(manifest["bot_optional"]) == set(OPTIONAL_SCOPES)


@pytest.mark.parametrize(
    ("changes", "sections", "check", "state", "words"),
    [
        (changed_channel(APPROVALS, is_archived=True), {}, "slack.channel.approval", State.WRONG, "archived"),
        (changed_channel(CLOUD_AUDIT, is_ext_shared=True), {}, "slack.channel.audit", State.WRONG, "Connect"),
        ({}, {"remediation": {"audit_channel": PARTNERS}}, "slack.channel.audit", State.WRONG, "Connect"),
        (
            {},
            {"digest": {"channel": RANDOM}},
            "slack.channel.digest",
            State.WARNING,
            "not a member of #random",
        ),
        ({}, {"digest": {"channel": "C0NOWHERE0"}}, "slack.channel.digest", State.WRONG, "there is none"),
        ({}, {"digest": {"channel": ""}}, "slack.channel.digest", State.SKIPPED, "names none"),
        ({}, {"slack": {"team_ids": ["T0ANOTHER0"]}}, "slack.team", State.WRONG, "nobody there is served"),
        ({}, {"slack": {"admins": []}}, "slack.admins", State.SKIPPED, "No administrators"),
        ({}, {"slack": {"admins": ["U0NOBODY00"]}}, "slack.admins", State.WRONG, "Nobody may pause"),
        (group(), {}, "slack.groups", State.WRONG, "has no members"),
        (group(), {}, "slack.four-eyes", State.WRONG, "Nobody can approve"),
        (group(ANA), {}, "slack.four-eyes", State.WARNING, "One person alone"),
        (group(ANA, GUS), {}, "slack.four-eyes", State.WARNING, "One person alone"),
        (group(ANA), {"remediation": {"approvers": [SAM]}}, "slack.four-eyes", State.OK, "second person"),
        ({"user_groups": ()}, {}, "slack.groups", State.WRONG, "no_such_subteam"),
        ({}, {"remediation": {"mode": "off"}}, "slack.four-eyes", State.SKIPPED, "off"),
        ({}, {"remediation": {"approver_groups": []}}, "slack.approvers", State.SKIPPED, "No approvers"),
        ({}, {"slack": {"app_token": ""}}, "slack.socket", State.SKIPPED, "serve --http"),
        ({}, {"slack": {"app_token": "xapp-another"}}, "slack.socket", State.WRONG, "invalid_auth"),
        ({}, {"slack": {"bot_token": "xoxb-another"}}, "slack.token", State.WRONG, "invalid_auth"),
        ({}, {"slack": {"bot_token": ""}}, "slack.token", State.SKIPPED, "No bot token"),
    ],
)
def test_what_is_wrong_is_told(
    changes: dict[str, Any], sections: dict[str, Any], check: str, state: State, words: str
):
    found = examine(a_workspace(**changes), **sections)

    (one,) = [each for each in of(check, found) if each.state is state]
    assert words in one.sentence
    assert one.next_step or state in (State.OK, State.SKIPPED)


def test_a_bot_that_may_not_post_where_it_is_no_member_has_to_be_invited():
    scopes = tuple(scope for scope in ALL_SCOPES if scope != "chat:write.public")

    found = examine(a_workspace(scopes=scopes), digest={"channel": RANDOM})

    (place,) = of("slack.channel.digest", found)
    assert place.state is State.WRONG
    assert "/invite @support-role" in place.next_step


@pytest.mark.parametrize(
    ("scopes", "state", "words"),
    [
        (tuple(sorted(SCOPES - {"im:write"})) + tuple(OPTIONAL_SCOPES), State.WRONG, "lacks im:write."),
        (tuple(SCOPES), State.WARNING, "files for export are not to be had"),
        ((*ALL_SCOPES, "channels:history"), State.WARNING, "never uses: channels:history."),
    ],
)
def test_scopes_that_are_not_the_manifests_are_told(scopes: tuple[str, ...], state: State, words: str):
    found = of("slack.scopes", examine(a_workspace(scopes=scopes)))

    assert {each.state for each in found} == {state}
    assert any(words in each.text for each in found)


@pytest.mark.parametrize(
    ("changes", "who", "what"),
    [
        (changed(ANA, is_deleted=True), "Ana Ortiz (U0ANAORTIZ)", "Deactivated"),
        (changed(ANA, is_restricted=True), "Ana Ortiz (U0ANAORTIZ)", "A guest"),
        (group(ANA, SAM, EVE), "Eve External (U0EVEXTERN)", "Of another workspace"),
        (group(ANA, SAM, "U0SUPPORTBOT"), "Support Role (U0SUPPORTBOT)", "A bot"),
        (group(ANA, SAM, "U0NOBODY00"), "U0NOBODY00", "Not known to Slack"),
    ],
)
def test_approvers_who_cannot_approve_are_named(changes: dict[str, Any], who: str, what: str):
    found = of("slack.approvers", examine(a_workspace(**changes)))

    (one,) = [each for each in found if each.state is State.WARNING]
    assert one.sentence == f"{what}, and cannot approve: {who}."


def test_a_refused_token_shuts_the_rest_and_no_other_check_is_lost():
    found = examine(slack={"bot_token": "xoxb-another"})

    states = {each.id: each.state for each in found}
    assert states.pop("slack.token") is State.WRONG
    assert states.pop("slack.socket") is State.OK
    assert set(states.values()) == {State.SKIPPED}
    assert {*states, "slack.token", "slack.socket"} == set(CHECKS_OF_SLACK)


@pytest.mark.parametrize(
    ("method", "check", "state"),
    [
        ("auth.test", "slack.token", State.WRONG),
        ("conversations.info", "slack.channel.approval", State.WRONG),
        ("usergroups.users.list", "slack.groups", State.WRONG),
        ("users.info", "slack.approvers", State.SKIPPED),
        ("apps.connections.open", "slack.socket", State.WRONG),
    ],
)
def test_a_method_that_fails_is_told_of_its_own_check(method: str, check: str, state: State):
    found = of(check, examine(before=failing(method, "internal_error")))

    assert state in {each.state for each in found}


def test_people_beyond_the_most_that_are_looked_up_are_counted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor_people, "MOST_PEOPLE", 2)

    found = examine(a_workspace(**group(ANA, SAM, RILEY, PRIYA)))

    (untold,) = [each for each in of("slack.approvers", found) if each.state is State.SKIPPED]
    assert untold.text == "Not looked up (2 more): U0RILEY001, U0SAMWEBER."
    assert of("slack.four-eyes", found)[0].state is State.OK


def test_no_socket_is_opened_and_nothing_is_posted():
    """A further connection would be sent some of the events, which would be lost."""

    async def inside() -> None:
        async with LocalSlack(a_workspace(), limits=RateLimits(enabled=False)) as slack:
            await asyncio.to_thread(run_probes, slack_probes(settings_for(slack.api_url)))

            assert slack.connections == 0
            assert slack._site.state.messages == {}

    asyncio.run(inside())


@pytest.mark.parametrize(
    ("date", "state"),
    [
        ("Sat, 31 Jan 2026 09:00:01 GMT", State.OK),
        ("Sat, 31 Jan 2026 08:58:00 GMT", State.WRONG),
        ("", State.SKIPPED),
        ("yesterday", State.SKIPPED),
    ],
)
def test_the_time_of_slacks_answer_is_compared_with_ours(date: str, state: State):
    assert doctor._clock(date, datetime(2026, 1, 31, 9, tzinfo=UTC)).state is state


def test_no_token_is_shown():
    bot = Bot()

    found = str(examine(before=failing("auth.test", "invalid_auth")))

    assert bot.token not in found
    assert bot.app_token not in found
