"""One call of the Web API: its arguments, however they came, and what they must be."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField

from bot.sandbox.slack.site import SlackRefusal
from bot.sandbox.slack.workspace import Json


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    token: str
    arguments: Mapping[str, Any]

    def text(self, name: str, default: str = "") -> str:
        value = self.arguments.get(name)
        return default if value is None else str(value)

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise SlackRefusal(
                "invalid_arguments",
                {"response_metadata": {"messages": [f"[ERROR] missing required field: {name}"]}},
            )
        return value

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in {"1", "true"}

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.text(name) or default)
        except ValueError:
            raise SlackRefusal("invalid_arguments") from None

    def objects(self, name: str, error: str) -> list[Json]:
        """A list of objects, sent as JSON or as a string that holds JSON; empty when it is not given."""
        value = self._json(name, error)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise SlackRefusal(error)
        return value

    def object(self, name: str, error: str) -> Json | None:
        value = self._json(name, error)
        if value is not None and not isinstance(value, dict):
            raise SlackRefusal(error)
        return value

    def _json(self, name: str, error: str) -> Any:
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise SlackRefusal(error) from None


async def read_call(request: web.Request) -> Call:
    """Read a call from its query, form or JSON body; raises SlackRefusal when the body cannot be read."""
    arguments: dict[str, Any] = {**request.query, **await _body(request)}
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    token = bearer if scheme.lower() == "bearer" else str(arguments.pop("token", ""))
    return Call(request.match_info["method"], token.strip(), arguments)


async def _body(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise SlackRefusal("json_not_object") from None
        if not isinstance(body, dict):
            raise SlackRefusal("json_not_object")
        return body
    form = await request.post()
    return {name: value for name, value in form.items() if not isinstance(value, FileField)}
