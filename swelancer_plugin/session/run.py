"""What every part of a session needs to know of its run."""

from __future__ import annotations

import json
import re
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from swelancer_plugin.models.proven import Proven
from swelancer_plugin.runs.store import RunExists, create_run
from swelancer_plugin.session.options import keys, resolve_settings
from swelancer_plugin.settings import Settings
from swelancer_plugin.task import Task

if TYPE_CHECKING:
    from swelancer_plugin.computers.budget import Budget

_HANDED = "swelancer"


@dataclass(slots=True)
class Run:
    """One process's view of the run; the controller makes it, workers are handed it."""

    settings: Settings
    sources: dict[str, str]
    reports: Path
    directory: Path | None
    """None where no task is run (``--collect-only``, no model): then nothing is written."""
    token: str
    """Unique; labels every container of the run."""
    worker: str = "main"
    handover: Path | None = None
    """Folder in which workers leave what they selected."""
    provider: Any = field(default=None, repr=False)
    judging: Any = field(default=None, repr=False)
    """The provider of the judges' computers, where it is another."""
    budget: Budget | None = field(default=None, repr=False)
    """Of disk space for images, where one is set; made when an engine is first asked."""
    tasks: list[tuple[Task, int]] = field(default_factory=list, repr=False)
    """What was selected, with the number of the attempt; known where there is a budget."""
    next_task: Task | None = field(default=None, repr=False)
    """What this process is to work on next; known where there is a budget."""
    keys: dict[str, str] = field(default_factory=dict, repr=False)
    """API keys by variable, for this process alone."""
    proven: Proven = field(default_factory=Proven, repr=False)
    """Whether the model has answered in this process: then its refusals are of single requests."""
    problem: str | None = None
    """Why nobody can work, or an empty text; None before it was looked into."""
    ended: str = ""
    """Why no further task is to be started, where a model can't be asked at all."""

    @property
    def home(self) -> Path:
        """The run's directory, in a session that runs tasks."""
        assert self.directory is not None, "a session that only collects runs no task"
        return self.directory

    def hand_over(self) -> str:
        """Return what a worker needs, as text."""
        directory = None if self.directory is None else str(self.directory)
        return json.dumps(
            {"directory": directory, "token": self.token, "handover": str(self.handover)}
        )


RUN = pytest.StashKey[Run]()


def run_of(config: pytest.Config) -> Run:
    """Return the session's run."""
    return config.stash[RUN]


def is_worker(config: pytest.Config) -> bool:
    """Tell whether this process is a worker of pytest-xdist."""
    return hasattr(config, "workerinput")


def give_to_worker(node: Any, run: Run) -> None:  # noqa: ANN401  # xdist has no types
    """Put the run into what a worker is started with."""
    node.workerinput[_HANDED] = run.hand_over()


def open_run(config: pytest.Config) -> Run:
    """Make the run (controller) or take over what the controller made (worker).

    Raises pytest.UsageError for settings that can't work.
    """
    resolved = resolve_settings(config)
    reports = config.rootpath / "reports"
    if is_worker(config):
        workerinput: dict[str, Any] = config.workerinput  # type: ignore[attr-defined]  # xdist's
        handed = json.loads(workerinput[_HANDED])
        return Run(
            resolved.settings,
            resolved.sources,
            reports,
            Path(handed["directory"]) if handed["directory"] else None,
            handed["token"],
            workerinput["workerid"],
            Path(handed["handover"]),
            keys=keys(config),
        )
    settings = resolved.settings
    if settings.repository and settings.without_repository:
        raise pytest.UsageError("--repository and --without-repository exclude each other")
    token = secrets.token_hex(8)
    return Run(settings, resolved.sources, reports, None, token, keys=keys(config))


def keep_run(config: pytest.Config) -> None:
    """Make the directory of a run that is going to work on tasks."""
    run = run_of(config)
    run.directory = _directory(run.reports, run.settings)


def only_looks(config: pytest.Config) -> bool:
    """Tell whether pytest was asked to show something, and to run nothing."""
    looks = ("collectonly", "showfixtures", "show_fixtures_per_test", "markers", "setupplan")
    return any(getattr(config.option, name, False) for name in (*looks, "cacheshow"))


def _word(model: str) -> str:
    """Return a model's name as a part of a directory's: ``openai/gpt-4o`` is ``gpt-4o``."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", model.rpartition("/")[2])[:40].strip(".-") or "model"


def _directory(reports: Path, settings: Settings) -> Path:
    name = settings.run_id or f"{time.strftime('%Y%m%d-%H%M%S')}-{_word(str(settings.model))}"
    try:
        return create_run(reports, name, unique=settings.run_id is not None)
    except RunExists as error:
        raise pytest.UsageError(f"--run-id: {error}") from error
    except OSError as error:
        raise pytest.UsageError(f"no run can be kept in {reports}: {error}") from error
