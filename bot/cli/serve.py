"""`support-role serve`: the bot, with a worker inside."""

import asyncio

import click

from bot.cli.common import Invocation, door
from bot.settings import Settings, settings_error


@click.command("serve", short_help="Run the bot, with a worker inside.")
@click.option(
    "--ops-host", default="127.0.0.1", show_default=True, help="Where /healthz and /readyz are served."
)
@click.option("--ops-port", type=click.IntRange(0, 65535), default=9464, show_default=True)
@door(log_level="info")
def command(invocation: Invocation, ops_host: str, ops_port: int) -> None:
    """Connect to Slack over Socket Mode and serve until SIGTERM.

    A worker runs as a child process: it reads and writes in AWS. More of them can be run elsewhere with
    `support-role worker`, on PostgreSQL.
    """
    from bot.serve.slack_process import SlackProcess  # noqa: PLC0415 - what it imports takes half a second

    settings = serving_settings(invocation)
    process = SlackProcess(settings, invocation.as_arguments(), ops_host, ops_port)
    asyncio.run(process.run())


def serving_settings(invocation: Invocation) -> Settings:
    """The settings, with secrets fetched from where they are kept; SettingsError when serving lacks any."""
    from bot.settings.secrets import with_secrets  # noqa: PLC0415 - needed by two commands alone

    settings = invocation.settings()
    problems = settings.problems_for_serving()
    if problems:
        raise settings_error(problems)
    return with_secrets(settings, _read_secret)


def _read_secret(reference: str) -> str:
    from bot.aws.secrets import read_secret  # noqa: PLC0415 - boto3, only where a secret is kept in AWS

    return read_secret(reference)
