"""Let an agent work for as long as it may, and say how its work ended."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from swelancer_plugin.agents.interface import Agent
from swelancer_plugin.computers.interface import ComputerGone, ComputerInterface, EngineError
from swelancer_plugin.grading.submission import Ending
from swelancer_plugin.models.interface import Model, ModelUnavailable, RequestRefused, WrongSetup
from swelancer_plugin.models.limits import LimitReached, Limits
from swelancer_plugin.models.transcript import Transcript
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.task import Brief

GRACE: Final = 5.0
"""Seconds that a cancelled agent has to put its things away, before it is cancelled once more."""
_CANCELS: Final = 3
_MACHINERY: Final = (EngineError, ModelUnavailable, WrongSetup)
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

    Raises EngineError, ModelUnavailable and WrongSetup (causes outside of computer and agent), and
    lets the user's interrupt and a cancellation from outside through. All else that the agent
    raises is its own, SystemExit and a CancelledError that nobody asked for included. Nothing that
    the agent started in this event loop runs on.
    """
    limits.started = time.monotonic()
    before = asyncio.all_tasks()
    solving = asyncio.ensure_future(_solve(agent, brief, computer, model, limits, transcript))
    try:
        await asyncio.wait({solving}, timeout=limits.seconds)
        if solving.done():
            return await solving
    finally:
        await _stop(asyncio.all_tasks() - before)
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
    if isinstance(first, RequestRefused):
        return Ending(Outcome.LIMIT, f"the model's server refused the conversation: {first}")
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


async def _stop(tasks: set[asyncio.Task[Any]]) -> None:
    """Cancel tasks until they have ended; one that catches every cancellation is torn down."""
    left = set(tasks)
    try:
        for _ in range(_CANCELS):
            if not left:
                break
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=GRACE)
    finally:
        for task in left:
            _tear_down(task)
        for task in tasks - left:
            if not task.cancelled():
                task.exception()  # looked at, lest the loop complains of it


def _tear_down(task: asyncio.Task[Any]) -> None:
    """End a coroutine where it stands: what catches CancelledError seldom catches GeneratorExit."""
    coroutine = task.get_coro()
    if coroutine is not None:
        with suppress(Exception, SystemExit):
            coroutine.close()
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    task.cancel()  # has it notice
