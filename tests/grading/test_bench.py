from __future__ import annotations

import docker
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
from swelancer_plugin.grading.ic_swe import TRIES
from swelancer_plugin.outcome import Outcome
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


class Failing(Recorded):
    """A provider of which the first starts, or judges, fail; or go before they are used."""

    def __init__(self, client: docker.DockerClient, how: str, times: int) -> None:
        super().__init__(client)
        self.how = how
        self.times = times
        self.starts = 0

    async def start(self, spec: ComputerSpec) -> DockerComputer:
        self.starts += 1
        if self.how == "start" and self.starts <= self.times:
            raise EngineError("no room")
        return await super().start(spec)

    async def start_judge(self, app: ComputerInterface, spec: JudgeSpec) -> DockerComputer:
        if self.how == "judge" and self.starts <= self.times:
            raise EngineError("no room")
        started = await super().start_judge(app, spec)
        if self.how == "collect" and self.starts <= self.times:
            self.client.api.kill(started.container)
        return started


@pytest.mark.parametrize("how", ["start", "judge", "collect"])
async def test_what_is_ours_is_tried_again(play: Play, how: str) -> None:
    play.provider = failing = Failing(play.provider.client, how, TRIES - 1)
    grade = await play.submit()
    assert (grade.outcome, failing.starts) == (Outcome.EARNED, TRIES)


async def test_it_is_given_up_in_the_end(play: Play) -> None:
    play.provider = failing = Failing(play.provider.client, "judge", TRIES)
    with pytest.raises(EngineError, match="no room"):
        await play.submit()
    assert failing.starts == TRIES
    assert play.kept == {}


async def test_nothing_is_tried_again_once_something_submitted_has_run(play: Play) -> None:
    play.provider = failing = Failing(play.provider.client, "", 0)

    def fail(name: str) -> None:
        raise EngineError(f"no answer when {name} was there")

    play.on_keep = fail
    with pytest.raises(EngineError, match=r"no answer when build\.log was there"):
        await play.submit()
    assert failing.starts == 1
