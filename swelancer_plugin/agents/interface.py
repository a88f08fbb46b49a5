"""The seam to whatever works on a task."""

from __future__ import annotations

from typing import Protocol

from swelancer_plugin.computers.interface import ComputerInterface
from swelancer_plugin.task import Brief


class Agent(Protocol):
    """Works on a brief, in a computer. It never meets the answer: `Brief` does not lead there.

    It submits by what it leaves behind: for a manager task the decision file at
    ``brief.decision_path``. What it raises is its own failure (outcome ``agent_error``), except
    `ComputerGone`, which is a limit it ran into, and `EngineError`, which is no fault of its own.
    """

    @property
    def name(self) -> str:
        """The word that reports show."""

    async def solve(self, brief: Brief, computer: ComputerInterface) -> None:
        """Do the work; return when it is done."""
