"""The way of a task, as fixtures. Each can be overridden in a user's conftest.py.

What fails in here is the machinery, and pytest calls it an error. Only `body.earn` fails a task.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from swelancer_plugin.agents.baselines import Chooser, Gold, Nop, baseline
from swelancer_plugin.agents.interface import Agent
from swelancer_plugin.agents.prompts import render
from swelancer_plugin.agents.work import work
from swelancer_plugin.computers.interface import (
    ComputerInterface,
    EngineError,
    SealedComputer,
)
from swelancer_plugin.grading.grade import Grade
from swelancer_plugin.grading.submission import Submission, take_decision
from swelancer_plugin.grading.swe_manager import judge
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.results.summary import WITHOUT_REPOSITORY
from swelancer_plugin.session.collect import TaskItem
from swelancer_plugin.session.provision import UNSAFE_HOST, provider_of, spec_of
from swelancer_plugin.session.record import PROGRESS, Progress
from swelancer_plugin.session.run import run_of
from swelancer_plugin.session.signals import interrupts_held
from swelancer_plugin.settings import PRIVILEGED
from swelancer_plugin.task import Brief, ManagerAnswer, Task


def _item(request: pytest.FixtureRequest) -> TaskItem:
    item = request.node
    if not isinstance(item, TaskItem):
        pytest.fail(f"{request.fixturename} is a fixture of SWE-Lancer tasks alone", pytrace=False)
    return item


def _progress(request: pytest.FixtureRequest) -> Progress:
    return _item(request).stash[PROGRESS]


@pytest.fixture
def task(request: pytest.FixtureRequest) -> Task:
    """The task that this item is about."""
    return _item(request).task


@pytest.fixture
def model(request: pytest.FixtureRequest) -> str:
    """The name that ``--model`` gave."""
    return str(run_of(request.config).settings.model)


@pytest.fixture
def agent(request: pytest.FixtureRequest, task: Task, model: str) -> Agent:
    """What works on the task."""
    if model == PRIVILEGED:
        return Gold(task.answer)
    chosen = baseline(model, run_of(request.config).settings.seed, _item(request).attempt)
    assert chosen is not None, "the settings let no other model in"
    return chosen


@pytest_asyncio.fixture(loop_scope="function")
async def computer(request: pytest.FixtureRequest, task: Task) -> AsyncIterator[ComputerInterface]:
    """A fresh computer for this attempt alone; gone when the attempt is over."""
    progress = _progress(request)
    _answer(task)
    with progress.phase("provision"):
        provider = provider_of(request.config)
        spec = spec_of(task, run_of(request.config), provider)
        started = await provider.start(spec)
    progress.computer = provider.name
    source = spec.repository.source
    progress.repository = WITHOUT_REPOSITORY if source is None else spec.image or str(source)
    try:
        yield started
    finally:
        with interrupts_held():
            await started.cleanup()


@pytest_asyncio.fixture(loop_scope="function")
async def submission(
    request: pytest.FixtureRequest, task: Task, agent: Agent, computer: ComputerInterface
) -> Submission:
    """What the agent left behind, taken out once nothing in the computer can move any more."""
    progress = _progress(request)
    settings = run_of(request.config).settings
    if "provision" not in progress.seconds:
        progress.computer = type(computer).__name__  # a user's own
    progress.agent = str(agent.name)
    progress.privileged = progress.privileged or isinstance(agent, Gold)
    progress.sealed = isinstance(computer, SealedComputer)
    ours = type(agent) in (Nop, Chooser, Gold)
    if progress.computer == "local" and not ours and not settings.allow_host_execution:
        pytest.fail(UNSAFE_HOST.format(agent=agent.name), pytrace=False)
    brief = _placed(task.brief, computer)
    progress.save("brief.md", render(brief))
    with progress.phase("agent"):
        ending = await work(agent, brief, computer)
    if ending.traceback:
        progress.save("agent_error.txt", ending.traceback)
    with progress.phase("submission"):
        taken = await take_decision(brief, computer, ending)
    if taken.decision is not None:
        progress.save("decision.json", taken.decision)
    return taken


def _placed(brief: Brief, computer: ComputerInterface) -> Brief:
    """Return the brief with the working directory where this computer really has it."""
    workdir = getattr(computer, "workdir", None)
    return dataclasses.replace(brief, workdir=workdir) if isinstance(workdir, str) else brief


@pytest.fixture
def grade(request: pytest.FixtureRequest, task: Task, submission: Submission) -> Grade:
    """What the judge decided. It sees the submission and the answer, never the computer."""
    answer = _answer(task)
    with _progress(request).phase("grade"):
        return judge(task.brief, answer, submission)


@pytest.fixture
def settled(task: Task, grade: Grade) -> Grade:
    """The grade, once it is sure that it is one: `grade` may be a user's own."""
    if not isinstance(grade, Grade):
        raise TypeError(f"the fixture `grade` returned {grade!r:.100}, which is no Grade")
    if grade.outcome in _NO_GRADES or grade.earned_cents not in (0, task.price_cents):
        raise ValueError(
            f"the fixture `grade` returned {grade.outcome.value} and {grade.earned_cents} cents "
            f"for a task of {task.price_cents}; a judge decides, and pays all or nothing"
        )
    return grade


_NO_GRADES = (Outcome.VOID, Outcome.INTERRUPTED, Outcome.NOT_RUN)


def _answer(task: Task) -> ManagerAnswer:
    if not isinstance(task.answer, ManagerAnswer):
        raise EngineError(
            f"{task.id} is an ic_swe task, which this version can't judge; "
            "select the others with -k variant==swe_manager"
        )
    return task.answer
