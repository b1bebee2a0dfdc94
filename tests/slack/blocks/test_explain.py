"""The explanation in Slack: the verdict, its evidence role by role, and a way on where there is one."""

import json
from typing import Any

import pytest
from building.explaining import DENIED, an_explanation
from building.values import NOW, a_known, a_role, an_account, facts_of
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.deep_facts import Carriers, administrator_arn
from bot.domain.explanation import Explanation
from bot.domain.finding import Verdict
from bot.domain.plan import Existence, PrincipalFact
from bot.domain.request import Mode
from bot.sandbox.slack.lint import lint
from bot.slack.blocks.explain import MOST_ROLES, begun, explanation
from bot.slack.blocks.kit import MESSAGE_CHARACTERS, Message, characters
from bot.slack.ids import ActionId
from tests.slack.blocks.explanations import (
    ACCOUNT,
    a_hostile_explanation,
    explanation_messages,
    explanations,
    many_roles,
)
from tests.slack.blocks.samples import a_waiver
from tests.slack.blocks.test_everything_fits import parsed_texts

SOUND = facts_of(ACCOUNT, a_role(ACCOUNT))
FAILING = facts_of(ACCOUNT)
OPEN_TRUST = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}'


def shown(told: Explanation, mode: Mode = Mode.APPLY, **more: Any) -> Message:
    return explanation(told, mode=mode, **more)


def words(message: Message) -> str:
    return json.dumps(message.blocks, ensure_ascii=False)


def buttons(message: Message) -> list[dict[str, Any]]:
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return [button for row in rows for button in row]


def test_every_explanation_is_one_that_slack_takes():
    for name, message in explanation_messages():
        assert lint(list(message.blocks), "message") == [], name
        assert characters(message.blocks) <= MESSAGE_CHARACTERS, name
        assert 0 < len(message.text) <= 4_000, name
        assert "has been shortened" not in words(message), name


@given(st.text())
def test_whatever_things_are_called_an_explanation_fits_and_pings_nobody(text: str):
    message = shown(a_hostile_explanation(text), waiver=a_waiver(reason=text, owner=text))

    assert lint(list(message.blocks), "message") == []
    for each in [message.text, *parsed_texts(list(message.blocks))]:
        assert "<" not in each.replace("<!date^", "").replace("<@U0OWNER>", ""), each


def test_the_headline_is_the_verdict_and_the_account():
    head = shown(an_explanation(FAILING)).blocks[0]

    assert (head["type"], head["text"]["text"]) == (
        "header",
        "\N{LARGE RED CIRCLE} FAIL · payments (111122223333)",
    )


def test_why_an_account_fails_is_said_once_at_its_head():
    (_, verdict, *_) = shown(an_explanation(FAILING)).blocks

    assert verdict["text"]["text"] == (
        "No role carries AWSSupportAccess as a permissions policy.\n"
        "_By the letter of CIS and Security Hub: not met._"
    )


def test_whoever_answers_for_a_waiver_is_shown_by_name():
    message = shown(an_explanation(FAILING), waiver=a_waiver())

    assert "Waived until 9 February 2026; <@U0OWNER> answers for it." in words(message)


def test_it_says_what_the_verdict_means_who_gets_in_and_how_that_is_known():
    text = words(shown(an_explanation(SOUND)))

    assert "a named person can assume a role that carries AWSSupportAccess" in text
    assert "`arn:aws:iam::111122223333:role/support`* is *sound*" in text
    assert "role/Responder can assume it, and exists." in text


def test_the_calls_of_a_role_stand_once_in_small_print_after_its_evidence():
    blocks = shown(an_explanation(SOUND)).blocks

    at = next(n for n, block in enumerate(blocks) if "is *sound*" in str(block))
    (calls,) = (element["text"] for element in blocks[at + 1]["elements"])
    assert calls.startswith("Seen with ")
    assert calls.count("`iam:GetRole`") == 1
    assert "`iam:GetRole role/Responder`" in calls
    assert "iam:" not in blocks[at]["text"]["text"].partition("\n")[2].replace("arn:aws:iam:", "")


def test_the_ids_of_the_standards_are_there():
    text = words(shown(an_explanation(SOUND)))

    assert "CIS 1.22 (v1.1), 1.20 (v1.2), 1.17 (v1.3 to v4.0)" in text
    assert "Security Hub IAM.18" in text
    assert "def-000-fz8" in text


def test_the_text_alone_says_all_that_matters():
    text = shown(an_explanation(FAILING)).text

    assert "payments (111122223333): FAIL" in text
    assert "No role carries" in text
    assert "Next: Ask for the fix" in text


def test_a_failing_account_can_be_fixed_from_here():
    (button,) = buttons(shown(an_explanation(FAILING)))

    assert (button["action_id"], button["value"]) == (ActionId.STATUS_FIX.value, ACCOUNT.id)


def weak_by_the_deeper_look() -> Explanation:
    gone = [PrincipalFact(arn, Existence.MISSING) for arn in ACCOUNT.trusted_principals]
    return an_explanation(SOUND, principals=tuple(gone))


NO_FIX = {
    "it passes": (an_explanation(SOUND), {}),
    "it could not be read": (an_explanation(facts_of(ACCOUNT, unreadable=DENIED)), {}),
    "fixes are off": (an_explanation(FAILING), {"mode": Mode.OFF}),
    "it is waived": (an_explanation(FAILING), {"waiver": a_waiver()}),
    "a role lets everybody in": (
        an_explanation(facts_of(ACCOUNT, a_role(ACCOUNT, trust=OPEN_TRUST))),
        {},
    ),
    "only the deeper look is against it": (weak_by_the_deeper_look(), {}),
}


@pytest.mark.parametrize(("told", "more"), NO_FIX.values(), ids=NO_FIX)
def test_no_fix_is_offered_where_it_would_not_help(told: Explanation, more: Any):
    assert buttons(shown(told, **more)) == []


def test_a_verdict_that_the_deeper_look_made_stricter_says_so():
    assert "The scan alone finds PASS" in words(shown(weak_by_the_deeper_look()))


def test_a_waiver_is_said():
    assert "Waived until 9 February 2026" in words(shown(an_explanation(FAILING), waiver=a_waiver()))


def test_of_a_hundred_roles_the_unsound_come_first_and_the_rest_are_counted():
    message = shown(an_explanation(many_roles(100)))

    sections = [b for b in message.blocks if b["type"] == "section" and "*`arn:" in b["text"]["text"]]
    assert 3 <= len(sections) <= MOST_ROLES
    assert all("is *not sound*" in section["text"]["text"] for section in sections)
    assert f"{100 - len(sections)} more roles are not shown here" in words(message)
    assert "support-role check 111122223333 --explain" in words(message)


def test_access_by_another_way_is_shown_with_the_account():
    admin = Carriers(administrator_arn(ACCOUNT), roles=("Admin",))

    assert "AdministratorAccess is on role Admin" in words(shown(an_explanation(FAILING, carriers=(admin,))))


def test_the_first_answer_says_what_the_last_scan_found_and_that_more_comes():
    known = a_known(Verdict.WEAK)

    text = words(begun(an_account(), known, now=NOW))

    assert "WEAK* payments (111122223333), as of just now" in text
    assert "Reading the account now" in text


def test_the_first_answer_of_an_account_that_was_never_checked_says_so():
    assert "was not checked yet" in words(begun(an_account(), None, now=NOW))


def test_every_verdict_is_among_the_samples():
    read = set(Verdict) - {Verdict.WAIVED}

    assert {told.finding.verdict for _, told in explanations()} == read
