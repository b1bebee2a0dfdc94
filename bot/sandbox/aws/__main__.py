"""`python -m bot.sandbox.aws`: prints `READY URL` when it listens, and ends with SIGTERM."""

import argparse
import os
import signal
import sys
import threading
from types import FrameType
from typing import Any, cast

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from bot.sandbox.aws.layer import AwsLayer
from bot.sandbox.aws.wire import SERVICES
from bot.sandbox.world import STORIES, sandbox_world

LOOPBACK = "127.0.0.1"


class QuietHandler(WSGIRequestHandler):
    # Head and body in one packet: two of them wait 40 ms for each other.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's signature
        """The journal says it better."""


def build_server(port: int, accounts: int) -> BaseWSGIServer:
    """The listening server; OSError when the port is taken."""
    # Imported here, since `cloud` sets what moto reads when it is imported.
    from moto.moto_server.werkzeug_app import create_backend_app  # noqa: PLC0415

    # Not through moto's dispatcher, which lists directories for 2 ms a call to find the service.
    moto = {service: create_backend_app(cast("Any", service)) for service in sorted(SERVICES)}
    layer = AwsLayer(sandbox_world(accounts), moto)
    return make_server(LOOPBACK, port, layer, threaded=True, request_handler=QuietHandler)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox.aws", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--accounts", type=int, default=STORIES, help="member accounts")
    parser.add_argument("--child", action="store_true", help="end with whoever holds standard input")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    server = build_server(options.port, options.accounts)
    if options.child:
        threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    print(f"READY http://{LOOPBACK}:{server.server_port}", flush=True)  # noqa: T201 - whoever started it reads this
    server.serve_forever(poll_interval=0.1)


def _end(_number: int, _frame: FrameType | None) -> None:
    # Nothing here outlives the process: no need to wait for calls that hang.
    sys.stdout.flush()
    os._exit(0)


def _end_with_parent() -> None:
    """Standard input is a pipe, which ends with the process that holds its other side."""
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
