"""The user whom an agent can ask to try its app, where a task has one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from swelancer_plugin.agents.user_tool import Keep, Visit, offered
from swelancer_plugin.computers.interface import (
    ComputerInterface,
    JudgingProvider,
    SealedComputer,
)
from swelancer_plugin.computers.stopping import stoppable
from swelancer_plugin.grading.user_session import Session, visit
from swelancer_plugin.session.provision import judge_spec_of, procedure_of, provider_of
from swelancer_plugin.session.run import run_of
from swelancer_plugin.task import Brief, IcAnswer, Task


def has_user(task: Task, computer: ComputerInterface, config: pytest.Config) -> bool:
    """Tell whether there is a user: the task has a script, and a judge can join the computer."""
    scripted = isinstance(task.answer, IcAnswer) and bool(task.answer.user_tool)
    return (
        scripted
        and isinstance(computer, SealedComputer)
        and isinstance(provider_of(config), JudgingProvider)
    )


@asynccontextmanager
async def user_at_hand(
    task: Task, brief: Brief, computer: ComputerInterface, config: pytest.Config, keep: Keep
) -> AsyncIterator[None]:
    """Have the user at hand while the block lasts, if the brief promises one."""
    if not brief.user_tool:
        yield
        return
    assert isinstance(computer, SealedComputer)
    async with offered(computer, brief.workdir, _visit(task, brief, computer, config), keep):
        yield


def _visit(task: Task, brief: Brief, computer: SealedComputer, config: pytest.Config) -> Visit:
    app, answer, provider = task.repository.app, task.answer, provider_of(config)
    assert isinstance(answer, IcAnswer)
    assert isinstance(provider, JudgingProvider)
    script = answer.user_tool
    assert app is not None
    headed = procedure_of(run_of(config).settings).headed

    async def once() -> Session:
        spec = await stoppable(judge_spec_of, task, run_of(config), provider)
        return await visit(app, computer, brief.workdir, provider, spec, script, headed)

    return once
