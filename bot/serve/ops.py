"""The operations endpoints: `/healthz` (this process), `/readyz` (what it needs) and `/metrics`."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.serve.address import Address, cannot_listen
from bot.serve.metrics import Page
from bot.serve.readiness import Readiness

Look = Callable[[], Awaitable[Readiness]]
Measure = Callable[[str], Awaitable[Page]]
"""Gives the page of metrics in the format that an Accept header asks for."""


async def start_ops(address: Address, look: Look, measure: Measure) -> web.AppRunner:
    """Serve the endpoints until the runner is cleaned up.

    Raises ListenError when the address cannot be had.
    """

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def readyz(_: web.Request) -> web.Response:
        readiness = await look()
        return web.json_response(readiness.as_json(), status=200 if readiness.is_ready else 503)

    async def metrics(request: web.Request) -> web.Response:
        page = await measure(request.headers.get("Accept", ""))
        return web.Response(body=page.body, headers={"Content-Type": page.content_type})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, address.host, address.port).start()
    except OSError as fault:
        await runner.cleanup()
        what = "serve /healthz, /readyz and /metrics"
        raise cannot_listen(what, address, fault, "Give another --ops-port.") from fault
    return runner
