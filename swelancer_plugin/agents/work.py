"""Let an agent work for as long as it may, and say how its work ended."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from swelancer_plugin.agents.interface import Agent
from swelancer_plugin.computers.interface import ComputerGone, ComputerInterface, EngineError
from swelancer_plugin.grading.submission import Ending
from swelancer_plugin.models.interface import (
    JournalBroken,
    Model,
    ModelUnavailable,
    RequestRefused,
    WrongSetup,
)
from swelancer_plugin.models.limits import LimitReached, Limits
from swelancer_plugin.models.transcript import Transcript
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.task import Brief

GRACE: Final = 5.0
"""Seconds that a cancelled agent has to put its things away, before it is cancelled once more."""
_CANCELS: Final = 3
_MACHINERY: Final = (EngineError, ModelUnavailable, WrongSetup, JournalBroken)
_LIMITS: Final = (LimitReached, RequestRefused, ComputerGone)


async def work(
    agent: Agent,
    brief: Brief,
    computer: ComputerInterface,
    model: Model,
    limits: Limits,
    transcript: Transcript,
) -> Ending:
    """Run the agent to its end, at most `limits.seconds`, which begin now.

    Raises EngineError, ModelUnavailable, WrongSetup and JournalBroken (causes outside of computer
    and agent), and lets the user's interrupt and a cancellation from outside through. All else that
    the agent raises is its own, SystemExit and a CancelledError that nobody asked for included.
    Where the time is over while a call of the model is tried again, that is ModelUnavailable: the
    agent could not have done better. A call that is merely slow is within its time.
    """
    limits.started = time.monotonic()
    solving = asyncio.create_task(_solve(agent, brief, computer, model, limits, transcript))
    try:
        while not solving.done() and (left := limits.seconds_left):  # waits are given back to it
            await asyncio.wait({solving}, timeout=left)
        if solving.done():
            return await solving
        failing = limits.failing  # before the end of the call clears it
    finally:
        await _stop(solving)
    if failing:
        raise ModelUnavailable(
            f"model {model.name!r} was being asked again when the time of {limits.seconds:g} s was "
            f"over; the last: {failing}"
        )
    return Ending(Outcome.LIMIT, f"the time of {limits.seconds:g} s is over")


async def _solve(
    agent: Agent,
    brief: Brief,
    computer: ComputerInterface,
    model: Model,
    limits: Limits,
    transcript: Transcript,
) -> Ending:
    try:
        await agent.solve(brief, computer, model, limits, transcript)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        return _ending(error)
    return Ending()


def _ending(error: BaseException) -> Ending:
    """Return how the work ended that raised this. Raises what is not the agent's.

    Of a group, which `asyncio.TaskGroup` makes, one such member is raised; a limit ended the work
    if nothing but limits did.
    """
    members = list(_members(error))
    for member in members:
        if isinstance(member, (*_MACHINERY, KeyboardInterrupt)):
            raise member
    if not all(isinstance(member, _LIMITS) for member in members):
        return _raised(error)
    first = members[0]
    if isinstance(first, ComputerGone):
        return Ending(Outcome.LIMIT, f"the computer is gone: {first}")
    return Ending(Outcome.LIMIT, str(first))


def _members(error: BaseException) -> Iterator[BaseException]:
    pending = [error]
    while pending:  # no recursion: a group may be nested deeper than the stack
        each = pending.pop()
        if isinstance(each, BaseExceptionGroup):
            pending.extend(reversed(each.exceptions))
        else:
            yield each


def _raised(error: BaseException) -> Ending:
    reason = f"the agent raised {type(error).__name__}: {error}"
    return Ending(Outcome.AGENT_ERROR, reason, "".join(traceback.format_exception(error)))


async def _stop(solving: asyncio.Task[Ending]) -> None:
    """Cancel the work until it has ended; where it catches every cancellation, tear it down."""
    solving.add_done_callback(_looked_at)
    try:
        for _ in range(_CANCELS):
            if not solving.done():
                solving.cancel()
                await asyncio.wait({solving}, timeout=GRACE)
    finally:
        if not solving.done():
            _tear_down(solving)
    await asyncio.wait({solving}, timeout=GRACE)


def _looked_at(task: asyncio.Task[Ending]) -> None:
    """Take note of what a task raised, lest the loop complains that nobody did."""
    if not task.cancelled():
        task.exception()


def _tear_down(task: asyncio.Task[Ending]) -> None:
    """End a coroutine where it stands: what catches CancelledError seldom catches GeneratorExit."""
    coroutine = task.get_coro()
    if coroutine is not None:
        with suppress(Exception, SystemExit):
            coroutine.close()
    task.cancel()  # has it notice
