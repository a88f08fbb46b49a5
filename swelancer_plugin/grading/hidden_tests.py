"""The hidden tests in the judge's computer: put there, listed before the app runs, then run."""

from __future__ import annotations

import io
import json
import stat
import tarfile
from pathlib import Path
from typing import Final

from swelancer_plugin.computers.interface import (
    OUTPUT_LIMIT,
    CommandError,
    CommandResult,
    ComputerGone,
    EngineError,
)
from swelancer_plugin.grading.bench import BenchComputer
from swelancer_plugin.grading.junit import shown
from swelancer_plugin.task import IcAnswer, Task

JUDGE: Final = "/judge"
"""The judge's working directory, which is there."""
TESTS: Final = f"{JUDGE}/tests"
REPORT: Final = f"{JUDGE}/junit.xml"
TESTS_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of the hidden tests of one task."""
_NAMES: Final = f"{JUDGE}/names.json"
_CONFTEST: Final = Path(__file__).with_name("judge_conftest.py")
_LEFT_OUT: Final = frozenset({"__pycache__", ".pytest_cache"})
_COLLECT_SECONDS: Final = 120.0
_PYTEST: Final = (
    f"cd {TESTS} && APP_URL=http://127.0.0.1:%d %s python3 -m pytest -p no:cacheprovider "
    f"--rootdir={TESTS} --confcutdir={JUDGE} %s"
)
_REPORTED: Final = f"-v -o junit_family=xunit2 -o junit_logging=no --junitxml={REPORT}"


def pack(task: Task) -> bytes:
    """Return a tar archive of a task's hidden tests for `JUDGE`: regular files, and no others.

    Raises EngineError, naming the task, where they can't be had: it is broken.
    """
    assert isinstance(task.answer, IcAnswer)
    packed = io.BytesIO()
    try:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
            _add(archive, "conftest.py", _CONFTEST.read_bytes())
            names: set[str] = set()
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
    return packed.getvalue()


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
    archive.addfile(header, io.BytesIO(content))


async def collect(judge: BenchComputer, tests: bytes, task: Task, port: int) -> list[str]:
    """Put the packed tests into a judge's computer and return the names of all, in their order.

    To be called before anything that was submitted runs: so whatever fails is a broken task, or
    the machinery. Raises EngineError.
    """
    what = f"the hidden tests of {task.id}"
    try:
        await judge.unpack(tests, JUDGE)
        listing = _PYTEST % (port, f"SWELANCER_NAMES={_NAMES}", "--collect-only -q")
        listed = await judge.send_shell_command(listing, timeout=_COLLECT_SECONDS)
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


async def run(judge: BenchComputer, task: Task, port: int) -> CommandResult:
    """Run the hidden tests, for `seconds` at most; `REPORT` is written. Raises ComputerGone."""
    command = _PYTEST % (port, "", _REPORTED)
    return await judge.send_shell_command(command, timeout=seconds(task))


def seconds(task: Task) -> float:
    """Return how long a task's hidden tests may take altogether."""
    assert isinstance(task.answer, IcAnswer)
    return task.answer.test_seconds
