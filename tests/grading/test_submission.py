"""Taking a decision out of computers that can't be frozen."""

from __future__ import annotations

import asyncio

import pytest

from swelancer_plugin.computers.interface import (
    CommandResult,
    ComputerGone,
    ComputerInterface,
    ComputerSpec,
)
from swelancer_plugin.computers.local import LocalProvider
from swelancer_plugin.grading.submission import Ending, Submission, take_decision
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.task import Brief, Proposal, Repository

SPEC = ComputerSpec(Repository("x", "/app/x"), None, "/app/x")


def brief_at(workdir: str) -> Brief:
    return Brief("1", "swe_manager", "t", "d", 100, workdir, (Proposal(1, "a"),))


def taken_after(command: str) -> Submission:
    """Run a command in a real computer, then take the decision out of it."""

    async def take() -> Submission:
        computer = await LocalProvider().start(SPEC)
        try:
            await computer.check_shell_command(f"cd {computer.workdir} && {command}")
            return await take_decision(brief_at(computer.workdir), computer, Ending())
        finally:
            await computer.cleanup()

    return asyncio.run(take())


@pytest.mark.parametrize(
    ("command", "decision", "problem"),
    [
        ("printf '{}' > manager_decisions.json", b"{}", ""),
        (r"printf '\377' > manager_decisions.json", b"\xff", ""),
        ("true", None, "no decision file"),
        ("mkdir manager_decisions.json", None, "is a directory"),
        ("ln -s /etc/passwd manager_decisions.json", None, "is a link"),
        ("ln -s nowhere manager_decisions.json", None, "is a link"),
        ("mkfifo manager_decisions.json", None, "no regular file"),
        ("truncate -s 1G manager_decisions.json", None, "larger than 65536 bytes (1073741824)"),
    ],
)
def test_what_lies_there_is_taken_or_named(
    command: str, decision: bytes | None, problem: str
) -> None:
    taken = taken_after(command)
    assert taken.decision == decision
    assert problem in taken.problem
    assert not taken.sealed


class Says(ComputerInterface):
    """A computer that answers as it likes: the agent owned it."""

    def __init__(self, output: bytes | Exception) -> None:
        self.output = output

    async def send_shell_command(self, command: str) -> CommandResult:
        if isinstance(self.output, Exception):
            raise self.output
        return CommandResult(self.output, 0)

    async def check_shell_command(self, command: str) -> CommandResult:
        return await self.send_shell_command(command)

    async def upload(self, local_path: str, remote_path: str) -> None:
        raise AssertionError("nothing is uploaded to take a submission")

    async def download(self, remote_path: str) -> bytes:
        return b"x" * 100_000

    async def cleanup(self) -> None:
        self.output = b""


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"nonsense",
        b"file",
        b"file -1",
        b"file " + b"9" * 5000,
        b"missing file",
        b"\xff\xfe",
        b"file 3",
    ],
)
def test_a_computer_that_lies_gives_nothing_to_grade(said: bytes) -> None:
    taken = asyncio.run(take_decision(brief_at("/x"), Says(said), Ending()))
    assert taken.decision is None
    assert taken.problem


@pytest.mark.parametrize("before", [Ending(), Ending(Outcome.LIMIT, "no time left")])
def test_a_computer_that_is_gone_is_a_limit(before: Ending) -> None:
    gone = Says(ComputerGone("silence"))
    taken = asyncio.run(take_decision(brief_at("/x"), gone, before))
    assert taken.ending.outcome is Outcome.LIMIT
    assert taken.problem == "the computer is gone"
    assert (before.reason or "silence") in taken.ending.reason
