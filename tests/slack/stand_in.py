"""A stand-in for Slack's Web API on this machine: it records every call, and answers as it is told."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Answer:
    body: dict[str, Any]
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    raw: str = ""
    """Sent instead of `body`: what a proxy or a broken server says."""


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    arguments: dict[str, Any]


Responder = Callable[[Call], Answer]
"""Decides the answer to a call."""


def accept(call: Call) -> Answer:
    """What Slack says when all is well."""
    channel = call.arguments.get("channel", "")
    bodies: dict[str, dict[str, Any]] = {
        "chat.postMessage": {"channel": channel, "ts": "1769828400.000100"},
        "chat.update": {"channel": channel, "ts": call.arguments.get("ts", "")},
        "chat.postEphemeral": {"message_ts": "1769828400.000200"},
        "conversations.open": {"channel": {"id": "D0DIRECT"}},
    }
    return Answer({"ok": True, **bodies.get(call.method, {})})


@dataclass(slots=True)
class StandIn:
    url: str = ""
    calls: list[Call] = field(default_factory=list)
    responder: Responder = accept

    def answer(self, call: Call) -> Answer:
        self.calls.append(call)
        return self.responder(call)

    @property
    def methods(self) -> list[str]:
        return [call.method for call in self.calls]


def refuse(error: str, **more: Any) -> Answer:
    return Answer({"ok": False, "error": error, **more})


@contextmanager
def running() -> Iterator[StandIn]:
    slack = StandIn()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(slack))
    slack.url = f"http://127.0.0.1:{server.server_port}/api/"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield slack
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(slack: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            is_json = "json" in self.headers.get("Content-Type", "")
            arguments = json.loads(text) if is_json else dict(parse_qsl(text))
            answer = slack.answer(Call(self.path.removeprefix("/api/"), arguments))
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            self.send_header("Content-Type", "text/html" if answer.raw else "application/json")
            self.end_headers()
            self.wfile.write((answer.raw or json.dumps(answer.body)).encode())

        def log_message(self, *_args: object) -> None:
            """Quiet."""

    return Handler
