"""A repository becomes an app: built, served and awaited, by commands in its computer.

Whatever that computer says can be forged by what runs in it, which harms nobody else: that an app
is up is asked from wherever its user is, a judge's computer for one.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from swelancer_plugin.computers.interface import CommandResult, ComputerGone, TimedComputer
from swelancer_plugin.task import App

SERVER_LOG: Final = "/var/tmp/swelancer-server.log"  # noqa: S108  # in the app's own computer
"""What the server printed, its first `SERVER_LOG_BYTES`."""
SERVER_LOG_BYTES: Final = 8 * 1024 * 1024
_ASK_SECONDS: Final = 30.0

# The log is bounded by a limit that ends its writer (head would hold lines back). What comes then
# is read all the same: a server must not die of what it prints. A block is of 512 bytes in POSIX.
_SERVE: Final = """cd {workdir} || exit
rm -rf {log}
{{ (
{serve}
); echo "(the server ended with exit code $?)"; }} 2>&1 | {{
    (ulimit -c 0; ulimit -f {blocks}; exec cat >{log}); exec cat >/dev/null
}}"""
# bash, not sh, for its sockets: no other client can be expected in every image. Twelve bytes are
# enough to know an answer, so that no body or header without end keeps it.
_ASK: Final = r"""
probe() {
    exec 3<>"/dev/tcp/127.0.0.1/$1" || return
    printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$2" "$1" >&3
    [[ $(timeout 10 head -c 12 <&3) =~ ^HTTP/1\.[01]\ [0-9]{3}$ ]]
}
"""
_PROBE: Final = _ASK + 'until (probe "$1" "$2") 2>/dev/null; do sleep 0.05; done'
_PROBE_ONCE: Final = _ASK + '(probe "$1" "$2") 2>/dev/null'


class NotServed(Exception):
    """An app never answered; the text says why, `log` what its server printed."""

    def __init__(self, reason: str, log: bytes) -> None:
        self.log = log
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class BuildResult:
    """How a build went."""

    log: bytes
    """What it printed, the tail."""
    problem: str = ""
    """Empty where it succeeded."""


async def build(computer: TimedComputer, app: App, workdir: str) -> BuildResult:
    """Run an app's build command, for `app.build_seconds` at most. Raises ComputerGone."""
    command = f"cd {shlex.quote(workdir)} || exit\n{app.build}"
    result = await computer.send_shell_command(command, timeout=app.build_seconds)
    if result.timed_out:
        return BuildResult(result.output, f"the build did not end in {app.build_seconds:g} s")
    if result.exit_code:
        return BuildResult(result.output, f"the build failed with exit code {result.exit_code}")
    return BuildResult(result.output)


class Server:
    """An app that is being served."""

    def __init__(self, computer: TimedComputer, running: asyncio.Task[CommandResult]) -> None:
        self._computer = computer
        self._running = running

    @property
    def ended(self) -> bool:
        """Whether the server's processes have ended, as its computer says."""
        return self._running.done()

    @property
    def gone(self) -> ComputerGone | None:
        """How the server's computer went, where it did."""
        if not self._running.done() or self._running.cancelled():
            return None
        failure = self._running.exception()
        return failure if isinstance(failure, ComputerGone) else None

    async def log(self) -> bytes:
        """Return what the server printed, or why that can't be had."""
        try:
            said = await self._computer.send_shell_command(
                f"cat {SERVER_LOG}", timeout=_ASK_SECONDS
            )
        except ComputerGone as gone:
            return f"(no log: {gone})".encode("utf-8", "replace")
        return said.output


@asynccontextmanager
async def served(
    computer: TimedComputer, app: App, workdir: str, asking: TimedComputer
) -> AsyncIterator[Server]:
    """Serve an app in `computer` until the block is left; its processes are killed then.

    It is ready when `asking` gets an HTTP status from ``127.0.0.1`` at `app.port`: the computer
    itself, or one that is joined to it. Raises NotServed where the server ended, or did not answer
    in `app.ready_seconds`; ComputerGone.
    """
    running = asyncio.create_task(_run(computer, app, workdir))
    server = Server(computer, running)
    try:
        await _await_answer(app, asking, server, running)
        yield server
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def is_served(app: App, asking: TimedComputer) -> bool:
    """Tell whether `asking` gets an answer from the app's port now. Raises ComputerGone."""
    command = shlex.join(["bash", "-c", _PROBE_ONCE, "probe", str(app.port), app.ready])
    asked = await asking.send_shell_command(command, timeout=_ASK_SECONDS)
    return asked.exit_code == 0


async def _run(computer: TimedComputer, app: App, workdir: str) -> CommandResult:
    return await computer.send_shell_command(
        _SERVE.format(
            workdir=shlex.quote(workdir),
            serve=app.serve,
            log=SERVER_LOG,
            blocks=SERVER_LOG_BYTES // 512,
        )
    )


async def _await_answer(
    app: App, asking: TimedComputer, server: Server, running: asyncio.Task[CommandResult]
) -> None:
    command = shlex.join(["bash", "-c", _PROBE, "probe", str(app.port), app.ready])
    probing = asyncio.create_task(asking.send_shell_command(command, timeout=app.ready_seconds))
    try:
        await asyncio.wait({probing, running}, return_when=asyncio.FIRST_COMPLETED)
        if not probing.done():
            if server.gone is not None:
                raise server.gone
            raise NotServed("the server ended before it answered", await server.log())
        if probing.result().exit_code:
            reason = f"the server never answered within {app.ready_seconds:g} s"
            raise NotServed(reason, await server.log())
    finally:
        probing.cancel()
        await asyncio.gather(probing, return_exceptions=True)
