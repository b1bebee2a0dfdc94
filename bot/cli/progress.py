"""The progress bar: on a terminal, on stderr, and gone when it is done."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from bot.domain.finding import Verdict


class Progress(Protocol):
    def start(self, total: int) -> None:
        """The accounts are known: so many."""
        ...

    def advance(self, verdict: Verdict) -> None:
        """One more account is done."""
        ...


class _Silent:
    def start(self, total: int) -> None:
        pass

    def advance(self, verdict: Verdict) -> None:
        pass


@contextmanager
def progress_on_terminal() -> Iterator[Progress]:
    """A bar, which waits until the accounts are known; nothing at all when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield _Silent()
        return
    with _bar() as bar:
        yield bar


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich import progress as rich  # noqa: PLC0415 - pipelines have no bar
    from rich.console import Console  # noqa: PLC0415 - likewise

    bar = rich.Progress(
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TextColumn("{task.fields[found]}"),
        rich.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task("Looking up the accounts", total=None, found="")
    with bar:
        yield _Bar(
            lambda total: bar.update(task, description="Checking", total=total),
            lambda found: bar.update(task, advance=1, found=found),
        )


class _Bar:
    def __init__(self, begin: Callable[[int], None], step: Callable[[str], None]) -> None:
        self._begin = begin
        self._step = step
        self._seen = dict.fromkeys(Verdict, 0)

    def start(self, total: int) -> None:
        self._begin(total)

    def advance(self, verdict: Verdict) -> None:
        self._seen[verdict] += 1
        self._step(" · ".join(f"{count} {name}" for name, count in self._seen.items() if count))
