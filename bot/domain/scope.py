"""SCOPE: which accounts a command is about, in the words that a person types.

    (nothing)                      every account
    111122223333 · payments        an account's id or name
    ou:Prod · ou:Workloads/Prod    an organizational unit: a component of the path, or a run of them
    tag:team=core                  an account's tag, as AWS has it
    verdict:fail                   the last verdict

Ids and names are or-ed among themselves, since no account is two accounts; so are verdicts. Everything else
is and-ed: `payments ledger verdict:fail` is those of the two that fail. Case only matters in tags, and
quotes keep a name with spaces together: `"payments prod" ou:"Shared Services"`. An account whose name has a
colon is meant by its id.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice

from bot.domain.account import Account, AccountId
from bot.domain.finding import Verdict

_EXAMPLES = {"ou:": "ou:Prod", "tag:": "tag:team=core", "verdict:": "verdict:fail"}
_VERDICTS = {verdict.value.lower(): verdict for verdict in Verdict}
_MOST_PROBLEMS = 10
_MOST_GUESSES = 3
"""A guess costs a search through all names: 0.2 s for 10,000 of them."""
_NO_TAGS = (
    "No tags are known at all: for the bot they are read only where aws.organization.include_tags is set."
)
_LONGEST_WORD = 80


@dataclass(frozen=True, slots=True)
class ScopeError:
    """The words do not name a scope; all problems at once, each a sentence."""

    problems: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.problems)


@dataclass(frozen=True, slots=True)
class Scope:
    """A parsed scope; empty means every account."""

    ids: frozenset[AccountId] = frozenset()
    names: tuple[str, ...] = ()
    ous: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    verdicts: frozenset[Verdict] = frozenset()

    def __str__(self) -> str:
        """The scope in words that parse to it again; empty for every account."""
        words = [
            *sorted(self.ids),
            *map(_quoted, self.names),
            *(f"ou:{_quoted(ou)}" for ou in self.ous),
            *(f"tag:{_quoted(f'{key}={value}')}" for key, value in self.tags),
            *(f"verdict:{word}" for word, verdict in _VERDICTS.items() if verdict in self.verdicts),
        ]
        return " ".join(words)

    def select(self, accounts: Iterable[Account]) -> tuple[Account, ...] | ScopeError:
        """The accounts meant, whatever their verdict (see `matches`), in the order given.

        A word that no account at all answers to is an error, with the nearest known ones.
        """
        known = tuple(accounts)
        problems = _unknown(self, known)
        if problems:
            return ScopeError(tuple(problems))
        return tuple(account for account in known if self._is_about(account))

    def matches(self, account: Account, verdict: Verdict | None) -> bool:
        """Whether the account is meant; `verdict` is its last one, None when it was never checked."""
        return self._is_about(account) and (not self.verdicts or verdict in self.verdicts)

    def _is_about(self, account: Account) -> bool:
        anyone = not self.ids and not self.names
        named = anyone or account.id in self.ids or _folded(account.name) in self.names
        in_ous = all(_is_in(account, ou) for ou in self.ous)
        return named and in_ous and all(tag in account.tags for tag in self.tags)


def parse_scope(words: Sequence[str]) -> Scope | ScopeError:
    """The scope that words name, or all that is wrong with them; whether accounts exist, `select` says."""
    parsed = [_parse(word.strip()) for word in words if word.strip()]
    problems = tuple(each for each in parsed if isinstance(each, str))
    if problems:
        return ScopeError(problems[:_MOST_PROBLEMS])
    scopes = [each for each in parsed if isinstance(each, Scope)]
    return Scope(
        ids=frozenset(account_id for scope in scopes for account_id in scope.ids),
        names=tuple(dict.fromkeys(name for scope in scopes for name in scope.names)),
        ous=tuple(dict.fromkeys(ou for scope in scopes for ou in scope.ous)),
        tags=tuple(dict.fromkeys(tag for scope in scopes for tag in scope.tags)),
        verdicts=frozenset(verdict for scope in scopes for verdict in scope.verdicts),
    )


_QUOTES = {
    **dict.fromkeys('"\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}', '"'),
    **dict.fromkeys("\N{DOUBLE LOW-9 QUOTATION MARK}\N{DOUBLE HIGH-REVERSED-9 QUOTATION MARK}", '"'),
    **dict.fromkeys("'\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}", "'"),
    **dict.fromkeys("\N{SINGLE LOW-9 QUOTATION MARK}\N{SINGLE HIGH-REVERSED-9 QUOTATION MARK}", "'"),
}
"""What keyboards and Slack make of straight quotes."""


def words_of(text: str) -> list[str]:
    """The words of a Slack command's text, quoted ones kept together and unquoted.

    Never fails: an open quote reaches to the end, an apostrophe within a word is part of it, and what Slack
    escapes (`&amp;`) or people paste (backticks) is undone.
    """
    words: list[str] = []
    word, quote = "", ""
    plain = _unescaped(text)
    for index, character in enumerate(plain):
        mark = _QUOTES.get(character, "")
        if quote and mark == quote and _closes(plain, index, quote):
            quote = ""
        elif not quote and mark and (mark == '"' or word == "" or word.endswith((":", "="))):
            quote = mark
        elif character.isspace() and not quote:
            words.append(word)
            word = ""
        else:
            word += character
    return [each for each in (*words, word) if each.strip()]


def _closes(text: str, index: int, quote: str) -> bool:
    # 'Bob's sandbox': the apostrophe closes nothing, since a letter follows.
    following = text[index + 1 : index + 2]
    return quote == '"' or not following or following.isspace()


def _unescaped(text: str) -> str:
    bare = text.replace("`", "")
    return bare.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _parse(word: str) -> Scope | str:
    """What one word adds to a scope, or what is wrong with it."""
    # The console shows ids as 1111-2222-3333.
    digits = word.replace("-", "")
    if re.fullmatch(r"\d{12}", digits, re.ASCII):
        return Scope(ids=frozenset({AccountId(digits)}))
    prefix, colon, value = word.partition(":")
    if not colon:
        return Scope(names=(_folded(word),))
    return _parse_filter(word, prefix.lower() + colon, value.strip())


def _parse_filter(word: str, prefix: str, value: str) -> Scope | str:
    if prefix not in _EXAMPLES:
        known = {each: each for each in _EXAMPLES}
        return f"{_shown(word)} is no filter; there are {', '.join(known)}.{_did_you_mean(prefix, known)}"
    if prefix == "ou:":
        value = value.strip("/ ")
    if not value:
        return f"{prefix} needs a value right after the colon, for example {_EXAMPLES[prefix]}."
    if prefix == "ou:":
        return Scope(ous=(_folded(value),))
    if prefix == "tag:":
        key, equals, text = value.partition("=")
        if not key or not equals:
            return f"{_shown(word)} needs a key and a value, for example {_EXAMPLES[prefix]}."
        return Scope(tags=((key, text),))
    verdict = _VERDICTS.get(value.lower())
    if verdict is None:
        known = {each: each for each in _VERDICTS}
        return f"{_shown(value)} is no verdict; there are {', '.join(known)}.{_did_you_mean(value, known)}"
    return Scope(verdicts=frozenset({verdict}))


def _unknown(scope: Scope, accounts: Sequence[Account]) -> list[str]:
    """A sentence for each word that no account answers to, with the nearest ones for the first few."""
    found = list(islice(_unanswered(scope, accounts), _MOST_PROBLEMS))
    guessed = [f"{said}{_did_you_mean(word, known)}" for said, word, known in found[:_MOST_GUESSES]]
    return [*guessed, *(said for said, _, _ in found[_MOST_GUESSES:])]


def _unanswered(scope: Scope, accounts: Sequence[Account]) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """What to say of each such word, the word, and what it may have meant (see `_did_you_mean`)."""
    for account_id in sorted(scope.ids - {account.id for account in accounts}):
        yield f"No account {account_id} is in scope.", account_id, {}
    names = {_folded(account.name): account.name for account in accounts if account.name}
    for name in scope.names:
        if name not in names:
            hint = " An account id has twelve digits." if name.isdigit() else ""
            yield f"No account is called {_shown(name)}.{hint}", name, names
    for ou in scope.ous:
        if not any(_is_in(account, ou) for account in accounts):
            yield f"No account is in an organizational unit {_shown(ou)}.", ou, _ous(accounts)
    tags = {tag for account in accounts for tag in account.tags}
    for tag in scope.tags:
        if tag not in tags:
            text = "=".join(tag)
            unread = "" if tags else f" {_NO_TAGS}"
            yield (
                f"No account has the tag {_shown(text)}.{unread}",
                text,
                {_folded(t): t for t in map("=".join, tags)},
            )


def _ous(accounts: Sequence[Account]) -> dict[str, str]:
    return {_folded(ou): ou for account in accounts for ou in (account.ou, *account.ou.split("/")) if ou}


def _is_in(account: Account, ou: str) -> bool:
    """Whether the unit, by its name or by a run of names, is one that the account lies in."""
    return f"/{ou}/" in f"/{_folded(account.ou)}/"


def _folded(text: str) -> str:
    straight = "".join(_QUOTES.get(each, each) for each in text)
    return " ".join(straight.casefold().split())


def _did_you_mean(word: str, known: Mapping[str, str]) -> str:
    """` Did you mean a or b?`, or nothing; `known` maps the folded form to the one to show."""
    near = get_close_matches(_folded(word)[:_LONGEST_WORD], list(known), n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(_shown(known[each]) for each in near)}?" if near else ""


def _shown(word: str) -> str:
    printable = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in word)
    return printable if len(printable) <= _LONGEST_WORD else printable[: _LONGEST_WORD - 1] + "…"


def _quoted(word: str) -> str:
    if '"' in word:
        return f"'{word}'"
    return f'"{word}"' if re.search(r"[\s']", word) else word
