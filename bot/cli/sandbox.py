"""`support-role sandbox`: everything on localhost, nothing real."""

import click

from bot.cli.common import Invocation, door

STORIES = 12
"""As many accounts as `bot.sandbox.world` tells a story of."""


@click.command("sandbox", short_help="Try it all on localhost; nothing is real.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="Of the Slack page; 0 takes any free one.",
)
@click.option("--no-browser", is_flag=True, help="Do not open the page in a browser.")
@click.option(
    "--accounts",
    type=click.IntRange(STORIES, 5000),
    default=STORIES,
    show_default=True,
    help="Member accounts in the organization.",
)
@door()
def command(invocation: Invocation, port: int, no_browser: bool, accounts: int) -> None:  # noqa: ARG001, FBT001 - takes the common options; a flag
    """Open a Slack workspace in the browser, an AWS organization beside it, and the bot between them.

    All of it runs on this machine and ends with Ctrl-C; no account and no token is needed.
    """
    from bot.sandbox.door import run_sandbox  # noqa: PLC0415 - what it imports takes half a second

    run_sandbox(port, open_browser=not no_browser, accounts=accounts)
