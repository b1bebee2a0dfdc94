import pytest

from bot.domain.audit import GENESIS, ChainedEvent
from bot.slack.blocks.audit import audit_message
from bot.slack.blocks.audit_words import SAY_IT_ALL, VERBS
from tests.slack.blocks.samples import a_plan, an_event


def test_an_event_says_who_did_what_and_how_to_find_it_again():
    event = an_event("fix.refused", seq=17, outcome="You are not an approver.")

    assert audit_message(event).text.splitlines() == [
        "A rule refused a support role for payments (000000000001), wanted by <@U0SECOND>.",
        "You are not an approver.",
        (
            "Role `arn:aws:iam::000000000001:role/aws-support-access` · Request `req-7f3a` · "
            f"Plan `{a_plan().short_hash}` · AWS request ids `aws-1`, `aws-2`"
        ),
        f"Audit event 17 · hash `{event.hash}`",
    ]


BY_THE_BOT = {
    "actor": "support-role-bot",
    "detail": (("requester", "U0ASKER"), ("approver", "U0SECOND"), ("mode", "apply")),
}


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (an_event("fix.requested"), "<@U0SECOND> asked for a support role in payments (000000000001)"),
        (an_event("fix.denied"), "<@U0SECOND> denied a support role for payments (000000000001)"),
        (
            an_event("change.intended", **BY_THE_BOT),
            "About to create a support role in 000000000001, approved by <@U0SECOND>",
        ),
        (
            an_event("change.verified", **BY_THE_BOT),
            "The support role in 000000000001 was read back and is in place, approved by <@U0SECOND>",
        ),
        (
            an_event("fix.refused", **BY_THE_BOT),
            "A rule refused a support role for 000000000001, wanted by <@U0ASKER>",
        ),
        (
            an_event("change.failed", **BY_THE_BOT),
            "The support role for 000000000001 could not be created, asked for by <@U0ASKER>",
        ),
    ],
)
def test_each_kind_has_its_sentence_and_names_the_people_behind_it(event: ChainedEvent, said: str):
    assert audit_message(event).text.startswith(f"{said}.\n")


def test_an_outcome_that_says_the_same_again_is_left_out():
    shown = audit_message(an_event("fix.approved", outcome="<@U0SECOND> approved the fix."))

    assert "approved the fix" not in shown.text


def test_an_outcome_mentions_only_those_whom_the_event_names():
    shown = audit_message(an_event("fix.refused", outcome="<@U0SECOND> is not <@U0VICTIM>."))

    assert "<@U0SECOND> is not @U0VICTIM." in shown.text


def test_a_kind_without_a_sentence_is_shown_by_its_name():
    assert audit_message(an_event("fix.invented")).text.startswith("fix.invented payments (000000000001).")


def test_the_bot_itself_is_no_person_to_mention():
    assert (
        "wanted by support-role-bot."
        in audit_message(an_event("fix.refused", actor="support-role-bot", detail=())).text
    )


def test_an_account_without_a_name_is_known_by_its_id():
    assert "role for 000000000001." in audit_message(an_event(detail=())).text


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        (("left_behind", "role x"), "Left behind role x"),
        (("approver", "U0SECOND"), "Approved by <@U0SECOND>"),
        (("requester", "U0ASKER"), "Asked by <@U0ASKER>"),
        (("mode", "dry-run"), "Mode Dry run"),
        (("channel", "C0CHANNEL"), "Channel <#C0CHANNEL>"),
        (("guard", "approver_allowed"), "Rule approver_allowed"),
    ],
)
def test_each_detail_has_a_label_in_words(detail: tuple[str, str], said: str):
    assert said in audit_message(an_event(detail=(detail,))).text


@pytest.mark.parametrize("kind", ["fix.expired", "undo.expired"])
def test_that_nobody_decided_is_said_once_and_that_an_approval_came_too_late_is_said(kind: str):
    late = an_event(kind, outcome="Its time was over.", detail=(("approver", "U0SECOND"),))

    assert (
        "Nobody decided about it"
        not in audit_message(an_event(kind, outcome="Nobody decided about it.", detail=())).text
    )
    assert "Its time was over." in audit_message(late).text


@pytest.mark.parametrize("kind", sorted(SAY_IT_ALL))
def test_a_kind_whose_outcome_is_left_out_has_a_sentence_of_its_own(kind: str):
    assert kind in VERBS


def test_a_body_that_cannot_be_read_is_shown_rather_than_lost():
    shown = audit_message(ChainedEvent(9, GENESIS, "not json", "cd" * 32))

    assert "not json" in shown.text
    assert "Audit event 9" in shown.text


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("fix.refused", "A rule refused <@U0SECOND> about a support role for payments (000000000001)."),
        ("undo.refused", "A rule refused <@U0SECOND> about the removal of the support role of payments"),
        ("bulk.refused", "A rule refused <@U0SECOND> about support roles for many accounts."),
    ],
)
def test_whoever_presses_in_vain_is_not_said_to_have_wanted_it(kind: str, said: str):
    """They tried to decide about what somebody else asked for, and decided nothing."""
    detail = (("account_name", "payments"), ("guard", "not_an_approver"), ("where", "C0CHANNEL"))
    shown = audit_message(an_event(kind, detail=detail)).text

    assert shown.startswith(said)
    assert "Pressed in <#C0CHANNEL>" in shown
    assert "Decided in" not in shown


def test_a_reason_stands_in_the_record_letter_for_letter():
    shown = audit_message(an_event("fix.requested", detail=(("reason", "*bold* <!channel> _a_"),)))

    quotes = [block for block in shown.blocks if block["type"] == "rich_text"]
    assert quotes[0]["elements"][0]["elements"][0]["text"] == "*bold* <!channel> _a_"
    assert not any("bold" in str(block) for block in shown.blocks if block["type"] == "section")
