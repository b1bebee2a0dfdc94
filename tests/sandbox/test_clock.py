"""The clock that can be moved: forward alone, in a sandbox alone, and never for signs of life."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.flows.digester import Digester
from bot.flows.parts import Parts
from bot.flows.upkeep import SILENT_AFTER, Upkeep
from bot.sandbox.clock import SandboxClock, until_morning
from bot.sandbox.configuration import (
    aws_environment,
    clock_environment,
    clock_file,
    settings_toml,
    slack_environment,
)
from bot.sandbox.slack import default_workspace
from bot.sandbox.world import sandbox_world
from bot.settings import Settings, read_settings
from bot.store import operations
from bot.store.schema import migrate
from bot.wiring.clock import SANDBOX_CLOCK, ClockError, MovedClock, build_clock, utc_now
from bot.wiring.desk import build_desk, open_store

HERE = "http://127.0.0.1:1"
AWS = "https://sts.amazonaws.com"
DAY = timedelta(days=1)
SLIP = timedelta(seconds=5)
"""How long a test may take between two looks at a clock."""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The sandbox's own, without the bot's tokens."""
    return {**aws_environment(HERE), **clock_environment(tmp_path)}


@pytest.fixture
def settings_with(tmp_path: Path) -> Callable[..., Settings]:
    def read(slack_url: str = f"{HERE}/api/", **more: str) -> Settings:
        config = tmp_path / "support-role.toml"
        config.write_text(settings_toml(sandbox_world(), default_workspace(), tmp_path), "utf-8")
        environ = slack_environment(slack_url, default_workspace()) | more
        return read_settings(config, environ=environ, directory=tmp_path)

    return read


@pytest.fixture
def clock(tmp_path: Path) -> SandboxClock:
    clock = SandboxClock()
    clock.keep_in(clock_file(tmp_path))
    return clock


def test_without_the_sandbox_s_word_the_clock_is_the_machine_s(
    settings_with: Callable[..., Settings],
) -> None:
    assert build_clock(settings_with(), aws_environment(HERE)) is utc_now
    assert build_clock(settings_with(), {SANDBOX_CLOCK: ""}) is utc_now


def test_in_a_sandbox_the_bot_s_clock_is_ahead_by_as_much_as_the_sandbox_s(
    settings_with: Callable[..., Settings], environment: dict[str, str], clock: SandboxClock
) -> None:
    bot_clock = build_clock(settings_with(), environment)
    assert abs(bot_clock() - datetime.now(UTC)) < SLIP

    clock.move(DAY)

    assert abs(bot_clock() - datetime.now(UTC) - DAY) < SLIP
    assert abs(bot_clock() - clock.now()) < SLIP


@pytest.mark.parametrize(
    ("more", "slack_url", "store_url", "named"),
    [
        ({}, "https://slack.com/api/", "", "slack.api_url"),
        ({}, "http://127.0.0.1.example.com/api/", "", "slack.api_url"),
        ({}, "http://localhost/api/", "", "slack.api_url"),
        ({"AWS_ENDPOINT_URL": ""}, "", "", "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "https://10.0.0.1"}, "", "", "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL_STS": AWS}, "", "", "AWS_ENDPOINT_URL_STS"),
        ({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, "", "", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
        ({}, "", "sqlite:////var/lib/support-role.db", "store.url"),
        ({}, "", "postgresql+psycopg://127.0.0.1/bot", "store.url"),
    ],
)
def test_where_anything_leads_away_from_this_machine_the_bot_does_not_start(
    settings_with: Callable[..., Settings],
    environment: dict[str, str],
    more: dict[str, str],
    slack_url: str,
    store_url: str,
    named: str,
) -> None:
    given = {"SUPPORT_ROLE_STORE__URL": store_url} if store_url else {}
    settings = settings_with(slack_url or f"{HERE}/api/", **given)

    with pytest.raises(ClockError, match=rf"no sandbox: see {named}\. Unset {SANDBOX_CLOCK}"):
        build_clock(settings, environment | more)


@pytest.mark.parametrize("text", ["", "soon", "-86400", "nan", "inf", "12 34", "\N{SNOWMAN}"])
def test_what_is_no_offset_leaves_the_clock_where_it_was(tmp_path: Path, text: str) -> None:
    file = tmp_path / "clock"
    file.write_text("3600", "ascii")
    moved = MovedClock(file)
    before = moved()

    file.write_text(text, "utf-8")

    assert timedelta() <= moved() - before < SLIP


def test_the_bot_s_clock_never_goes_back(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text("3600", "ascii")
    moved = MovedClock(file)
    before = moved()

    file.write_text("60", "ascii")
    assert moved() >= before
    file.unlink()
    assert moved() >= before


@pytest.mark.parametrize("by", [timedelta(), timedelta(seconds=-1), timedelta(days=4000)])
def test_the_sandbox_s_clock_moves_forward_alone_and_not_for_ever(clock: SandboxClock, by: timedelta) -> None:
    with pytest.raises(ValueError, match="forward alone"):
        clock.move(by)

    assert clock.ahead == timedelta()


@pytest.mark.parametrize(
    ("now", "zone", "then"),
    [
        ("2026-03-10T08:00", "UTC", "2026-03-11T09:00"),
        ("2026-03-10T09:00", "UTC", "2026-03-11T09:00"),
        ("2026-03-10T23:30", "Europe/Berlin", "2026-03-12T08:00"),
        # The night in which Berlin's clocks go forward is an hour shorter.
        ("2026-03-28T20:00", "Europe/Berlin", "2026-03-29T07:00"),
    ],
)
def test_the_next_morning_is_that_of_the_digest_s_zone(now: str, zone: str, then: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)

    assert moment + until_morning(moment, time(9), ZoneInfo(zone)) == datetime.fromisoformat(then).replace(
        tzinfo=UTC
    )


def test_a_jump_of_days_makes_no_live_worker_look_dead(
    settings_with: Callable[..., Settings],
    environment: dict[str, str],
    clock: SandboxClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither to itself, nor to another: whoever was taken for dead would have its work done twice."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = settings_with()
    engine = open_store(settings)
    migrate(engine)
    desk = build_desk(settings, engine)
    parts = Parts(desk, None, None)  # type: ignore[arg-type]  # signs of life need neither Slack nor AWS
    one, other = (Upkeep(parts, Digester(parts), name) for name in ("one", "other"))
    one.beat()

    clock.move(14 * DAY)
    other.beat()
    other.take_over()
    one.take_over()

    assert desk.clock() - utc_now() > 13 * DAY
    with engine.connect() as connection:
        alive = operations.read_alive(connection, since=utc_now() - SILENT_AFTER)
    assert {worker.id for worker in alive} == {"one", "other"}
    engine.dispose()
