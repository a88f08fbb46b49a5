"""One long-lived stream to a computer, over which all its commands travel at once.

A thread of its own reads, writes and keeps the time for each channel, so that no event loop has to
run between commands. What comes out of a computer can be forged or swallowed by what runs in it:
whatever is wrong with it, the channel ends with ComputerGone, and nothing is ever proven by it.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Final, Protocol

from swelancer_plugin.computers.conversation import NEVER, Conversation
from swelancer_plugin.computers.interface import (
    COMMAND_LIMIT,
    OUTPUT_LIMIT,
    CommandResult,
    ComputerGone,
)
from swelancer_plugin.computers.limits import SCRATCH_BYTES, WRITE_LIMIT

SCRATCH: Final = "/run/swelancer"
"""Directory in the container for the channel alone; mount it with `SCRATCH_OPTIONS`."""
SCRATCH_OPTIONS: Final = f"size={SCRATCH_BYTES},mode=0700"
_SCRIPT: Final = Path(__file__).with_name("channel.sh").read_bytes()
_READ_BYTES: Final = 1 << 18
_NOT_NOW: Final = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def entry_point(keep: bool = False) -> list[str]:
    """Return what PID 1 of a computer runs; the script itself is the first thing on its stdin.

    With `keep` it stays, doing nothing, when the client is gone, instead of ending the container.
    """
    start = 'read -r size; eval "$(head -c "$size")"'
    return ["/bin/sh", "-c", start, "swelancer", str(int(keep)), str(OUTPUT_LIMIT + 1)]


class Stream(Protocol):
    """What a channel needs of a socket."""

    def fileno(self) -> int:
        """Return the descriptor to select on."""

    def setblocking(self, flag: bool, /) -> None:
        """As of a socket."""

    def recv(self, size: int, /) -> bytes:
        """As of a socket."""

    def send(self, data: memoryview, /) -> int:
        """As of a socket."""

    def close(self) -> None:
        """Release the connection."""


class Channel:
    """Runs commands over a stream whose other end is a container's PID 1."""

    def __init__(self, stream: Stream) -> None:
        """Take over `stream`, attached to a container made with `entry_point`."""
        self._stream = stream
        self._stream.setblocking(False)
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        self._lock = threading.Lock()
        self._calls: deque[Callable[[float], None]] = deque()
        self._ended: ComputerGone | None = None
        self._conversation = Conversation(time.monotonic())
        self._boot = bytearray(b"%d\n%s" % (len(_SCRIPT), _SCRIPT))
        self._write_until = NEVER
        self._thread = threading.Thread(target=self._serve, name="swelancer-channel", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether no command can be run any more."""
        return self._ended is not None

    async def hello(self) -> None:
        """Wait for the first sign of life. Raises ComputerGone."""
        await asyncio.wrap_future(self._conversation.hello)

    async def run(self, command: str, timeout: float | None = None) -> CommandResult:
        """Run a command (any bytes by surrogateescape) in a fresh shell, at most `timeout` seconds.

        Raises ComputerGone, and ValueError for a command that no computer can take.
        When the caller is cancelled, the command's process tree is killed.
        """
        content = encode_command(command)
        future: Future[CommandResult] = Future()
        future.set_running_or_notify_cancel()
        self._call(
            lambda now: self._conversation.submit(content, timeout, future, now),
            lambda why: future.set_exception(why),
        )
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            self._call(lambda now: self._conversation.cancel(future, now), lambda why: None)
            raise

    def close(self, why: str = "the computer was released") -> None:
        """End the stream, and every command under way with ComputerGone. May be called again."""

        def end(now: float) -> None:
            raise ComputerGone(why)

        self._call(end, lambda gone: None)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _call(self, call: Callable[[float], None], refuse: Callable[[ComputerGone], None]) -> None:
        """Have `call` run by the channel's thread; `refuse` where that has ended."""
        with self._lock:
            why = self._ended
            if why is None:
                self._calls.append(call)
                with contextlib.suppress(BlockingIOError):  # full: it is being woken already
                    self._wake_write.send(b"\0")
        if why is not None:
            refuse(why)

    def _serve(self) -> None:
        conversation = self._conversation
        why = ComputerGone("the channel's thread ended")
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._wake_read, selectors.EVENT_READ)
                selector.register(self._stream.fileno(), selectors.EVENT_READ)
                while True:
                    self._turn(selector)
        except ComputerGone as gone:
            why = gone
        except OSError as error:
            why = ComputerGone(f"the computer's stream broke: {error}")
        finally:
            with self._lock:
                self._ended = why
                pending = list(self._calls)
            for call in pending:  # so that their futures are known to be ended
                self._swallow(call)
            conversation.end(why)
            self._stream.close()
            self._wake_read.close()
            self._wake_write.close()

    @staticmethod
    def _swallow(call: Callable[[float], None]) -> None:
        try:
            call(time.monotonic())
        except ComputerGone:
            return

    def _turn(self, selector: selectors.BaseSelector) -> None:
        """Do what the time asks for, send what there is to send, wait for bytes and calls."""
        now = time.monotonic()
        self._conversation.tick(now)
        blocked = self._write(now)
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if blocked else 0)
        selector.modify(self._stream.fileno(), events)
        waits = min(self._conversation.deadline(), self._write_until) - now
        for key, mask in selector.select(None if waits == NEVER else max(0.0, waits)):
            if key.fileobj is self._wake_read:
                self._take_calls(time.monotonic())
            elif mask & selectors.EVENT_READ:
                self._read(time.monotonic())

    def _take_calls(self, now: float) -> None:
        self._wake_read.recv(4096)
        while True:
            with self._lock:
                if not self._calls:
                    return
                call = self._calls.popleft()
            call(now)

    def _read(self, now: float) -> None:
        try:
            # more than a TLS record, so that none stays behind where select does not see it
            data = self._stream.recv(_READ_BYTES)
        except _NOT_NOW:
            return
        if not data:
            raise ComputerGone("the computer's stream ended")
        self._conversation.received(data, now)

    def _write(self, now: float) -> bool:
        """Send what can be sent; say whether bytes are left."""
        while data := self._boot or self._pending():
            try:
                with memoryview(data) as view, view[:_READ_BYTES] as piece:
                    sent = self._stream.send(piece)
            except _NOT_NOW:
                if self._write_until == NEVER:
                    self._write_until = now + WRITE_LIMIT
                if now >= self._write_until:
                    raise ComputerGone("the computer takes no more bytes") from None
                return True
            del data[:sent]
            self._write_until = NEVER
        self._write_until = NEVER
        self._conversation.sent_all(now)
        return False

    def _pending(self) -> bytearray:
        # after the script, nothing may follow before its sign of life: `head` may read ahead
        if not self._conversation.hello.done():
            return bytearray()
        return self._conversation.outgoing()


def encode_command(command: str) -> bytes:
    """Return a command's bytes. Raises ValueError for NUL, and above `COMMAND_LIMIT`."""
    content = command.encode("utf-8", errors="surrogateescape")
    if b"\0" in content:
        raise ValueError("a command cannot hold a NUL character")
    if len(content) > COMMAND_LIMIT:
        raise ValueError(
            f"a command of {len(content)} bytes is above {COMMAND_LIMIT}: upload a file instead"
        )
    return content
