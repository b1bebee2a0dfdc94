"""Domain values to JSON columns and back. How an account is reached never enters the database."""

from dataclasses import replace
from typing import Any, TypeVar

from pydantic import TypeAdapter

from bot.domain.account import Access, Account
from bot.domain.finding import Finding
from bot.domain.plan import TargetFacts

T = TypeVar("T")


def dump(value: object) -> Any:
    """The JSON form of a frozen dataclass; an account in it loses its roles and external id first."""
    return _adapter(type(value)).dump_python(_without_access(value), mode="json")


def load(kind: type[T], body: Any) -> T:
    """The value that `dump` was given."""
    value: T = _adapter(kind).validate_python(body)
    return value


def _without_access(value: object) -> object:
    match value:
        case Account():
            return _strip(value)
        case Finding():
            return replace(value, account=_strip(value.account))
        case TargetFacts():
            return replace(value, facts=replace(value.facts, account=_strip(value.facts.account)))
    return value


def _strip(account: Account) -> Account:
    return replace(account, access=Access())


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
