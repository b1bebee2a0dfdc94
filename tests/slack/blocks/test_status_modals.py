from bot.domain.export import FORMS
from bot.domain.finding import Verdict
from bot.slack.blocks.kit import View
from bot.slack.blocks.status_modals import EXPORTS, explain_modal, export_modal
from tests.slack.blocks.samples import a_known, many


def values(view: View) -> list[str]:
    return [block["accessory"]["value"] for block in view.blocks if "accessory" in block]


def options(view: View) -> list[str]:
    return [option["text"]["text"] for option in view.blocks[0]["element"]["options"]]


def test_every_form_of_the_command_can_be_chosen_and_no_other():
    assert set(EXPORTS) == set(FORMS)
    assert values(export_modal("")) == [*EXPORTS, "evidence"]


def test_its_buttons_say_what_would_be_typed_after_export():
    assert values(export_modal("ou:Prod")) == [f"{form} ou:Prod" for form in EXPORTS]


def test_an_account_to_explain_shows_its_verdict_and_its_whole_id():
    assert options(explain_modal([a_known(name="n" * 200)], form_id="form-1"))[0].startswith(
        "FAIL 000000000001 nnn"
    )


def test_of_more_than_a_hundred_accounts_some_of_each_verdict_are_offered_and_the_rest_is_counted():
    known = [*many(5_000, Verdict.UNKNOWN), a_known(Verdict.FAIL, 6_000)]

    view = explain_modal(known, form_id="form-1")

    assert len(options(view)) == 100
    assert options(view)[-1].startswith("FAIL 000000006000")
    assert "4,901 more accounts do not fit here." in str(view.body)
    assert "/support-role explain ACCOUNT" in str(view.body)
