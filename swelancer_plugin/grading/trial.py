"""What becomes of a submission: applied, built, served and tested, every step bounded.

Nothing in here is the machinery's failure but EngineError: whatever else goes wrong can be caused
by what was submitted.
"""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from swelancer_plugin.computers.interface import (
    Changes,
    CommandError,
    CommandResult,
    ComputerGone,
    EngineError,
    FrozenFile,
    checked,
)
from swelancer_plugin.grading import hidden_tests
from swelancer_plugin.grading.bench import AppGone, Bench, BenchComputer, JudgeGone
from swelancer_plugin.grading.hidden_tests import ONCE, Prepared, Procedure
from swelancer_plugin.grading.junit import (
    REPORT_LIMIT,
    UnreadableReport,
    parse_report,
    shown,
    unpassed,
)
from swelancer_plugin.grading.serving import NotServed, build, served
from swelancer_plugin.grading.stage import OUTPUT
from swelancer_plugin.grading.submission import to_archive
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.task import App, Task

Keep: TypeAlias = Callable[[str, bytes], object]
"""Stores an artefact of the attempt under a name."""
Clock: TypeAlias = Callable[[str], AbstractContextManager[None]]
"""Measures what is done in its block, under a name."""
_COMMAND_SECONDS: Final = 60.0
_DELETIONS_BYTES: Final = 64 * 1024
"""Of names in one command; the kernel bounds a command's arguments."""
_TOO_LONG: Final = "the hidden tests did not end in {:g} s"
_ENDED: Final = (0, 1)
"""Exit codes of a pytest that has run its tests to their end."""
EVIDENCE_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of videos, traces and the like that a trial keeps; the app has a say in how many."""
_REFUSED: Final = "refused.txt"
_LOGS: Final = (_REFUSED, "console.log", "replay.log")
_LOG_LIMIT: Final = 4 * 1024 * 1024
_TAIL: Final = 600
"""Characters of a log that the details carry."""


def untimed(_name: str) -> AbstractContextManager[None]:
    """Measure nothing."""
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a submission, however the agent's work ended."""

    outcome: Outcome
    reason: str
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trial:
    """All that a trial is about; the same for each that has to be made again."""

    task: Task
    app: App
    changes: Changes
    keep: Keep
    clock: Clock = untimed
    procedure: Procedure = ONCE


async def try_out(trial: Trial, bench: Bench, preparing: Awaitable[Prepared]) -> Verdict:
    """Return the verdict on what was submitted; `preparing` makes the hidden tests ready.

    It is awaited before anything that was submitted runs. Raises EngineError, and what `preparing`
    does.
    """
    try:
        return await _try_out(trial, bench, preparing)
    except AppGone as gone:
        said = str(gone).encode("utf-8", "replace")
        return _broken("computer", "the app's computer is gone", said)
    except JudgeGone as gone:
        return Verdict(Outcome.LIMIT, f"the judge's computer is gone: {shown(str(gone), 200)}")


async def _try_out(trial: Trial, bench: Bench, preparing: Awaitable[Prepared]) -> Verdict:
    app, keep = trial.app, trial.keep
    try:
        await apply(trial.changes, bench)
    except CommandError as error:
        return _broken("apply", "it can't be applied", error.result.output)
    tests = await preparing
    bench.used = True
    with trial.clock("build"):
        built = await build(bench.app, app, bench.workdir)
    keep("build.log", built.log)
    if built.problem:
        return _broken("build", built.problem, built.log)
    try:
        async with AsyncExitStack() as serving:
            with trial.clock("serve"):
                server = await serving.enter_async_context(
                    served(bench.app, app, bench.workdir, bench.judge)
                )
            with trial.clock("tests"):
                runs = await _run_tests(trial, bench.judge, tests)
            keep("tests.log", b"\n".join(run.output for run in runs))
            keep("server.log", await server.log())
            ended = {"server": "it ended during the tests"} if server.ended else {}
    except NotServed as problem:
        keep("server.log", problem.log)
        return _broken("serve", str(problem), problem.log)
    if runs[-1].exit_code and server.gone is not None:
        raise server.gone
    verdict = await _verdict(trial, bench.judge, tests.names, runs)
    return Verdict(verdict.outcome, verdict.reason, {**verdict.details, **ended})


async def _run_tests(trial: Trial, judge: BenchComputer, tests: Prepared) -> list[CommandResult]:
    """Run the hidden tests as often as is wanted, and no more once a run has failed."""
    runs: list[CommandResult] = []
    while len(runs) < trial.procedure.runs and not any(run.exit_code for run in runs):
        number = len(runs) + 1
        runs.append(await hidden_tests.run(judge, tests, trial.task, number, trial.procedure))
    return runs


async def _verdict(
    trial: Trial, judge: BenchComputer, expected: Sequence[str], runs: Sequence[CommandResult]
) -> Verdict:
    """Return the verdict of the last run, which is the first that failed, if any did."""
    last = runs[-1]
    wanted = trial.procedure.runs
    which = f"run {len(runs)} of {wanted}: " if wanted > 1 else ""
    details = {"test runs": f"{wanted} wanted, each had to pass"} if wanted > 1 else {}
    if last.timed_out:
        details |= await _evidence_of_timeout(judge, trial.keep)
        reason = _TOO_LONG.format(hidden_tests.seconds(trial.task))
        return Verdict(Outcome.LIMIT, f"{which}{reason}", details)
    verdicts = []
    for number, run in enumerate(runs, 1):
        report = await _report(judge, hidden_tests.report(number), run.exit_code)
        if report.content is not None:
            trial.keep("junit.xml" if number == 1 else f"junit-{number}.xml", report.content)
        verdicts.append(decide(expected, run, report))
    details |= await keep_evidence(judge, trial.keep)
    found = next((one for one in verdicts if one.outcome is not Outcome.EARNED), verdicts[-1])
    return Verdict(found.outcome, f"{which}{found.reason}", {**found.details, **details})


async def _evidence_of_timeout(judge: BenchComputer, keep: Keep) -> dict[str, str]:
    try:
        await judge.freeze()
    except (JudgeGone, EngineError) as error:  # it decides nothing any more
        return {"evidence": f"none: {shown(str(error), 200)}"}
    return await keep_evidence(judge, keep)


async def keep_evidence(judge: BenchComputer, keep: Keep) -> dict[str, str]:
    """Keep what the browser of a frozen judge has left; return what is to be said about it.

    It decides nothing, so nothing that goes wrong with it is more than a word.
    """
    try:
        found = await judge.read_whole(OUTPUT, (), EVIDENCE_LIMIT)
        logs = {} if found is not None else await _logs(judge)
    except (JudgeGone, EngineError) as error:
        return {"evidence": f"none: {shown(str(error), 200)}"}
    for file in () if found is None else found.files:
        if file.content and not file.link:
            logs[file.path] = file.content
    for path, content in logs.items():
        keep(f"browser/{path}", content)
    said = (
        {} if found is not None else {"evidence": "the logs alone: videos and traces are too large"}
    )
    if lines := logs.get(_REFUSED, b"").decode("ascii", "replace").splitlines():
        said["refused"] = f"{len(lines)} requests, the first: {shown(lines[0], 200)}"
    return said


async def _logs(judge: BenchComputer) -> dict[str, bytes]:
    """Return the small files among what the browser has left."""
    found = {name: await judge.read_frozen(f"{OUTPUT}/{name}", _LOG_LIMIT) for name in _LOGS}
    return {name: file.content for name, file in found.items() if file.content}


async def _report(judge: BenchComputer, path: str, exit_code: int) -> FrozenFile:
    """Return a report, read out of the judge's frozen computer.

    What an app can do to its judge it does while the tests run. Where they came to their end and
    the computer is still there, but can't be frozen or read, that is the engine: EngineError.
    Raises JudgeGone where it may as well have been the app.
    """
    frozen = False
    try:
        try:
            await judge.freeze()
        except JudgeGone:  # an engine under load may refuse a pause once
            await judge.freeze()
        frozen = True
        return await judge.read_frozen(path, REPORT_LIMIT)
    except JudgeGone as gone:
        if exit_code in _ENDED and (frozen or await _answers(judge)):
            what = f"the judge's computer is there and can't be {'read' if frozen else 'frozen'}"
            raise EngineError(f"{what}: {shown(str(gone), 200)}") from gone
        raise


async def _answers(computer: BenchComputer) -> bool:
    try:
        asked = await computer.send_shell_command("true", timeout=_COMMAND_SECONDS)
    except ComputerGone:
        return False
    return asked.exit_code == 0


async def apply(changes: Changes, bench: Bench) -> None:
    """Make a fresh working directory what was submitted. Raises CommandError, ComputerGone."""
    for names in batches(changes.deleted):
        command = f"cd {shlex.quote(bench.workdir)} && rm -rf -- {names}"
        checked(command, await bench.app.send_shell_command(command, timeout=_COMMAND_SECONDS))
    await bench.app.unpack(to_archive(changes), bench.workdir)


def batches(paths: Sequence[str]) -> Iterator[str]:
    """Yield the paths as words of a shell, in pieces that a command can have as arguments."""
    batch = ""
    for quoted in map(shlex.quote, paths):
        if batch and len(batch) + len(quoted) > _DELETIONS_BYTES:
            yield batch
            batch = ""
        batch = f"{batch} {quoted}"
    if batch:
        yield batch


def decide(expected: Sequence[str], tested: CommandResult, report: FrozenFile) -> Verdict:
    """Return the verdict of a test run. It takes all signs together to have passed.

    They are exit code 0, and a report in which every expected test is present once and passed.
    """
    if tested.exit_code not in _ENDED:
        return Verdict(Outcome.LIMIT, f"the hidden tests broke off (exit {tested.exit_code})")
    if report.content is None:
        what = "is too large" if report.kind == "file" else "is missing"
        return Verdict(Outcome.LIMIT, f"the report of the hidden tests {what}")
    try:
        problems = unpassed(expected, parse_report(report.content))
    except UnreadableReport as error:
        return Verdict(Outcome.LIMIT, f"the hidden tests: {error}")
    passed, total = len(expected) - len(problems), len(expected)
    details = {"tests": f"{passed}/{total}"}
    if problems:
        name, why = shown(problems[0][0], 200), problems[0][1]
        details.update(failed=name, message=why)
        reason = f"{passed} of {total} hidden tests passed; first not to: {name}: {why}"
        return Verdict(Outcome.UNEARNED, reason, details)
    if tested.exit_code or not expected:
        return Verdict(Outcome.LIMIT, "the hidden tests failed, and their report says no", details)
    return Verdict(Outcome.EARNED, f"all {total} hidden tests passed", details)


def _broken(stage: str, reason: str, log: bytes) -> Verdict:
    tail = shown(log[-4 * _TAIL :].decode("utf-8", "replace")[-_TAIL:], _TAIL)
    return Verdict(Outcome.BROKEN_BUILD, reason, {"stage": stage, "log": tail})
