"""chat.*: what an app posts, changes and deletes."""

import json
from dataclasses import replace

from bot.sandbox.slack.calls import Call
from bot.sandbox.slack.lint import lint, refusal_of
from bot.sandbox.slack.messages import Message, with_ids
from bot.sandbox.slack.method_table import TIER_3, TIER_4, Method
from bot.sandbox.slack.places import bot_place, find_channel, readable_place
from bot.sandbox.slack.site import Site, SlackRefusal
from bot.sandbox.slack.workspace import Json

POST_TEXT_LIMIT, UPDATE_TEXT_LIMIT = 40_000, 4_000
RATE_LIMITED = "ratelimited"


def post_message(site: Site, call: Call) -> Json:
    channel = bot_place(site, call.required("channel"))
    message = _written(site, call, channel, POST_TEXT_LIMIT)
    if wait := site.limiter.take_message(channel):
        raise SlackRefusal(RATE_LIMITED, {"retry_after": wait})
    site.state.add(replace(message, metadata=_metadata(call)))
    return {"channel": channel, "ts": message.ts, "message": site.show_message(message)}


def post_ephemeral(site: Site, call: Call) -> Json:
    channel = bot_place(site, call.required("channel"))
    user = call.required("user")
    if not site.state.sees(user, channel):
        raise SlackRefusal("user_not_in_channel")
    message = _written(site, call, channel, POST_TEXT_LIMIT)
    site.state.add(replace(message, ephemeral_to=user))
    return {"message_ts": message.ts}


def update(site: Site, call: Call) -> Json:
    message = _own_message(site, call, "cant_update_message")
    written = _written(site, call, message.channel, UPDATE_TEXT_LIMIT)
    keeps_blocks = call.arguments.get("blocks") is None and not written.text
    changed = replace(
        message,
        text=written.text or message.text,
        blocks=message.blocks if keeps_blocks else written.blocks,
        attachments=written.attachments,
        metadata=_metadata(call) or message.metadata,
        edited_ts=site.state.mint_ts(),
    )
    site.state.change(changed)
    shown = site.show_message(changed)
    return {"channel": message.channel, "ts": message.ts, "text": changed.text, "message": shown}


def delete(site: Site, call: Call) -> Json:
    message = _own_message(site, call, "cant_delete_message")
    site.state.remove(message)
    return {"channel": message.channel, "ts": message.ts}


def get_permalink(site: Site, call: Call) -> Json:
    channel = find_channel(site, call.required("channel"))
    message = _existing(site, channel, call.required("message_ts"))
    link = f"{site.base_url}/archives/{channel}/p{message.ts.replace('.', '')}"
    return {"channel": channel, "permalink": link}


def conversations_history(site: Site, call: Call) -> Json:
    channel = readable_place(site, call.required("channel"), "history")
    found = [m for m in _public(site, channel) if not m.thread_ts or m.thread_ts == m.ts or m.broadcast]
    newest_first = found[::-1][: call.number("limit", 100)]
    return {
        "messages": [site.show_message(m) for m in newest_first],
        "has_more": len(found) > len(newest_first),
    }


def conversations_replies(site: Site, call: Call) -> Json:
    channel = readable_place(site, call.required("channel"), "history")
    parent = _existing(site, channel, call.required("ts"))
    thread = parent.thread_ts or parent.ts
    found = [m for m in _public(site, channel) if thread in {m.ts, m.thread_ts}]
    return {"messages": [site.show_message(m) for m in found], "has_more": False}


def from_arguments(site: Site, call: Call, channel: str) -> Message:
    """The message that a call, a response URL or an acknowledgement describes; raises SlackRefusal."""
    return _written(site, call, channel, POST_TEXT_LIMIT)


def _written(site: Site, call: Call, channel: str, text_limit: int) -> Message:
    text = call.text("text")
    blocks = call.objects("blocks", "invalid_blocks_format")
    attachments = call.objects("attachments", "invalid_attachments")
    if len(text) > text_limit:
        raise SlackRefusal("msg_too_long")
    if not text and not blocks and not attachments:
        raise SlackRefusal("no_text")
    _refuse_invalid(blocks)
    for attachment in attachments:
        _refuse_invalid(attachment.get("blocks") or [])
    thread_ts = call.text("thread_ts")
    if thread_ts and site.state.message(channel, thread_ts) is None:
        raise SlackRefusal("thread_not_found")
    return Message(
        channel=channel,
        ts=site.state.mint_ts(),
        user=site.bot.user_id,
        text=text,
        blocks=with_ids(blocks),
        attachments=tuple(attachments),
        thread_ts=thread_ts,
        broadcast=call.flag("reply_broadcast"),
    )


def _refuse_invalid(blocks: list[Json]) -> None:
    problems = lint(blocks, "message")
    if problems:
        raise SlackRefusal(
            refusal_of(problems), {"errors": problems, "response_metadata": {"messages": problems}}
        )


def _metadata(call: Call) -> Json | None:
    metadata = call.object("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    well_formed = isinstance(metadata.get("event_type"), str) and isinstance(
        metadata.get("event_payload"), dict
    )
    if not well_formed or len(json.dumps(metadata)) > 8_000:
        raise SlackRefusal("invalid_metadata_format")
    return metadata


def _own_message(site: Site, call: Call, error: str) -> Message:
    channel = find_channel(site, call.required("channel"))
    message = _existing(site, channel, call.required("ts"))
    if message.user != site.bot.user_id:
        raise SlackRefusal(error)
    return message


def _existing(site: Site, channel: str, ts: str) -> Message:
    message = site.state.message(channel, ts)
    # An ephemeral message lives on one screen alone: the Web API does not know it.
    if message is None or message.ephemeral_to:
        raise SlackRefusal("message_not_found")
    return message


def _public(site: Site, channel: str) -> list[Message]:
    messages = site.state.messages.get(channel, {}).values()
    return sorted((m for m in messages if not m.ephemeral_to), key=lambda message: message.ts)


CHAT_METHODS = {
    "chat.postMessage": Method(post_message, "chat:write"),
    "chat.postEphemeral": Method(post_ephemeral, "chat:write", TIER_4),
    "chat.update": Method(update, "chat:write", TIER_3),
    "chat.delete": Method(delete, "chat:write", TIER_3),
    "chat.getPermalink": Method(get_permalink),
    "conversations.history": Method(conversations_history, "", TIER_3),
    "conversations.replies": Method(conversations_replies, "", TIER_3),
}
