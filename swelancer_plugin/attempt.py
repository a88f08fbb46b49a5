"""What is known of one try of one attempt at a task: the record every number derives from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from swelancer_plugin.outcome import Outcome
from swelancer_plugin.task import Variant

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try, finished. Written once, last, atomically; never changed.

    Money is integer cents, durations are seconds, times are UTC in ISO 8601.
    """

    dataset: str
    task_id: str
    variant: Variant
    title: str
    price_cents: int
    attempt: int
    """1-based; `--attempts N` makes N of them per task."""
    try_number: int
    """1-based; a void attempt may be tried again under the same attempt number."""
    nodeid: str
    model: str
    agent: str
    outcome: Outcome
    earned_cents: int
    reason: str
    """One sentence for people: why this outcome."""
    started_at: str
    seconds: dict[str, float]
    """Wall seconds by phase: ``provision``, ``agent``, ``submission``, ``grade``, ``cleanup``."""
    computer: str
    sealed: bool
    """False where the work could have been changed after the agent ended, or ran on the host."""
    privileged: bool = False
    """True for `gold`, which sees the answer: refused by gates, comparisons and leaderboards."""
    repository: str = ""
    """What the working directory held: an image digest, a path, or ``none``."""
    seed: int | None = None
    worker: str = "main"
    tags: tuple[str, ...] = ()
    split: str | None = None
    details: dict[str, str] = field(default_factory=dict)
    """Small named facts of the grade, for readers (``decision``, ``correct``...)."""
    files: dict[str, str] = field(default_factory=dict)
    """Name to path of each artefact, relative to the attempt's own directory."""
    version: str = ""
    schema: int = SCHEMA_VERSION

    @property
    def key(self) -> tuple[str, str, int]:
        """Dataset, task id and attempt number: what a retry repeats."""
        return (self.dataset, self.task_id, self.attempt)

    @property
    def directory(self) -> str:
        """The try's directory, relative to the run's."""
        return attempt_directory(self.dataset, self.task_id, self.attempt, self.try_number)

    @property
    def duration(self) -> float:
        """Wall seconds of all phases together."""
        return sum(self.seconds.values())

    def as_dict(self) -> dict[str, object]:
        """Return the record as plain JSON values."""
        return {**asdict(self), "outcome": self.outcome.value, "tags": list(self.tags)}


def attempt_directory(dataset: str, task_id: str, attempt: int, try_number: int) -> str:
    """Return where a try's files lie, relative to the run's directory."""
    return f"tasks/{dataset}/{task_id}/attempt-{attempt}/try-{try_number}"


@dataclass(frozen=True, slots=True)
class Selected:
    """One selected item: a task and an attempt number that the run promised to work on."""

    dataset: str
    task_id: str
    variant: Variant
    title: str
    price_cents: int
    attempt: int
    nodeid: str

    @property
    def key(self) -> tuple[str, str, int]:
        """Dataset, task id and attempt number."""
        return (self.dataset, self.task_id, self.attempt)
