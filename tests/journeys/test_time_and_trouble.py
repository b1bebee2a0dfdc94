"""Time that goes by, and trouble on purpose: what expires, two mornings' digests, a fix that comes undone,
Slack gone, a dead worker, two who approve at once, a pause.

In a sandbox whose clock moves forward alone.
"""

import json
from collections.abc import Callable
from datetime import timedelta

from bot.sandbox.clock import until_morning
from bot.sandbox.configuration import DIGEST_AT, DIGEST_ZONE
from bot.sandbox.door import Sandbox
from bot.sandbox.landing_zone import SUPPORT_ROLE, trusting
from bot.sandbox.slack import ANA, GUS, PRIYA, RILEY, SAM, Person, Seen
from journeys.people import LONG, ask_for_fix, check, fix, heard, kinds, read_audit, same, until
from journeys.town import Journey, Shared

Together = Callable[[Journey], None]
ATTACH = "iam:AttachRolePolicy"
EVERYBODY = json.loads(trusting({"AWS": "*"}))
PAST_THE_TTL = timedelta(hours=4, minutes=1)
TRAIL = ["fix.requested", "fix.approved", "change.intended", "change.applied", "change.verified"]


def test_a_request_that_nobody_decided_in_time_is_refused_and_says_that_it_expired(
    together: Together,
) -> None:
    async def journey(shared: Shared) -> None:
        sandbox, account = shared.sandbox, shared.account()
        async with Person(sandbox.url, RILEY) as riley, Person(sandbox.url, ANA) as ana:
            question = await ask_for_fix(riley, account)
            await sandbox.move_clock(PAST_THE_TTL)

            clicking = ana.click(question, "Approve")
            refusal = await heard(ana, "approvals", clicking, "This request has expired")
            assert refusal.is_ephemeral
            record = await ana.wait_for_message("approvals", f"Expired: a support role for {account.name}")
            assert record.id == question.id
            assert "Approve" not in record.buttons
            await ana.wait_for(
                lambda screen: [
                    m
                    for m in screen.messages("cloud-audit")
                    if _is_about(m, account.id, "Nobody decided in time")
                ]
            )
        assert sandbox.aws.support_roles(account.id) == ()

    together(journey)


def test_each_morning_brings_one_digest_and_the_second_tells_what_was_fixed_since(together: Together) -> None:
    async def journey(shared: Shared) -> None:
        sandbox, account = shared.sandbox, shared.account()
        async with Person(sandbox.url, RILEY) as riley, Person(sandbox.url, ANA) as ana:
            await _digest_of_next_morning(sandbox, riley)
            await fix(riley, ana, account)

            digest = await _digest_of_next_morning(sandbox, riley)
            assert "1 fixed" in digest.words
            assert f"{account.name} ({account.id})" in digest.words
            assert f"approved by <@{ANA}>" in digest.words

        today = f"{sandbox.clock.now():%Y-%m-%d}"
        # It is recorded once Slack has it, a moment after it is seen there.
        await until(lambda: _mornings(sandbox)[-1] == (today, today))
        days = [day for _, day in _mornings(sandbox)]
        assert len(set(days)) == len(days)

    together(journey)


def _mornings(sandbox: Sandbox) -> list[tuple[str, str]]:
    """Of each daily digest that was posted, the date of the event and that of the digest."""
    posted = [event for event in read_audit(sandbox) if event["kind"] == "digest.posted"]
    return [(event["at"][:10], event["detail"]["day"]) for event in posted]


async def _digest_of_next_morning(sandbox: Sandbox, riley: Person) -> Seen:
    await sandbox.move_clock(until_morning(sandbox.clock.now(), DIGEST_AT, DIGEST_ZONE))
    day = sandbox.clock.now().astimezone(DIGEST_ZONE)

    def of_that_day(message: Seen) -> bool:
        return message.text.lstrip("*").startswith(f"{day.day} {day:%B %Y}:")

    found = await riley.wait_for(
        lambda screen: [each for each in screen.messages("cloud-security") if of_that_day(each)], LONG
    )
    assert len(found) == 1
    return found[0]


def test_a_trust_that_is_changed_by_hand_after_our_fix_is_told_as_a_regression(together: Together) -> None:
    async def journey(shared: Shared) -> None:
        sandbox, account = shared.sandbox, shared.account()
        async with Person(sandbox.url, RILEY) as riley, Person(sandbox.url, ANA) as ana:
            await fix(riley, ana, account)
            assert "1 pass" in (await check(riley, account)).words
            sandbox.aws.plant_role(account.id, SUPPORT_ROLE, EVERYBODY)

            status = await check(riley, account)
            assert "WEAK" in status.words
            typing = riley.command(f"/support-role history {account.id}", "cloud-security")
            history = await heard(riley, "cloud-security", typing, "regressed after our fix")
            assert history.is_ephemeral
            assert "Support role created in" in history.words

    together(journey)


def test_a_fix_goes_on_while_slack_is_gone_and_is_told_when_it_is_back(together: Together) -> None:
    async def journey(shared: Shared) -> None:
        sandbox, account = shared.sandbox, shared.account()
        async with Person(sandbox.url, RILEY) as riley, Person(sandbox.url, ANA) as ana:
            question = await ask_for_fix(riley, account)
            sandbox.aws.pause(ATTACH, account_id=account.id)
            await ana.click(question, "Approve")
            await until(lambda: ATTACH in sandbox.aws.paused())
            await sandbox.cut_slack_off(60)
            sandbox.aws.release()

            await until(lambda: len(sandbox.aws.support_roles(account.id)) == 1)
            assert not [m for m in await ana.messages("cloud-audit") if _is_about(m, account.id, "read back")]
            await sandbox.cut_slack_off(0)
            record = await ana.wait_for_message("approvals", f"Done: {account.name}", LONG)
            assert record.id == question.id
            await ana.wait_for(
                lambda screen: [
                    m for m in screen.messages("cloud-audit") if _is_about(m, account.id, "read back")
                ],
                LONG,
            )
            # What people type reaches the bot once its socket is there again.
            await sandbox.slack.wait_for_app(LONG)
        assert await kinds(sandbox, account.id) == TRAIL

    together(journey)


def _is_about(message: Seen, account_id: str, words: str) -> bool:
    return account_id in message.text and words in message.text


def test_a_worker_that_dies_in_a_fix_is_followed_by_one_that_finishes_it(together: Together) -> None:
    async def journey(shared: Shared) -> None:
        sandbox, account = shared.sandbox, shared.account()
        before = await sandbox.worker_pid()
        async with Person(sandbox.url, RILEY) as riley, Person(sandbox.url, ANA) as ana:
            question = await ask_for_fix(riley, account)
            await sandbox.kill_worker_in_next_fix()
            await ana.click(question, "Approve")
            await ana.wait_for_message("approvals", f"Done: {account.name}", LONG)
        assert await sandbox.worker_pid() != before
        await until(lambda: not sandbox.will_kill_worker)
        created = [call.was_done for call in sandbox.aws.calls("iam:CreateRole", account.id)]
        assert created == [True]
        assert await kinds(sandbox, account.id) == TRAIL

    together(journey)


def test_of_two_who_approve_at_once_one_is_told_who_came_first(together: Together) -> None:
    async def journey(shared: Shared) -> None:
        sandbox, account = shared.sandbox, shared.account()
        async with (
            Person(sandbox.url, RILEY) as riley,
            Person(sandbox.url, ANA) as ana,
            Person(sandbox.url, SAM) as sam,
        ):
            await ask_for_fix(riley, account)
            await sandbox.approve_twice()
            await riley.wait_for_message("approvals", f"Done: {account.name}", LONG)
            [role] = sandbox.aws.support_roles(account.id)
            winner = role.tags["support-role-bot:approver"]
            loser = {ANA: sam, SAM: ana}[winner]
            told = await loser.wait_for_message("approvals", f"by <@{winner}>")
            assert told.is_ephemeral
        assert sorted(await kinds(sandbox, account.id)) == sorted([*TRAIL, "fix.refused"])

    together(journey)


def test_while_paused_nobody_approves_a_fix_and_afterwards_the_same_question_can_be(
    together: Together,
) -> None:
    async def journey(shared: Shared) -> None:
        sandbox, account = shared.sandbox, shared.account()
        async with (
            Person(sandbox.url, RILEY) as riley,
            Person(sandbox.url, ANA) as ana,
            Person(sandbox.url, PRIYA) as priya,
        ):
            question = await ask_for_fix(riley, account)
            await priya.command("/support-role pause an incident", "cloud-security")
            paused = await same(ana, question, "Why: an incident")
            refusal = await heard(ana, "approvals", ana.click(paused, "Approve"), "Fixes are paused")
            assert refusal.is_ephemeral
            assert sandbox.aws.support_roles(account.id) == ()

            await priya.command("/support-role resume", "cloud-security")
            resumed = await same(ana, question, account.name, without="an incident")
            await ana.click(resumed, "Approve")
            await ana.wait_for_message("approvals", f"Done: {account.name}", LONG)

    together(journey)


def test_a_file_comes_to_whoever_asked_for_it_and_a_guest_gets_none(together: Together) -> None:
    async def journey(shared: Shared) -> None:
        sandbox, account = shared.sandbox, shared.account()
        async with Person(sandbox.url, RILEY) as riley, Person(sandbox.url, GUS) as gus:
            shown = {each.id for each in await riley.messages("app")}
            await riley.command(f"/support-role export csv {account.id}", "cloud-security")
            message = await riley.wait_for(
                lambda screen: next((m for m in screen.messages("app") if _is_table(m, shown)), None)
            )
            content = (await riley.download(message.files[0])).decode()
            assert account.id in content
            assert len(content.strip().splitlines()) == 2

            await gus.command("/support-role export csv", "cloud-security")
            assert (await gus.wait_for_message("cloud-security", "Guests")).is_ephemeral
            assert [each for each in await gus.messages("app") if each.files] == []

    together(journey)


def _is_table(message: Seen, shown: set[str]) -> bool:
    """A file of rows, and not one of those that were there before."""
    return message.id not in shown and any(file["name"].endswith(".csv") for file in message.files)
