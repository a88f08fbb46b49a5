"""A scripted user tries the agent's live app, from a judge's computer, through the relay.

The user's script is no hidden test and checks nothing; it stays in the judge's computer, which is
gone afterwards. What comes back is what was seen.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from swelancer_plugin.computers.interface import (
    CommandError,
    ComputerInterface,
    EngineError,
    JudgeSpec,
    JudgingProvider,
    SealedComputer,
    TreeFile,
)
from swelancer_plugin.grading import stage
from swelancer_plugin.grading.bench import BenchComputer, JudgeGone, joined
from swelancer_plugin.grading.junit import shown
from swelancer_plugin.grading.serving import NotServed, build, is_served, served
from swelancer_plugin.task import App

SESSION_SECONDS: Final = 120.0
"""How long the user may take, the browser's start included."""
RESULT_LIMIT: Final = 32 * 1024 * 1024
"""Bytes of screenshots, traces and logs."""
LOG: Final = "steps.log"
_OUTPUT: Final = f"{stage.OUTPUT}/user"
_SCRIPT: Final = Path(__file__).with_name("judge_user.py")
_TAIL: Final = 6000
"""Characters of a log that an agent is shown."""


@dataclass(frozen=True, slots=True)
class Session:
    """What came of it."""

    said: str
    """For the agent: the log of the steps, or why there is none."""
    files: tuple[TreeFile, ...] = ()


async def visit(
    app: App,
    computer: ComputerInterface,
    workdir: str,
    provider: JudgingProvider,
    spec: JudgeSpec,
    script: Sequence[Path],
    headed: bool = False,
) -> Session:
    """Let the user of `script` (directories, one with a steps.py) use the app of a live computer.

    An app that is served already is used as it is; else it is built and served for as long as the
    user is there. Raises EngineError where the machinery failed, or the script is broken;
    ComputerGone where `computer` is.
    """
    try:
        packed = stage.pack(script, "user_tool", {"user.py": _SCRIPT})
    except (OSError, ValueError) as error:
        raise EngineError(f"the user's script can't be had: {error}") from error
    judge = await provider.start_judge(computer, spec)
    try:
        return await _visit(app, computer, workdir, judge, packed, headed)
    finally:
        with suppress(
            EngineError
        ):  # what was seen stands; the sweep at the end of the run takes it
            await judge.cleanup()


async def _visit(
    app: App,
    computer: ComputerInterface,
    workdir: str,
    judge: SealedComputer,
    packed: stage.Packed,
    headed: bool,
) -> Session:
    assert isinstance(computer, BenchComputer)
    assert isinstance(judge, BenchComputer)
    bench = joined(computer, workdir, judge)
    try:
        async with AsyncExitStack() as serving:
            variables, alive = await asyncio.gather(
                _furnish(bench.judge, packed, app, headed), is_served(app, bench.judge)
            )
            if not alive:
                built = await build(computer, app, workdir)
                if built.problem:
                    return Session(_unusable(built.problem, built.log))
                await serving.enter_async_context(served(computer, app, workdir, bench.judge))
            return await _session(bench.judge, variables)
    except NotServed as problem:
        return Session(_unusable(str(problem), problem.log))
    except JudgeGone as gone:  # the app's pages ran there: no failure of the machinery
        return Session(f"The user's browser broke: {shown(str(gone), 300)}")


async def _furnish(
    judge: BenchComputer, packed: stage.Packed, app: App, headed: bool
) -> dict[str, str]:
    try:
        await judge.unpack(packed.archive, stage.JUDGE)
        return await stage.start(judge, packed.traffic, app.port, headed)
    except CommandError as error:
        raise EngineError(f"the user's browser did not start: {error}") from error


async def _session(judge: BenchComputer, variables: dict[str, str]) -> Session:
    words = shlex.join(f"{name}={value}" for name, value in variables.items())
    command = f"cd {stage.JUDGE} && env {words} python3 -u user.py {_OUTPUT}"
    result = await judge.send_shell_command(command, timeout=SESSION_SECONDS)
    await judge.freeze()
    found = await judge.read_whole(stage.OUTPUT, (), RESULT_LIMIT)
    if found is None:
        return Session(f"What the user left has more than {RESULT_LIMIT // 1024**2} MB.")
    files = tuple(
        TreeFile(file.path.removeprefix("user/"), file.content)
        for file in found.files
        if file.content and not file.link
    )
    broken = result.exit_code and not result.timed_out
    if broken and not any(file.path == LOG for file in files):  # no step came to its end
        raise EngineError(f"the user's script broke: {shown(result.text[-2000:], 1000)}")
    return Session(_said(files, result.exit_code, result.timed_out), files)


def _said(files: Sequence[TreeFile], exit_code: int, timed_out: bool) -> str:
    logs = {file.path: file.content.decode("utf-8", "replace") for file in files}
    parts = [logs.get(LOG, "The user did nothing.")]
    if timed_out:
        parts.append(f"The user gave up after {SESSION_SECONDS:g} s.")
    elif exit_code:
        parts.append(f"The user's browser broke (exit code {exit_code}).")
    for name, title in (("console.log", "The browser's console"), ("refused.txt", "Refused")):
        if logs.get(name, "").strip():
            parts.append(f"{title}:\n{logs[name][-_TAIL // 3 :]}")
    return "\n".join(parts)


def _unusable(problem: str, log: bytes) -> str:
    tail = log.decode("utf-8", "replace")[-_TAIL:]
    return f"The user can't use the app: {problem}. The end of its output:\n{tail}"
