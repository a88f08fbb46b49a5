"""The disk budget of a run: which images it still needs, and what was done about the others."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from swelancer_plugin.datasets.errors import DatasetError
from swelancer_plugin.runs.store import RECORD
from swelancer_plugin.session.repositories import judged_in_containers, repository_of
from swelancer_plugin.session.run import Run
from swelancer_plugin.task import Task

if TYPE_CHECKING:
    from docker import DockerClient

    from swelancer_plugin.computers.budget import Budget

LOG = "images.log"
"""In the run's directory: a line for each time that images were removed."""
_NOTES = 3


def budget_of(run: Run, client: DockerClient) -> Budget | None:
    """Return the run's budget for images, or None where none is set."""
    limit = run.settings.disk_budget
    if limit is not None and run.budget is None:
        from swelancer_plugin.computers.budget import Budget

        run.budget = Budget(client, limit, partial(_needed, run, client, {}), partial(_say, run))
    return run.budget


def task_key(task: Task) -> str:
    """Return what names a task among all of a run."""
    return f"{task.dataset}/{task.id}"


def notes(run: Run) -> list[str]:
    """Return what was done, for the end of the terminal's report."""
    if run.directory is None or not (run.directory / LOG).exists():
        return []
    lines = (run.directory / LOG).read_text(encoding="utf-8").splitlines()
    more = [f"and {len(lines) - _NOTES} more lines in {LOG}"] if len(lines) > _NOTES else []
    return [*lines[:_NOTES], *more]


def _needed(run: Run, client: DockerClient, known: dict[Task, frozenset[str]]) -> set[str]:
    """Return the images of all selected tasks that are not finished."""
    tags: set[str] = set()
    for task, attempt in run.tasks:
        if not _finished(run, task, attempt):
            if task not in known:
                known[task] = _images(run, client, task)
            tags |= known[task]
    return tags


def _finished(run: Run, task: Task, attempt: int) -> bool:
    folder = run.home / "tasks" / task.dataset / task.id / f"attempt-{attempt}"
    return any(folder.glob(f"try-*/{RECORD}"))


def _images(run: Run, client: DockerClient, task: Task) -> frozenset[str]:
    """Return the images of one task, whether they exist or not.

    One whose repository would have to be fetched first says nothing: what is being worked with is
    kept all the same, and the rest can be built again.
    """
    from swelancer_plugin.computers.images import judge_plans, plans

    if task.repository.source is None and run.settings.repository is not None:
        return frozenset()
    try:
        found = plans(client, repository_of(task, run.settings))
    except DatasetError:  # told of by the task itself
        return frozenset()
    if judged_in_containers(task):
        found += judge_plans(client)
    return frozenset(plan.tag for plan in found)


def _say(run: Run, line: str) -> None:
    with (run.home / LOG).open("a", encoding="utf-8") as log:
        log.write(f"{line}\n")
