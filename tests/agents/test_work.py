from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from swelancer_plugin.agents import work as work_module
from swelancer_plugin.agents.shell import Shell
from swelancer_plugin.agents.toolbox import answer
from swelancer_plugin.agents.work import work
from swelancer_plugin.computers.interface import (
    ComputerError,
    ComputerGone,
    ComputerInterface,
    EngineError,
)
from swelancer_plugin.grading.submission import Ending
from swelancer_plugin.models.interface import (
    JournalBroken,
    Message,
    Model,
    ModelUnavailable,
    RequestRefused,
    ToolCall,
    WrongSetup,
)
from swelancer_plugin.models.limits import LimitReached, Limits
from swelancer_plugin.models.metered import Metered
from swelancer_plugin.models.transcript import Transcript
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.task import Brief
from tests.agents.script import Script, Silent, a_brief, local
from tests.models.asking import asked
from tests.models.scripted import BROKEN, HELD, Step, error


class Acting:
    """An agent that does one thing."""

    name = "acting"

    def __init__(self, act: Callable[[Model], Awaitable[object]]) -> None:
        self._act = act

    async def solve(
        self,
        brief: Brief,
        computer: ComputerInterface,
        model: Model,
        limits: Limits,
        transcript: Transcript,
    ) -> None:
        await self._act(model)


async def ending_of(act: Callable[[Model], Awaitable[object]], seconds: float = 60.0) -> Ending:
    limits = Limits(max_turns=1, seconds=seconds)
    limits.started -= 1000.0  # provisioning took its time, which is not the agent's
    script = Script(["a", "b"], limits)
    async with local() as computer:
        before = asyncio.all_tasks()
        ending = await work(
            Acting(act), a_brief("/x"), computer, script, limits, Silent(Path("nowhere"))
        )
        assert asyncio.all_tasks() == before
    return ending


def raising(error: BaseException) -> Callable[[Model], Awaitable[object]]:
    async def act(model: Model) -> None:
        raise error

    return act


def run(act: Callable[[Model], Awaitable[object]], seconds: float = 60.0) -> Ending:
    return asyncio.run(ending_of(act, seconds))


def test_an_agent_that_returns_has_finished() -> None:
    async def act(model: Model) -> None:
        assert (await model.ask([Message("user", "x")])).message.content == "a"

    assert run(act) == Ending()


GROUP = BaseExceptionGroup


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (LimitReached("all 3 turns are used"), Outcome.LIMIT, "all 3 turns are used"),
        (
            RequestRefused("policy"),
            Outcome.LIMIT,
            "policy",
        ),
        (ComputerGone("died"), Outcome.LIMIT, "the computer is gone: died"),
        (ValueError("mine"), Outcome.AGENT_ERROR, "the agent raised ValueError: mine"),
        (ComputerError("odd"), Outcome.AGENT_ERROR, "the agent raised ComputerError: odd"),
        (SystemExit(3), Outcome.AGENT_ERROR, "the agent raised SystemExit: 3"),
        (TimeoutError("its own"), Outcome.AGENT_ERROR, "the agent raised TimeoutError: its own"),
        (asyncio.CancelledError(), Outcome.AGENT_ERROR, "the agent raised CancelledError: "),
        (pytest.exit.Exception("all"), Outcome.AGENT_ERROR, "the agent raised Exit: all"),
        (GROUP("g", [LimitReached("turns")]), Outcome.LIMIT, "turns"),
        (GROUP("g", [GROUP("h", [LimitReached("a")]), ComputerGone("b")]), Outcome.LIMIT, "a"),
        (
            GROUP("g", [LimitReached("a"), ValueError("b")]),
            Outcome.AGENT_ERROR,
            "the agent raised ExceptionGroup: g (2 sub-exceptions)",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_what_an_agent_raises_becomes_its_ending(
    error: BaseException, outcome: Outcome, reason: str
) -> None:
    ending = run(raising(error))
    assert (ending.outcome, ending.reason) == (outcome, reason)
    assert bool(ending.traceback) == (outcome is Outcome.AGENT_ERROR)


@pytest.mark.parametrize(
    "error",
    [
        EngineError("e"),
        ModelUnavailable("m"),
        WrongSetup("w"),
        JournalBroken("j"),
        KeyboardInterrupt(),
    ],
)
def test_what_no_agent_causes_is_raised_even_from_a_group(error: BaseException) -> None:
    for raised in (error, GROUP("g", [ValueError("x"), GROUP("h", [error])])):
        with pytest.raises(type(error)) as caught:
            run(raising(raised))
        assert caught.value is error


def test_a_group_nested_deeper_than_the_stack() -> None:
    error: BaseException = LimitReached("deep")
    for _ in range(sys.getrecursionlimit() * 2):
        error = GROUP("g", [error])
    assert run(raising(error)).outcome is Outcome.LIMIT


def test_asking_beyond_the_turns_is_a_limit() -> None:
    async def act(model: Model) -> None:
        while True:
            await model.ask([Message("user", "x")])

    assert run(act) == Ending(Outcome.LIMIT, "all 1 turns are used")


OVER = Ending(Outcome.LIMIT, "the time of 0.05 s is over")


def test_the_time_of_the_work_is_bounded() -> None:
    async def act(model: Model) -> None:
        await asyncio.Event().wait()

    assert run(act, seconds=0.05) == OVER


async def at_the_limit(script: Sequence[Step], path: Path, seconds: float) -> Ending:
    """Let an agent ask a real server until its time is over."""
    limits, transcript = Limits(seconds=seconds), Transcript(path)
    async with asked(script) as (client, _, _):
        model = Metered(client, limits, transcript)
        client.on_retry = model.retry

        async def act(model: Model) -> None:
            await model.ask([Message("user", "x")])
            await asyncio.Event().wait()

        try:
            async with local() as computer:
                return await work(Acting(act), a_brief("/x"), computer, model, limits, transcript)
        finally:
            transcript.close()


@pytest.mark.slow
def test_a_server_that_fails_until_the_time_is_over_is_not_the_agent_s_fault(
    tmp_path: Path,
) -> None:
    over = (
        "model 'openai/gpt-4o' was being asked again when the time of 4 s was over; the last: 500"
    )
    with pytest.raises(ModelUnavailable, match=over):
        asyncio.run(at_the_limit([BROKEN, HELD], tmp_path / "t", 4.0))
    lines = [json.loads(line) for line in (tmp_path / "t").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["message", "retry", "failure"]


@pytest.mark.slow
@pytest.mark.parametrize("script", [[HELD], [BROKEN, "done"]])
def test_a_call_that_is_slow_or_that_succeeded_at_last_is_within_the_time(
    script: list[Step], tmp_path: Path
) -> None:
    ending = asyncio.run(at_the_limit(script, tmp_path / "t", 4.0))
    assert ending == Ending(Outcome.LIMIT, "the time of 4 s is over")


@pytest.mark.slow
def test_what_is_waited_for_a_server_is_no_time_of_the_agent_s(tmp_path: Path) -> None:
    slow = error(503, "busy", {"Retry-After": "5"})
    asyncio.run(at_the_limit([slow, "done"], tmp_path / "t", 4.0))
    lines = [json.loads(line) for line in (tmp_path / "t").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["message", "retry", "reply"]


def test_a_transcript_that_can_t_be_written_is_not_the_agent_s_fault() -> None:
    async def run() -> None:
        limits, transcript = Limits(), Transcript(Path("/dev/full"))
        model = Metered(Script(["a"], limits), limits, transcript)

        async def act(model: Model) -> None:
            await model.ask([Message("user", "x")])

        async with local() as computer:
            with pytest.raises(JournalBroken, match="/dev/full can't be written"):
                await work(Acting(act), a_brief("/x"), computer, model, limits, transcript)
            shell = Shell(computer, computer.workdir, limits, transcript)
            with pytest.raises(JournalBroken, match="/dev/full can't be written"):
                await answer(ToolCall("i", "shell", '{"command": "true"}'), shell)
        transcript.close()

    asyncio.run(run())


def test_an_agent_may_put_its_things_away_when_its_time_is_over() -> None:
    put_away = []

    async def act(model: Model) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            put_away.append(True)

    assert run(act, seconds=0.05) == OVER
    assert put_away == [True]


@pytest.mark.parametrize("error", [ValueError("late"), EngineError("late"), SystemExit(1)])
def test_what_comes_after_the_time_changes_nothing(error: BaseException) -> None:
    async def act(model: Model) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise error from None

    assert run(act, seconds=0.05) == OVER


@pytest.mark.parametrize("swallowed", [1, 2, 10**9])
def test_an_agent_that_catches_cancellations_does_not_work_for_ever(
    swallowed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_module, "GRACE", 0.05)

    async def act(model: Model) -> None:
        left = swallowed
        while left:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                left -= 1
        await asyncio.Event().wait()

    assert run(act, seconds=0.05) == OVER


def test_an_agent_that_cancels_itself_has_failed() -> None:
    async def act(model: Model) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    assert run(act).outcome is Outcome.AGENT_ERROR


def test_a_cancellation_from_outside_passes_and_takes_the_agent_along() -> None:
    ended = []

    async def cancelled() -> None:
        working = asyncio.Event()

        async def act(model: Model) -> None:
            working.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(True)

        task = asyncio.create_task(ending_of(act))
        await working.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert ended == [True]
