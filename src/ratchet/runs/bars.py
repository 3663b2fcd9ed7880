"""The bars that `Progress` shows on a terminal, by rich."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, TextColumn
from rich.progress import Progress as RichProgress
from rich.progress import Task as RichTask
from rich.progress_bar import ProgressBar
from rich.text import Text

from ratchet.runs.progress import Task


class _Status(ProgressColumn):
    """What the task says of itself: amount, rate, time left, note."""

    max_refresh = 0.2

    def render(self, task: RichTask) -> Text:
        """The text of one row."""
        ours: Task = task.fields["ours"]
        return Text(ours.status(), overflow="ellipsis", no_wrap=True)


class _Bar(BarColumn):
    """A bar that reads our task when it is drawn, so that a hot loop's `advance` costs rich nothing."""

    def render(self, task: RichTask) -> ProgressBar:
        """The bar of one row; it pulses where no total is known."""
        ours: Task = task.fields["ours"]
        task.completed, task.total = ours.done, ours.total
        return super().render(task)


class Bars:
    """A display of one bar per running task; the line of a finished one stays above them."""

    def __init__(self, stream: TextIO) -> None:
        self._rich = RichProgress(
            TextColumn("{task.description}", markup=False),
            _Bar(bar_width=24),
            _Status(),
            console=Console(file=stream),
            refresh_per_second=5,
            transient=True,
            # A command's answer on stdout is not ours to redirect.
            redirect_stdout=False,
        )
        self._rich.start()
        self._rows: dict[Task, RichTask] = {}

    def add(self, task: Task) -> None:
        """A new row."""
        identity = self._rich.add_task(task.description, total=task.total, ours=task)
        self._rows[task] = next(row for row in self._rich.tasks if row.id == identity)

    def end(self, task: Task, line: str) -> None:
        """The row goes, its last line stays."""
        self._rich.remove_task(self._rows.pop(task).id)
        self._rich.refresh()
        self.say(line)

    def say(self, text: str) -> None:
        """A line above the bars."""
        self._rich.console.print(text, markup=False, highlight=False)

    def close(self) -> None:
        """Take the bars down."""
        self._rich.stop()
