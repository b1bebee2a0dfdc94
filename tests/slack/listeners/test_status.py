"""The status: one message at once, a scan behind it, and a private way out where it cannot be posted."""

from bot.domain.finding import Verdict
from bot.sandbox.slack import CLOUD_SECURITY, RANDOM, RILEY
from bot.slack.ids import ActionId
from bot.store import scans
from tests.slack.listeners.workplace import LEDGER, PAYMENTS, Workplace, know


def know_two(work: Workplace) -> None:
    work.change(lambda connection: know(connection, (PAYMENTS, Verdict.FAIL), (LEDGER, Verdict.PASS)))


def followed(work: Workplace) -> list[tuple[str, str]]:
    """Channel and scope of each message that a scan will update."""
    return [(message.at.channel, message.scope) for message in work.look(scans.read_following)]


def test_what_is_known_is_posted_at_once_and_a_scan_begins_behind_it(work: Workplace):
    know_two(work)

    work.command("status")

    (message,) = work.shown_in(CLOUD_SECURITY)
    assert "1 of 2 accounts has no support role" in message.text
    assert followed(work) == [(CLOUD_SECURITY, "")]
    assert work.enqueued() == ["plan_scan"]


def test_a_second_status_joins_the_scan_that_runs(work: Workplace):
    know_two(work)

    work.command("status")
    work.command("status")

    assert len(work.shown_in(CLOUD_SECURITY)) == 2
    assert len(followed(work)) == 2
    assert work.enqueued() == ["plan_scan"]


def test_a_scope_shows_only_what_it_is_about(work: Workplace):
    know_two(work)

    work.command("status Ledger")

    (message,) = work.shown_in(CLOUD_SECURITY)
    assert "payments" not in message.text + message.words
    assert followed(work) == [(CLOUD_SECURITY, "ledger")]


def test_all_that_is_wrong_with_a_scope_is_said_at_once(work: Workplace):
    work.command("status tag:team verdict:maybe region:eu")

    (told,) = work.told_to(RILEY)
    assert "tag:team needs a key and a value" in told
    assert "maybe is no verdict" in told
    assert "region:eu is no filter" in told
    assert work.shown_in(CLOUD_SECURITY) == []
    assert work.enqueued() == []


def test_accounts_that_nobody_knows_are_all_named_with_the_nearest(work: Workplace):
    know_two(work)

    work.command("status paymnets 999900001111 ou:Nowhere")

    (told,) = work.told_to(RILEY)
    assert "No account is called paymnets. Did you mean payments?" in told
    assert "No account 999900001111 is in scope." in told
    assert "No account is in an organizational unit nowhere." in told
    assert work.enqueued() == []


def test_where_the_bot_is_no_member_the_way_out_is_told_privately(work: Workplace):
    work.command("status", channel=RANDOM)

    (told,) = work.told_to(RILEY)
    assert "/invite @support-role" in told
    assert work.shown_in(RANDOM) == []
    assert followed(work) == []


def test_recheck_checks_the_scope_of_its_button(work: Workplace):
    know_two(work)

    work.press(ActionId.STATUS_RECHECK, "payments", by=RILEY, channel=CLOUD_SECURITY)

    assert followed(work) == [(CLOUD_SECURITY, "payments")]
    assert work.enqueued() == ["plan_scan"]


def test_the_message_around_a_button_is_never_read(work: Workplace):
    know_two(work)
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "Only ledger"}}]

    work.press(
        ActionId.STATUS_RECHECK, "payments", by=RILEY, channel=CLOUD_SECURITY, text="ledger", blocks=blocks
    )

    assert followed(work) == [(CLOUD_SECURITY, "payments")]
