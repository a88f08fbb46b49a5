"""Computers that are directories of this machine: no container, no isolation, for trying things.

Nothing holds a command back from the rest of the host, so this is never a sealed computer. What it
does give: a scrubbed environment, a directory of its own, and no process left behind.
"""

from __future__ import annotations

import asyncio
import os
import posixpath
import shutil
import tempfile
import uuid
from concurrent.futures import Future
from pathlib import Path
from typing import Final

from swelancer_plugin.computers.channel import encode_command
from swelancer_plugin.computers.interface import (
    DOWNLOAD_LIMIT,
    CommandResult,
    ComputerGone,
    ComputerInterface,
    ComputerSpec,
    DownloadError,
    checked,
)
from swelancer_plugin.computers.process import Process, kill_marked
from swelancer_plugin.datasets.tree import LEFT_OUT

_MARK: Final = "SWELANCER_COMPUTER"
_STANDARD_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class LocalProvider:
    """Makes computers that are temporary directories of this machine."""

    name = "local"
    sealed = False

    async def start(self, spec: ComputerSpec) -> LocalComputer:
        """Make a directory; the task's repository, where it is on the host, is copied there."""
        computer = LocalComputer(spec)
        try:
            await asyncio.to_thread(computer.fill, spec.repository.source)
        except BaseException:
            await computer.cleanup()
            raise
        return computer


class LocalComputer(ComputerInterface):
    """A temporary directory and the processes started in it."""

    def __init__(self, spec: ComputerSpec) -> None:
        # resolved: paths are compared, and /tmp is a link on some systems
        self._base = Path(tempfile.mkdtemp(prefix="swelancer-")).resolve()
        self._asked = spec.workdir
        self._keep = spec.keep
        self._mark = uuid.uuid4().hex
        self._running: set[Process] = set()
        self._released = False
        for name in ("work", "home", "tmp", "commands"):
            (self._base / name).mkdir()

    @property
    def workdir(self) -> str:
        """Where commands start: a directory of its own, whatever path was asked for."""
        return str(self._base / "work")

    def fill(self, source: Path | None) -> None:
        """Copy a repository, but for `LEFT_OUT`, into the working directory; links stay links."""
        if source is not None and source.is_dir():
            left_out = shutil.ignore_patterns(*LEFT_OUT)
            shutil.copytree(source, self.workdir, True, left_out, dirs_exist_ok=True)

    async def send_shell_command(
        self, command: str, *, timeout: float | None = None
    ) -> CommandResult:
        """Run a command; at the timeout (seconds) its process tree is killed, exit code 124."""
        content = encode_command(command)
        if self._released:
            raise ComputerGone("the computer was released")
        future: Future[CommandResult] = Future()
        future.set_running_or_notify_cancel()
        script = self._base / "commands" / uuid.uuid4().hex
        script.write_bytes(content)
        process = Process(script, Path(self.workdir), self._environment(), timeout, future)
        self._running.add(process)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            process.stop()
            raise
        finally:
            script.unlink(missing_ok=True)
            self._running = {other for other in self._running if other.alive}

    async def check_shell_command(
        self, command: str, *, timeout: float | None = None
    ) -> CommandResult:
        """Run a command that has to succeed. Raises CommandError when it does not."""
        return checked(command, await self.send_shell_command(command, timeout=timeout))

    async def upload(self, local_path: str, remote_path: str) -> None:
        """Copy a file of the host to a path of the computer, making its directories.

        Raises ValueError for a path outside of the computer's own directory.
        """
        target = self._real(remote_path)
        target.parent.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(shutil.copy, local_path, target)

    async def download(self, remote_path: str) -> bytes:
        """Return the bytes of a file of the computer. Raises DownloadError."""
        try:
            path = self._real(remote_path)
        except ValueError as error:
            raise DownloadError(str(error)) from error
        return await asyncio.to_thread(_read, path)

    async def cleanup(self) -> None:
        """Kill every process that was started here, and remove the directory unless kept."""
        if self._released:
            return
        self._released = True
        await asyncio.to_thread(self._release)

    def _release(self) -> None:
        for process in self._running:
            process.stop()
        kill_marked(f"{_MARK}={self._mark}")
        if not self._keep:
            shutil.rmtree(self._base, ignore_errors=True)

    def _environment(self) -> dict[str, str]:
        """Return what a command may know of the host's environment: no keys, no proxies."""
        return {
            "PATH": os.environ.get("PATH", _STANDARD_PATH),
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            "HOME": str(self._base / "home"),
            "TMPDIR": str(self._base / "tmp"),
            _MARK: self._mark,
        }

    def _real(self, path: str) -> Path:
        """Return the host's path of a computer's path, which must lie in its own directory.

        Below the working directory that was asked for means below the one that was made.
        """
        inner = posixpath.relpath(path, self._asked) if posixpath.isabs(path) else path
        if posixpath.isabs(path) and inner.split("/")[0] == "..":
            inner = path
        try:
            real = (self._base / "work" / inner).resolve()
        except RuntimeError as error:
            raise ValueError(f"{path!r} leads through links in a circle") from error
        if not real.is_relative_to(self._base):
            raise ValueError(f"{path!r} is outside of the computer's directory {self._base}")
        return real


def _read(path: Path) -> bytes:
    try:
        # not blocking: a named pipe without a writer would hang here
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not path.is_file():
                raise DownloadError(f"{str(path)!r} is no file")
            content = file.read(DOWNLOAD_LIMIT + 1)
    except (OSError, ValueError) as error:
        raise DownloadError(f"{str(path)!r}: {error}") from error
    if len(content) > DOWNLOAD_LIMIT:
        raise DownloadError(f"{str(path)!r} has more than {DOWNLOAD_LIMIT} bytes")
    return content
