"""What a guard says, and how many of them decide together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar


@dataclass(frozen=True, slots=True)
class Allowed:
    pass


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal: which guard, why, and what would help, in words for whoever clicked."""

    guard: str
    reason: str
    next_step: str = ""


Decision = Allowed | Refused
ALLOWED = Allowed()

Seen = TypeVar("Seen")
Seen_contra = TypeVar("Seen_contra", contravariant=True)


class GuardOf(Protocol[Seen_contra]):
    @property
    def name(self) -> str: ...

    def check(self, context: Seen_contra, /) -> Decision: ...


def first_refusal(guards: Sequence[GuardOf[Seen]], context: Seen) -> Refused | None:
    """The first guard that refuses, in order; one that raises, or answers with neither, refuses too."""
    for guard in guards:
        try:
            decision: object = guard.check(context)
        except Exception as fault:  # noqa: BLE001 - fail closed, whatever the fault
            return _broken(guard.name, type(fault).__name__)
        if isinstance(decision, Refused):
            return decision
        if not isinstance(decision, Allowed):
            return _broken(guard.name, f"it answered {decision!r}")
    return None


def _broken(guard: str, why: str) -> Refused:
    return Refused(
        guard,
        f"The rule {guard} could not be evaluated ({why}).",
        "Nothing was changed. Tell whoever runs this bot.",
    )
