"""Many fixes at once ask Slack once about their approver, and soon again."""

import pytest
from adapters.messenger import FakeMessenger
from building.values import APPROVER

from bot.domain.errors import MessengerError
from bot.flows.recent_people import FRESH_SECONDS, RecentPeople


class Hand:
    """A clock in seconds."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_an_answer_is_good_for_a_moment_and_no_longer():
    slack, hand = FakeMessenger(), Hand()
    people = RecentPeople(slack, hand)
    people.read_person(APPROVER.user_id)
    slack.change(APPROVER.user_id, is_deleted=True)

    hand.at = FRESH_SECONDS
    assert not people.read_person(APPROVER.user_id).is_deleted
    hand.at = FRESH_SECONDS + 0.1
    assert people.read_person(APPROVER.user_id).is_deleted


def test_a_fault_is_not_remembered():
    slack = FakeMessenger(groups={"S1": frozenset({"U1"})}, down="internal_error")
    people = RecentPeople(slack, Hand())
    with pytest.raises(MessengerError):
        people.read_group("S1")

    slack.down = ""

    assert people.read_group("S1") == frozenset({"U1"})


def test_each_group_and_channel_has_an_answer_of_its_own():
    slack = FakeMessenger(groups={"S1": frozenset({"U1"}), "S2": frozenset()}, shared_channels={"C1"})
    people = RecentPeople(slack, Hand())

    assert [people.read_group(group) for group in ("S1", "S2", "S1")] == [{"U1"}, set(), {"U1"}]
    assert [people.read_is_shared(channel) for channel in ("C1", "C2")] == [True, False]
