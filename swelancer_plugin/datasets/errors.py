"""What can be wrong with a dataset: every error names the place and prints as one line."""

from __future__ import annotations

from pathlib import Path

MAX_SHOWN = 600
"""Characters of a reason that are printed: cells of a list can be megabytes long."""


def one_line(text: str) -> str:
    """Return text fit for one line of a terminal: no line breaks, no control characters."""
    shown = text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "..."
    escaped = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in shown)
    return " ".join(escaped.split())


class DatasetError(Exception):
    """A dataset that can't be used at all: unreadable, or not what it claims to be."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return one_line(f"{self.path}: {self.reason}")


class RowError(DatasetError):
    """One row of a task list that can't be read; the other rows stand."""

    def __init__(
        self, path: Path, line: int, task_id: str | None, column: str | None, reason: str
    ) -> None:
        super().__init__(path, reason)
        self.args = (path, line, task_id, column, reason)
        self.line = line
        """Line of the file, from 1, on which the row starts."""
        self.task_id = task_id
        """As the list has it, even where it is no valid id; None where the row has none."""
        self.column = column

    def __str__(self) -> str:
        task = f"task {self.task_id[:120]}: " if self.task_id else ""
        column = f"column {self.column}: " if self.column else ""
        return one_line(f"{self.path}:{self.line}: {task}{column}{self.reason}")


class TaskFileError(DatasetError):
    """A task directory or repository that can't be used."""

    def __init__(self, path: Path, key: str | None, reason: str) -> None:
        super().__init__(path, reason)
        self.args = (path, key, reason)
        self.key = key
        """The key of the TOML file that is wrong; None where no single key is."""

    def __str__(self) -> str:
        key = f"{self.key}: " if self.key else ""
        return one_line(f"{self.path}: {key}{self.reason}")
