"""A worker that died: its task is void, and appears wherever a task appears."""

from __future__ import annotations

import pytest

from swelancer_plugin import __version__
from swelancer_plugin.attempt import Attempt, Selected
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.results.summary import WITHOUT_REPOSITORY
from swelancer_plugin.runs.cleanup import sweep
from swelancer_plugin.runs.store import (
    RECORD,
    allocate_try,
    last_try,
    write_attempt,
)
from swelancer_plugin.runs.story import read_story
from swelancer_plugin.session.record import TRANSCRIPT, agent_word, amount, attach, properties
from swelancer_plugin.session.run import Run

_MARK = "swelancer_crash"


def mark(run: Run, lost: Selected, report: pytest.TestReport, *, told: bool) -> None:
    """Turn xdist's report of a crash into one that pytest, pytest-html and JUnit understand.

    xdist's own ``when`` ("???") is unknown to them. A task whose end was not told yet becomes an
    error of set-up, with its record; one whose end was told an error of teardown, without: its
    money is not told twice.
    """
    if told:
        report.when = "teardown"
    else:
        attempt = _record(run, lost, str(report.longrepr))
        attach(report, attempt)
        report.when = "setup"
        setattr(report, _MARK, properties(attempt))
    sweep_run(run, f"{lost.dataset}/{lost.task_id}")


def sweep_run(run: Run, task: str | None = None) -> str:
    """Remove what a run, or one task of it, left on the engine; return what went wrong, if so."""
    engines = {
        id(each): each for each in (run.provider, run.judging) if each and each.name == "docker"
    }
    for provider in engines.values():
        try:
            sweep(provider.client, run.token, task)
        except EngineError as error:
            return f"could not look for containers that were left behind: {error}"
    return ""


def _record(run: Run, lost: Selected, reason: str) -> Attempt:
    """Return the attempt's record: the worker's own if it still wrote one, else a void one."""
    found = last_try(run.home, lost)
    number, directory = found or allocate_try(run.home, lost.dataset, lost.task_id, lost.attempt)
    if (directory / RECORD).exists():
        return Attempt.from_json((directory / RECORD).read_bytes())
    story = read_story(directory / TRANSCRIPT)
    left = {path.stem: path.name for path in (directory / TRANSCRIPT, directory / "brief.md")}
    attempt = Attempt(
        dataset=lost.dataset,
        task_id=lost.task_id,
        variant=lost.variant,
        title=lost.title,
        price_cents=lost.price_cents,
        attempt=lost.attempt,
        try_number=number,
        nodeid=lost.nodeid,
        model=str(run.settings.model),
        agent=agent_word(run.settings),
        outcome=Outcome.VOID,
        earned_cents=0,
        reason=reason,
        started_at="",
        seconds={},
        computer=run.settings.computer,
        sealed=run.provider is not None and run.provider.sealed,
        privileged=run.settings.privileged,
        repository=WITHOUT_REPOSITORY if run.settings.without_repository else "",
        seed=run.settings.seed,
        turns=story.turns,
        retries=story.retries,
        input_tokens=story.input_tokens,
        cached_tokens=story.cached_tokens,
        output_tokens=story.output_tokens,
        reasoning_tokens=story.reasoning_tokens,
        cost=amount(story.cost),
        files={name: file for name, file in left.items() if (directory / file).exists()},
        version=__version__,
    )
    write_attempt(directory, attempt)
    return attempt


def is_crash(report: pytest.TestReport) -> bool:
    """Tell whether `mark` made this report."""
    return hasattr(report, _MARK)


def teardown_of(report: pytest.TestReport) -> pytest.TestReport:
    """Return the passed teardown that pytest-html waits for before it writes a row."""
    teardown = pytest.TestReport(
        nodeid=report.nodeid,
        location=report.location,
        keywords={},
        outcome="passed",
        longrepr=None,
        when="teardown",
        user_properties=getattr(report, _MARK),
    )
    teardown.node = report.node  # type: ignore[attr-defined]  # xdist puts it on every report
    return teardown
