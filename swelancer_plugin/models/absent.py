"""No model, for what may work without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from swelancer_plugin.models.interface import Message, Reply, Tool, WrongSetup


@dataclass(frozen=True, slots=True)
class NoModel:
    """Stands where a model would be; asking it is a mistake of the set-up."""

    name: str
    why: str
    """Why there is none, and what to do."""

    async def ask(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> Reply:
        """Raise WrongSetup."""
        raise WrongSetup(self.why)
