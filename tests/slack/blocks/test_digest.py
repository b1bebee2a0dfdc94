from bot.domain.finding import Verdict
from bot.slack.blocks.digest import details, digest
from bot.slack.blocks.kit import Form
from tests.slack.blocks.samples import a_change, a_digest, a_known, an_eventful_digest, many

CHAIN = f"Audit chain: 1,234 events, head `{'ab' * 32}`"


def test_a_quiet_day_is_three_lines():
    shown = digest(a_digest(a_known(days=43), a_known(Verdict.PASS, 2), pending_requests=2))

    assert len(shown.blocks) == 1
    assert shown.blocks[0]["text"]["text"].splitlines() == [
        (
            "*31 January 2026: no change since 30 January 2026.* "
            "1 of 2 accounts has no support role · coverage 100 %."
        ),
        "Open longest: payments (000000000001), 43 days · 2 requests wait for approval · read 5 minutes ago",
        CHAIN,
    ]


def test_the_first_digest_says_that_it_compares_with_nothing():
    assert digest(a_digest(a_known(), previous_day=None)).text.startswith("*31 January 2026: first digest.*")


def test_before_any_check_the_digest_says_how_to_start_one():
    text = digest(a_digest(last_scan_at=None, previous_day=None)).text

    assert "No account has been checked yet." in text
    assert "never checked: type `/support-role status`" in text


def test_a_day_with_changes_says_what_broke_what_was_fixed_and_by_whom():
    assert digest(an_eventful_digest()).text.splitlines() == [
        (
            "31 January 2026: 1 broken again · 1 newly failing · 2 fixed. "
            "2 of 4 accounts have no support role · coverage 100 %."
        ),
        "🔴 FAIL ledger (000000000002) <@U0OWNER>: No role carries AWSSupportAccess.",
        "🔴 FAIL payments (000000000001) <@U0OWNER>: No role carries AWSSupportAccess.",
        "✅ PASS web (000000000003), approved by <@U0SECOND>",
        "✅ PASS mail (000000000004), outside this bot",
        "Open longest: ledger (000000000002), 12 days · 1 request waits for approval · read 5 minutes ago",
        CHAIN,
    ]


def test_what_broke_again_after_our_fix_stands_first():
    sections = [b["text"]["text"] for b in digest(an_eventful_digest()).blocks if b["type"] == "section"]

    assert [text.splitlines()[0] for text in sections[1:4]] == [
        "*Broken again after our fix*",
        "*Newly failing*",
        "*Fixed*",
    ]


def test_many_changes_are_counted_and_some_shown():
    crowd = tuple(a_change(item) for item in many(500, Verdict.FAIL))
    sections = [str(block) for block in digest(a_digest(newly_failing=crowd)).blocks]

    assert any("… and 490 more: `/support-role status`" in text for text in sections)


def test_the_details_list_all_that_is_open_and_notify_nobody():
    shown = details(a_digest(a_known(), a_known(Verdict.UNKNOWN, 2)), quiet=True)

    assert shown is not None
    assert shown.blocks[0]["text"]["text"] == "*2 accounts need attention*"
    assert len(shown.blocks[1]["rows"]) == 3
    assert "user_id" not in str(shown.blocks)


def test_the_details_say_how_many_did_not_fit():
    shown = details(a_digest(*many(10_000, Verdict.FAIL)), form=Form.PLAIN)

    assert shown is not None
    assert "of 10,000. For all of them, as a file: `/support-role export csv`" in str(shown.blocks)


def test_with_nothing_open_there_are_no_details():
    assert details(a_digest(a_known(Verdict.PASS))) is None
