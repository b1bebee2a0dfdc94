"""Answers without a channel: acknowledgements of commands, and response URLs."""

from dataclasses import replace

from aiohttp import web

from bot.sandbox.slack.calls import Call
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.methods_chat import from_arguments
from bot.sandbox.slack.site import Site, SlackRefusal
from bot.sandbox.slack.state import ResponseUrl
from bot.sandbox.slack.workspace import Json


def respond(site: Site, user: str, channel: str, payload: Json) -> Message:
    """Post what an app answers: to the one person, unless it says `in_channel`."""
    kind = payload.get("response_type") or "ephemeral"
    if kind not in {"ephemeral", "in_channel"}:
        raise SlackRefusal("invalid_response_type")
    message = from_arguments(site, Call("response", "", payload), channel)
    return site.state.add(replace(message, ephemeral_to="" if kind == "in_channel" else user))


def add_response_urls(routes: web.RouteTableDef, site: Site) -> None:
    @routes.post("/commands/{team}/{secret}")
    @routes.post("/actions/{team}/{secret}")
    async def answer(request: web.Request) -> web.Response:
        if site.is_out:
            return web.Response(status=503, text="Service Unavailable")
        url = site.state.use_response_url(request.match_info["secret"])
        if url is None:
            known = request.match_info["secret"] in site.state.response_urls
            return web.Response(status=404, text="used_url" if known else "expired_url")
        try:
            _apply(site, url, await request.json())
        except SlackRefusal as refusal:
            return web.json_response({"ok": False, "error": refusal.code} | refusal.more, status=400)
        except ValueError:
            return web.Response(status=400, text="invalid_payload")
        return web.Response(text="ok")


def _apply(site: Site, url: ResponseUrl, payload: Json) -> None:
    original = site.state.message(url.channel, url.message_ts) if url.message_ts else None
    if payload.get("delete_original"):
        if original:
            site.state.remove(original)
    elif payload.get("replace_original") and original:
        _replace(site, original, payload)
    else:
        respond(site, url.user, url.channel, payload)


def _replace(site: Site, original: Message, payload: Json) -> None:
    written = from_arguments(site, Call("response", "", payload), original.channel)
    # Slack shows no "(edited)" on an ephemeral message.
    edited_ts = "" if original.ephemeral_to else site.state.mint_ts()
    site.state.change(
        replace(
            original,
            text=written.text,
            blocks=written.blocks,
            attachments=written.attachments,
            edited_ts=edited_ts,
        )
    )
