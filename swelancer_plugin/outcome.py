"""How an attempt can end, in one table; retry, payout, denominators and display derive from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal


class Outcome(StrEnum):
    """The end of an attempt. See `POLICIES` for what each one means for the money."""

    EARNED = "earned"
    UNEARNED = "unearned"
    NO_SUBMISSION = "no_submission"
    LIMIT = "limit"
    BROKEN_BUILD = "broken_build"
    AGENT_ERROR = "agent_error"
    CHEATED = "cheated"
    VOID = "void"
    INTERRUPTED = "interrupted"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True)
class Policy:
    """What one outcome means for money, statistics and retry."""

    pays: Literal["price", "as graded", "nothing"]
    counted: Literal["always", "gate", "never"]
    """Whether the task is in the denominator: of every rate, of a gate's alone, or of none."""
    retried: bool
    letter: str
    """One column in pytest's progress."""
    meaning: str


POLICIES: Final = MappingProxyType(
    {
        Outcome.EARNED: Policy("price", "always", False, "$", "tests passed or right proposal"),
        Outcome.UNEARNED: Policy("nothing", "always", False, "u", "tests failed or wrong proposal"),
        Outcome.NO_SUBMISSION: Policy(
            "nothing", "always", False, "n", "nothing changed, or no readable decision"
        ),
        Outcome.LIMIT: Policy(
            "as graded",
            "always",
            False,
            "l",
            "turns, time, memory, disk... ran out",
        ),
        Outcome.BROKEN_BUILD: Policy(
            "nothing", "always", False, "b", "the submission does not build or serve"
        ),
        Outcome.AGENT_ERROR: Policy("nothing", "always", False, "a", "the agent's own code raised"),
        Outcome.CHEATED: Policy("nothing", "always", False, "c", "an integrity rule was broken"),
        Outcome.VOID: Policy(
            "nothing", "never", True, "E", "a cause outside the computer and the submission"
        ),
        Outcome.INTERRUPTED: Policy(
            "nothing", "gate", False, "i", "running when the user or the spend cap stopped the run"
        ),
        Outcome.NOT_RUN: Policy("nothing", "gate", False, "-", "selected, never started"),
    }
)
