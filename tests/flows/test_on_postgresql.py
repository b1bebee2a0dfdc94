"""The same flows on PostgreSQL: many writers at once are really at once there."""

from collections.abc import Iterator

import pytest
from adapters.postgres import Postgres
from building.racing import at_once
from building.values import AUDIT, PAYMENTS, an_account
from building.world import World

from bot.domain.audit import ChainIntact
from bot.domain.finding import Verdict
from bot.domain.request import RemediationRequest, RequestState
from bot.flows import engine as durable
from bot.flows import scan
from bot.store import audit, findings

pytestmark = pytest.mark.postgres
OTHERS = [f"{number:012d}" for number in range(150)]


@pytest.fixture
def world(postgres: Postgres) -> Iterator[World]:
    engine = postgres.emptied_database()
    yield World(engine)
    durable.stop(seconds=0)
    engine.dispose()


def test_from_a_scan_to_a_role_with_many_who_click_at_once(world: World):
    world.cloud.accounts |= {account.id: account for account in map(an_account, OTHERS)}
    world.cloud.after["CreateRole"] = lambda: world.clock.move(seconds=5)
    world.start()

    def look(number: int) -> None:
        with world.engine.begin() as connection:
            scan.start(world.desk, connection, scope="" if number % 2 else PAYMENTS, reason="status")

    at_once(4, look)
    world.wait()
    asked = [one for one in at_once(8, lambda _: world.ask()) if isinstance(one, RemediationRequest)]
    world.wait()
    approved = at_once(8, lambda _: world.approve(asked[0]))
    world.wait()
    at_once(3, lambda _: world.upkeep().post_audit())
    world.upkeep().post_audit()

    assert len(asked) == 1
    assert sum(isinstance(one, RemediationRequest) for one in approved) == 1
    assert world.request(asked[0].id).state is RequestState.APPLIED
    assert world.cloud.calls == [f"CreateRole {PAYMENTS}", f"AttachRolePolicy {PAYMENTS}"]
    with world.engine.connect() as connection:
        assert isinstance(audit.verify(connection), ChainIntact)
        assert len(findings.read_verdicts(connection)) == 151
        assert findings.count_verdicts(connection).count(Verdict.FAIL) == 150
        assert audit.count_unposted(connection) == 0
    posted = [event.seq for event in world.messenger.shown(AUDIT)]
    assert posted == sorted(set(posted))
