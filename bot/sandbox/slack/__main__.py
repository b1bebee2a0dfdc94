"""The local Slack on its own, for any app: prints where it is and what the app needs to find it."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.sandbox.slack.limits import RateLimits
from bot.sandbox.slack.manifest import ManifestError, bot_from_manifest
from bot.sandbox.slack.server import DEFAULT_PORT, LocalSlack
from bot.sandbox.slack.workspace import Workspace, default_workspace


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until interrupted. 0 after a clean stop, 2 when it cannot start."""
    options = _parser().parse_args(arguments)
    try:
        workspace = _workspace(options.manifest)
        slack = LocalSlack(
            workspace,
            limits=RateLimits(enabled=not options.no_rate_limit),
            request_url=options.request_url,
        )
        return asyncio.run(_serve(slack, options.port))
    except ManifestError as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(f"Cannot listen on 127.0.0.1:{options.port}: {error.strerror}. Choose another --port.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox.slack", description=__doc__)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="on 127.0.0.1; 0 takes any free one")
    parser.add_argument("--manifest", type=Path, help="an app manifest: its commands, scopes and events hold")
    parser.add_argument("--request-url", default="", help="send signed requests there, not over Socket Mode")
    parser.add_argument("--no-rate-limit", action="store_true", help="never answer 429")
    return parser


def _workspace(manifest: Path | None) -> Workspace:
    return default_workspace(bot_from_manifest(manifest) if manifest else None)


async def _serve(slack: LocalSlack, port: int) -> int:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await slack.start(port)
    _say(f"The workspace {slack.workspace.name} is at {slack.url}\n\nStart an app with:")
    for name, value in slack.environment.items():
        _say(f"export {name}={value}")
    try:
        await stopping.wait()
    finally:
        await slack.stop()
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _failed(text: str) -> int:
    sys.stderr.write(text + "\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
