"""A computer's end of a conversation, played by a test."""

from __future__ import annotations

from concurrent.futures import Future

from swelancer_plugin.computers.conversation import Conversation
from swelancer_plugin.computers.interface import CommandResult


def frame(stream: int, payload: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(payload).to_bytes(4, "big") + payload


class Play:
    """A conversation whose other end and clock are this test."""

    def __init__(self) -> None:
        self.now = 0.0
        self.conversation = Conversation(self.now)
        self.hear(b"h 1")
        self.future: Future[CommandResult] = Future()

    def submit(self, command: bytes = b"true", timeout: float | None = None) -> None:
        self.conversation.submit(command, timeout, self.future, self.now)

    def hear(self, *notices: bytes) -> None:
        said = b"".join(notice + b"\n" for notice in notices)
        self.conversation.received(frame(2, said), self.now)

    def print(self, output: bytes) -> None:
        self.conversation.received(frame(1, output), self.now)

    def says(self) -> list[bytes]:
        out = self.conversation.outgoing()
        lines = bytes(out).splitlines()
        out.clear()
        self.conversation.sent_all(self.now)
        return lines

    def until(self, now: float) -> None:
        while self.conversation.deadline() <= now:
            self.now = self.conversation.deadline()
            self.conversation.tick(self.now)
        self.now = now

    def start(self) -> None:
        self.says()
        self.hear(b"p 1 11", b"c 1 12", b"t 1 13 10")
