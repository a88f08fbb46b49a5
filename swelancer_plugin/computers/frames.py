"""The framing of a computer's stream: pure parsers, fed bytes in any chunks, that give events.

Three layers, each a class: the engine's multiplexing of stdout and stderr, the notices (lines on
stderr) and the outputs (on stdout, each ended by a token that we chose). What does not follow the
form is a `GarbledStream`, and no number in it can make a buffer grow.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from swelancer_plugin.computers.interface import OUTPUT_LIMIT
from swelancer_plugin.computers.limits import INLINE_LIMIT, NOTICE_LIMIT, PID_LIMIT

STDOUT: Final = 1
STDERR: Final = 2
_HEADER_BYTES: Final = 8
_PLAIN: Final = re.compile(rb"[\t\n -~]*")
_STAT: Final = re.compile(rb"\d+ \(.*\) ([A-Za-z])")


class GarbledStream(Exception):
    """What came from a computer follows no form of ours."""


class Demultiplexer:
    """Splits the engine's stream: frames of an 8-byte header (stream, length) and a payload."""

    def __init__(self) -> None:
        self._header = bytearray()
        self._stream = 0
        self._left = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield (stream, piece) for all payload in `data`; nothing but a header is ever kept."""
        view = memoryview(data)
        while view:
            if self._left:
                piece = view[: self._left]
                self._left -= len(piece)
                view = view[len(piece) :]
                yield self._stream, bytes(piece)
                continue
            wanted = _HEADER_BYTES - len(self._header)
            self._header += view[:wanted]
            view = view[wanted:]
            if len(self._header) == _HEADER_BYTES:
                self._open(bytes(self._header))

    def _open(self, header: bytes) -> None:
        if header[0] not in (STDOUT, STDERR) or header[1:4] != b"\0\0\0":
            raise GarbledStream(f"frame header {header!r}")
        self._stream = header[0]
        self._left = int.from_bytes(header[4:], "big")
        self._header.clear()


@dataclass(frozen=True, slots=True)
class Notice:
    """One line that a computer says of a command: what, which command, and up to two numbers."""

    kind: str
    id: int
    first: int = 0
    second: int = 0
    state: str = ""
    """Of a process (kind `s`): the letter of /proc/PID/stat, empty when it is not there."""


_NUMBERS: Final = {
    # kind: the highest values of its one to three numbers; the first is the command's id
    "h": (9,),  # hello: version
    "p": (1 << 62, PID_LIMIT),  # process group and session of the command
    "c": (1 << 62, PID_LIMIT),  # the inner cat of the valve
    "t": (1 << 62, PID_LIMIT, PID_LIMIT),  # the tail, and its parent the runner
    "x": (1 << 62, 255),  # exited: code
    "d": (1 << 62, 1, 255),  # drained: is there output, did its writer fail
    "f": (1 << 62,),  # no process could be started
    "a": (1 << 62, 255),  # a part was taken: status
    "k": (1 << 62, 1),  # hunted: was there anything to kill
    "q": (1 << 62,),  # pong
}


def parse_notice(line: bytes) -> Notice:
    """Read one line. Raises GarbledStream."""
    kind, _, rest = line.partition(b" ")
    if kind == b"s":
        return _parse_state(rest)
    bounds = _NUMBERS.get(kind.decode("latin-1"))
    words = rest.split(b" ")
    if bounds is None or len(words) != len(bounds):
        raise GarbledStream(f"notice {line[:80]!r}")
    numbers = [_number(word, most) for word, most in zip(words, bounds, strict=True)]
    id_, first, second, *_ = [*numbers, 0, 0]
    return Notice(kind.decode("latin-1"), id_, first, second)


def _parse_state(rest: bytes) -> Notice:
    words = rest.split(b" ", 2)
    if len(words) != 3:
        raise GarbledStream(f"state {rest[:80]!r}")
    found = _STAT.match(words[2])
    state = found.group(1).decode("ascii") if found else "" if words[2] == b"-" else "?"
    return Notice("s", _number(words[0], 1 << 62), _number(words[1], PID_LIMIT), state=state)


def _number(word: bytes, most: int) -> int:
    if not word.isdigit() or len(word) > 19 or int(word) > most:
        raise GarbledStream(f"number {word[:40]!r}")
    return int(word)


class NoticeParser:
    """Lines of stderr, at most `NOTICE_LIMIT` bytes each."""

    def __init__(self) -> None:
        self._line = b""

    def feed(self, data: bytes) -> Iterator[Notice]:
        """Yield the notices that `data` completes. Raises GarbledStream."""
        *lines, rest = (self._line + data).split(b"\n")
        self._line = b""
        for line in lines:
            if len(line) > NOTICE_LIMIT:
                raise GarbledStream(f"a notice of {len(line)} bytes")
            yield parse_notice(line)
        if len(rest) > NOTICE_LIMIT:
            raise GarbledStream(f"a notice of more than {NOTICE_LIMIT} bytes")
        self._line = rest


@dataclass(frozen=True, slots=True)
class Output:
    """All bytes of one output that was asked for; `complete` says that its writer ended well."""

    token: bytes
    content: bytes
    complete: bool


class OutputParser:
    """Outputs on stdout, in the order of asking, each ended by its token and a digit."""

    def __init__(self, limit: int = OUTPUT_LIMIT + 1) -> None:
        self._limit = limit
        self._tokens: deque[bytes] = deque()
        self._buffer = bytearray()
        self._searched = 0

    def expect(self, token: bytes) -> None:
        """Say that an output will come which ends with `token`."""
        self._tokens.append(token)

    def feed(self, data: bytes) -> Iterator[Output]:
        """Yield the outputs that `data` completes. Raises GarbledStream."""
        self._buffer += data
        while self._tokens and (output := self._take(self._tokens[0])):
            self._tokens.popleft()
            yield output
        if self._buffer and not self._tokens:
            raise GarbledStream(f"{len(self._buffer)} bytes that nobody asked for")

    def _take(self, token: bytes) -> Output | None:
        at = self._buffer.find(token, self._searched)
        end = at + len(token)
        if at > self._limit or (at < 0 and len(self._buffer) > self._limit + len(token)):
            raise GarbledStream(f"an output of more than {self._limit} bytes")
        if at < 0 or end == len(self._buffer):
            self._searched = max(0, len(self._buffer) - len(token))
            return None
        digit = bytes(self._buffer[end : end + 1])
        if digit not in (b"0", b"1"):
            raise GarbledStream(f"status {digit!r} of an output")
        output = Output(token, bytes(self._buffer[:at]), digit == b"0")
        del self._buffer[: end + 1]
        self._searched = 0
        return output


def inline(command: bytes) -> bytes | None:
    """Return a command as lines that follow a frame; None if it can't travel so.

    Only what every shell's `read` takes as it is: ASCII without control characters.
    """
    if len(command) > INLINE_LIMIT or not _PLAIN.fullmatch(command):
        return None
    if command[:1] in (b"-", b"+"):
        return b" " + command  # `sh -c` would take it for an option
    return command
