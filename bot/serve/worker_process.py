"""The worker's process."""

import os
import signal
import threading
from types import FrameType

from bot.settings import Settings
from bot.store.schema import migrate
from bot.wiring.desk import open_store
from bot.wiring.worker_side import build_worker

NICENESS = 10
"""Beside the Slack side on one machine, a scan at full speed then leaves its acks alone."""


def run_worker(settings: Settings, executor_id: str, *, is_child: bool) -> None:
    """Work until SIGTERM or SIGINT; a child also ends when the process that started it is gone."""
    stop = threading.Event()
    _stop_on_signals(stop)
    engine = open_store(settings)
    migrate(engine)
    if is_child:
        os.nice(NICENESS)
        _stop_when_alone(stop)
    worker = build_worker(settings, engine, executor_id)
    worker.start()
    stop.wait()
    worker.stop()
    engine.dispose()


def _stop_when_alone(stop: threading.Event) -> None:
    """Stop when stdin ends: its other end is held by whoever started this process, and closes with them.

    The parent's id would not do: it may be gone before this process has asked for it.
    """

    def wait() -> None:
        while os.read(0, 1):
            pass
        stop.set()

    threading.Thread(target=wait, name="parent", daemon=True).start()


def _stop_on_signals(stop: threading.Event) -> None:
    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
