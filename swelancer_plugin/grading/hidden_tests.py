"""The hidden tests in the judge's computer: put there, listed before the app runs, then run."""

from __future__ import annotations

import asyncio
import io
import json
import shlex
import stat
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from swelancer_plugin.computers.interface import (
    OUTPUT_LIMIT,
    CommandError,
    CommandResult,
    ComputerGone,
    EngineError,
    checked,
)
from swelancer_plugin.grading.bench import BenchComputer
from swelancer_plugin.grading.junit import shown
from swelancer_plugin.task import IcAnswer, Task

JUDGE: Final = "/judge"
"""The judge's working directory, which is there."""
TESTS: Final = f"{JUDGE}/tests"
OUTPUT: Final = f"{JUDGE}/output"
"""What the browser leaves: videos, traces, screenshots, logs."""
TESTS_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of the hidden tests of one task."""
TRAFFIC: Final = "*.har"
"""Files of recorded traffic among the hidden tests."""
_NAMES: Final = f"{JUDGE}/names.json"
_CONFTEST: Final = Path(__file__).with_name("judge_conftest.py")
_REPLAY: Final = Path(__file__).with_name("judge_replay.py")
_LEFT_OUT: Final = frozenset({"__pycache__", ".pytest_cache"})
_COLLECT_SECONDS: Final = 120.0
_REPLAY_PORT: Final = 8899
_DISPLAY: Final = 99
_PYTEST: Final = (
    "cd {tests} && {variables} python3 -m pytest -p no:cacheprovider "
    "--rootdir={tests} --confcutdir={judge} {options}"
)
_REPORTED: Final = (
    "-v -o junit_family=xunit2 -o junit_logging=no --junitxml={report} "
    "--output={output} --video=on --tracing=on --screenshot=on"
)
# No body counts when a request is looked up: two right fixes may send the same fields in another
# order, and a test can look at what was sent. An answer is given as often as it is asked for.
_START_REPLAY: Final = """cd {judge} || exit
REFUSED={output}/refused.txt setsid mitmdump -s {judge}/replay.py {recorded} \
    --listen-host 127.0.0.1 -p {port} --set connection_strategy=lazy --set upstream_cert=false \
    --set flow_detail=0 --set onboarding=false --set rawtcp=false --set body_size_limit=32m \
    --set server_replay_extra=kill --set server_replay_reuse=true \
    --set server_replay_ignore_content=true >{output}/replay.log 2>&1 </dev/null &
until (echo >/dev/tcp/127.0.0.1/{port}) 2>/dev/null; do
    kill -0 $! || {{ cat {output}/replay.log; exit 1; }}
    sleep 0.05
done"""
_START_DISPLAY: Final = """
setsid Xvfb :{display} -screen 0 1920x1080x24 -nolisten tcp >{output}/display.log 2>&1 </dev/null &
until [ -S /tmp/.X11-unix/X{display} ]; do
    kill -0 $! || {{ cat {output}/display.log; exit 1; }}
    sleep 0.05
done"""


@dataclass(frozen=True, slots=True)
class Procedure:
    """How hidden tests are run; a run's own choice, the same for all its tasks."""

    runs: int = 1
    """Each has to pass: more runs make a verdict stricter, never kinder."""
    headed: bool = False
    """Whether the browser has a screen (Xvfb) to draw on."""


ONCE: Final = Procedure()


@dataclass(frozen=True, slots=True)
class Packed:
    """A task's hidden tests, ready to be brought into a computer."""

    archive: bytes
    traffic: tuple[str, ...]
    """Names, below `TESTS`, of recorded traffic."""


def report(run: int) -> str:
    """Return where the report of a run (from 1) lies."""
    return f"{JUDGE}/junit.xml" if run == 1 else f"{JUDGE}/junit-{run}.xml"


def pack(task: Task) -> Packed:
    """Return a task's hidden tests, as an archive for `JUDGE`: regular files, and no others.

    Raises EngineError, naming the task, where they can't be had: it is broken.
    """
    assert isinstance(task.answer, IcAnswer)
    packed = io.BytesIO()
    names: set[str] = set()
    try:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
            _add(archive, "conftest.py", _CONFTEST.read_bytes())
            _add(archive, "replay.py", _REPLAY.read_bytes())
            for directory in map(Path, task.answer.tests):
                for path in _files(directory):
                    name = path.relative_to(directory).as_posix()
                    if name in names:
                        raise OSError(f"two of its directories have a file {name}")
                    names.add(name)
                    _add(archive, f"tests/{name}", path.read_bytes())
                    if packed.tell() > TESTS_LIMIT:
                        raise OSError(f"they have more than {TESTS_LIMIT} bytes")
    except (OSError, ValueError) as error:
        raise EngineError(f"the hidden tests of {task.id} can't be had: {error}") from error
    return Packed(packed.getvalue(), tuple(sorted(n for n in names if Path(n).match(TRAFFIC))))


def _files(directory: Path) -> list[Path]:
    if not directory.is_dir():
        raise OSError(f"{directory} is no directory")
    found = []
    for path in sorted(directory.rglob("*")):
        mode = path.lstat().st_mode
        if _LEFT_OUT.intersection(path.relative_to(directory).parts) or stat.S_ISDIR(mode):
            continue
        if not stat.S_ISREG(mode):
            raise OSError(f"{path} is a link or no file; put a regular file there")
        found.append(path)
    return found


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    header = tarfile.TarInfo(name)
    header.size, header.mode = len(content), 0o644
    header.mtime = 1  # mitmproxy never loads a script of time 0
    archive.addfile(header, io.BytesIO(content))


async def prepare(
    judge: BenchComputer, tests: Packed, task: Task, port: int, procedure: Procedure = ONCE
) -> list[str]:
    """Put the packed tests into a judge's computer and return the names of all, in their order.

    What the browser needs, the replay of recorded traffic and a screen, is started. To be called
    before anything that was submitted runs: so whatever fails is a broken task, or the machinery.
    Raises EngineError.
    """
    what = f"the hidden tests of {task.id}"
    try:
        await judge.unpack(tests.archive, JUDGE)
        listed, _ = await asyncio.gather(
            judge.send_shell_command(
                _pytest(f"--collect-only -q --output={JUDGE}/unused", port, SWELANCER_NAMES=_NAMES),
                timeout=_COLLECT_SECONDS,
            ),
            _start(judge, tests, procedure),
        )
        names = await judge.send_shell_command(f"cat {_NAMES}", timeout=_COLLECT_SECONDS)
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
    return [str(name) for name in json.loads(names.output)]


async def _start(judge: BenchComputer, tests: Packed, procedure: Procedure) -> None:
    """Start what the browser needs and wait until it answers. Raises CommandError, ComputerGone."""
    script = f"mkdir -p {OUTPUT}"
    if tests.traffic:
        recorded = " ".join(f"-S {shlex.quote(f'{TESTS}/{name}')}" for name in tests.traffic)
        script += "\n" + _START_REPLAY.format(
            judge=JUDGE, output=OUTPUT, recorded=recorded, port=_REPLAY_PORT
        )
    if procedure.headed:
        script += _START_DISPLAY.format(display=_DISPLAY, output=OUTPUT)
    command = shlex.join(["bash", "-c", script])
    checked(command, await judge.send_shell_command(command, timeout=_COLLECT_SECONDS))


async def run(
    judge: BenchComputer, tests: Packed, task: Task, port: int, number: int, procedure: Procedure
) -> CommandResult:
    """Run the hidden tests, for `seconds` at most; `report(number)` is written.

    Raises ComputerGone.
    """
    output = f"{OUTPUT}/run-{number}" if procedure.runs > 1 else f"{OUTPUT}/tests"
    options = _REPORTED.format(report=report(number), output=output)
    variables = {"REPLAY_URL": f"http://127.0.0.1:{_REPLAY_PORT}"} if tests.traffic else {}
    if procedure.headed:
        options += " --headed"
        variables["DISPLAY"] = f":{_DISPLAY}"
    return await judge.send_shell_command(
        _pytest(options, port, **variables), timeout=seconds(task)
    )


def _pytest(options: str, port: int, **variables: str) -> str:
    variables.update(APP_URL=f"http://127.0.0.1:{port}", OUTPUT=OUTPUT)
    words = " ".join(f"{name}={value}" for name, value in variables.items())
    return _PYTEST.format(tests=TESTS, judge=JUDGE, variables=words, options=options)


def seconds(task: Task) -> float:
    """Return how long a task's hidden tests may take altogether, in one run."""
    assert isinstance(task.answer, IcAnswer)
    return task.answer.test_seconds
