"""One command as a process of this machine, watched by a thread of its own."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
import uuid
from concurrent.futures import Future
from pathlib import Path
from typing import Final

from swelancer_plugin.computers.interface import (
    OUTPUT_LIMIT,
    CommandResult,
    ComputerGone,
    EngineError,
)
from swelancer_plugin.computers.limits import DRAIN_LIMIT, GRACE

TIMED_OUT: Final = 124
_MARK: Final = "SWELANCER_COMMAND"
_READ_BYTES: Final = 1 << 16
_STEP: Final = 0.05
"""Seconds between two looks for a kill that another thread asked for."""
_ROUNDS: Final = 5


class Process:
    """A shell command in a session of its own; its result comes by a future.

    When the command has ended but a background child still holds its output, the result comes
    after `GRACE`; what the child prints later is read and dropped, lest it die of a closed pipe.
    """

    def __init__(
        self,
        script: Path,
        directory: Path,
        environment: dict[str, str],
        timeout: float | None,
        future: Future[CommandResult],
    ) -> None:
        self._future = future
        self._timeout = timeout
        self._stopped = threading.Event()
        self._output = bytearray()
        self._printed = 0
        self._mark = f"{_MARK}={uuid.uuid4().hex}"
        name, _, value = self._mark.partition("=")
        self._read_end, write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", str(script)],
                cwd=directory,
                env={**environment, name: value},
                stdin=subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                start_new_session=True,
            )
        except OSError as error:
            os.close(self._read_end)
            if not directory.is_dir():  # a command can remove it
                raise ComputerGone(f"the working directory {directory} is gone") from error
            raise EngineError(f"no process could be started on this machine: {error}") from error
        finally:
            os.close(write_end)
        self._thread = threading.Thread(target=self._watch, name="swelancer-process", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it, or a background child that holds its output, still runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Have the whole process tree killed; does not wait for it."""
        self._stopped.set()

    def _watch(self) -> None:
        with contextlib.closing(selectors.DefaultSelector()) as selector:
            selector.register(self._read_end, selectors.EVENT_READ)
            timed_out = self._await_exit(selector)
            open_ = self._drain(selector)
            self._future.set_result(
                CommandResult(
                    bytes(self._output),
                    TIMED_OUT if timed_out else _exit_code(self._process.returncode),
                    timed_out,
                    truncated=self._printed > OUTPUT_LIMIT,
                )
            )
            while open_ and not self._stopped.is_set():
                selector.select(_STEP)
                open_ = self._read()
        os.close(self._read_end)

    def _await_exit(self, selector: selectors.BaseSelector) -> bool:
        """Read until the shell has exited; say whether it was killed at the timeout."""
        until = float("inf") if self._timeout is None else time.monotonic() + self._timeout
        open_ = True
        while self._process.poll() is None:
            late = time.monotonic() >= until
            if late or self._stopped.is_set():
                self._kill()
                return late
            if open_:
                selector.select(min(_STEP, max(0.0, until - time.monotonic())))
                open_ = self._read()
            else:
                self._wait(min(_STEP, max(0.0, until - time.monotonic())))
        return False

    def _drain(self, selector: selectors.BaseSelector) -> bool:
        """Read what was printed before the exit; say whether somebody still holds the output."""
        until = time.monotonic() + DRAIN_LIMIT
        open_ = self._read()
        while open_ and time.monotonic() < until and selector.select(GRACE):
            open_ = self._read()
        return open_

    def _read(self) -> bool:
        """Take what there is at once, its tail kept; say whether more can come."""
        try:
            data = os.read(self._read_end, _READ_BYTES)
        except BlockingIOError:
            return True
        self._printed += len(data)
        if not self._future.done():
            self._output += data
            del self._output[:-OUTPUT_LIMIT]
        return bool(data)

    def _wait(self, seconds: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        kill_marked(self._mark)
        self._process.wait()


def kill_marked(mark: str) -> None:
    """Kill every process whose environment holds `mark`, whatever session it is in.

    Where there is no /proc (macOS), this finds nothing: process groups must do there.
    """
    wanted = mark.encode()
    for _ in range(_ROUNDS):  # what is killed may have had a child since
        found = [pid for pid in _processes() if wanted in _environment(pid)]
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return


def _processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except FileNotFoundError:
        return []


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # it ended meanwhile, or belongs to somebody else
        return []


def _exit_code(returncode: int) -> int:
    """Return a shell's number for it: 128 and the signal's."""
    return returncode if returncode >= 0 else 128 - returncode
