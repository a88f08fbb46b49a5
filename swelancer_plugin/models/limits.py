"""What bounds an attempt: turns, tokens, time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from swelancer_plugin.models.interface import Usage


class LimitReached(Exception):
    """An attempt has used up what it may use; what is done so far is graded."""


@dataclass(slots=True)
class Limits:
    """The bounds of one attempt, and what is used of them. A turn is one call of the model."""

    max_turns: int = 40
    seconds: float = 3 * 3600.0
    """Wall time for the agent's work."""
    max_tokens: int | None = None
    """Input and output of all calls together; None is no bound."""
    command_seconds: float = 300.0
    """Wall time for one command of the agent."""
    turns: int = 0
    usage: Usage = field(default_factory=Usage)
    started: float = field(default_factory=time.monotonic)

    @property
    def turns_left(self) -> int:
        """How many more calls of the model there may be."""
        return max(0, self.max_turns - self.turns)

    @property
    def seconds_left(self) -> float:
        """How much wall time is left, in seconds, never below 0."""
        return max(0.0, self.started + self.seconds - time.monotonic())

    def begin_turn(self) -> None:
        """Count a call of the model. Raises LimitReached, naming the bound, where none is left."""
        if self.turns >= self.max_turns:
            raise LimitReached(f"all {self.max_turns} turns are used")
        if self.max_tokens is not None and self.usage.total >= self.max_tokens:
            raise LimitReached(f"{self.usage.total} of {self.max_tokens} tokens are used")
        if not self.seconds_left:
            raise LimitReached(f"the time of {self.seconds:g} s is over")
        self.turns += 1

    def spend(self, usage: Usage) -> None:
        """Count what a call took."""
        self.usage += usage
