"""`support-role serve`: the bot, with a worker inside."""

import asyncio
from collections.abc import Sequence

import click

from bot.cli.common import Invocation, door, fetch_secret
from bot.settings import Settings, settings_error
from bot.settings.problem import Problem

LOOPBACK = "127.0.0.1"
PORT = click.IntRange(0, 65535)


@click.command("serve", short_help="Run the bot, with a worker inside.")
@click.option("--http", is_flag=True, help="Take Slack's requests over HTTP instead of Socket Mode.")
@click.option("--port", type=PORT, default=3000, show_default=True, help="The port for these, with --http.")
@click.option(
    "--host",
    default=LOOPBACK,
    show_default=True,
    help="The address for these; 0.0.0.0 in a container, behind a proxy that speaks TLS.",
)
@click.option(
    "--ops-port",
    type=PORT,
    default=9464,
    show_default=True,
    help="The port of /healthz, /readyz and /metrics.",
)
@click.option(
    "--ops-host", default=LOOPBACK, show_default=True, help="The address of these; they ask for no password."
)
@door(log_level="info")
@click.pass_context
def command(
    ctx: click.Context,
    invocation: Invocation,
    http: bool,  # noqa: FBT001 - an option
    port: int,
    host: str,
    ops_port: int,
    ops_host: str,
) -> None:
    """Serve Slack until SIGTERM, over Socket Mode or, with --http, at /slack/events.

    A worker runs as a child process: it reads and writes in AWS. More of them can be run elsewhere with
    `support-role worker`, on PostgreSQL.
    """
    _refuse_without_http(ctx, http=http)
    from bot.serve.address import Address  # noqa: PLC0415 - likewise
    from bot.serve.slack_process import SlackProcess  # noqa: PLC0415 - what it imports takes half a second

    settings = serving_settings(invocation, http=http)
    address = Address(host, port) if http else None
    process = SlackProcess(settings, invocation.as_arguments(), Address(ops_host, ops_port), address)
    asyncio.run(process.run())


def _refuse_without_http(ctx: click.Context, *, http: bool) -> None:
    """Whoever names a port for Slack wants HTTP, and would wait for requests that never come."""
    given = click.core.ParameterSource.COMMANDLINE
    for name in ("port", "host"):
        if not http and ctx.get_parameter_source(name) is given:
            raise click.UsageError(
                f"--{name} is of use with --http alone; without it, Slack is reached over "
                "Socket Mode and no port is opened for it.",
                ctx,
            )


def serving_settings(invocation: Invocation, *, http: bool) -> Settings:
    """The settings, with secrets fetched from where they are kept; SettingsError when serving lacks any."""
    settings = invocation.settings()
    return _complete(settings, settings.problems_for_serving(http=http))


def working_settings(invocation: Invocation) -> Settings:
    """Likewise for a worker, to which Slack's requests do not come: it needs what either way needs."""
    settings = invocation.settings()
    over_http = settings.problems_for_serving(http=True)
    return _complete(settings, [each for each in settings.problems_for_serving() if each in over_http])


def _complete(settings: Settings, problems: Sequence[Problem]) -> Settings:
    from bot.settings.secrets import with_secrets  # noqa: PLC0415 - needed by two commands alone

    if problems:
        raise settings_error(problems)
    return with_secrets(settings, fetch_secret)
