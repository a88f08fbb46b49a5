"""What leaves the computer when an agent has ended, and how it is taken out.

A sealed computer is frozen first and read by its engine: nothing inside can move, or answer for
itself. Any other computer is asked by commands, and the attempt is marked unsealed.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from swelancer_plugin.computers.interface import (
    Changes,
    CommandError,
    ComputerGone,
    ComputerInterface,
    DownloadError,
    FrozenFile,
    SealedComputer,
)
from swelancer_plugin.grading.decision import DECISION_LIMIT
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.task import Brief


@dataclass(frozen=True, slots=True)
class Ending:
    """How an agent's work ended: `outcome` is None where it simply finished."""

    outcome: Outcome | None = None
    reason: str = ""
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """What an agent left behind, and how its work ended."""

    ending: Ending
    sealed: bool
    decision: bytes | None = None
    """Of a manager task: the decision file."""
    changes: Changes | None = None
    """Of an ic_swe task: what differs from the repository as it was handed out; never empty."""
    problem: str = ""
    """Why there is nothing to grade, where there is neither."""


async def take_decision(brief: Brief, computer: ComputerInterface, ending: Ending) -> Submission:
    """Freeze the computer where it can be, and take the decision file out of it."""
    sealed = isinstance(computer, SealedComputer)
    try:
        if isinstance(computer, SealedComputer):
            await computer.freeze()
            entry = await computer.read_frozen(brief.decision_path, DECISION_LIMIT)
        else:
            entry = await _ask(brief.decision_path, computer)
    except ComputerGone as error:
        gone = ending if ending.outcome else Ending(Outcome.LIMIT, f"the computer is gone: {error}")
        return Submission(gone, sealed, problem="the computer is gone")
    if entry.content is not None:
        return Submission(ending, sealed, decision=entry.content)
    return Submission(ending, sealed, problem=_problem(brief, entry))


def _problem(brief: Brief, entry: FrozenFile) -> str:
    problems = {
        "missing": f"no decision file at {brief.decision_path}",
        "link": "the decision file is a link",
        "directory": "the decision file is a directory",
        "other": "the decision file is no regular file",
        "file": f"the decision file is larger than {DECISION_LIMIT} bytes ({entry.size})",
    }
    return problems[entry.kind]


_KIND = """p=%s
if [ -L "$p" ]; then echo link; elif [ -d "$p" ]; then echo directory
elif [ -f "$p" ]; then echo file; wc -c < "$p"; elif [ -e "$p" ]; then echo other
else echo missing; fi"""


async def _ask(path: str, computer: ComputerInterface) -> FrozenFile:
    """Read a file by commands: all that a computer with the five methods alone can offer."""
    try:
        said = (await computer.check_shell_command(_KIND % shlex.quote(path))).output.split()
    except CommandError:
        return FrozenFile("other")
    if said in ([b"missing"], [b"link"], [b"directory"], [b"other"]):
        return FrozenFile(said[0].decode())  # type: ignore[arg-type]  # one of the four above
    if len(said) != 2 or said[0] != b"file" or not said[1].isdigit() or len(said[1]) > 18:
        return FrozenFile("other")
    if int(said[1]) > DECISION_LIMIT:
        return FrozenFile("file", int(said[1]))
    try:
        content = await computer.download(path)
    except DownloadError:
        return FrozenFile("missing")
    return FrozenFile("file", len(content), content if len(content) <= DECISION_LIMIT else None)
