"""No model, for what works without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from swelancer_plugin.models.interface import Message, Reply, Tool, WrongSetup


@dataclass(frozen=True, slots=True)
class NoModel:
    """Stands where a baseline's model would be; asking it is a mistake of the set-up."""

    name: str

    async def ask(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> Reply:
        """Raise WrongSetup."""
        raise WrongSetup(f"--model {self.name} is a baseline and can't be asked; name a model")
