"""The host's side of a channel without its input and output: what was heard, what to say, when.

Bytes and the time come in, bytes and results go out; nothing here blocks, sleeps or reads a clock,
so every hostile peer can be played in a test. One thread at a time.
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future
from typing import Final

from swelancer_plugin.computers.frames import (
    STDOUT,
    Demultiplexer,
    GarbledStream,
    Notice,
    NoticeParser,
    Output,
    OutputParser,
)
from swelancer_plugin.computers.interface import CommandResult, ComputerGone
from swelancer_plugin.computers.limits import (
    ACK_LIMIT,
    FETCH_LIMIT,
    HELLO_LIMIT,
    PING_INTERVAL,
    PONG_LIMIT,
)
from swelancer_plugin.computers.running import Running

NEVER: Final = float("inf")


class Conversation:
    """All that is going on with one computer.

    `hello` is done at the first sign of life. A ComputerGone raised by any method ends it all:
    the caller then calls `end`.
    """

    def __init__(self, now: float) -> None:
        self.hello: Future[None] = Future()
        self._demultiplexer = Demultiplexer()
        self._notices = NoticeParser()
        self._outputs = OutputParser()
        self._commands: dict[int, Running] = {}
        self._last_id = 0
        self._free_slots: list[int] = []
        self._slots = 0
        self._queue: deque[tuple[bytes, int]] = deque()
        """Frames to send, each with the id of the command whose acknowledgement it waits for."""
        self._out = bytearray()
        self._awaiting: tuple[int, float] | None = None
        """The command whose part was sent, and until when its acknowledgement may take."""
        self._fetches: deque[tuple[bytes, int, float]] = deque()
        self._hello_until = now + HELLO_LIMIT
        self._next_ping = now + PING_INTERVAL
        self._pong_until = NEVER
        self._pings = 0

    @property
    def idle(self) -> bool:
        """Whether no command is under way."""
        return not self._commands

    def outgoing(self) -> bytearray:
        """Bytes to send next; the caller deletes from it what it has sent."""
        while self._queue and self._awaiting is None:
            frame, awaits = self._queue.popleft()
            self._out += frame
            if awaits:
                self._awaiting = awaits, NEVER  # counted from its last byte: see `sent_all`
        return self._out

    def sent_all(self, now: float) -> None:
        """Learn that everything outgoing has been sent."""
        if self._awaiting is not None and self._awaiting[1] == NEVER:
            self._awaiting = self._awaiting[0], now + ACK_LIMIT

    def submit(
        self, command: bytes, timeout: float | None, future: Future[CommandResult], now: float
    ) -> None:
        """Start a command; its result, or a ComputerGone, comes by `future`."""
        self._last_id += 1
        if not self._free_slots:
            self._free_slots.append(self._slots)
            self._slots += 1
        running = Running(self._last_id, self._free_slots.pop(), command, timeout, future, now)
        self._commands[running.id] = running
        if len(self._commands) == 1:
            self._next_ping = now + PING_INTERVAL
        self._settle(running, now)

    def cancel(self, future: Future[CommandResult], now: float) -> None:
        """Kill the command of a future that nobody waits for any more."""
        for running in list(self._commands.values()):
            if running.future is future:
                running.kill(now)
                self._settle(running, now)

    def received(self, data: bytes, now: float) -> None:
        """Take in bytes of the stream. Raises ComputerGone on garbage."""
        try:
            for stream, piece in self._demultiplexer.feed(data):
                if stream == STDOUT:
                    for output in self._outputs.feed(piece):
                        self._take_output(output, now)
                else:
                    for notice in self._notices.feed(piece):
                        self._take_notice(notice, now)
        except GarbledStream as error:
            raise ComputerGone(f"the computer's stream is garbled: {error}") from error

    def tick(self, now: float) -> None:
        """Do what the time asks for. Raises ComputerGone where a bound is passed."""
        for limit, what in (
            (NEVER if self.hello.done() else self._hello_until, "gave no sign of life"),
            (self._awaiting[1] if self._awaiting else NEVER, "did not take a command"),
            (self._fetches[0][2] if self._fetches else NEVER, "did not hand out an output"),
            (self._pong_until, "no longer answers"),
        ):
            if now >= limit:
                raise ComputerGone(f"the computer {what} in time")
        for running in list(self._commands.values()):
            running.tick(now)
            self._settle(running, now)
        if self._commands and self._pong_until == NEVER and now >= self._next_ping:
            self._ping(now)

    def deadline(self) -> float:
        """When `tick` is next to be called; infinite where only bytes can change anything."""
        limits = [running.deadline for running in self._commands.values()]
        if not self.hello.done():
            limits.append(self._hello_until)
        if self._awaiting:
            limits.append(self._awaiting[1])
        if self._fetches:
            limits.append(self._fetches[0][2])
        if self._commands:
            limits.append(self._next_ping if self._pong_until == NEVER else self._pong_until)
        return min(limits, default=NEVER)

    def end(self, why: ComputerGone) -> None:
        """Give everything that is waited for the same end."""
        if not self.hello.done():
            self.hello.set_exception(why)
        for running in self._commands.values():
            running.fail(why)
        self._commands.clear()

    def _ping(self, now: float) -> None:
        self._pings += 1
        self._pong_until = now + PONG_LIMIT
        for running in self._commands.values():
            if running.runner:
                self._say(b"s %d %d" % (running.id, running.runner))
        self._say(b"q %d" % self._pings)

    def _say(self, frame: bytes) -> None:
        self._queue.append((frame + b"\n", 0))

    def _take_notice(self, notice: Notice, now: float) -> None:
        if notice.kind == "h":
            if not self.hello.done():
                self.hello.set_result(None)
            return
        if notice.kind == "q":
            if notice.id == self._pings:
                self._pong_until, self._next_ping = NEVER, now + PING_INTERVAL
            return
        if notice.id > self._last_id:
            raise GarbledStream(f"a notice of a command that never was: {notice}")
        if notice.kind == "a" and self._awaiting and self._awaiting[0] == notice.id:
            self._awaiting = None
        running = self._commands.get(notice.id)
        if running is not None:
            running.hear(notice, now)
            self._settle(running, now)

    def _take_output(self, output: Output, now: float) -> None:
        token, id_, _ = self._fetches.popleft()
        assert token == output.token
        running = self._commands.get(id_)
        if running is not None:
            running.take(output, now)
            self._settle(running, now)

    def _settle(self, running: Running, now: float) -> None:
        """Send what a command wants to say, and forget it when its result is known."""
        for frame, acknowledged in running.frames():
            self._queue.append((frame, running.id if acknowledged else 0))
        if running.wants_output:
            running.wants_output = False
            token = os.urandom(16).hex().encode()
            self._outputs.expect(token)
            self._fetches.append((token, running.id, now + FETCH_LIMIT))
            self._say(b"g %d %d %s" % (running.id, running.slot, token))
        if running.finished:
            del self._commands[running.id]
            if running.slot_is_free:
                self._free_slots.append(running.slot)
