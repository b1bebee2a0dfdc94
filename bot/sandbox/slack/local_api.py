"""/local/…: what a person at this machine does, for the page and for tests.

It listens on the loopback alone and answers only requests that name it as such and carry JSON, so that no
web page from elsewhere that the same browser shows can press a button here.
"""

import asyncio
import base64
import json
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from bot.sandbox.slack.delivery import NotAcked
from bot.sandbox.slack.elements import NotOffered
from bot.sandbox.slack.interactivity import Interactivity, Outcome, Spot
from bot.sandbox.slack.messages import File
from bot.sandbox.slack.site import Site
from bot.sandbox.slack.snapshot import Host, app, messages, snapshot
from bot.sandbox.slack.workspace import Json

KEEP_ALIVE_SECONDS = 15
OUTAGE_SECONDS_MAX = 3_600
Action = Callable[[Json], Awaitable[Outcome]]


def add_local_api(routes: web.RouteTableDef, site: Site, doings: Interactivity, host: Host) -> None:
    _add_reading(routes, site, host)
    actions = _personal(site, doings) | _uploads(site) | _operational(site)

    @routes.post("/local/{action}")
    async def act(request: web.Request) -> web.Response:
        action = actions.get(request.match_info["action"])
        if action is None:
            return _refused("unknown_action", "There is no such action.", 404)
        if request.content_type != "application/json":
            return _refused("json_expected", "Send JSON.", 415)
        return await _done(action, request)


def _add_reading(routes: web.RouteTableDef, site: Site, host: Host) -> None:
    @routes.get("/local/state")
    async def state(request: web.Request) -> web.Response:
        return web.json_response(snapshot(site, _user(site, request.query.get("user", "")), host))

    @routes.get("/local/people")
    async def people(_request: web.Request) -> web.Response:
        everyone = [{"id": p.id, "name": p.name, "real_name": p.real_name} for p in site.workspace.people]
        return web.json_response({"people": everyone})

    @routes.get("/local/messages")
    async def channel_messages(request: web.Request) -> web.Response:
        user, channel = _user(site, request.query.get("user", "")), request.query.get("channel", "")
        if not site.state.sees(user, channel):
            return web.json_response({"messages": [], "unread": 0})
        unread = site.state.unread(channel, user)
        return web.json_response({"messages": messages(site, user, channel), "unread": unread})

    @routes.get("/local/events")
    async def events(request: web.Request) -> web.StreamResponse:
        return await _stream(request, site, _user(site, request.query.get("user", "")))

    @routes.get("/files/{file_id}/{secret}")
    async def download(request: web.Request) -> web.Response:
        return _download(site, request.match_info["file_id"], request.match_info["secret"])


async def _done(action: Action, request: web.Request) -> web.Response:
    try:
        outcome = await action(await request.json())
    except NotOffered as refusal:
        return _refused("not_displayed", str(refusal), 404)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        return _refused("invalid_arguments", f"{type(error).__name__}: {error}", 400)
    return web.json_response(outcome.as_json())


def _refused(error: str, detail: str, status: int) -> web.Response:
    return web.json_response({"ok": False, "error": error, "detail": detail}, status=status)


def _user(site: Site, user_id: str) -> str:
    if site.workspace.member(user_id) is None:
        raise web.HTTPNotFound(text=f"There is nobody with the id {user_id!r}.")
    return user_id


def _personal(site: Site, doings: Interactivity) -> dict[str, Action]:
    async def type_text(body: Json) -> Outcome:
        user, thread_ts = _user(site, body["user"]), str(body.get("thread_ts") or "")
        return await doings.type(user, str(body["channel"]), str(body["text"]), thread_ts)

    async def click(body: Json) -> Outcome:
        value = body.get("value")
        return await doings.click(
            _spot(site, body),
            str(body["action_id"]),
            str(body.get("block_id") or ""),
            None if value is None else str(value),
            body.get("selected"),
        )

    async def suggest(body: Json) -> Outcome:
        typed, block_id = str(body.get("value") or ""), str(body.get("block_id") or "")
        return await doings.suggest(_spot(site, body), str(body["action_id"]), block_id, typed)

    async def view_submit(body: Json) -> Outcome:
        return await doings.submit(_user(site, body["user"]), str(body["view_id"]), body.get("values") or {})

    async def view_close(body: Json) -> Outcome:
        everything = bool(body.get("everything"))
        return await doings.close(_user(site, body["user"]), str(body["view_id"]), everything=everything)

    async def home_opened(body: Json) -> Outcome:
        return doings.open_home(_user(site, body["user"]), str(body.get("tab") or "home"))

    async def read(body: Json) -> Outcome:
        site.state.last_read[_user(site, body["user"]), str(body["channel"])] = site.state.mint_ts()
        return Outcome()

    return {
        "command": type_text,
        "message": type_text,
        "click": click,
        "suggest": suggest,
        "view_submit": view_submit,
        "view_close": view_close,
        "home_opened": home_opened,
        "read": read,
    }


def _uploads(site: Site) -> dict[str, Action]:
    async def upload(body: Json) -> Outcome:
        """Keep a file that a person chose for a form; what the form says of it goes to the page."""
        name, content = str(body["name"]), base64.b64decode(body["content"], validate=True)
        file_id, secret = "F" + secrets.token_hex(5).upper(), secrets.token_urlsafe(16)
        file = site.state.files[file_id] = File(file_id, name, name, len(content), secret, content)
        return Outcome(more={"file": file.as_json(site.base_url)})

    return {"upload": upload}


def _operational(site: Site) -> dict[str, Action]:
    async def disconnect(body: Json) -> Outcome:
        await (site.sockets.drop() if body.get("hard") else site.sockets.refresh())
        return Outcome()

    async def outage(body: Json) -> Outcome:
        seconds = min(max(float(body["seconds"]), 0.0), OUTAGE_SECONDS_MAX)
        site.outage_until = site.state.clock() + seconds
        site.state.tell_all({"type": "app"})
        await site.sockets.drop()
        return Outcome()

    async def redeliver(_body: Json) -> Outcome:
        answer = await site.delivery.redeliver()
        return Outcome(answer.error) if isinstance(answer, NotAcked) else Outcome()

    async def fail(body: Json) -> Outcome:
        site.failures.setdefault(str(body["method"]), []).extend(
            [str(body["error"])] * int(body.get("times", 1))
        )
        return Outcome()

    return {"disconnect": disconnect, "outage": outage, "redeliver": redeliver, "fail": fail}


def _spot(site: Site, body: Json) -> Spot:
    return Spot(
        _user(site, body["user"]),
        str(body.get("channel") or ""),
        str(body.get("ts") or ""),
        str(body.get("view_id") or ""),
    )


async def _stream(request: web.Request, site: Site, user: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    # Whoever listened may have gone at any moment; that is no fault.
    with suppress(ConnectionError), site.state.subscribed(user) as queue:
        await _send(response, {"type": "hello", "app": app(site)})
        while True:
            try:
                event = await asyncio.wait_for(queue.get(), KEEP_ALIVE_SECONDS)
            except TimeoutError:
                await response.write(b": still here\n\n")
            else:
                if event["type"] == "stop":
                    return response
                await _send(response, event | ({"app": app(site)} if event["type"] == "app" else {}))
    return response


async def _send(response: web.StreamResponse, event: Json) -> None:
    await response.write(b"data: " + json.dumps(event).encode() + b"\n\n")


def _download(site: Site, file_id: str, secret: str) -> web.Response:
    file = site.state.files.get(file_id)
    if file is None or file.secret != secret:
        return web.Response(status=404, text="There is no such file.")
    name = "".join(c if c.isalnum() or c in "._-" else "_" for c in file.name) or "file"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Type": "application/octet-stream",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(body=file.content, headers=headers)
