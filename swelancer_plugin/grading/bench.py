"""Two computers for one trial, joined one way: the app's and the judge's, gone when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from swelancer_plugin.computers.interface import (
    Changes,
    CommandResult,
    ComputerGone,
    ComputerInterface,
    ComputerSpec,
    EngineError,
    FrozenFile,
    JudgeSpec,
    JudgingProvider,
    SealedComputer,
)
from swelancer_plugin.grading.junit import shown


@runtime_checkable
class BenchComputer(Protocol):
    """What a trial needs of a computer: it is sealed, and its commands take a timeout."""

    async def send_shell_command(
        self, command: str, *, timeout: float | None = None
    ) -> CommandResult:
        """As `TimedComputer`."""

    async def unpack(self, archive: bytes, directory: str) -> None:
        """As `SealedComputer`."""

    async def freeze(self) -> None:
        """As `SealedComputer`."""

    async def read_frozen(self, path: str, limit: int) -> FrozenFile:
        """As `SealedComputer`."""

    async def read_whole(
        self, directory: str, excluded: tuple[str, ...], limit: int
    ) -> Changes | None:
        """As `SealedComputer`."""


@dataclass(slots=True)
class Bench:
    """Where a submission is tried out."""

    app: BenchComputer
    workdir: str
    """In the app's computer."""
    judge: BenchComputer
    used: bool = False
    """Whether anything that was submitted may have run."""
    leftovers: str = ""
    """What could not be removed, and is left to the sweep at the end of the run."""


class AppGone(ComputerGone):
    """The app's computer is gone."""


class JudgeGone(ComputerGone):
    """The judge's computer is gone."""


class _Told:
    """A computer of which it is told apart, when it is gone, which of the two it was."""

    def __init__(self, computer: BenchComputer, gone: type[ComputerGone]) -> None:
        self._computer = computer
        self._gone = gone

    async def send_shell_command(
        self, command: str, *, timeout: float | None = None
    ) -> CommandResult:
        with self._telling():
            return await self._computer.send_shell_command(command, timeout=timeout)

    async def unpack(self, archive: bytes, directory: str) -> None:
        with self._telling():
            await self._computer.unpack(archive, directory)

    async def freeze(self) -> None:
        with self._telling():
            await self._computer.freeze()

    async def read_frozen(self, path: str, limit: int) -> FrozenFile:
        with self._telling():
            return await self._computer.read_frozen(path, limit)

    async def read_whole(
        self, directory: str, excluded: tuple[str, ...], limit: int
    ) -> Changes | None:
        with self._telling():
            return await self._computer.read_whole(directory, excluded, limit)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except ComputerGone as gone:
            raise self._gone(str(gone)) from gone


def joined(app: BenchComputer, workdir: str, judge: BenchComputer) -> Bench:
    """Return a bench whose computers raise AppGone and JudgeGone."""
    return Bench(_Told(app, AppGone), workdir, _Told(judge, JudgeGone))


@asynccontextmanager
async def prepared(
    provider: JudgingProvider, app: ComputerSpec, judge: JudgeSpec
) -> AsyncIterator[Bench]:
    """Start both computers, and remove them at once when the block is left.

    Raises EngineError where they can't be had. What the engine does not remove decides nothing
    about the work: that is said in `Bench.leftovers`.
    """
    started: list[ComputerInterface] = []
    bench: Bench | None = None
    try:
        try:
            started.append(await provider.start(app))
            started.append(await provider.start_judge(started[0], judge))
        except ComputerGone as gone:  # nothing that was submitted has run
            raise EngineError(f"an unused computer is gone: {gone}") from gone
        bench = joined(_usable(started[0]), app.workdir, _usable(started[1]))
        yield bench
    finally:
        removing = (computer.cleanup() for computer in started)
        failures = await asyncio.gather(*removing, return_exceptions=True)
        if bench is not None:
            bench.leftovers = "; ".join(shown(str(each), 200) for each in failures if each)


def _usable(computer: ComputerInterface) -> BenchComputer:
    if not isinstance(computer, SealedComputer):
        raise EngineError(f"ic_swe tasks are judged in sealed computers, not {computer!r:.100}")
    assert isinstance(computer, BenchComputer)
    return computer
