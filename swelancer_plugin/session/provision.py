"""Which computer a task gets: the provider, the repository, the bounds."""

from __future__ import annotations

import os

import pytest

from swelancer_plugin.computers.interface import (
    ComputerProvider,
    ComputerSpec,
    EngineError,
    JudgeSpec,
    JudgingProvider,
)
from swelancer_plugin.grading.hidden_tests import Procedure
from swelancer_plugin.runs.cleanup import (
    KEEP_LABEL,
    NAME_LABEL,
    OWNER_LABEL,
    RUN_LABEL,
    TASK_LABEL,
)
from swelancer_plugin.session.repositories import repository_of
from swelancer_plugin.session.run import Run, run_of
from swelancer_plugin.session.space import budget_of, task_key
from swelancer_plugin.settings import Settings
from swelancer_plugin.task import IcAnswer, Task

UNSAFE_HOST = (
    "{agent} would run commands on this host: --computer local is no sandbox. "
    "Use --computer docker, or say --allow-host-execution"
)


def provider_of(config: pytest.Config) -> ComputerProvider:
    """Return this process's provider, made at the first call.

    Raises pytest.UsageError for a name that nobody knows, EngineError where no engine answers.
    """
    run = run_of(config)
    if run.provider is None:
        run.provider = _make(run.settings.computer, config)
    provider: ComputerProvider = run.provider
    return provider


def _make(name: str, config: pytest.Config) -> ComputerProvider:
    if name == "docker":
        from swelancer_plugin.computers.docker import DockerProvider
        from swelancer_plugin.computers.engine import connect

        return DockerProvider(connect())
    if name == "local":
        from swelancer_plugin.computers.local import LocalProvider

        return LocalProvider()
    provider: ComputerProvider | None = config.hook.pytest_swelancer_computer_provider(
        name=name, config=config
    )
    if provider is None:
        raise pytest.UsageError(
            f"--computer: nobody provides {name!r} (known: docker, local, and what the hook "
            "pytest_swelancer_computer_provider of your conftest.py answers to)"
        )
    return provider


def judging_provider(config: pytest.Config) -> JudgingProvider:
    """Return the provider of the judges' computers: the run's own where it can, else the engine.

    Raises pytest.UsageError, EngineError as `provider_of` does.
    """
    run = run_of(config)
    if run.judging is None:
        provider = provider_of(config)
        run.judging = provider if isinstance(provider, JudgingProvider) else _make("docker", config)
    judging: JudgingProvider = run.judging
    return judging


def require_judgeable(task: Task) -> None:
    """Raise EngineError for a task that this version can't judge."""
    if isinstance(task.answer, IcAnswer) and task.repository.app is None:
        raise EngineError(
            f"{task.id} is an ic_swe task of a repository that can't be built here (the official "
            "ones need their prebuilt images); select the others with -k variant==swe_manager"
        )


def spec_of(task: Task, run: Run, provider: ComputerProvider) -> ComputerSpec:
    """Return what a task's computer is to be. Raises EngineError where its image can't be had."""
    repository = repository_of(task, run.settings)
    image = None
    if provider.name == "docker":
        from swelancer_plugin.computers.docker import DockerProvider
        from swelancer_plugin.computers.images import image_names, repository_image

        assert isinstance(provider, DockerProvider)
        budget = budget_of(run, provider.client)
        if budget is not None:
            budget.pin(task_key(task), image_names(provider.client, repository))
        image = repository_image(provider.client, repository, budget)
    return ComputerSpec(
        repository=repository,
        image=image,
        workdir=task.brief.workdir,
        labels=_labels(task, run),
        keep=run.settings.keep_computers,
    )


def judge_spec_of(task: Task, run: Run, provider: JudgingProvider) -> JudgeSpec:
    """Return what the judge's computer is to be. Raises EngineError as `spec_of` does."""
    assert task.repository.app is not None, "require_judgeable comes first"
    image = None
    if provider.name == "docker":
        from swelancer_plugin.computers.docker import DockerProvider
        from swelancer_plugin.computers.images import judge_image

        assert isinstance(provider, DockerProvider)
        image = judge_image(provider.client, budget_of(run, provider.client))
    return JudgeSpec(
        image=image,
        port=task.repository.app.port,
        labels=_labels(task, run),
        keep=run.settings.keep_computers,
    )


def procedure_of(settings: Settings) -> Procedure:
    """Return how the hidden tests of all tasks are run."""
    return Procedure(settings.test_runs, settings.judge_browser == "headed")


def _labels(task: Task, run: Run) -> dict[str, str]:
    return {
        RUN_LABEL: run.token,
        NAME_LABEL: run.home.name,
        TASK_LABEL: task_key(task),
        OWNER_LABEL: str(os.getpid()),
        **({KEEP_LABEL: "1"} if run.settings.keep_computers else {}),
    }
