"""What is known of one try of one attempt at a task: the record every number derives from."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, ClassVar

from swelancer_plugin.outcome import POLICIES, Outcome
from swelancer_plugin.task import Variant, valid_id

if TYPE_CHECKING:
    from pydantic import ConfigDict, TypeAdapter

SCHEMA_VERSION = 1
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try, finished. Written once, last, atomically; never changed.

    Money is integer cents, durations are seconds, times are UTC in ISO 8601.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {
        "extra": "forbid",
        "strict": True,
        "allow_inf_nan": False,
    }

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
    """Wall seconds by phase: ``provision``, ``agent``, ``submission``, ``grade``."""
    computer: str
    sealed: bool
    """False where the work could have been changed after the agent ended, or ran on the host."""
    privileged: bool = False
    """True for `gold`, which sees the answer: refused by gates, comparisons and leaderboards."""
    repository: str = ""
    """What the working directory held: an image digest, a path, or ``none``."""
    seed: int | None = None
    turns: int = 0
    """Calls of the model."""
    retries: int = 0
    """Calls that had to be made again: a busy server, a cut connection."""
    input_tokens: int = 0
    """Of all calls together, as the server counted; cached ones included."""
    cached_tokens: int = 0
    output_tokens: int = 0
    """Reasoning included."""
    reasoning_tokens: int = 0
    cost: str | None = "0"
    """What the model cost in dollars, a decimal; None where the price of any call is unknown."""
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
    def dollars_spent(self) -> Decimal | None:
        """What the model cost; None where it is not known."""
        return None if self.cost is None else Decimal(self.cost)

    @property
    def duration(self) -> float:
        """Wall seconds of all phases together."""
        return sum(self.seconds.values())

    def __post_init__(self) -> None:
        """Refuse, by ValueError, what can't be true: odd ids, money that an outcome never pays."""
        if self.schema != SCHEMA_VERSION:
            raise ValueError(f"schema {self.schema} is not {SCHEMA_VERSION}")
        for text in (self.task_id, self.dataset):
            if not valid_id(text):
                raise ValueError(f"{text!r:.80} is no task or dataset id")
        if self.price_cents < 0 or self.attempt < 1 or self.try_number < 1:
            raise ValueError("a price, attempt or try number is below its least")
        if self.cost is not None and _AMOUNT.fullmatch(self.cost) is None:
            raise ValueError(f"{self.cost!r:.40} is no amount of dollars")
        payable = {"price": {self.price_cents}, "as graded": {0, self.price_cents}, "nothing": {0}}
        if self.earned_cents not in payable[POLICIES[self.outcome].pays]:
            raise ValueError(f"{self.earned_cents} cents is not what {self.outcome} pays")

    def to_json(self) -> str:
        """Return the record as one line of ASCII, which no transport can break."""
        return json.dumps(asdict(self), allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Attempt:
        """Return the record that `to_json` wrote.

        Raises ValueError (pydantic's own) for anything else, naming the key.
        """
        return _reader().validate_json(text)


@cache
def _reader() -> TypeAdapter[Attempt]:
    from pydantic import TypeAdapter  # heavy, and only those who read records need it

    return TypeAdapter(Attempt)


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
