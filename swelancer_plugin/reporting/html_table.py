"""Dollars in pytest-html's page: columns, totals on top, links to each attempt's files.

Everything from outside (titles, ids, reasons, file names, logs) is escaped here: pytest-html takes
cells and summary lines as they are.
"""

from __future__ import annotations

import html
import os
from collections.abc import Callable
from decimal import ROUND_CEILING
from pathlib import Path, PurePosixPath
from typing import Final, Protocol
from urllib.parse import quote

import pytest
from pytest_html import extras

from swelancer_plugin.attempt import Attempt
from swelancer_plugin.money import dollars
from swelancer_plugin.reporting.html_media import gallery
from swelancer_plugin.reporting.html_totals import totals_block
from swelancer_plugin.reporting.records import attempt_of, decides, escaped, plain
from swelancer_plugin.results.gate import Verdict
from swelancer_plugin.results.spend import usd
from swelancer_plugin.results.summary import Summary

LOG_LIMIT: Final = 6000
"""Characters of a task's log in the page: its two ends. A click makes the browser redo all rows."""
SHORT: Final = '<span class="swl-short"></span>'
"""Marks a log that needs no button to expand its box; the page's style looks for it."""
SHORT_LINES: Final = 12
LINE_WIDTH: Final = 80
"""Lines that fit a log's box, and characters that fit its line in a narrow window."""
LOG_FILES: Final = ("log", "transcript", "output")
"""Names in `Attempt.files` that may hold the whole log, the best first."""
MONEY_HEADERS: Final = (
    '<th class="sortable" data-column-type="price">Price</th>',
    '<th class="sortable" data-column-type="earned">Earned</th>',
    '<th class="sortable" data-column-type="cost">Cost</th>',
    '<th class="sortable" data-column-type="outcome">Outcome</th>',
    '<th class="sortable" data-column-type="variant">Variant</th>',
)
TIME_HEADER: Final = '<th class="sortable" data-column-type="time">Time (s)</th>'

Report = pytest.CollectReport | pytest.TestReport


class ReportData(Protocol):
    """The part of pytest-html's report that its title hook may use."""

    title: str

    @property
    def data(self) -> dict[str, object]:
        """What the page's script is given."""

    def set_data(self, key: str, value: object) -> None:
        """Set one of these."""


class HtmlTable:
    """The pytest-html hooks. Register on the controller alone, and only for a run with tasks.

    `page` is the page's path as given to ``--html`` (made absolute), `run` the run's directory,
    and `closing` is asked once, when the session ends.
    """

    def __init__(
        self,
        page: Path,
        run: Path,
        title: str,
        closing: Callable[[], tuple[Summary, Verdict | None]],
    ) -> None:
        self._title = title
        self._closing = closing
        # By name, not by what links point to: a browser resolves a relative address by name too.
        self._base = PurePosixPath(os.path.relpath(run.absolute(), page.absolute().parent))
        self._duration = 0.0
        self._shown: set[str] = set()

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_html_report_title(self, report: ReportData) -> None:
        """Name the page, and move a sort by duration to the column that takes its place."""
        report.title = plain(self._title)
        if report.data.get("initialSort") == "duration":
            report.set_data("initialSort", "time")

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Add the money columns; Time stands in for Duration, which sorts by whole seconds."""
        _replace(cells, 'data-column-type="duration"', TIME_HEADER)
        cells[_after_test(cells) : _after_test(cells)] = MONEY_HEADERS

    @pytest.hookimpl(optionalhook=True, trylast=True)
    def pytest_html_duration_format(self, duration: float) -> None:
        """Take note of a row's seconds, all phases together, which the row hook is not told.

        pytest-html calls this right before the row hook; returning None leaves its format alone.
        """
        self._duration = duration

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Give the page what browsers saw; the files stay where they are."""
        attempt = attempt_of(report)
        if attempt is None or not decides(report):
            return
        if shown := gallery(attempt.files, self._base / attempt.directory):
            found = [*getattr(report, "extras", []), extras.html(shown)]
            setattr(report, "extras", found)  # noqa: B010  # pytest-html's, no field of pytest's

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_html_results_table_row(self, report: Report, cells: list[str]) -> None:
        """Fill the columns of a row, with the same number of cells for a test that is no task."""
        if not cells:
            return
        attempt = attempt_of(report)
        # Once: after a worker's crash pytest-html may write all rows of a test again.
        paid = attempt is not None and decides(report) and report.nodeid not in self._shown
        seconds = attempt.duration if attempt is not None and paid else self._duration
        _replace(cells, "col-testId", _test_cell(report, attempt))
        _replace(cells, "col-duration", _number_cell("time", f"{seconds:016.3f}", f"{seconds:.1f}"))
        if attempt is not None:
            _prepend(cells, "col-links", self._links(attempt))
        if paid:
            self._shown.add(report.nodeid)
        money = _money_cells(attempt if paid else None)
        cells[_after_test(cells) : _after_test(cells)] = money

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_html_results_table_html(self, report: Report, data: list[str]) -> None:
        """Cut a task's log to what a page can bear, and say where the whole one lies."""
        attempt = attempt_of(report)
        if attempt is None:
            return
        whole = html.unescape("\n".join(data))
        if len(whole) > LOG_LIMIT:
            left_out = f"{len(whole) - LOG_LIMIT:,} characters left out here"
            data[:] = [
                html.escape(whole[: LOG_LIMIT // 3]),
                f"... {left_out}, all of it lies with {self._whole_log(attempt)} ...",
                html.escape(whole[len(whole) - (LOG_LIMIT - LOG_LIMIT // 3) :]),
            ]
        elif _short(whole):
            data[-1] += SHORT
        if report.when == "teardown":
            _cut_sections(report)

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Put the totals on top."""
        summary, verdict = self._closing()
        prefix.append(totals_block(summary, verdict))

    def _links(self, attempt: Attempt) -> str:
        names = [name for name, path in attempt.files.items() if _inside(path) and "/" not in path]
        links = [self._link(attempt, attempt.files[name], name) for name in sorted(names)]
        return "".join([*links, self._link(attempt, "", "all files")])

    def _whole_log(self, attempt: Attempt) -> str:
        for name in LOG_FILES:
            if _inside(attempt.files.get(name, "")):
                return self._link(attempt, attempt.files[name], name)
        return self._link(attempt, "", "the attempt's files")

    def _link(self, attempt: Attempt, path: str, name: str) -> str:
        target = self._base / attempt.directory / path
        # quote() leaves no colon, so no name can become a scheme such as javascript:.
        address = quote(str(target)) + ("" if path else "/")
        return (
            f'<a target="_blank" rel="noopener" class="col-links__extra url"'
            f' href="{html.escape(address)}">{escaped(name)}</a> '
        )


def _inside(path: str) -> bool:
    pure = PurePosixPath(path)
    return bool(path) and not pure.is_absolute() and ".." not in pure.parts


def _find(cells: list[str], marker: str) -> int | None:
    return next((place for place, cell in enumerate(cells) if marker in cell.split(">")[0]), None)


def _replace(cells: list[str], marker: str, cell: str) -> None:
    place = _find(cells, marker)
    if place is not None:
        cells[place] = cell


def _prepend(cells: list[str], marker: str, content: str) -> None:
    place = _find(cells, marker)
    if place is not None:
        opening, _, rest = cells[place].partition(">")
        cells[place] = f"{opening}>{content}{rest}"


def _after_test(cells: list[str]) -> int:
    for marker in ("col-testId", 'data-column-type="testId"'):
        place = _find(cells, marker)
        if place is not None:
            return place + 1
    return min(1, len(cells))


def _test_cell(report: Report, attempt: Attempt | None) -> str:
    """Return the cell that names the test; pytest-html leaves a node id unescaped."""
    if attempt is None:
        phase = "" if report.when == "call" else f"::{report.when}"
        return f'<td class="col-testId">{escaped(report.nodeid + phase)}</td>'
    phase = "::teardown" if report.when == "teardown" else ""
    title = escaped(attempt.title, 160)
    name = escaped(report.nodeid + phase)
    return f'<td class="col-testId">{name}<br><small class="swl-title">{title}</small></td>'


def _cost_cell(attempt: Attempt) -> str:
    """Return what the model cost and took; empty where none was asked, unknown prices last."""
    cost = attempt.dollars_spent
    if not attempt.turns:
        return _number_cell("cost", "-", "")  # before every digit
    shown = "unknown" if cost is None else usd(cost, ROUND_CEILING)
    key = "x" if cost is None else f"{cost:020.9f}"
    took = f"{attempt.turns:,} turns, {attempt.input_tokens:,} tokens in, "
    took += f"{attempt.output_tokens:,} out"
    return _number_cell("cost", key, f'<span title="{took}">{shown}</span>')


def _money_cells(attempt: Attempt | None) -> list[str]:
    if attempt is None:
        return [
            f'<td class="col-{name}"></td>'
            for name in ("price", "earned", "cost", "outcome", "variant")
        ]
    tried = f", try {attempt.try_number}" if attempt.try_number > 1 else ""
    outcome = attempt.outcome.value.replace("_", " ") + tried
    return [
        _number_cell("price", f"{attempt.price_cents:015d}", dollars(attempt.price_cents)),
        _number_cell("earned", f"{attempt.earned_cents:015d}", dollars(attempt.earned_cents)),
        _cost_cell(attempt),
        f'<td class="col-outcome">{escaped(outcome)}<br>'
        f'<small class="swl-reason">{escaped(attempt.reason, 200)}</small></td>',
        f'<td class="col-variant">{escaped(attempt.variant)}</td>',
    ]


def _number_cell(name: str, key: str, text: str) -> str:
    """Return a cell that sorts as a number: the page compares the cells' HTML as strings."""
    return f'<td class="col-{name}"><span hidden>{key}</span>{text}</td>'


def _short(log: str) -> bool:
    lines = log.splitlines()
    return sum(1 + len(line) // LINE_WIDTH for line in lines) <= SHORT_LINES


def _cut_sections(report: Report) -> None:
    """Cut a task's teardown output in the report itself: pytest-html appends it past its hooks.

    JUnit and the terminal's progress have had their turn; the whole lies with the attempt.
    """
    report.sections = [
        (name, content if len(content) <= LOG_LIMIT else "...\n" + content[-LOG_LIMIT:])
        for name, content in report.sections
    ]
