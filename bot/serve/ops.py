"""The operations endpoints: `/healthz` (this process) and `/readyz` (Slack, database, worker, STS)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Readiness:
    """Each thing that must be right, and what is wrong with it; empty when nothing is."""

    problems: tuple[tuple[str, str], ...]

    @property
    def is_ready(self) -> bool:
        return all(not problem for _, problem in self.problems)

    def as_json(self) -> dict[str, object]:
        return {"ready": self.is_ready, "checks": {name: problem or "ok" for name, problem in self.problems}}


Look = Callable[[], Awaitable[Readiness]]


async def start_ops(host: str, port: int, look: Look) -> web.AppRunner:
    """Serve the endpoints until the runner is cleaned up; port 0 picks a free one."""

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def readyz(_: web.Request) -> web.Response:
        readiness = await look()
        return web.json_response(readiness.as_json(), status=200 if readiness.is_ready else 503)

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
