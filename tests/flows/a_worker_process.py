"""A worker in a process of its own, for tests that end it: `DATABASE_URL CLOUD_FILE CALL`.

It says `at CALL` when it comes to that call to AWS (`+CALL`: when it is done) and then waits for a line. On
SIGTERM it stops as the real worker does, and says `stopped`.
"""

import signal
import sys
import threading
from pathlib import Path

from adapters.aws import FileCloud
from building.values import an_account
from building.world import World

from bot.flows.worker import Worker
from bot.store.engine import build_engine


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main(database: str, cloud_file: str, call: str) -> None:
    terminated = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: terminated.set())
    cloud = FileCloud(Path(cloud_file), an_account())

    def wait() -> None:
        say(f"at {call}")
        sys.stdin.readline()

    (cloud.after if call.startswith("+") else cloud.before)[call.removeprefix("+")] = wait
    worker = Worker(World(build_engine(database), cloud).parts, "first-worker")
    worker.start()
    say("started")
    terminated.wait()
    worker.stop(seconds=1)
    say("stopped")


if __name__ == "__main__":
    main(*sys.argv[1:])
