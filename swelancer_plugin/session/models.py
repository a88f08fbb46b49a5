"""Who works: the model that ``--model`` names, and the agent that ``--agent`` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from swelancer_plugin.models.interface import WrongSetup
from swelancer_plugin.session.provision import UNSAFE_HOST
from swelancer_plugin.session.run import Run, run_of
from swelancer_plugin.settings import BASELINES, DEFAULT_AGENT

if TYPE_CHECKING:
    from swelancer_plugin.agents.interface import Agent
    from swelancer_plugin.models.client import OpenAIModel

BUILT_IN = ("code_blocks", "tools")


def problem(config: pytest.Config) -> str:
    """Return why nobody can work on the tasks of this session, or nothing. Asks no server."""
    run = run_of(config)
    if run.problem is None:
        run.problem = _problem(config, run)
    return run.problem


def _problem(config: pytest.Config, run: Run) -> str:
    settings = run.settings
    if settings.model is None:
        return (
            f"no model was given: say --model NAME (baselines: {', '.join(BASELINES)}), or "
            "--collect-only to look at the tasks"
        )
    if settings.baseline:
        given = settings.agent is not None
        return f"--agent: the baseline {settings.model} works by itself" if given else ""
    if settings.api == "responses" and settings.seed is not None:
        return "--seed: the responses API takes none; use --api chat"
    if settings.computer == "local" and not settings.allow_host_execution:
        return UNSAFE_HOST.format(agent=settings.agent or DEFAULT_AGENT)
    try:
        from swelancer_plugin.models.endpoint import endpoint
        from swelancer_plugin.models.pricing import PriceFileError, Prices

        if settings.agent in (None, *BUILT_IN):
            endpoint(settings.model, settings.base_url, run.keys)
        else:
            agent_of(config)
        if settings.price_file is not None:
            Prices.load(Path(settings.price_file))
    except (WrongSetup, PriceFileError, pytest.UsageError) as error:
        return str(error)
    return ""


def agent_of(config: pytest.Config) -> Agent:
    """Return the agent that ``--agent`` names, `code_blocks` without it.

    Raises pytest.UsageError for a name that nobody knows.
    """
    from swelancer_plugin.agents.registry import AgentError, agent_named

    name = run_of(config).settings.agent or DEFAULT_AGENT
    try:
        found = agent_named(name)
    except AgentError as error:
        raise pytest.UsageError(f"--agent: {error}") from error
    if found is None:
        found = _of_hook(name, config)
    if found is None:
        raise pytest.UsageError(
            f"--agent: nobody knows {name!r} (known: {', '.join(BUILT_IN)}, entry points of the "
            "group swelancer.agents, and what the hook pytest_swelancer_agent of your conftest.py "
            "answers to)"
        )
    return found


def _of_hook(name: str, config: pytest.Config) -> Agent | None:
    hook = f"--agent {name}: the hook pytest_swelancer_agent"
    try:
        found: Agent | None = config.hook.pytest_swelancer_agent(name=name, config=config)
    except Exception as error:
        raise pytest.UsageError(f"{hook} raised {type(error).__name__}: {error}") from error
    if found is not None and not (
        isinstance(getattr(found, "name", None), str) and callable(getattr(found, "solve", None))
    ):
        raise pytest.UsageError(f"{hook} returned {found!r:.100}, which has no name and solve")
    return found


def open_model(run: Run, on_retry: Callable[[str, float], None]) -> OpenAIModel:
    """Return the run's model, to be closed. Raises WrongSetup where no key is set for it."""
    from swelancer_plugin.models.client import ModelOptions, OpenAIModel
    from swelancer_plugin.models.endpoint import endpoint
    from swelancer_plugin.models.pricing import Prices

    settings = run.settings
    return OpenAIModel(
        endpoint(str(settings.model), settings.base_url, run.keys),
        ModelOptions(
            api=settings.api,
            temperature=settings.temperature,
            reasoning_effort=settings.reasoning_effort,
            seed=settings.seed,
        ),
        Prices.load(None if settings.price_file is None else Path(settings.price_file)),
        on_retry,
        proven=run.proven,
    )
