"""The way of a task, as fixtures. Each can be overridden in a user's conftest.py.

What fails in here is the machinery, and pytest calls it an error. Only `body.earn` fails a task.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from swelancer_plugin.agents.baselines import Chooser, Gold, Nop, baseline
from swelancer_plugin.agents.interface import Agent
from swelancer_plugin.agents.prompts import render
from swelancer_plugin.agents.work import work
from swelancer_plugin.computers.interface import ComputerInterface, SealedComputer
from swelancer_plugin.computers.local import LocalComputer
from swelancer_plugin.computers.stopping import stoppable
from swelancer_plugin.grading import hidden_tests, ic_swe, swe_manager
from swelancer_plugin.grading.diff import readable_diff
from swelancer_plugin.grading.grade import Grade
from swelancer_plugin.grading.submission import (
    Submission,
    take_changes,
    take_decision,
    to_archive,
)
from swelancer_plugin.models.absent import NoModel
from swelancer_plugin.models.interface import Model, WrongSetup
from swelancer_plugin.models.limits import Limits
from swelancer_plugin.models.metered import Metered
from swelancer_plugin.models.transcript import Transcript
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.results.summary import WITHOUT_REPOSITORY
from swelancer_plugin.session.collect import TaskItem
from swelancer_plugin.session.models import agent_of, open_model
from swelancer_plugin.session.provision import (
    UNSAFE_HOST,
    judge_spec_of,
    judging_provider,
    procedure_of,
    provider_of,
    require_judgeable,
    spec_of,
)
from swelancer_plugin.session.record import PROGRESS, TRANSCRIPT, Progress
from swelancer_plugin.session.repositories import judged_in_containers, repository_of
from swelancer_plugin.session.run import run_of
from swelancer_plugin.session.signals import interrupts_held
from swelancer_plugin.session.user import has_user, user_at_hand
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


@pytest_asyncio.fixture(loop_scope="function")
async def model(request: pytest.FixtureRequest) -> AsyncIterator[Model]:
    """The model that ``--model`` names; a baseline has none that could be asked."""
    run, progress = run_of(request.config), _progress(request)
    name = str(run.settings.model)
    if run.settings.baseline:
        yield NoModel(name, f"--model {name} is a baseline and can't be asked; name a model")
        return
    try:
        opened = open_model(run, progress.retried)
    except WrongSetup as error:  # an agent of the user's own may do without
        yield NoModel(name, str(error))
        return
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def agent(request: pytest.FixtureRequest, task: Task) -> Agent:
    """What works on the task."""
    settings = run_of(request.config).settings
    if settings.model == PRIVILEGED:
        return Gold(task.answer)
    chosen = baseline(str(settings.model), settings.seed or 0, _item(request).attempt)
    return chosen or agent_of(request.config)


@pytest.fixture
def limits(request: pytest.FixtureRequest) -> Limits:
    """What the agent may use; each attempt has its own."""
    settings = run_of(request.config).settings
    return Limits(
        max_turns=settings.max_turns, seconds=settings.task_timeout, max_tokens=settings.max_tokens
    )


@pytest.fixture
def transcript(request: pytest.FixtureRequest) -> Iterator[Transcript]:
    """The story of the attempt, a file beside its record."""
    opened = Transcript(_progress(request).directory / TRANSCRIPT)
    yield opened
    opened.close()


@pytest_asyncio.fixture(loop_scope="function")
async def computer(request: pytest.FixtureRequest, task: Task) -> AsyncIterator[ComputerInterface]:
    """A fresh computer for this attempt alone; gone when the attempt is over."""
    progress, run = _progress(request), run_of(request.config)
    require_judgeable(task)
    with progress.phase("provision"):
        provider = provider_of(request.config)
        spec = await stoppable(spec_of, task, run, provider)
        if judged_in_containers(task):  # what can't be judged is found out before it is paid for
            judging = judging_provider(request.config)
            app = spec if judging is provider else await stoppable(spec_of, task, run, judging)
            progress.specs = app, await stoppable(judge_spec_of, task, run, judging)
            hidden_tests.pack(task)
        started = await provider.start(spec)
    if (ahead := request.config.pluginmanager.get_plugin("swelancer-ahead")) is not None:
        ahead.build_next(provider)
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
    request: pytest.FixtureRequest,
    task: Task,
    agent: Agent,
    model: Model,
    computer: ComputerInterface,
    limits: Limits,
    transcript: Transcript,
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
    if isinstance(computer, LocalComputer) and not ours and not settings.allow_host_execution:
        pytest.fail(UNSAFE_HOST.format(agent=agent.name), pytrace=False)
    brief = _placed(task.brief, computer)
    user = not ours and has_user(task, computer, request.config)
    brief = dataclasses.replace(brief, user_tool=user)
    progress.save("brief.md", render(brief))
    progress.meter = meter = Metered(model, limits, transcript)
    async with user_at_hand(task, brief, computer, request.config, progress.save):
        with progress.phase("agent"):
            ending = await work(agent, brief, computer, meter, limits, transcript)
    if ending.traceback:
        progress.save("agent_error.txt", ending.traceback)
    with progress.phase("submission"):
        if isinstance(task.answer, ManagerAnswer):
            taken = await take_decision(brief, computer, ending)
        else:
            repository = repository_of(task, settings)
            taken = await take_changes(repository, brief, computer, ending)
            if taken.changes is not None:
                progress.save("changes.diff", readable_diff(repository.source, taken.changes))
                progress.save("submission.tar", to_archive(taken.changes))
    if taken.decision is not None:
        progress.save("decision.json", taken.decision)
    return taken


def _placed(brief: Brief, computer: ComputerInterface) -> Brief:
    """Return the brief with the working directory where this computer really has it."""
    workdir = getattr(computer, "workdir", None)
    return dataclasses.replace(brief, workdir=workdir) if isinstance(workdir, str) else brief


@pytest_asyncio.fixture(loop_scope="function")
async def grade(request: pytest.FixtureRequest, task: Task, submission: Submission) -> Grade:
    """What the judge decided. It sees the submission and the answer, never the agent's computer."""
    progress = _progress(request)
    with progress.phase("grade"):
        if isinstance(task.answer, ManagerAnswer):
            return swe_manager.judge(task.brief, task.answer, submission)
        require_judgeable(task)
        run, provider = run_of(request.config), judging_provider(request.config)
        if progress.specs is None:  # the computer was a user's own
            app = await stoppable(spec_of, task, run, provider)
            progress.specs = app, await stoppable(judge_spec_of, task, run, provider)
        return await ic_swe.judge(
            task,
            submission,
            provider,
            *progress.specs,
            progress.save,
            progress.phase,
            procedure_of(run.settings),
        )


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
