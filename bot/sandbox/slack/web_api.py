"""The door of the Web API: tokens, scopes, rate limits, and one answer shape for everything."""

from aiohttp import BodyPartReader, web

from bot.sandbox.slack.calls import Call, read_call
from bot.sandbox.slack.method_table import Method
from bot.sandbox.slack.methods_chat import CHAT_METHODS, RATE_LIMITED
from bot.sandbox.slack.methods_files import FILE_METHODS, receive_upload
from bot.sandbox.slack.methods_places import PLACE_METHODS
from bot.sandbox.slack.methods_views import VIEW_METHODS
from bot.sandbox.slack.places import require_scope
from bot.sandbox.slack.site import Site, SlackRefusal
from bot.sandbox.slack.workspace import Json

METHODS: dict[str, Method] = CHAT_METHODS | PLACE_METHODS | VIEW_METHODS | FILE_METHODS


def add_web_api(routes: web.RouteTableDef, site: Site) -> None:
    @routes.route("*", "/api/{method}")
    async def call_method(request: web.Request) -> web.Response:
        if site.is_out:
            return web.json_response({"ok": False, "error": "service_unavailable"}, status=503)
        try:
            answer = _answer(site, await read_call(request))
        except SlackRefusal as refusal:
            return _refused(site, refusal)
        return web.json_response({"ok": True} | answer, headers=_headers(site))

    @routes.post("/upload/v1/{file_id}/{secret}")
    async def upload(request: web.Request) -> web.Response:
        content = await _uploaded(request)
        if not receive_upload(site, request.match_info["file_id"], request.match_info["secret"], content):
            return web.Response(status=404, text="invalid upload url")
        return web.Response(text=f"OK - {len(content)}")


def _answer(site: Site, call: Call) -> Json:
    method = METHODS.get(call.method)
    if method is None:
        raise SlackRefusal("unknown_method", {"req_method": call.method})
    if method.needs_token:
        _check_token(site, call, method)
    require_scope(site, method.scope)
    if planned := site.failures.get(call.method):
        raise SlackRefusal(planned.pop(0))
    if method.per_minute and (wait := site.limiter.take_call(call.method, method.per_minute)):
        raise SlackRefusal(RATE_LIMITED, {"retry_after": wait})
    return method.run(site, call)


def _check_token(site: Site, call: Call, method: Method) -> None:
    if not call.token:
        raise SlackRefusal("not_authed")
    wanted, other = site.bot.token, site.bot.app_token
    if method.needs_app_token:
        wanted, other = other, wanted
    if call.token == other:
        raise SlackRefusal("not_allowed_token_type")
    if call.token != wanted:
        raise SlackRefusal("invalid_auth")


def _refused(site: Site, refusal: SlackRefusal) -> web.Response:
    answer = {"ok": False, "error": refusal.code} | refusal.more
    if refusal.code != RATE_LIMITED:
        return web.json_response(answer, headers=_headers(site))
    retry_after = str(answer.pop("retry_after", 1))
    return web.json_response(answer, status=429, headers={"Retry-After": retry_after})


def _headers(site: Site) -> dict[str, str]:
    return {"X-OAuth-Scopes": ",".join(site.bot.scopes)}


async def _uploaded(request: web.Request) -> bytes:
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if isinstance(part, BodyPartReader):
            return bytes(await part.read(decode=False))
    return b""
