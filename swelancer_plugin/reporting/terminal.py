"""The run in pytest's terminal: the closing section, from the one summary."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import pytest

from swelancer_plugin.money import dollars
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.reporting.records import plain
from swelancer_plugin.results.gate import Verdict
from swelancer_plugin.results.summary import Summary
from swelancer_plugin.results.tally import Group, Item, percent, several

TITLE: Final = "SWE-Lancer payout"
VOID_SHOWN: Final = 10
UNEARNED_SHOWN: Final = 20


def write_closing(
    reporter: pytest.TerminalReporter,
    summary: Summary,
    verdict: Verdict | None,
    report_paths: Mapping[str, str],
    notes: Sequence[str] = (),
) -> None:
    """Write the section that ends a run: dollars, groups, outcomes, notes, reports, gate.

    `report_paths` maps a name (``report``) to a path as people should see it; `notes` are further
    sentences beside the summary's own. ``-q`` leaves headline, notes, paths and gate.
    """
    if reporter.verbosity >= 0:
        _write_unearned(reporter, summary)
    reporter.ensure_newline()
    reporter.section(TITLE)
    reporter.write_line(headline(summary), bold=True)
    for line in spend_lines(summary):
        _write_wrapped(reporter, line)
    if reporter.verbosity >= 0:
        _write_tables(reporter, summary)
        _write_outcomes(reporter, summary)
        _write_void(reporter, summary)
    for note in (*summary.notes, *notes):
        _write_wrapped(reporter, plain(note), yellow=True)
    for name, path in report_paths.items():
        # Never wrapped: a path is there to be copied.
        reporter.write_line(f"{name}: {plain(path)}")
    if verdict is not None:
        colour = "green" if verdict.holds else "red"
        _write_wrapped(reporter, plain(verdict.sentence), **{colour: True, "bold": True})


def headline(summary: Summary) -> str:
    """Return the run in one line: dollars, rate, tasks. A rate stands beside its own denominator:
    where tasks are void or not run, what was decided is said apart from what was available.
    """
    total = summary.total
    earned = f"Earned {total.earned} of {total.available}"
    mean = "" if summary.attempts == 1 else f", mean of {summary.attempts_words} attempts"
    if total.counted_items == total.items:
        tasks = several(total.tasks, "task")
        if mean:
            tasks = f"{total.items:,} at {tasks}"
        return f"{earned} ({percent(total.rate)}){mean}: {total.won:,} of {tasks}"
    what = several(total.counted_items, "attempt" if mean else "task")
    return (
        f"{earned}{mean}: {what} decided, {total.won:,} earned "
        f"({percent(total.rate)} of their {total.counted})"
    )


def spend_lines(summary: Summary) -> list[str]:
    """Return what the model cost and took; nothing where none was asked."""
    spend = summary.spend
    return [spend.cost_words(summary.total.earned), spend.words] if spend.asked else []


def outcome_words(summary: Summary) -> list[str]:
    """Return how many items ended in which way, with the dollars that they were about."""
    return [
        f"{each.items:,} {each.outcome.value.replace('_', ' ')} ({each.price})"
        for each in summary.outcomes
    ]


def void_words(summary: Summary) -> str:
    """Return what void tasks leave open: the rate at worst and at best."""
    count = summary.count(Outcome.VOID)
    return (
        f"void: {count:,} worth {summary.void}, in no rate;"
        f" the rate is {percent(summary.worst_rate)} at worst,"
        f" {percent(summary.best_rate)} at best"
    )


COLUMNS: Final = ("earned", "decided", "rate")
"""Of a group's row, between its name and its count; undecided: void, interrupted, not run."""


def group_rows(groups: Iterable[Group]) -> list[tuple[str, ...]]:
    """Return name, earned, decided, rate and count of each group, for people."""
    return [
        (
            group.name,
            str(group.earned),
            str(group.counted),
            percent(group.rate),
            f"{group.won:,}/{group.counted_items:,}",
        )
        for group in groups
    ]


def group_tables(summary: Summary) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Return each table that says something: its title and its rows."""
    tables = [("variant", summary.variants), ("price", summary.bands)]
    if len(summary.datasets) > 1:
        tables.append(("dataset", summary.datasets))
    return [(title, group_rows(groups)) for title, groups in tables if groups]


def _write_tables(reporter: pytest.TerminalReporter, summary: Summary) -> None:
    last = "tasks" if summary.attempts == 1 else "attempts"
    tables = [[(title, *COLUMNS, last), *rows] for title, rows in group_tables(summary)]
    every = [row for table in tables for row in table]
    numbers = [max((len(row[column]) for row in every), default=0) for column in range(1, 5)]
    room = max(_width() - sum(numbers) - 2 * len(numbers) - 1, 12)
    name = min(max((len(row[0]) for row in every), default=0), room)
    for table in tables:
        reporter.write_line("")
        for number, row in enumerate(table):
            cells = [plain(row[0], name).ljust(name)]
            cells += [cell.rjust(width) for cell, width in zip(row[1:], numbers, strict=True)]
            reporter.write_line("  ".join(cells), bold=number == 0)
    reporter.write_line("")


def _write_outcomes(reporter: pytest.TerminalReporter, summary: Summary) -> None:
    if summary.outcomes:
        # A line may end between outcomes, not within one.
        words = [word.replace(" ", "\u00a0") for word in outcome_words(summary)]
        _write_wrapped(reporter, "outcomes: " + ", ".join(words))


def _write_void(reporter: pytest.TerminalReporter, summary: Summary) -> None:
    void = [item for item in summary.items if item.outcome is Outcome.VOID]
    if not void:
        return
    _write_wrapped(reporter, void_words(summary), yellow=True)
    _write_items(reporter, "VOID", void, VOID_SHOWN, yellow=True)


def _write_unearned(reporter: pytest.TerminalReporter, summary: Summary) -> None:
    """Write one line per unpaid task, dearest first: pytest's own short summary has none of them.

    Their report category is not `failed`, for 163 blocks in FAILURES would bury the payout; the
    section obeys ``-r`` as pytest's does (`f`), and ``-v`` writes them all.
    """
    lost = [
        item
        for item in summary.items
        if not item.won and item.attempt is not None and item.outcome is not Outcome.VOID
    ]
    if not lost or not reporter.hasopt("f"):
        return
    lost.sort(key=lambda item: -item.price_cents)
    reporter.ensure_newline()
    reporter.section("tasks not paid", cyan=True, bold=True)
    shown = UNEARNED_SHOWN if reporter.verbosity == 0 else len(lost)
    _write_items(reporter, None, lost, shown, yellow=True)


def _write_items(
    reporter: pytest.TerminalReporter,
    word: str | None,
    items: Sequence[Item],
    shown: int,
    **colour: bool,
) -> None:
    for item in items[:shown]:
        label = word or item.outcome.value.upper().replace("_", " ")
        # Its path alone can fill a line, and results.csv has it.
        name = item.selected.nodeid.rpartition("::")[2]
        line = f"{dollars(item.price_cents)} {name} - {item.reason}"
        reporter.write(label, **colour)
        reporter.line(" " + plain(line, _width() - len(label) - 2))
    if len(items) > shown:
        reporter.write_line(f"and {len(items) - shown:,} more (results.csv has all)")


def _write_wrapped(reporter: pytest.TerminalReporter, text: str, **markup: bool) -> None:
    for line in textwrap.wrap(text, _width() - 1, subsequent_indent="  ", break_on_hyphens=False):
        reporter.write_line(line.replace("\u00a0", " "), **markup)


def _width() -> int:
    return max(shutil.get_terminal_size().columns, 40)
