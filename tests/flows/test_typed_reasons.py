"""What people type goes through everything that keeps it, on either database."""

import pytest
from building.databases import ON_BOTH
from building.values import ASKER, AUDIT, PAYMENTS
from building.world import World

from bot.domain.audit import ChainIntact
from bot.domain.request import RemediationRequest, RequestState
from bot.flows import ask
from bot.slack.incoming import entered_in
from bot.store import audit


def typed(reason: str) -> str:
    """As it comes in from the field of a form."""
    field = {"type": "plain_text_input", "value": reason}
    return dict(entered_in({"state": {"values": {"b1": {"fix.reason": field}}}}))["fix.reason"]


@ON_BOTH
@pytest.mark.parametrize("reason", ["a \x00 NUL", "half of an emoji: \ud83d", "a rocket: \N{ROCKET}"])
def test_a_fix_goes_all_the_way_whatever_its_reason(world: World, reason: str):
    asked = ask.ask_for_fix(
        world.desk, account_id=PAYMENTS, requester=ASKER, reason=typed(reason), channel="C0ORIGIN"
    )
    request = world.prepare(asked)
    world.approve(request)

    ended = world.fix(request)
    world.upkeep().post_audit()

    assert isinstance(asked, RemediationRequest)
    assert ended.state is RequestState.APPLIED
    assert world.events(request.id)[0]["detail"]["reason"] == ended.reason == typed(reason)
    with world.engine.connect() as connection:
        assert isinstance(audit.verify(connection), ChainIntact)
    assert len(world.messenger.shown(AUDIT)) == 5
