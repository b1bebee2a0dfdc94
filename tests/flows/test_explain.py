"""A deeper look on request: told to whoever asked and to nobody else, whatever happens."""

import pytest
from building.values import ASKER, PAYMENTS, an_account
from building.world import World

from bot.domain.account import AccountId
from bot.domain.errors import AwsError
from bot.domain.explanation import Explanation
from bot.domain.facts import Unreadable, UnreadableCode
from bot.domain.finding import Verdict
from bot.flows.explain import ask_to_explain
from bot.flows.explainer import Explainer
from bot.store import findings

ORIGIN = "C0ORIGIN"


def explain(world: World, account_id: str = PAYMENTS) -> None:
    """What the workflow does, in this thread."""
    Explainer(world.parts).explain(account_id, ASKER.user_id, ORIGIN)


def shown(world: World) -> Explanation:
    """The one explanation that was shown, to the one who asked."""
    ((user, channel, explanation),) = world.messenger.explained
    assert (user, channel) == (ASKER.user_id, ORIGIN)
    return explanation


def test_an_explanation_is_asked_for_and_told_by_the_worker(working_world: World):
    world = working_world
    world.cloud.add_role(an_account())

    with world.engine.begin() as connection:
        ask_to_explain(world.desk, connection, PAYMENTS, user_id=ASKER.user_id, channel=ORIGIN)
    world.wait()

    assert shown(world).finding.verdict is Verdict.PASS
    assert world.messenger.messages == {}


def test_the_deeper_look_counts_and_the_store_keeps_what_a_scan_finds(world: World):
    account = an_account()
    world.cloud.add_role(account)
    world.cloud.gone_principals.update(account.trusted_principals)

    explain(world)

    told = shown(world)
    assert (told.finding.verdict, told.scanned) == (Verdict.WEAK, Verdict.PASS)
    with world.engine.connect() as connection:
        kept = findings.read_finding(connection, account.id)
    assert kept is not None
    assert kept.finding.verdict is Verdict.PASS


def test_nothing_is_written_in_aws_or_in_a_channel(world: World):
    explain(world)

    assert shown(world).finding.verdict is Verdict.FAIL
    assert world.cloud.calls == []
    assert world.messenger.messages == {}
    assert world.events() == []


def test_an_account_that_cannot_be_read_is_told_as_such(world: World):
    world.cloud.unreadable[PAYMENTS] = Unreadable(UnreadableCode.TIMEOUT, "AssumeRole: timeout", "Ask again.")

    explain(world)

    assert shown(world).finding.verdict is Verdict.UNKNOWN


def test_an_account_that_left_the_scope_meanwhile_is_told(world: World):
    explain(world, AccountId("444455556666"))

    assert world.told() == ["U0ASKER: The account was not explained. 444455556666 is no longer in scope."]
    assert world.messenger.explained == []


@pytest.mark.parametrize("call", ["Reach", "ReadAccount", "ReadDeep"])
def test_what_aws_refuses_for_good_is_told(world: World, call: str):
    world.cloud.faults[call] = AwsError("AssumeRole: the credentials have expired.", "ExpiredToken")

    explain(world)

    (told,) = world.told()
    assert "was not read. AssumeRole: the credentials have expired." in told


def test_somebody_who_cannot_be_told_stops_nothing(world: World):
    world.messenger.down = "user_not_found"

    explain(world)

    assert world.messenger.explained == []


def test_a_fault_of_ours_is_told_with_a_reference(working_world: World, caplog: pytest.LogCaptureFixture):
    world = working_world

    def break_down() -> None:
        raise ZeroDivisionError

    world.cloud.before["ReadDeep"] = break_down
    with world.engine.begin() as connection:
        ask_to_explain(world.desk, connection, PAYMENTS, user_id=ASKER.user_id, channel=ORIGIN)
    world.wait()

    (told,) = world.told()
    assert "A fault of this bot" in told
    assert any("ZeroDivisionError" in (record.exc_text or "") for record in caplog.records)
