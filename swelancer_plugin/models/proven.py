"""What a model was seen to take, so that no later refusal is blamed on the setup."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Proven:
    """The kinds of requests that a model has answered, with tools and without.

    One for each endpoint and set of options; shared by all its clients of a run, so that one odd
    conversation does not end the run at the first call of a new attempt.
    """

    kinds: set[bool] = field(default_factory=set)

    def add(self, tools: bool) -> None:
        """Note that a request was answered, with tools or without."""
        self.kinds.add(tools)

    def __contains__(self, tools: object) -> bool:
        return tools in self.kinds
