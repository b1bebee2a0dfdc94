"""Having a worker check all accounts, and waiting for the result: for whoever is not in Slack."""

from collections.abc import Callable
from datetime import timedelta

from bot.domain.errors import SupportRoleError
from bot.flows import scan
from bot.flows.desk import Desk
from bot.store import operations, scans

WORKER_SILENT = timedelta(seconds=15)
"""A worker beats every other second."""


class NotScannedError(SupportRoleError):
    """No fresh result; the text says why, and what to do."""


def scan_now(desk: Desk, *, rest: Callable[[], None]) -> None:
    """Start a scan, or join one that runs, and return once it has ended well; else NotScannedError.

    `rest` is done between two looks.
    """
    with desk.engine.begin() as connection:
        if not operations.read_alive(connection, since=desk.pulse() - WORKER_SILENT):
            raise NotScannedError("No worker is running that could check accounts. Start support-role serve.")
        scan_id = scan.start(desk, connection, scope="", reason="evidence")
    while True:
        with desk.engine.connect() as connection:
            found = scans.read_scan(connection, scan_id)
        if found is None or found.problem:
            raise NotScannedError(found.problem if found else "The scan is gone. Try again.")
        if found.finished_at is not None:
            return
        # A worker ends scans which take too long; that none is there any more must be seen here.
        if desk.clock() - found.started_at > scan.STALE_AFTER:
            raise NotScannedError("The scan did not end. Is a worker running? Try again.")
        rest()
