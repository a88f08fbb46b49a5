"""Telling a person what is being done: one line per step, with what it took."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO


@dataclass(slots=True)
class Step:
    """What is being done; set `outcome` where it ends otherwise than was meant."""

    outcome: str = ""


class Steps:
    """Prints steps to a stream, by default standard output."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout

    def say(self, line: str) -> None:
        """Print one line."""
        print(line, file=self._stream, flush=True)

    @contextmanager
    def step(self, what: str) -> Iterator[Step]:
        """Print what is done, and when it is done how many seconds it took."""
        print(f"{what} ... ", end="", file=self._stream, flush=True)
        start = time.monotonic()
        step = Step()
        try:
            yield step
        except BaseException:
            self.say(f"failed after {time.monotonic() - start:.1f} s")
            raise
        self.say(f"{step.outcome} {time.monotonic() - start:.1f} s".lstrip())
