"""The judge of ic_swe tasks: hidden tests decide, in a computer that the submission never enters.

The submission is applied to a fresh computer, built and served there; the tests run in another one,
which reaches the app and can't be reached by it. All that is ours is made ready before anything
that was submitted runs: what fails until then is the machinery, or the task.
"""

from __future__ import annotations

import asyncio
from typing import Final

from swelancer_plugin.computers.interface import (
    ComputerSpec,
    EngineError,
    JudgeSpec,
    JudgingProvider,
)
from swelancer_plugin.grading import hidden_tests
from swelancer_plugin.grading.bench import Bench, prepared
from swelancer_plugin.grading.grade import Grade
from swelancer_plugin.grading.hidden_tests import ONCE, Procedure
from swelancer_plugin.grading.submission import Submission
from swelancer_plugin.grading.trial import Clock, Keep, Trial, Verdict, try_out, untimed
from swelancer_plugin.outcome import POLICIES, Outcome
from swelancer_plugin.task import Task

_proven: Final[set[str | None]] = set()
"""Images of judges in which this process has seen a browser start."""
TRIES: Final = 3
"""To make the computers and the hidden tests ready, each with new computers."""


async def judge(
    task: Task,
    submission: Submission,
    provider: JudgingProvider,
    app: ComputerSpec,
    judge: JudgeSpec,
    keep: Keep,
    clock: Clock = untimed,
    procedure: Procedure = ONCE,
) -> Grade:
    """Return the grade of a submission: the whole price where every hidden test passes, else $0.

    `keep` stores ``build.log``, ``server.log``, ``tests.log``, ``junit.xml`` and, below
    ``browser/``, videos, traces and screenshots, as far as they come to be; `clock` measures
    ``build``, ``serve`` and ``tests``. Raises EngineError where the machinery failed, or the task
    is broken: until something submitted runs, not before the last of `TRIES`, for the work that is
    judged was paid for.
    """
    ending = submission.ending
    if ending.outcome is not None and POLICIES[ending.outcome].pays == "nothing":
        return Grade(ending.outcome, 0, ending.reason)
    if submission.changes is None:
        return _grade(task, submission, Verdict(Outcome.NO_SUBMISSION, submission.problem))
    if task.repository.app is None:
        raise EngineError(f"{task.id}: its repository can't be served, so it can't be judged")
    tests = hidden_tests.pack(task)
    trial = Trial(task, task.repository.app, submission.changes, keep, clock, procedure)
    for left in reversed(range(TRIES)):
        bench: Bench | None = None
        try:
            async with prepared(provider, app, judge) as bench:
                prove = judge.image not in _proven
                ready = hidden_tests.prepare(bench.judge, tests, task, judge.port, procedure, prove)
                preparing = asyncio.ensure_future(ready)
                try:
                    verdict = await try_out(trial, bench, preparing)
                    _proven.add(judge.image)
                finally:
                    preparing.cancel()
                    await asyncio.gather(preparing, return_exceptions=True)
            return _grade(task, submission, verdict, bench.leftovers)
        except EngineError:
            if not left or (bench is not None and bench.used):
                raise
    raise AssertionError("the last try returns or raises")


def _grade(task: Task, submission: Submission, verdict: Verdict, leftovers: str = "") -> Grade:
    """Put together how the agent's work ended and what came of it."""
    ending = submission.ending
    cents = task.price_cents if verdict.outcome is Outcome.EARNED else 0
    reason = f"{ending.reason}; {verdict.reason}" if ending.outcome else verdict.reason
    details = {**verdict.details, **({"cleanup": leftovers} if leftovers else {})}
    return Grade(ending.outcome or verdict.outcome, cents, reason, details)
