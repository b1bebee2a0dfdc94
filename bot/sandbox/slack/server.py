"""One local Slack: put together, started on the loopback, and stopped."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from aiohttp import web

from bot.sandbox.slack.interactivity import Interactivity
from bot.sandbox.slack.limits import Limiter, RateLimits
from bot.sandbox.slack.local_api import add_local_api
from bot.sandbox.slack.requests_over_http import RequestsOverHttp
from bot.sandbox.slack.responses import add_response_urls
from bot.sandbox.slack.site import Site
from bot.sandbox.slack.snapshot import Host, Panel, Tip
from bot.sandbox.slack.sockets import Sockets, SocketSettings
from bot.sandbox.slack.state import State
from bot.sandbox.slack.web_api import add_web_api
from bot.sandbox.slack.workspace import Bot, Workspace, default_workspace

DEFAULT_PORT = 8765
HOST = "127.0.0.1"
PAGE = Path(__file__).parent / "page"
MAX_UPLOAD = 64 * 1024 * 1024
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: https: http:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "object-src 'none'"
)


class LocalSlack:
    """A Slack workspace on this machine. Nothing in it outlives the object.

    With a `request_url` the app is sent signed requests there instead of envelopes over its sockets.
    """

    def __init__(
        self,
        workspace: Workspace | None = None,
        *,
        limits: RateLimits | None = None,
        sockets: SocketSettings | None = None,
        request_url: str = "",
        clock: Callable[[], float] = time.time,
        extra_routes: Sequence[web.AbstractRouteDef] = (),
        panels: Sequence[Panel] = (),
        tips: Sequence[Tip] = (),
    ) -> None:
        workspace = workspace or default_workspace()
        bot, settings = workspace.bot, sockets or SocketSettings()
        by_socket = Sockets(bot.app_id, settings)
        self._http = _over_http(request_url, bot, settings, clock) if request_url else None
        self._site = Site(
            State(workspace, clock),
            by_socket,
            Limiter(limits or RateLimits(), clock),
            self._http or by_socket,
        )
        self._doings = Interactivity(self._site)
        self._extra_routes = extra_routes
        self._host = Host(tuple(tips), tuple(panels))
        self._runner: web.AppRunner | None = None
        self._connections = asyncio.Event()
        self._site.sockets.on_change.append(self._on_connections)

    @property
    def workspace(self) -> Workspace:
        return self._site.workspace

    @property
    def url(self) -> str:
        """Where the page is, without a slash at its end."""
        return self._site.base_url

    @property
    def api_url(self) -> str:
        """What SLACK_API_URL must be for an app."""
        return self._site.base_url + "/api/"

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which an app finds this Slack."""
        bot = self.workspace.bot
        return {
            "SLACK_BOT_TOKEN": bot.token,
            "SLACK_APP_TOKEN": bot.app_token,
            "SLACK_SIGNING_SECRET": bot.signing_secret,
            "SLACK_API_URL": self.api_url,
        }

    @property
    def connections(self) -> int:
        """How many Socket Mode connections apps hold now."""
        return self._site.sockets.count

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1; 0 takes any free port. Raises OSError when the port is taken."""
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, HOST, port)
        try:
            await site.start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self._site.base_url = f"http://{HOST}:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Let go of every connection and the port; safe to call twice."""
        self._site.state.tell_all({"type": "stop"})
        await self._doings.stop()
        await self._site.sockets.stop()
        if self._http:
            await self._http.stop()
        if self._runner:
            await self._runner.cleanup()
        self._runner = None

    def clock_moved(self) -> None:
        """Let the pages that are open see that `clock` has jumped."""
        self._site.state.tell_all({"type": "clock"})

    async def wait_for_app(self, seconds: float = 10.0) -> None:
        """Return as soon as an app is connected; raises TimeoutError if none comes."""
        async with asyncio.timeout(seconds):
            while not self.connections:
                self._connections.clear()
                await self._connections.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _on_connections(self) -> None:
        self._connections.set()
        self._site.state.tell_all({"type": "app"})

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[_only_here], client_max_size=MAX_UPLOAD)
        routes = web.RouteTableDef()
        add_web_api(routes, self._site)
        add_response_urls(routes, self._site)
        add_local_api(routes, self._site, self._doings, self._host)
        _add_page(routes)

        @routes.get("/link/")
        async def link(request: web.Request) -> web.StreamResponse:
            if self._site.is_out:
                return web.Response(status=503, text="Service Unavailable")
            return await self._site.sockets.connect(request)

        application.add_routes(self._extra_routes)
        application.add_routes(routes)
        return application


def _over_http(url: str, bot: Bot, settings: SocketSettings, clock: Callable[[], float]) -> RequestsOverHttp:
    return RequestsOverHttp(
        url,
        bot.signing_secret,
        clock,
        ack_seconds=settings.ack_seconds,
        resend_events_after=settings.resend_events_after,
    )


def _add_page(routes: web.RouteTableDef) -> None:
    @routes.get("/")
    @routes.get("/archives/{tail:.*}")
    async def index(_request: web.Request) -> web.Response:
        return _asset("index.html")

    @routes.get("/page/{name}")
    async def asset(request: web.Request) -> web.Response:
        return _asset(request.match_info["name"])

    @routes.get("/favicon.ico")
    @routes.get("/apple-touch-icon.png")
    @routes.get("/apple-touch-icon-precomposed.png")
    async def icon(_request: web.Request) -> web.Response:
        return _asset("icon.svg")

    @routes.get("/robots.txt")
    async def robots(_request: web.Request) -> web.Response:
        return web.Response(text="User-agent: *\nDisallow: /\n")


def _asset(name: str) -> web.Response:
    path = PAGE / name
    if path.parent != PAGE or path.suffix not in _KINDS or not path.is_file():
        return web.Response(status=404, text="There is no such page.")
    headers = {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }
    return web.Response(
        body=path.read_bytes(), content_type=_KINDS[path.suffix], charset="utf-8", headers=headers
    )


@web.middleware
async def _only_here(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    # A name that resolves to 127.0.0.1 must not let a foreign page in (DNS rebinding).
    host = (request.url.host or "").lower()
    if host != "localhost" and not _is_loopback(host):
        return web.Response(status=421, text="This server answers on the loopback only.")
    return await handler(request)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
