"""The task: an immutable value, split into what an agent may see and what only a grader may see."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Literal, TypeAlias

from swelancer_plugin.money import dollars

Variant: TypeAlias = Literal["ic_swe", "swe_manager"]
VARIANTS: Final[tuple[Variant, ...]] = ("ic_swe", "swe_manager")
TASK_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")
"""Task and dataset ids become host paths, so nothing else is let in (nor ``.`` and ``..``)."""

DECISION_FILE: Final = "manager_decisions.json"
HARD_ABOVE_CENTS: Final = 300_00
"""The original harness calls a task hard when its price is above $300."""


def valid_id(text: str) -> bool:
    """Tell whether a task or dataset id is safe to become a directory name."""
    return TASK_ID.fullmatch(text) is not None and text not in {".", ".."}


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposal of a manager task; ids are matched, never used as positions."""

    id: int
    content: str
    """The raw text, unstripped."""


@dataclass(frozen=True, slots=True)
class Brief:
    """All that an agent may know of a task. No answer, no test, no patch is reachable from here."""

    task_id: str
    variant: Variant
    title: str
    description: str
    price_cents: int
    workdir: str
    """Absolute path in the computer of the repository that the task is about."""
    proposals: tuple[Proposal, ...] = ()
    user_tool: bool = False
    """Whether there is a user who tries the agent's app on demand."""

    @property
    def decision_path(self) -> str:
        """Where a manager task's decision is to be written, in the computer."""
        return str(PurePosixPath(self.workdir) / DECISION_FILE)


@dataclass(frozen=True, slots=True)
class ManagerAnswer:
    """The proposal that the real manager chose."""

    correct_proposal: int


@dataclass(frozen=True, slots=True)
class IcAnswer:
    """The hidden side of an ic_swe task: what breaks it, what mends it, what decides."""

    tests: tuple[str, ...]
    """Names of the hidden test folders (official lists) or paths on the host (bundled tasks)."""
    bug_patch: Path | None = None
    gold_patch: Path | None = None
    test_seconds: float = 600.0
    """How long the hidden tests may take altogether."""
    user_tool: tuple[Path, ...] = ()
    """Directories with the script of a user: no hidden test, and in no computer of an agent."""


Answer: TypeAlias = ManagerAnswer | IcAnswer


@dataclass(frozen=True, slots=True)
class App:
    """How a repository becomes an app that answers HTTP; commands run in its working directory."""

    serve: str
    """Runs until it is killed."""
    port: int
    """On loopback."""
    build: str = "true"
    ready: str = "/"
    """A path that is answered, with any status, once the app is up."""
    outputs: tuple[str, ...] = ()
    """What `build` and a normal use make, relative to the working directory: no part of a
    submission."""
    build_seconds: float = 600.0
    ready_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What a repository needs that is installed once for all of its states with the same locks."""

    install: str
    """Runs in the working directory, with a network, where nothing lies but `lock`."""
    lock: tuple[str, ...]
    """The files that say what is installed, relative to the source."""


@dataclass(frozen=True, slots=True)
class Repository:
    """The code base that a task is about, and where it lies in the computer."""

    name: str
    workdir: str
    source: Path | None = None
    """Directory on the host; None where the task list does not carry the repository."""
    commit: str | None = None
    packages: tuple[str, ...] = ()
    """Debian packages that its computer needs."""
    app: App | None = None
    """None where it can't be served: then no ic_swe task about it can be judged."""
    dependencies: Dependencies | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One freelance job with a price in cents."""

    dataset: str
    brief: Brief
    answer: Answer
    repository: Repository
    split: str | None = None
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse ids that could not be directory names."""
        for what, text in (("task", self.id), ("dataset", self.dataset)):
            if not valid_id(text):
                raise ValueError(f"{what} id {text!r} is not of the form {TASK_ID.pattern}")

    @property
    def id(self) -> str:
        """The task's id, unique within its dataset."""
        return self.brief.task_id

    @property
    def variant(self) -> Variant:
        """`ic_swe` or `swe_manager`."""
        return self.brief.variant

    @property
    def price_cents(self) -> int:
        """What the task pays, in cents: all or nothing."""
        return self.brief.price_cents

    @property
    def hard(self) -> bool:
        """The original's word for a task that costs more than $300."""
        return self.price_cents > HARD_ABOVE_CENTS

    def __str__(self) -> str:
        return f"{self.dataset}/{self.id} ({dollars(self.price_cents)} {self.variant})"
