"""A conftest that stands in for the session: reports carry attempts, reporters are registered."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from swelancer_plugin.attempt import Attempt
from swelancer_plugin.outcome import Outcome
from tests.results.samples import selected, tried

CONFTEST = """
import json
import os
from pathlib import Path

import pytest

from swelancer_plugin.outcome import Outcome
from swelancer_plugin.reporting import progress, terminal
from swelancer_plugin.reporting.html_table import HtmlTable
from swelancer_plugin.reporting.records import ATTRIBUTE, attempt_of, decides
from swelancer_plugin.attempt import Attempt, Selected
from swelancer_plugin.results.gate import decide, exit_status
from swelancer_plugin.results.summary import summarise
from swelancer_plugin.settings import Settings, Threshold

RECORDS = json.loads(Path(__file__).with_name("records.json").read_text())
ALL = [Attempt.from_json(json.dumps(record)) for record in RECORDS.values()]
SELECTED = [
    Selected(a.dataset, a.task_id, a.variant, a.title, a.price_cents, a.attempt, a.nodeid)
    for a in ALL
]
DONE, OTHER_FAILURES, TOTAL = [], [], progress.RunningTotal()
TOTAL.expect(SELECTED)
REQUIRED = float(os.environ.get("REQUIRED_CENTS", 150_000_00))


def closing():
    summary = summarise(SELECTED, DONE)
    return summary, decide(summary, Settings(min_payout=Threshold("cents", REQUIRED)))


def name(nodeid):
    return nodeid.rpartition("::")[2]


@pytest.fixture
def attempt(request):
    record = Attempt.from_json(json.dumps(RECORDS[request.node.name]))
    if record.outcome is Outcome.VOID:
        raise RuntimeError("the engine is gone")
    return record


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if item.name in RECORDS:
        setattr(report, ATTRIBUTE, json.dumps(RECORDS[item.name]))
    return report


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    if hasattr(config, "workerinput"):
        return
    page = config.getoption("htmlpath", None)
    if page:
        table = HtmlTable(Path(page), Path("reports/run 1"), "SWE-Lancer: <b>nop</b>", closing)
        config.pluginmanager.register(table, "swelancer-html")


def pytest_sessionstart(session):
    if not hasattr(session.config, "workerinput"):
        progress.show_total(session.config.pluginmanager.get_plugin("terminalreporter"), TOTAL)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report):
    record = attempt_of(report)
    if record is not None and decides(report):
        DONE.append(record)
    elif report.failed:
        OTHER_FAILURES.append(report)
    if record is not None:
        TOTAL.add(record)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        verdict = closing()[1]
        session.exitstatus = exit_status(int(session.exitstatus), verdict, len(OTHER_FAILURES))


def pytest_report_teststatus(report, config):
    return progress.word(report, TOTAL)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter):
    yield
    summary, verdict = closing()
    terminal.write_closing(terminalreporter, summary, verdict, {"report": "reports/run/r.html"})
"""

TASK_TEST = """
import pytest
from swelancer_plugin.outcome import Outcome

{functions}
"""

FUNCTION = """
def {name}(attempt):
    print(attempt.details.get("prints", ""))
    if attempt.outcome is not Outcome.EARNED:
        pytest.fail(attempt.reason, pytrace=False)
"""


def arrange(pytester: pytest.Pytester, attempts: Iterable[Attempt], ordinary: str = "") -> None:
    """Write conftest, records and a test function per attempt, named ``test_<task id>``."""
    records = {f"test_{attempt.task_id}": json.loads(attempt.to_json()) for attempt in attempts}
    pytester.makeconftest(CONFTEST)
    if not (pytester.path / "tox.ini").exists():
        pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    (pytester.path / "records.json").write_text(json.dumps(records))
    functions = "".join(FUNCTION.format(name=name) for name in records)
    pytester.makepyfile(test_tasks=TASK_TEST.format(functions=functions) + ordinary)


FALLS = """
import pytest
@pytest.fixture(autouse=True)
def falls():
    yield
    1 / 0
"""

CRASHES = """
import pytest

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_logreport(report):
    if report.when == "teardown" and hasattr(report, "swelancer"):
        del report.swelancer
        report.outcome = "failed"
        report.longrepr = "worker 'gw0' crashed while running it"
    yield
"""
"""A plugin that tells what the session tells of a worker that died after its task's call."""


def attempt(task_id: str, price: int, outcome: str = "earned", **changes: Any) -> Attempt:  # noqa: ANN401
    """Return an attempt at a task of this id; the price is in whole dollars."""
    return tried(selected(task_id, price), Outcome(outcome), **changes)
