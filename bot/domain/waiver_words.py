"""What people are told privately about a waiver: that it was granted, that its end is near, how it ended."""

from datetime import datetime, timedelta

from bot.domain.people import Notice
from bot.domain.waiver import Told, Waiver, WaiverState, spelled

DAY = timedelta(days=1)
SHOWN_AGAIN = "From now on the account is shown as what it is."


def words_about(waiver: Waiver, word: Told, now: datetime) -> Notice:
    """A word to whoever answers for the account or asked for the waiver, with what they can do next."""
    if word is Told.GRANTED:
        return _granted(waiver)
    return _end(waiver) if word is Told.END else _near(waiver, now)


def _granted(waiver: Waiver) -> Notice:
    by = f" <@{waiver.decision.person.user_id}> granted it." if waiver.decision else ""
    return Notice(
        f"The waiver for {waiver.label} is in force",
        f"<@{waiver.owner}> answers for the account until the end of {spelled(waiver.until)}.{by} "
        f"Until then it is shown as WAIVED. Reason: {waiver.reason}",
        "The owner is reminded 14 and 3 days before. To see or revoke it: /support-role waivers",
    )


def _near(waiver: Waiver, now: datetime) -> Notice:
    # Rounded up: on the last day there is one day left, not none.
    days = max(1, -((now - waiver.ends_at) // DAY))
    left = "1 day" if days == 1 else f"{days} days"
    return Notice(
        f"The waiver for {waiver.label} ends in {left}",
        f"{spelled(waiver.until)} is its last day; after that the account is shown as failing again, and "
        f"<@{waiver.owner}> answers for it until then. Reason given: {waiver.reason}",
        _mend(waiver),
    )


def _end(waiver: Waiver) -> Notice:
    how = {
        WaiverState.DENIED: ("was denied", f"{_decider(waiver)} denied it. Nothing has changed."),
        WaiverState.UNDECIDED: ("was not decided", "Nobody decided about it in time. Nothing has changed."),
        WaiverState.REVOKED: ("was revoked", f"{_revoker(waiver)} revoked it. {SHOWN_AGAIN}"),
        WaiverState.REPLACED: ("gave way to another", "A newer waiver for the same account was granted."),
    }
    ended = f"{spelled(waiver.until)} was its last day. {SHOWN_AGAIN}"
    verb, text = how.get(waiver.state, ("has ended", ended))
    replaced = waiver.state is WaiverState.REPLACED
    step = "/support-role waivers lists it." if replaced else _mend(waiver)
    return Notice(f"The waiver for {waiver.label} {verb}", text, step)


def _mend(waiver: Waiver) -> str:
    account = waiver.account_id
    return f"Have it fixed, /support-role fix {account}, or ask for a waiver: /support-role waive {account}"


def _decider(waiver: Waiver) -> str:
    return f"<@{waiver.decision.person.user_id}>" if waiver.decision else "Somebody"


def _revoker(waiver: Waiver) -> str:
    return f"<@{waiver.revocation.person.user_id}>" if waiver.revocation else "Somebody"
