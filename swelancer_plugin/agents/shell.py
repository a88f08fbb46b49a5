"""An agent's hands: commands and files in a computer, each bounded in time, in whatever backend."""

from __future__ import annotations

import asyncio
import inspect
import posixpath
import shlex
import tempfile
import time
import uuid
from contextlib import ExitStack, suppress
from typing import IO, Final, cast

from swelancer_plugin.computers.interface import (
    CommandResult,
    ComputerInterface,
    EngineError,
    TimedComputer,
)
from swelancer_plugin.models.limits import LimitReached, Limits
from swelancer_plugin.models.transcript import Transcript

TIMED_OUT: Final = (124, 137)
"""The exit codes of coreutils' `timeout`: ended by its first signal, or by the KILL after it."""
KILL_AFTER: Final = 2.0
"""Seconds that `timeout` gives a command between asking it to end and killing it."""
UNANSWERED: Final = 30.0
"""Seconds above its time after which a command counts as timed out, whatever the computer does."""
_RECORDED: Final = 2000


async def put(computer: ComputerInterface, content: bytes, path: str) -> None:
    """Write bytes to an absolute path in the computer, by way of a temporary file of the host.

    Raises what `upload` does, and EngineError where the host can't hold the file.
    """
    try:
        file = await asyncio.to_thread(_temporary_file, content)
    except OSError as error:
        raise EngineError(f"no temporary file on this machine: {error}") from error
    with file:
        await computer.upload(file.name, path)


def _temporary_file(content: bytes) -> IO[bytes]:
    with ExitStack() as undone:
        file = undone.enter_context(tempfile.NamedTemporaryFile(prefix="swelancer-"))
        file.write(content)
        file.flush()
        undone.pop_all()
        return file


async def temporary_directory(computer: ComputerInterface) -> str:
    """Return an absolute path of the computer for files that are no part of the work."""
    said = (await computer.send_shell_command('printf %s "${TMPDIR:-/tmp}"')).text
    return said if posixpath.isabs(said) else "/tmp"  # noqa: S108  # of the computer, not ours


class Shell:
    """Runs commands in a working directory, for one attempt."""

    def __init__(
        self,
        computer: ComputerInterface,
        workdir: str,
        limits: Limits,
        transcript: Transcript,
    ) -> None:
        self.computer = computer
        self.workdir = workdir
        self.limits = limits
        self._transcript = transcript
        self._temporary: str | None = None

    def seconds(self, asked: float | None = None) -> float:
        """Return how long a command may run now. Raises LimitReached where no time is left."""
        if not self.limits.seconds_left:
            raise LimitReached(f"the time of {self.limits.seconds:g} s is over")
        allowed = min(self.limits.command_seconds, self.limits.seconds_left)
        return allowed if asked is None else min(asked, allowed)

    async def run(self, command: str, seconds: float) -> CommandResult:
        """Run a command for at most so many seconds; its processes are killed then.

        Raises ValueError for text that no command can hold, and what the computer does.
        """
        whole = f"cd {shlex.quote(self.workdir)} 2>/dev/null\n{command}"
        began = time.monotonic()
        result = await _bounded(self.computer, whole, seconds)
        self._transcript.write(
            "command",
            command=command[:_RECORDED],
            exit_code=result.exit_code,
            timed_out=result.timed_out,
            seconds=round(time.monotonic() - began, 3),
        )
        return result

    async def stage(self, content: bytes) -> str:
        """Write bytes to a new temporary file of the computer and return its path."""
        if self._temporary is None:
            self._temporary = await temporary_directory(self.computer)
        path = posixpath.join(self._temporary, f"swelancer-{uuid.uuid4().hex}")
        await put(self.computer, content, path)
        return path

    async def has_file(self, path: str) -> bool:
        """Tell whether a regular file that is not empty lies there."""
        asked = shlex.quote(path)
        found = await self.run(f"[ -f {asked} ] && [ -s {asked} ]", self.seconds())
        return found.exit_code == 0


async def _bounded(computer: ComputerInterface, command: str, seconds: float) -> CommandResult:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds + UNANSWERED):
            if "timeout" in inspect.signature(computer.send_shell_command).parameters:
                timed = cast("TimedComputer", computer)
                return await timed.send_shell_command(command, timeout=seconds)
            whole = f"timeout -k {KILL_AFTER} {seconds:.3f} sh -c {shlex.quote(command)}"
            result = await computer.send_shell_command(whole)
            if result.exit_code not in TIMED_OUT:
                return result
            return CommandResult(result.output, result.exit_code, True, result.truncated)
    return CommandResult(b"(the computer did not answer)", TIMED_OUT[0], timed_out=True)
