"""Let an agent work, and say how its work ended."""

from __future__ import annotations

import asyncio
import traceback

from swelancer_plugin.agents.interface import Agent
from swelancer_plugin.computers.interface import ComputerGone, ComputerInterface, EngineError
from swelancer_plugin.grading.submission import Ending
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.task import Brief


async def work(agent: Agent, brief: Brief, computer: ComputerInterface) -> Ending:
    """Run the agent to its end.

    Raises EngineError (a cause outside of computer and agent) and lets the user's interrupt and a
    cancellation from outside through. All else that the agent raises is its own, SystemExit and a
    CancelledError that nobody asked for included.
    """
    try:
        await agent.solve(brief, computer)
    except (EngineError, KeyboardInterrupt, GeneratorExit):
        raise
    except ComputerGone as error:
        return Ending(Outcome.LIMIT, f"the computer is gone: {error}")
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return _raised(error)
    except BaseException as error:
        return _raised(error)
    return Ending()


def _raised(error: BaseException) -> Ending:
    reason = f"the agent raised {type(error).__name__}: {error}"
    return Ending(Outcome.AGENT_ERROR, reason, "".join(traceback.format_exception(error)))
