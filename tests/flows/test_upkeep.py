"""What a worker does beside its queues: the outside is brought in line with the rows, sooner or later."""

from dataclasses import replace
from datetime import timedelta

from building.racing import at_once
from building.values import APPROVALS, AUDIT
from building.world import World, a_decider

from bot.domain.audit import ChainedEvent
from bot.domain.errors import AwsError
from bot.domain.guards import Refused
from bot.domain.request import RemediationRequest, RequestState
from bot.flows import ask
from bot.flows.upkeep import SILENT_AFTER
from bot.store import audit, operations
from bot.store.operations import WorkerRow


def posted(world: World) -> list[int]:
    """Numbers of the audit events that stand in the audit channel, in the order of posting."""
    shown = world.messenger.shown(AUDIT)
    assert all(isinstance(event, ChainedEvent) for event in shown)
    return [event.seq for event in shown]


def test_audit_messages_are_posted_in_the_order_of_the_chain(world: World):
    world.fix(world.approved())

    world.upkeep().post_audit()

    assert posted(world) == [1, 2, 3, 4, 5]


def test_many_workers_post_each_audit_message_once_and_in_order(world: World):
    world.fix(world.approved())

    at_once(4, lambda _: world.upkeep().post_audit())
    world.upkeep().post_audit()

    assert posted(world) == [1, 2, 3, 4, 5]


def test_while_slack_is_down_audit_messages_wait_and_keep_their_order(world: World):
    request = world.approved()
    world.messenger.down = "internal_error"
    world.upkeep().post_audit()
    world.upkeep().post_audit()
    assert posted(world) == []

    world.messenger.down = ""
    world.fix(request)
    world.clock.move(seconds=4)
    world.upkeep().post_audit()
    assert posted(world) == []

    world.clock.move(seconds=2)
    world.upkeep().post_audit()
    assert posted(world) == [1, 2, 3, 4, 5]


def test_what_waits_for_a_channel_that_is_no_longer_the_audit_channel_goes_to_the_one_of_now(world: World):
    """An archived channel would refuse the oldest message for ever, and so hold up all the others."""
    world.approved()

    world.desk = replace(world.desk, audit_channel="C0NEWAUDIT")
    world.upkeep().post_audit()

    assert len(world.messenger.shown("C0NEWAUDIT")) == 2
    assert posted(world) == []


def test_a_fix_goes_on_without_slack_and_its_record_is_shown_later(world: World):
    request = world.approved()
    world.cloud.before["AttachRolePolicy"] = lambda: setattr(world.messenger, "down", "internal_error")

    ended = world.fix(request)
    assert ended.state is RequestState.APPLIED
    assert world.shown_request().request.state is not RequestState.APPLIED

    world.messenger.down = ""
    world.upkeep().show_requests()
    assert world.shown_request().request == ended


def test_a_message_that_shows_its_state_is_left_alone(world: World):
    world.fix(world.approved())
    updates = world.messenger.updates

    world.upkeep().show_requests()

    assert world.messenger.updates == updates


def test_what_nobody_decided_in_time_expires_and_the_message_says_so(world: World):
    request = world.pending()
    world.clock.move(minutes=59, seconds=59)
    world.upkeep().expire()
    assert world.request(request.id).state is RequestState.PENDING

    world.clock.move(seconds=1)
    world.upkeep().expire()
    world.upkeep().expire()
    world.upkeep().show_requests()

    assert world.request(request.id).state is RequestState.EXPIRED
    assert world.shown_request().request.state is RequestState.EXPIRED
    assert world.kinds(request.id) == ["fix.requested", "fix.expired"]
    assert isinstance(world.ask(), RemediationRequest)


def test_what_was_never_prepared_ends_in_time_and_keeps_nobody_out(world: World):
    """Its workflow is gone: the database was away for longer than it is waited for."""
    request = world.ask()
    assert isinstance(request, RemediationRequest)
    world.clock.move(minutes=59, seconds=59)
    world.upkeep().expire()
    assert isinstance(world.ask(), Refused)

    world.clock.move(seconds=1)
    world.upkeep().expire()
    world.upkeep().expire()

    assert world.request(request.id).state is RequestState.REFUSED
    assert world.kinds(request.id) == ["fix.requested", "fix.refused"]
    assert "not read in time" in world.events(request.id)[-1]["outcome"]
    assert isinstance(world.ask(), RemediationRequest)


def test_after_its_time_a_request_cannot_be_approved_even_before_it_is_closed(world: World):
    request = world.pending()
    world.clock.move(hours=1)

    refused = world.approve(request)

    assert isinstance(refused, Refused)
    assert refused.guard == "not_expired"


def test_expiry_and_approval_at_once_have_one_winner(world: World):
    request = world.pending()
    late = World(world.engine, world.cloud, world.messenger)
    late.clock.now = world.clock.now + timedelta(hours=1)

    def race(number: int) -> None:
        if number % 2:
            late.upkeep().expire()
        else:
            world.approve(request)

    at_once(6, race)

    kinds = world.kinds(request.id)
    assert kinds.count("fix.approved") + kinds.count("fix.expired") == 1


def test_a_denial_is_shown_in_the_message(world: World):
    request = world.pending()
    ask.deny(world.desk, request.id, a_decider())

    world.upkeep().show_requests()

    (message,) = world.messenger.shown(APPROVALS)
    assert message.request.state is RequestState.DENIED


def test_a_worker_says_that_it_lives_and_what_keeps_it_from_aws(world: World):
    upkeep = world.upkeep("worker-1")
    upkeep.beat()
    world.cloud.faults["GetCallerIdentity"] = AwsError("no credentials", "NoCredentials")
    upkeep.look_at_aws()
    upkeep.beat()

    with world.engine.connect() as connection:
        alive = operations.read_alive(connection, since=world.clock() - SILENT_AFTER)
    assert alive == (WorkerRow("worker-1", "no credentials"),)

    world.cloud.faults.clear()
    upkeep.look_at_aws()
    upkeep.beat()
    with world.engine.connect() as connection:
        assert operations.read_alive(connection, since=world.clock())[0].problem == ""


def test_an_account_that_left_the_settings_is_out_of_scope_before_any_scan(world: World):
    world.cloud.accounts.clear()

    world.upkeep().refresh_accounts()

    assert isinstance(world.ask(), Refused)


def test_accounts_that_cannot_be_listed_stay_as_they_are(world: World):
    world.cloud.faults["ListAccounts"] = AwsError("ListAccounts: AccessDenied", "AccessDenied")

    world.upkeep().refresh_accounts()

    assert isinstance(world.ask(), RemediationRequest)


def test_a_worker_that_fell_silent_with_nothing_to_do_is_forgotten(world: World):
    world.start("worker-2")
    world.upkeep("worker-1").beat()
    world.clock.move(seconds=SILENT_AFTER.total_seconds() + 1)

    world.upkeep("worker-2").take_over()

    with world.engine.connect() as connection:
        assert operations.read_silent(connection, since=world.clock()) == ()


def test_a_worker_does_not_take_over_from_itself(world: World):
    world.start("worker-1")
    world.upkeep("worker-1").beat()
    world.clock.move(seconds=SILENT_AFTER.total_seconds() + 1)

    world.upkeep("worker-1").take_over()

    with world.engine.connect() as connection:
        assert operations.read_silent(connection, since=world.clock()) == ("worker-1",)


def test_nothing_of_a_fix_is_lost_between_chain_and_outbox(world: World):
    world.fix(world.approved())

    with world.engine.connect() as connection:
        assert audit.count_unposted(connection) == len(world.events())
