"""What may come in over HTTP: Slack's own signature, a time near ours, and a body that can be read."""

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.serve.signed import SlackRequest, TurnedAway, admit, is_certificate_check

NOW = 1_769_828_400
SECRET = "a-signing-secret"
FORM = "application/x-www-form-urlencoded"
COMMAND = {"command": "/support-role", "text": "status", "team_id": "T0"}


def signed(body: bytes, *, kind: str = FORM, at: int | str = NOW, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": kind,
        "X-Slack-Request-Timestamp": str(at),
        "X-Slack-Signature": f"v0={digest}",
    }


def admitted(body: bytes, headers: dict[str, str], *, now: float = NOW) -> SlackRequest | TurnedAway:
    return admit(headers.items(), body, secret=SECRET, now=now)


def read(body: bytes, kind: str = FORM) -> Any:
    found = admitted(body, signed(body, kind=kind))
    return (found.kind, found.payload) if isinstance(found, SlackRequest) else found.reason


def refused(found: SlackRequest | TurnedAway) -> tuple[int, str]:
    assert isinstance(found, TurnedAway), found
    return found.status, found.reason


def test_the_example_in_slacks_own_words_is_right():
    """docs.slack.dev, verifying requests from Slack: a secret, a body and the signature that they give."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554"
        b"%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "content-type": FORM,
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }

    found = admit(headers.items(), body, secret="8f742231b10e8888abcd99yyyzzz85a5", now=1531420618)

    assert isinstance(found, SlackRequest)
    assert found.payload["command"] == "/webhook-collect"


def test_each_kind_of_request_is_read_as_socket_mode_brings_it():
    event = {"type": "event_callback", "event_id": "Ev1"}
    click = {"type": "block_actions", "user": {"id": "U0"}}

    assert read(urlencode(COMMAND).encode()) == ("slash_commands", COMMAND)
    assert read(urlencode({"payload": json.dumps(click)}).encode()) == ("interactive", click)
    assert read(json.dumps(event).encode(), "application/json; charset=utf-8") == ("events_api", event)


@pytest.mark.parametrize("text", ["explain payload", "{", "ü 中 &=?", ""])
def test_whatever_is_typed_after_a_command_arrives(text: str):
    """Bolt takes a command with the word payload in it for an empty one."""
    command = COMMAND | {"text": text}

    assert read(urlencode(command).encode()) == ("slash_commands", command)


@pytest.mark.parametrize("away", [-300, 300])
def test_a_time_at_the_edge_of_the_window_is_taken(away: int):
    body = urlencode(COMMAND).encode()

    assert isinstance(admitted(body, signed(body, at=NOW + away)), SlackRequest)


@pytest.mark.parametrize("away", [-301, 301])
def test_a_time_beyond_the_window_is_stale(away: int):
    body = urlencode(COMMAND).encode()

    assert refused(admitted(body, signed(body, at=NOW + away))) == (401, "stale")


@pytest.mark.parametrize("at", ["", "now", "1.5", "-1", "١٧٦٩٨٢٨٤٠٠", "1769828400 ", "9" * 5000])
def test_a_timestamp_that_is_no_plain_number_is_unsigned(at: str):
    body = urlencode(COMMAND).encode()

    assert refused(admitted(body, signed(body, at=at))) == (401, "unsigned")


@pytest.mark.parametrize("signature", ["", "v0=", "v1=" + "0" * 64, "v0=" + "é" * 64, "v0=" + "A" * 64])
def test_a_signature_of_another_shape_is_unsigned(signature: str):
    body = urlencode(COMMAND).encode()
    headers = signed(body) | {"X-Slack-Signature": signature}

    assert refused(admitted(body, headers)) == (401, "unsigned")


@pytest.mark.parametrize("missing", ["X-Slack-Request-Timestamp", "X-Slack-Signature"])
def test_without_one_of_the_two_headers_it_is_unsigned(missing: str):
    body = urlencode(COMMAND).encode()
    headers = {name: value for name, value in signed(body).items() if name != missing}

    assert refused(admitted(body, headers)) == (401, "unsigned")


def test_what_was_signed_with_another_secret_or_changed_since_is_refused():
    body = urlencode(COMMAND).encode()

    assert refused(admitted(body, signed(body, secret="another"))) == (401, "bad-signature")
    assert refused(admitted(body + b"&text=fix", signed(body))) == (401, "bad-signature")


def test_a_header_that_comes_twice_leaves_no_choice_open():
    body = urlencode(COMMAND).encode()
    headers = [*signed(body).items(), ("x-slack-signature", "v0=" + "0" * 64)]

    assert refused(admit(headers, body, secret=SECRET, now=NOW)) == (400, "unreadable")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (FORM, b"command=%2Fsupport-role&text=\xff"),
        (FORM, b"command=%2Fsupport-role&text=%ff"),
        (FORM, b"payload=%7B"),
        (FORM, b"payload=%5B%5D"),
        (FORM, b"text=no+command"),
        (FORM, b""),
        ("application/json", b""),
        ("application/json", b"\xff"),
        ("application/json", b"[1]"),
        ("application/json", b"{"),
        ("application/json", b"[" * 100_000),
        ("application/json", b'{"a": ' + b"9" * 5000 + b"}"),
    ],
)
def test_what_cannot_be_read_is_refused_even_with_a_good_signature(kind: str, body: bytes):
    assert refused(admitted(body, signed(body, kind=kind))) == (400, "unreadable")


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/form-data; boundary=x"])
def test_another_type_of_body_is_refused(kind: str):
    body = urlencode(COMMAND).encode()

    assert refused(admitted(body, signed(body, kind=kind))) == (415, "wrong-type")


def test_only_a_short_form_that_says_so_is_a_look_at_the_certificate():
    assert is_certificate_check(FORM, b"ssl_check=1&token=abc")
    assert not is_certificate_check(FORM, b"command=%2Fsupport-role&text=ssl_check=1")
    assert not is_certificate_check("application/json", b"ssl_check=1")
