"""The doctor's looks, joined: what the command line, the Slack side and a worker can each see.

A room is imported when its looks are made: `doctor --aws` loads no Slack, and the Slack side no boto3.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Literal

from bot.domain.account import Account
from bot.domain.doctor import CHECKS, Area, Diagnosis, Probe, good, skipped, wrong
from bot.domain.errors import SupportRoleError
from bot.settings import Settings, with_secrets
from bot.settings.doctor import settings_probes

Section = Literal["aws", "slack", "store"]
SECRET_SECONDS = 60.0


def utc_now() -> datetime:
    return datetime.now(UTC)


def every_probe(settings: Settings, *, most_accounts: int) -> tuple[Probe, ...]:
    """For the command line: all there is to look at, secrets that are kept in AWS fetched first."""
    fetching = _Fetching(settings, ("store", "slack", "aws"), most_accounts)
    return (_were_read(), *settings_probes(settings, utc_now()), fetching.probe())


def aws_probes_alone(settings: Settings, *, most_accounts: int) -> tuple[Probe, ...]:
    """AWS, and nothing that has to do with Slack or a database."""
    return (_were_read(), _Fetching(settings, ("aws",), most_accounts).probe())


def probes_beside_aws(settings: Settings) -> tuple[Probe, ...]:
    """What a running bot sees without AWS; these settings have their secrets already."""
    of_settings = (_were_read(), *settings_probes(settings, utc_now()))
    return (*of_settings, *_store(settings, should_run=True), *_slack(settings))


def probes_of_aws(settings: Settings, inventory: Callable[[], tuple[Account, ...]]) -> tuple[Probe, ...]:
    """What a worker sees of AWS, in the accounts that it knows of."""
    from bot.aws.doctor import aws_probes  # noqa: PLC0415 - see above

    return aws_probes(settings, inventory=inventory)


class _Fetching:
    """Fetches the secrets of one section after the other, and leads on to what needs them."""

    def __init__(self, settings: Settings, sections: tuple[Section, ...], most_accounts: int) -> None:
        self._settings = settings
        self._sections = sections
        self._most_accounts = most_accounts
        self._fetched = 0

    def probe(self) -> Probe:
        areas = {Area(section) for section in self._sections}
        opens = tuple(check for check in CHECKS if Area(check.partition(".")[0]) in areas)
        return Probe("settings.secrets", self._look, opens, seconds=SECRET_SECONDS)

    def _look(self) -> Iterator[Diagnosis | Probe]:
        check, failed = "settings.secrets", False
        for section in self._sections:
            try:
                settings = with_secrets(self._settings, self._fetch, section)
            except SupportRoleError as fault:
                failed = True
                step = "Until then, what needs it is not looked at."
                yield wrong(check, " ".join(str(fault).split()), step)
            else:
                yield from self._further(section, settings)
        if self._fetched:
            count = "1 secret" if self._fetched == 1 else f"{self._fetched} secrets"
            yield good(check, f"{count} kept in AWS could be fetched.")
        elif not failed:
            yield skipped(check, "No secret is kept in AWS.")

    def _fetch(self, reference: str) -> str:
        from bot.aws.secrets import read_secret  # noqa: PLC0415 - only where a secret is kept in AWS

        secret = read_secret(reference)
        self._fetched += 1
        return secret

    def _further(self, section: Section, settings: Settings) -> Iterable[Probe]:
        if section == "store":
            return _store(settings, should_run=False)
        if section == "slack":
            return _slack(settings)
        from bot.aws.doctor import aws_probes  # noqa: PLC0415 - see above

        return aws_probes(settings, most_accounts=self._most_accounts)


def _were_read() -> Probe:
    return Probe("settings.read", lambda: (good("settings.read", "Settings can be read."),))


def _store(settings: Settings, *, should_run: bool) -> tuple[Probe, ...]:
    from bot.store.doctor import store_probes  # noqa: PLC0415 - see above

    return store_probes(settings.store.url.get_secret_value(), utc_now, should_run=should_run)


def _slack(settings: Settings) -> tuple[Probe, ...]:
    from bot.slack.doctor import slack_probes  # noqa: PLC0415 - see above

    return slack_probes(settings)
