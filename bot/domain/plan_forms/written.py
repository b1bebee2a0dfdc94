"""What all forms of a plan are made from."""

from dataclasses import dataclass

from bot.domain.plan import Plan


@dataclass(frozen=True, slots=True)
class Written:
    """A plan with all that is said around it."""

    plan: Plan
    tags: tuple[tuple[str, str], ...]
    title: str
    """For comments: one line, and harmless even where a shell does not know what a comment is."""
    is_draft: bool
    """The account was not read for it."""


def indented(text: str, columns: int) -> str:
    """All lines but the first moved to the right; JSON has no line ends within its strings."""
    return text.replace("\n", "\n" + " " * columns)
