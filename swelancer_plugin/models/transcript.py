"""The story of an attempt, written line by line as it happens."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

from swelancer_plugin.models.interface import JournalBroken

TRANSCRIPT_BYTES = 256 * 1024 * 1024
"""What one transcript may hold; what comes later is left out, and that is said."""


class Transcript:
    """Appends JSON objects, one a line, in ASCII, each on disk before the next begins.

    A killed attempt keeps what was written. Opened with the first line; without one, no file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._written = 0

    def write(self, event: str, **facts: object) -> None:
        """Append an event: ``at`` (UTC, ISO 8601), ``event``, and the facts, as JSON has them.

        Raises JournalBroken where the file can't be made or written.
        """
        if self._written > TRANSCRIPT_BYTES:
            return
        record = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event}
        line = json.dumps({**record, **facts}, default=str).encode("ascii") + b"\n"
        self._written += len(line)
        if self._written > TRANSCRIPT_BYTES:
            line = json.dumps({**record, "event": "left out", "from": event}).encode() + b"\n"
        try:
            self._append(line)
        except OSError as error:
            raise JournalBroken(
                f"the transcript {self.path} can't be written: {error.strerror or error}"
            ) from error

    def _append(self, line: bytes) -> None:
        if self._file is None:
            self._file = cast("BinaryIO", self.path.open("ab", buffering=0))
        rest = memoryview(line)
        while rest:  # unbuffered, and a disk that gets full takes the beginning alone
            rest = rest[self._file.write(rest) :]

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
