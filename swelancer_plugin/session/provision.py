"""Which computer a task gets: the provider, the repository, the bounds."""

from __future__ import annotations

import dataclasses
import os

import pytest

from swelancer_plugin.computers.interface import ComputerProvider, ComputerSpec
from swelancer_plugin.runs.cleanup import (
    KEEP_LABEL,
    NAME_LABEL,
    OWNER_LABEL,
    RUN_LABEL,
    TASK_LABEL,
)
from swelancer_plugin.session.run import Run, run_of
from swelancer_plugin.settings import Settings
from swelancer_plugin.task import Repository, Task

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


def needs_repository(task: Task, settings: Settings) -> bool:
    """Tell whether a task lacks its repository and nothing was said about it."""
    said = settings.without_repository or settings.repository is not None
    return task.repository.source is None and not said


def spec_of(task: Task, run: Run, provider: ComputerProvider) -> ComputerSpec:
    """Return what a task's computer is to be. Raises EngineError where its image can't be had."""
    repository = _repository(task, run.settings)
    image = None
    if provider.name == "docker":
        from swelancer_plugin.computers.docker import DockerProvider
        from swelancer_plugin.computers.images import repository_image

        assert isinstance(provider, DockerProvider)
        image = repository_image(provider.client, repository)
    keep = run.settings.keep_computers
    return ComputerSpec(
        repository=repository,
        image=image,
        workdir=task.brief.workdir,
        labels={
            RUN_LABEL: run.token,
            NAME_LABEL: run.home.name,
            TASK_LABEL: f"{task.dataset}/{task.id}",
            OWNER_LABEL: str(os.getpid()),
            **({KEEP_LABEL: "1"} if keep else {}),
        },
        keep=keep,
    )


def _repository(task: Task, settings: Settings) -> Repository:
    repository = task.repository
    if repository.source is not None or settings.repository is None:
        return repository
    from swelancer_plugin.datasets.checkout import checkout

    source = checkout(settings.repository, repository.commit)
    return dataclasses.replace(repository, source=source)
