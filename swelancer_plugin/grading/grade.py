"""A grade: the outcome of an attempt, what it pays and why."""

from __future__ import annotations

from dataclasses import dataclass, field

from swelancer_plugin.outcome import POLICIES, Outcome


@dataclass(frozen=True, slots=True)
class Grade:
    """What a judge decided. `earned_cents` is the whole price or nothing."""

    outcome: Outcome
    earned_cents: int
    reason: str
    details: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse money for an outcome that pays nothing."""
        if self.earned_cents and POLICIES[self.outcome].pays == "nothing":
            raise ValueError(f"{self.outcome.value} pays nothing, not {self.earned_cents} cents")
