"""Which repository a task is about, as its computer gets it."""

from __future__ import annotations

import dataclasses

from swelancer_plugin.settings import Settings
from swelancer_plugin.task import IcAnswer, Repository, Task


def judged_in_containers(task: Task) -> bool:
    """Tell whether judging a task takes computers: an ic_swe task that can be judged."""
    return isinstance(task.answer, IcAnswer) and task.repository.app is not None


def needs_repository(task: Task, settings: Settings) -> bool:
    """Tell whether a task lacks its repository and nothing was said about it."""
    said = settings.without_repository or settings.repository is not None
    return task.repository.source is None and not said


def repository_of(task: Task, settings: Settings) -> Repository:
    """Return the repository as an agent gets it: what it is to work on, with the task's bug in it.

    Raises DatasetError where it can't be had.
    """
    repository = task.repository
    if repository.source is None and settings.repository is not None:
        from swelancer_plugin.datasets.checkout import checkout

        source = checkout(settings.repository, repository.commit)
        repository = dataclasses.replace(repository, source=source)
    if isinstance(task.answer, IcAnswer) and task.answer.bug_patch is not None:
        from swelancer_plugin.datasets.patched import patched

        repository = patched(repository, task.answer.bug_patch)
    return repository
