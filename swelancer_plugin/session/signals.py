"""Interrupts: SIGTERM ends a run as Ctrl-C does, and nothing cuts a clean-up short."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    # By SIGINT and not by raising: asyncio's own handler then cancels the agent first, so that no
    # computer is torn down under an agent that still works.
    os.kill(os.getpid(), signal.SIGINT)


def install(config: pytest.Config) -> None:
    """Let SIGTERM end the session as SIGINT does, unless someone else handles it already."""
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return
    signal.signal(signal.SIGTERM, _as_interrupt)
    config.add_cleanup(_restore)


def _restore() -> None:
    if signal.getsignal(signal.SIGTERM) is _as_interrupt:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Ignore SIGINT and SIGTERM for a bounded clean-up: an impatient second Ctrl-C, or the one
    that xdist sends its workers after five seconds, must not leave a container behind.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in held:
        signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
