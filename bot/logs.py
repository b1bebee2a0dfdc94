"""Logs on stderr, for people or for machines; neither form ever holds a secret."""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

LogFormat = Literal["pretty", "json"]

_SECRETS = re.compile(
    r"xox[a-z](?:\.[a-z]+)?-[\w.-]+"  # Slack's tokens
    r"|xapp-[\w-]+"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"  # AWS access key ids lead to a person
    r"|\b(?:FwoG|IQoJ)[\w+/=%-]{40,}"  # AWS session tokens
    r"|[A-Za-z0-9+/]{100,}={0,2}"  # anything else of that length is a token, a key or a ticket
    r"|(?<=[/?&]ticket=)[\w-]+"  # Socket Mode's address holds its own password
    r"|(?<=://)[^\s/:@\"]*:[^\s\"']+(?=@)"  # user and password in a URL, with whatever is not quoted in it
    r"|(?<=Signature=)[0-9a-f]{64}",
)
_NAMED = re.compile(
    r"((?:secret|password|token|external_?id)\w*[\"']?\s*[=:]\s*[\"']?)([^\s\"',;&)}]+)", re.IGNORECASE
)
HIDDEN = "[hidden]"

OTHERS = (
    "aiohttp",
    "alembic",
    "boto3",
    "botocore",
    "dbos",
    "slack_bolt",
    "slack_sdk",
    "sqlalchemy",
    "urllib3",
)
"""Libraries whose INFO and DEBUG lines show request bodies and headers, or tell of what works."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def redact(text: str) -> str:
    """The text without tokens, keys and passwords, whoever wrote it there."""
    return _NAMED.sub(rf"\1{HIDDEN}", _SECRETS.sub(HIDDEN, text))


def escaped(text: str) -> str:
    r"""On one line, with everything that does not print (control characters, bidi overrides) as `\x1b`."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escape(each) for each in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


class PrettyFormatter(logging.Formatter):
    """`09:00:00 WARNING bot.flows.scan: text  account_id=…`, tracebacks below.

    Redacts the finished text: what a library put into its arguments or its exception is in there too.
    """

    def format(self, record: logging.LogRecord) -> str:
        at = _moment(record).astimezone().strftime("%H:%M:%S")
        more = "".join(f"  {name}={value}" for name, value in _extras(record).items())
        head = escaped(f"{at} {record.levelname} {record.name}: {record.getMessage()}{more}")
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        return redact("\n".join(filter(None, (head, trace))))


class JsonFormatter(logging.Formatter):
    """One JSON object a line; what is passed as `extra` stands beside the text.

    Redacts each text before it is quoted: done afterwards, a hidden value could take a quote along.
    """

    def format(self, record: logging.LogRecord) -> str:
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        entry = {
            "at": _moment(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": redact(record.getMessage()),
            **{name: redact(str(value)) for name, value in _extras(record).items()},
            **({"error": redact(trace)} if trace else {}),
        }
        return json.dumps(entry)


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def configure_logs(level: str = "warning", form: LogFormat = "pretty", stream: TextIO | None = None) -> None:
    """Send the logs of all of this process to stderr (or `stream`), in one form; the last call counts."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else PrettyFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in OTHERS:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))
