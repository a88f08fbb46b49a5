"""The seam to whatever works on a task."""

from __future__ import annotations

from typing import Protocol

from swelancer_plugin.computers.interface import ComputerInterface
from swelancer_plugin.models.interface import Model
from swelancer_plugin.models.limits import Limits
from swelancer_plugin.models.transcript import Transcript
from swelancer_plugin.task import Brief


class Agent(Protocol):
    """Works on a brief, in a computer. It never meets the answer: `Brief` does not lead there.

    It submits by what it leaves behind: for an ic_swe task the changed files of the working
    directory, for a manager task the decision file at ``brief.decision_path``. It lets through
    what the model and the limits raise (`ModelError`, `LimitReached`), and what the computer does
    (`ComputerGone`, `EngineError`); all else that it raises is its own failure (``agent_error``).
    """

    @property
    def name(self) -> str:
        """The word that reports show."""

    async def solve(
        self,
        brief: Brief,
        computer: ComputerInterface,
        model: Model,
        limits: Limits,
        transcript: Transcript,
    ) -> None:
        """Do the work; return when it is done.

        `model` counts turns and tokens, keeps to `limits` and writes every message that passes it
        into `transcript`; an agent adds what it does beside that.
        """
