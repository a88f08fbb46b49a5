"""A worker that died: its task is void, and appears wherever a task appears."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from swelancer_plugin import __version__
from swelancer_plugin.attempt import Attempt, Selected
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.runs.cleanup import sweep
from swelancer_plugin.runs.store import (
    RECORD,
    allocate_try,
    last_try,
    write_attempt,
)
from swelancer_plugin.session.record import attach
from swelancer_plugin.session.run import Run

_MARK = "swelancer_crash"


def mark(run: Run, selected: Sequence[Selected], crashitem: str, report: pytest.TestReport) -> None:
    """Turn xdist's report of a crash into an error of set-up, with the attempt's record.

    xdist's own ``when`` ("???") is unknown to pytest-html and JUnit, which then lose the task.
    """
    lost = next((each for each in selected if each.nodeid == crashitem), None)
    if lost is None:
        return
    attach(report, _record(run, lost, str(report.longrepr)))
    report.when = "setup"
    setattr(report, _MARK, True)
    if run.provider is not None and run.provider.name == "docker":
        sweep(run.provider.client, run.token, f"{lost.dataset}/{lost.task_id}")


def _record(run: Run, lost: Selected, reason: str) -> Attempt:
    """Return the attempt's record: the worker's own if it still wrote one, else a void one."""
    found = last_try(run.home, lost)
    number, directory = found or allocate_try(run.home, lost.dataset, lost.task_id, lost.attempt)
    if (directory / RECORD).exists():
        return Attempt.from_json((directory / RECORD).read_bytes())
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
        agent=str(run.settings.model),
        outcome=Outcome.VOID,
        earned_cents=0,
        reason=reason,
        started_at="",
        seconds={},
        computer=run.settings.computer,
        sealed=run.settings.computer == "docker",
        privileged=run.settings.privileged,
        seed=run.settings.seed,
        version=__version__,
    )
    write_attempt(directory, attempt)
    return attempt


def is_crash(report: pytest.TestReport) -> bool:
    """Tell whether `mark` made this report."""
    return getattr(report, _MARK, False) is True


def teardown_of(report: pytest.TestReport) -> pytest.TestReport:
    """Return the passed teardown that pytest-html waits for before it writes a row."""
    teardown = pytest.TestReport(
        nodeid=report.nodeid,
        location=report.location,
        keywords={},
        outcome="passed",
        longrepr=None,
        when="teardown",
    )
    teardown.node = report.node  # type: ignore[attr-defined]  # xdist puts it on every report
    return teardown
