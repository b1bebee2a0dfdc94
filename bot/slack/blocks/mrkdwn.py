"""Text that Slack will parse. What comes from AWS or from people is cleaned, cut and escaped on its way in.

`Mrkdwn` is made here alone, and the builders of `kit` take nothing else where Slack parses: mypy finds a
string that was not escaped.
"""

import re
import unicodedata
from datetime import UTC, datetime

from bot.domain.request import MessageRef

ELLIPSIS = "…"
VALUE_LIMIT = 300
"""What one value may take in a sentence; names are shorter, error texts may not be."""
CODE_LIMIT = 700
"""Longer than any ARN in IAM: a path may have 512 characters, a name 64."""

# They reorder or hide the text around them: a name must not be able to change how its neighbours read.
_HIDDEN = [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x200E, 0x200F, 0x061C, 0x2060, 0xFEFF]
_BREAKS = [*range(0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0), 0x2028, 0x2029]
"""Unicode's control characters and separators, but for the line break itself."""
_CLEANED = dict.fromkeys(_HIDDEN, "") | dict.fromkeys(_BREAKS, " ")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_USER_ID = re.compile(r"[UW][A-Z0-9]{1,20}")
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{1,20}")
_NOT_DIGITS = re.compile(r"[^0-9]")
_REFERENCE = re.compile(r"<(@[UW][A-Z0-9]{1,20}|#[CGD][A-Z0-9]{1,20}|!subteam\^S[A-Z0-9]{1,20})>")


class Mrkdwn(str):
    """Parsed by Slack: every `<`, `>` and `&` in it is ours."""

    __slots__ = ()


def md(template: str, /, **values: object) -> Mrkdwn:
    """Fill a template of ours; a value that is not Mrkdwn already becomes one harmless line."""
    return Mrkdwn(template.format(**{name: _harmless(value) for name, value in values.items()}))


def _harmless(value: object) -> Mrkdwn:
    return value if isinstance(value, Mrkdwn) else escape(one_line(str(value), VALUE_LIMIT))


def join(separator: str, parts: "list[Mrkdwn]") -> Mrkdwn:
    """Join the parts that are not empty; the separator is ours."""
    return Mrkdwn(separator.join(part for part in parts if part))


def escape(text: str) -> Mrkdwn:
    """The three characters that Slack gives a meaning; it documents no others."""
    return Mrkdwn(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def code(value: str) -> Mrkdwn:
    """A value in monospace; a backtick in it would end the span early."""
    return md(
        "`{value}`",
        value=escape(one_line(value, CODE_LIMIT).replace("`", "\N{MODIFIER LETTER GRAVE ACCENT}") or "-"),
    )


def mention(user_id: str) -> Mrkdwn:
    """`@name` of a person, who is notified if they are in the channel; other text stays text."""
    return Mrkdwn(f"<@{user_id}>") if is_user_id(user_id) else escape(one_line(user_id, VALUE_LIMIT))


def is_user_id(text: str) -> bool:
    return _USER_ID.fullmatch(text) is not None


def channel(channel_id: str) -> Mrkdwn:
    known = _CHANNEL_ID.fullmatch(channel_id)
    return Mrkdwn(f"<#{channel_id}>") if known else escape(one_line(channel_id, VALUE_LIMIT))


def message_link(archive: str, at: MessageRef, text: str) -> Mrkdwn:
    """A link to a message; `archive` is what stands before channel and time in its address, or empty.

    Where that is not known, its channel alone.
    """
    if not archive or not _CHANNEL_ID.fullmatch(at.channel):
        return md("in {channel}", channel=channel(at.channel))
    return Mrkdwn(f"<{escape(archive)}{address_end(at)}|{escape(text)}>")


def address_end(at: MessageRef) -> str:
    """How the address of a message ends: `C0123/p1769828400000100`."""
    return f"{at.channel}/p{_NOT_DIGITS.sub('', at.ts)}"


def sentence(
    text: str, limit: int = 1_000, *, private: bool = False, people: frozenset[str] = frozenset()
) -> Mrkdwn:
    """A sentence of the domain's, which may bear `<@U…>`, `<#C…>` or `<!subteam^S…>`.

    In private they become what they stand for. In a channel only `people` are mentioned, those whom the
    record itself names: a sentence also holds names from AWS, and an account's name must not notify anybody.
    """
    parts = _REFERENCE.split(cut(clean(text), limit))
    # The pattern has one group, so every second part is the inside of a reference.
    for index in range(0, len(parts), 2):
        parts[index] = escape(parts[index])
    for index in range(1, len(parts), 2):
        allowed = private or parts[index].startswith("#") or parts[index].removeprefix("@") in people
        parts[index] = f"<{parts[index]}>" if allowed else parts[index].replace("!subteam^", "@")
    return Mrkdwn("".join(parts))


def moment(at: datetime) -> Mrkdwn:
    """A time in the reader's own time zone, in UTC where that is not shown."""
    return Mrkdwn(f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{utc(at)}>")


def utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def clean(text: str) -> str:
    """Without control characters, lone surrogates and marks that reorder text; line breaks stay."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CLEANED)
    return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", lines).strip()


def one_line(text: str, limit: int) -> str:
    return cut(" ".join(clean(text).split()), limit)


def length(text: str) -> int:
    """In UTF-16 units, the largest of the counts that Slack's clients and servers use."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """At most `limit` long, never cut inside a character that is made of several code points."""
    if length(text) <= limit:
        return text
    end = max(limit - length(ELLIPSIS), 0)
    while length(text[:end]) + length(ELLIPSIS) > limit and end > 0:
        end -= 1
    while end > 0 and _joined(text, end):
        end -= 1
    return text[:end].rstrip() + ELLIPSIS


def _joined(text: str, at: int) -> bool:
    """Whether the characters on both sides of `at` are drawn as one: the common cases of UAX 29."""
    before, after = text[at - 1], text[at]
    if before == "\u200d" or after in "\u200d\ufe0e\ufe0f\u20e3":
        return True
    if unicodedata.category(after) in {"Mn", "Me", "Mc"} or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if "\U000e0020" <= after <= "\U000e007f":
        return True
    return _is_flag_half(after) and _flag_halves_before(text, at) % 2 == 1


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _flag_halves_before(text: str, at: int) -> int:
    count = 0
    while at - count > 0 and _is_flag_half(text[at - count - 1]):
        count += 1
    return count


def cut_mrkdwn(text: Mrkdwn, limit: int) -> Mrkdwn:
    """Cut parsed text, never inside an entity (`&amp;`) or a `<…>`."""
    if length(text) <= limit:
        return text
    kept = cut(text, limit).removesuffix(ELLIPSIS)
    for opening, closing in (("<", ">"), ("&", ";")):
        start = kept.rfind(opening)
        if start > kept.rfind(closing):
            kept = kept[:start]
    return Mrkdwn(kept.rstrip() + ELLIPSIS)
