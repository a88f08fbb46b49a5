from __future__ import annotations

import pytest

from swelancer_plugin.computers.docker import DockerComputer
from swelancer_plugin.computers.interface import (
    ComputerInterface,
    ComputerSpec,
    EngineError,
    JudgeSpec,
    SealedComputer,
)
from swelancer_plugin.computers.local import LocalComputer, LocalProvider
from swelancer_plugin.grading.bench import prepared
from tests.grading.conftest import Play, Recorded

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.slow]


class Unsealed:
    """A provider whose computers have the five methods alone."""

    name = "mine"
    sealed = False

    async def start(self, spec: ComputerSpec) -> LocalComputer:
        return await LocalProvider().start(spec)

    async def start_judge(self, app: ComputerInterface, spec: JudgeSpec) -> SealedComputer:
        raise EngineError("no judges here")


class Sticky(Recorded):
    """A provider of a judge that is removed, and then says that it is not."""

    async def start_judge(self, app: ComputerInterface, spec: JudgeSpec) -> DockerComputer:
        judge = await super().start_judge(app, spec)
        remove = judge.cleanup

        async def fail() -> None:
            await remove()
            raise EngineError("no answer to a removal\nin 60 s")

        judge.cleanup = fail  # type: ignore[method-assign]
        return judge


async def test_both_are_there_and_gone_afterwards(play: Play) -> None:
    async with prepared(play.provider, play.app_spec(), play.judge_spec()) as bench:
        for computer in (bench.app, bench.judge):
            assert (await computer.send_shell_command("echo here")).output == b"here\n"
        assert len(play.left()) == 4
    assert play.left() == []
    assert bench.leftovers == ""


async def test_both_are_gone_after_a_failure(play: Play) -> None:
    with pytest.raises(KeyError):
        async with prepared(play.provider, play.app_spec(), play.judge_spec()):
            raise KeyError
    assert play.left() == []


async def test_computer_that_goes_before_it_is_used_is_the_machinery(play: Play) -> None:
    class Dying(Recorded):
        async def start(self, spec: ComputerSpec) -> DockerComputer:
            computer = await super().start(spec)
            await computer.cleanup()
            return computer

    with pytest.raises(EngineError, match="an unused computer is gone"):
        async with prepared(Dying(play.provider.client), play.app_spec(), play.judge_spec()):
            raise AssertionError("it is not there")
    assert play.left() == []


async def test_what_is_not_removed_is_said_and_decides_nothing(play: Play) -> None:
    play.provider = Sticky(play.provider.client)
    grade = await play.submit()
    assert grade.earned_cents
    assert grade.details["cleanup"] == "no answer to a removal in 60 s"


async def test_unsealed_computers_are_refused(play: Play) -> None:
    with pytest.raises(EngineError, match="no judges here"):
        async with prepared(Unsealed(), play.app_spec(), play.judge_spec()):
            raise AssertionError("it is not there")
