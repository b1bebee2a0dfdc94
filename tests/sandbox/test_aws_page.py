"""The page that shows AWS beside Slack."""

from dataclasses import replace
from html import escape

from bot.sandbox.aws.journal import JournalEntry
from bot.sandbox.aws.switches_client import SupportRole
from bot.sandbox.aws_page import render
from bot.sandbox.landing_zone import SUPPORT_POLICY
from bot.sandbox.world import STORIES, sandbox_world

WORLD = sandbox_world(STORIES + 3)
PAYMENTS = WORLD.story("payments-prod").id
CREATED = JournalEntry(
    number=1,
    at="2026-01-02T03:04:05.678+00:00",
    account_id=PAYMENTS,
    caller=f"arn:aws:sts::{PAYMENTS}:assumed-role/SupportRoleRemediator/fix-1",
    source_identity="U0ANAORTIZ",
    action="iam:CreateRole",
    subject="aws-support-access",
    error="",
    request_id="r-1",
)


def a_page(*calls: JournalEntry, roles: tuple[SupportRole, ...] = ()) -> str:
    told = {story.id: () for story in WORLD.stories[: STORIES + 1]}
    return render(WORLD, {**told, PAYMENTS: roles}, list(calls))


def test_every_story_is_told_and_the_rest_counted() -> None:
    page = a_page()

    assert all(escape(story.about) in page for story in WORLD.stories[: STORIES + 1])
    assert "And 3 more accounts." in page


def test_a_hostile_name_is_only_text() -> None:
    page = a_page(replace(CREATED, subject="<script>alert(1)</script>", error="<b>"))

    assert "<script" not in page
    assert "<!channel>" not in page
    assert "&lt;!channel&gt; *dev*" in page
    assert "&lt;b&gt;" in page


def test_a_role_stands_with_whom_it_trusts() -> None:
    trust = {"Statement": [{"Principal": {"AWS": ["arn:aws:iam::1:role/A", "arn:aws:iam::1:role/B"]}}]}
    role = SupportRole("aws-support-access", "arn", "AROA1", trust, (SUPPORT_POLICY,), "", {})

    assert "arn:aws:iam::1:role/A, arn:aws:iam::1:role/B" in a_page(roles=(role,))


def test_a_call_says_who_did_what_for_whom_and_the_newest_is_first() -> None:
    page = a_page(CREATED, replace(CREATED, action="iam:GetRole", error="NoSuchEntity"))

    assert "03:04:05</small> <b>payments-prod</b> <code>iam:CreateRole</code> aws-support-access" in page
    assert "done <span class=dim>as SupportRoleRemediator/fix-1</span> <small>for U0ANAORTIZ</small>" in page
    assert page.index("iam:GetRole") < page.index("iam:CreateRole")
    assert page.count("<li class=write>") == 1
    assert "<span class=refused>NoSuchEntity</span>" in page
