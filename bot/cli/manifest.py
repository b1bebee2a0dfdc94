"""`support-role manifest`: the Slack app's manifest, for Socket Mode or for HTTP."""

import re
from importlib.resources import files
from pathlib import Path

import click

from bot.cli.common import Invocation, door
from bot.domain.errors import SupportRoleError

NAME = "manifest.yml"
EVENTS_PATH = "/slack/events"


@click.command("manifest", short_help="Print the Slack app manifest.")
@click.option("--http", "base_url", metavar="URL", help="For requests over HTTPS instead of Socket Mode.")
@door()
def command(invocation: Invocation, base_url: str | None) -> None:  # noqa: ARG001 - takes the common options
    """Print the app manifest, to be pasted at api.slack.com/apps.

    With --http URL the app gets its requests at URL/slack/events, and Socket Mode is off.
    """
    text = read_manifest()
    click.echo(text if base_url is None else for_http(text, base_url), nl=False)


def read_manifest() -> str:
    """The manifest as it is shipped: in the package when installed, beside it in a checkout."""
    packaged = files("bot") / NAME
    if packaged.is_file():
        return packaged.read_text("utf-8")
    checkout = Path(__file__).parents[2] / NAME
    if checkout.is_file():
        return checkout.read_text("utf-8")
    raise SupportRoleError(f"{NAME} is missing from this installation; install support-role-bot again.")


def for_http(text: str, base_url: str) -> str:
    """The same app with a request URL in place of Socket Mode."""
    if not re.fullmatch(r"https://[\w.-]+(:\d+)?(/[\w./-]*)?", base_url, re.ASCII):
        raise click.BadParameter("it should be an https:// address that Slack can reach", param_hint="--http")
    url = f"{base_url.rstrip('/').removesuffix(EVENTS_PATH)}{EVENTS_PATH}"
    lines = []
    for line in text.splitlines(keepends=True):
        indent = line[: len(line) - len(line.lstrip())]
        lines.append(line.replace("socket_mode_enabled: true", "socket_mode_enabled: false"))
        if line.strip() in {"event_subscriptions:", "interactivity:"}:
            lines.append(f"{indent}  request_url: {url}\n")
        elif line.strip().startswith("- command:"):
            lines.append(f"{indent}  url: {url}\n")
    return "".join(lines)
