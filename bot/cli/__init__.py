"""The command line: `support-role NAME`. A command's module is imported when it is called, and not before."""

import errno
import importlib
import os
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from bot.cli.common import common_options, remember
from bot.domain.errors import SupportRoleError

COMMANDS = {
    "serve": "Run the bot, with a worker inside.",
    "worker": "Run a further worker, on PostgreSQL.",
    "check": "Check AWS accounts for a support role; needs no Slack.",
    "plan": "Print what a fix would create in one account, also to run by hand.",
    "sandbox": "Try it all on localhost; nothing is real.",
    "audit": "Verify or export the audit chain.",
    "evidence": "Write a zip with all that an auditor asks for.",
    "doctor": "Look at each thing that must be right, and say how to mend what is not.",
    "iam": "Print the IAM roles to deploy to member accounts and to the bot.",
    "manifest": "Print the Slack app manifest.",
}
"""Each is `command` in `bot.cli.NAME`; the text stands here so that --help imports none of them."""

EXIT_FAULT = 2
"""Usage, configuration, and whatever else keeps a command from its work: 1 is an answer, and never this."""
EXIT_UNEXPECTED = 70
"""EX_SOFTWARE of sysexits.h: never to be taken for a finding."""
EXIT_OUTPUT = 74
"""EX_IOERR of sysexits.h."""
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141
OUTPUT_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})
"""A full disk and the like, wherever what a command has to say is written."""


class ReaderLeftError(Exception):
    """Nobody reads what is printed any more, as after `… | head`."""


class LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - likewise
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"bot.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as fault:
            # Left to click it would be exit code 1, which a script takes for a finding.
            raise ReaderLeftError from fault

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - likewise
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="support-role-bot", prog_name="support-role")
@common_options
@click.pass_context
def support_role(ctx: click.Context, /, **common: str | None) -> None:
    """Check AWS accounts for a role with AWSSupportAccess; create it with a second person's approval."""
    remember(ctx, common)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit with its code; the one place where a fault becomes words."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # Started with it closed, as `>&-` does: nobody listens, and that is no fault.
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - closes at exit
        # A name from AWS must not end a check only because a terminal has no such letter.
        getattr(getattr(sys, name), "reconfigure", lambda **_: None)(errors="backslashreplace")
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """The exit code of a command line; everything it has to say is on stdout and stderr."""
    try:
        code = support_role.main(arguments, prog_name="support-role", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return EXIT_INTERRUPTED
    except (BrokenPipeError, ReaderLeftError):
        _print_no_more()
        return EXIT_BROKEN_PIPE
    except SupportRoleError as error:
        click.echo(str(error), err=True)
        return EXIT_FAULT
    except Exception as fault:  # noqa: BLE001 - the one handler of what nobody foresaw
        return _cannot_write(fault) if _is_about_output(fault) else _unexpected(fault)
    return code if isinstance(code, int) else 0


def _print_no_more() -> None:
    """Python flushes stdout at exit, and would complain once more about what it could not."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_about_output(fault: Exception) -> bool:
    return isinstance(fault, OSError) and fault.errno in OUTPUT_ERRORS


def _cannot_write(fault: Exception) -> int:
    why = fault.strerror if isinstance(fault, OSError) else ""
    click.echo(f"The output could not be written: {why}. Make room, or write it elsewhere.", err=True)
    _print_no_more()
    return EXIT_OUTPUT


def _unexpected(fault: Exception) -> int:
    import logging  # noqa: PLC0415 - `--help` does without

    from bot.logs import configure_logs  # noqa: PLC0415 - likewise

    if not logging.getLogger().handlers:
        configure_logs()
    reference = uuid.uuid4().hex[:12]
    logging.getLogger(__name__).error("Unexpected fault", exc_info=fault, extra={"reference": reference})
    click.echo(
        f"This is a fault in support-role itself; the log above bears the reference {reference}.", err=True
    )
    return EXIT_UNEXPECTED
