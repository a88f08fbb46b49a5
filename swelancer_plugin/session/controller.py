"""The controller's side of a run: it knows what was selected, adds up, reports and gates."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from swelancer_plugin.attempt import Attempt, Selected
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.reporting import terminal
from swelancer_plugin.reporting.exports import (
    point_latest,
    write_results_csv,
    write_summary_json,
)
from swelancer_plugin.reporting.progress import RunningTotal, Word, show_total, word
from swelancer_plugin.reporting.records import attempt_of, decides
from swelancer_plugin.reporting.selected import selection_lines
from swelancer_plugin.results.gate import Verdict, decide, exit_status
from swelancer_plugin.results.summary import Summary, summarise
from swelancer_plugin.runs.store import read_attempts, write_selection
from swelancer_plugin.session import crash, handover, header, keywords, space
from swelancer_plugin.session.models import problem
from swelancer_plugin.session.provision import judging_provider, provider_of
from swelancer_plugin.session.record import ends_run
from swelancer_plugin.session.run import Run, give_to_worker, only_looks, run_of


def start(config: pytest.Config) -> None:
    """Register the controller; point pytest-html at the run's directory unless told otherwise."""
    run = run_of(config)
    controller = Controller(config, run)
    config.pluginmanager.register(controller, "swelancer-controller")
    config.pluginmanager.register(_Ending(), "swelancer-ending")
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(_Xdist(controller), "swelancer-xdist")
    if run.directory is not None and config.pluginmanager.hasplugin("html"):
        from swelancer_plugin.reporting.html_table import HtmlTable

        if config.option.htmlpath is None:
            config.option.htmlpath = str(run.directory / "report.html")
        table = HtmlTable(
            Path(config.option.htmlpath),
            run.directory,
            f"SWE-Lancer payout: {run.directory.name}",
            lambda: (controller.summary, controller.verdict),
        )
        config.pluginmanager.register(table, "swelancer-html")


_DISTS = ("no", "load", "worksteal")
"""xdist's others run an item in every worker, or once more after a crash, again and again."""


class Controller:
    """Collects what the workers promise and report, and ends the run."""

    def __init__(self, config: pytest.Config, run: Run) -> None:
        self.config = config
        self.run = run
        self.selected: list[Selected] = []
        self.collection_errors = 0
        self.other_failures = 0
        self.told: set[str] = set()
        """Node ids of the tasks whose end was reported."""
        self.total = RunningTotal(run.settings.attempts)

    def pytest_report_header(self) -> list[str]:
        """Say every setting that is not a default, and where it came from."""
        return header.lines(self.run)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Refuse a broken -k, and tasks that would be worked on twice, before a worker starts."""
        keywords.validate(session.config)
        dist = getattr(session.config.option, "dist", "no")
        if dist not in _DISTS:
            raise pytest.UsageError(
                f"--dist {dist} can work on a task more than once; use load or worksteal"
            )
        show_total(session.config.pluginmanager.get_plugin("terminalreporter"), self.total)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Count what could not be collected."""
        self.collection_errors += report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take what was selected, where this process itself collects."""
        found = handover.survey(session.items, self.run.settings)
        if only_looks(session.config):
            self.selected = found.selected
        elif not self._doomed:
            self.promise(found)

    def pytest_report_collectionfinish(self) -> list[str]:
        """Say how many tasks were selected, and what they are worth."""
        return selection_lines(self.selected)

    @property
    def _doomed(self) -> bool:
        stop = not self.config.option.continue_on_collection_errors
        return bool(self.collection_errors) and stop

    def promise(self, found: handover.Survey) -> None:
        """Write down what this run is to work on, once, before anything is scheduled.

        Raises pytest.UsageError where it can't be worked on.
        """
        if not found.selected:
            return
        if why_not := problem(self.config) or found.problem:
            raise pytest.UsageError(why_not)
        try:
            if found.needs_provider:
                provider_of(self.config)
            if found.needs_judge:
                judging_provider(self.config)
        except EngineError as error:
            raise pytest.UsageError(str(error)) from error
        self.selected = found.selected
        self.total.expect(self.selected)
        write_selection(self.run.home, self.selected)

    def refuse_collection_errors(self) -> None:
        """Stop before anything runs, as pytest does without xdist."""
        if self._doomed:
            count = self.collection_errors
            noun = "error" if count == 1 else "errors"
            raise pytest.Session.Interrupted(f"{count} {noun} during collection")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add what a task earned to the running total."""
        attempt = attempt_of(report)
        if attempt is not None:
            self.total.add(attempt)
            self.told.add(report.nodeid)
        if report.failed and not (attempt is not None and decides(report)):
            self.other_failures += 1  # an ordinary test, or a task's clean-up

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> Word | None:
        """Show a task's end as money."""
        return word(report, self.total)

    @cached_property
    def _journal(self) -> tuple[list[Attempt], list[str]]:
        return ([], []) if self.run.directory is None else read_attempts(self.run.directory)

    @property
    def attempts(self) -> list[Attempt]:
        """All finished tries, from disk. To be asked for when the session is over."""
        return self._journal[0]

    @cached_property
    def summary(self) -> Summary:
        """The one object that every output prints."""
        return summarise(self.selected, self.attempts, self.collection_errors)

    @cached_property
    def verdict(self) -> Verdict | None:
        """What the gate says, or None without one."""
        return decide(self.summary, self.run.settings, self.collection_errors)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the exports and let the gate decide on the exit status."""
        if self.run.directory is None:
            return
        problems = len(self._journal[1])
        status = exit_status(int(session.exitstatus), self.verdict, self.other_failures + problems)
        session.exitstatus = status or int(problems > 0)
        if self._idle:
            return
        write_summary_json(
            self.run.directory / "summary.json", self.summary, self.verdict, header.facts(self.run)
        )
        write_results_csv(self.run.directory / "results.csv", self.selected, self.attempts)
        point_latest(self.run.reports, self.run.directory)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> Generator[None, None, None]:
        """Close with the dollars, the report's path and the gate's sentence, after all others."""
        yield
        if self.run.directory is None or self._idle:
            return
        paths = {"results": str(self._shown(self.run.directory))}
        if getattr(self.config.option, "htmlpath", None):
            paths = {"report": str(self._shown(Path(self.config.option.htmlpath))), **paths}
        notes = [*self._journal[1], *space.notes(self.run)]
        notes += header.kept(self.run) if self.attempts else ()
        if self.verdict is not None and self.verdict.holds and self.other_failures:
            notes.append(f"exit status 1 all the same: {self.other_failures} failures beside money")
        terminal.write_closing(terminalreporter, self.summary, self.verdict, paths, notes)

    @property
    def _idle(self) -> bool:
        """Whether no task was promised, and nothing failed that a report could tell of."""
        return not self.selected and not self.collection_errors

    def _shown(self, path: Path) -> Path:
        here = self.config.invocation_params.dir
        return path.relative_to(here) if path.is_relative_to(here) else path

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Remove whatever an interrupted or crashed worker could not."""
        run = self.run
        if run.handover is not None:
            shutil.rmtree(run.handover, ignore_errors=True)
        if run.directory is not None and self._idle:
            shutil.rmtree(run.directory, ignore_errors=True)  # made by us a moment ago, for nothing
        if trouble := crash.sweep_run(run):
            sys.stderr.write(f"swelancer: {trouble}\n")


class _Ending:
    """Ends the run, once every reporter has had the report that says why."""

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        attempt = attempt_of(report)
        if attempt is not None and (reason := ends_run(attempt)):
            pytest.exit(reason, returncode=pytest.ExitCode.USAGE_ERROR)


class _Xdist:
    """The controller's hooks that only pytest-xdist calls."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller

    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401  # xdist has no types
        run = self.controller.run
        if run.handover is None:
            run.handover = Path(tempfile.mkdtemp(prefix="swelancer-"))
        give_to_worker(node, run)

    def pytest_xdist_node_collection_finished(self, node: Any) -> None:  # noqa: ANN401  # as above
        controller = self.controller
        controller.refuse_collection_errors()
        if not controller.selected:
            assert controller.run.handover is not None
            controller.promise(handover.fetch(controller.run.handover, node.gateway.id))
            reporter = controller.config.pluginmanager.get_plugin("terminalreporter")
            if reporter is not None:
                reporter.ensure_newline()
                for line in selection_lines(controller.selected):
                    reporter.write_line(line)

    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport) -> None:
        controller = self.controller
        lost = next((each for each in controller.selected if each.nodeid == crashitem), None)
        if lost is not None:
            crash.mark(controller.run, lost, report, told=crashitem in controller.told)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Iterator[None]:
        yield
        if crash.is_crash(report):
            self.controller.config.hook.pytest_runtest_logreport(report=crash.teardown_of(report))
