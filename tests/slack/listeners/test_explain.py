"""Asking why: an answer at once from the last scan, in private, and a worker that looks deeper."""

from building.values import NOW, an_account

from bot.domain.finding import Verdict
from bot.flows.engine import build_enqueue
from bot.sandbox.slack import CLOUD_SECURITY, GUS, RANDOM, RILEY
from bot.store import accounts
from tests.slack.listeners.workplace import LEDGER, PAYMENTS, Workplace, know


def know_two(work: Workplace) -> None:
    work.change(lambda connection: know(connection, (PAYMENTS, Verdict.FAIL), (LEDGER, Verdict.PASS)))


def looked_into(work: Workplace) -> list[tuple[str, ...]]:
    """What a worker is asked for: account, person and channel."""
    waiting = build_enqueue(work.engine).client.list_workflows(name="explain")
    return [tuple(found.input["args"]) for found in waiting if found.input]


def test_what_is_known_is_told_at_once_and_a_worker_looks_deeper(work: Workplace):
    know_two(work)

    work.command(f"explain {PAYMENTS.id}")

    (told,) = work.told_to(RILEY)
    assert "FAIL" in told
    assert f"payments ({PAYMENTS.id})" in told
    assert "Reading the account now" in told
    assert work.shown_in(CLOUD_SECURITY) == []
    assert looked_into(work) == [(PAYMENTS.id, RILEY, CLOUD_SECURITY)]


def test_an_account_can_be_meant_by_its_name(work: Workplace):
    know_two(work)

    work.command("explain Ledger")

    assert looked_into(work) == [(LEDGER.id, RILEY, CLOUD_SECURITY)]


def test_an_account_that_was_never_checked_is_looked_into_too(work: Workplace):
    work.change(lambda connection: know(connection, (PAYMENTS, None)))

    work.command("explain payments")

    assert "was not checked yet" in work.told_to(RILEY)[0]
    assert len(looked_into(work)) == 1


def test_a_misspelt_name_gets_the_nearest(work: Workplace):
    know_two(work)

    work.command("explain paymnets")

    (told,) = work.told_to(RILEY)
    assert "Did you mean payments?" in told
    assert looked_into(work) == []


def test_without_an_account_it_says_how_to_name_one(work: Workplace):
    know_two(work)

    work.command("explain")

    (told,) = work.told_to(RILEY)
    assert "none was named" in told
    assert "/support-role explain 111122223333" in told
    assert looked_into(work) == []


def test_several_accounts_are_named_and_none_is_looked_into(work: Workplace):
    twin = an_account("777788889999", name="payments")
    work.change(lambda connection: know(connection, (PAYMENTS, Verdict.FAIL), (twin, Verdict.FAIL)))

    work.command("explain payments")

    (told,) = work.told_to(RILEY)
    assert "payments means 2" in told
    assert PAYMENTS.id in told
    assert twin.id in told
    assert looked_into(work) == []


def test_before_the_first_check_it_says_so(work: Workplace):
    work.change(lambda connection: accounts.save_accounts(connection, [], now=NOW))

    work.command("explain payments")

    assert "No account was checked yet" in work.told_to(RILEY)[0]


def test_where_the_bot_is_no_member_it_answers_all_the_same(work: Workplace):
    know_two(work)

    work.command("explain payments", channel=RANDOM)

    assert "FAIL" in work.told_to(RILEY)[0]
    assert len(looked_into(work)) == 1


def test_a_guest_is_told_nothing_of_an_account(work: Workplace):
    know_two(work)

    work.command("explain payments", by=GUS)

    assert "payments" not in "".join(work.told_to(GUS))
    assert looked_into(work) == []
