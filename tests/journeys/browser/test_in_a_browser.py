"""The bot's stories, clicked through in a browser against the real bot and IAM as it then is."""

import asyncio
import json
import re
from collections.abc import Callable

from playwright.async_api import expect

from bot.sandbox.door import Sandbox
from bot.sandbox.landing_zone import trusting
from bot.sandbox.slack import ANA, SAM, Person
from bot.sandbox.world import Story
from journeys.browser.stage import Journey, Stage
from journeys.browser.window import REASON, Window
from journeys.people import until

Browse = Callable[[Journey], None]
PAYMENTS = "111122223333"
APPROVER = "support-role-bot:approver"
LONG_MS = 90_000


def test_a_newcomer_comes_from_the_welcome_to_a_role_in_aws(browse: Browse) -> None:
    """In a sandbox where nothing has been said yet, with nothing but what the page offers."""

    async def journey(stage: Stage) -> None:
        async with Sandbox(rate_limited=False) as sandbox:
            window = await stage.open("riley", url=sandbox.url)
            page = window.page
            things = page.get_by_role("region", name="Things to try").locator("button.tip")
            await expect(things).to_have_count(3)
            await things.nth(0).click()
            await expect(window.box).to_have_value("/support-role status")
            await page.keyboard.press("Enter")
            await expect(window.status()).to_contain_text("4 of 13 accounts have no support role")

            await things.nth(1).click()
            await page.keyboard.press("Enter")
            await window.give_reason("Fix an account", "Why is this needed?")
            await window.become("Ana Ortiz")
            await window.go("approvals")
            question = window.message("Approval needed: a support role for payments-prod")
            await expect(question).to_contain_text(REASON)
            await window.press(question, "Approve")
            await expect(page.get_by_role("alertdialog")).to_contain_text(f"payments-prod ({PAYMENTS})")
            await window.confirm("Approve")
            record = window.message(f"Done: payments-prod ({PAYMENTS}) has a support role")
            await expect(record).to_contain_text("Approved by @Ana Ortiz")
            await expect(record.get_by_role("button", name="Approve")).to_have_count(0)

            await window.go("cloud-audit")
            await expect(window.message("was read back and is in place", PAYMENTS)).to_be_visible()
            [role] = sandbox.aws.support_roles(PAYMENTS)
            assert role.policies == ("arn:aws:iam::aws:policy/AWSSupportAccess",)
            assert role.tags[APPROVER] == ANA

    browse(journey)


def test_whoever_asked_cannot_approve(browse: Browse) -> None:
    async def journey(stage: Stage) -> None:
        account, riley = stage.account(), await stage.open("riley")
        await riley.ask_for_fix(account.id)
        await riley.go("approvals")
        await riley.approve(account.id)
        await expect(riley.private("Not approved")).to_contain_text("a second person must approve it")
        await expect(riley.message("Approval needed", account.id)).to_be_visible()
        assert stage.sandbox.aws.support_roles(account.id) == ()

    browse(journey)


def test_of_two_who_approve_at_the_same_moment_one_is_the_approver(browse: Browse) -> None:
    async def journey(stage: Stage) -> None:
        account, riley = stage.account(), await stage.open("riley")
        await riley.ask_for_fix(account.id)
        ana, sam = await stage.open("ana", "approvals"), await stage.open("sam", "approvals")
        for window in (ana, sam):
            await window.press(window.message("Approval needed", account.id), "Approve")
            await expect(window.page.get_by_role("alertdialog")).to_be_visible()
        await asyncio.gather(*(window.page.keyboard.press("Enter") for window in (ana, sam)))

        for window in (ana, sam):
            await expect(window.message("Done:", account.id)).to_be_visible()
        [role] = stage.sandbox.aws.support_roles(account.id)
        winner, loser = (ana, sam) if role.tags[APPROVER] == ANA else (sam, ana)
        assert role.tags[APPROVER] in (ANA, SAM)
        who = "Ana Ortiz" if winner is ana else "Sam Weber"
        await expect(loser.private("Not approved", f"already approved by @{who}")).to_be_visible()
        await expect(winner.private("Not approved")).to_have_count(0)
        created = stage.sandbox.aws.calls("iam:CreateRole", account.id)
        assert [call.was_done for call in created] == [True]

    browse(journey)


def test_a_role_that_came_in_between_ends_the_request_and_nothing_is_written(browse: Browse) -> None:
    async def journey(stage: Stage) -> None:
        account, riley = stage.account(), await stage.open("riley")
        await riley.ask_for_fix(account.id)
        ana = await stage.open("ana", "approvals")
        await expect(ana.message("Approval needed", account.id)).to_be_visible()
        theirs = json.loads(trusting({"AWS": account.incident_manager}))
        stage.sandbox.aws.plant_role(account.id, "SupportByHand", theirs)
        await ana.approve(account.id)
        await expect(ana.message("Nothing to do", account.id)).to_contain_text("nothing was written")
        assert stage.sandbox.aws.calls("iam:CreateRole", account.id) == []

    browse(journey)


def test_a_fix_is_undone_when_a_second_person_agrees(browse: Browse) -> None:
    async def journey(stage: Stage) -> None:
        account, riley = stage.account(), await stage.open("riley")
        ana = await stage.open("ana", "approvals")
        await riley.ask_for_fix(account.id)
        await ana.approve(account.id)
        await riley.go("approvals")
        await riley.press(riley.message("Done:", account.id), "Undo…")
        await riley.give_reason("Undo a fix", "Why should it go?")
        question = ana.message("Approval needed to REMOVE", account.id)
        await ana.press(question, "Approve removal")
        await ana.confirm("Remove")
        await expect(ana.message("Removed: the support role", account.id)).to_be_visible()
        assert stage.sandbox.aws.support_roles(account.id) == ()

    browse(journey)


def test_a_waiver_is_granted_by_a_second_person_and_revoked(browse: Browse) -> None:
    async def journey(stage: Stage) -> None:
        account, riley = stage.account(), await stage.open("riley")
        ana = await stage.open("ana", "approvals")
        await riley.ask_for_waiver(account.id, owner="priya")
        await ana.approve("a waiver", account.id)
        await expect(ana.message("Waived:", account.id)).to_contain_text("@Priya Natarajan")
        await ana.go("cloud-security")
        await ana.say("/support-role waivers")
        await ana.press(ana.message("1 waiver in force"), "Revoke")
        await ana.page.get_by_role("alertdialog").get_by_role("button").last.click()
        await ana.go("approvals")
        await expect(ana.message("Revoked:", account.id)).to_be_visible()

    browse(journey)


def test_of_two_accounts_in_one_approval_the_first_is_fixed_and_the_second_fails(browse: Browse) -> None:
    async def journey(stage: Stage) -> None:
        good, bad, riley = stage.account().id, stage.account().id, await stage.open("riley")
        ana = await stage.open("ana", "approvals")
        await riley.say(f"/support-role fix {good} {bad}")
        await riley.press(riley.modal("Fix accounts"), "See the plan")
        await riley.modal("Fix accounts").get_by_role("combobox", name="Which goes first").fill(good)
        await riley.page.keyboard.press("Enter")
        await riley.give_reason("Fix accounts", "Why is this needed?")
        stage.sandbox.aws.fail("iam:AttachRolePolicy", times=20, account_id=bad)
        await ana.approve("support roles for 2 accounts", good, bad)
        record = ana.message("1 of 2 accounts", good, bad)
        await expect(record).to_contain_text(re.compile(rf"{good}\).*done and read back", re.DOTALL))
        await expect(record).to_contain_text(re.compile(rf"{bad}\).*failed", re.DOTALL))
        await expect(record.get_by_role("button", name="Stop")).to_have_count(0)
        assert stage.sandbox.aws.support_roles(good) != ()
        assert stage.sandbox.aws.support_roles(bad) == ()
        await ana.go("cloud-audit")
        await expect(ana.message("was read back and is in place", good)).to_be_visible()

    browse(journey)


def test_a_guest_is_told_why_not(browse: Browse) -> None:
    async def journey(stage: Stage) -> None:
        gus = await stage.open("gus")
        for nth, command in enumerate(("status", "fix payments-prod")):
            await gus.say(f"/support-role {command}")
            told = gus.page.get_by_role("article").filter(has_text="Guests are not shown")
            await expect(told).to_have_count(nth + 1)
            await expect(told.last).to_contain_text("Only visible to you")
        await expect(gus.page.get_by_role("dialog")).to_have_count(0)

    browse(journey)


async def _half_done(stage: Stage, account: Story) -> Window:
    """An approved fix that stands between its two writes; the approver's window."""
    riley, ana = await stage.open("riley"), await stage.open("ana", "approvals")
    await riley.ask_for_fix(account.id)
    stage.sandbox.aws.pause("iam:AttachRolePolicy", account_id=account.id)
    await ana.approve(account.id)
    await until(lambda: "iam:AttachRolePolicy" in stage.sandbox.aws.paused())
    return ana


def test_what_was_done_while_slack_was_down_is_told_afterwards(browse: Browse) -> None:
    async def journey(stage: Stage) -> None:
        account = stage.account()
        ana = await _half_done(stage, account)
        async with Person(stage.sandbox.url, ANA) as outside:
            await outside.outage(60)
            await expect(ana.page.get_by_role("img", name="cut off")).to_be_visible()
            stage.sandbox.aws.release()
            await until(lambda: stage.sandbox.aws.support_roles(account.id) != ())
            await expect(ana.message("Done:", account.id)).to_have_count(0)
            await outside.outage(0)
        await expect(ana.message("Done:", account.id)).to_be_visible(timeout=LONG_MS)
        await ana.go("cloud-audit")
        await expect(ana.message("was read back and is in place", account.id)).to_be_visible(timeout=LONG_MS)

    browse(journey)


def test_a_fix_whose_worker_is_killed_still_makes_one_role(browse: Browse) -> None:
    async def journey(stage: Stage) -> None:
        account = stage.account()
        ana = await _half_done(stage, account)
        await stage.sandbox.kill_worker()
        stage.sandbox.aws.release()
        await expect(ana.message("Done:", account.id)).to_be_visible(timeout=LONG_MS)
        [role] = stage.sandbox.aws.support_roles(account.id)
        assert role.policies == ("arn:aws:iam::aws:policy/AWSSupportAccess",)
        created = stage.sandbox.aws.calls("iam:CreateRole", account.id)
        assert [call.was_done for call in created].count(True) == 1

    browse(journey)


def test_a_write_that_aws_refuses_is_told_and_leaves_nothing_behind(browse: Browse) -> None:
    async def journey(stage: Stage) -> None:
        account = stage.account()
        riley, ana = await stage.open("riley"), await stage.open("ana", "approvals")
        await riley.ask_for_fix(account.id)
        stage.sandbox.aws.fail("iam:AttachRolePolicy", times=20, account_id=account.id)
        await ana.approve(account.id)
        record = ana.message("Failed:", account.id)
        await expect(record).to_contain_text("AccessDenied")
        await expect(record).to_contain_text("The role that it had created was deleted again")
        assert "aws-support-access" not in stage.sandbox.aws.roles(account.id)

    browse(journey)
