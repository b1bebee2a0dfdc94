"""Where rich text goes: stdout, as wide as the terminal, or a pipe that gets long lines and no colour."""

from rich.console import Console

PIPE_WIDTH = 160
"""Columns: wide enough that nothing is cut in two."""


class Stdout(Console):
    def on_broken_pipe(self) -> None:
        """Rich would end the program here with exit code 1, which of a check means non-compliant."""
        raise BrokenPipeError


def build_stdout() -> Console:
    console = Stdout(highlight=False, markup=False, emoji=False)
    if console.is_terminal:
        return console
    return Stdout(highlight=False, markup=False, emoji=False, width=PIPE_WIDTH, color_system=None)
