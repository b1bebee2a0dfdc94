"""What an orchestrator asks: is this process alive, and is everything there that it needs?"""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import Engine, text

from bot.serve.address import Address
from bot.serve.errors import ListenError
from bot.serve.metrics import Page
from bot.serve.ops import start_ops
from bot.serve.readiness import WORKER_SILENT, Readiness, read_readiness
from bot.serve.slack_process import SlackProcess
from bot.settings import Settings
from bot.store import operations, subscriptions
from bot.store.engine import build_engine
from bot.store.schema import migrate
from bot.wiring.clock import utc_now

HERE = Address("127.0.0.1", 0)


async def no_page(_: str) -> Page:
    return Page(b"", "text/plain")


def get(path: str, readiness: Readiness) -> tuple[int, dict[str, object]]:
    async def look() -> Readiness:
        return readiness

    async def go() -> tuple[int, dict[str, object]]:
        runner = await start_ops(HERE, look, no_page)
        port = runner.addresses[0][1]
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{port}{path}") as answer,
            ):
                return answer.status, json.loads(await answer.text())
        finally:
            await runner.cleanup()

    return asyncio.run(go())


def checks(engine: Engine, *, slack: str = "") -> dict[str, str]:
    return dict(read_readiness(engine, slack=slack).problems)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = build_engine(f"sqlite:///{tmp_path / 'store.db'}")
    migrate(engine)
    return engine


def beat(engine: Engine, *, problem: str = "", ago: timedelta = timedelta(0)) -> None:
    with engine.begin() as connection:
        operations.beat(connection, "worker-1", problem=problem, now=utc_now() - ago)


def test_ready_is_200_and_names_what_was_looked_at():
    assert get("/readyz", Readiness((("slack", ""), ("database", "")))) == (
        200,
        {"ready": True, "checks": {"slack": "ok", "database": "ok"}},
    )


def test_not_ready_is_503_and_says_what_is_wrong():
    assert get("/readyz", Readiness((("slack", ""), ("aws", "AccessDenied")))) == (
        503,
        {"ready": False, "checks": {"slack": "ok", "aws": "AccessDenied"}},
    )


def test_healthy_is_healthy_whatever_is_missing():
    """A restart would not bring AWS back."""
    assert get("/healthz", Readiness((("aws", "AccessDenied"),)))[0] == 200


def test_all_is_well_with_a_connection_and_a_worker_that_was_just_heard_of(engine: Engine):
    beat(engine)

    assert checks(engine) == {"slack": "", "database": "", "worker": "", "aws": ""}


def test_without_a_connection_slack_is_named(engine: Engine):
    beat(engine)

    assert checks(engine, slack="not connected")["slack"] == "not connected"


def test_a_worker_that_is_silent_for_too_long_is_named(engine: Engine):
    beat(engine, ago=WORKER_SILENT + timedelta(seconds=1))

    assert checks(engine)["worker"] == "no worker has been heard of lately"


def test_nothing_good_is_said_of_aws_while_there_is_nobody_who_asks_it(engine: Engine):
    beat(engine, ago=WORKER_SILENT + timedelta(seconds=1))

    assert checks(engine)["aws"] == "not known without a worker"


def test_what_keeps_the_worker_from_aws_is_named(engine: Engine):
    beat(engine, problem="sts:GetCallerIdentity: ExpiredToken")

    assert checks(engine)["aws"] == "sts:GetCallerIdentity: ExpiredToken"


def test_a_database_that_fails_is_named_without_its_address(engine: Engine):
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE executors"))

    assert checks(engine) == {"slack": "", "database": "OperationalError"}


@pytest.mark.parametrize("http", [None, HERE], ids=["over Socket Mode", "over HTTP"])
def test_a_port_that_is_taken_is_said_with_the_way_out(tmp_path: Path, http: Address | None):
    async def go() -> None:
        taken = await start_ops(HERE, lambda: asyncio.sleep(0, Readiness(())), no_page)
        settings = Settings.model_validate({"store": {"url": f"sqlite:///{tmp_path / 'store.db'}"}})
        ops = Address("127.0.0.1", taken.addresses[0][1])
        try:
            await SlackProcess(settings, [], ops, http).run()
        finally:
            await taken.cleanup()

    with pytest.raises(ListenError, match=r"on 127\.0\.0\.1:\d+: .*in use.* Give another --ops-port\."):
        asyncio.run(go())


def test_what_is_only_a_warning_keeps_nobody_from_being_served():
    readiness = Readiness((("slack", ""),), warnings=(("digest", "C0TEAM: is_archived"),))
    assert get("/readyz", readiness) == (
        200,
        {"ready": True, "checks": {"slack": "ok", "digest": "C0TEAM: is_archived"}},
    )


def test_a_digest_that_nobody_could_be_told_of_is_told_here_while_the_channel_has_one(engine: Engine):
    with engine.begin() as connection:
        subscriptions.mark_failed(connection, "C0DIGEST", "is_archived")
        subscriptions.mark_told(connection, "C0DIGEST", [], now=utc_now())

    def digest(channel: str) -> str:
        return dict(read_readiness(engine, slack="", digest_channel=channel).warnings)["digest"]

    assert digest("C0DIGEST") == "C0DIGEST: is_archived"
    assert digest("C0OTHER") == ""
