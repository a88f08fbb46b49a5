"""What was selected, brought to the controller before anything is scheduled.

Under pytest-xdist only the workers collect, and all that xdist itself sends of a collection is
node ids. So each worker leaves its list in a folder of the controller's first.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from swelancer_plugin.attempt import Selected
from swelancer_plugin.files import atomic_write
from swelancer_plugin.session.collect import TaskItem
from swelancer_plugin.session.repositories import judged_in_containers, needs_repository
from swelancer_plugin.session.run import is_worker, run_of
from swelancer_plugin.settings import Settings


@dataclass(frozen=True, slots=True)
class Survey:
    """The selected tasks of a session."""

    selected: list[Selected]
    problem: str
    """Why they can't be run, or nothing."""
    needs_provider: bool
    """Whether any task is worked on in a computer that the plugin has to start."""
    needs_judge: bool = False
    """Whether any task is judged in containers."""


def collected(session: pytest.Session) -> None:
    """Leave a worker's list for the controller."""
    if not is_worker(session.config):
        return
    run = run_of(session.config)
    found = survey(session.items, run.settings)
    assert run.handover is not None, "the controller names a folder"
    atomic_write(run.handover / f"{run.worker}.json", json.dumps(asdict(found)).encode("ascii"))


def fetch(folder: Path, worker: str) -> Survey:
    """Return what a worker found."""
    document: dict[str, Any] = json.loads((folder / f"{worker}.json").read_bytes())
    document["selected"] = [Selected(**row) for row in document["selected"]]
    return Survey(**document)


def survey(items: Sequence[pytest.Item], settings: Settings) -> Survey:
    """Look over the selected items."""
    tasks = [item for item in items if isinstance(item, TaskItem)]
    return Survey(
        selected=[_selected(item) for item in tasks],
        problem=_problem(tasks, settings),
        needs_provider=any(item.needs_provider for item in tasks),
        needs_judge=any(judged_in_containers(item.task) for item in tasks),
    )


def _selected(item: TaskItem) -> Selected:
    task = item.task
    return Selected(
        task.dataset,
        task.id,
        task.variant,
        task.brief.title,
        task.price_cents,
        item.attempt,
        item.nodeid,
    )


def _problem(items: Sequence[TaskItem], settings: Settings) -> str:
    keys = Counter((item.task.dataset, item.task.id, item.attempt) for item in items)
    twice = [key for key, count in keys.items() if count > 1]
    if twice:
        dataset, task_id, _ = twice[0]
        where = [i.nodeid for i in items if (i.task.dataset, i.task.id, i.attempt) == twice[0]]
        return f"task {task_id} of {dataset} was collected twice: {' and '.join(where)}"
    lacking = [item for item in items if needs_repository(item.task, settings)]
    if lacking:
        return (
            f"{len(lacking)} selected tasks, such as {lacking[0].nodeid}, are about a repository "
            "that their list does not hold: say --repository PATH|URL, or --without-repository "
            "to run manager tasks over an empty working directory"
        )
    return ""
