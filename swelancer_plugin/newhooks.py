"""Hooks that a user's conftest.py or plugin may implement. Documented specs, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from swelancer_plugin.agents.interface import Agent
    from swelancer_plugin.computers.interface import ComputerProvider


@pytest.hookspec(firstresult=True)
def pytest_swelancer_computer_provider(name: str, config: pytest.Config) -> ComputerProvider | None:
    """Return the provider that ``--computer NAME`` selects, or None to let others answer.

    Called once per process for any name but ``docker`` and ``local``, when the first task needs a
    computer. The provider's `start` gets a `ComputerSpec` and returns any object with the five
    methods of `ComputerInterface`.
    """


@pytest.hookspec(firstresult=True)
def pytest_swelancer_agent(name: str, config: pytest.Config) -> Agent | None:
    """Return the agent that ``--agent NAME`` selects, or None to let others answer.

    Called for every attempt, and once before anything is worked on, for any name that is neither
    built in nor an entry point of the group ``swelancer.agents``. An agent has a `name` and
    `solve`, as `swelancer_plugin.agents.interface.Agent` says; the same object may be given each
    time if it keeps nothing between two attempts.
    """
