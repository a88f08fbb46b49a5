"""What bounds an attempt: turns, tokens, time.

The time is the agent's: what is waited for a model's server that fails is given back.
"""

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
    estimated: int = 0
    """Tokens of calls whose server counted none: by their length, and for this bound alone."""
    started: float = field(default_factory=time.monotonic)
    failing: str = ""
    """Why the model's server failed last, while a call of it is tried again; empty otherwise."""
    _waited_until: float = 0.0

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
        used = self.usage.total + self.estimated
        if self.max_tokens is not None and used >= self.max_tokens:
            about = "about " if self.estimated else ""
            raise LimitReached(f"{about}{used} of {self.max_tokens} tokens are used")
        if not self.seconds_left:
            raise LimitReached(f"the time of {self.seconds:g} s is over")
        self.turns += 1

    def spend(self, usage: Usage, estimated: int = 0) -> None:
        """Count what a call took; `estimated` tokens where the server did not say."""
        self.usage += usage
        self.estimated += estimated

    def wait(self, reason: str, seconds: float) -> None:
        """Give back so many seconds from now on, in which nothing can be done but wait.

        Once where several calls wait at the same time.
        """
        self.failing = reason
        now = time.monotonic()
        until = max(self._waited_until, now + seconds)
        self.started += until - max(self._waited_until, now)
        self._waited_until = until
