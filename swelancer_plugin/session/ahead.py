"""Tasks that share an image one after another, and the next one's image built meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import pytest

from swelancer_plugin.computers.interface import (
    ComputerProvider,
    EngineError,
    JudgingProvider,
)
from swelancer_plugin.computers.stopping import Stop, stop
from swelancer_plugin.session.collect import TaskItem
from swelancer_plugin.session.provision import judge_spec_of, spec_of
from swelancer_plugin.session.repositories import judged_in_containers
from swelancer_plugin.session.run import Run
from swelancer_plugin.session.space import task_key
from swelancer_plugin.task import IcAnswer, Task


class Ahead:
    """The hooks of a session with a disk budget, in every process that works on tasks."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._word = Stop()
        self._threads = ThreadPoolExecutor(1, "swelancer-ahead")
        self._building: Future[None] | None = None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put tasks that share an image, and layers of it, next to each other."""
        tasks = iter(in_order([item for item in items if isinstance(item, TaskItem)]))
        items[:] = [next(tasks) if isinstance(item, TaskItem) else item for item in items]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take what was selected."""
        tasks = (item for item in session.items if isinstance(item, TaskItem))
        self._run.tasks = [(item.task, item.attempt) for item in tasks]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Take what comes next, and let go of the images of what is over."""
        at_hand = [each.task for each in (item, nextitem) if isinstance(each, TaskItem)]
        self._run.next_task = nextitem.task if isinstance(nextitem, TaskItem) else None
        if self._run.budget is not None:
            with suppress(EngineError, OSError):  # kept for longer, which harms no task
                self._run.budget.release_but([task_key(task) for task in at_hand])

    def build_next(self, provider: ComputerProvider) -> None:
        """Have the next task's image built, one at a time; the task itself tells of an error."""
        task, idle = self._run.next_task, self._building is None or self._building.done()
        if task is not None and idle and provider.name == "docker":
            self._building = self._threads.submit(self._build, task, provider)

    def _build(self, task: Task, provider: ComputerProvider) -> None:
        stop.set(self._word)
        if judged_in_containers(task) and isinstance(provider, JudgingProvider):
            judge_spec_of(task, self._run, provider)
        spec_of(task, self._run, provider)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """End what is still being built."""
        self._word.say()
        self._threads.shutdown()


def in_order(items: Sequence[TaskItem]) -> list[TaskItem]:
    """Return items by what their images share, else in their order."""
    first: dict[Hashable, int] = {}
    places = {
        item: tuple(first.setdefault(key, len(first)) for key in _shared(item.task))
        for item in items
    }
    return sorted(items, key=places.__getitem__)


def _shared(task: Task) -> tuple[Hashable, ...]:
    """Return keys of a task's layers, from the one that most tasks share to its own."""
    repository = task.repository
    packages = tuple(sorted(set(repository.packages)))
    files = (repository.name, repository.source, repository.commit, repository.dependencies)
    return (packages, (packages, files), (packages, files, _bug(task)))


def _bug(task: Task) -> bytes:
    patch = task.answer.bug_patch if isinstance(task.answer, IcAnswer) else None
    try:
        content = b"" if patch is None else patch.read_bytes().strip()
    except OSError:  # told of by the task itself
        return b""
    return hashlib.sha256(content).digest() if content else b""
