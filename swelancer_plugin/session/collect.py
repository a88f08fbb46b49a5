"""From task files to pytest items.

Derived from `pytest.Module` and `pytest.Function`, so that fixtures of every scope, marks, ``-k``,
``--lf``, ``--sw`` and ``--junitxml`` work as they do for any test.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from swelancer_plugin.datasets.errors import DatasetError, RowError
from swelancer_plugin.money import dollars
from swelancer_plugin.session import body
from swelancer_plugin.session.arguments import (
    REPOSITORY_FILE,
    TASK_FILE,
    is_named,
    is_repository_file,
    is_task_file,
)
from swelancer_plugin.session.keywords import task_keywords
from swelancer_plugin.session.run import run_of
from swelancer_plugin.task import Task

FIXTURES = "swelancer_plugin.session.fixtures"
"""The module of our own fixtures; named, for its import is heavy."""


class TaskItem(pytest.Function):
    """One attempt at one task."""

    task: Task
    attempt: int

    @classmethod
    def build(cls, parent: TaskModule, task: Task, attempt: int) -> TaskItem:
        """Return the item of the n-th attempt: named as the task, then ``id@2``, ``id@3``..."""
        name = task.id if attempt == 1 else f"{task.id}@{attempt}"
        item: TaskItem = cls.from_parent(
            parent, name=name, callobj=body.earn, fixtureinfo=parent.shared_fixtures
        )
        parent.shared_fixtures = item._fixtureinfo
        item.task = task
        item.attempt = attempt
        item.extra_keyword_matches.update(task_keywords(task))
        item.add_marker(
            pytest.mark.swelancer(
                id=task.id, price=task.price_cents / 100, variant=task.variant, split=task.split
            )
        )
        return item

    @property
    def needs_provider(self) -> bool:
        """Whether the plugin's own `computer` is used, and not one of a user's conftest.py."""
        found = self._fixtureinfo.name2fixturedefs.get("computer", ())
        return bool(found) and found[-1].func.__module__ == FIXTURES

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Return the headline that pytest shows: id, price and variant."""
        return (
            self.path,
            0,
            f"{self.name} ({dollars(self.task.price_cents)} {self.task.variant})",
        )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ANN401  # pytest's own signature
        """Show unearned money as its reason alone; anything else as pytest does."""
        if isinstance(excinfo.value, body.TaskUnearned):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class TaskModule(pytest.Module):
    """A file that holds tasks. Its module, for module-scoped fixtures, is the plugin's own."""

    shared_fixtures: Any = None

    def _getobj(self) -> ModuleType:
        return body

    def items_of(self, task: Task) -> Iterator[TaskItem]:
        """Yield an item for each attempt that the settings ask for."""
        for attempt in range(1, run_of(self.config).settings.attempts + 1):
            yield TaskItem.build(self, task, attempt)


class NativeTask(TaskModule):
    """A bundled task's ``task.toml``."""

    def collect(self) -> Iterable[pytest.Item]:
        """Yield the task's items. Raises CollectError for a file that can't be read."""
        from swelancer_plugin.datasets.native import load

        try:
            task = load(self.path)
        except DatasetError as error:
            raise self.CollectError(str(error)) from error
        split = run_of(self.config).settings.split
        return self.items_of(task) if split in (None, task.split) else ()


class OfficialList(TaskModule):
    """An official SWE-Lancer CSV."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Yield the items of every row, and a failing collector for each unreadable one."""
        from swelancer_plugin.datasets.official import read

        try:
            rows = read(self.path)
        except DatasetError as error:
            raise self.CollectError(str(error)) from error
        split = run_of(self.config).settings.split
        if split is not None:
            self._check_split(split, rows)
        for row in rows:
            if isinstance(row, RowError):
                yield BadRow.from_parent(self, name=f"line-{row.line}", error=row)
            elif split is None or row.split == split:
                yield from self.items_of(row)

    def _check_split(self, split: str, rows: Iterable[Task | RowError]) -> None:
        splits = {row.split for row in rows if isinstance(row, Task)} - {None}
        if split not in splits:
            known = ", ".join(sorted(map(str, splits))) or "none: the list has no such column"
            raise self.CollectError(f"{self.path}: no task of split {split!r} (splits: {known})")


class BadRow(pytest.Collector):
    """A row that can't be read: one collection error."""

    def __init__(self, error: RowError, **rest: Any) -> None:  # noqa: ANN401  # for pytest's node
        super().__init__(**rest)
        self.error = error

    def collect(self) -> Iterable[pytest.Item]:
        """Raise what is wrong with the row."""
        raise self.CollectError(str(self.error))


class TaskDirectory(pytest.Directory):
    """A bundled task's directory: its ``task.toml`` alone, never its hidden tests."""

    def collect(self) -> Iterable[pytest.Collector]:
        """Yield the collector of the task's file."""
        yield NativeTask.from_parent(self, path=self.path / TASK_FILE)


class RepositoryDirectory(pytest.Directory):
    """The repository that tasks are about: none of its files is ours to collect."""

    def collect(self) -> Iterable[pytest.Collector]:
        """Yield nothing."""
        return ()


def collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Return our collector of a task's or a repository's directory, or None for any other."""
    if is_task_file(path / TASK_FILE):
        return TaskDirectory.from_parent(parent, path=path)
    if is_repository_file(path / REPOSITORY_FILE):
        return RepositoryDirectory.from_parent(parent, path=path)
    return None


def collect_file(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Return our collector of an official list, or of a task.toml given by itself.

    A list has to be named: one that a walk over its directory finds is left alone.
    """
    if is_task_file(path):
        return NativeTask.from_parent(parent, path=path)
    if path.suffix != ".csv" or not is_named(parent.config, path) or not _official(path):
        return None
    # Outside of the root pytest would name every list "", so the path from the root does it.
    nodeid = Path(os.path.relpath(path, parent.config.rootpath)).as_posix()
    return OfficialList.from_parent(parent, path=path, nodeid=nodeid)


def _official(path: Path) -> bool:
    from swelancer_plugin.datasets.official import is_official

    return is_official(path)
