"""The hidden tests in the judge's computer: put there, listed before the app runs, then run."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from swelancer_plugin.computers.interface import (
    OUTPUT_LIMIT,
    CommandError,
    CommandResult,
    ComputerGone,
    EngineError,
)
from swelancer_plugin.grading import stage
from swelancer_plugin.grading.bench import BenchComputer
from swelancer_plugin.grading.junit import shown
from swelancer_plugin.grading.stage import JUDGE, OUTPUT, Packed
from swelancer_plugin.task import IcAnswer, Task

TESTS: Final = f"{JUDGE}/tests"
_NAMES: Final = f"{JUDGE}/names.json"
_CONFTEST: Final = Path(__file__).with_name("judge_conftest.py")
_COLLECT_SECONDS: Final = 120.0
_PYTEST: Final = (
    "cd {tests} && {variables} python3 -m pytest -p no:cacheprovider "
    "--rootdir={tests} --confcutdir={judge} {options}"
)
_REPORTED: Final = (
    "-v -o junit_family=xunit2 -o junit_logging=no --junitxml={report} "
    "--output={output} --video=on --tracing=on --screenshot=on"
)


@dataclass(frozen=True, slots=True)
class Procedure:
    """How hidden tests are run; a run's own choice, the same for all its tasks."""

    runs: int = 1
    """Each has to pass: more runs make a verdict stricter, never kinder."""
    headed: bool = False
    """Whether the browser has a screen (Xvfb) to draw on."""


ONCE: Final = Procedure()


@dataclass(frozen=True, slots=True)
class Prepared:
    """Hidden tests that are in place, listed, and can be run."""

    names: tuple[str, ...]
    """pytest's ids of all, in their order."""
    variables: dict[str, str] = field(default_factory=dict)
    """Of their environment."""


def report(run: int) -> str:
    """Return where the report of a run (from 1) lies."""
    return f"{JUDGE}/junit.xml" if run == 1 else f"{JUDGE}/junit-{run}.xml"


def pack(task: Task) -> Packed:
    """Return a task's hidden tests, as an archive for `JUDGE`: regular files, and no others.

    Raises EngineError, naming the task, where they can't be had: it is broken.
    """
    assert isinstance(task.answer, IcAnswer)
    try:
        directories = map(Path, task.answer.tests)
        return stage.pack(directories, "tests", {"conftest.py": _CONFTEST})
    except (OSError, ValueError) as error:
        raise EngineError(f"the hidden tests of {task.id} can't be had: {error}") from error


async def prepare(
    judge: BenchComputer,
    tests: Packed,
    task: Task,
    port: int,
    procedure: Procedure = ONCE,
    prove: bool = False,
) -> Prepared:
    """Put the packed tests into a judge's computer and list them; start what their browser needs.

    With `prove`, a browser is started, too: one that can't be is no fault of what is submitted.

    To be called before anything that was submitted runs: so whatever fails is a broken task, or
    the machinery. Raises EngineError.
    """
    what = f"the hidden tests of {task.id}"
    try:
        await judge.unpack(tests.archive, JUDGE)
        told = {"SWELANCER_NAMES": _NAMES, "APP_URL": "http://unused"}
        listing = _pytest("--collect-only -q", told)
        listed, variables = await asyncio.gather(
            judge.send_shell_command(listing, timeout=_COLLECT_SECONDS),
            stage.start(judge, tests.traffic, port, procedure.headed),
        )
        names = await judge.send_shell_command(f"cat {_NAMES}", timeout=_COLLECT_SECONDS)
        if prove:
            await stage.prove_browser(judge)
    except (CommandError, ComputerGone) as error:
        raise EngineError(f"{what} can't be brought into the judge's computer: {error}") from error
    if listed.exit_code or names.exit_code:
        how = "in time" if listed.timed_out else f"(exit code {listed.exit_code})"
        raise EngineError(f"{what} can't be collected {how}: {shown(listed.text[-2000:], 2000)}")
    if names.truncated:
        raise EngineError(
            f"{what} are too many: their names have more than {OUTPUT_LIMIT:,} bytes altogether; "
            "parametrize less, or give the parameters short ids"
        )
    return Prepared(tuple(str(name) for name in json.loads(names.output)), variables)


async def run(
    judge: BenchComputer, tests: Prepared, task: Task, number: int, procedure: Procedure
) -> CommandResult:
    """Run the hidden tests, for `seconds` at most; `report(number)` is written.

    Raises ComputerGone.
    """
    output = f"{OUTPUT}/run-{number}" if procedure.runs > 1 else f"{OUTPUT}/tests"
    options = _REPORTED.format(report=report(number), output=output)
    command = _pytest(f"{options} --headed" if procedure.headed else options, tests.variables)
    return await judge.send_shell_command(command, timeout=seconds(task))


def _pytest(options: str, variables: dict[str, str]) -> str:
    words = " ".join(f"{name}={value}" for name, value in variables.items())
    return _PYTEST.format(tests=TESTS, judge=JUDGE, variables=words, options=options)


def seconds(task: Task) -> float:
    """Return how long a task's hidden tests may take altogether, in one run."""
    assert isinstance(task.answer, IcAnswer)
    return task.answer.test_seconds
