"""The pace of STS, on a clock that moves only when somebody sleeps."""

import asyncio

from bot.aws.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def take(pace: Pace, count: int) -> None:
    for _ in range(count):
        await pace.take()


def test_calls_come_no_faster_than_the_rate() -> None:
    clock = Clock()

    asyncio.run(take(Pace(550, clock, clock.sleep), 551))

    assert abs(clock.now - 101.0) < 0.01


def test_a_pause_is_not_saved_up_for_a_burst() -> None:
    clock = Clock()
    pace = Pace(100, clock, clock.sleep)
    asyncio.run(take(pace, 1))
    clock.now += 60

    asyncio.run(take(pace, 101))

    assert abs(clock.now - 161.01) < 0.02


def test_throttling_slows_down_once_for_all_calls_of_a_moment() -> None:
    clock = Clock()
    pace = Pace(100, clock, clock.sleep)

    for _ in range(50):
        pace.throttled()

    assert pace.rate == 70


def test_it_never_stands_still_and_wins_its_rate_back() -> None:
    clock = Clock()
    pace = Pace(100, clock, clock.sleep)
    for _ in range(100):
        clock.now += 1
        pace.throttled()
    slowest = pace.rate

    asyncio.run(take(pace, 1000))

    assert (slowest, pace.rate) == (1.0, 100)
