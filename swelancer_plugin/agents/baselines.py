"""Baselines: rules that earn without reading. What a model earns means little until it beats them.

They submit as a model does, by a command in the computer, and ask no model. `Gold` is no agent that
could see an answer by its brief: it is built from the answer, and everything it earns is marked
privileged.
"""

from __future__ import annotations

import json
import random
import shlex
import uuid
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from swelancer_plugin.agents.interface import Agent
from swelancer_plugin.agents.output import shown
from swelancer_plugin.agents.shell import temporary_directory
from swelancer_plugin.computers.interface import ComputerInterface, EngineError
from swelancer_plugin.grading.decision import KEY
from swelancer_plugin.models.interface import Model
from swelancer_plugin.models.limits import Limits
from swelancer_plugin.models.transcript import Transcript
from swelancer_plugin.settings import PRIVILEGED
from swelancer_plugin.task import Answer, Brief, ManagerAnswer, Proposal


async def _decide(brief: Brief, computer: ComputerInterface, proposal_id: int) -> None:
    path = shlex.quote(brief.decision_path)
    folder = shlex.quote(str(PurePosixPath(brief.decision_path).parent))
    decision = shlex.quote(json.dumps({KEY: proposal_id}))
    await computer.check_shell_command(f"mkdir -p {folder} && printf '%s\\n' {decision} > {path}")


class Nop:
    """Does nothing: what any honest judge pays $0 for."""

    name = "nop"

    async def solve(
        self,
        brief: Brief,
        computer: ComputerInterface,
        model: Model,
        limits: Limits,
        transcript: Transcript,
    ) -> None:
        """Return at once."""


class Chooser:
    """Chooses a proposal by a rule; does nothing on a task that has none."""

    def __init__(self, name: str, rule: Callable[[Brief], Proposal]) -> None:
        self.name = name
        self._rule = rule

    async def solve(
        self,
        brief: Brief,
        computer: ComputerInterface,
        model: Model,
        limits: Limits,
        transcript: Transcript,
    ) -> None:
        """Write the decision that the rule makes."""
        if brief.proposals:
            await _decide(brief, computer, self._rule(brief).id)


class Gold:
    """Writes the right answer. Privileged: proves that the machinery pays, nothing else."""

    name = PRIVILEGED

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def solve(
        self,
        brief: Brief,
        computer: ComputerInterface,
        model: Model,
        limits: Limits,
        transcript: Transcript,
    ) -> None:
        """Submit the answer that it was built from."""
        if isinstance(self._answer, ManagerAnswer):
            await _decide(brief, computer, self._answer.correct_proposal)
        else:
            await _mend(brief, computer, self._answer.gold_patch)


# git's own search for a repository above is held back: in one, it would skip paths without a word
_APPLY = """cd {workdir} || exit
if command -v git >/dev/null; then
    GIT_CEILING_DIRECTORIES={above} git apply --whitespace=nowarn {patch}
elif command -v patch >/dev/null; then
    patch -p1 --batch --forward --no-backup-if-mismatch < {patch}
else
    echo 'there is neither git nor patch: add one to `packages` in repository.toml'; false
fi
"""


async def _mend(brief: Brief, computer: ComputerInterface, patch: Path | None) -> None:
    """Apply the gold patch. Raises EngineError: no agent is at fault where it does not apply."""
    if patch is None:
        raise EngineError(f"task {brief.task_id} has no gold patch, so `gold` can't solve it")
    folder = await temporary_directory(computer)
    path = str(PurePosixPath(folder) / f"swelancer-{uuid.uuid4().hex}.patch")
    try:
        await computer.upload(str(patch), path)
    except OSError as error:
        raise EngineError(f"the gold patch of task {brief.task_id}: {error}") from error
    workdir = PurePosixPath(brief.workdir)
    result = await computer.send_shell_command(
        _APPLY.format(
            workdir=shlex.quote(str(workdir)),
            above=shlex.quote(str(workdir.parent)),
            patch=shlex.quote(path),
        )
    )
    await computer.check_shell_command(f"rm -f {shlex.quote(path)}")
    if result.exit_code != 0:
        raise EngineError(
            f"the gold patch of task {brief.task_id} does not apply in {brief.workdir}: "
            f"{shown(result.text, 2000).strip()}"
        )


def _first(brief: Brief) -> Proposal:
    return brief.proposals[0]


def _longest(brief: Brief) -> Proposal:
    """Most characters of the raw text; the first of equals."""
    return max(brief.proposals, key=lambda proposal: len(proposal.content))


def baseline(name: str, seed: int, attempt: int) -> Agent | None:
    """Return the unprivileged baseline of that name, or None.

    `random` draws from seed, task and attempt, so that a draw does not depend on which other
    tasks run, or in which order.
    """
    if name == "nop":
        return Nop()
    rules: dict[str, Callable[[Brief], Proposal]] = {
        "first": _first,
        "longest": _longest,
        "random": lambda brief: random.Random(f"{seed}/{brief.task_id}/{attempt}").choice(  # noqa: S311  # a draw, no secret
            brief.proposals
        ),
    }
    return Chooser(name, rules[name]) if name in rules else None
