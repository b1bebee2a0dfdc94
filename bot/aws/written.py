"""What a `Writer` answers, and what it asks before it changes anything."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.errors import SupportRoleError
from bot.domain.guards import Refused

WhyNot = Callable[[], Refused | None]
"""Asked right before each call that changes something; when it answers, the call is not made."""


def nothing_against() -> Refused | None:
    return None


class WithheldError(SupportRoleError):
    """A call was not sent, or not again: what spoke against it at that moment."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class NotOurs:
    """Nothing was changed: what is there is not what this request made."""

    reason: str
    request_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Withheld:
    """The next write was not made, because of what spoke against it at that moment."""

    refused: Refused
    has_detached: bool = False
    """Of a deletion: the policy was detached before, and the role is still there."""
    request_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Created:
    arn: str
    role_id: str
    already: bool
    """An earlier, unfinished run of this request made it."""
    request_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attached:
    already: bool
    request_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadBack:
    """`visible`: IAM shows the role with the policy attached. Right only if there are no problems either."""

    visible: bool
    problems: tuple[str, ...]
    request_ids: tuple[str, ...] = ()

    @property
    def verified(self) -> bool:
        return self.visible and not self.problems


@dataclass(frozen=True, slots=True)
class Deleted:
    already: bool
    request_ids: tuple[str, ...] = ()
