"""A message and a view as this Slack keeps them, and the shapes in which Slack shows them."""

import copy
import secrets
from dataclasses import dataclass, field

from bot.sandbox.slack.workspace import Bot, Json


@dataclass(frozen=True, slots=True)
class File:
    id: str
    name: str
    title: str
    size: int
    secret: str = field(repr=False)
    content: bytes = field(default=b"", repr=False)

    def as_json(self, base_url: str) -> Json:
        url = f"{base_url}/files/{self.id}/{self.secret}"
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title,
            "size": self.size,
            "filetype": self.name.rpartition(".")[2],
            "mode": "hosted",
            "url_private": url,
            "url_private_download": url,
        }


@dataclass(frozen=True, slots=True)
class Message:
    channel: str
    ts: str
    user: str
    text: str
    blocks: tuple[Json, ...] = ()
    attachments: tuple[Json, ...] = ()
    thread_ts: str = ""
    broadcast: bool = False
    edited_ts: str = ""
    metadata: Json | None = None
    ephemeral_to: str = ""
    """The one person who sees it; empty when the whole channel does."""
    files: tuple[Json, ...] = ()
    subtype: str = ""

    def visible_to(self, user_id: str) -> bool:
        return self.ephemeral_to in {"", user_id}

    def as_slack(self, bot: Bot, team_id: str) -> Json:
        """The message as the Web API and interaction payloads carry it."""
        shown: Json = {
            "type": "message",
            "user": self.user,
            "ts": self.ts,
            "text": self.text,
            "team": team_id,
        }
        if self.user == bot.user_id:
            shown |= {"bot_id": bot.bot_id, "app_id": bot.app_id}
        if self.edited_ts:
            shown["edited"] = {"user": self.user, "ts": self.edited_ts}
        optional = {
            "subtype": self.subtype,
            "thread_ts": self.thread_ts,
            "blocks": list(self.blocks),
            "attachments": list(self.attachments),
            "files": list(self.files),
            "metadata": self.metadata,
        }
        return shown | {name: value for name, value in optional.items() if value}


@dataclass(frozen=True, slots=True)
class View:
    """A modal, or a person's home tab."""

    id: str
    user: str
    body: Json
    """What the app sent: type, blocks, title, private_metadata and so on."""
    hash: str
    root_id: str
    previous_id: str = ""
    external_id: str = ""

    @property
    def blocks(self) -> list[Json]:
        return list(self.body["blocks"])

    @property
    def is_home(self) -> bool:
        return bool(self.body["type"] == "home")

    def as_slack(self, bot: Bot, team_id: str, values: Json) -> Json:
        """The view as `views.*` return it and as submissions carry it; `values` is its state."""
        body = self.body
        return {
            "id": self.id,
            "team_id": team_id,
            "type": body["type"],
            "blocks": self.blocks,
            "private_metadata": body.get("private_metadata") or "",
            "callback_id": body.get("callback_id") or "",
            "state": {"values": values},
            "hash": self.hash,
            "title": body.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
            "clear_on_close": bool(body.get("clear_on_close")),
            "notify_on_close": bool(body.get("notify_on_close")),
            "close": body.get("close"),
            "submit": body.get("submit"),
            "previous_view_id": self.previous_id or None,
            "root_view_id": self.root_id,
            "app_id": bot.app_id,
            "external_id": self.external_id,
            "app_installed_team_id": team_id,
            "bot_id": bot.bot_id,
        }


def with_ids(blocks: list[Json]) -> tuple[Json, ...]:
    """A copy in which every block and every element has an id, as Slack gives to those that lack one."""
    named = copy.deepcopy(blocks)
    for block in named:
        _name(block)
    return tuple(named)


def _name(block: Json) -> None:
    block.setdefault("block_id", secrets.token_hex(3))
    for child in block.get("child_blocks") or ():
        _name(child)
    for element in elements_of(block):
        element.setdefault("action_id", secrets.token_hex(3))


def elements_of(block: Json) -> list[Json]:
    """The interactive elements that stand in one block itself, not in the blocks it contains."""
    kind = block.get("type")
    if kind in {"actions", "context_actions"}:
        return list(block.get("elements") or ())
    if kind == "carousel":
        return [button for card in block.get("elements") or () for button in card.get("actions") or ()]
    if kind == "card":
        return list(block.get("actions") or ())
    single = block.get("element") if kind == "input" else block.get("accessory")
    return [single] if single and single.get("type") != "image" else []
