"""files.*: uploads in three steps, as Slack's v2 uploads go."""

import secrets
from dataclasses import replace

from bot.sandbox.slack.calls import Call
from bot.sandbox.slack.messages import File, Message
from bot.sandbox.slack.method_table import TIER_4, Method
from bot.sandbox.slack.places import bot_place
from bot.sandbox.slack.site import Site, SlackRefusal
from bot.sandbox.slack.workspace import Json


def get_upload_url(site: Site, call: Call) -> Json:
    name, length = call.required("filename"), call.number("length", 0)
    if length <= 0:
        raise SlackRefusal("invalid_arguments")
    file = File("F" + secrets.token_hex(5).upper(), name, name, length, secrets.token_urlsafe(16))
    site.state.files[file.id] = file
    return {"upload_url": f"{site.base_url}/upload/v1/{file.id}/{file.secret}", "file_id": file.id}


def receive_upload(site: Site, file_id: str, secret: str, content: bytes) -> bool:
    """Take the bytes of a file; False for an URL that was not given out, or bytes of another length."""
    file = site.state.files.get(file_id)
    if file is None or not secrets.compare_digest(file.secret, secret) or len(content) != file.size:
        return False
    site.state.files[file_id] = replace(file, content=content)
    return True


def complete_upload(site: Site, call: Call) -> Json:
    given = call.objects("files", "invalid_arguments")
    if not given:
        raise SlackRefusal("invalid_arguments")
    files = [_completed(site, entry) for entry in given]
    shown = tuple(file.as_json(site.base_url) for file in files)
    channels = call.text("channel_id") or call.text("channels")
    for channel in filter(None, channels.split(",")):
        _share(site, call, bot_place(site, channel), shown)
    return {"files": list(shown)}


def _completed(site: Site, entry: Json) -> File:
    file = site.state.files.get(entry.get("id") or "")
    if file is None or len(file.content) != file.size:
        raise SlackRefusal("file_not_found")
    named = replace(file, title=entry.get("title") or file.name)
    site.state.files[file.id] = named
    return named


def _share(site: Site, call: Call, channel: str, shown: tuple[Json, ...]) -> None:
    site.state.add(
        Message(
            channel=channel,
            ts=site.state.mint_ts(),
            user=site.bot.user_id,
            text=call.text("initial_comment"),
            thread_ts=call.text("thread_ts"),
            files=shown,
        )
    )


FILE_METHODS = {
    "files.getUploadURLExternal": Method(get_upload_url, "files:write", TIER_4),
    "files.completeUploadExternal": Method(complete_upload, "files:write", TIER_4),
}
