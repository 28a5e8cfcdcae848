"""Progress: a bar on a terminal; a line for each tenth of the way where there is none."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Bar:
    """How far something has got, told as it goes."""

    def __init__(self, what: str, console: Console) -> None:
        self._what = what
        self._console = console
        self._tenths = 0
        self._bar = Progress(
            TextColumn(what),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task(what)

    def __enter__(self) -> Bar:
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._bar.stop()

    def at(self, done: int, total: int) -> None:
        """Say that so many of so many are done."""
        self._bar.update(self._task, completed=done, total=total)
        tenths = 10 * done // max(total, 1)
        if tenths > self._tenths and not self._console.is_terminal:
            self._console.print(f"{self._what}: {done} of {total}")
        self._tenths = tenths
