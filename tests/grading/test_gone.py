"""Which of a bench's two computers is gone, and how far it can be read, decides."""

from __future__ import annotations

import asyncio

import pytest

from swelancer_plugin.computers.interface import (
    Changes,
    CommandResult,
    ComputerGone,
    EngineError,
    FrozenFile,
)
from swelancer_plugin.grading.bench import joined
from swelancer_plugin.grading.hidden_tests import Prepared
from swelancer_plugin.grading.junit import ID_PROPERTY
from swelancer_plugin.grading.trial import Trial, Verdict, try_out
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.task import App, Brief, IcAnswer, Repository, Task

APP = App("exec serve", 8080, build="make it")
TASK = Task(
    "d", Brief("t-1", "ic_swe", "t", "d", 100, "/app/x"), IcAnswer(()), Repository("x", "/app/x")
)
CASE = f"<testcase><properties><property name='{ID_PROPERTY}' value='a'/></properties></testcase>"
REPORT = f"<testsuites><testsuite>{CASE}</testsuite></testsuites>".encode()


class Computer:
    """A computer that is gone for some of what it is asked, and has an exit code for tests."""

    def __init__(self, *gone: str, exit_code: int = 0, refusals: int = 0) -> None:
        self.gone = gone
        self.exit_code = exit_code
        self.refusals = refusals
        """How often it can't be frozen."""
        self.asked: list[str] = []

    async def send_shell_command(
        self, command: str, *, timeout: float | None = None
    ) -> CommandResult:
        self._ask(command)
        if "exec serve" in command:
            await asyncio.Event().wait()
        return CommandResult(b"", self.exit_code if "pytest" in command else 0)

    async def unpack(self, archive: bytes, directory: str) -> None:
        self._ask("unpack")

    async def freeze(self) -> None:
        self._ask("freeze")
        self.refusals -= 1
        if self.refusals >= 0:
            raise ComputerGone("no pause")

    async def read_frozen(self, path: str, limit: int) -> FrozenFile:
        self._ask("read")
        return FrozenFile("file", len(REPORT), REPORT)

    async def read_whole(
        self, directory: str, excluded: tuple[str, ...], limit: int
    ) -> Changes | None:
        self._ask("look around")
        return Changes()

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if any(word in what for word in self.gone):
            raise ComputerGone("silence\n")


def tried(app: Computer, judge: Computer) -> Verdict:
    def keep(name: str, content: bytes) -> None:
        pass

    async def run() -> Verdict:
        bench = joined(app, "/app/x", judge)
        preparing: asyncio.Future[Prepared] = asyncio.get_running_loop().create_future()
        preparing.set_result(Prepared(("a",)))
        trial = Trial(TASK, APP, Changes(), keep)
        return await try_out(trial, bench, preparing)

    return asyncio.run(run())


def test_both_are_there() -> None:
    assert tried(Computer(), Computer()).outcome is Outcome.EARNED


@pytest.mark.parametrize("when", ["unpack", "make it", "exec serve"])
def test_the_app_is_gone(when: str) -> None:
    verdict = tried(Computer(when), Computer(exit_code=1))
    assert verdict == Verdict(
        Outcome.BROKEN_BUILD,
        "the app's computer is gone",
        {"stage": "computer", "log": "silence"},
    )


@pytest.mark.parametrize("when", ["/dev/tcp", "pytest"])
@pytest.mark.parametrize("app", [Computer(), Computer("cat ")])
def test_the_judge_is_gone_while_the_app_runs(app: Computer, when: str) -> None:
    verdict = tried(app, Computer(when))  # it answers all else
    assert (verdict.outcome, verdict.reason) == (
        Outcome.LIMIT,
        "the judge's computer is gone: silence",
    )


@pytest.mark.parametrize("exit_code", [0, 1, 2])
def test_a_judge_that_is_gone_after_its_tests(exit_code: int) -> None:
    judge = Computer("freeze", "read", "true", exit_code=exit_code)
    verdict = tried(Computer(), judge)
    assert (verdict.outcome, verdict.reason) == (
        Outcome.LIMIT,
        "the judge's computer is gone: silence",
    )


def test_a_pause_that_is_refused_once_is_tried_again() -> None:
    judge = Computer(refusals=1)
    assert tried(Computer(), judge).outcome is Outcome.EARNED
    assert judge.asked[-4:] == ["freeze", "freeze", "read", "look around"]


@pytest.mark.parametrize("exit_code", [0, 1])
def test_a_judge_that_is_there_and_can_not_be_frozen_is_the_engine(exit_code: int) -> None:
    judge = Computer(exit_code=exit_code, refusals=2)
    with pytest.raises(EngineError, match="judge's computer is there and can't be frozen: no pa"):
        tried(Computer(), judge)
    assert judge.asked[-3:] == ["freeze", "freeze", "true"]


@pytest.mark.parametrize("exit_code", [0, 1])
def test_a_frozen_judge_that_can_not_be_read_is_the_engine(exit_code: int) -> None:
    judge = Computer("read", exit_code=exit_code)
    with pytest.raises(EngineError, match="judge's computer is there and can't be read: silence"):
        tried(Computer(), judge)


@pytest.mark.parametrize("judge", [{"refusals": 2}, {"gone": "read"}])
def test_tests_that_broke_off_may_have_been_broken_by_the_app(judge: dict[str, object]) -> None:
    computer = Computer(*([str(judge["gone"])] if "gone" in judge else []), exit_code=137)
    computer.refusals = 2 if "refusals" in judge else 0
    assert tried(Computer(), computer).outcome is Outcome.LIMIT
