"""Agents by name: the built-in ones, and those that installed packages offer."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from swelancer_plugin.agents.interface import Agent

GROUP: Final = "swelancer.agents"
"""Entry points of this group are classes, or functions, that return an agent when called."""


class AgentError(Exception):
    """An installed package offers an agent of the name that was asked for, and it can't be used."""


def agent_named(name: str) -> Agent | None:
    """Return the agent of that name, or None. A built-in name is nobody else's.

    Raises AgentError, naming the entry point and what is wrong with it.
    """
    if name == "code_blocks":
        from swelancer_plugin.agents.code_blocks import CodeBlocks

        return CodeBlocks()
    if name == "tools":
        from swelancer_plugin.agents.tools import Tools

        return Tools()
    offers = entry_points(group=GROUP, name=name)
    if len(offers) > 1:
        raise AgentError(f"more than one package offers an agent {name!r}: {_named(*offers)}")
    return _made(next(iter(offers))) if offers else None


def _made(offer: EntryPoint) -> Agent:
    try:
        make: Callable[[], object] = offer.load()
        agent = make()
    except Exception as error:  # a stranger's import may raise anything
        raise AgentError(
            f"the agent {offer.name!r} can't be loaded from {_named(offer)}: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not callable(getattr(agent, "solve", None)):
        raise AgentError(f"{_named(offer)} made {agent!r:.100}, which has no method `solve`")
    return agent  # type: ignore[return-value]  # the rest of the protocol is found out by using it


def _named(*offers: EntryPoint) -> str:
    return ", ".join(
        f"{offer.value} ({offer.dist.name if offer.dist else 'no package'})" for offer in offers
    )
