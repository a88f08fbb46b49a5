"""Ending what works for someone who has gone: a wait for an image that nobody wants any more."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from swelancer_plugin.computers.interface import EngineError

if TYPE_CHECKING:
    from requests import Response

P = ParamSpec("P")
R = TypeVar("R")


class Stopped(EngineError):
    """It was ended before its end, and undone."""


class Stop:
    """Says that work is to end, and makes the engine end its part."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._said = False
        self._requests: set[int] = set()

    @property
    def said(self) -> bool:
        """Whether the work is to end."""
        return self._said

    def say(self) -> None:
        """End the work, from whatever thread; who waits for the engine's answer sees its end."""
        with self._guard:
            self._said = True
            for number in self._requests:
                hang_up(number)

    @contextmanager
    def watching(self, response: Response) -> Iterator[None]:
        """Have an engine's request end when the word is said, or has been."""
        number = response.raw.fileno()
        with self._guard:
            self._requests.add(number)
            if self._said:
                hang_up(number)
        try:
            yield
        finally:
            with self._guard:
                self._requests.discard(number)


def hang_up(number: int) -> None:
    """Close the sending half of a connection: the engine gives the request up, and says the end.

    What it answers can still be read, so one who reads on knows when it has cleaned up.
    """
    with socket.socket(fileno=os.dup(number)) as connection:
        try:
            connection.shutdown(socket.SHUT_WR)
        except OSError:  # the engine was faster
            return


NEVER: Final = Stop()
"""What nobody says, for work that nobody waits for from elsewhere."""
stop: ContextVar[Stop] = ContextVar("stop", default=NEVER)
"""What ends the work of this thread."""


async def stoppable(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a function in a thread; when this is cancelled, its builds and waits are ended first."""
    word = Stop()

    def run() -> R:
        stop.set(word)
        return function(*args, **kwargs)

    work = asyncio.ensure_future(asyncio.to_thread(run))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        word.say()
        await asyncio.wait({work})
        work.exception()  # seen: it is the cancellation that is told of
        raise
