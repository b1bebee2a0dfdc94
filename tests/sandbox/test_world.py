"""The twelve stories, held against the real reader and the real rule."""

import asyncio
from collections.abc import Iterator

import pytest

from bot.aws.inventory import Wanted, read_inventory
from bot.aws.reader import Reader
from bot.aws.sessions import AwsConfig
from bot.domain.account import Account, AccountId, AccountState
from bot.domain.facts import AccountFacts
from bot.domain.finding import Finding, Severity, Verdict
from bot.domain.rule import evaluate, providers_needed
from bot.sandbox.aws.process import start_aws
from bot.sandbox.aws.switches_client import AwsSwitches
from bot.sandbox.configuration import aws_environment, settings_toml
from bot.sandbox.slack.workspace import default_workspace
from bot.sandbox.world import STORIES, World, sandbox_world
from bot.settings import Settings, read_settings

ACCOUNTS = 130
"""Enough for every kind of generated account."""


@pytest.fixture(scope="module")
def world() -> World:
    return sandbox_world(ACCOUNTS)


@pytest.fixture(scope="module")
def aws_url() -> Iterator[str]:
    with start_aws(ACCOUNTS) as url:
        yield url


@pytest.fixture(scope="module")
def settings(world: World, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("sandbox")
    config = folder / "support-role.toml"
    config.write_text(settings_toml(world, default_workspace(), folder), "utf-8")
    return read_settings(config, environ={}, directory=folder)


@pytest.fixture(scope="module")
def inventory(aws_url: str, settings: Settings) -> tuple[Account, ...]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in aws_environment(aws_url).items():
            patch.setenv(name, value)
        return read_inventory(settings, AwsConfig(), Wanted(ous=True, tags=True))


@pytest.fixture(scope="module")
def findings(aws_url: str, inventory: tuple[Account, ...]) -> dict[str, Finding]:
    """By account id; AWS as `support-role check` finds it."""

    async def read() -> list[AccountFacts]:
        async with Reader(AwsConfig(), providers_needed) as reader:
            return [facts async for facts in reader.read_accounts(inventory)]

    with pytest.MonkeyPatch.context() as patch:
        for name, value in aws_environment(aws_url).items():
            patch.setenv(name, value)
        facts = asyncio.run(read())
    in_scope = frozenset(account.id for account in inventory)
    return {each.account.id: evaluate(each, in_scope=in_scope) for each in facts}


def test_every_account_gets_the_verdict_of_its_story(world: World, findings: dict[str, Finding]) -> None:
    assert {story.name: findings[story.id].verdict for story in world.stories} == {
        story.name: story.verdict for story in world.stories
    }


def test_the_stories_show_every_verdict_that_is_read() -> None:
    assert {story.verdict for story in sandbox_world().members} == set(Verdict) - {Verdict.WAIVED}


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("payments-prod", {"no-role"}),
        ("core-network", {"root-delegation", "mfa"}),
        ("marketing-site", {"trusts-everyone"}),
        ("ml-research", {"principal-deleted"}),
        ("batch-jobs", {"no-human"}),
        ("<!channel> *dev* \N{TEST TUBE}", {"no-role", "user-attached"}),
        ("partner-portal", {"no-role"}),
        ("acquired-robotics", {"access-denied"}),
        ("old-intranet", {"account-suspended"}),
    ],
)
def test_a_story_is_told_for_its_reason(
    world: World, findings: dict[str, Finding], name: str, codes: set[str]
) -> None:
    finding = findings[world.story(name).id]

    assert {reason.code for reason in (*finding.reasons, *finding.notes)} == codes


def test_only_the_role_that_everybody_may_assume_is_critical(
    world: World, findings: dict[str, Finding]
) -> None:
    critical = {story.name for story in world.stories if findings[story.id].severity is Severity.CRITICAL}

    assert critical == {"marketing-site"}


def test_a_sign_in_provider_is_looked_up_where_all_depends_on_it(
    world: World, findings: dict[str, Finding], aws_url: str
) -> None:
    assert findings[world.story("checkout-prod").id].roles[0].sound

    asked = AwsSwitches(aws_url).calls("iam:ListSAMLProviders")

    assert {call.account_id for call in asked} == {world.story("checkout-prod").id}


def test_the_organization_is_as_it_is_told(world: World, inventory: tuple[Account, ...]) -> None:
    told = {story.id: (story.name, story.ou, story.owner, story.tags, story.state) for story in world.stories}

    assert {each.id: (each.name, each.ou, each.owner, each.tags, each.state) for each in inventory} == told
    assert [each.id for each in inventory if each.is_management] == [AccountId(world.management.id)]


def test_the_organization_grows_behind_the_twelve() -> None:
    small, large = sandbox_world(STORIES), sandbox_world(2000)

    assert len(small.members) == STORIES
    assert large.members[:STORIES] == small.members
    assert len({story.id for story in large.stories} | {story.name for story in large.stories}) == 2 * 2001


def test_owners_are_people_of_the_workspace(world: World) -> None:
    people = {person.id for person in default_workspace().people}

    assert {story.owner for story in world.stories} <= people


def test_a_suspended_account_is_asked_nothing(
    world: World, aws_url: str, findings: dict[str, Finding]
) -> None:
    suspended = next(story for story in world.stories if story.state is AccountState.SUSPENDED)

    assert findings[suspended.id].verdict is Verdict.SKIPPED
    assert AwsSwitches(aws_url).calls(account_id=suspended.id) == []
