"""Let an agent work, and say how its work ended."""

from __future__ import annotations

import traceback

from swelancer_plugin.agents.interface import Agent
from swelancer_plugin.computers.interface import ComputerGone, ComputerInterface, EngineError
from swelancer_plugin.grading.submission import Ending
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.task import Brief


async def work(agent: Agent, brief: Brief, computer: ComputerInterface) -> Ending:
    """Run the agent to its end.

    Raises EngineError (a cause outside of computer and agent) and lets a cancellation through; all
    else that the agent raises is its own.
    """
    try:
        await agent.solve(brief, computer)
    except EngineError:
        raise
    except ComputerGone as error:
        return Ending(Outcome.LIMIT, f"the computer is gone: {error}")
    except Exception as error:
        trace = traceback.format_exc()
        return Ending(
            Outcome.AGENT_ERROR, f"the agent raised {type(error).__name__}: {error}", trace
        )
    return Ending()
