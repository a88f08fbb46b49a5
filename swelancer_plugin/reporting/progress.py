"""The dollars earned so far, while a run is going on: progress line and verbose words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import pytest

from swelancer_plugin.attempt import Attempt
from swelancer_plugin.money import dollars
from swelancer_plugin.outcome import POLICIES, Outcome
from swelancer_plugin.reporting.records import attempt_of, decides

AMOUNT_WIDTH: Final = 10
"""Columns for the total in the progress line: enough for $1,000,000."""

Word: TypeAlias = tuple[str, str, tuple[str, dict[str, bool]]]
"""What `pytest_report_teststatus` returns: category, letter, verbose word and its markup."""


class RunningTotal:
    """The payout so far: the mean over attempts, each item counted by its last try."""

    def __init__(self, attempts: int = 1) -> None:
        self._attempts = attempts
        self._earned: dict[tuple[str, str, int], tuple[int, int]] = {}

    def add(self, attempt: Attempt) -> None:
        """Count an attempt; telling the same one twice changes nothing."""
        entry = (attempt.try_number, attempt.earned_cents)
        self._earned[attempt.key] = max(entry, self._earned.get(attempt.key, entry))

    @property
    def started(self) -> bool:
        """Whether any task has ended."""
        return bool(self._earned)

    @property
    def cents(self) -> int:
        """The total per attempt, in cents, rounded down."""
        return sum(cents for _, cents in self._earned.values()) // self._attempts

    def __str__(self) -> str:
        return dollars(self.cents)


def word(report: pytest.CollectReport | pytest.TestReport, total: RunningTotal) -> Word | None:
    """Return how a task's report is shown, or None to leave it to pytest.

    Reads only, for pytest asks several times per report: call ``total.add`` in
    ``pytest_runtest_logreport(tryfirst=True)``. Void is pytest's own category `error`. A task that
    paid nothing is `unearned`, not `failed`: pytest writes a block of text for each failure.
    """
    attempt = attempt_of(report)
    outcome = str(report.outcome)
    if attempt is None or not decides(report) or outcome == "skipped":
        return None
    if outcome == "rerun":
        return "rerun", "R", ("VOID, once more", {"yellow": True})
    policy = POLICIES[attempt.outcome]
    price = dollars(attempt.price_cents)
    label = attempt.outcome.value.upper().replace("_", " ")
    if attempt.outcome is Outcome.VOID:
        return "error", policy.letter, (f"VOID {price}", {"red": True})
    if attempt.outcome is Outcome.EARNED or attempt.earned_cents:
        return "earned", POLICIES[Outcome.EARNED].letter, _totalled("EARNED", price, total, "green")
    category = "interrupted" if attempt.outcome is Outcome.INTERRUPTED else "unearned"
    return category, policy.letter, _totalled(label, price, total, "yellow")


def _totalled(
    label: str, price: str, total: RunningTotal, colour: str
) -> tuple[str, dict[str, bool]]:
    return f"{label} {price} (total {total})", {colour: True}


def show_total(reporter: pytest.TerminalReporter | None, total: RunningTotal) -> None:
    """Put the dollars so far before the percentage at the end of each progress line.

    There is no public way to; where pytest's private one is missing, or with ``-p no:terminal``,
    nothing changes, and verbose output has the total in its words. Call once, on the controller.
    """
    original: Callable[[], str] | None = getattr(
        reporter, "_get_progress_information_message", None
    )
    width = getattr(reporter, "_screen_width", None)
    if reporter is None or original is None or not isinstance(width, int):
        return

    def message() -> str:
        text = original()
        if not text or not total.started or reporter.showlongtestinfo:
            return text
        return f" {total!s:>{AMOUNT_WIDTH}}{text}"

    vars(reporter)["_get_progress_information_message"] = message
    # pytest breaks the line where its own message would still fit; ours needs more columns.
    vars(reporter)["_screen_width"] = width - AMOUNT_WIDTH - 1
