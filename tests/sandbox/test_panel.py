"""The page behind the scenes: what it shows, who may throw its switches, and what they do."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import boto3
import pytest
from botocore.config import Config
from journeys.browser.chromium import a_browser, chromium_or_skip
from playwright.async_api import expect

from bot.domain.audit import GENESIS, AuditEvent, chain
from bot.sandbox.aws.journal import JournalEntry
from bot.sandbox.aws.process import start_aws
from bot.sandbox.aws.switches_client import AwsSwitches, SupportRole
from bot.sandbox.clock import SandboxClock
from bot.sandbox.landing_zone import (
    ACCESS_KEY,
    ADMIN_ACCESS_KEY,
    ADMIN_ROLE,
    ADMIN_SECRET_KEY,
    INCIDENT_ROLE,
    SCAN_ROLE,
    SECRET_KEY,
    SUPPORT_POLICY,
    SUPPORT_ROLE,
)
from bot.sandbox.panel import PANEL, PATH, NothingToDoError, panel_routes
from bot.sandbox.panel.shown import Names, account, call, event
from bot.sandbox.slack import ANA, LocalSlack, Workspace, default_workspace
from bot.sandbox.trail import Trail
from bot.sandbox.world import STORIES, World, sandbox_world

ACCOUNTS = STORIES + 30
WORLD = sandbox_world(ACCOUNTS)
NAMES = Names.of(WORLD, default_workspace())
PAYMENTS, LAKE, PARTNER = "111122223333", "222233334444", "234523452345"
CREATED = JournalEntry(
    number=1,
    at="2026-01-02T03:04:05.678+00:00",
    account_id=PAYMENTS,
    caller=f"arn:aws:sts::{PAYMENTS}:assumed-role/SupportRoleRemediator/fix-1",
    source_identity=ANA,
    action="iam:CreateRole",
    subject="aws-support-access",
    error="",
    request_id="r-1",
)


@dataclass
class AStage:
    """A sandbox without a bot: the page, the clock and AWS are real."""

    aws: AwsSwitches
    world: World = field(default_factory=lambda: WORLD)
    clock: SandboxClock = field(default_factory=SandboxClock)
    trail: Trail | None = None
    workspace: Workspace = field(default_factory=default_workspace)
    url: str = ""
    slack_is_out_for: float = 0.0
    will_kill_worker: bool = False

    async def move_clock(self, by: timedelta) -> datetime:
        now = self.clock.move(by)
        await asyncio.to_thread(self.aws.move_clock, self.clock.ahead.total_seconds())
        return now

    async def cut_slack_off(self, seconds: float = 10.0) -> None:
        self.slack_is_out_for = seconds

    async def approve_twice(self) -> None:
        raise NothingToDoError("Nothing waits in #approvals. Ask for a fix first.")

    async def kill_worker(self) -> int:
        raise NothingToDoError("There is no worker.")

    async def kill_worker_in_next_fix(self) -> None:
        self.will_kill_worker = True

    async def spare_worker(self) -> None:
        self.will_kill_worker = False


@dataclass(frozen=True)
class Page:
    """The panel, over HTTP."""

    slack: LocalSlack
    stage: AStage
    session: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return self.slack.url + PATH

    async def state(self, **query: str | int) -> dict[str, Any]:
        async with self.session.get(f"{self.url}/state", params=query) as response:
            assert response.status == 200
            return dict(await response.json())

    async def do(self, deed: str, **given: object) -> dict[str, Any]:
        async with self.session.post(f"{self.url}/{deed}", json=given) as response:
            return {"status": response.status, **await response.json()}

    async def roles(self, account_id: str) -> list[dict[str, Any]]:
        state = await self.state()
        return next(list(each["roles"]) for each in state["accounts"] if each["id"] == account_id)


Visit = Callable[[Page], Awaitable[None]]


@pytest.fixture(scope="module")
def aws_url() -> Iterator[str]:
    with start_aws(ACCOUNTS) as url:
        yield url


@pytest.fixture
def visit(aws_url: str) -> Callable[[Visit], None]:
    def run(story: Visit) -> None:
        async def inside() -> None:
            stage = AStage(AwsSwitches(aws_url))
            async with (
                LocalSlack(
                    clock=stage.clock.time, extra_routes=panel_routes(stage), panels=(PANEL,)
                ) as slack,
                aiohttp.ClientSession() as session,
            ):
                await story(Page(slack, stage, session))

        asyncio.run(inside())

    return run


@pytest.fixture
def sts(aws_url: str) -> Callable[..., Any]:
    def client(access_key: str = ACCESS_KEY, secret_key: str = SECRET_KEY, **keys: str) -> Any:
        return boto3.client(
            keys.pop("service", "sts"),
            endpoint_url=aws_url,
            region_name="us-east-1",
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(retries={"total_max_attempts": 1}),
            **keys,
        )

    return client


# --- what it shows ---


def test_a_call_says_who_did_what_for_whom() -> None:
    shown = call(CREATED, NAMES)

    assert (shown["account"], shown["action"], shown["subject"]) == (
        "payments-prod",
        "iam:CreateRole",
        SUPPORT_ROLE,
    )
    assert (shown["caller"], shown["approver"]) == ("SupportRoleRemediator/fix-1", "Ana Ortiz")
    assert (shown["is_write"], shown["error"]) == (True, "")
    assert call(replace(CREATED, action="iam:GetRole", error="NoSuchEntity"), NAMES)["is_write"] is False
    assert call(replace(CREATED, caller=""), NAMES)["caller"] == "somebody unknown"


def test_an_event_stands_with_the_hash_of_the_one_before() -> None:
    at = datetime.fromisoformat("2026-01-02T03:04:05+00:00")
    first = chain(1, GENESIS, AuditEvent("fix.requested", at, f"T0/{ANA}", "Asked.", account_id=PAYMENTS))
    second = chain(2, first.hash, AuditEvent("change.intended", at, "support-role-bot", "About to."))

    shown = [event(each, NAMES) for each in (first, second)]

    assert (shown[0]["actor"], shown[0]["account"], shown[0]["previous"]) == (
        "Ana Ortiz",
        "payments-prod",
        "",
    )
    assert (shown[1]["actor"], shown[1]["previous"]) == ("support-role-bot", shown[0]["hash"])
    assert second.hash.startswith(shown[1]["hash"])


def test_a_role_stands_with_whom_it_trusts_and_whose_it_is() -> None:
    both = {"Statement": [{"Principal": {"AWS": ["arn:aws:iam::1:role/A", "arn:aws:iam::1:role/B"]}}]}
    anybody = {"Statement": [{"Principal": "*"}]}
    ours = SupportRole(
        "ours", "arn", "AROA1", both, (SUPPORT_POLICY,), "", {"managed-by": "support-role-bot"}
    )
    theirs = replace(ours, name="theirs", trust=anybody, tags={})

    [one, other] = account(WORLD.story("payments-prod"), [ours, theirs], written=True)["roles"]

    assert one["trusts"] == ["arn:aws:iam::1:role/A", "arn:aws:iam::1:role/B"]
    assert (one["is_open"], one["is_ours"]) == (False, True)
    assert (other["is_open"], other["is_ours"]) == (True, False)


def test_the_stories_are_told_and_any_other_account_can_be_found(visit: Callable[[Visit], None]) -> None:
    async def story(page: Page) -> None:
        other = WORLD.members[-1]

        state, found = await page.state(), await page.state(find=other.name[-6:])

        told = {each["id"] for each in state["accounts"]}
        assert told == {each.id for each in WORLD.stories[: STORIES + 1]}
        assert state["accounts_in_all"] == len(WORLD.stories)
        assert {each["id"] for each in found["accounts"]} - told == {other.id}

    visit(story)


def test_of_many_calls_the_last_are_shown_and_every_write_and_refusal_before(aws_url: str) -> None:
    switches = AwsSwitches(aws_url)
    switches.fail("sts:GetCallerIdentity")
    sts = boto3.client(
        "sts",
        endpoint_url=aws_url,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(retries={"total_max_attempts": 1}),
    )
    before = len(switches.calls())
    with pytest.raises(sts.exceptions.ClientError):
        sts.get_caller_identity()
    for _ in range(5):
        sts.get_caller_identity()

    notable = switches.notable_calls(since=before, last=2)

    assert [bool(each.error) for each in notable] == [True, False, False]
    assert [each.number for each in notable] == [before + 1, before + 5, before + 6]


# --- who may throw a switch ---


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "text/plain"}, '{"calls": 7}', 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "calls=7", 415),
        ({"Content-Type": "application/json", "Origin": "https://example.com"}, '{"calls": 7}', 403),
        ({"Content-Type": "application/json", "Origin": "null"}, '{"calls": 7}', 403),
        ({"Content-Type": "application/json", "Host": "attacker.example"}, '{"calls": 7}', 421),
        ({"Content-Type": "application/json"}, '{"calls": "many"}', 400),
        ({"Content-Type": "application/json"}, "[]", 400),
        ({"Content-Type": "application/json"}, "nonsense", 400),
    ],
)
def test_what_does_not_come_from_the_page_itself_throws_no_switch(
    visit: Callable[[Visit], None], headers: dict[str, str], body: str, status: int
) -> None:
    async def story(page: Page) -> None:
        async with page.session.post(f"{page.url}/throttle", data=body, headers=headers) as response:
            assert response.status == status
        assert (await page.state())["thrown"] == []

    visit(story)


@pytest.mark.parametrize(
    ("deed", "given", "status"),
    [
        ("nonsense", {}, 404),
        ("deny", {"account": "nowhere", "role": SCAN_ROLE}, 400),
        ("deny", {"account": PAYMENTS, "role": "AnyRole"}, 400),
        ("deny", {"account": PAYMENTS}, 400),
        ("move", {"seconds": -60}, 400),
        ("move", {"seconds": "Infinity"}, 400),
        ("move", {}, 400),
        ("kill", {}, 409),
        ("approve_twice", {}, 409),
    ],
)
def test_a_mistake_is_told_and_nothing_is_done(
    visit: Callable[[Visit], None], deed: str, given: dict[str, object], status: int
) -> None:
    async def story(page: Page) -> None:
        answer = await page.do(deed, **given)

        assert (answer["status"], answer["ok"], bool(answer["said"])) == (status, False, True)
        state = await page.state()
        assert (state["thrown"], state["clock"]["ahead_seconds"]) == ([], 0)

    visit(story)


@pytest.mark.parametrize("name", ["..%2Froutes.py", "%2e%2e/routes.py", "none.js"])
def test_nothing_but_the_page_is_served(visit: Callable[[Visit], None], name: str) -> None:
    async def story(page: Page) -> None:
        async with page.session.get(f"{page.url}/{name}") as response:
            assert response.status == 404

    visit(story)


# --- what they do ---


def test_every_switch_that_is_on_can_be_taken_back_with_what_stands_beside_it(
    visit: Callable[[Visit], None],
) -> None:
    async def story(page: Page) -> None:
        for deed, given in (
            ("throttle", {"calls": 3}),
            ("deny", {"account": "payments-prod", "role": SCAN_ROLE}),
            ("hostile", {"account": PAYMENTS}),
            ("outage", {"seconds": 10}),
            ("ambush", {}),
        ):
            answer = await page.do(deed, **given)
            assert (answer["ok"], bool(answer["watch"])) == (True, True)

        thrown = (await page.state())["thrown"]
        assert [each["text"] for each in thrown] == [
            "3 more calls are throttled",
            f"{SCAN_ROLE} is denied in payments-prod",
            f"{SUPPORT_ROLE} was planted in payments-prod",
            "Slack is cut off",
            "The next fix kills the worker",
        ]
        for each in thrown:
            assert (await page.do(each["back"], **each["given"]))["ok"]
        assert (await page.state())["thrown"] == []

    visit(story)


def test_a_hostile_role_is_open_to_all_until_it_is_taken_back(visit: Callable[[Visit], None]) -> None:
    async def story(page: Page) -> None:
        before = await page.roles(LAKE)

        await page.do("hostile", account=LAKE)
        await page.do("hostile", account=LAKE)
        planted = await page.roles(LAKE)
        await page.do("take_back", account=LAKE, role=SUPPORT_ROLE)

        assert [(each["name"], each["is_open"]) for each in planted if each not in before] == [
            (SUPPORT_ROLE, True)
        ]
        assert await page.roles(LAKE) == before
        assert "already" in (await page.do("take_back", account=LAKE, role=SUPPORT_ROLE))["said"]

    visit(story)


def test_a_role_made_anew_is_not_the_one_that_was_trusted(visit: Callable[[Visit], None]) -> None:
    async def story(page: Page) -> None:
        assert "is gone" in (await page.do("orphan", account=LAKE))["said"]
        [role] = await page.roles(LAKE)
        assert "There is no" in (await page.do("orphan", account=LAKE))["said"]
        assert "made anew" in (await page.do("revive", account=LAKE))["said"]

        assert INCIDENT_ROLE in page.stage.aws.state([LAKE]).roles[LAKE]
        [trusted] = role["trusts"]
        assert trusted.startswith("AROA")
        assert await page.roles(LAKE) == [role]
        assert "is there" in (await page.do("revive", account=LAKE))["said"]
        await page.do("take_back", account=LAKE, role=INCIDENT_ROLE)

    visit(story)


def test_the_journal_goes_with_the_clock_and_credentials_do_not(
    visit: Callable[[Visit], None], sts: Callable[..., Any]
) -> None:
    admin = sts(ADMIN_ACCESS_KEY, ADMIN_SECRET_KEY)
    given = admin.assume_role(
        RoleArn=f"arn:aws:iam::{PAYMENTS}:role/{ADMIN_ROLE}", RoleSessionName="tests", DurationSeconds=900
    )["Credentials"]

    async def story(page: Page) -> None:
        answer = await page.do("move", to="morning")
        assert "09:00 UTC" in answer["said"]
        last = page.stage.aws.calls()[-1].number

        session = sts(given["AccessKeyId"], given["SecretAccessKey"], aws_session_token=given["SessionToken"])
        assert session.get_caller_identity()["Account"] == PAYMENTS

        [made] = (await page.state(since=last))["calls"]
        assert datetime.fromisoformat(made["at"]) >= page.stage.clock.now() - timedelta(seconds=10)
        assert (await page.state())["clock"]["ahead_seconds"] > 0

    try:
        visit(story)
    finally:
        AwsSwitches(admin.meta.endpoint_url).move_clock(0)


# --- the page, in a browser ---


def test_the_page_goes_on_without_losing_its_place(
    visit: Callable[[Visit], None], sts: Callable[..., Any]
) -> None:
    """Calls come while somebody has scrolled, chosen a filter and has the focus somewhere."""
    chromium = chromium_or_skip()
    client = sts()

    async def story(page: Page) -> None:
        for _ in range(30):
            await asyncio.to_thread(client.get_caller_identity)
        page.stage.aws.fail("sts:GetCallerIdentity")
        complaints: list[str] = []
        async with a_browser(chromium) as browser:
            window = await browser.new_page(viewport={"width": 420, "height": 800})
            window.on("console", lambda word: complaints.append(word.text))
            window.on("pageerror", lambda fault: complaints.append(str(fault)))
            await window.goto(page.url)
            calls = window.locator("#call-list li")
            await expect(calls.first).to_be_visible()
            count = await calls.count()
            await window.locator("#find").focus()
            top = await window.locator("#call-list").evaluate(
                "list => (list.scrollTop = 200, list.scrollTop)"
            )

            with pytest.raises(client.exceptions.ClientError):
                await asyncio.to_thread(client.get_caller_identity)
            await expect(calls).to_have_count(count + 1)
            assert await window.locator("#call-list").evaluate("list => list.scrollTop") >= top
            await expect(window.locator("#find")).to_be_focused()

            await window.get_by_role("button", name="Refused").click()
            await expect(
                calls.filter(has_text="GetCallerIdentity").filter(visible=True).first
            ).to_contain_text("AccessDenied")
            await window.get_by_role("button", name="+1 hour").click()
            await expect(window.locator("#said")).to_contain_text("It is now")
            await expect(window.locator("#ahead")).to_contain_text("1 hour ahead")
            await window.get_by_role("button", name="Deny: Deny the scanner").click()
            await window.get_by_role("button", name="Take back").click()
            await expect(window.locator("#thrown li")).to_have_count(0)
            await expect(window.locator("#account-list")).to_contain_text("<!channel> *dev*")
        assert complaints == []

    visit(story)
    AwsSwitches(client.meta.endpoint_url).move_clock(0)
