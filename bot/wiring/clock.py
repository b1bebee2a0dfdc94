"""The bot's clock: the machine's, unless this is a sandbox, where a file says how far it is ahead."""

import logging
import math
import os
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url

from bot.domain.errors import SupportRoleError
from bot.flows.ports import Clock
from bot.settings import Settings

SANDBOX_CLOCK = "SUPPORT_ROLE_SANDBOX_CLOCK"
"""Names the file. Only the sandbox sets it; no settings file and no .env can."""
FARTHEST = timedelta(days=3650)

log = logging.getLogger(__name__)


class ClockError(SupportRoleError):
    """The clock was to be movable, and this is no sandbox; the text says what gives it away."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def build_clock(settings: Settings, environ: Mapping[str, str] | None = None) -> Clock:
    """The machine's clock; a `MovedClock` only where all that this bot reaches is on this machine.

    ClockError when it is asked for and anything is not: better no bot than one whose time can be moved.
    """
    known = os.environ if environ is None else environ
    file = known.get(SANDBOX_CLOCK, "")
    if not file:
        return utc_now
    outside = ", ".join(_outside(settings, known, Path(file)))
    if outside:
        raise ClockError(
            f"{SANDBOX_CLOCK} lets a file move the clock, and this is no sandbox: see {outside}. "
            f"Unset {SANDBOX_CLOCK}."
        )
    log.info("the sandbox moves the clock", extra={"file": file})
    return MovedClock(Path(file))


def _outside(settings: Settings, environ: Mapping[str, str], file: Path) -> Iterator[str]:
    """Names of what leads away from this machine, or of what no sandbox has."""
    if not is_loopback(settings.slack.api_url):
        yield "slack.api_url"
    endpoints = {"AWS_ENDPOINT_URL", *(name for name in environ if name.startswith("AWS_ENDPOINT_URL_"))}
    yield from (name for name in sorted(endpoints) if not is_loopback(environ.get(name, "")))
    # botocore would then reach for the real AWS, whatever AWS_ENDPOINT_URL says.
    ignored = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
    if environ.get(ignored, "false").lower() != "false":
        yield ignored
    if not _lies_beside(settings.store.url.get_secret_value(), file):
        yield "store.url"


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine by number: a name may lead anywhere."""
    try:
        return ip_address(urlsplit(url).hostname or "").is_loopback
    except ValueError:
        return False


def _lies_beside(store_url: str, file: Path) -> bool:
    url = make_url(store_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return False
    return Path(url.database).resolve().parent == file.resolve().parent


class MovedClock:
    """The machine's time, and as many seconds more as stand in the file; it never goes back.

    What cannot be read leaves it where it was. Thread-safe.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        found = _ahead_in(self._file)
        with self._lock:
            self._ahead = max(self._ahead, found)
            return utc_now() + self._ahead


def _ahead_in(file: Path) -> timedelta:
    try:
        seconds = float(file.read_text("ascii"))
    except (OSError, ValueError):
        return timedelta()
    if not math.isfinite(seconds):
        return timedelta()
    return timedelta(seconds=min(max(seconds, 0.0), FARTHEST.total_seconds()))
