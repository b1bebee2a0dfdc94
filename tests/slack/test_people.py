"""Who somebody is: remembered for a minute where Slack said so, and never guessed."""

from types import SimpleNamespace

import pytest
from adapters.messenger import FakeMessenger
from building.values import APPROVALS, APPROVER

from bot.domain.guards import Click
from bot.domain.people import PersonFacts
from bot.slack import people as module
from bot.slack.people import FRESH_SECONDS, People

GROUP, OTHER = "S0APPROVERS", "S0OTHERS"


class Watch:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=watch))
    return watch


@pytest.fixture
def slack() -> FakeMessenger:
    members = frozenset({APPROVER.user_id})
    return FakeMessenger(groups={GROUP: members, OTHER: frozenset()})


def test_a_decider_is_all_that_guards_ask_about(slack: FakeMessenger):
    decider = People(slack, frozenset({GROUP, OTHER})).decider(APPROVER, APPROVALS)

    assert decider.click.person == APPROVER
    assert decider.click.channel_id == APPROVALS
    assert decider.click.is_shared_channel is False
    assert decider.facts == PersonFacts(APPROVER.user_id, APPROVER.team_id)
    assert decider.group_members == {GROUP: frozenset({APPROVER.user_id}), OTHER: frozenset()}


def test_at_home_it_is_the_approval_channel_that_must_not_be_shared(slack: FakeMessenger):
    slack.shared_channels.add(APPROVALS)

    decider = People(slack, frozenset({GROUP})).decider_at_home(APPROVER, APPROVALS)

    assert decider.click == Click(APPROVER, "", is_shared_channel=True, is_home=True)
    assert decider.facts == PersonFacts(APPROVER.user_id, APPROVER.team_id)
    assert decider.group_members == {GROUP: frozenset({APPROVER.user_id})}


def test_while_slack_is_away_everything_is_unknown(slack: FakeMessenger):
    slack.down = "internal_error"

    decider = People(slack, frozenset({GROUP})).decider(APPROVER, APPROVALS)

    assert decider.click.is_shared_channel is None
    assert decider.facts is None
    assert decider.group_members == {GROUP: None}


def test_one_group_that_cannot_be_read_leaves_the_others_known(slack: FakeMessenger):
    decider = People(slack, frozenset({GROUP, "S0GONE"})).decider(APPROVER, APPROVALS)

    assert decider.group_members == {GROUP: frozenset({APPROVER.user_id}), "S0GONE": None}


def test_a_good_answer_is_remembered_for_a_minute_and_no_longer(slack: FakeMessenger, watch: Watch):
    people = People(slack, frozenset({GROUP}))
    people.decider(APPROVER, APPROVALS)
    slack.change(APPROVER.user_id, is_restricted=True)
    slack.groups[GROUP] = frozenset()
    slack.shared_channels.add(APPROVALS)

    watch.now += FRESH_SECONDS - 1
    remembered = people.decider(APPROVER, APPROVALS)
    watch.now += 1
    anew = people.decider(APPROVER, APPROVALS)

    assert remembered.facts == PersonFacts(APPROVER.user_id, APPROVER.team_id)
    assert remembered.group_members == {GROUP: frozenset({APPROVER.user_id})}
    assert remembered.click.is_shared_channel is False
    assert anew.facts == PersonFacts(APPROVER.user_id, APPROVER.team_id, is_restricted=True)
    assert anew.group_members == {GROUP: frozenset()}
    assert anew.click.is_shared_channel is True


def test_a_fault_is_never_remembered(slack: FakeMessenger, watch: Watch):
    people = People(slack, frozenset({GROUP}))
    slack.down = "internal_error"
    people.decider(APPROVER, APPROVALS)

    slack.down = ""

    assert people.facts(APPROVER.user_id) is not None


def test_an_answer_that_is_too_old_does_not_stand_in_for_one_that_fails(slack: FakeMessenger, watch: Watch):
    people = People(slack, frozenset({GROUP}))
    people.decider(APPROVER, APPROVALS)

    watch.now += FRESH_SECONDS
    slack.down = "internal_error"
    decider = people.decider(APPROVER, APPROVALS)

    assert decider.facts is None
    assert decider.group_members == {GROUP: None}
    assert decider.click.is_shared_channel is None
