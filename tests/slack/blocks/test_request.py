import json
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.request import ApplyProgress, ApplyStep, Mode, Outcome, RemediationRequest, RequestState
from bot.slack.blocks import plan_details
from bot.slack.blocks.kit import Form, Message
from bot.slack.blocks.request import request
from bot.slack.ids import ActionId
from tests.slack.blocks.samples import NOW, a_plan, a_request, an_account, an_approval

FINAL = [
    state
    for state in RequestState
    if state
    not in (RequestState.PREPARING, RequestState.PENDING, RequestState.APPROVED, RequestState.APPLYING)
]
DRY_RUN = "Dry run: everything is checked and recorded, and nothing is written in AWS."


def test_the_question_says_who_asks_why_for_which_account_and_until_when():
    shown = request(a_request())

    assert shown.blocks[0]["text"]["text"] == "Approval needed: a support role for payments (000000000001)"
    assert facts(shown)["Asked by"].startswith("<@U0ASKER>, ")
    assert facts(shown)["Expires"] == ("<!date^1769842800^{date_short_pretty} {time}|2026-01-31 07:00 UTC>")
    assert "Ticket 4711: no way to reach AWS Support" in texts(shown)


def test_the_question_shows_the_exact_plan():
    plan = a_plan(permissions_boundary="arn:aws:iam::000000000001:policy/Edge", max_session_seconds=7200)
    shown = request(a_request(plan=plan))

    assert facts(shown) | {"Asked by": "", "Expires": ""} == {
        "Account": "payments (000000000001)",
        "Asked by": "",
        "Expires": "",
        "Role": "`arn:aws:iam::000000000001:role/aws-support-access`",
        "Policy": "`arn:aws:iam::aws:policy/AWSSupportAccess`",
        "Longest session": "2 hours",
        "Permissions boundary": "`arn:aws:iam::000000000001:policy/Edge`",
        "Plan": f"`{plan.short_hash}`",
    }
    assert json.loads(preformatted(shown)) == json.loads(plan.trust)


def test_the_tags_are_shown_as_they_will_be_written():
    assert any(
        text.startswith("Tags: `managed-by = support-role-bot`, `support-role-bot:request = req-7f3a`")
        for text in texts(request(a_request()))
    )


def test_a_trust_policy_of_many_principals_is_shown_whole():
    arns = [f"arn:aws:iam::111122223333:role/Engineer{number}" for number in range(70)]
    trust = json.dumps({"Statement": [{"Principal": {"AWS": arns}}]})

    assert json.loads(preformatted(request(a_request(plan=a_plan(trust=trust))))) == json.loads(trust)


def test_a_trust_policy_that_cannot_be_shown_whole_cannot_be_approved():
    plan = a_plan(trust=json.dumps({"Statement": ["x" * 9_000]}))
    shown = request(a_request(plan=plan))

    assert ActionId.REQUEST_APPROVE not in buttons(shown)
    assert ActionId.REQUEST_DENY in buttons(shown)
    assert any("cannot be approved here" in text for text in texts(shown))


def test_both_decisions_ask_again_and_repeat_account_and_role():
    shown = buttons(request(a_request()))
    plan = a_plan().short_hash

    approve, deny = shown[ActionId.REQUEST_APPROVE], shown[ActionId.REQUEST_DENY]
    assert approve["confirm"]["text"]["text"] == (
        f"Role aws-support-access, plan {plan}, in payments (000000000001). This changes AWS."
    )
    assert deny["confirm"]["text"]["text"] == (
        f"Role aws-support-access, plan {plan}, will not be created in payments (000000000001)."
    )
    assert (approve["style"], deny["style"]) == ("primary", "danger")


def test_buttons_carry_the_request_id_and_nothing_else():
    assert {button["value"] for button in buttons(request(a_request())).values()} == {"req-7f3a"}


@pytest.mark.parametrize("state", [s for s in RequestState if s is not RequestState.PENDING])
def test_once_there_is_nothing_to_decide_there_is_no_button(state: RequestState):
    assert buttons(request(a_request(state, decision=an_approval()))) == {}


@pytest.mark.parametrize("state", RequestState)
def test_a_dry_run_says_so_in_every_state(state: RequestState):
    shown = request(a_request(state, mode=Mode.DRY_RUN))

    assert shown.blocks[0]["text"]["text"].startswith("Dry run · ")
    assert any(DRY_RUN in text for text in texts(shown))
    assert DRY_RUN in shown.text


@pytest.mark.parametrize("state", RequestState)
def test_a_request_to_apply_is_called_a_dry_run_only_when_it_was_rehearsed(state: RequestState):
    shown = request(a_request(state, mode=Mode.APPLY))

    assert ("Dry run ·" in shown.text) is (state is RequestState.REHEARSED)
    assert (DRY_RUN in shown.text) is (state is RequestState.REHEARSED)


def test_approving_a_dry_run_says_that_nothing_is_written():
    confirm = buttons(request(a_request(mode=Mode.DRY_RUN)))[ActionId.REQUEST_APPROVE]["confirm"]

    assert confirm["title"]["text"] == "Rehearse this fix?"
    assert confirm["text"]["text"].endswith("Nothing is written: this is a dry run.")


def test_while_it_applies_each_step_is_a_task_with_its_state():
    shown = request(
        a_request(RequestState.APPLYING, decision=an_approval()), progress=ApplyProgress(ApplyStep.ATTACH)
    )

    plan = next(block for block in shown.blocks if block["type"] == "plan")
    assert [(task["title"], task["status"]) for task in plan["tasks"]] == [
        ("Check all rules again", "complete"),
        ("Sign in to the account", "complete"),
        ("Create the role", "complete"),
        ("Attach AWSSupportAccess", "in_progress"),
        ("Read it back", "pending"),
        ("Record it", "pending"),
    ]
    assert "Step 4 of 6: Attach AWSSupportAccess." in shown.text


@pytest.mark.parametrize("form", [Form.TABLE, Form.PLAIN])
def test_without_slacks_plan_block_the_steps_are_a_checklist(form: Form):
    shown = request(
        a_request(RequestState.APPLYING), progress=ApplyProgress(ApplyStep.CREATE, failed=True), form=form
    )

    assert (
        "✅ Check all rules again\n"
        "✅ Sign in to the account\n"
        "❌ Create the role\n"
        "⬜ Attach AWSSupportAccess\n"
        "⬜ Read it back\n"
        "⬜ Record it"
    ) in texts(shown)


def test_the_record_of_a_fix_says_who_approved_it_and_what_was_read_back():
    arn = a_plan().role_arn
    text = f"{arn} is in place: created, attached and read back."
    outcome = Outcome(text, role_arn=arn, aws_request_ids=("aws-1", "aws-2"))
    shown = request(a_request(RequestState.APPLIED, decision=an_approval(), outcome=outcome))

    assert shown.blocks[0]["text"]["text"] == "Done: payments (000000000001) has a support role"
    assert facts(shown)["Approved by"].startswith("<@U0SECOND>, ")
    assert "*Next:* Nothing is left to do. `/support-role status 000000000001` shows the account." in texts(
        shown
    )
    assert facts(shown)["Role"] == f"`{arn}`"
    assert str(shown.blocks).count(arn) == 1
    assert str(shown.blocks).count("read back") == shown.text.count("read back") == 1
    assert "AWS request ids: `aws-1`, `aws-2`" in texts(shown)


def test_the_record_of_a_denial_says_who_denied_it():
    outcome = Outcome("<@U0SECOND> denied the fix of payments (000000000001).")
    shown = request(a_request(RequestState.DENIED, decision=an_approval(), outcome=outcome))

    assert "Denied by" in facts(shown)
    assert not any("denied the fix" in text for text in texts(shown))
    assert "Denied by <@U0SECOND>." in shown.text


def test_a_failure_says_what_was_left_behind_and_what_to_do():
    outcome = Outcome(
        "Attaching was refused.", next_step="Delete the role by hand.", left_behind="role aws-support-access"
    )
    shown = request(a_request(RequestState.FAILED, decision=an_approval(), outcome=outcome))

    said = "Attaching was refused.\n*Left behind:* role aws-support-access\n*Next:* Delete the role by hand."
    assert said in texts(shown)
    assert "Left behind: role aws-support-access" in shown.text


@pytest.mark.parametrize("state", FINAL)
def test_every_end_says_what_to_do_next(state: RequestState):
    assert any("*Next:* " in text for text in texts(request(a_request(state, decision=an_approval()))))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (a_request(RequestState.EXPIRED), "Nobody approved in time. Nothing was changed."),
        (
            a_request(RequestState.EXPIRED, decision=an_approval()),
            "It was approved, but its time ran out before anything was written. Nothing was changed.",
        ),
        (a_request(RequestState.FAILED, plan=None), "It could not be prepared. Nothing was changed."),
        (
            a_request(RequestState.APPLIED_UNVERIFIED, decision=an_approval()),
            "AWS accepted every call, but the role could not be read back yet.",
        ),
        (
            a_request(RequestState.REHEARSED, decision=an_approval(), mode=Mode.DRY_RUN),
            "Every rule and the plan were checked, and nothing stands in the way.",
        ),
    ],
)
def test_an_end_says_what_it_means_for_the_account(asked: RemediationRequest, said: str):
    assert any(text.endswith(said) for text in texts(request(asked)))


def test_the_record_keeps_whom_the_role_trusts():
    shown = request(a_request(RequestState.APPLIED, decision=an_approval()))

    assert f"Trusts `{an_account().trusted_principals[0]}`" in texts(shown)


def test_the_text_alone_says_what_is_asked():
    plan = a_plan()

    assert request(a_request()).text.splitlines() == [
        (
            "Approval needed: a support role for payments (000000000001). "
            "A second person decides: approve or deny. Whoever asked cannot approve."
        ),
        "Asked by <@U0ASKER>. Expires 2026-01-31 07:00 UTC.",
        "Reason: Ticket 4711: no way to reach AWS Support",
        (
            f"Plan {plan.short_hash}: role arn:aws:iam::000000000001:role/aws-support-access "
            "with arn:aws:iam::aws:policy/AWSSupportAccess. "
            "Trusts `arn:aws:iam::000000000001:role/IncidentManager`."
        ),
    ]


def test_a_reason_is_shown_letter_for_letter_and_parsed_by_nobody():
    shown = request(a_request(reason="<!channel> *now*\nplease"))

    quote = next(block for block in shown.blocks if block["type"] == "rich_text")["elements"][0]
    assert quote == {
        "type": "rich_text_quote",
        "elements": [{"type": "text", "text": "<!channel> *now*\nplease"}],
    }


def test_a_federated_principal_is_named_too():
    arn = "arn:aws:iam::000000000001:saml-provider/Okta"
    trust = json.dumps({"Statement": [{"Principal": {"Federated": arn}}]})

    assert plan_details.principals(a_plan(trust=trust)) == [arn]


def test_the_time_of_a_decision_is_when_it_was_recorded():
    later = NOW + timedelta(hours=1)
    shown = request(a_request(RequestState.APPROVED, decision=an_approval(), decided_at=later))

    assert "2026-01-31 04:00 UTC" in facts(shown)["Approved by"]


def facts(shown: Message) -> dict[str, str]:
    pairs = [one["text"] for block in shown.blocks for one in block.get("fields", [])]
    return {name.strip("*"): value for name, value in (pair.split("\n", 1) for pair in pairs)}


def buttons(shown: Message) -> dict[str, Any]:
    rows = [block["elements"] for block in shown.blocks if block["type"] == "actions"]
    return {button["action_id"]: button for row in rows for button in row}


def texts(part: object) -> list[str]:
    """Every text in a message, parsed or literal."""
    if isinstance(part, Message):
        return texts(list(part.blocks))
    if isinstance(part, dict):
        own = [part["text"]] if isinstance(part.get("text"), str) else []
        return own + [text for value in part.values() for text in texts(value)]
    if isinstance(part, (list, tuple)):
        return [text for item in part for text in texts(item)]
    return []


def preformatted(shown: Message) -> str:
    rich = [one for block in shown.blocks if block["type"] == "rich_text" for one in block["elements"]]
    pieces = [one["elements"][0]["text"] for one in rich if one["type"] == "rich_text_preformatted"]
    return "".join(pieces)
