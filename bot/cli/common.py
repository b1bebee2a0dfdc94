"""What every command takes, before or after its name: --config, --log-level, --log-format."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from bot.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

LEVELS = ("debug", "info", "warning", "error")
_COMMON = ("config", "log_level", "log_format")


@dataclass(frozen=True, slots=True)
class Invocation:
    """How a command was called, beside its own options."""

    config: Path | None
    log_level: str
    log_format: str

    def as_arguments(self) -> list[str]:
        """The same for a child process: options that come after its command's name."""
        config = ["--config", str(self.config)] if self.config else []
        return [*config, "--log-level", self.log_level, "--log-format", self.log_format]

    def settings(self, flags: Mapping[str, Any] | None = None) -> "Settings":
        """Read the settings, `flags` over all else; SettingsError with every problem in them.

        The AWS_* lines of .env are put into the environment, where the AWS libraries look for them.
        """
        import os  # noqa: PLC0415 - `--help` does without

        from bot.settings import read_settings  # noqa: PLC0415 - pydantic takes its time
        from bot.settings.reading import aws_variables  # noqa: PLC0415 - likewise

        settings = read_settings(self.config, flags=flags)
        for name, value in aws_variables().items():
            os.environ.setdefault(name, value)
        return settings

    def stored_settings(self) -> "Settings":
        """The same, with `store.url` fetched from where it is kept. SettingsError, AwsError."""
        from bot.settings import with_secrets  # noqa: PLC0415 - pydantic takes its time

        return with_secrets(self.settings(), fetch_secret, "store")


def fetch_secret(reference: str) -> str:
    """What an `aws-sm://…` or `aws-ssm://…` reference stands for; AwsError."""
    from bot.aws.secrets import read_secret  # noqa: PLC0415 - boto3, only where a secret is kept in AWS

    return read_secret(reference)


def common_options(function: Callable[P, R]) -> Callable[P, R]:
    options = (
        click.option(
            "--config",
            metavar="FILE",
            type=click.Path(dir_okay=False),
            help="Settings; support-role.toml here, or SUPPORT_ROLE_CONFIG.",
        ),
        click.option(
            "--log-level", type=click.Choice(LEVELS, case_sensitive=False), help="Least level logged."
        ),
        click.option("--log-format", type=click.Choice(("pretty", "json")), help="Logs on stderr."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def remember(ctx: click.Context, common: Mapping[str, str | None]) -> None:
    """Keep what was given before the command's name; what stands nearer to it counts."""
    before: dict[str, str] = ctx.obj or {}
    ctx.obj = before | {name: value for name, value in common.items() if value is not None}


def door(
    *, log_level: str = "warning"
) -> Callable[[Callable[Concatenate[Invocation, P], R]], Callable[P, R]]:
    """Make a function a command's callback: it is given the `Invocation` first, with logs started.

    `log_level` is the command's own default.
    """

    def wrap(function: Callable[Concatenate[Invocation, P], R]) -> Callable[P, R]:
        @common_options
        @wraps(function)
        def callback(*args: P.args, **kwargs: P.kwargs) -> R:
            own = {name: kwargs.pop(name) for name in _COMMON}
            invocation = _invocation(own, log_level)
            return function(invocation, *args, **kwargs)

        return callback

    return wrap


def _invocation(own: Mapping[str, Any], log_level: str) -> Invocation:
    from bot.logs import configure_logs  # noqa: PLC0415 - `--help` does without

    before: dict[str, str] = click.get_current_context().obj or {}
    given = {**before, **{name: value for name, value in own.items() if value is not None}}
    config = given.get("config")
    invocation = Invocation(
        Path(config) if config else None,
        given.get("log_level", log_level),
        given.get("log_format", "pretty"),
    )
    configure_logs(invocation.log_level, "json" if invocation.log_format == "json" else "pretty")
    return invocation
