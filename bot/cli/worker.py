"""`support-role worker`: a further worker, on PostgreSQL; also the child that `serve` starts."""

import click

from bot.cli.common import Invocation, door
from bot.cli.serve import working_settings


@click.command("worker", short_help="Run a further worker.")
@click.option("--executor-id", default="", hidden=True)
@click.option(
    "--child", is_flag=True, hidden=True, help="End when the process that started this one is gone."
)
@door(log_level="info")
def command(invocation: Invocation, executor_id: str, child: bool) -> None:  # noqa: FBT001 - an option
    """Take work from the queues until SIGTERM; what it leaves unfinished, another worker goes on with."""
    from bot.flows.engine import new_executor_id  # noqa: PLC0415 - what it imports takes its time
    from bot.serve.worker_process import run_worker  # noqa: PLC0415 - likewise

    run_worker(working_settings(invocation), executor_id or new_executor_id(), is_child=child)
