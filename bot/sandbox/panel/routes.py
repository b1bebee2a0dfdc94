"""The panel's routes: its page, what it asks for again and again, and its switches."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from bot.domain.audit import ChainBroken
from bot.sandbox.panel.deeds import DEEDS
from bot.sandbox.panel.shown import show
from bot.sandbox.panel.stage import NothingToDoError, Stage
from bot.sandbox.slack import Panel

PATH = "/sandbox/behind"
PANEL = Panel("Behind the scenes", PATH, "AWS, the audit chain, the clock, and switches")
PAGE = Path(__file__).parent / "page"
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def panel_routes(stage: Stage) -> tuple[web.RouteDef, ...]:
    """Only what names the loopback gets here: the local Slack, whose routes these become, sees to that."""

    async def state(request: web.Request) -> web.Response:
        since = request.query.get("since", "0")
        if not since.isdecimal():
            return _refused("`since` is the number of a call.", 400)
        if not stage.aws.url:
            return _refused("The sandbox is just opening.", 503)
        try:
            shown = await asyncio.to_thread(show, stage, since=int(since), find=request.query.get("find", ""))
        except OSError:
            return _refused("The sandbox's AWS does not answer: it is just closing.", 503)
        return web.json_response(shown, headers=_HEADERS)

    async def verify(_: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(_verify, stage), headers=_HEADERS)

    async def act(request: web.Request) -> web.Response:
        return await _act(stage, request)

    return (
        web.get(PATH, _page),
        web.get(f"{PATH}/state", state),
        web.get(f"{PATH}/verify", verify),
        web.get(f"{PATH}/{{name}}", _page),
        web.post(f"{PATH}/{{deed}}", act),
    )


async def _page(request: web.Request) -> web.Response:
    """A file of the page; without a name, the page itself."""
    path = PAGE / request.match_info.get("name", "panel.html")
    if path.parent != PAGE or path.suffix not in _KINDS or not path.is_file():
        return web.Response(status=404, text="There is no such page.", headers=_HEADERS)
    return web.Response(
        body=path.read_bytes(), content_type=_KINDS[path.suffix], charset="utf-8", headers=_HEADERS
    )


def _verify(stage: Stage) -> dict[str, object]:
    if stage.trail is None:
        return {"intact": True, "said": "There is no chain yet: the bot is just starting."}
    found = stage.trail.verify()
    if isinstance(found, ChainBroken):
        return {"intact": False, "said": f"Broken at event {found.seq}: {found.reason}."}
    return {"intact": True, "said": f"Intact: {found.length} events, head {found.head[:10]}…"}


async def _act(stage: Stage, request: web.Request) -> web.Response:
    # A page of another site can post a form here, but no JSON, and not under our name.
    if request.content_type != "application/json":
        return _refused("Send JSON.", 415)
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        return _refused("Another page cannot throw a switch here.", 403)
    deed = DEEDS.get(request.match_info["deed"])
    if deed is None:
        return _refused(f"There is no such switch. There are: {', '.join(sorted(DEEDS))}.", 404)
    try:
        done = await deed(stage, await request.json())
    except NothingToDoError as reason:
        return _refused(str(reason), 409)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        return _refused(f"That is not what this switch takes. {error}", 400)
    return web.json_response({"ok": True, "said": done.said, "watch": done.watch}, headers=_HEADERS)


def _refused(said: str, status: int) -> web.Response:
    return web.json_response({"ok": False, "said": said, "watch": ""}, status=status, headers=_HEADERS)
