"""What one reader of the home tab may decide, and what is theirs."""

from dataclasses import replace
from datetime import timedelta

import pytest
from building.bulk_values import a_bulk
from building.undos import an_undo
from building.values import APPROVER, ASKER, NOW, TEAM, a_member, a_policy, a_request
from building.waivers import a_waiver

from bot.domain.bulk import BulkReport
from bot.domain.guards import Click
from bot.domain.home import Asked, Reader, decide_by, requester_of
from bot.domain.people import PersonFacts
from bot.domain.request import Person, RequestId
from bot.domain.waiver import WaiverState

GROUP = "S0GROUP"
EVERY_KIND: tuple[Asked, ...] = (
    a_request(),
    an_undo(),
    BulkReport(a_bulk(), ()),
    a_waiver(WaiverState.PENDING),
)


def reader(
    person: Person = APPROVER,
    *,
    shared: bool | None = False,
    facts: PersonFacts | None = None,
    members: frozenset[str] | None = None,
    **policy: object,
) -> Reader:
    known = a_policy(**policy)
    click = Click(person, "", is_shared_channel=shared, is_home=True)
    return Reader(known, click, facts or a_member(person), dict.fromkeys(known.approver_groups, members))


@pytest.mark.parametrize("asked", EVERY_KIND, ids=lambda each: type(each).__name__)
def test_an_approver_may_decide_what_others_asked_for(asked: Asked):
    assert reader().may_approve([asked]) == (asked,)
    assert reader().asked_for([asked]) == ()


@pytest.mark.parametrize("asked", EVERY_KIND, ids=lambda each: type(each).__name__)
def test_nobody_may_decide_what_they_asked_for(asked: Asked):
    asker = reader(requester_of(asked), approvers=frozenset({requester_of(asked).user_id}))

    assert asker.may_approve([asked]) == ()
    assert asker.asked_for([asked]) == (asked,)


def test_somebody_who_may_be_the_requester_is_offered_nothing():
    """With the enterprise of but one of two known, it cannot be told that they are two."""
    same = replace(ASKER, enterprise_id="E0ONE")

    assert reader(same, approvers=frozenset({ASKER.user_id})).may_approve([a_request()]) == ()


def test_a_group_makes_approvers_as_a_list_does():
    policy = {"approvers": frozenset(), "approver_groups": frozenset({GROUP})}

    assert reader(members=frozenset({APPROVER.user_id}), **policy).refusal() is None
    assert reader(members=frozenset({"U0ELSE"}), **policy).refusal() is not None


@pytest.mark.parametrize(
    ("who", "doubt"),
    [
        (reader(), ""),
        (reader(Person(TEAM, "U0NOBODY")), ""),
        (reader(shared=True), "The approval channel is shared with another company (Slack Connect)."),
        (
            reader(shared=None),
            "Whether the approval channel is shared with another company could not be read.",
        ),
        (
            reader(approvers=frozenset(), approver_groups=frozenset({GROUP})),
            "The members of an approver group could not be read from Slack, so nobody in it may approve.",
        ),
        (reader(facts=a_member(APPROVER, is_restricted=True)), "Guests cannot decide."),
    ],
    ids=["approver", "no approver", "shared", "shared or not", "group unread", "guest"],
)
def test_that_somebody_is_just_no_approver_is_no_doubt(who: Reader, doubt: str):
    assert who.doubt() == doubt


def test_what_has_least_time_left_stands_first():
    soon = a_request(id=RequestId("fix-2"), expires_at=NOW + timedelta(minutes=1))
    found = reader().may_approve([*EVERY_KIND, soon])

    assert found[0] == soon
    assert list(found) == sorted(found, key=decide_by)
