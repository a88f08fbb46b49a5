"""What is known of one try of one attempt at a task: the record every number derives from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, Final, Self

from swelancer_plugin.outcome import POLICIES, Outcome
from swelancer_plugin.task import VARIANTS, Variant, valid_id

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

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Self:
        """Return the record that `as_dict` wrote.

        Raises ValueError, naming the key, for a missing or unknown one, a value of the wrong type,
        an id that could not be a directory name, and money that the outcome does not pay.
        """
        known = {item.name: item for item in fields(cls)}
        if unknown := sorted(data.keys() - known.keys()):
            raise ValueError(f"attempt: unknown keys {unknown}")
        required = {
            name
            for name, item in known.items()
            if item.default is MISSING and item.default_factory is MISSING
        }
        if missing := sorted(required - data.keys()):
            raise ValueError(f"attempt: missing keys {missing}")
        attempt = cls(
            **{name: _read(name, str(known[name].type), raw) for name, raw in data.items()}
        )
        _check(attempt)
        return attempt


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_seconds(value: object) -> bool:
    return (_is_number(value) or isinstance(value, float)) and math.isfinite(float(str(value)))


def _is_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_text, value))


def _is_named(value: object, member: Callable[[object], bool]) -> bool:
    return (
        isinstance(value, dict) and all(map(_is_text, value)) and all(map(member, value.values()))
    )


_Reader = tuple[Callable[[object], bool], Callable[[Any], object]]
_READERS: Final[dict[str, _Reader]] = {
    "str": (_is_text, str),
    "int": (_is_number, int),
    "bool": (lambda value: isinstance(value, bool), bool),
    "str | None": (lambda value: value is None or _is_text(value), lambda value: value),
    "int | None": (lambda value: value is None or _is_number(value), lambda value: value),
    "tuple[str, ...]": (_is_texts, tuple),
    "dict[str, str]": (lambda value: _is_named(value, _is_text), dict),
    "dict[str, float]": (lambda value: _is_named(value, _is_seconds), dict),
    "Variant": (lambda value: value in VARIANTS, lambda value: value),
    "Outcome": (lambda value: value in list(Outcome), Outcome),
}
"""By annotation: whether a plain JSON value fits, and how it becomes the field's."""


def _read(name: str, annotation: str, value: object) -> Any:  # noqa: ANN401 - goes into cls(**...)
    fits, convert = _READERS[annotation]
    if not fits(value):
        raise ValueError(f"attempt: {name} is {value!r:.80}, not {annotation}")
    return convert(value)


def _check(attempt: Attempt) -> None:
    """Refuse values that fit their types and still can't be true."""
    if attempt.schema != SCHEMA_VERSION:
        raise ValueError(f"attempt: schema {attempt.schema} is not {SCHEMA_VERSION}")
    for name in ("task_id", "dataset"):
        if not valid_id(getattr(attempt, name)):
            raise ValueError(f"attempt: {name} {getattr(attempt, name)!r:.80} is no id")
    for name, least in (("price_cents", 0), ("attempt", 1), ("try_number", 1)):
        if getattr(attempt, name) < least:
            raise ValueError(f"attempt: {name} is below {least}")
    payable = {
        "price": {attempt.price_cents},
        "as graded": {0, attempt.price_cents},
        "nothing": {0},
    }
    if attempt.earned_cents not in payable[POLICIES[attempt.outcome].pays]:
        raise ValueError(
            f"attempt: earned_cents {attempt.earned_cents} is not what {attempt.outcome} pays"
        )


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
