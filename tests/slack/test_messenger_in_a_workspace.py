"""The messenger against the local Slack: what people then see there."""

import asyncio
from collections.abc import Callable

import pytest

from bot.domain.errors import MessengerError
from bot.domain.people import Notice
from bot.domain.request import MessageRef, RequestState
from bot.sandbox.slack import (
    APPROVALS,
    CLOUD_APPROVERS,
    CLOUD_AUDIT,
    CLOUD_SECURITY,
    EVE,
    GUS,
    PARTNERS,
    RANDOM,
    RILEY,
    LocalSlack,
    Person,
    RateLimits,
    Seen,
)
from bot.slack.client import build_client
from bot.slack.messenger import SlackMessenger
from tests.slack.blocks.samples import a_digest, a_known, a_request, a_status, an_approval, an_event

Act = Callable[[SlackMessenger], object]


def seen_by_riley(channel: str, act: Act) -> list[Seen]:
    """Do something in a fresh workspace; what Riley then sees in a channel."""

    async def go() -> list[Seen]:
        async with LocalSlack(limits=RateLimits(enabled=False)) as slack:
            await asyncio.to_thread(act, messenger_in(slack))
            async with Person(slack.url, RILEY) as riley:
                return await riley.messages(channel)

    return asyncio.run(go())


def answer_in_a_workspace(act: Act) -> object:
    async def go() -> object:
        async with LocalSlack(limits=RateLimits(enabled=False)) as slack:
            return await asyncio.to_thread(act, messenger_in(slack))

    return asyncio.run(go())


def messenger_in(slack: LocalSlack) -> SlackMessenger:
    return SlackMessenger(build_client(slack.environment["SLACK_BOT_TOKEN"], slack.api_url))


def test_a_status_is_one_message_that_shows_what_needs_attention():
    def act(messenger: SlackMessenger) -> None:
        at = messenger.show_status(CLOUD_SECURITY, a_status(a_known(owner=RILEY)), None)
        messenger.show_status(CLOUD_SECURITY, a_status(a_known(owner=RILEY), a_known(number=2)), at)

    (message,) = seen_by_riley(CLOUD_SECURITY, act)

    assert message.text.startswith("2 of 2 accounts have no support role · coverage 100 %")
    assert "payments (000000000002)" in message.words


def test_a_request_becomes_its_record_in_place():
    def act(messenger: SlackMessenger) -> None:
        at = messenger.show_request(APPROVALS, a_request(), None, None)
        denied = a_request(RequestState.DENIED, decision=an_approval())
        messenger.show_request(APPROVALS, denied, at, None)

    (message,) = seen_by_riley(APPROVALS, act)

    assert message.text.startswith("Denied: a support role for payments (000000000001). Nothing was changed.")


def test_a_digest_and_an_audit_event_are_posted_where_they_belong():
    digests = seen_by_riley(
        CLOUD_SECURITY, lambda m: m.post_digest(CLOUD_SECURITY, a_digest(a_known()), "key")
    )
    events = seen_by_riley(CLOUD_AUDIT, lambda m: m.post_audit(CLOUD_AUDIT, an_event(seq=17)))

    assert [message.text.splitlines()[0] for message in digests] == [
        (
            "*31 January 2026: no change since 30 January 2026.* "
            "The one account has no support role · coverage 100 %."
        ),
        "1 account needs attention",
    ]
    assert "Audit event 17" in events[0].text


def test_owners_are_shown_by_name_in_the_thread_of_a_digest():
    """The message that notified nobody when it was posted is updated, which notifies nobody either."""
    (_, details) = seen_by_riley(
        CLOUD_SECURITY, lambda m: m.post_digest(CLOUD_SECURITY, a_digest(a_known(owner=RILEY)), "key")
    )

    assert f"'user_id': '{RILEY}'" in str(details.raw["blocks"])


def test_a_word_to_somebody_outside_the_channel_reaches_them_directly():
    word = Notice("Not approved", "You asked for this fix.", "Ask somebody else.")

    (message,) = seen_by_riley("app", lambda m: m.tell(RILEY, RANDOM, word))

    assert message.text.startswith("*Not approved*")


def test_people_groups_and_channels_are_read_as_slack_gives_them():
    guest = answer_in_a_workspace(lambda m: m.read_person(GUS))
    stranger = answer_in_a_workspace(lambda m: m.read_person(EVE))
    approvers = answer_in_a_workspace(lambda m: m.read_group(CLOUD_APPROVERS))
    shared = answer_in_a_workspace(lambda m: (m.read_is_shared(PARTNERS), m.read_is_shared(APPROVALS)))

    assert getattr(guest, "is_restricted", None) is True
    assert getattr(stranger, "is_stranger", None) is True
    assert isinstance(approvers, frozenset)
    assert RILEY not in approvers
    assert shared == (True, False)


def test_a_channel_that_the_bot_is_not_in_says_how_to_invite_it():
    with pytest.raises(MessengerError) as fault:
        answer_in_a_workspace(lambda m: m.post_audit(RANDOM, an_event()))

    assert fault.value.code == "not_in_channel"
    assert "/invite @support-role" in str(fault.value)


def test_a_message_that_was_deleted_is_told_apart():
    gone = MessageRef(CLOUD_SECURITY, "1.000001")

    with pytest.raises(MessengerError) as fault:
        answer_in_a_workspace(lambda m: m.show_status(CLOUD_SECURITY, a_status(), gone))

    assert fault.value.code == "message_not_found"
