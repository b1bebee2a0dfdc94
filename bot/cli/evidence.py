"""`support-role evidence`: a zip with all that an auditor asks for, and how to check it."""

import time
from pathlib import Path

import click

from bot.cli.common import Invocation, door
from bot.cli.output import require_writable, written_whole
from bot.domain.errors import SupportRoleError

EXIT_BROKEN = 1
SECONDS_BETWEEN_LOOKS = 0.5


class NothingCheckedError(SupportRoleError):
    """There is no evidence yet."""


@click.command("evidence", short_help="Write a zip with all that an auditor asks for.")
@click.option(
    "--output",
    required=True,
    metavar="FILE.zip",
    type=click.Path(path_type=Path),
    help="Where it is written, whole or not at all.",
)
@click.option(
    "--check", is_flag=True, help="Have the bot's worker check all accounts first, and wait for it."
)
@door()
def command(
    invocation: Invocation,
    output: Path,
    check: bool,  # noqa: FBT001 - an option of the command line
) -> int:
    """Write the findings of the last scans, coverage, control ids, waivers, fixes and the audit log to a zip.

    It is read from the bot's own database: of AWS it has what the last scans found. With --check a running
    worker makes a scan first. README.txt in the zip says what is what, and how it can be checked without this
    program.

    Exit codes: 0 the zip is there, 1 it is there and the audit chain is broken, 2 there is none.
    """
    from bot import __version__  # noqa: PLC0415 - with what follows
    from bot.flows.fresh_scan import scan_now  # noqa: PLC0415 - likewise
    from bot.flows.pack import write_pack  # noqa: PLC0415 - SQLAlchemy takes its time
    from bot.wiring.clock import build_clock  # noqa: PLC0415 - likewise
    from bot.wiring.desk import build_desk, open_store_to_read  # noqa: PLC0415 - likewise

    require_writable(output)
    settings = invocation.stored_settings()
    engine = open_store_to_read(settings)
    if check:
        scan_now(build_desk(settings, engine), rest=lambda: time.sleep(SECONDS_BETWEEN_LOOKS))
    now = build_clock(settings)()
    with written_whole(output) as file:
        facts = write_pack(engine, file, version=__version__, now=now)
        if facts is None:
            raise NothingCheckedError(
                "Nothing was checked yet, so there is no evidence. Run support-role check --save first, or "
                "type /support-role status in Slack."
            )
    coverage = f"{facts.summary.checked} of {facts.in_scope} accounts checked"
    click.echo(
        f"{output}: {coverage}, audit chain {facts.chain_length} long, head {facts.chain_head}", err=True
    )
    if facts.chain_problem:
        click.echo(f"The audit chain is broken. {facts.chain_problem}", err=True)
        return EXIT_BROKEN
    return 0
